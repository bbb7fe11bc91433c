"""What completion offers, and what it may know to do so."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from cmdm_tui.api import Field


class CompletionCatalog(Protocol):
    """What completion may read; none of it makes a call."""

    @property
    def entities(self) -> tuple[str, ...]:
        """The names of the entities known."""
        ...

    def fields(self, entity: str) -> Sequence[Field]:
        """Return the entity's fields, as far as they are known."""
        ...


@dataclass(frozen=True, slots=True)
class Offer:
    """One completion: the text to put in, the name that is shown and matched, and a remark."""

    text: str
    name: str
    about: str = ""


@dataclass(frozen=True, slots=True)
class Suggestions:
    """What is offered for `word`, the end of what was typed, and the name of the rule that does."""

    word: str
    offers: tuple[Offer, ...] = ()
    rule: str = ""


def filter_offers(word: str, offers: Iterable[Offer]) -> tuple[Offer, ...]:
    """Return the offers that begin with the word; where none does, those that hold it."""
    wanted = word.lstrip('"').casefold()
    within = [offer for offer in offers if wanted in offer.name.casefold() and offer.text != word]
    leading = [offer for offer in within if offer.name.casefold().startswith(wanted)]
    return tuple(leading or within)
