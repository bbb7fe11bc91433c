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

    None is returned for an order that drops characters, or takes some for others: what it puts
    between two texts may begin with anything.
    """
    if order.accents is Accents.BASE or order.punctuation not in {
        Punctuation.CODE,
        Punctuation.BEFORE,
    }:
        return None
    if order == TextOrder():
        # Texts tie that differ in spaces at the end alone.
        below = None if low is None else before((low.casefold().rstrip(" "), ""))
        above = None if high is None else before((high.casefold().rstrip(" ") + _ABOVE_SPACE, ""))
        return below, above
    if low is None or high is None:
        return _UNBOUNDED
    if order.is_binary and low == high:
        return before(engine_key(low)), after(engine_key(low))
    return _enclose_between(order, order.elements(low), order.elements(high))


def _enclose_between(order: TextOrder, low: str, high: str) -> Span:
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
            return _cuts(prefix, prefix)
        images = _images(order.case, one)
        if len(images) > 1:
            return _cuts(prefix + min(images), prefix + max(images))
        prefix += next(iter(images))
    start, end = low[at : at + 1], high[at : at + 1]
    if not _is_range(order, start, end):
        return _cuts(prefix, prefix)
    inside = [_images(order.case, chr(code)) for code in range(ord(start), ord(end) + 1)]
    firsts = [image[0] for images in inside for image in images]
    return _cuts(prefix + min(firsts), prefix + max(firsts))


def _cuts(low: str, high: str) -> Span:
    """Return the cuts before all that begins with `low` and after all that begins with `high`."""
    above = successor(high)
    return before((low, "")), None if above is None else before((above, ""))


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
