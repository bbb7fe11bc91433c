"""The order in which a run's changes are sent: what each must wait for."""

import heapq
from collections import defaultdict
from collections.abc import Mapping, Sequence

from cmdm_tui.changes.change_set import Change, ChangeKind
from cmdm_tui.changes.journal_entry import EntryState, JournalEntry
from cmdm_tui.changes.soundness import list_references


class ChangeSchedule:
    """The open changes of a run: each is ready once those before it are finished.

    A change waits for those whose new records it needs, and for earlier changes of the same record.
    A record is deleted after the records that point at it, where those are deleted earlier on.
    Of those that are ready, what was about to be sent when a run was killed comes first.
    """

    def __init__(self, entries: Sequence[JournalEntry]) -> None:
        self._earlier = _find_earlier(entries)
        pointing = _find_pointing(entries)
        self._waiting: dict[int, int] = {}
        self._followers: defaultdict[int, list[int]] = defaultdict(list)
        self._ready: list[tuple[bool, int]] = []
        self._is_new = {entry.number: entry.state is EntryState.PENDING for entry in entries}
        open_numbers = {entry.number for entry in entries if entry.state.is_open}
        for entry in entries:
            if entry.number not in open_numbers:
                continue
            needed = {position + 1 for position in list_references(entry.change)}
            needed.update(pointing.get(entry.number, ()))
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
    last: dict[tuple[str, str] | int, tuple[int, ...]] = {}
    earlier: dict[int, tuple[int, ...]] = {}
    for entry in entries:
        change = entry.change
        key = change.record_reference if change.external_id is None else record_key(change)
        if key is None:
            continue
        before = last.get(key, ())
        if before:
            earlier[entry.number] = before
        last[key] = (*before, entry.number)
    return earlier


def _find_pointing(entries: Sequence[JournalEntry]) -> Mapping[int, Sequence[int]]:
    """Return, for each delete, the earlier deletes of records that held its record's id."""
    deletes = [entry for entry in entries if entry.change.kind is ChangeKind.DELETE]
    ids = {entry.change.external_id for entry in deletes}
    pointing: defaultdict[str, list[int]] = defaultdict(list)
    found: dict[int, Sequence[int]] = {}
    for entry in deletes:
        external_id = entry.change.external_id or ""
        if external_id in pointing:
            found[entry.number] = tuple(pointing[external_id])
        for value in (entry.change.before or {}).values():
            if isinstance(value, str) and value in ids:
                pointing[value].append(entry.number)
    return found


def record_key(change: Change) -> tuple[str, str] | None:
    """Return what names the record that is changed; None for a new one."""
    if change.external_id is None:
        return None
    return change.entity.casefold(), change.external_id
