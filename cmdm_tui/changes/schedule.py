"""The order in which a run's changes are sent: what each must wait for."""

import heapq
from collections import defaultdict
from collections.abc import Sequence

from cmdm_tui.changes.change_set import Change
from cmdm_tui.changes.journal_entry import EntryState, JournalEntry
from cmdm_tui.changes.soundness import list_references


class ChangeSchedule:
    """The open changes of a run: each is ready once those before it are finished.

    A change waits for those whose new records it needs, and for earlier changes of the same record.
    Of those that are ready, what was about to be sent when a run was killed comes first.
    """

    def __init__(self, entries: Sequence[JournalEntry]) -> None:
        self._earlier = _find_earlier(entries)
        self._waiting: dict[int, int] = {}
        self._followers: defaultdict[int, list[int]] = defaultdict(list)
        self._ready: list[tuple[bool, int]] = []
        self._is_new = {entry.number: entry.state is EntryState.PENDING for entry in entries}
        open_numbers = {entry.number for entry in entries if entry.state.is_open}
        for entry in entries:
            if entry.number not in open_numbers:
                continue
            needed = {position + 1 for position in list_references(entry.change)}
            before = (needed | set(self._earlier.get(entry.number, ())[-1:])) & open_numbers
            self._waiting[entry.number] = len(before)
            for number in before:
                self._followers[number].append(entry.number)
            if not before:
                self._push(entry.number)

    def take(self) -> int | None:
        """Return the next change that is ready, None where none is."""
        return heapq.heappop(self._ready)[1] if self._ready else None

    def finish(self, number: int) -> None:
        """Note that a change has its state: what waits for it alone is ready now."""
        for follower in self._followers.pop(number, ()):
            self._waiting[follower] -= 1
            if not self._waiting[follower]:
                self._push(follower)

    def list_earlier(self, number: int) -> Sequence[int]:
        """Return the earlier changes of the same record, in order."""
        return self._earlier.get(number, ())

    def _push(self, number: int) -> None:
        heapq.heappush(self._ready, (self._is_new[number], number))


def _find_earlier(entries: Sequence[JournalEntry]) -> dict[int, tuple[int, ...]]:
    """Return the earlier changes of the same record, by number, of those that have some."""
    last: dict[tuple[str, str], tuple[int, ...]] = {}
    earlier: dict[int, tuple[int, ...]] = {}
    for entry in entries:
        key = record_key(entry.change)
        if key is None:
            continue
        before = last.get(key, ())
        if before:
            earlier[entry.number] = before
        last[key] = (*before, entry.number)
    return earlier


def record_key(change: Change) -> tuple[str, str] | None:
    """Return what names the record that is changed; None for a new one."""
    if change.external_id is None:
        return None
    return change.entity.casefold(), change.external_id
