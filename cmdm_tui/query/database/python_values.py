"""Turns the values of a result into Python's: UTC where a type has a zone, no zeros of padding."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from decimal import Context, Decimal
from functools import cached_property
from typing import Any, cast

from msgspec import Struct

from cmdm_tui.query.database.duckdb_session import RowValues

_WITH_ZONE = "TIMESTAMP WITH TIME ZONE"
_PADDED_PLACES = 9
"""The decimal places from which a DECIMAL is one of the engine's, padded with zeros."""
_EXACT = Context(prec=80)
_ONE = Decimal(1)

_Converter = Callable[[Sequence[Any]], Sequence[Any]]
"""Converts the values of a column."""


DIGITS = "\x01digits "
"""Begins the name of a column with the stored digits of another column, whose place follows."""


class Described(Struct, frozen=True, dict=True):
    """The columns of a query as DuckDB describes them, by name and type.

    `shown` are those of the result; `digits` says, by the place of a shown column of numbers, at
    which place the digits are that are stored.
    """

    columns: tuple[tuple[str, str], ...]

    @cached_property
    def shown(self) -> list[tuple[str, str]]:
        """The columns that the query names."""
        return [one for one in self.columns if not one[0].startswith(DIGITS)]

    @cached_property
    def digits(self) -> dict[int, int]:
        """The places of stored digits, by the places of numbers; from 0."""
        return {
            int(name.removeprefix(DIGITS)): place
            for place, (name, _) in enumerate(self.columns)
            if name.startswith(DIGITS)
        }

    def choose(self, places: Sequence[int]) -> "Described":
        """Return the columns at these places, in this order, with the digits that are theirs."""
        chosen = [self.shown[place] for place in places]
        digits = [
            (f"{DIGITS}{number}", self.columns[self.digits[place]][1])
            for number, place in enumerate(places)
            if place in self.digits
        ]
        return Described((*chosen, *digits))

    def choose_places(self, places: Sequence[int]) -> list[int]:
        """Return where the columns of `choose` are among these."""
        return [*places, *(self.digits[place] for place in places if place in self.digits)]


class PythonValues:
    """Converts rows of a query to Python's values: rows of what `shown_sql` reads.

    Whole columns are converted at once: a call a value takes longer than DuckDB does.
    """

    def __init__(self, described: Described) -> None:
        self._described = described
        found = (
            (place, _convert_stored if place in described.digits else _converter_of(kind))
            for place, (_, kind) in enumerate(described.shown)
        )
        self._converters = [(place, one) for place, one in found if one is not None]

    @property
    def shown_sql(self) -> str:
        """The columns to read of the query, which are called c1, c2 and so on.

        For a number they are its stored digits: DuckDB takes long to make Python's decimals.
        """
        digits = self._described.digits
        return ", ".join(
            f"CASE WHEN c{place + 1} IS NOT NULL THEN c{digits[place] + 1} END"
            if place in digits
            else f"c{place + 1}"
            for place in range(len(self._described.shown))
        )

    def convert(self, rows: Sequence[RowValues]) -> list[RowValues]:
        """Return the rows with Python's values."""
        if not rows or not self._converters:
            return list(rows)
        columns: list[Sequence[Any]] = list(zip(*rows, strict=True))
        for place, convert in self._converters:
            columns[place] = convert(columns[place])
        return list(zip(*columns, strict=True))


def _converter_of(kind: str) -> _Converter | None:
    if kind == _WITH_ZONE:
        return _convert_moments
    if kind.startswith("DECIMAL(") and kind.endswith(")") and _is_padded(kind):
        return _one_by_one(_without_padding)
    is_nested = kind.endswith("]") or kind.startswith(("STRUCT(", "MAP(", "UNION("))
    if is_nested and (_WITH_ZONE in kind or "DECIMAL(" in kind):
        # In a nested value nothing says which of its times had a zone, unless all have.
        has_local = "TIMESTAMP" in kind.replace(_WITH_ZONE, "")
        return _one_by_one(_convert_local if has_local else _convert_nested)
    return None


def _one_by_one(convert: Callable[[Any], Any]) -> _Converter:
    def convert_all(values: Sequence[Any]) -> Sequence[Any]:
        return [None if value is None else convert(value) for value in values]

    return convert_all


def _convert_stored(texts: Sequence[str | None]) -> Sequence[Decimal | None]:
    """Return the numbers that texts write, with their digits and no exponent."""
    together = "".join(filter(None, texts))
    if "e" in together or "E" in together:
        return [None if text is None else Decimal(f"{Decimal(text):f}") for text in texts]
    return [None if text is None else Decimal(text) for text in texts]


def _convert_moments(moments: Sequence[Any]) -> Sequence[Any]:
    # `replace` takes five times as long as `combine`.
    combine = datetime.combine
    return [
        combine(moment, moment.time(), UTC) if type(moment) is datetime else moment
        for moment in moments
    ]


def _is_padded(kind: str) -> bool:
    return int(kind[:-1].partition(",")[2] or 0) >= _PADDED_PLACES


def _in_utc(moment: Any) -> Any:
    is_time = isinstance(moment, datetime) and moment.tzinfo is None
    return moment.replace(tzinfo=UTC) if is_time else moment


def _without_padding(number: Decimal) -> Decimal:
    """Return the number without the zeros at its end: none was stored for certain."""
    short = number.normalize(_EXACT)
    return short.quantize(_ONE, context=_EXACT) if short == short.to_integral_value() else short


def _convert_nested(value: Any) -> Any:
    return _convert_inside(value, _in_utc)


def _convert_local(value: Any) -> Any:
    return _convert_inside(value, lambda moment: moment)


def _convert_inside(value: Any, convert_moment: Callable[[Any], Any]) -> Any:
    match value:
        case datetime():
            return convert_moment(value)
        case Decimal() if -cast("int", value.as_tuple().exponent) >= _PADDED_PLACES:
            return _without_padding(value)
        case list() | tuple():
            return [_convert_inside(one, convert_moment) for one in cast("list[Any]", value)]
        case dict():
            named = cast("dict[Any, Any]", value)
            return {
                _convert_inside(key, convert_moment): _convert_inside(one, convert_moment)
                for key, one in named.items()
            }
        case _:
            return value
