"""What is between two texts in an order, enclosed in the account's order.

A range of the account's order excludes pages where all that may be between the texts at their ends
is outside of it: what begins as they do, and continues with a character in between.
"""

from bisect import bisect_left, bisect_right
from functools import cache
from itertools import accumulate
from string import ascii_uppercase

from cmdm_tui.catalog.text_orders import (
    Accents,
    CaseOrder,
    Punctuation,
    TextOrder,
    fold_one_by_one,
    upper_one_by_one,
)
from cmdm_tui.query.seek.column_predicate import engine_key
from cmdm_tui.query.seek.region import Place, after, before
from cmdm_tui.query.seek.text_keys import successor

Span = tuple[Place | None, Place | None]
"""The cuts, in the account's order, below and above a set of texts; None is unbounded."""

_EVERYTHING: tuple[Span, ...] = ((None, None),)
_LAST_CASED = 0x20000
"""From this character on, none has an upper or lower case."""
_BLOCK = 0x80

_ABOVE_SPACE = "!"
_LAST_SIGN = "~"
_LAST_OF_ASCII = "\x7f"
_ABOVE_ASCII = "\x80"
_LAST_BEFORE_SURROGATES = "\ud7ff"


def enclose(order: TextOrder, low: str | None, high: str | None) -> tuple[Span, ...]:
    """Return spans that hold every text that may be from `low` to `high`; None is unbounded.

    They hold everything where an order drops punctuation, so that what it puts between two texts
    may begin with anything. Where it drops hyphens and apostrophes, which come before all letters,
    only the cut above is known. Where it takes letters with accents for their bases, such letters
    come after all plain ones: one span for each place where the first of them may be.
    """
    drops_marks = order.punctuation is Punctuation.WORD
    if order.punctuation in {Punctuation.SHIFTED, Punctuation.IGNORED}:
        return _EVERYTHING
    if order == TextOrder():
        # Texts tie that differ in spaces at the end alone.
        below = None if low is None else before((low.casefold().rstrip(" "), ""))
        above = None if high is None else before((high.casefold().rstrip(" ") + _ABOVE_SPACE, ""))
        return ((below, above),)
    if order.is_binary and low is not None and low == high:
        return ((before(engine_key(low)), after(engine_key(low))),)
    first, last = _trimmed_elements(order, low), _trimmed_elements(order, high)
    if order.accents is Accents.BASE:
        return _EVERYTHING if drops_marks else _enclose_accents(order, first, last)
    below = None if drops_marks or first is None else _cut_below(order, first, last)
    return ((below, None if last is None else _cut_above(order, first, last)),)


def _trimmed_elements(order: TextOrder, text: str | None) -> str | None:
    if text is None:
        return None
    elements = order.elements(text)
    return elements if order.case is CaseOrder.BINARY else elements.rstrip(" ")


def _enclose_accents(order: TextOrder, low: str | None, high: str | None) -> tuple[Span, ...]:
    """Return the spans of texts whose accents are ignored, by where the first of them is."""
    below = None if low is None else _cut_below(order, low, high)
    if high is None:
        return ((below, None),)
    prefix, last = "", ""
    spans: list[Span] = []
    for at, one in enumerate(high):
        if not _is_compared(order, one):
            break
        spans.append((before((prefix + _ABOVE_ASCII, "")), _above_stem(prefix)))
        images = _images(order.case, one)
        bound = _bound(order, low, at, one)
        last = max(*(image[0] for image in images), _last_below(order, one, bound) or "")
        if bound != one or len(images) > 1:
            break
        prefix, last = prefix + next(iter(images)), ""
    return (*spans, (below, _above_stem(prefix + last)))


def _cut_below(order: TextOrder, low: str, high: str | None) -> Place:
    """Return the cut below everything from `low` on, or up to `high`, by their elements.

    Such a text is `low` and more, or begins as it does and then has a character that comes later.
    """
    prefix, found = "", list[str]()
    is_shared = high is not None
    for at, one in enumerate(low):
        if not _is_compared(order, one):
            if order.is_after_plain_letters(one):
                later = _first_above(order, _LAST_OF_ASCII, "") or _ABOVE_ASCII
                return before((min([*found, prefix + later]), ""))
            break
        bound = _bound(order, high, at, one, is_above=True) if is_shared else ""
        first = _first_above(order, one, bound)
        found += [] if first is None else [prefix + first]
        images = _images(order.case, one)
        if len(images) > 1:
            prefix += min(images)
            break
        prefix, is_shared = prefix + next(iter(images)), is_shared and bound == one
    return before((min([*found, prefix]), ""))


def _cut_above(order: TextOrder, low: str | None, high: str) -> Place | None:
    """Return the cut above everything up to `high`, from `low` on if it is known."""
    prefix, found = "", list[str]()
    is_shared = low is not None
    for at, one in enumerate(high):
        if not _is_compared(order, one):
            break
        bound = _bound(order, low, at, one) if is_shared else ""
        if not bound and order.punctuation is not Punctuation.CODE:
            break  # What comes before letters may come after them for the account.
        last = _last_below(order, one, bound)
        found += [] if last is None else [prefix + last]
        images = _images(order.case, one)
        if len(images) > 1:
            prefix += max(image[0] for image in images)
            break
        prefix, is_shared = prefix + next(iter(images)), is_shared and bound == one
    cuts = [_above_stem(stem) for stem in (*found, prefix)]
    return None if None in cuts else max(cut for cut in cuts if cut is not None)


def _above_stem(stem: str) -> Place | None:
    """Return the cut above all that begins with `stem`; None where there is none."""
    above = successor(stem)
    return None if above is None else before((above, ""))


def _bound(
    order: TextOrder, other: str | None, at: int, one: str, *, is_above: bool = False
) -> str:
    """Return the other text's character at a place; nothing where it bounds no other."""
    found = "" if other is None else other[at : at + 1]
    is_beyond = found < one if is_above else found > one
    return "" if not found or is_beyond or not _is_compared(order, found) else found


def _is_compared(order: TextOrder, one: str) -> bool:
    """Return whether everyone who sorts so puts the same characters before and after one."""
    if order.is_natural and not one.isalpha():
        return False
    if order.punctuation is not Punctuation.CODE:
        return one.isascii() and one.isalnum()
    if order.case is CaseOrder.UPPER and len(one.upper()) > 1:
        return False
    last = "~" if order.accents is Accents.BASE else _LAST_BEFORE_SURROGATES
    return " " <= one <= last


def _first_above(order: TextOrder, one: str, bound: str) -> str | None:
    """Return the least, in the account's order, of what comes after a character, up to a bound."""
    folded = _folded_elements(order.case)
    start, end = ord(one) + 1, ord(bound) if bound else _LAST_CASED
    plain = next((code for code in range(start, end + 1) if _is_plain(order, code)), None)
    inside = folded.first_image(start, end)
    if plain is None or inside is None:
        return inside if plain is None else chr(plain)
    return min(inside, chr(plain))


def _last_below(order: TextOrder, one: str, bound: str) -> str | None:
    """Return the last, in the account's order, of what comes before a character, from a bound."""
    if not bound and order.punctuation is not Punctuation.CODE:
        return max(_LAST_SIGN, one)
    folded = _folded_elements(order.case)
    start, end = ord(bound) if bound else 0, ord(one) - 1
    plain = next((code for code in range(end, start - 1, -1) if _is_plain(order, code)), None)
    inside = folded.last_image(start, end)
    if plain is None or inside is None:
        return inside if plain is None else chr(plain)
    return max(inside, chr(plain))


def _is_plain(order: TextOrder, code: int) -> bool:
    """Return whether the account leaves a character as it is, and the order leaves its place."""
    if code in _folded_elements(order.case).images:
        return False
    is_apart = order.punctuation is not Punctuation.CODE
    return not is_apart or code >= ord(_ABOVE_ASCII) or chr(code).isalnum()


class _FoldedElements:
    """The elements of an order that the account folds to something else, and to what."""

    def __init__(self, case: CaseOrder) -> None:
        folded = {one for one in _cased_characters() if one.casefold() != one}
        folded |= _originals(case).keys()
        self.images = {ord(one): _images(case, one) for one in folded}
        self._codes = sorted(self.images)
        self._least = [min(self.images[code]) for code in self._codes]
        self._last = [max(one[0] for one in self.images[code]) for code in self._codes]
        self._least_from = [*accumulate(reversed(self._least), min)][::-1]
        """The least of each and of all after it."""

    def first_image(self, start: int, end: int) -> str | None:
        """Return the least image of all of them from one code to another."""
        first, beyond = bisect_left(self._codes, start), bisect_right(self._codes, end)
        if first < beyond == len(self._codes):
            return self._least_from[first]
        return min(self._least[first:beyond], default=None)

    def last_image(self, start: int, end: int) -> str | None:
        """Return the last character that the image of any of them may begin with."""
        first, beyond = bisect_left(self._codes, start), bisect_right(self._codes, end)
        return max(self._last[first:beyond], default=None)


@cache
def _folded_elements(case: CaseOrder) -> _FoldedElements:
    return _FoldedElements(case)


def _images(case: CaseOrder, element: str) -> frozenset[str]:
    """Return the casefolds of the characters that an order takes for one element."""
    found = _originals(case).get(element, ())
    return frozenset({element.casefold(), *(one.casefold() for one in found)})


@cache
def _originals(case: CaseOrder) -> dict[str, list[str]]:
    """Return the characters that an order takes for another one, by that one."""
    folds = {CaseOrder.UPPER: upper_one_by_one, CaseOrder.FOLDED: fold_one_by_one}
    if case is CaseOrder.ASCII:
        return {one.lower(): [one] for one in ascii_uppercase}
    found: dict[str, list[str]] = {}
    if case in folds:
        for one in _cased_characters():
            if (folded := folds[case](one)) != one:
                found.setdefault(folded, []).append(one)
    return found


@cache
def _cased_characters() -> tuple[str, ...]:
    """Return the characters that have another case, by code; few blocks of them have any."""
    found: list[str] = []
    for start in range(0, _LAST_CASED, _BLOCK):
        block = "".join(map(chr, range(start, start + _BLOCK)))
        if not _is_same_in_every_case(block):
            found += [one for one in block if not _is_same_in_every_case(one)]
    return tuple(found)


def _is_same_in_every_case(text: str) -> bool:
    return text == text.casefold() == text.lower() == text.upper()
