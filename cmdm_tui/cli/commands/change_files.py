"""The files that a command writes of its changes: tried before anything is sent, written after."""

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from cmdm_tui.changes.change_file import check_new_file, save_change_set
from cmdm_tui.changes.errors import ChangeError
from cmdm_tui.changes.journal import JournalRun
from cmdm_tui.changes.journal_entry import EntryState
from cmdm_tui.changes.refused import make_refused_set
from cmdm_tui.cli.commands.query_output import check_destination, open_destination
from cmdm_tui.cli.context import note
from cmdm_tui.cli.exit_codes import CommandFailure, ExitCode
from cmdm_tui.formats import create_writer
from cmdm_tui.formats.output_file import format_of_file
from cmdm_tui.operations.journal_rows import RESULT_COLUMNS, list_result
from cmdm_tui.text import one_line

_NOT_SENT = frozenset(
    {EntryState.PENDING, EntryState.UNCHANGED, EntryState.CONFLICT, EntryState.SKIPPED}
)


@dataclass(frozen=True, slots=True)
class OutputFile:
    """A file that an option names; one that `is_new` replaces no other file."""

    option: str
    path: Path
    is_new: bool = False


def check_output_files(outputs: Sequence[OutputFile], inputs: Iterable[Path]) -> None:
    """Try the files that will be written, before anything is read or sent; none is changed.

    Raises CommandFailure where one is among the `inputs`, two are one file, or one cannot be
    written; ChangeFileError where it is to be new.
    """
    read = tuple(inputs)
    for position, output in enumerate(outputs):
        name = one_line(str(output.path), 200)
        if any(_is_same_file(output.path, path) for path in read):
            message = f"{output.option} {name} is a file that this command reads. "
            raise CommandFailure(f"{message}Give another name; nothing was sent.", ExitCode.USAGE)
        for other in outputs[:position]:
            if _is_same_file(output.path, other.path):
                message = f"{other.option} and {output.option} are one file, {name}. "
                raise CommandFailure(
                    f"{message}Give each its own; nothing was sent.", ExitCode.USAGE
                )
    for output in outputs:
        if output.is_new:
            check_new_file(output.path)
        else:
            check_destination(output.path)


def _is_same_file(one: Path, other: Path) -> bool:
    """Return whether both are one file, or would be; a device or a pipe may serve both ways."""
    if one.exists() and other.exists():
        return one.is_file() and one.samefile(other)
    return os.path.normcase(os.path.realpath(one)) == os.path.normcase(os.path.realpath(other))


class ChangeFiles:
    """What one command writes of what became of its changes: of all its runs, in one file.

    `sent_count` is how many changes its runs have sent.
    """

    def __init__(self, results: Path | None, refused: Path | None) -> None:
        self._results = results
        self._refused = refused
        self._rows: list[Sequence[int | str | None]] = []
        self.sent_count = 0

    def write(self, run: JournalRun) -> bool:
        """Write the files with what a run did; say what cannot be written, and return whether all.

        The changes were sent, so no error is raised that would keep their summary back.
        """
        rows = [list_result(run.id, entry) for entry in run.entries]
        self.sent_count += sum(entry.state not in _NOT_SENT for entry in run.entries)
        is_written = True
        for write in (lambda: self._write_results(rows), lambda: self._write_refused(run)):
            try:
                write()
            except (CommandFailure, ChangeError) as error:
                note(f"{error} cmdm journal show {run.id} lists what became of the changes.")
                is_written = False
        return is_written

    def _write_results(self, rows: Sequence[Sequence[int | str | None]]) -> None:
        self._rows += rows
        if self._results is None:
            return
        # A file is written anew with the rows of earlier runs; what a device was given, it has.
        is_kept = self._results.is_file() or not self._results.exists()
        with open_destination(self._results) as sink:
            writer = create_writer(format_of_file(self._results), sink)
            writer.begin(RESULT_COLUMNS)
            writer.write_rows(self._rows if is_kept else rows)
            writer.end()

    def _write_refused(self, run: JournalRun) -> None:
        if self._refused is None or (refused := make_refused_set(run)) is None:
            return
        save_change_set(self._refused, refused.change_set, reasons=refused.reasons)
        name = one_line(str(self._refused), 200)
        note(f"{name} keeps what was not done; cmdm apply {name} tries it again.")
