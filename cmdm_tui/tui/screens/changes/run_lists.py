"""The lists of the screen of changes: the journal's runs, and what became of the changes of one."""

from collections.abc import Sequence
from dataclasses import dataclass

from textual.message import Message

from cmdm_tui.changes.journal import JournalRun
from cmdm_tui.operations.journal_rows import RunRow
from cmdm_tui.tui.models.change_rows import RUN_COLUMNS, make_entries, make_run_rows
from cmdm_tui.tui.models.table_source import TableSource
from cmdm_tui.tui.widgets.grid import Grid


class RunList(Grid):
    """The runs, the newest first."""

    @dataclass
    class RunHighlighted(Message):
        """Another run has the cursor, or the runs were read again."""

        run_id: int | None

    def __init__(self) -> None:
        super().__init__(has_numbers=False, id="runs")
        self._runs = TableSource()
        self._highlighted: int | None = None

    @property
    def run_id(self) -> int | None:
        """The run under the cursor, None where there is none."""
        key = self.cursor_key
        return None if key is None else int(key)

    def show_runs(self, rows: Sequence[RunRow]) -> None:
        """Show these runs; the cursor stays on its run where it is still there."""
        self._runs.set_rows(RUN_COLUMNS, make_run_rows(rows))
        self.show(self._runs, self.column_layout)
        self._highlighted = self.run_id
        self.post_message(self.RunHighlighted(self.run_id))

    def on_grid_cursor_moved(self) -> None:
        """Report which run has the cursor, where it is another one."""
        if self.run_id != self._highlighted:
            self._highlighted = self.run_id
            self.post_message(self.RunHighlighted(self.run_id))


class EntryList(Grid):
    """The changes of one run, and what became of each."""

    def __init__(self) -> None:
        super().__init__(has_numbers=False, opens_rows=False, id="entries")

    def show_run(self, run: JournalRun | None) -> None:
        """Show the changes of a run, all of them."""
        self.show(make_entries(() if run is None else run.entries), self.column_layout)
