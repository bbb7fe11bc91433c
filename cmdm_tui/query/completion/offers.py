"""What completion offers, and what it may know to do so."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Protocol

from msgspec import Struct, field

from cmdm_tui.api import Field


class CompletionCatalog(Protocol):
    """What completion may read of the service; none of it makes a call."""

    @property
    def entities(self) -> tuple[str, ...]:
        """The names of the entities known."""
        ...

    def fields(self, entity: str) -> Sequence[Field]:
        """Return the entity's fields, as far as they are known."""
        ...


class NotedCatalog:
    """A catalog that notes which entities' fields were needed and were not asked for yet."""

    def __init__(self, known: CompletionCatalog) -> None:
        self._known = known
        self.unread: dict[str, None] = {}

    @property
    def entities(self) -> tuple[str, ...]:
        """The names of the entities known."""
        return self._known.entities

    def fields(self, entity: str) -> Sequence[Field]:
        """Return the entity's fields, as far as they are known."""
        fields = self._known.fields(entity)
        if all(field.inferred for field in fields):
            self.unread[entity] = None
        return fields


class SqlFunction(Struct, frozen=True):
    """A function that a query may use; `about` says its parameters and what it gives."""

    name: str
    about: str = ""


def _know_none(_: str) -> Sequence[str]:
    return ()


class CompletionFacts(Struct, frozen=True):
    """What a face knows next to the catalog.

    `uses` counts how often each word was used, in small letters. `ids` returns the external ids of
    an entity that were seen, the newest first; `files` the names of files that begin as typed, a
    folder's with a slash at its end.
    """

    functions: Iterable[SqlFunction] = ()
    uses: Mapping[str, int] = field(default_factory=Counter[str])
    ids: Callable[[str], Sequence[str]] = _know_none
    files: Callable[[str], Sequence[str]] = _know_none


NO_FACTS = CompletionFacts()


class Offer(Struct, frozen=True):
    """One completion: the text to put in, the name that is shown and matched, and a remark.

    Of offers that fit equally well, those of the lower `group` come first. `is_word` says that it
    is a word of SQL, a verb or a function, which may be in capitals or in small letters.
    """

    text: str
    name: str
    about: str = ""
    group: int = 0
    is_word: bool = False


class Suggestions(Struct, frozen=True):
    """What is offered for `word`, the end of what was typed, and the name of the rule that does.

    `unread` are the entities whose fields would be offered too, if they were known.
    """

    word: str
    offers: tuple[Offer, ...] = ()
    rule: str = ""
    unread: tuple[str, ...] = ()
