"""Keys of text for orders that ignore something: case, accents, punctuation."""

import re
import sys
import unicodedata
from functools import cache

_LAST_CHARACTER = chr(sys.maxunicode)
_NON_LETTERS = re.compile("[^0-9a-z]+")
_DOTTED_CAPITAL_I = "İ"


def letters_key(text: str) -> str:
    """Return the letters and digits of text, without case and accents, as locales compare first."""
    if text.isascii():
        return _NON_LETTERS.sub("", text.lower())
    apart = unicodedata.normalize("NFD", text).casefold()
    return "".join(
        character for character in unicodedata.normalize("NFD", apart) if character.isalnum()
    )


def successor(text: str) -> str | None:
    """Return the least text above all that begins with `text`; None where there is none."""
    kept = text.rstrip(_LAST_CHARACTER)
    return kept[:-1] + chr(ord(kept[-1]) + 1) if kept else None


@cache
def is_plain(character: str) -> bool:
    """Return whether all characters that ILIKE equates with this one fold like it.

    DuckDB lower-cases each character by itself; so `İ` becomes `i`, whose casefold differs.
    """
    if unicodedata.category(character) in {"Cn", "Cs"} or _lower_case(character) == "i":
        return False
    return all(
        (one.casefold(), letters_key(one)) == (character.casefold(), letters_key(character))
        for one in _characters_by_lower_case().get(_lower_case(character), [character])
    )


def _lower_case(character: str) -> str:
    return "i" if character == _DOTTED_CAPITAL_I else character.lower()


@cache
def _characters_by_lower_case() -> dict[str, list[str]]:
    """Return the characters that have a lower case, by that lower case."""
    alike: dict[str, list[str]] = {}
    for character in map(chr, range(sys.maxunicode + 1)):
        low = _lower_case(character)
        if low != character:
            alike.setdefault(low, [low]).append(character)
    return alike
