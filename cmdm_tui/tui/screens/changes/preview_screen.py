"""Shows changes before they are sent: each old value next to the new one, and what they cost."""

from collections.abc import Iterator
from pathlib import Path
from time import monotonic
from typing import ClassVar, cast

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Button, DataTable, Static

from cmdm_tui.changes.change_file import check_new_file, save_change_set
from cmdm_tui.changes.change_set import ChangeKind, ChangeSet
from cmdm_tui.changes.errors import ChangeFileError
from cmdm_tui.changes.preview import preview_changes, preview_rows
from cmdm_tui.operations.change_texts import describe_preview
from cmdm_tui.text import one_line, visible
from cmdm_tui.tui.dialog_screen import DialogScreen
from cmdm_tui.tui.models.typed_path import read_path
from cmdm_tui.tui.models.write_context import WriteContext
from cmdm_tui.tui.screens.changes.apply_screen import ApplyResult, ApplyScreen
from cmdm_tui.tui.screens.dialogs.entry import EntryScreen
from cmdm_tui.tui.widgets.cells import Cell

MOST_ROWS = 1_000
"""Rows of the list: a table takes its time with more. The counts above it are of all."""

SECONDS_BEFORE_APPLY = 0.3
"""Seconds after it has appeared in which it takes no Enter, as a key that is held repeats."""

_KINDS_WITH_VALUES = frozenset({ChangeKind.CREATE, ChangeKind.UPDATE})
_LEAST_WIDTH, _FEW_ROWS = 12, 8
_WIDEST = 110
"""Cells that the dialog takes at most, as in its styles."""
_FRAME = 8
"""Cells at the sides of the list: border, padding and scroll bar."""


class PreviewScreen(DialogScreen[ApplyResult | None]):
    """Asks whether changes are to be sent; its answer is what became of them, None if they stay.

    Nothing is sent before Apply is pressed. `undo_of` is the run that they take back, if they do.
    """

    CSS_PATH = "changes.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel", "Cancel", id="preview.cancel", tooltip="Send nothing"),
        Binding("left", "app.focus_previous", show=False),
        Binding("right", "app.focus_next", show=False),
    ]

    def __init__(
        self, context: WriteContext, change_set: ChangeSet, *, undo_of: int | None = None
    ) -> None:
        super().__init__()
        self._writing = context
        self._change_set = change_set
        self._undo_of = undo_of
        self._preview = preview_changes(change_set)
        self._shown_at = 0.0

    @property
    def is_careful(self) -> bool:
        """Whether Cancel has the focus: something is lost, cannot be undone, or is of several."""
        made = self._preview
        return bool(made.destructive_count or made.not_undoable or made.change_count > 1)

    def compose(self) -> ComposeResult:
        """Lay out the sentences, the list and the buttons."""
        with Vertical(id="changes-dialog") as dialog:
            dialog.border_title = Content(one_line(self._change_set.title, 100))
            dialog.border_subtitle = Content("nothing is sent yet · esc cancel")
            with VerticalScroll(id="preview-words", can_focus=False):
                yield Static("\n".join(self._describe()), markup=False)
            yield DataTable[Cell](
                id="preview-rows", cursor_type="row", zebra_stripes=True, show_cursor=False
            )
            with Horizontal(id="changes-buttons"):
                can_apply = bool(self._preview.change_count)
                if can_apply:
                    variant = "default" if self.is_careful else "primary"
                    yield Button(self._apply_label, compact=True, variant=variant, id="apply")
                    yield Button("Save as file", compact=True, id="save")
                yield Button("Cancel" if can_apply else "Close", compact=True, id="cancel")

    def on_mount(self) -> None:
        """Fill the list, and put the focus where a careless Enter does no harm."""
        self._shown_at = monotonic()
        table = cast("DataTable[Cell]", self.query_one("#preview-rows"))
        for label, width in self._choose_columns():
            table.add_column(label, width=width)
        for number, cells in enumerate(self._list_rows()):
            if number >= MOST_ROWS:
                break
            table.add_row(*cells)
        self.query_one("#changes-dialog").set_class(table.row_count <= _FEW_ROWS, "-short")
        table.display = bool(table.row_count)
        table.can_focus = table.row_count > _FEW_ROWS  # to scroll it
        is_safe = self._preview.change_count and not self.is_careful
        self.query_one("#apply" if is_safe else "#cancel", Button).focus()

    @property
    def _apply_label(self) -> str:
        count = self._preview.change_count
        return "Apply" if count == 1 else f"Apply {count:,} changes"

    def _describe(self) -> Iterator[str]:
        quota = self._writing.account.known_quota.quota
        for sentence in describe_preview(self._preview, quota):
            yield visible(self._writing.redact(sentence))
        rows = sum(1 for _ in preview_rows(self._change_set))
        if rows > MOST_ROWS:
            yield f"The list shows the first {MOST_ROWS:,} of {rows:,} rows."

    @property
    def _has_new_values(self) -> bool:
        """Whether a change sends values: a deletion, a conversion and a closing do not."""
        return any(kind in _KINDS_WITH_VALUES for kind, _ in self._preview.counts)

    def _choose_columns(self) -> list[tuple[str, int]]:
        """Return the columns with their widths; of one change its title names the record."""
        is_one = self._preview.change_count <= 1
        first = [] if is_one else [("change", 7), ("record", 18)]
        names = [*first, ("field", 18)]
        room = min(_WIDEST, self.size.width * 24 // 25) - _FRAME
        left = room - sum(width + 2 for _, width in names)
        if not self._has_new_values:
            return [*names, ("value", max(left - 2, _LEAST_WIDTH))]
        width = max(left // 2 - 2, _LEAST_WIDTH)
        return [*names, ("old", width), ("new", width)]

    def _list_rows(self) -> Iterator[list[Cell]]:
        is_one = self._preview.change_count <= 1
        for row in preview_rows(self._change_set):
            record = f"{row.entity} {row.external_id or '(new)'}"
            first = () if is_one else (row.change, record)
            new = (row.new,) if self._has_new_values else ()
            yield [Cell(one) for one in (*first, row.field, row.old, *new)]

    @on(Button.Pressed, "#apply")
    def apply(self) -> None:
        """Send the changes, once the house's rule for what is lost is satisfied."""
        if monotonic() - self._shown_at < SECONDS_BEFORE_APPLY:
            return
        screen = ApplyScreen.of_changes(self._writing, self._change_set, undo_of=self._undo_of)
        self.app.push_screen(screen, self._end)  # pyright: ignore[reportUnknownMemberType]

    def _end(self, result: ApplyResult | None) -> None:
        if result is None:
            self.notify("Nothing was sent.", markup=False)
        else:
            self.dismiss(result)

    @on(Button.Pressed, "#save")
    def save(self) -> None:
        """Ask for the name of a new file, and keep the changes in it."""

        def check(name: str) -> str:
            try:
                check_new_file(read_path(name))
            except ChangeFileError as error:
                return str(error)
            return ""

        def named(name: str | None) -> None:
            if name is not None:
                self._write_file(read_path(name))

        question = "Save the changes to a new file, which cmdm apply sends:"
        self.app.push_screen(EntryScreen(question, check), named)  # pyright: ignore[reportUnknownMemberType]

    def _write_file(self, path: Path) -> None:
        name = one_line(str(path), 200)
        try:
            save_change_set(path, self._change_set)
        except ChangeFileError as error:
            self.notify(str(error), severity="error", markup=False)
        else:
            self.notify(f"{name} keeps the changes. Nothing was sent.", markup=False)

    @on(Button.Pressed, "#cancel")
    def action_cancel(self) -> None:
        """Close, and send nothing."""
        self.dismiss(None)
