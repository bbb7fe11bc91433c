"""The DuckDB type of each column, and the SQL that casts the text of responses to it.

A value that does not fit its column's type becomes NULL and is counted. The accepted forms are
those of `api.md` and a few more: see `FORMS`, for DuckDB's regular expressions and Python's. Dates
and times come in every form of ISO 8601: `plain_text` brings them into the one of `FORMS`.
"""

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from types import MappingProxyType

from msgspec import Struct, field

from cmdm_tui.query.database.iso_times import (
    PLAIN_DATE,
    PLAIN_MOMENT,
    plain_day,
    plain_moment,
    read_day,
    read_moment,
)
from cmdm_tui.query.model import ColumnKind, Value

FORMS: Mapping[ColumnKind, str] = MappingProxyType(
    {
        ColumnKind.NUMBER: r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,2})?",
        ColumnKind.DATE: PLAIN_DATE,
        ColumnKind.DATETIME: PLAIN_MOMENT,
        ColumnKind.BOOLEAN: r"[Tt][Rr][Uu][Ee]|[Ff][Aa][Ll][Ss][Ee]",
    }
)
"""The text forms of each kind of value; every text is valid for TEXT."""

_MAX_DIGITS = 38
_LEADING_DIGITS = re.compile(r"[+-]?0*([0-9]*)")
_PLACES = 9
"""The decimal places of every number column, whose type so does not depend on what was read."""
_MOST_PLACES = 18
"""The most decimal places where no DECIMAL holds all values of a column."""


def parse_value(kind: ColumnKind, text: str) -> Value | None:
    """Return the value of `text`, None where it does not fit its kind, as the SQL casts do.

    A DateTime is in UTC, without a zone; one without a zone is taken to be in UTC.
    """
    match kind:
        case ColumnKind.TEXT:
            return text
        case ColumnKind.DATE:
            return read_day(text)
        case ColumnKind.DATETIME:
            return read_moment(text)
        case _ if re.fullmatch(FORMS[kind], text) is None:
            return None
        case ColumnKind.NUMBER:
            return Decimal(text)
        case ColumnKind.BOOLEAN:
            return text.lower() == "true"


def plain_text(kind: ColumnKind, text: str | None) -> str | None:
    """Return a date or a time in the form of `FORMS`; what is none does not match it."""
    if kind is ColumnKind.DATE:
        return plain_day(text)
    return plain_moment(text) if kind is ColumnKind.DATETIME else text


def storage_type(kind: ColumnKind) -> str:
    """Return the type in which a column's values are stored: numbers as their text."""
    stored = {
        ColumnKind.DATE: "DATE",
        ColumnKind.DATETIME: "TIMESTAMP WITH TIME ZONE",
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
        ColumnKind.DATETIME: f"TRY_CAST({sql} AS TIMESTAMPTZ)",
        ColumnKind.BOOLEAN: f"TRY_CAST({sql} AS BOOLEAN)",
    }
    return f"CASE WHEN regexp_full_match({sql}, '{FORMS[kind]}') THEN {casts[kind]} END"


def reading_macros() -> list[str]:
    """Return the macros that read computed text as another kind, NULL where it is none.

    Those that end in `_counted` count what they cannot read, in the sequence of its kind: see
    `unread_sequences`. `text_of_number` writes a number without the zeros that fill up its column's
    decimal places.
    """
    text = "CAST(x AS VARCHAR)"
    day = f"TRY_CAST(left({text}, 10) AS DATE)"
    values = {
        ColumnKind.NUMBER: (FORMS[ColumnKind.NUMBER], f"TRY_CAST({text} AS DOUBLE)"),
        ColumnKind.DATE: (f"{PLAIN_DATE}|{PLAIN_MOMENT}", day),
        ColumnKind.DATETIME: (
            f"{PLAIN_DATE}|{PLAIN_MOMENT}",
            f"TRY_CAST({text} AS TIMESTAMPTZ)",
        ),
        ColumnKind.BOOLEAN: (FORMS[ColumnKind.BOOLEAN], f"TRY_CAST({text} AS BOOLEAN)"),
    }
    number = "CASE WHEN regexp_full_match(typeof(x), 'DECIMAL\\(38,(9|[1-3][0-9])\\)') "
    number += f"THEN rtrim(rtrim({text}, '0'), '.') ELSE {text} END"
    counted = "WHEN x IS NOT NULL AND nextval('{}') = 0 THEN {} "
    return [
        f"CREATE MACRO text_of_number(x) AS {number}",
        *(
            f"CREATE MACRO text_as_{kind.value}{suffix}(x) AS "
            f"CASE WHEN regexp_full_match({text}, '{form}') THEN {value} {otherwise}END"
            for kind, (form, value) in values.items()
            for suffix, otherwise in (
                ("", ""),
                (COUNTED_SUFFIX, counted.format(unread_sequences()[kind], value)),
            )
        ),
    ]


COUNTED_SUFFIX = "_counted"
"""Ends the names of the macros that count what they cannot read."""


def unread_sequences() -> Mapping[ColumnKind, str]:
    """Return the names of the sequences that count what could not be read, by its kind.

    A session has its own. DuckDB has no other way to count what an expression meets.
    """
    return {kind: f"unread_{kind.value}" for kind in FORMS}


class Digits(Struct):
    """The most digits that a number column's values have before and after the point."""

    before: int = 1
    after: int = 0

    def widen(self, before: int | None, after: int | None) -> None:
        """Widen by the most digits of one batch of values."""
        self.before = max(self.before, before or 0)
        self.after = max(self.after, after or 0)

    @property
    def places(self) -> int:
        """The decimal places of the column: nine, unless values have more, or too many before."""
        places = max(self.after, _PLACES)
        if self.holds_all:
            return min(places, _MAX_DIGITS - self.before)
        return min(places, _MOST_PLACES)

    @property
    def holds_all(self) -> bool:
        """Whether one DECIMAL holds every value exactly."""
        return self.before + self.after <= _MAX_DIGITS

    @property
    def type(self) -> str:
        """The type of the column."""
        return f"DECIMAL({_MAX_DIGITS},{self.places})"

    def value_sql(self, sql: str) -> str:
        """Return the SQL of the value of a stored number; NULL where it has too many digits."""
        value = f"CAST({sql} AS {self.type})"
        return value if self.holds_all else f"CASE WHEN {self._fits_sql(sql)} THEN {value} END"

    def count_misfits_sql(self, sql: str) -> str:
        """Return the SQL that counts the stored numbers with too many digits."""
        return f"count({sql}) FILTER (NOT ({self._fits_sql(sql)}))"

    def _fits_sql(self, sql: str) -> str:
        before, after = self._digits_sql(sql)
        return f"{before} <= {_MAX_DIGITS - self.places} AND {after} <= {self.places}"

    @staticmethod
    def measure(texts: Iterable[str]) -> tuple[int, int]:
        """Return the most digits before and after the point, as `measure_sql` does."""
        before = after = 0
        for text in texts:
            whole, _, fraction = text.partition(".")
            digits = _LEADING_DIGITS.match(whole)
            before = max(before, len(digits[1]) if digits else 0)
            after = max(after, len(fraction.rstrip("0")))
        return before, after

    @staticmethod
    def measure_sql(sql: str) -> tuple[str, str]:
        """Return the SQL that measures the most digits before and after the point in a batch."""
        before, after = Digits._digits_sql(sql)
        return f"max({before})", f"max({after})"

    @staticmethod
    def _digits_sql(sql: str) -> tuple[str, str]:
        before = f"length(regexp_extract({sql}, '^[+-]?0*([0-9]*)', 1))"
        return before, f"length(rtrim(split_part({sql}, '.', 2), '0'))"


class LoadedValues(Struct):
    """What was found out about the values of one entity's columns while they were loaded."""

    failed_casts: dict[str, int] = field(default_factory=dict[str, int])
    """The number of values, by column, that do not fit the column's type."""
    digits: dict[str, Digits] = field(default_factory=dict[str, Digits])
    too_long: dict[str, int] = field(default_factory=dict[str, int])
    """The number of values, by column, that have too many digits for the column's DECIMAL."""

    @property
    def misfits(self) -> dict[str, int]:
        """The number of values, by column, that are null because of what is stored."""
        names = dict.fromkeys((*self.failed_casts, *self.too_long))
        return {name: self.failed_casts.get(name, 0) + self.too_long.get(name, 0) for name in names}
