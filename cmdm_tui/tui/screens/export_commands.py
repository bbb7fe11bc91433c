"""Exports what a screen's grid shows to a file, without a call."""

import asyncio
from functools import partial
from typing import TYPE_CHECKING

from cmdm_tui.tui.commands import Command
from cmdm_tui.tui.models.copied_text import CopiedColumn
from cmdm_tui.tui.models.exported_rows import ExportedRows, collect_rows, suggest_file, write_rows
from cmdm_tui.tui.screens.dialogs.export import ExportScreen
from cmdm_tui.tui.screens.grid_commands import has_rows
from cmdm_tui.tui.screens.grid_screen import GridScreen

if TYPE_CHECKING:
    from cmdm_tui.formats import Format


def export(screen: GridScreen) -> None:
    """Ask for a file, and write the marked rows to it, else those that were read."""
    grid = screen.grid
    if grid is None or grid.source is None:
        return
    columns = [CopiedColumn.of_text(shown.index, shown.source) for shown in grid.columns]
    rows = collect_rows(grid.source, columns, grid.marks)
    if not len(rows):
        words = "Nothing is exported: none of these rows is read now."
        screen.notify(words, severity="warning", markup=False)
        return

    def tell(words: str | None) -> None:
        if words is not None:
            screen.notify(words, markup=False)

    file_name = suggest_file(screen.export_name)
    dialog = ExportScreen(rows.description, rows.advice, file_name, partial(_write, rows))
    screen.app.push_screen(dialog, tell)  # pyright: ignore[reportUnknownMemberType]


async def _write(rows: ExportedRows, name: str) -> "Format":
    try:
        return await asyncio.to_thread(write_rows, rows, name)
    except asyncio.CancelledError:
        rows.stop()
        raise


EXPORT: tuple[Command[GridScreen], ...] = (
    Command(
        "export", "X", "Export", "Write the marked rows, or those that were read, to a file",
        export, has_rows, group="Copy", footer_priority=2, needs="a row",
    ),
)  # fmt: skip
