"""Words that orders of text disagree about: capitals, signs, accents and digits by shares."""

import random
from dataclasses import dataclass

_SYLLABLES = (
    "an",
    "bo",
    "ca",
    "den",
    "el",
    "fi",
    "go",
    "ha",
    "ka",
    "li",
    "mo",
    "na",
    "os",
    "s",
    "z",
)
_SIGNS = ("-", "'", " ", "_", ".", "@", "&", "~", "[", ":", "’")
_ACCENTED = {
    "a": "á",
    "o": "ö",
    "e": "é",
    "i": "ï",
    "n": "ñ",
    "s": "ß",
    "z": "ž",
    "l": "ł",
    "h": "Å",
}


@dataclass(frozen=True)
class Flavour:
    """What the words of a column have: shares of words with capitals, signs, accents, digits."""

    capitals: float
    signs: float
    accents: float
    digits: float


FLAVOURS = (
    Flavour(0.0, 0.0, 0.0, 0.0),
    Flavour(1.0, 0.02, 0.02, 0.0),
    Flavour(0.5, 0.3, 0.0, 0.0),
    Flavour(0.5, 0.0, 0.3, 0.0),
    Flavour(0.0, 0.1, 0.0, 0.6),
    Flavour(0.7, 0.3, 0.3, 0.3),
    Flavour(0.02, 0.02, 0.02, 0.02),
)


def make_word(chance: random.Random, flavour: Flavour) -> str:
    word = "".join(chance.choices(_SYLLABLES, k=chance.randint(1, 3)))
    if chance.random() < flavour.accents:
        at = chance.randrange(len(word))
        word = word[:at] + _ACCENTED.get(word[at], word[at]) + word[at + 1 :]
    if chance.random() < flavour.digits:
        word += str(chance.choice([1, 2, 9, 10, 11, 99, 100, 7, 70]))
    if chance.random() < flavour.signs:
        at = chance.randint(0, len(word))
        word = word[:at] + chance.choice(_SIGNS) + word[at:]
    share = chance.random()
    if share < flavour.capitals:
        return word.capitalize() if share < flavour.capitals * 0.8 else word.upper()
    return word
