"""What a seek returns: an answer, what it rests on, and what is uncertain about it."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from msgspec import Struct, field
from msgspec.structs import replace

from cmdm_tui.api import Record
from cmdm_tui.query.model import Value
from cmdm_tui.query.seek.errors import RecordsMoved
from cmdm_tui.query.seek.order_proof import is_order_shown
from cmdm_tui.query.seek.page_views import RecordsChanged
from cmdm_tui.query.seek.sorted_pages import LearnedTraits, SortedPages

_REPEATED = "Records changed during the search, which was made again."


class SeekResult(Struct, frozen=True, kw_only=True):
    """The base of every seek's result: total, pages read of all pages, and `notes`.

    `learned` is what the pages have shown about the service, by the names of `catalog.traits`.
    Without `is_sure` the answer takes the likely order for the service's. `places` are those of the
    records whose pages decided what comes first, if any.
    """

    total: int
    pages_read: int
    pages: int
    notes: tuple[str, ...] = ()
    is_sure: bool = True
    learned: LearnedTraits = field(default_factory=dict[str, tuple[str, ...] | bool])
    places: tuple[int, ...] = ()


class FoundRecords(SeekResult, frozen=True, kw_only=True):
    """Records, each once: all that a predicate keeps, and some that it does not."""

    records: tuple[Record, ...]


class MatchCount(SeekResult, frozen=True, kw_only=True):
    """How many records a predicate keeps."""

    count: int


class ExtremeValue(SeekResult, frozen=True, kw_only=True):
    """The smallest or largest value that a predicate keeps, None where it keeps none."""

    value: Value | None


class ValueCounts(SeekResult, frozen=True, kw_only=True):
    """Each value of a field, null included, with how many records have it; in ascending order."""

    counts: tuple[tuple[Value | None, int], ...]


AnyResult = TypeVar("AnyResult", bound=SeekResult)


async def retry_once_on_change(seek: Callable[[bool], Awaitable[AnyResult]]) -> AnyResult:
    """Run a seek; where records change meanwhile, run it once more with all pages read again.

    Raises RecordsMoved where they change again.
    """
    try:
        return await seek(False)
    except RecordsChanged:
        pass
    try:
        found = await seek(True)
    except RecordsChanged as changed:
        raise RecordsMoved(f"Records changed during the search. {changed}") from changed
    return replace(found, notes=(*found.notes, _REPEATED))


def describe_doubts(
    pages: SortedPages, *, is_sure: bool = True, rests_on_kind: bool = False
) -> tuple[str, ...]:
    """Return what is uncertain about an answer, one sentence each."""
    if not pages.gaps:
        return ()
    name, read, count = pages.ordering.column.name, len(pages.views), pages.count
    notes = [f"The order by {name} was checked on {read:,} of {count:,} pages."]
    if not is_sure:
        orders = " or ".join(order.name for order in pages.orders)
        notes.append(
            f"Whether the service sorts {name} by {orders}, those pages do not show; "
            "the answer assumes the first."
        )
    if rests_on_kind:
        kind = pages.ordering.column.kind
        notes.append(f"{name} is assumed to hold only {kind} values on the others.")
    if pages.relies_on_options:
        notes.append(f"{name} is assumed to hold only its options on the others.")
    if not is_order_shown(pages):
        notes.append(f"Too few values of {name} differ on them to show that it is sorted.")
    return tuple(notes)
