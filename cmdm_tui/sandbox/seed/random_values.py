"""Choices, ids and single values from a fixed seed: the same on every machine."""

import re
import unicodedata
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import lru_cache
from random import Random
from typing import TypeVar

from cmdm_tui.sandbox.schema import ENTITIES, ID_ALPHABET, ID_LENGTH
from cmdm_tui.sandbox.seed import words
from cmdm_tui.sandbox.storage.store import Properties

Choice = TypeVar("Choice")

SEED = 19_470_308

_RUNS = re.compile("[a-z0-9]+")
_DROPPED = str.maketrans(dict.fromkeys("'’."))

_IDS = len(ID_ALPHABET) ** ID_LENGTH
# Coprime to 36, so that multiplying by them permutes all ids.
_FACTORS = (1_190_494_759_213, 2_065_879_269_997)
_STARTS = {
    entity: number * 151_516_377_211 + 977_230_416_583 for number, entity in enumerate(ENTITIES)
}

# Two digits at a time: every pair as text, and the number of the pair turned round.
_PAIRS = [one + other for one in ID_ALPHABET for other in ID_ALPHABET]
_TURNED = [other * 36 + one for one in range(36) for other in range(36)]


class SeededRandom:
    """Choices from a fixed seed. They use `random()` alone, whose numbers never change."""

    def __init__(self, seed: str) -> None:
        self._next = Random(f"{SEED} {seed}").random  # noqa: S311 (nothing here is secret)

    def decide(self, probability: float) -> bool:
        """Return True with this probability."""
        return self._next() < probability

    def number(self, lowest: int, highest: int) -> int:
        """Return a whole number between two, both included."""
        return lowest + int(self._next() * (highest - lowest + 1))

    def choose(self, choices: Sequence[Choice]) -> Choice:
        """Return one of the choices, each as likely."""
        return choices[int(self._next() * len(choices))]

    def skewed_number(self, highest: float) -> float:
        """Return a number from 0 to `highest`, small ones far more often."""
        return highest * self._next() ** 3


def seeded_id(entity: str, index: int) -> str:
    """Return the external id of the entity's record number `index` (from 0): no two are alike."""
    number = (index * _FACTORS[0] + _STARTS[entity]) % _IDS
    # Turned round between two multiplications, so that neighbours share no digits.
    rest, fourth = divmod(number, 1_296)
    rest, third = divmod(rest, 1_296)
    first, second = divmod(rest, 1_296)
    number = (_TURNED[fourth] * 1_296 + _TURNED[third]) * 1_296 + _TURNED[second]
    number = (number * 1_296 + _TURNED[first]) * _FACTORS[1] % _IDS
    rest, fourth = divmod(number, 1_296)
    rest, third = divmod(rest, 1_296)
    first, second = divmod(rest, 1_296)
    return _PAIRS[first] + _PAIRS[second] + _PAIRS[third] + _PAIRS[fourth]


def make_maybe(chance: SeededRandom, probability: float, value: Callable[[], str]) -> str | None:
    """Return the value with this probability, else None."""
    return value() if chance.decide(probability) else None


def format_instant(moment: datetime) -> str:
    """Return a DateTime of the wire."""
    return f"{moment.isoformat(timespec='seconds')[:19]}Z"


def format_day(moment: datetime) -> str:
    """Return a Date of the wire."""
    return moment.date().isoformat()


def make_amount(chance: SeededRandom, lowest: int, highest: int) -> str:
    """Return an amount between two, small ones far more often."""
    return f"{lowest + chance.skewed_number(highest - lowest):.2f}"


def make_phone(chance: SeededRandom, town: words.Town) -> str:
    """Return a telephone number of the town, from the range reserved for drama."""
    return town.phone.format(chance.number(0, 999))


def make_post_code(chance: SeededRandom, town: words.Town) -> str:
    """Return a post code of the town."""
    # Letters that Royal Mail uses in the last part.
    letters = "ABDEFGHJLNPQRSTUWXYZ"
    unit = chance.choose(letters) + chance.choose(letters)
    return f"{town.area}{chance.number(1, 19)} {chance.number(1, 9)}{unit}"


def get_country(town: words.Town) -> str:
    """Return the country that the town lies in."""
    return words.COUNTRY_OF_AREA.get(town.area, "England")


def make_email(chance: SeededRandom, person: Properties, host: str) -> str:
    """Return an address of the person at the host, or at home."""
    first, last = make_slug(person["FirstName"] or "office"), make_slug(person["LastName"] or "")
    name = chance.choose((f"{first}.{last}", f"{first}.{last}", f"{first[0]}{last}", first))
    return f"{name}@{'mail.example' if chance.decide(0.1) else host}"


@lru_cache(maxsize=4_096)
def make_slug(text: str) -> str:
    """Return the text as a part of a host name: lower-case ASCII letters, digits and hyphens."""
    plain = text.casefold().replace("ł", "l")
    if not plain.isascii():
        decomposed = unicodedata.normalize("NFKD", plain)
        plain = "".join(one for one in decomposed if not unicodedata.combining(one))
    return "-".join(_RUNS.findall(plain.translate(_DROPPED)))
