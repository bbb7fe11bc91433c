"""The lists of the screen of changes: the journal's runs, and what became of the changes of one."""

from collections.abc import Sequence
from dataclasses import dataclass

from rich.text import Text
from textual.message import Message
from textual.widgets import DataTable

from cmdm_tui.changes.journal import JournalRun
from cmdm_tui.changes.journal_entry import EntryState
from cmdm_tui.operations.change_texts import name_state
from cmdm_tui.operations.journal_rows import RunRow, list_entry
from cmdm_tui.tui.widgets.cells import Cell

MOST_ENTRIES = 1_000
"""Changes of a run that are listed: a table takes its time with more."""

_RUN_COLUMNS = (("run", 5), ("began (UTC)", 16), ("changes", 7), ("state", 24), ("title", 60))
_ENTRY_COLUMNS = (
    ("#", 5), ("change", 7), ("record", 24), ("state", 10), ("reason", 60), ("origin", 20),
)  # fmt: skip
_STYLES = {
    EntryState.REFUSED: "bold",
    EntryState.CONFLICT: "bold",
    EntryState.SKIPPED: "bold",
    EntryState.UNKNOWN: "bold reverse",
    EntryState.SENDING: "bold reverse",
}


class RunList(DataTable[Cell | Text]):
    """The runs, the newest first."""

    @dataclass
    class RunHighlighted(Message):
        """Another run has the cursor."""

        run_id: int | None

    def __init__(self) -> None:
        super().__init__(id="runs", cursor_type="row", zebra_stripes=True)
        self._ids: list[int] = []

    def on_mount(self) -> None:
        """Make the columns."""
        for label, width in _RUN_COLUMNS:
            self.add_column(label, width=width)

    @property
    def run_id(self) -> int | None:
        """The run under the cursor, None where there is none."""
        row = self.cursor_row  # before the first where the table is empty
        return self._ids[row] if 0 <= row < len(self._ids) else None

    def show_runs(self, rows: Sequence[RunRow]) -> None:
        """Show these runs; the cursor stays on its run where it is still there."""
        former = self.run_id
        self.clear()
        self._ids = [row[0] for row in rows]
        for number, _, began, _, changes, state, title in rows:
            when = f"{began:%Y-%m-%d %H:%M}"
            self.add_row(*(Cell(one) for one in (number, when, changes, state, title)))
        if former in self._ids:
            self.move_cursor(row=self._ids.index(former))
        self.post_message(self.RunHighlighted(self.run_id))

    def on_data_table_row_highlighted(self, event: DataTable.RowHighlighted) -> None:
        """Report which run has the cursor."""
        event.stop()
        self.post_message(self.RunHighlighted(self.run_id))


class EntryList(DataTable[Cell | Text]):
    """The changes of one run, and what became of each."""

    def __init__(self) -> None:
        super().__init__(id="entries", cursor_type="row", zebra_stripes=True)

    def on_mount(self) -> None:
        """Make the columns."""
        for label, width in _ENTRY_COLUMNS:
            self.add_column(label, width=width)

    def show_run(self, run: JournalRun | None) -> None:
        """Show the changes of a run, those that were not done as wanted emphasized."""
        self.clear()
        entries = () if run is None else run.entries
        for entry in entries[:MOST_ENTRIES]:
            number, kind, entity, external_id, _, reason, origin = list_entry(entry)
            state = Text(name_state(entry.state), style=_STYLES.get(entry.state, ""))
            record = f"{entity} {external_id or ''}"
            cells = [Cell(one) for one in (number, kind, record, reason, origin)]
            self.add_row(*cells[:3], state, *cells[3:])
