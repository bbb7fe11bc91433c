"""The values that a field takes, as Hypothesis strategies."""

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any, TypeVar

from hypothesis import strategies as st

from cmdm_tui.harness.oracle.contract import FieldRule

Drawn = TypeVar("Drawn")
Draw = Callable[[st.SearchStrategy[Any]], Any]

_LONGEST = 60
_VARIABLE = "$CMDM_"
_HOSTILE = (
    "x", "Ní Dhomhnaill", "Ögren & Sons", "=1+1", "'; DROP TABLE lead; --", "\u202eevil\u202c",
    "🎉👩‍👩‍👧", "null", "0",
    " lead", "a,b;c", "<b>&amp;</b>", "%00", "${token}", "\t", "ẞß", "ﬁ", "É", "é",
    "\\", '"', "{{7*7}}", "A" * 40, "\u2028", "\x7f", "Zoë", "zoe", "ZOE", "ÿ", "𝒳",
)  # fmt: skip
_WORD = st.text("abcdefghijklmnopqrstuvwxyz0123456789", min_size=1, max_size=8)
_TEXT = st.one_of(
    st.sampled_from(_HOSTILE),
    st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=12),
).filter(lambda text: _VARIABLE not in text)
# Hypothesis draws constants of the program too: the name of a secret would be taken for the secret.
_IDS = st.text("ABCDEFGHJKLMNPQRSTUVWXYZ0123456789", min_size=8, max_size=8)
_WHOLE = st.integers(-10_000, 10_000_000)
_DECIMALS = st.one_of(
    _WHOLE.map(str),
    st.builds("{}.{}".format, _WHOLE, st.sampled_from(["0", "5", "00", "25", "001", "999999999"])),
    st.sampled_from(["0", "-0", "007", "0.0", "-1.50", "99999999999999999999", "0.1"]),
)
_BY_TYPE: Mapping[str, st.SearchStrategy[str]] = {
    "Number": _DECIMALS,
    "Currency": _DECIMALS,
    "Date": st.dates().map(str),
    "DateTime": st.datetimes().map(lambda time: time.isoformat(timespec="seconds") + "Z"),
    "Boolean": st.sampled_from(["true", "false"]),
    "Email": _WORD.map("{}@example.com".format),
    "Phone": st.integers(1_000, 99_999_999).map("+44 20 {}".format),
    "URL": _WORD.map("https://example.com/{}".format),
    "Lookup": _IDS,
}


@cache
def valid_values(rule: FieldRule) -> st.SearchStrategy[str] | None:
    """Return the values a field takes but null; None where none is known."""
    if rule.type == "Picklist":
        return st.sampled_from(rule.options) if rule.options else None
    strategy = _BY_TYPE.get(rule.type)
    if strategy is not None:
        return strategy
    longest = min(rule.max_length or _LONGEST, _LONGEST)
    return _TEXT.map(lambda text: text[:longest])


def writable_fields(rules: Mapping[str, FieldRule]) -> list[FieldRule]:
    """Return the fields that a body may name."""
    return [
        rule for rule in rules.values() if not rule.is_read_only and valid_values(rule) is not None
    ]


def pick(draw: Draw, things: Sequence[Drawn]) -> Drawn:
    """Draw one of some things."""
    place: int = draw(indexes(len(things)))
    return things[place]


@cache
def indexes(size: int) -> st.SearchStrategy[int]:
    """Return the places in a list of this size."""
    return st.integers(0, size - 1)


def draw_properties(
    draw: Draw, rules: Mapping[str, FieldRule], *, is_whole: bool, most: int = 3
) -> dict[str, Any]:
    """Draw properties that are right: with all that is required, where they must be whole."""
    usable = writable_fields(rules)
    given: dict[str, Any] = {}
    if is_whole:
        for rule in usable:
            strategy = valid_values(rule)
            if rule.is_required and strategy is not None:
                given[rule.name] = draw(strategy)
    if usable:
        for _ in range(draw(indexes(most + 1)) if is_whole else 1 + draw(indexes(most))):
            rule = pick(draw, usable)
            given[rule.name] = _draw_value_or_null(draw, rule)
    return given


def _draw_value_or_null(draw: Draw, rule: FieldRule) -> Any:
    strategy = valid_values(rule)
    if strategy is None or (not rule.is_required and draw(indexes(8)) == 7):
        return None
    return draw(strategy)
