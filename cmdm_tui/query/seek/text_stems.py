"""A predicate on text as stems: whole texts, or what every match begins with.

A stem is compared with the values at the ends of a gap, so it excludes pages in any order of text
that compares the two; a range of the account's order does so only in an order much like it.
"""

from collections.abc import Callable, Iterator
from functools import cache

from msgspec import Struct

from cmdm_tui.catalog.text_orders import TextOrder, is_settled
from cmdm_tui.query.seek.region import Interval, Region, after, before
from cmdm_tui.query.seek.text_keys import successor

_MAX_SPELLINGS = 64
"""The most spellings of a prefix that are compared one by one; beyond, a shorter prefix is."""

_LAST_CASED = 0x20000
"""From this character on, none has its own casefold."""

_CUT_LENGTH = len(before(""))


class Stem(Struct, frozen=True):
    """A whole text, or what texts begin with; without regard to case where it is folded."""

    text: str
    is_whole: bool
    is_folded: bool = False


class Stems:
    """The stems of one predicate: every match is one of them or begins with one."""

    def __init__(self, stems: tuple[Stem, ...]) -> None:
        self._stems = stems
        self._open: dict[tuple[str | None, str | None], tuple[Stem, ...]] = {}

    def are_outside(self, order: TextOrder, low: str | None, high: str | None) -> bool:
        """Return whether the order puts every match before `low` or after `high`; None has none."""
        return all(
            _is_outside(order, spelling, low, high)
            for stem in self._open_between(low, high)
            for spelling in (_list_spellings(order, stem.text) if stem.is_folded else (stem,))
        )

    def _open_between(self, low: str | None, high: str | None) -> tuple[Stem, ...]:
        """Return the stems that are not outside at a glance, in every order."""
        if (low, high) not in self._open:
            self._open[low, high] = tuple(
                stem
                for stem in self._stems
                if not (
                    stem.is_whole
                    and (
                        (low is not None and is_settled(stem.text, low))
                        or (high is not None and is_settled(high, stem.text))
                    )
                )
            )
        return self._open[low, high]


def read_stems(binary: Region | None, region: Region) -> Stems | None:
    """Return the stems of a predicate's regions: by code point, and in the account's order.

    None where a region has no bounds that texts begin with.
    """
    found = None if binary is None else _stems_of(binary, _read_exact)
    if found is None:
        found = _stems_of(region, _read_folded)
    return None if found is None else Stems(found)


def _stems_of(region: Region, read: Callable[[Interval], Stem | None]) -> tuple[Stem, ...] | None:
    found: list[Stem] = []
    for interval in region.intervals:
        is_bounded = len(interval.low) == len(interval.high) == _CUT_LENGTH
        stem = read(interval) if is_bounded else None
        if stem is None or (not stem.is_whole and not stem.text):
            return None
        found.append(stem)
    return tuple(found)


def _read_exact(interval: Interval) -> Stem:
    low, high = interval.low[1], interval.high[1]
    if interval == Interval(before(low), after(low)):
        return Stem(low, is_whole=True)
    if interval == Interval(before(low), before(successor(low))):
        return Stem(low, is_whole=False)
    return Stem(_common(low, high), is_whole=False)


def _read_folded(interval: Interval) -> Stem | None:
    (low, text), (high, other) = interval.low[1], interval.high[1]
    if interval == Interval(before((low, text)), after((low, text))):
        return Stem(text, is_whole=True)
    if high is None:
        return None
    if not text and not other and high == successor(low):
        return Stem(low, is_whole=False, is_folded=True)
    return Stem(_common(low, high), is_whole=False, is_folded=True)


def _common(one: str, other: str) -> str:
    pairs = enumerate(zip(one, other, strict=False))
    return one[: next((at for at, (a, b) in pairs if a != b), min(len(one), len(other)))]


def _is_outside(order: TextOrder, stem: Stem, low: str | None, high: str | None) -> bool:
    is_stem = not stem.is_whole
    if low is not None and order.compare(stem.text, low, is_stem=is_stem) < 0:
        return True
    return high is not None and order.compare(stem.text, high, is_stem=is_stem) > 0


@cache
def _list_spellings(order: TextOrder, folded: str) -> tuple[Stem, ...]:
    """Return prefixes of all texts whose casefold begins with `folded`.

    Of spellings that the order compares alike, one is enough.
    """
    spellings = {"": ("", folded)}
    while any(rest for _, rest in spellings.values()):
        longer: dict[str, tuple[str, str]] = {}
        for text, rest in spellings.values():
            for more, left in _spell_first(rest):
                longer.setdefault(order.elements(text + more) + "\0" + left, (text + more, left))
        if len(longer) > _MAX_SPELLINGS:
            break
        spellings = longer
    return tuple(Stem(text, is_whole=False) for text, _ in spellings.values())


def _spell_first(folded: str) -> Iterator[tuple[str, str]]:
    """Yield each character that `folded` may begin with, with the rest that is left to spell."""
    if not folded:
        yield "", ""
        return
    for one in (folded[0], *_characters_by_first_fold().get(folded[0], ())):
        fold = one.casefold()
        if folded.startswith(fold):
            yield one, folded[len(fold) :]
        elif fold.startswith(folded):
            yield one, ""


@cache
def _characters_by_first_fold() -> dict[str, list[str]]:
    """Return the characters that fold to something else, by the first character of that."""
    found: dict[str, list[str]] = {}
    for one in map(chr, range(_LAST_CASED)):
        fold = one.casefold()
        if fold != one:
            found.setdefault(fold[0], []).append(one)
    return found
