"""What lies between two texts in an order, enclosed in the account's order.

A range of the account's order can exclude pages only where the service's order is much like it:
where every text between two others begins as they do, and goes on with a character in between.
"""

from functools import cache
from string import ascii_uppercase

from cmdm_tui.catalog.text_orders import (
    DIGITS,
    Accents,
    CaseOrder,
    DigitOrder,
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

_UNBOUNDED: Span = (None, None)
_MAX_RANGE = 0x200
"""The most characters in a range that are looked at one by one."""

_LAST_CASED = 0x20000
"""From this character on, none has an upper or lower case."""

_ABOVE_SPACE = "!"
_LAST_BEFORE_SURROGATES = "\ud7ff"


def enclose(order: TextOrder, low: str | None, high: str | None) -> Span | None:
    """Return cuts that enclose every text that may be from `low` to `high`; None is unbounded.

    None is returned where what an order puts between two texts may begin with anything, as it drops
    characters or takes some for others. Where it drops hyphens and apostrophes,
    which come before all letters, only the cut above is known; where it takes letters with accents,
    which come after all plain ones, for their bases, only the cut below.
    """
    drops_marks = order.punctuation is Punctuation.WORD
    if order.punctuation in {Punctuation.SHIFTED, Punctuation.IGNORED}:
        return None
    if drops_marks or order.accents is Accents.BASE:
        if low is None or high is None or (drops_marks and order.accents is Accents.BASE):
            return None
        below, above = _stems_between(order, order.elements(low), order.elements(high))
        stem = above if drops_marks else below
        if not stem.isascii() or not stem.isalnum():
            return None
        return (None, _cut_above(stem)) if drops_marks else (before((stem, "")), None)
    if order == TextOrder():
        # Texts tie that differ in spaces at the end alone.
        below = None if low is None else before((low.casefold().rstrip(" "), ""))
        above = None if high is None else before((high.casefold().rstrip(" ") + _ABOVE_SPACE, ""))
        return below, above
    if low is None or high is None:
        return _UNBOUNDED
    if order.is_binary and low == high:
        return before(engine_key(low)), after(engine_key(low))
    below, above = _stems_between(order, order.elements(low), order.elements(high))
    return before((below, "")), _cut_above(above)


def _stems_between(order: TextOrder, low: str, high: str) -> tuple[str, str]:
    """Return what the first and the last of the texts between two begin with, by elements."""
    if order.case is not CaseOrder.BINARY:
        low, high = low.rstrip(" "), high.rstrip(" ")
    at = next(
        (at for at, (a, b) in enumerate(zip(low, high, strict=False)) if a != b),
        min(len(low), len(high)),
    )
    while order.digits is DigitOrder.NUMBER and at and low[at - 1] in DIGITS:
        at -= 1
    prefix = ""
    for one in low[:at]:
        if not _is_exact(order, one):
            return prefix, prefix
        images = _images(order.case, one)
        if len(images) > 1:
            return prefix + min(images), prefix + max(images)
        prefix += next(iter(images))
    start, end = low[at : at + 1], high[at : at + 1]
    if not _is_range(order, start, end):
        return prefix, prefix
    inside = [_images(order.case, chr(code)) for code in range(ord(start), ord(end) + 1)]
    firsts = [image[0] for images in inside for image in images]
    return prefix + min(firsts), prefix + max(firsts)


def _cut_above(stem: str) -> Place | None:
    """Return the cut above all that begins with `stem`; None where there is none."""
    above = successor(stem)
    return None if above is None else before((above, ""))


def _is_exact(order: TextOrder, one: str) -> bool:
    """Return whether texts that tie in an element begin alike in the account's order."""
    return order.punctuation is Punctuation.CODE or one.isascii()


def _is_range(order: TextOrder, start: str, end: str) -> bool:
    """Return whether what goes on between two characters begins with one between them."""
    if not start or not end or start > end or ord(end) - ord(start) > _MAX_RANGE:
        return False
    if order.punctuation is not Punctuation.CODE:
        return all(one.isascii() and one.isalpha() for one in (start, end))
    if order.digits is DigitOrder.NUMBER:
        return all(one.isalpha() for one in (start, end))
    return end <= _LAST_BEFORE_SURROGATES


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
        for one in map(chr, range(_LAST_CASED)):
            if (folded := folds[case](one)) != one:
                found.setdefault(folded, []).append(one)
    return found
