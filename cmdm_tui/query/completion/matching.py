"""Finds the offers that fit what was typed, and puts the likeliest first.

What begins with it comes before what has a word that begins with it (`name` in `LastName`), and
what has it as initials (`ln`). What only holds it is found where none of these fits, and what has
its letters in order where nothing holds it. Of what fits equally, what was used more comes first.
"""

import re
from collections.abc import Iterable, Mapping
from enum import IntEnum

from cmdm_tui.query.completion.offers import Offer

_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[^\W_A-Z]+|[A-Z]")
_LEAST_LETTERS = 2
"""Letters from which on initials and letters in order count."""


class Fit(IntEnum):
    """How well a name fits what was typed, the best first."""

    BEGINNING = 0
    WORD = 1
    INITIALS = 2
    WITHIN = 3
    LETTERS = 4


def fit_name(typed: str, name: str) -> Fit | None:
    """Return how a name fits what was typed, in small letters; None where it does not."""
    folded = name.casefold()
    if folded.startswith(typed):
        return Fit.BEGINNING
    place = folded.find(typed)
    if place > 0 and any(
        folded.startswith(typed, found.start()) for found in _WORDS.finditer(name)
    ):
        return Fit.WORD
    if len(typed) >= _LEAST_LETTERS:
        initials = "".join(found[0][0] for found in _WORDS.finditer(name)).casefold()
        if initials.startswith(typed):
            return Fit.INITIALS
    if place > 0:
        return Fit.WITHIN
    if len(typed) >= _LEAST_LETTERS and _has_letters(typed, folded):
        return Fit.LETTERS
    return None


def rank_offers(
    word: str, offers: Iterable[Offer], uses: Mapping[str, int] | None = None
) -> tuple[Offer, ...]:
    """Return the offers that fit the word, the likeliest first; all of them where it is empty."""
    typed = word.lstrip('"').casefold()
    counts = uses or {}
    found: list[tuple[tuple[int, int, int, int], Offer]] = []
    for place, offer in enumerate(offers):
        fit = fit_name(typed, offer.name)
        if fit is not None and offer.text != word:
            used = -counts.get(offer.name.casefold(), 0)
            key = (fit, used, offer.group) if typed else (fit, offer.group, used)
            found.append(((*key, place), offer))
    least = min((key[0] for key, _ in found), default=Fit.LETTERS)
    # What only holds it is in the way where something begins with it; so are its letters alone.
    worst = max(least, Fit.INITIALS)
    found = [one for one in found if one[0][0] <= worst]
    return tuple(offer for _, offer in sorted(found, key=lambda one: one[0]))


def _has_letters(typed: str, name: str) -> bool:
    rest = iter(name)
    return all(letter in rest for letter in typed)
