"""The account's order of text as DuckDB macros: by `casefold()`, then by code point (`api.md`).

Each macro exists twice: one folds every character; the other uses `lower()`, which binds a hundred
times as fast and is right where no text has one of `special_characters()`.
"""

from collections.abc import Iterator
from functools import cache, reduce

from msgspec import Struct

_COMPARISON_SIGNS = {
    "text_less_than": "<",
    "text_at_most_than": "<=",
    "text_more_than": ">",
    "text_at_least_than": ">=",
}
MACROS = frozenset(
    {
        *_COMPARISON_SIGNS,
        "text_between_than",
        "text_greater_than",
        "text_lesser_than",
        "folded",
        "order_key",
    }
)
"""The names of the macros, without their suffix."""
_LAST_CASED = 0x20000
"""From this character on, none has its own casefold."""
_BLOCK = 256


FULL_SUFFIX = "_fully"
"""The suffix of the macros that fold every character."""


@cache
def macro_statements() -> tuple[str, ...]:
    """Return the statements that define the account's order in DuckDB.

    It holds where no text has one of `special_characters()`; `full_macro_statements` are for
    any text. A macro is expanded when a query is bound, so `typeof` is known then.
    """
    return tuple(_macro_statements("", "lower(x)"))


@cache
def full_macro_statements() -> tuple[str, ...]:
    """Return those for any text, whose names end in `FULL_SUFFIX`; slow to define and to bind."""
    return tuple(_macro_statements(FULL_SUFFIX, _casefold_sql()))


def _macro_statements(end: str, casefold: str) -> list[str]:
    """Return the macros whose names have this suffix."""
    text = "typeof(a) = 'VARCHAR' AND typeof(b) = 'VARCHAR'"
    fold_a, fold_b = (f"casefold{end}(CAST({one} AS VARCHAR))" for one in "ab")
    is_text, as_text, pair = (
        "typeof(x) = 'VARCHAR'",
        "CAST(x AS VARCHAR)",
        f"row(folded{end}(x), x)",
    )
    statements = [
        f"CREATE OR REPLACE MACRO casefold{end}(x) AS {casefold}",
        (
            f"CREATE OR REPLACE MACRO folded{end}(x) AS "
            f"CASE WHEN {is_text} THEN casefold{end}({as_text}) END"
        ),
        f"CREATE OR REPLACE MACRO order_key{end}(x) AS CASE WHEN x IS NOT NULL THEN {pair} END",
    ]
    for name, sign in _COMPARISON_SIGNS.items():
        strict = sign[0]
        compared = f"{fold_a} {strict} {fold_b} OR ({fold_a} = {fold_b} AND a {sign} b)"
        statements.append(
            f"CREATE OR REPLACE MACRO {name}{end}(a, b) AS "
            f"CASE WHEN {text} THEN {compared} ELSE a {sign} b END"
        )
    statements.append(
        f"CREATE OR REPLACE MACRO text_between_than{end}(x, a, b) AS "
        f"text_at_least_than{end}(x, a) AND text_at_most_than{end}(x, b)"
    )
    for name, than in (
        ("text_greater_than", "text_at_least_than"),
        ("text_lesser_than", "text_at_most_than"),
    ):
        # A list makes one type of the two, as greatest() does and CASE does not.
        chosen = f"CASE WHEN a IS NULL THEN 2 WHEN b IS NULL OR {than}{end}(a, b) THEN 1 ELSE 2 END"
        statements.append(
            f"CREATE OR REPLACE MACRO {name}{end}(a, b) AS list_extract([a, b], {chosen})"
        )
    return statements


class _CasefoldDifferences(Struct, frozen=True):
    """How `str.casefold` differs from DuckDB's `lower`, which folds one character to one."""

    longer: dict[str, str]
    changed: dict[str, str]
    special: str


@cache
def _casefold_differences() -> _CasefoldDifferences:
    folded = {one: one.casefold() for one in _list_folded()}
    longer = {one: fold for one, fold in folded.items() if len(fold) > 1}
    # Cherokee alone folds to capitals, which lower() would undo.
    capitals = {fold for fold in folded.values() if len(fold) == 1 and fold.lower() != fold}
    changed = {one: fold for one, fold in folded.items() if one.lower() != fold and len(fold) == 1}
    changed |= {capital.lower(): capital for capital in capitals}
    return _CasefoldDifferences(longer, changed, "".join(sorted({*longer, *changed, *capitals})))


def _list_folded() -> Iterator[str]:
    """Yield the characters that `str.casefold` changes; most blocks of them have none."""
    for first in range(0, _LAST_CASED, _BLOCK):
        block = "".join(map(chr, range(first, first + _BLOCK)))
        if block.casefold() != block:
            yield from (one for one in block if one.casefold() != one)


def special_characters() -> str:
    """Return the characters that `lower()` folds differently from the account's order."""
    return _casefold_differences().special


def may_hold_special(sql: str) -> bool:
    """Return whether a query may produce such characters itself, as literals or by `chr()`."""
    if "chr(" in sql.lower():
        return True
    return not sql.isascii() and not set(sql).isdisjoint(special_characters())


def _casefold_sql() -> str:
    """Return `str.casefold` in SQL: `lower()`, with its differences corrected."""
    folds = _casefold_differences()
    text = reduce(
        lambda sql, one: f"replace({sql}, '{one[0]}', '{one[1]}')", folds.longer.items(), "x"
    )
    text = (
        f"translate(lower({text}), '{''.join(folds.changed)}', '{''.join(folds.changed.values())}')"
    )
    return f"CASE WHEN regexp_matches(x, '[{folds.special}]') THEN {text} ELSE lower(x) END"
