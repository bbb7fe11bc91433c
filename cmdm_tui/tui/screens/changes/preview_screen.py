"""Shows changes before they are sent: each old value next to the new one, and what they cost."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from time import monotonic
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Button, Static

from cmdm_tui.changes.change_file import check_new_file, save_change_set
from cmdm_tui.changes.change_set import ChangeSet
from cmdm_tui.changes.errors import ChangeFileError
from cmdm_tui.changes.preview import preview_changes
from cmdm_tui.operations.change_texts import describe_preview
from cmdm_tui.text import count_noun, one_line, visible
from cmdm_tui.tui.commands import BoundCommand, CommandTable
from cmdm_tui.tui.dialog_screen import BUTTON_KEYS, DialogScreen
from cmdm_tui.tui.models.change_rows import make_preview
from cmdm_tui.tui.models.typed_path import read_path
from cmdm_tui.tui.models.write_context import WriteContext
from cmdm_tui.tui.screens.changes.apply_screen import ApplyResult, ApplyScreen
from cmdm_tui.tui.screens.dialogs.entry import EntryScreen
from cmdm_tui.tui.screens.export_commands import EXPORT
from cmdm_tui.tui.screens.grid_commands import GRID_COMMANDS
from cmdm_tui.tui.screens.grid_screen import GridScreen
from cmdm_tui.tui.widgets.grid import Grid
from cmdm_tui.tui.widgets.search_bar import SearchBar

SECONDS_BEFORE_APPLY = 0.3
"""Seconds after it has appeared in which it takes no Enter, as a key that is held repeats."""

_FEW_ROWS = 8
_WIDEST = 110
"""Cells that the dialog takes at most, as in its styles."""
_FRAME = 8
"""Cells at the sides of the list: border, padding and scroll bar."""
_AROUND = 2
"""Lines of the list without rows: header and scroll bar."""


class PreviewScreen(GridScreen, DialogScreen[None]):
    """Asks whether changes are to be sent; `result` is what became of them, once it is closed.

    Nothing is sent before Apply is pressed. `undo_of` is the run that they take back, if they do.
    They are doubtful where the service may refuse them, for a reason that their notes say.
    """

    CSS_PATH = "changes.tcss"
    _TABLE = CommandTable[GridScreen]("preview", *GRID_COMMANDS, *EXPORT)
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel", "Cancel", id="preview.cancel", tooltip="Send nothing"),
        *BUTTON_KEYS,
        Binding("up", "move_rows(-1)", show=False),
        Binding("down", "move_rows(1)", show=False),
        Binding("pageup", "move_pages(-1)", show=False),
        Binding("pagedown", "move_pages(1)", show=False),
        *_TABLE.bindings,
    ]

    def __init__(
        self,
        context: WriteContext,
        change_set: ChangeSet,
        *,
        undo_of: int | None = None,
        is_doubtful: bool = False,
    ) -> None:
        super().__init__()
        self._is_doubtful = is_doubtful
        self.result: ApplyResult | None = None
        """What became of the changes; None where they stay."""
        self._writing = context
        self._change_set = change_set
        self._undo_of = undo_of
        self._preview = preview_changes(change_set)
        self._shown_at = 0.0

    def bind_commands(self) -> Mapping[str, BoundCommand]:
        """Return the commands of the list by id."""
        return self._TABLE.bind(self, self.keymap)

    @property
    def grid(self) -> Grid:
        """The list."""
        return self.query_one(Grid)

    @property
    def export_name(self) -> str:
        """What the file is named at first."""
        return "changes"

    @property
    def is_careful(self) -> bool:
        """Whether Cancel has the focus: it is doubtful, loses something, or is of several."""
        made = self._preview
        is_much = made.destructive_count or made.not_undoable or made.change_count > 1
        return self._is_doubtful or bool(is_much)

    def compose(self) -> ComposeResult:
        """Lay out the sentences, the list and the buttons."""
        with Vertical(id="changes-dialog") as dialog:
            dialog.border_title = Content(one_line(self._change_set.title, 100))
            with VerticalScroll(id="preview-words", can_focus=False):
                yield Static("\n".join(self._describe()), markup=False)
            yield Grid(has_numbers=False, id="preview-rows")
            yield SearchBar()
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
        width = min(_WIDEST, self.size.width * 24 // 25) - _FRAME
        rows = make_preview(self._change_set, width)
        if rows.row_count <= _FEW_ROWS:
            self.query_one("#changes-dialog").add_class("-short")
            self.grid.styles.height = rows.row_count + _AROUND
        self.grid.show(rows)
        self.grid.display = bool(rows.row_count)
        self._show_counts()
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

    @on(Grid.MarksChanged)
    def _show_counts(self) -> None:
        source = self.grid.source
        rows = count_noun(0 if source is None else source.row_count, "row")
        words = f"{self.marks_caption}{rows} · nothing is sent yet · / search · y copy · esc cancel"
        self.query_one("#changes-dialog").border_subtitle = Content(words)

    def action_move_rows(self, by: int) -> None:
        """Move the cursor of the list, whatever has the focus."""
        self.grid.action_move_rows(by)

    def action_move_pages(self, by: int) -> None:
        """Move the cursor of the list by pages, whatever has the focus."""
        self.grid.action_move_pages(by)

    @on(Button.Pressed, "#apply")
    def apply(self) -> None:
        """Send the changes, once the house's rule for what is lost is satisfied.

        What becomes of them takes the place of what is shown here.
        """
        if monotonic() - self._shown_at < SECONDS_BEFORE_APPLY:
            return
        self.query_one("#changes-dialog").display = False
        screen = ApplyScreen.of_changes(self._writing, self._change_set, undo_of=self._undo_of)
        self.open_dialog(screen, self._end)

    def _end(self, result: ApplyResult | None) -> None:
        if result is None:
            self.query_one("#changes-dialog").display = True
            self.query_one("#apply", Button).focus()
            self.notify("Nothing was sent.", markup=False)
        else:
            self.result = result
            self.dismiss(None)

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
        self.open_dialog(EntryScreen(question, check), named)

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
