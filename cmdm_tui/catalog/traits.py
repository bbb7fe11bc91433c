"""The traits of one server: what the documentation leaves open, as a probe has found it.

A trait is what was seen of one server at one time, never the vendor's word: each carries its
evidence and its date, and a trait that nothing showed is unknown.
"""

from datetime import datetime
from pathlib import Path
from typing import Any, Generic, Literal, Self, TypeVar

import msgspec

from cmdm_tui.config.bounded_files import LARGEST_CACHE, read_bounded
from cmdm_tui.config.private_files import replace_file
from cmdm_tui.text import one_line

Value = TypeVar("Value")

TextOrderName = Literal["casefold", "binary", "locale"]
"""Text without regard to case; by code point; or by letters, accents and case coming second."""

NumberOrder = Literal["value", "text"]
"""Numbers by value, or digit by digit as if they were text."""

_LONGEST_EVIDENCE = 400


class Trait(msgspec.Struct, Generic[Value], frozen=True):
    """One finding. `value` is None where nothing showed it; `evidence` says why, or what did.

    `learnt` is the server's time, None where it was never probed.
    """

    value: Value | None = None
    evidence: str = "Not probed yet."
    learnt: datetime | None = None

    @property
    def is_known(self) -> bool:
        """Whether something showed the trait."""
        return self.value is not None


class DefaultPage(msgspec.Struct, frozen=True):
    """What came of a list without per_page and page: `records`, and whether that was all there is.

    A complete answer may still be a default page: one of at least this size.
    """

    records: int
    is_complete: bool


class Traits(msgspec.Struct, frozen=True):
    """All traits of the server at the address `server`. `writes` below come of a scratch record."""

    server: str = ""
    largest_page: Trait[int] = Trait()
    """The most records that a page was seen to grant: what a client asks for from then on."""
    default_page: Trait[DefaultPage] = Trait()
    list_key: Trait[str] = Trait()
    """`Entity`, `own name` for the entity's, or the key that the list has instead."""
    totals: Trait[Literal["text", "number"]] = Trait()
    collation: Trait[tuple[TextOrderName, ...]] = Trait()
    """The orders of text that no pair of neighbours contradicts; none, where all are."""
    text_orders: Trait[tuple[str, ...]] = Trait()
    """The names of the orders of text (`text_orders`) that no page contradicts."""
    number_order: Trait[tuple[NumberOrder, ...]] = Trait()
    nulls_first: Trait[bool] = Trait()
    """Whether nulls come first in ascending order."""
    nulls_first_descending: Trait[bool] = Trait()
    null_places: Trait[tuple[str, ...]] = Trait()
    """Where nulls come by kind of value and direction, such as `number asc first`."""
    external_id_sorts: Trait[bool] = Trait()
    dates_sort: Trait[bool] = Trait()
    sort_order_alone: Trait[bool] = Trait()
    """Whether sort_order=desc reverses the order where there is no sort_by."""
    stable_unsorted: Trait[bool] = Trait()
    stable_ties: Trait[bool] = Trait()
    """Whether neighbouring pages fit together where records tie under sort_by."""
    page_overlap: Trait[int] = Trait()
    """The records with which each page repeats the end of the page before it."""
    past_end: Trait[str] = Trait()
    """What answers a page past the last: `empty`, `records`, or a status such as `404`."""
    field_metadata: Trait[tuple[str, ...]] = Trait()
    """The names under which an entity's fields are described."""
    task_fields: Trait[bool] = Trait()
    unknown_sort_field: Trait[Literal["refused", "ignored"]] = Trait()
    error_bodies: Trait[tuple[str, ...]] = Trait()
    rate_headers: Trait[tuple[str, ...]] = Trait()
    """The documented headers that stood on every answer."""
    date_header: Trait[bool] = Trait()
    update_merges: Trait[bool] = Trait()
    """Whether an update leaves the fields alone that it does not name."""
    unknown_field_written: Trait[Literal["refused", "dropped", "kept"]] = Trait()
    deleting_twice: Trait[int] = Trait()
    """The status that answers a second delete."""
    values_kept: Trait[bool] = Trait()
    """Whether what was created comes back as it was sent."""

    @classmethod
    def names(cls) -> tuple[str, ...]:
        """Return the names of the traits, in the order in which they are shown."""
        return tuple(name for name in cls.__struct_fields__ if name != "server")

    def trait(self, name: str) -> Trait[Any]:
        """Return a trait by its name."""
        trait: Trait[Any] = getattr(self, name)
        return trait

    def with_findings(self, found: "dict[str, Trait[Any]]") -> Self:
        """Return these traits with what was `found` in place of what was there."""
        return msgspec.structs.replace(self, **found)

    @property
    def learnt(self) -> datetime | None:
        """When the newest of the traits was learnt, None where nothing was."""
        times = (self.trait(name).learnt for name in self.names())
        return max((time for time in times if time is not None), default=None)


def null_place(kind: str, direction: str, *, are_first: bool) -> str:
    """Return the words for one place of `null_places`. Dates and times are one kind."""
    kind = "date" if kind == "datetime" else kind
    return f"{kind} {direction} {'first' if are_first else 'last'}"


def are_nulls_first(traits: Traits, kind: str, direction: str) -> bool | None:
    """Return where nulls of a kind come; None where that is not known, or not the same for all."""
    known = traits.null_places.value or ()
    first, last = (null_place(kind, direction, are_first=one) in known for one in (True, False))
    return None if first == last else first


def clean_evidence(sentence: str) -> str:
    """Return evidence that any terminal may show: one line, made visible, cut to a few lines."""
    return one_line(" ".join(sentence.split()), _LONGEST_EVIDENCE)


def traits_file(catalog: Path) -> Path:
    """Return the traits' file, next to the catalog's."""
    return catalog.with_name(f"{catalog.name.removesuffix('.json')}.traits.json")


def read_traits(file: Path | None, server: str) -> Traits:
    """Return what is kept of `server`; nothing where the file is none, broken or of another."""
    nothing = Traits(server=server)
    if file is None:
        return nothing
    try:
        kept = msgspec.json.decode(read_bounded(file, LARGEST_CACHE), type=Traits)
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return nothing
    return kept if kept.server == server else nothing


def write_traits(file: Path, traits: Traits) -> None:
    """Keep the traits, whole or not at all. Raises ConfigurationError where that fails."""
    replace_file(file, traits_json(traits))


def traits_json(traits: Traits) -> bytes:
    """Return the traits as JSON: each with value, evidence and the time it was learnt."""
    return msgspec.json.format(msgspec.json.encode(traits), indent=2) + b"\n"
