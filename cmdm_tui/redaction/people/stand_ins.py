"""The stand-in of a value: of the same form, always the same, and another for any other value.

Only spellings of one word share theirs: `Strauß` and `Strauss`.

A word's letters are replaced by letters (vowels by vowels, consonants by consonants, those of
another script within it) and its digits by digits; case, accents, punctuation and length stay. How
a word is written, in upper case or with decomposed accents, makes no difference to its stand-in.
"""

import hashlib
import re
import unicodedata
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from functools import lru_cache
from typing import NamedTuple

from cmdm_tui.redaction.people.permutation import permute

MAIL_ENDING = ".stand-in.example"
"""What ends the domain of each stand-in: RFC 2606 reserves it, so no mail reaches anybody."""

_FEWEST_PHONE_DIGITS = 5
_VOWELS = "aeiou"
_CONSONANTS = "bcdfghjklmnpqrstvwxyz"
_DATE = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})(?![0-9])")
_DIGIT = re.compile(r"\d")
_ACCENTS = re.compile("[\u0300-\u036f]+")
_CACHE_SIZE = 65_536
_BLOCK = 256
_LARGEST_PLANE = 0x10000

_MAIL_DOMAIN = re.compile(r"@(?:[\w-]+\.)+[^\W\d_][\w-]*")
_REVERSED_MAILBOX = re.compile(r"(?:[\w-][\w.!#$%&'*+/=?^`{|}~-]*)?[^\W_]")


class _Character(NamedTuple):
    """A character of a word: its folded letter, those it may become, its case and its accents."""

    letter: str
    alphabet: str
    is_upper: bool
    marks: str


class StandIns:
    """Makes stand-ins with one key. Whoever has the key can turn them back: keep it to yourself."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._of_word = lru_cache(maxsize=_CACHE_SIZE)(self._make_word)

    @property
    def fingerprint(self) -> str:
        """What tells this key from others, and says nothing else of it."""
        return hashlib.shake_256(b"fingerprint\0" + self._key).hexdigest(4)

    def replace_word(self, word: str) -> str:
        """Return the stand-in of a word: letters, digits and accents without a gap."""
        return self._of_word(word)

    def replace_words(self, text: str) -> str:
        """Return a text with every word replaced: of a name, or of an address."""
        return word_pattern().sub(lambda found: self._of_word(found[0]), text)

    def replace_letters(self, text: str) -> str:
        """Return a text with every word replaced that has no digit: `ext` behind a number, say."""
        return word_pattern().sub(
            lambda found: found[0] if _DIGIT.search(found[0]) else self._of_word(found[0]), text
        )

    def replace_mail(self, address: str) -> str:
        """Return the stand-in of a mail address: its parts keep their form, its last label stays.

        `MAIL_ENDING` ends its domain; an address that ends so already is a stand-in, and stays.
        """
        local, _, domain = address.rpartition("@")
        if domain.casefold().endswith(MAIL_ENDING):
            return address
        labels, _, last = domain.rpartition(".")
        return f"{self.replace_words(local)}@{self.replace_words(labels)}.{last}{MAIL_ENDING}"

    def replace_phone(self, number: str) -> str | None:
        """Return the stand-in of a phone number, punctuation and leading zeros kept.

        None for what has too few digits to be one. It may be the number of someone else.
        """
        digits = "".join(character for character in number if character.isdecimal())
        if len(digits) < _FEWEST_PHONE_DIGITS:
            return None
        replaced = iter(self.replace_word(digits))
        return "".join(next(replaced) if one.isdecimal() else one for one in number)

    def replace_date(self, text: str) -> str | None:
        """Return the stand-in of a date, or of a time that begins with one: the year stays.

        None for what begins with no date.
        """
        found = _DATE.match(text)
        if found is None:
            return None
        try:
            day = date(int(found[1]), int(found[2]), int(found[3]))
        except ValueError:
            return None
        first = date(day.year, 1, 1)
        days = (date(day.year, 12, 31) - first).days + 1
        (moved,) = permute([(day - first).days], [days], self._key + found[1].encode())
        return (first + timedelta(days=moved)).isoformat() + text[found.end() :]

    def _make_word(self, word: str) -> str:
        characters = _read_characters(unicodedata.normalize("NFC", word))
        alphabets = [one.alphabet for one in characters]
        digits = [one.alphabet.index(one.letter) for one in characters]
        chosen = permute(digits, [len(alphabet) for alphabet in alphabets], self._key)
        written = "".join(
            _write_character(one, one.alphabet[digit])
            for one, digit in zip(characters, chosen, strict=True)
        )
        is_decomposed = unicodedata.is_normalized("NFD", word)
        return unicodedata.normalize(
            "NFD" if is_decomposed and not unicodedata.is_normalized("NFC", word) else "NFC",
            written,
        )


def find_mails(text: str) -> Iterator[tuple[int, int]]:
    """Yield where the mail addresses of a text begin and end: the longest ones, from the left.

    Each is looked for from its @: from where it may begin, a text of one long word takes hours.
    """
    least = 0
    for found in _MAIL_DOMAIN.finditer(text):
        at = found.start()
        least = max(least, text.rfind("@", least, at) + 1)
        mailbox = _REVERSED_MAILBOX.match(text[least:at][::-1])
        if mailbox is not None:
            yield at - mailbox.end(), found.end()
            least = found.end()


def is_mail(text: str) -> bool:
    """Return whether a text is one mail address and nothing else."""
    return next(find_mails(text), None) == (0, len(text))


def replace_mails(text: str, replace: Callable[[str], str]) -> str:
    """Return a text with each mail address as `replace` returns it."""
    pieces: list[str] = []
    position = 0
    for start, end in find_mails(text):
        pieces += (text[position:start], replace(text[start:end]))
        position = end
    return "".join((*pieces, text[position:]))


def fold_word(word: str) -> str:
    """Return a word without regard to its case and its accents: both are often left out."""
    folded = _ACCENTS.sub("", unicodedata.normalize("NFD", word).casefold())
    return unicodedata.normalize("NFC", folded)


@lru_cache(maxsize=1)
def word_pattern() -> re.Pattern[str]:
    """Return the pattern of a word: letters and digits, with the marks that scripts put on them."""
    marks = "".join(
        re.escape(chr(code))
        for code in range(_LARGEST_PLANE)
        if unicodedata.category(chr(code)).startswith("M")
    )
    return re.compile(rf"[^\W_](?:[^\W_]|[{marks}])*")


def _read_characters(word: str) -> list[_Character]:
    characters: list[_Character] = []
    is_leading = True
    for character in word:
        if character.isdecimal():
            zero = chr(ord(character) - unicodedata.decimal(character))
            alphabet = "".join(chr(ord(zero) + value) for value in range(10))
            if is_leading:
                # A number keeps its leading zeros, and gets no new ones.
                alphabet = zero if character == zero else alphabet[1:]
            is_leading = is_leading and character == zero
            characters.append(_Character(character, alphabet, is_upper=False, marks=""))
            continue
        is_leading = False
        characters += _read_letter(character)
    return characters


def _read_letter(character: str) -> list[_Character]:
    """Return a letter's parts: one, or several where its folded form is longer, such as of ß."""
    is_cased = unicodedata.category(character) in {"Lu", "Ll", "Lt"}
    decomposed = unicodedata.normalize("NFD", character) if is_cased else character
    folded = decomposed[0].casefold()
    is_upper = decomposed[0] != decomposed[0].lower()
    parts = [_Character(one, _alphabet_of(one), is_upper, "") for one in folded]
    return [*parts[:-1], parts[-1]._replace(marks=decomposed[1:])]


@lru_cache(maxsize=_CACHE_SIZE)
def _alphabet_of(letter: str) -> str:
    """Return the letters that a folded letter may become, itself among them."""
    for alphabet in (_VOWELS, _CONSONANTS):
        if letter in alphabet:
            return alphabet
    category = unicodedata.category(letter)
    if not category.startswith("L"):
        return letter
    start = ord(letter) // _BLOCK * _BLOCK
    found = [
        chr(code)
        for code in range(start, start + _BLOCK)
        if unicodedata.category(chr(code)) == category
        and _is_stable(chr(code))
        and _is_composed(chr(code)) == _is_composed(letter)
    ]
    return "".join(found) if letter in found else letter


def _is_stable(letter: str) -> bool:
    """Return whether a letter stays itself when its case is changed and when it is normalised."""
    return (
        letter.casefold() == letter
        and letter.upper().casefold() == letter
        and len(letter.upper()) == 1
        and unicodedata.is_normalized("NFC", letter)
        and not letter.isascii()
    )


def _is_composed(letter: str) -> bool:
    return not unicodedata.is_normalized("NFD", letter)


def _write_character(character: _Character, letter: str) -> str:
    return (letter.upper() if character.is_upper else letter) + character.marks
