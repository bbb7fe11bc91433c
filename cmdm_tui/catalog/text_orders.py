"""The orders in which a service may sort text: a product of traits, each a partial comparison.

No client knows how a service sorts text; it sees pages. So every order stays possible that no page
contradicts, and only what all of them agree on is decided. `TEXT_ORDERS` lists them. An order
compares what everyone who sorts so agrees on, and decides nothing else: which of two spellings of
one word comes first, or which of two punctuation marks.
"""

import unicodedata
from collections.abc import Iterable, Sequence
from enum import StrEnum
from functools import cache, cached_property, lru_cache
from itertools import product
from typing import TypeVar

from msgspec import Struct

DIGITS = frozenset("0123456789")
_UPPER = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
_LOWER = frozenset("abcdefghijklmnopqrstuvwxyz")
_WORD_MARKS = frozenset("-'")
_SYMBOLS = frozenset("$+<=>^`|~")
_FOLD_ASCII = {ord(one): one.lower() for one in _UPPER}
_PLAIN_LETTERS = frozenset({"Lu", "Ll", "Lt", "Lo"})
_LAST_BEFORE_SURROGATES = "\ud7ff"
_LAST_OF_BASIC_PLANE = "\uffff"

_Sortable = TypeVar("_Sortable", str, tuple[int, str])


class CaseOrder(StrEnum):
    """How letters of both cases are compared."""

    FOLDED = "casefold"
    BINARY = "binary"
    UPPER = "upper case"
    ASCII = "ASCII casefold"


class Punctuation(StrEnum):
    """How spaces, punctuation and symbols are compared: what is not ignored comes before digits."""

    CODE = "by code point"
    BEFORE = "before letters"
    WORD = "hyphen and apostrophe ignored"
    SHIFTED = "punctuation ignored"
    IGNORED = "all signs ignored"


class Accents(StrEnum):
    """Whether a letter with an accent is compared as another letter or, at first, as its base."""

    CODE = "by code point"
    BASE = "accents ignored"


class DigitOrder(StrEnum):
    """Whether a run of digits is compared as text or as a number."""

    TEXT = "as text"
    NUMBER = "natural numbers"


class _Kind(StrEnum):
    """What an element of a text is to a locale."""

    DIGIT = "digit"
    LETTER = "letter"
    SIGN = "sign"
    OTHER_LETTER = "other letter"
    UNKNOWN = "unknown"


class TextOrder(Struct, frozen=True, dict=True):
    """One order of text, as its traits."""

    case: CaseOrder = CaseOrder.FOLDED
    punctuation: Punctuation = Punctuation.CODE
    accents: Accents = Accents.CODE
    digits: DigitOrder = DigitOrder.TEXT

    @cached_property
    def name(self) -> str:
        """The name under which the catalog keeps it, such as `casefold` or `binary`."""
        parts: list[str] = [self.case]
        parts += [self.punctuation] if self.punctuation is not Punctuation.CODE else []
        parts += [self.accents] if self.accents is not Accents.CODE else []
        parts += [self.digits] if self.digits is not DigitOrder.TEXT else []
        return ", ".join(parts)

    @cached_property
    def is_by_code_point(self) -> bool:
        """Whether characters are compared by code point, folded or not, and none is ignored."""
        return self.punctuation is Punctuation.CODE and self.accents is Accents.CODE

    @cached_property
    def is_binary(self) -> bool:
        """Whether the order is that of code points, in which only equal texts tie."""
        return self == TextOrder(CaseOrder.BINARY)

    @cached_property
    def is_open(self) -> bool:
        """Whether texts of any beginning may be between two others, as signs are dropped."""
        return self.punctuation not in {Punctuation.CODE, Punctuation.BEFORE}

    @cached_property
    def is_natural(self) -> bool:
        """Whether runs of digits are numbers."""
        return self.digits is DigitOrder.NUMBER

    def is_after_plain_letters(self, element: str) -> bool:
        """Return whether an element comes after all letters of ASCII, digits and signs."""
        return not self.is_by_code_point and self._kind(element) is _Kind.OTHER_LETTER

    def elements(self, text: str) -> str:
        """Return the characters that are compared at first, one after the other."""
        return _elements(self.case, self.punctuation, self.accents, text)

    def compare(self, one: str, other: str, *, is_stem: bool = False) -> int:
        """Return -1 or 1 where `one` certainly sorts before or after `other`; 0 where not decided.

        With `is_stem` it says so of every text that begins with `one`.
        """
        return self.compare_elements(self.elements(one), self.elements(other), is_stem=is_stem)

    def compare_elements(self, one: str, other: str, *, is_stem: bool = False) -> int:
        """Compare two texts by their elements, as `compare` does."""
        if self.is_binary and not is_stem:
            return _sign(one, other)
        at = _first_difference(one, other)
        if self.is_natural:
            while at and one[at - 1] in DIGITS:
                at -= 1
        here, there = one[at : at + 1], other[at : at + 1]
        if self.is_natural and (here in DIGITS or there in DIGITS) and here and there:
            return self._compare_digits(one[at:], other[at:], is_stem=is_stem)
        if not here:
            return 0 if is_stem or not there else -self._compare_with_end(other[at:])
        if not there:
            return self._compare_with_end(one[at:])
        return self._compare_characters(here, there)

    def may_stand(self, before: str, after: str) -> bool:
        """Return whether a page in this order may hold one text before another."""
        return self.compare(before, after) <= 0

    def _compare_with_end(self, rest: str) -> int:
        """Return how a text compares with the same without its `rest`."""
        if self.case is CaseOrder.BINARY and self.punctuation is Punctuation.CODE:
            return 1
        # Some services ignore trailing spaces, and put what is below a space before the end.
        left = rest.lstrip(" ")
        if not left or left[0] < " " or self._kind(left[0]) is _Kind.UNKNOWN:
            return 0
        return 1

    def _compare_digits(self, one: str, other: str, *, is_stem: bool) -> int:
        digits, others = _digit_run(one), _digit_run(other)
        if not digits or not others:
            kind = self._kind((other if digits else one)[0])
            if kind not in {_Kind.LETTER, _Kind.OTHER_LETTER}:
                return 0
            return -1 if digits else 1
        if is_stem and len(digits) == len(one):
            return 0
        left, right = digits.lstrip("0"), others.lstrip("0")
        return _sign((len(left), left), (len(right), right))

    def _compare_characters(self, one: str, other: str) -> int:
        if self.is_by_code_point:
            # UTF-16, in which many services compare, puts what is beyond the basic plane elsewhere.
            if max(one, other) > _LAST_OF_BASIC_PLANE and min(one, other) > _LAST_BEFORE_SURROGATES:
                return 0
            # Whether ß has a capital, services that compare capitals differ about.
            if self.case is CaseOrder.UPPER and max(len(one.upper()), len(other.upper())) > 1:
                return 0
            return _sign(one, other)
        kinds = self._kind(one), self._kind(other)
        if _Kind.UNKNOWN in kinds or kinds == (_Kind.OTHER_LETTER, _Kind.OTHER_LETTER):
            return 0
        if self.punctuation is Punctuation.CODE:
            return _sign(one, other)
        if kinds == (_Kind.SIGN, _Kind.SIGN):
            return 0
        return _sign((_RANKS[kinds[0]], one), (_RANKS[kinds[1]], other))

    def _kind(self, element: str) -> _Kind:
        return _LETTER_KIND if self.is_by_code_point else _kind(element, self.accents)


_LETTER_KIND = _Kind.LETTER
_RANKS = {_Kind.SIGN: 0, _Kind.DIGIT: 1, _Kind.LETTER: 1, _Kind.OTHER_LETTER: 2}


def _list_orders() -> tuple[TextOrder, ...]:
    """Return every order, the likely ones first: in the first the account sorts (`api.md`)."""
    found = [
        TextOrder(case, punctuation, accents, digits)
        for punctuation, accents, digits, case in product(
            Punctuation, Accents, DigitOrder, CaseOrder
        )
        if _is_distinct(case, punctuation, accents)
    ]
    return tuple(sorted(found, key=_count_oddities))


def _is_distinct(case: CaseOrder, punctuation: Punctuation, accents: Accents) -> bool:
    """Return whether an order is none that differs from another only in a last resort."""
    if punctuation is not Punctuation.CODE:
        # Among letters alone, folded up is folded down.
        return case in {CaseOrder.FOLDED, CaseOrder.BINARY}
    return accents is Accents.CODE or case is not CaseOrder.ASCII


def _count_oddities(order: TextOrder) -> int:
    return (
        (order.accents is Accents.BASE)
        + (order.punctuation is not Punctuation.CODE)
        + (2 * order.is_natural)
    )


TEXT_ORDERS = _list_orders()
"""Every order in which a service may sort text; the first is the likely one."""


def is_settled(before: str, after: str) -> bool:
    """Return whether every order agrees that one text comes before another, at a glance.

    So it is where they begin alike, and then letters of ASCII differ that are of one case.
    """
    at = _first_difference(before, after)
    here, there = before[at : at + 1], after[at : at + 1]
    if not here or not there or here >= there:
        return False
    if not ((here in _LOWER and there in _LOWER) or (here in _UPPER and there in _UPPER)):
        return False
    # A mark that combines with a letter makes another one of it.
    return (before[at + 1 : at + 2] + after[at + 1 : at + 2]).isascii()


def keep_possible(
    orders: Iterable[TextOrder], pairs: Iterable[tuple[str, str]]
) -> tuple[TextOrder, ...]:
    """Return the orders that none of the pairs, each as a page holds it, contradicts."""
    open_pairs = [pair for pair in pairs if pair[0] != pair[1] and not is_settled(*pair)]
    return tuple(order for order in orders if all(order.may_stand(*pair) for pair in open_pairs))


def find_orders(names: Sequence[str]) -> tuple[TextOrder, ...]:
    """Return the orders of these names; names that are not known are left out."""
    wanted = set(names)
    return tuple(order for order in TEXT_ORDERS if order.name in wanted)


def _first_difference(one: str, other: str) -> int:
    if one[:1] != other[:1]:
        return 0
    pairs = enumerate(zip(one, other, strict=False))
    return next((at for at, (a, b) in pairs if a != b), min(len(one), len(other)))


def _digit_run(text: str) -> str:
    length = next((at for at, one in enumerate(text) if one not in DIGITS), len(text))
    return text[:length]


def _sign(one: _Sortable, other: _Sortable) -> int:
    return (one > other) - (one < other)


@lru_cache(maxsize=50_000)
def _elements(case: CaseOrder, punctuation: Punctuation, accents: Accents, text: str) -> str:
    if accents is Accents.BASE:
        text = _base_letters(text)
    if punctuation is not Punctuation.CODE:
        text = "".join(one for one in text if not _is_ignored(punctuation, one))
        return text if case is CaseOrder.BINARY else fold_one_by_one(text)
    match case:
        case CaseOrder.BINARY:
            return text
        case CaseOrder.FOLDED:
            # Whether ß is s or ss, services differ about where accents are ignored.
            folded = text.casefold() if accents is Accents.CODE else fold_one_by_one(text)
        case CaseOrder.ASCII:
            folded = text.translate(_FOLD_ASCII)
        case CaseOrder.UPPER:
            folded = upper_one_by_one(text)
    return folded


def _base_letters(text: str) -> str:
    """Return text without the marks on its letters."""
    if text.isascii():
        return text
    apart = unicodedata.normalize("NFD", text)
    return "".join(one for one in apart if unicodedata.category(one) != "Mn")


def _is_ignored(punctuation: Punctuation, one: str) -> bool:
    if not _is_ascii_sign(one):
        return False
    match punctuation:
        case Punctuation.WORD:
            return one in _WORD_MARKS
        case Punctuation.SHIFTED:
            return one not in _SYMBOLS
        case Punctuation.IGNORED:
            return True
        case _:
            return False


def _is_ascii_sign(one: str) -> bool:
    return " " <= one <= "~" and not one.isalnum()


def fold_one_by_one(text: str) -> str:
    """Return text in small letters, each character by itself; one of several stays."""
    if text.isascii():
        return text.lower()
    return "".join(low if len(low := one.lower()) == 1 else one for one in text)


def upper_one_by_one(text: str) -> str:
    """Return text in capitals, each character by itself; one of several capitals stays."""
    if text.isascii():
        return text.upper()
    return "".join(high if len(high := one.upper()) == 1 else one for one in text)


@cache
def _kind(element: str, accents: Accents) -> _Kind:
    """Return what an element is to a locale, as far as all of them agree."""
    if element in DIGITS:
        return _Kind.DIGIT
    if element in _LOWER or element in _UPPER:
        return _Kind.LETTER
    if _is_ascii_sign(element):
        return _Kind.SIGN
    if unicodedata.category(element) not in _PLAIN_LETTERS:
        return _Kind.UNKNOWN
    if accents is Accents.CODE:
        return _Kind.OTHER_LETTER
    # Some put ø and ß with o and s, others after z; and a wide letter with the plain one.
    is_apart = unicodedata.normalize("NFKD", element) != element
    is_latin = unicodedata.name(element, "").startswith("LATIN")
    return _Kind.UNKNOWN if is_latin or is_apart else _Kind.OTHER_LETTER
