"""What completion offers, and what it may know to do so."""

from collections.abc import Sequence
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
