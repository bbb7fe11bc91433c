"""Chance from a fixed seed, and the single values that the seed data makes of it."""

import re
import unicodedata
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import lru_cache
from random import Random
from typing import TypeVar

from cmdm_tui.sandbox.seed import words
from cmdm_tui.sandbox.store import Properties

T = TypeVar("T")

SEED = 19_470_308

_RUNS = re.compile("[a-z0-9]+")
_DROPPED = str.maketrans(dict.fromkeys("'’."))


class Chance:
    """Choices from a fixed seed, through `random()` alone, whose numbers never change."""

    def __init__(self, seed: str) -> None:
        self._next = Random(f"{SEED} {seed}").random  # noqa: S311 (nothing here is secret)

    def happens(self, probability: float) -> bool:
        """Say yes with this probability."""
        return self._next() < probability

    def number(self, lowest: int, highest: int) -> int:
        """Return a whole number between two, both included."""
        return lowest + int(self._next() * (highest - lowest + 1))

    def one_of(self, choices: Sequence[T]) -> T:
        """Return one of the choices, each as likely."""
        return choices[int(self._next() * len(choices))]

    def skewed(self, highest: float) -> float:
        """Return a number from 0 to `highest`, small ones far more often."""
        return highest * self._next() ** 3


def maybe(chance: Chance, probability: float, value: Callable[[], str]) -> str | None:
    """Return the value with this probability, else None."""
    return value() if chance.happens(probability) else None


def instant(moment: datetime) -> str:
    """Return a DateTime of the wire."""
    return f"{moment.isoformat(timespec='seconds')[:19]}Z"


def day(moment: datetime) -> str:
    """Return a Date of the wire."""
    return moment.date().isoformat()


def money(chance: Chance, lowest: int, highest: int) -> str:
    """Return an amount between two, small ones far more often."""
    return f"{lowest + chance.skewed(highest - lowest):.2f}"


def phone(chance: Chance, town: words.Town) -> str:
    """Return a telephone number of the town, out of the range for drama."""
    return town.phone.format(chance.number(0, 999))


def post_code(chance: Chance, town: words.Town) -> str:
    """Return a post code of the town."""
    # Letters that Royal Mail uses in the last part.
    letters = "ABDEFGHJLNPQRSTUWXYZ"
    unit = chance.one_of(letters) + chance.one_of(letters)
    return f"{town.area}{chance.number(1, 19)} {chance.number(1, 9)}{unit}"


def country(town: words.Town) -> str:
    """Return the country that the town lies in."""
    return words.COUNTRY_OF_AREA.get(town.area, "England")


def email(chance: Chance, person: Properties, host: str) -> str:
    """Return an address of the person at the host, or at home."""
    first, last = slug(person["FirstName"] or "office"), slug(person["LastName"] or "")
    name = chance.one_of((f"{first}.{last}", f"{first}.{last}", f"{first[0]}{last}", first))
    return f"{name}@{'mail.example' if chance.happens(0.1) else host}"


@lru_cache(maxsize=4_096)
def slug(text: str) -> str:
    """Return the text as a part of a host name: lower-case ASCII letters, digits and hyphens."""
    plain = text.casefold().replace("ł", "l")
    if not plain.isascii():
        decomposed = unicodedata.normalize("NFKD", plain)
        plain = "".join(one for one in decomposed if not unicodedata.combining(one))
    return "-".join(_RUNS.findall(plain.translate(_DROPPED)))
