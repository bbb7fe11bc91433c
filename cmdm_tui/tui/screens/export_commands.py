"""Exports the rows of a screen's grid to a file, without a call."""

from cmdm_tui.tui.commands import Command
from cmdm_tui.tui.screens.dialogs.export import ExportScreen
from cmdm_tui.tui.screens.grid_commands import has_rows
from cmdm_tui.tui.screens.grid_screen import GridScreen


def export(screen: GridScreen) -> None:
    """Ask for a file, and write the marked rows to it, else those that there are without a call."""
    rows = screen.prepare_export()
    if rows is None:
        words = "Nothing is exported: none of these rows is read now."
        screen.notify(words, severity="warning", markup=False)
        return

    def tell(words: str | None) -> None:
        if words is not None:
            screen.notify(words, markup=False)

    screen.open_dialog(ExportScreen(rows), tell)


EXPORT: tuple[Command[GridScreen], ...] = (
    Command(
        "export", "X", "Export", "Write the marked rows, or those that were read, to a file",
        export, has_rows, group="Copy", footer_priority=2, needs="a row",
    ),
)  # fmt: skip
