"""The journal: every change is written down before it is sent, and what became of it after."""

import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Self

from cmdm_tui.api.models import PendingWrite, Properties
from cmdm_tui.changes.apply_events import DEFAULT_OPTIONS, ApplyOptions
from cmdm_tui.changes.change_file import build_set, head_to_plain, read_reject, reject_to_plain
from cmdm_tui.changes.change_json import (
    change_to_plain,
    encode_json,
    read_change,
    read_json,
    read_write,
    write_to_plain,
)
from cmdm_tui.changes.change_set import ChangeSet
from cmdm_tui.changes.errors import InvalidChange, JournalError, NoSuchRun, RunInUse
from cmdm_tui.changes.journal_entry import (
    EntryState,
    JournalEntry,
    RunSummary,
    fill_record,
    fill_records,
)
from cmdm_tui.changes.journal_file import JournalFile, Row
from cmdm_tui.changes.record_lock import RecordLocks
from cmdm_tui.changes.soundness import find_unsound


class JournalRun:
    """One change set that is applied: its entries, kept in the journal's file as they change.

    `undo_of` is the run that it takes back, if it is an undo.
    """

    def __init__(self, file: JournalFile, run_id: int, row: Row) -> None:
        self._file = file
        head = read_json(row["head"])
        self.id = run_id
        self.profile: str = row["profile"]
        self.began_at: float = row["began_at"]
        self.ended_at: float | None = row["ended_at"]
        self.undo_of: int | None = row["undo_of"]
        self.options = _read_options(read_json(row["options"]))
        self.record_locks = RecordLocks(file.lock_folder)
        """Locks that hold other runs off the record that is being changed."""
        entries = self._read_entries()
        self._entries = fill_records(entries)
        changes = [entry.change for entry in entries]
        self.change_set = build_set(head, changes, [read_reject(one) for one in head["rejects"]])

    @property
    def entries(self) -> tuple[JournalEntry, ...]:
        """The changes and what became of them, in order.

        An update of a new record has its id once that was created.
        """
        return tuple(self._entries)

    def entry(self, number: int) -> JournalEntry:
        """Return the entry of this number, from 1."""
        entry = self._entries[number - 1]
        if entry.change.record_reference is not None:
            entry = self._entries[number - 1] = fill_record(entry, self._entries)
        return entry

    @property
    def summary(self) -> RunSummary:
        """The run in brief."""
        counts = dict.fromkeys(EntryState, 0)
        for entry in self._entries:
            counts[entry.state] += 1
        made = self.change_set
        return RunSummary(
            self.id,
            self.profile,
            made.title,
            made.address,
            made.username,
            self.began_at,
            self.ended_at,
            {state: count for state, count in counts.items() if count},
            self.undo_of,
        )

    @contextmanager
    def hold(self) -> Generator[None]:
        """Hold the run while it is applied. Raises RunInUse where another process does."""
        with self._file.lock_run(self.id) as is_held:
            if not is_held:
                raise RunInUse(f"Run {self.id} is being applied already")
            # Another process may have gone on with it since it was loaded.
            self._entries = fill_records(self._read_entries())
            self._set_end(None)
            try:
                yield
            finally:
                self._set_end(time.time())

    def mark_sending(
        self, number: int, *, write: PendingWrite, observed: Properties | None
    ) -> JournalEntry:
        """Write down, on the disk, that the change is about to be sent."""
        return self._store(
            replace(
                self.entry(number),
                state=EntryState.SENDING,
                reason="",
                write=write,
                observed=observed,
                sent_at=time.time(),
            )
        )

    def set_state(
        self, number: int, state: EntryState, *, reason: str = "", result_id: str | None = None
    ) -> JournalEntry:
        """Write down what became of the change."""
        entry = replace(self.entry(number), state=state, reason=reason, result_id=result_id)
        return self._store(entry)

    def _store(self, entry: JournalEntry) -> JournalEntry:
        write = None if entry.write is None else encode_json(write_to_plain(entry.write))
        observed = None if entry.observed is None else encode_json(entry.observed)
        self._file.execute(
            "UPDATE entries SET state = ?, result_id = ?, reason = ?, observed = ?, sent = ?,"
            " sent_at = ? WHERE run = ? AND number = ?",
            entry.state.value,
            None if entry.result_id is None else encode_json(entry.result_id),
            encode_json(entry.reason),
            observed,
            write,
            entry.sent_at,
            self.id,
            entry.number,
        )
        self._entries[entry.number - 1] = entry
        return entry

    def _set_end(self, moment: float | None) -> None:
        self._file.execute("UPDATE runs SET ended_at = ? WHERE id = ?", moment, self.id)
        self.ended_at = moment

    def _read_entries(self) -> list[JournalEntry]:
        rows = self._file.select("SELECT * FROM entries WHERE run = ? ORDER BY number", self.id)
        return [_read_entry(row) for row in rows]


class Journal:
    """The journal's file (`Paths.journal`), an SQLite database; use it from one thread.

    Raises JournalError, in every method, where the file cannot be used.
    """

    def __init__(self, file: JournalFile) -> None:
        self._file = file

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open the file, or make it, for its owner only."""
        return cls(JournalFile(path))

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def begin(
        self,
        change_set: ChangeSet,
        *,
        profile: str,
        options: ApplyOptions = DEFAULT_OPTIONS,
        undo_of: int | None = None,
        check: Callable[[], None] = lambda: None,
    ) -> JournalRun:
        """Write down a change set that is to be applied; nothing of it is sent yet.

        `check` may raise, and then nothing is written: no other process adds a run between it and
        this one. Raises InvalidChange for a change set that is not sound in itself.
        """
        changes = change_set.changes
        for position, fault in find_unsound(changes):
            where = changes[position].origin or f"Change {position + 1}"
            raise InvalidChange(f"{where}: {fault}", hint="Nothing was sent")
        rejects = [reject_to_plain(reject) for reject in change_set.rejects]
        try:
            head = encode_json({**head_to_plain(change_set), "rejects": rejects})
            rows = _encode_changes(change_set)
        except ValueError as error:
            raise InvalidChange(f"The changes cannot be kept: {error}") from None
        run_id = self._file.insert_run(
            {
                "profile": profile,
                "head": head,
                "options": encode_json(asdict(options)),
                "began_at": time.time(),
                "undo_of": undo_of,
            },
            rows,
            state=EntryState.PENDING.value,
            check=check,
        )
        return self.load(run_id)

    def runs(self, profile: str | None = None) -> list[RunSummary]:
        """Return the runs, the newest first, of one profile or of all."""
        # One statement: another process may begin a run between two.
        found = self._file.select(
            "SELECT runs.*, counts.state, counts.number FROM runs LEFT JOIN "
            "(SELECT run, state, count(*) AS number FROM entries GROUP BY run, state) AS counts "
            "ON counts.run = runs.id WHERE ?1 IS NULL OR profile = ?1 ORDER BY id DESC",
            profile,
        )
        runs: dict[int, Row] = {}
        counts: dict[int, dict[EntryState, int]] = {}
        for row in found:
            runs.setdefault(row["id"], row)
            of_run = counts.setdefault(row["id"], {})
            if row["state"] is not None:
                of_run[EntryState(row["state"])] = row["number"]
        return [_read_summary(row, counts[number]) for number, row in runs.items()]

    def load(self, run_id: int) -> JournalRun:
        """Return a run with its entries. Raises NoSuchRun."""
        rows = self._file.select("SELECT * FROM runs WHERE id = ?", run_id)
        if not rows:
            raise NoSuchRun(f"The journal holds no run {run_id}")
        try:
            return JournalRun(self._file, run_id, rows[0])
        except (ValueError, KeyError, TypeError):
            message = f"Run {run_id} in the journal {self._file.name} is damaged"
            raise JournalError(message, hint="Restore the file from a backup") from None

    def load_undos(self, run_id: int) -> list[JournalRun]:
        """Return the runs that were to take a run back, the oldest first."""
        rows = self._file.select("SELECT id FROM runs WHERE undo_of = ? ORDER BY id", run_id)
        return [self.load(row["id"]) for row in rows]

    def load_same(self, change_set: ChangeSet) -> list[JournalRun]:
        """Return the runs of this very change set, made at the same time, the oldest first."""
        # SQLite may read the digits of a time a little differently; the run has it exactly.
        found = self._file.select(
            "SELECT id FROM runs WHERE CASE WHEN json_valid(head)"
            " THEN abs(json_extract(head, '$.made_at') - ?) < 0.001 END ORDER BY id",
            change_set.made_at,
        )
        return [
            run
            for run in (self.load(row["id"]) for row in found)
            if (run.change_set.title, run.change_set.made_at)
            == (change_set.title, change_set.made_at)
            and self._read_changes(run.id) == _encode_changes(change_set)
        ]

    def _read_changes(self, run_id: int) -> list[str]:
        rows = self._file.select("SELECT change FROM entries WHERE run = ? ORDER BY number", run_id)
        return [row["change"] for row in rows]

    def is_in_use(self, run_id: int) -> bool:
        """Return whether a process is applying the run now."""
        with self._file.lock_run(run_id) as is_held:
            return not is_held

    def forget(self, run_id: int) -> None:
        """Remove a run, which cannot be resumed or taken back then. Raises RunInUse, NoSuchRun."""
        with self._file.lock_run(run_id) as is_held:
            if not is_held:
                raise RunInUse(f"Run {run_id} is being applied")
            if not self._file.select("SELECT 1 FROM runs WHERE id = ?", run_id):
                raise NoSuchRun(f"The journal holds no run {run_id}")
            self._file.delete_run(run_id)


def _encode_changes(change_set: ChangeSet) -> list[str]:
    return [encode_json(change_to_plain(change)) for change in change_set.changes]


def _read_entry(row: Row) -> JournalEntry:
    write, observed, result_id = row["sent"], row["observed"], row["result_id"]
    return JournalEntry(
        row["number"],
        read_change(read_json(row["change"])),
        EntryState(row["state"]),
        None if result_id is None else read_json(result_id),
        read_json(row["reason"]),
        None if observed is None else read_json(observed),
        None if write is None else read_write(read_json(write)),
        row["sent_at"],
    )


def _read_summary(row: Row, counts: dict[EntryState, int]) -> RunSummary:
    head = read_json(row["head"])
    return RunSummary(
        row["id"],
        row["profile"],
        head["title"],
        head["address"],
        head["username"],
        row["began_at"],
        row["ended_at"],
        counts,
        row["undo_of"],
    )


def _read_options(given: dict[str, Any]) -> ApplyOptions:
    """Return the options, those of another version left out."""
    known = asdict(DEFAULT_OPTIONS)
    read = {name: type(known[name])(value) for name, value in given.items() if name in known}
    return replace(DEFAULT_OPTIONS, **read)
