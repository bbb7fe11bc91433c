"""What SQL says of one value, told plainly: predicates as trees, evaluated with three truths."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import reduce
from typing import Any

from hypothesis import strategies as st

from cmdm_tui.query.model import Column, ColumnKind
from tests.query.seek.fake_service import FIELD

Truth = bool | None
Value = Any


@dataclass(frozen=True)
class Predicate:
    """SQL, and what it says of a value."""

    sql: str
    of: Callable[[Value], Truth]


def account_key(value: Value) -> Any:
    return (value.casefold(), value) if isinstance(value, str) else value


def literal(value: Value) -> str:
    match value:
        case bool():
            return "TRUE" if value else "FALSE"
        case str():
            return "'" + value.replace("'", "''") + "'"
        case datetime():
            return f"TIMESTAMP '{value.isoformat(sep=' ')}'"
        case date():
            return f"DATE '{value.isoformat()}'"
        case _:
            return format(value, "f")


OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "<": lambda one, other: one < other,
    "<=": lambda one, other: one <= other,
    ">": lambda one, other: one > other,
    ">=": lambda one, other: one >= other,
}
TURNED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "=": "=", "<>": "<>"}


def compared(operator: str, value: Value, *, is_turned: bool) -> Predicate:
    def of(one: Value) -> Truth:
        if one is None:
            return None
        if operator in {"=", "<>"}:
            return (one == value) == (operator == "=")
        return OPERATORS[operator](account_key(one), account_key(value))

    if is_turned:
        return Predicate(f"{literal(value)} {TURNED[operator]} {FIELD}", of)
    return Predicate(f"{FIELD} {operator} {literal(value)}", of)


def between(low: Value, high: Value) -> Predicate:
    def of(one: Value) -> Truth:
        if one is None:
            return None
        return account_key(low) <= account_key(one) <= account_key(high)

    return Predicate(f"{FIELD} BETWEEN {literal(low)} AND {literal(high)}", of)


def listed(values: list[Value], *, has_null: bool) -> Predicate:
    def of(one: Value) -> Truth:
        if one is None:
            return None
        return True if one in values else None if has_null else False

    items = [literal(value) for value in values] + (["NULL"] if has_null else [])
    return Predicate(f"{FIELD} IN ({', '.join(items)})", of)


def liked(
    prefix: str, rest: str, *, is_folded: bool, is_negated: bool, has_escape: bool
) -> Predicate:
    """LIKE `prefix` and then `%`, `_`, `%x` or nothing; the prefix escaped where told."""

    def begins(one: str) -> bool:
        text, start = one, prefix
        if is_folded:
            text, start = lowered(one), lowered(prefix)
        if not text.startswith(start):
            return False
        left = text[len(start) :]
        return {"": not left, "%": True, "_": len(left) == 1, "%x": left.endswith("x")}[rest]

    def of(one: Value) -> Truth:
        return None if one is None else begins(one) != is_negated

    pattern = prefix
    if has_escape:
        pattern = reduce(lambda text, mark: text.replace(mark, "!" + mark), "!%_", prefix)
    word = ("NOT " if is_negated else "") + ("ILIKE" if is_folded else "LIKE")
    escape = " ESCAPE '!'" if has_escape else ""
    return Predicate(f"{FIELD} {word} {literal(pattern + rest)}{escape}", of)


def lowered(text: str) -> str:
    """Lower-case each character by itself, as DuckDB does."""
    return "".join("i" if one == "İ" else one.lower() for one in text)


def negated(one: Predicate) -> Predicate:
    def of(value: Value) -> Truth:
        truth = one.of(value)
        return None if truth is None else not truth

    return Predicate(f"NOT ({one.sql})", of)


def both(one: Predicate, other: Predicate) -> Predicate:
    def of(value: Value) -> Truth:
        truths = one.of(value), other.of(value)
        return False if False in truths else None if None in truths else True

    return Predicate(f"({one.sql}) AND ({other.sql})", of)


def either(one: Predicate, other: Predicate) -> Predicate:
    def of(value: Value) -> Truth:
        truths = one.of(value), other.of(value)
        return True if True in truths else None if None in truths else False

    return Predicate(f"({one.sql}) OR ({other.sql})", of)


IS_NULL = Predicate(f"{FIELD} IS NULL", lambda value: value is None)
IS_NOT_NULL = Predicate(f"{FIELD} IS NOT NULL", lambda value: value is not None)
UNREADABLE = Predicate(
    f"length(CAST({FIELD} AS VARCHAR)) > 2",
    lambda value: None if value is None else len(str(value)) > 2,
)


def predicates(values: st.SearchStrategy[Value], kind: ColumnKind) -> st.SearchStrategy[Predicate]:
    """Draw predicates on one column of a kind, over literals that `values` draws."""
    simple = (
        st.builds(compared, st.sampled_from(list(TURNED)), values, is_turned=st.booleans())
        | st.builds(between, values, values)
        | st.builds(listed, st.lists(values, min_size=1, max_size=4), has_null=st.booleans())
        | st.sampled_from([IS_NULL, IS_NOT_NULL])
    )
    if kind is ColumnKind.TEXT:
        prefixes = values.map(lambda text: text[:3]) | values
        simple |= st.builds(
            liked,
            prefixes.map(
                lambda text: text.replace("\\", "/").translate({ord("%"): "p", ord("_"): "u"})
            ),
            st.sampled_from(["", "%", "_", "%x"]),
            is_folded=st.booleans(),
            is_negated=st.booleans(),
            has_escape=st.just(False),
        ) | st.builds(
            liked,
            prefixes,
            st.sampled_from(["", "%", "_", "%x"]),
            is_folded=st.booleans(),
            is_negated=st.booleans(),
            has_escape=st.just(True),
        )
    return st.recursive(
        simple | st.just(UNREADABLE) if kind is not ColumnKind.BOOLEAN else simple,
        lambda inner: (
            st.builds(negated, inner)
            | st.builds(both, inner, inner)
            | st.builds(either, inner, inner)
        ),
        max_leaves=4,
    )


LETTERS = "aAbBcCzZéÉäößẞøiIİıσςΣ'- 09%_!\u212a\ufb01ǅ\U0001f600\uff21"
TEXTS = st.text(st.sampled_from(LETTERS), max_size=3) | st.text(max_size=3).filter(
    lambda text: "\0" not in text
)
NUMBERS = st.decimals(-30, 300, places=1) | st.integers(-12, 120).map(Decimal)
DATES = st.dates(date(2025, 12, 1), date(2026, 3, 1))
TIMES = st.datetimes(
    datetime(2026, 1, 1, tzinfo=UTC).replace(tzinfo=None),
    datetime(2026, 1, 3, tzinfo=UTC).replace(tzinfo=None),
).map(lambda moment: moment.replace(microsecond=0))
VALUES: dict[ColumnKind, st.SearchStrategy[Value]] = {
    ColumnKind.TEXT: TEXTS,
    ColumnKind.NUMBER: NUMBERS,
    ColumnKind.DATE: DATES,
    ColumnKind.DATETIME: TIMES,
    ColumnKind.BOOLEAN: st.booleans(),
}


def column(kind: ColumnKind) -> Column:
    return Column(FIELD, kind, kind.value.title())
