"""The journal: every change is written down before it is sent, and what became of it after."""

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from cmdm_tui.api.models import PendingWrite, Properties
from cmdm_tui.changes.apply_events import ApplyOptions
from cmdm_tui.changes.change_set import ChangeSet
from cmdm_tui.changes.journal_entry import EntryState, JournalEntry, RunSummary


class JournalRun:
    """One change set that is applied: its entries, kept in the journal's file as they change."""

    id: int
    profile: str
    change_set: ChangeSet
    options: ApplyOptions
    began_at: float
    ended_at: float | None
    undo_of: int | None

    @property
    def entries(self) -> tuple[JournalEntry, ...]:
        """The changes and what became of them, in order."""
        raise NotImplementedError

    @property
    def summary(self) -> RunSummary:
        """The run in brief."""
        raise NotImplementedError

    @contextmanager
    def hold(self) -> Generator[None]:
        """Hold the run while it is applied. Raises RunInUse where another process does."""
        raise NotImplementedError

    def mark_sending(
        self, number: int, *, write: PendingWrite, observed: Properties | None
    ) -> JournalEntry:
        """Write down, on the disk, that the change is about to be sent."""
        raise NotImplementedError

    def set_state(
        self, number: int, state: EntryState, *, reason: str = "", result_id: str | None = None
    ) -> JournalEntry:
        """Write down what became of the change."""
        raise NotImplementedError


class Journal:
    """The journal's file (`Paths.journal`), an SQLite database; use it from one thread.

    Raises JournalError, in every method, where the file cannot be used.
    """

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open the file, or make it, for its owner only."""
        raise NotImplementedError

    def close(self) -> None:
        """Close the file."""
        raise NotImplementedError

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def begin(
        self,
        change_set: ChangeSet,
        *,
        profile: str,
        options: ApplyOptions = ApplyOptions(),
        undo_of: int | None = None,
    ) -> JournalRun:
        """Write down a change set that is to be applied; nothing of it is sent yet.

        Raises InvalidChange for one that is not sound in itself.
        """
        raise NotImplementedError

    def runs(self, profile: str | None = None) -> list[RunSummary]:
        """Return the runs, the newest first, of one profile or of all."""
        raise NotImplementedError

    def load(self, run_id: int) -> JournalRun:
        """Return a run with its entries. Raises NoSuchRun."""
        raise NotImplementedError
