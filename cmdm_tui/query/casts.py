"""Which DuckDB type a column has, and the SQL that reads its values from the wire's text.

A value that is none of its column's type becomes NULL and is counted. The forms accepted are those
of `api.md` and a little more: `FORMS` says which, for DuckDB's regular expressions and Python's.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from types import MappingProxyType

from cmdm_tui.query.model import Kind

FORMS: Mapping[Kind, str] = MappingProxyType(
    {
        Kind.NUMBER: r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,2})?",
        Kind.DATE: r"[0-9]{4}-[0-9]{2}-[0-9]{2}",
        Kind.DATETIME: (
            r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?"
            r"(Z|[+-][0-9]{2}:?[0-9]{2})?"
        ),
        Kind.BOOLEAN: r"[Tt][Rr][Uu][Ee]|[Ff][Aa][Ll][Ss][Ee]",
    }
)
"""The text that is a value of each kind; every text is one of Kind.TEXT."""

_WIDEST = 38
_NARROW = 18

Value = str | Decimal | date | datetime | bool


def value_of(kind: Kind, text: str) -> Value | None:
    """Return the value that `text` is, None where it is none of its kind: as the casts do.

    A DateTime is in UTC, without a zone; one that names none is taken to be in UTC.
    """
    if kind is Kind.TEXT:
        return text
    if re.fullmatch(FORMS[kind], text) is None:
        return None
    try:
        match kind:
            case Kind.NUMBER:
                return Decimal(text)
            case Kind.DATE:
                return date.fromisoformat(text)
            case Kind.DATETIME:
                moment = datetime.fromisoformat(text)
                if moment.tzinfo is None:
                    return moment
                return moment.astimezone(UTC).replace(tzinfo=None)
            case Kind.BOOLEAN:
                return text.lower() == "true"
    except (ValueError, OverflowError):
        return None


def stored_type(kind: Kind) -> str:
    """Return the type in which a column's values are kept: a number's digits as they came."""
    stored = {Kind.DATE: "DATE", Kind.DATETIME: "TIMESTAMP", Kind.BOOLEAN: "BOOLEAN"}
    return stored.get(kind, "VARCHAR")


def stored(kind: Kind, sql: str) -> str:
    """Return the SQL that turns the text `sql` into what is kept, NULL where it is no value."""
    if kind is Kind.TEXT:
        return sql
    casts = {
        Kind.NUMBER: sql,
        Kind.DATE: f"TRY_CAST({sql} AS DATE)",
        Kind.DATETIME: f"TRY_CAST({sql} AS TIMESTAMPTZ) AT TIME ZONE 'UTC'",
        Kind.BOOLEAN: f"TRY_CAST({sql} AS BOOLEAN)",
    }
    return f"CASE WHEN regexp_full_match({sql}, '{FORMS[kind]}') THEN {casts[kind]} END"


@dataclass(slots=True)
class Digits:
    """The most digits that a number column's values have, before the point and after it."""

    before: int = 1
    after: int = 0

    def take(self, before: int | None, after: int | None) -> None:
        """Take in what one batch of values has at most."""
        self.before = max(self.before, before or 0)
        self.after = max(self.after, after or 0)

    @property
    def type(self) -> str:
        """The type that holds every value exactly; DOUBLE where no decimal does."""
        if self.before + self.after > _WIDEST:
            return "DOUBLE"
        width = _NARROW if self.before + self.after <= _NARROW else _WIDEST
        return f"DECIMAL({width},{self.after})"

    @staticmethod
    def measures(sql: str) -> tuple[str, str]:
        """Return the SQL of the most digits before and after the point, of a batch's `sql`."""
        before = f"max(length(regexp_extract({sql}, '^[+-]?0*([0-9]*)', 1)))"
        after = f"max(length(split_part({sql}, '.', 2)))"
        return before, after


@dataclass(slots=True)
class Seen:
    """What the values of one entity's columns were found to be while they were loaded."""

    failed: dict[str, int] = field(default_factory=dict[str, int])
    """Values by column that were none of the column's type."""
    digits: dict[str, Digits] = field(default_factory=dict[str, Digits])

    def type_of(self, name: str, kind: Kind) -> str:
        """Return the DuckDB type of a column, given what was seen of it."""
        return self.digits[name].type if kind is Kind.NUMBER else stored_type(kind)

    def warnings(self, entity: str) -> list[str]:
        """Return what to tell of columns whose values fit no decimal."""
        return [
            f"The numbers of {entity}.{name} have too many digits for a decimal and are rounded."
            for name, digits in self.digits.items()
            if digits.type == "DOUBLE"
        ]
