"""What every screen with a grid can do without a call: search, columns, marks, copies."""

from dataclasses import replace

from cmdm_tui.text import count_noun, one_line
from cmdm_tui.tui.commands import Command, NoticeTopic
from cmdm_tui.tui.models.column_layout import WIDTH_STEP, ColumnLayout, GridColumn
from cmdm_tui.tui.models.copied_text import (
    CopiedColumn,
    CopyForm,
    describe_copied,
    format_rows,
)
from cmdm_tui.tui.models.row_source import GridRow
from cmdm_tui.tui.screens.dialogs.choice import ChoiceScreen
from cmdm_tui.tui.screens.dialogs.columns import ColumnsScreen
from cmdm_tui.tui.screens.grid_screen import GridScreen
from cmdm_tui.tui.widgets.grid import Grid

_MOST_COPIED = 74_994
"""Bytes that every terminal with OSC 52 takes; many take more."""
_LONGEST_NAME = 40
"""Characters of a column's name that are shown once a value is copied."""


def has_rows(screen: GridScreen) -> bool:
    """Return whether a grid is in front that has a row."""
    return screen.has_rows


def has_column(screen: GridScreen) -> bool:
    """Return whether a grid is in front that has a column."""
    return screen.grid is not None and screen.grid.cursor_column is not None


def has_matches(screen: GridScreen) -> bool:
    """Return whether the last search has found anything."""
    return screen.search_result is not None and bool(screen.search_result.matches)


def has_marks(screen: GridScreen) -> bool:
    """Return whether a grid is in front of which rows are marked."""
    return screen.grid is not None and len(screen.grid.marks) > 0


def start_search(screen: GridScreen) -> None:
    """Ask for the words to search for."""
    screen.start_search()


def find_next(screen: GridScreen) -> None:
    """Go to the next match."""
    screen.go_to_next_match()


def find_previous(screen: GridScreen) -> None:
    """Go to the match before."""
    screen.go_to_next_match(backwards=True)


def choose_columns(screen: GridScreen) -> None:
    """Offer all columns: which are shown, in which order, which are pinned."""
    grid = screen.grid
    if grid is None or grid.source is None:
        return

    def take(layout: ColumnLayout | None) -> None:
        if layout is not None:
            grid.apply_layout(layout)

    dialog = ColumnsScreen(grid.source.columns, grid.column_layout)
    screen.open_dialog(dialog, take)


def widen_column(screen: GridScreen, by: int = WIDTH_STEP) -> None:
    """Make the column under the cursor wider."""
    grid, column = screen.grid, _find_column(screen)
    if grid is not None and column is not None:
        grid.apply_layout(grid.column_layout.widen(column, by))


def narrow_column(screen: GridScreen) -> None:
    """Make the column under the cursor narrower."""
    widen_column(screen, -WIDTH_STEP)


def hide_column(screen: GridScreen) -> None:
    """Hide the column under the cursor; the choice of columns shows it again."""
    grid, column = screen.grid, _find_column(screen)
    if grid is None or column is None:
        return
    if len(grid.columns) == 1:
        screen.notify("This is the only column left.", markup=False)
        return
    grid.apply_layout(grid.column_layout.hide(column.name))


def pin_column(screen: GridScreen) -> None:
    """Pin the column under the cursor to the left, or let it scroll again."""
    grid, column = screen.grid, _find_column(screen)
    if grid is not None and grid.source is not None and column is not None:
        grid.apply_layout(grid.column_layout.toggle_pin(grid.source.columns, column.name))


def move_column(screen: GridScreen, by: int) -> None:
    """Move the column under the cursor to the right, or to the left."""
    grid, column = screen.grid, _find_column(screen)
    if grid is not None and grid.source is not None and column is not None:
        grid.apply_layout(grid.column_layout.move(grid.source.columns, column.name, by))


def toggle_empty_columns(screen: GridScreen) -> None:
    """Leave out the columns that have no value in the rows in sight, or show them again."""
    grid = screen.grid
    if grid is not None:
        layout = grid.column_layout
        grid.apply_layout(replace(layout, hide_empty=not layout.hide_empty))


def toggle_mark(screen: GridScreen) -> None:
    """Mark the row under the cursor, or take its mark off, and go to the next row."""
    grid = screen.grid
    if grid is not None:
        grid.toggle_mark()
        grid.action_move_rows(1)


def mark_range(screen: GridScreen) -> None:
    """Mark all rows from the one marked last to the one under the cursor."""
    if screen.grid is not None:
        screen.grid.mark_range()


def mark_all(screen: GridScreen) -> None:
    """Mark all rows that were read; where others were not, say so."""
    grid = screen.grid
    if grid is None or grid.source is None:
        return
    grid.mark_all()
    marked, count = len(grid.marks), grid.source.row_count
    if marked < count or not grid.source.is_count_known:
        of = f" of {count:,}" if grid.source.is_count_known else ""
        rows = count_noun(marked, "row")
        screen.notify(f"{rows}{of} marked: those that were read.", markup=False)


def invert_marks(screen: GridScreen) -> None:
    """Mark the rows read that are not marked, and those only."""
    if screen.grid is not None:
        screen.grid.invert_marks()


def clear_marks(screen: GridScreen) -> None:
    """Take all marks off."""
    if screen.grid is not None:
        screen.grid.clear_marks()


def copy(screen: GridScreen) -> None:
    """Ask in which form the marked rows, else the one under the cursor, are copied."""
    if screen.grid is not None:
        offer_copy(screen, screen.grid)


def offer_copy(screen: GridScreen, grid: Grid) -> None:
    """Ask in which form the marked rows, else the one under the cursor, are copied."""
    marked = len(grid.marks)
    title = f"Copy the {count_noun(marked, 'marked row')}" if marked else "Copy"
    names = name_copy_forms(screen, grid)

    def take(answer: str | None) -> None:
        if answer is not None:
            copy_rows(screen, grid, names[answer])

    screen.open_dialog(ChoiceScreen(title, list(names)), take)


def name_copy_forms(screen: GridScreen, grid: Grid) -> dict[str, CopyForm]:
    """Return the forms in which rows can be copied now, by what the choice calls them."""
    of_marked = len(grid.marks) > 0
    return {
        form.name_choice(of_marked=of_marked): form
        for form in screen.copy_forms
        if not (of_marked and form is CopyForm.CELL)
    }


def copy_cell(screen: GridScreen) -> None:
    """Copy the value under the cursor."""
    if screen.grid is not None:
        copy_rows(screen, screen.grid, CopyForm.CELL)


def copy_rows(screen: GridScreen, grid: Grid, form: CopyForm) -> None:
    """Copy the marked rows, else the one under the cursor; a cell is that under the cursor."""
    if grid.source is None:
        return
    rows, missing = find_chosen_rows(grid, only_cursor=form is CopyForm.CELL)
    columns = [CopiedColumn.of(shown.index, shown.source) for shown in grid.columns]
    if form is CopyForm.CELL:
        columns = [column for column in columns if column.name == grid.cursor_column]
    text = format_rows(rows, columns, form)
    if not text:
        screen.notify("There is nothing to copy here.", severity="warning", markup=False)
        return
    screen.command_app.copy_to_clipboard(text)
    name = columns[0].name if form is CopyForm.CELL else ""
    words = _describe_copy(form, text, name, len(rows), missing)
    screen.command_app.show_notice(NoticeTopic.COPY, words)


def find_chosen_rows(grid: Grid, *, only_cursor: bool = False) -> tuple[list[GridRow], int]:
    """Return the marked rows in their order, else the one under the cursor.

    With them comes how many marked rows are missing, as they are not read, or no more.
    """
    source = grid.source
    if source is None:
        return [], 0
    if only_cursor or not len(grid.marks):
        return [row for row in source.rows(grid.cursor_row, 1) if row is not None], 0
    places = [source.position(key) for key in grid.marks]
    known = sorted(place for place in places if place is not None)
    rows = [row for place in known for row in source.rows(place, 1) if row is not None]
    return rows, len(places) - len(rows)


def _describe_copy(form: CopyForm, text: str, name: str, row_count: int, missing: int) -> str:
    is_one = row_count == 1
    if form is CopyForm.CELL:
        words = describe_copied(one_line(name, _LONGEST_NAME), text, has_value=True)
    elif form is CopyForm.ID:
        words = describe_copied(
            "the id" if is_one else f"{row_count:,} ids", text, has_value=is_one
        )
    else:
        words = describe_copied(f"{count_noun(row_count, 'row')} as {form.short_name}", text)
    size = len(text.encode("utf-8", "surrogatepass"))
    if missing:
        words += f" {count_noun(missing, 'marked row')} not read, and not copied."
    if size > _MOST_COPIED:
        words += " That is more than some terminals take."
    return words


def _find_column(screen: GridScreen) -> GridColumn | None:
    grid = screen.grid
    columns = () if grid is None else grid.columns
    name = None if grid is None else grid.cursor_column
    return next((column for column in columns if column.name == name), None)


FIND: tuple[Command[GridScreen], ...] = (
    Command(
        "search", "slash", "Search", "Search the rows that were read, as you type",
        start_search, lambda screen: screen.can_search, group="Find", footer_priority=8,
        needs="rows",
    ),
    Command(
        "next", "n", "Next match", "Go to the next match",
        find_next, has_matches, group="Find", repeats=True, needs="a match", footer_priority=8,
    ),
    Command(
        "previous", "N", "Previous", "Go to the match before",
        find_previous, has_matches, group="Find", repeats=True, needs="a match",
        footer_priority=8,
    ),
)  # fmt: skip

COLUMNS: tuple[Command[GridScreen], ...] = (
    Command(
        "columns", "c", "Columns", "Choose the columns, their order, and which are pinned",
        choose_columns, has_column, group="Columns", footer_priority=3, needs="a column",
    ),
    Command(
        "wider", "greater_than_sign", "Wider", "Make this column wider",
        widen_column, has_column, False, "Columns", repeats=True, needs="a column",
    ),
    Command(
        "narrower", "less_than_sign", "Narrower", "Make this column narrower",
        narrow_column, has_column, False, "Columns", repeats=True, needs="a column",
    ),
    Command(
        "move_right", "ctrl+right", "Move right", "Move this column to the right",
        lambda screen: move_column(screen, 1), has_column, False, "Columns", repeats=True,
        needs="a column",
    ),
    Command(
        "move_left", "ctrl+left", "Move left", "Move this column to the left",
        lambda screen: move_column(screen, -1), has_column, False, "Columns", repeats=True,
        needs="a column",
    ),
    Command(
        "hide", "minus", "Hide", "Hide this column",
        hide_column, has_column, False, "Columns", needs="a column",
    ),
    Command(
        "pin", "circumflex_accent", "Pin", "Pin this column to the left, or let it scroll again",
        pin_column, has_column, False, "Columns", needs="a column",
    ),
    Command(
        "empty", "underscore", "Empty columns",
        "Leave out the columns without a value in sight, or show them again",
        toggle_empty_columns, has_column, False, "Columns", needs="a column",
    ),
)  # fmt: skip

MARKS: tuple[Command[GridScreen], ...] = (
    Command(
        "mark", "space", "Mark", "Mark this row, or take its mark off",
        toggle_mark, has_rows, group="Mark", repeats=True, needs="a row", footer_priority=1,
    ),
    Command(
        "mark_range", "v", "Mark to here", "Mark the rows from the one marked last to this one",
        mark_range, has_rows, False, "Mark", needs="a row",
    ),
    Command(
        "mark_all", "ctrl+a", "Mark all", "Mark all rows that were read",
        mark_all, has_rows, False, "Mark", needs="a row",
    ),
    Command(
        "invert", "asterisk", "Invert", "Mark the rows read that are not marked, and those only",
        invert_marks, has_rows, False, "Mark", needs="a row",
    ),
    Command(
        "unmark", "ctrl+n", "Unmark", "Take all marks off",
        clear_marks, has_marks, False, "Mark", needs="a marked row",
    ),
)  # fmt: skip

COPY: tuple[Command[GridScreen], ...] = (
    Command(
        "copy", "y", "Copy", "Copy the marked rows or this one: a cell, ids, TSV, JSON, Markdown",
        copy, has_rows, group="Copy", footer_priority=7, needs="a row",
    ),
    Command(
        "copy_cell", "Y", "Copy cell", "Copy the value under the cursor",
        copy_cell, has_rows, False, "Copy", needs="a row",
    ),
)  # fmt: skip

GRID_COMMANDS = (*FIND, *COLUMNS, *MARKS, *COPY)
