"""Commands on the SQL of a tab: history, saved queries, files."""

from collections.abc import Callable
from pathlib import Path

from cmdm_tui.config import ConfigurationError
from cmdm_tui.operations.saved_queries import SUFFIX, check_name, load_sql, save_sql
from cmdm_tui.text import one_line
from cmdm_tui.tui.models.typed_path import read_path
from cmdm_tui.tui.screens.dialogs.choice import ChoiceScreen
from cmdm_tui.tui.screens.dialogs.entry import EntryScreen
from cmdm_tui.tui.screens.query.pane import QueryPane
from cmdm_tui.tui.screens.query.pick_screen import Pick, PickEntry, PickScreen
from cmdm_tui.tui.screens.query.tabs import QueryTabs

_NO, _YES = "No", "Yes"


def confirm(screen: QueryTabs, question: str, confirmed: Callable[[], None]) -> None:
    """Ask a question to which Enter alone says no; go on where the answer is yes."""

    def answered(answer: str | None) -> None:
        if answer == _YES:
            confirmed()

    screen.open_dialog(ChoiceScreen(question, (_NO, _YES)), answered)


def pick_history(screen: QueryTabs) -> None:
    """Show what was run before; the one taken is put into the tab."""
    entries = [PickEntry(sql, " ".join(sql.split())) for sql in screen.list_history()]

    def picked(pick: Pick | None) -> None:
        if pick is not None:
            put_text(screen, pick.entry.id)

    screen.open_dialog(PickScreen("History", entries, "No SQL was run yet."), picked)


def pick_saved(screen: QueryTabs) -> None:
    """Show the saved queries; the one taken is opened, or deleted where that was asked for."""
    try:
        saved = screen.saved_queries.list()
    except ConfigurationError as error:
        show_error(screen, error)
        return
    entries = [PickEntry(one.name, one.name) for one in saved]

    def picked(pick: Pick | None) -> None:
        if pick is None:
            return
        name = pick.entry.id
        if pick.is_delete:
            confirm(screen, f"Delete the saved query {name}?", lambda: delete_saved(screen, name))
        else:
            open_saved(screen, name)

    empty = "No query is saved yet: ctrl+s saves the one in the tab."
    screen.open_dialog(PickScreen("Saved queries", entries, empty, can_delete=True), picked)


def open_saved(screen: QueryTabs, name: str) -> None:
    """Open a saved query, in the tab in front where that is empty, else in another."""
    try:
        saved = screen.saved_queries.require(name)
        text = load_sql(saved.path)
    except ConfigurationError as error:
        show_error(screen, error)
        return
    screen.call_next(_open, screen, text, saved.path, saved.name)


def delete_saved(screen: QueryTabs, name: str) -> None:
    """Delete a saved query; tabs that show it keep their text."""
    try:
        screen.saved_queries.delete(name)
    except ConfigurationError as error:
        show_error(screen, error)
        return
    for pane in screen.panes:
        if pane.document.name == name:
            pane.document.name, pane.document.path, pane.document.saved_text = "", None, ""
    screen.show_titles()
    screen.notify(f"Deleted the saved query {name}.", markup=False)


def save(screen: QueryTabs) -> None:
    """Save the tab where it was saved before; else ask for a name."""
    pane = screen.pane
    path = pane.document.path
    if path is not None:
        _save_to(screen, pane, path, pane.document.name)
        return

    def named(name: str | None) -> None:
        if name is None:
            return
        if screen.saved_queries.find(name) is not None:
            question = f"There is a saved query {one_line(name, 64)}. Replace it?"
            confirm(screen, question, lambda: _save_as_query(screen, pane, name))
        else:
            _save_as_query(screen, pane, name)

    question = "Save the SQL under a name. f12 saves it in a file of your choice."
    screen.open_dialog(EntryScreen(question, check_name), named)


def save_as(screen: QueryTabs) -> None:
    """Ask for a file, and save the tab there; ask again before a file is replaced."""
    pane = screen.pane

    def named(name: str | None) -> None:
        if name is None:
            return
        path = _file_of(name)
        if path.exists():
            question = f"{one_line(str(path), 120)} is there already. Replace it?"
            confirm(screen, question, lambda: _save_to(screen, pane, path))
        else:
            _save_to(screen, pane, path)

    screen.open_dialog(EntryScreen(f"Save the SQL in which file ({SUFFIX})?", _check_file), named)


def open_file(screen: QueryTabs) -> None:
    """Ask for a file of SQL, and open it."""

    def named(name: str | None) -> None:
        if name is None:
            return
        path = read_path(name)
        try:
            text = load_sql(path)
        except ConfigurationError as error:
            show_error(screen, error)
        else:
            screen.call_next(_open, screen, text, path, "")

    screen.open_dialog(EntryScreen(f"Open which file ({SUFFIX})?", lambda _: ""), named)


def put_text(screen: QueryTabs, text: str) -> None:
    """Put SQL into the tab in front, where undo takes it back; not over text that would be lost."""
    pane = screen.pane
    if pane.document.would_lose(pane.editor.text) or pane.document.path is not None:
        screen.call_next(screen.open_tab, text)
        return
    pane.editor.replace_text(text)
    pane.editor.focus()


def show_error(screen: QueryTabs, error: Exception) -> None:
    """Say what went wrong."""
    screen.notify(one_line(str(error)), severity="error", markup=False)


async def _open(screen: QueryTabs, text: str, path: Path, name: str) -> None:
    pane = screen.pane
    if pane.editor.text.strip() or pane.document.path is not None:
        pane = await screen.open_tab(text)
    else:
        pane.editor.load_text(text)
    pane.document.note_saved(pane.editor.text, path, name)
    screen.show_titles()
    pane.editor.focus()


def _save_as_query(screen: QueryTabs, pane: QueryPane, name: str) -> None:
    try:
        saved = screen.saved_queries.save(name, pane.editor.text)
    except ConfigurationError as error:
        show_error(screen, error)
        return
    _note_saved(screen, pane, saved.path, saved.name)


def _save_to(screen: QueryTabs, pane: QueryPane, path: Path, name: str = "") -> None:
    try:
        save_sql(path, pane.editor.text)
    except ConfigurationError as error:
        show_error(screen, error)
        return
    _note_saved(screen, pane, path, name)


def _note_saved(screen: QueryTabs, pane: QueryPane, path: Path, name: str) -> None:
    pane.document.note_saved(pane.editor.text, path, name)
    screen.show_titles()
    screen.notify(f"Saved in {one_line(str(path), 200)}.", markup=False)


def _file_of(name: str) -> Path:
    path = Path(name).expanduser()
    return path if path.suffix else path.with_suffix(SUFFIX)


def _check_file(name: str) -> str:
    try:
        path = _file_of(name)
        if path.is_dir():
            return "That is a folder. Give a file's name."
        if not path.absolute().parent.is_dir():
            return "There is no such folder. Check the path."
    except (OSError, ValueError, RuntimeError):
        return "No file can have that name."
    return ""
