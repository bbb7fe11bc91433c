"""Compares a record that was read again with what it was, and with what it is to be; pure."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum, auto

from cmdm_tui.api.models import Properties
from cmdm_tui.api.value_match import is_same_value, may_be_changed_value
from cmdm_tui.changes.change_set import ChangeKind
from cmdm_tui.changes.journal_entry import EntryState, JournalEntry
from cmdm_tui.changes.unchanged import find_value, is_unmoved
from cmdm_tui.text import one_line

_DATED_BY_SERVICE = re.compile(
    r"(?i)(last)?_?(modified|updated|changed|created)_?(date|at|on|time)?"
)
_FIELDS_SHOWN = 3


class RecordState(Enum):
    """What a record that was read again holds."""

    AS_READ = auto()
    """What was read before: it can be changed."""
    AS_WANTED = auto()
    """What it is to hold already."""
    MOVED = auto()
    """Something else, which another has written."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """The outcome, and which fields have moved, as a clause."""

    state: RecordState
    reason: str = ""


@dataclass(slots=True)
class ExpectedValues:
    """What a record should hold now: what was read of it, and what the run has written since.

    `unknown` are fields that the run has changed without saying to what, as closing a task does.
    """

    read: dict[str, object] = field(default_factory=dict[str, object])
    written: dict[str, object] = field(default_factory=dict[str, object])
    unknown: set[str] = field(default_factory=set[str])

    @classmethod
    def of(cls, before: Properties | None, earlier: Iterable[JournalEntry]) -> "ExpectedValues":
        """Return what is expected; `earlier` are entries of the same record that come before."""
        expected = cls(dict(before or {}))
        for entry in earlier:
            if entry.state is EntryState.DONE:
                expected.add_done(entry)
        return expected

    def add_done(self, entry: JournalEntry) -> None:
        """Note what an earlier change of the run has done to the record."""
        if entry.change.kind is ChangeKind.CLOSE:
            self.unknown |= {"status", "closeddate"}
        elif entry.change.kind is ChangeKind.CONVERT:
            self.unknown |= {"status", "accountexternalid"}
        elif entry.change.kind is ChangeKind.UPDATE and entry.write is not None:
            self.written |= entry.write.properties

    def has_moved(self, name: str, stored: object) -> bool:
        """Return whether a stored value is not the one expected."""
        if name.casefold() in self.unknown or _DATED_BY_SERVICE.fullmatch(name):
            return False
        if name in self.written:
            return not may_be_changed_value(stored, self.written[name])
        return name in self.read and not is_unmoved(stored, self.read[name])

    def knows(self, name: str) -> bool:
        """Return whether it is known what the field should hold."""
        return name in self.written or (name in self.read and name.casefold() not in self.unknown)

    def get(self, name: str) -> object:
        """Return what the field should hold."""
        return self.written.get(name, self.read.get(name))


def compare_update(wanted: Properties, expected: ExpectedValues, stored: Properties) -> Comparison:
    """Compare the fields of an update with the record, just before it is sent.

    A field that has moved to the very value that is wanted loses nothing when it is written.
    """
    values = {name: find_value(stored, name) for name in wanted}
    moved = {name: value for name, value in values.items() if expected.has_moved(name, value)}
    lost = {name for name, value in moved.items() if not is_same_value(value, wanted[name])}
    if lost:
        return Comparison(RecordState.MOVED, _describe_moves(lost, expected, values))
    is_wanted = all(
        name in moved or is_unmoved(value, wanted[name]) for name, value in values.items()
    )
    return Comparison(RecordState.AS_WANTED if is_wanted else RecordState.AS_READ)


def compare_whole(expected: ExpectedValues, stored: Properties) -> Comparison:
    """Compare all that was read of a record with what it holds, before it is deleted."""
    values = {name: find_value(stored, name) for name in (*expected.read, *expected.written)}
    moved = {name for name, value in values.items() if expected.has_moved(name, value)}
    if moved:
        return Comparison(RecordState.MOVED, _describe_moves(moved, expected, values))
    return Comparison(RecordState.AS_READ)


def compare_after_sending(
    sent: Properties, expected: ExpectedValues, stored: Properties
) -> Comparison:
    """Compare the record with an update of which it is not known whether it was done.

    It was done where the record holds what was sent, also as a service may tidy it. It can be sent
    again where each field holds its old value or its new one.
    """
    values = {name: find_value(stored, name) for name in sent}
    if not any(expected.knows(name) for name in sent):
        is_done = all(is_unmoved(value, sent[name]) for name, value in values.items())
        return Comparison(RecordState.AS_WANTED if is_done else RecordState.AS_READ)
    moved = {name for name, value in values.items() if expected.has_moved(name, value)}
    if not moved:
        return Comparison(RecordState.AS_READ)
    lost = {name for name in moved if not may_be_changed_value(values[name], sent[name])}
    if lost:
        return Comparison(RecordState.MOVED, _describe_moves(lost, expected, values))
    is_done = all(may_be_changed_value(values[name], sent[name]) for name in sent)
    return Comparison(RecordState.AS_WANTED if is_done else RecordState.AS_READ)


def _describe_moves(
    moved: Iterable[str], expected: ExpectedValues, values: Mapping[str, object]
) -> str:
    names = sorted(moved)
    shown = [
        f"{one_line(name, 60)} was {show_value(expected.get(name))} and is "
        f"{show_value(values[name])}"
        for name in names[:_FIELDS_SHOWN]
    ]
    more = len(names) - _FIELDS_SHOWN
    return ", ".join(shown) + (f", and {more} more fields have changed" if more > 0 else "")


def show_value(value: object) -> str:
    """Return a value for a sentence."""
    return "null" if value is None else one_line(repr(value), 60)
