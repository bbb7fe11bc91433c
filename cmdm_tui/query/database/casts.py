"""The DuckDB type of each column, and the SQL that casts the text of responses to it.

A value that does not fit its column's type becomes NULL and is counted. The accepted forms are
those of `api.md` and a few more: see `FORMS`, for DuckDB's regular expressions and Python's.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from types import MappingProxyType

from cmdm_tui.query.model import ColumnKind, Value

FORMS: Mapping[ColumnKind, str] = MappingProxyType(
    {
        ColumnKind.NUMBER: r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,2})?",
        ColumnKind.DATE: r"[0-9]{4}-[0-9]{2}-[0-9]{2}",
        ColumnKind.DATETIME: (
            r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?"
            r"(Z|[+-][0-9]{2}:?[0-9]{2})?"
        ),
        ColumnKind.BOOLEAN: r"[Tt][Rr][Uu][Ee]|[Ff][Aa][Ll][Ss][Ee]",
    }
)
"""The text forms of each kind of value; every text is valid for TEXT."""

_MAX_DIGITS = 38
_NARROW_DIGITS = 18
_LEADING_DIGITS = re.compile(r"[+-]?0*([0-9]*)")


def parse_value(kind: ColumnKind, text: str) -> Value | None:
    """Return the value of `text`, None where it does not fit its kind, as the SQL casts do.

    A DateTime is in UTC, without a zone; one without a zone is taken to be in UTC.
    """
    if kind is ColumnKind.TEXT:
        return text
    if re.fullmatch(FORMS[kind], text) is None:
        return None
    try:
        match kind:
            case ColumnKind.NUMBER:
                return Decimal(text)
            case ColumnKind.DATE:
                return date.fromisoformat(text)
            case ColumnKind.DATETIME:
                moment = datetime.fromisoformat(text)
                if moment.tzinfo is None:
                    return moment
                return moment.astimezone(UTC).replace(tzinfo=None)
            case ColumnKind.BOOLEAN:
                return text.lower() == "true"
    except (ValueError, OverflowError):
        return None


def storage_type(kind: ColumnKind) -> str:
    """Return the type in which a column's values are stored: numbers as their text."""
    stored = {
        ColumnKind.DATE: "DATE",
        ColumnKind.DATETIME: "TIMESTAMP",
        ColumnKind.BOOLEAN: "BOOLEAN",
    }
    return stored.get(kind, "VARCHAR")


def storage_sql(kind: ColumnKind, sql: str) -> str:
    """Return the SQL that casts the text `sql` to the stored value, NULL where it does not fit."""
    if kind is ColumnKind.TEXT:
        return sql
    casts = {
        ColumnKind.NUMBER: sql,
        ColumnKind.DATE: f"TRY_CAST({sql} AS DATE)",
        ColumnKind.DATETIME: f"TRY_CAST({sql} AS TIMESTAMPTZ) AT TIME ZONE 'UTC'",
        ColumnKind.BOOLEAN: f"TRY_CAST({sql} AS BOOLEAN)",
    }
    return f"CASE WHEN regexp_full_match({sql}, '{FORMS[kind]}') THEN {casts[kind]} END"


@dataclass(slots=True)
class Digits:
    """The most digits that a number column's values have before and after the point."""

    before: int = 1
    after: int = 0

    def widen(self, before: int | None, after: int | None) -> None:
        """Widen by the most digits of one batch of values."""
        self.before = max(self.before, before or 0)
        self.after = max(self.after, after or 0)

    @property
    def type(self) -> str:
        """The type that holds every value exactly; DOUBLE where no decimal does."""
        if self.before + self.after > _MAX_DIGITS:
            return "DOUBLE"
        width = _NARROW_DIGITS if self.before + self.after <= _NARROW_DIGITS else _MAX_DIGITS
        return f"DECIMAL({width},{self.after})"

    @staticmethod
    def measure(texts: Iterable[str]) -> tuple[int, int]:
        """Return the most digits before and after the point, as `measure_sql` does."""
        before = after = 0
        for text in texts:
            whole, _, fraction = text.partition(".")
            digits = _LEADING_DIGITS.match(whole)
            before = max(before, len(digits[1]) if digits else 0)
            after = max(after, len(fraction))
        return before, after

    @staticmethod
    def measure_sql(sql: str) -> tuple[str, str]:
        """Return the SQL that measures the most digits before and after the point in a batch."""
        before = f"max(length(regexp_extract({sql}, '^[+-]?0*([0-9]*)', 1)))"
        after = f"max(length(split_part({sql}, '.', 2)))"
        return before, after


@dataclass(slots=True)
class LoadedValues:
    """What was found out about the values of one entity's columns while they were loaded."""

    failed_casts: dict[str, int] = field(default_factory=dict[str, int])
    """The number of values, by column, that do not fit the column's type."""
    digits: dict[str, Digits] = field(default_factory=dict[str, Digits])

    def result_type(self, name: str, kind: ColumnKind) -> str:
        """Return the DuckDB type of a column for the values loaded so far."""
        return self.digits[name].type if kind is ColumnKind.NUMBER else storage_type(kind)

    def warnings(self, entity: str) -> list[str]:
        """Return warnings about columns whose values fit no decimal."""
        return [
            f"The numbers of {entity}.{name} have too many digits for a decimal and are rounded."
            for name, digits in self.digits.items()
            if digits.type == "DOUBLE"
        ]
