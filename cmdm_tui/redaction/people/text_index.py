"""Finds known values of people in free text: whole words, in any case, with accents or without.

What is kept of a known value is its stand-in, not the value: a word of a text is known where its
stand-in is. So a recording that holds only stand-ins is enough to know the people in it.
"""

import re
from collections.abc import Callable, Iterator

from cmdm_tui.redaction.people.stand_ins import (
    StandIns,
    find_mails,
    fold_word,
    word_pattern,
)

_PHONE = re.compile(r"[+(]?[0-9](?:[ ()./-]{0,3}[0-9]){6,20}")
_PHONE_GROUP = re.compile(r"[+(]{0,2}[0-9]+\)?")
_FEWEST_LETTERS = 3
_FEWEST_PHONE_DIGITS = 7
_PARTICLES = frozenset(
    {"van", "von", "der", "den", "del", "della", "dos", "das", "des", "bin", "ibn", "the", "and",
     "mrs", "miss", "prof", "sir", "ltd", "inc", "llc", "plc", "unknown", "none", "null", "test"}
)  # fmt: skip

Span = tuple[int, int, str]
"""Where something is in a text, and what replaces it."""


class TextIndex:
    """The known people of a recording, each by the stand-ins of its words.

    A mail address for which `keeps` is true is left alone.
    """

    def __init__(self, stand_ins: StandIns, keeps: Callable[[str], bool] = lambda _: False) -> None:
        self._stand_ins = stand_ins
        self._keeps = keeps
        self._phrases: dict[str, set[tuple[str, ...]]] = {}
        self._phones: set[str] = set()

    def add_words(self, replaced: str) -> None:
        """Add a value by its stand-in: a text in which its words follow one another is known."""
        words = tuple(fold_word(found[0]) for found in word_pattern().finditer(replaced))
        if words:
            self._phrases.setdefault(words[0], set()).add(words)

    def add_name(self, value: str, replaced: str) -> None:
        """Add a name, and each of its words that is long enough to be known alone."""
        pattern = word_pattern()
        if len(pattern.findall(value)) > 1:
            self.add_words(replaced)
        for found, made in zip(pattern.finditer(value), pattern.finditer(replaced), strict=False):
            word = fold_word(found[0])
            if len(word) >= _FEWEST_LETTERS and not word.isdecimal() and word not in _PARTICLES:
                self.add_words(made[0])

    def add_phone(self, number: str) -> None:
        """Add a phone number, as it is written for its country too where it begins with a +."""
        for one in (number, *_write_nationally(number)):
            digits = self._replace_digits(one)
            if len(digits) >= _FEWEST_PHONE_DIGITS:
                self._phones.add(digits)

    def add_phone_stand_in(self, replaced: str) -> None:
        """Add a phone number by its stand-in; a short one is not looked for in texts."""
        digits = _read_digits(replaced)
        if len(digits) >= _FEWEST_PHONE_DIGITS:
            self._phones.add(digits)

    def replace_known(self, text: str, *, fewest_words: int = 1) -> str:
        """Return a text with every mail address and every known value replaced.

        Known values of fewer words stay.
        """
        pieces: list[str] = []
        position = 0
        for start, end, replaced in self._find(text, fewest_words):
            if start >= position:
                pieces += (text[position:start], replaced)
                position = end
        return "".join((*pieces, text[position:]))

    def _find(self, text: str, fewest_words: int) -> list[Span]:
        words = self._find_words(text, fewest_words)
        found = [*self._find_mails(text), *self._find_phones(text), *words]
        # Of two that overlap, the one that begins first, and of these the longer.
        return sorted(found, key=lambda span: (span[0], -span[1]))

    def _find_mails(self, text: str) -> Iterator[Span]:
        for start, end in find_mails(text):
            address = text[start:end]
            if not self._keeps(address):
                yield start, end, self._stand_ins.replace_mail(address)

    def _find_phones(self, text: str) -> Iterator[Span]:
        for run in _PHONE.finditer(text) if self._phones else ():
            groups = [found.span() for found in _PHONE_GROUP.finditer(run[0])]
            for first in range(len(groups)):
                for last in range(len(groups) - 1, first - 1, -1):
                    start, end = groups[first][0], groups[last][1]
                    number = run[0][start:end]
                    if self._is_known_phone(number):
                        replaced = self._stand_ins.replace_phone(number) or number
                        yield run.start() + start, run.start() + end, replaced
                        break

    def _is_known_phone(self, number: str) -> bool:
        forms = (number, *_write_nationally(number))
        return any(self._replace_digits(one) in self._phones for one in forms)

    def _replace_digits(self, number: str) -> str:
        return _read_digits(self._stand_ins.replace_phone(number) or "")

    def _find_words(self, text: str, fewest: int) -> Iterator[Span]:
        words = list(word_pattern().finditer(text)) if self._phrases else []
        made = [self._stand_ins.replace_word(found[0]) for found in words]
        folded = [fold_word(one) for one in made]
        for number, word in enumerate(folded):
            known = self._phrases.get(word, ())
            fitting = [
                one
                for one in known
                if len(one) >= fewest and tuple(folded[number : number + len(one)]) == one
            ]
            if fitting:
                last = number + max(map(len, fitting)) - 1
                start, end = words[number].start(), words[last].end()
                yield start, end, self._stand_ins.replace_words(text[start:end])


def _read_digits(number: str) -> str:
    return "".join(one for one in number if one.isdecimal())


def _write_nationally(number: str) -> list[str]:
    """Return what a number with a country's code, of one to three digits, may be without it."""
    digits = _read_digits(number)
    if not number.lstrip("( ").startswith("+") and not digits.startswith("00"):
        return []
    digits = digits.removeprefix("00")
    return ["0" + digits[length:].removeprefix("0") for length in (1, 2, 3)]
