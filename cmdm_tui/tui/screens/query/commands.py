"""The commands of the query screen: what each does, and the table of them."""

from collections.abc import Awaitable, Callable
from typing import Any

from cmdm_tui.tui.commands import Command, CommandTable
from cmdm_tui.tui.models.row_source import Tone
from cmdm_tui.tui.screens.export_commands import EXPORT
from cmdm_tui.tui.screens.grid_commands import COLUMNS, COPY, FIND, MARKS
from cmdm_tui.tui.screens.query import documents
from cmdm_tui.tui.screens.query.result_commands import RESULT_COMMANDS
from cmdm_tui.tui.screens.query.tabs import QueryTabs


def _work(do: Callable[[QueryTabs], Awaitable[Any]]) -> Callable[[QueryTabs], None]:
    """Return a command that awaits what it does, outside of the handling of the key."""

    def run(screen: QueryTabs) -> None:
        async def wait() -> None:
            await do(screen)

        screen.call_next(wait)

    return run


def _is_running(screen: QueryTabs) -> bool:
    return screen.has_pane and screen.pane.is_running


def _can_run(screen: QueryTabs) -> bool:
    return screen.has_pane and not screen.pane.is_running


def _can_plan(screen: QueryTabs) -> bool:
    return _can_run(screen) and screen.pane.has_statement


def _describe_run_cost(screen: QueryTabs) -> str:
    plan = screen.pane.editor_pane.plan
    if plan.tone is Tone.DIM:
        return "calls not known before it is planned"
    return plan.summary if plan.line is None else ""


def go_back(screen: QueryTabs) -> None:
    """Stop what runs; else go from the editor to the rows, or from the rows to the editor."""
    pane = screen.pane
    if pane.editor_pane.completion.is_open:
        pane.editor_pane.close_completion()
    elif pane.is_running:
        pane.stop()
    elif pane.result_pane.grid.has_focus or not pane.result_pane.has_rows:
        pane.editor.focus()
    else:
        pane.result_pane.grid.focus()


def close_tab(screen: QueryTabs) -> None:
    """Close the tab; ask first where its text is kept nowhere."""
    pane = screen.pane
    if not pane.document.would_lose(pane.editor.text):
        screen.call_next(screen.close_tab, pane)
        return
    documents.confirm(
        screen,
        "The text of this tab was not saved and not run. Close it all the same?",
        lambda: screen.call_next(screen.close_tab, pane),
    )


COMMANDS = CommandTable[QueryTabs](
    "query",
    Command(
        "run", "ctrl+r,ctrl+enter,alt+enter", "Run", "Run the statement with the cursor",
        lambda screen: screen.pane.run_statement(), _can_run,
        group="Run", cost=_describe_run_cost, needs="the end of the statement that runs",
        footer_priority=9,
    ),
    Command(
        "stop", "ctrl+c", "Stop", "Stop what runs, and keep the rows that have come",
        lambda screen: screen.pane.stop(), _is_running,
        group="Run", needs="a statement that runs", footer_priority=9,
    ),
    Command(
        "resume", "f9", "Go on", "Go on with a search that its number of calls ended",
        lambda screen: screen.pane.resume(),
        lambda screen: screen.has_pane and screen.pane.can_resume,
        group="Run", cost="the calls that are left of its plan",
        needs="a result that a limit of calls has cut short",
    ),
    Command(
        "plan", "f6", "Plan", "Plan the statement now, with the calls that planning takes",
        lambda screen: screen.pane.editor_pane.plan_now(), _can_plan, is_in_footer=False,
        group="Run", cost="a call for fields or a count not known", needs="a statement",
    ),
    Command(
        "new", "ctrl+t", "New tab", "Open an empty tab",
        _work(lambda screen: screen.open_tab()), group="Tabs", footer_priority=7,
    ),
    Command(
        "close", "ctrl+w", "Close tab", "Close the tab",
        close_tab, lambda screen: screen.has_pane, group="Tabs", footer_priority=7,
    ),
    Command(
        "next_tab", "ctrl+pagedown", "Next tab", "Go to the next tab",
        lambda screen: screen.move_tab(1), lambda screen: len(screen.panes) > 1,
        is_in_footer=False, group="Tabs", needs="another tab",
    ),
    Command(
        "previous_tab", "ctrl+pageup", "Previous tab", "Go to the tab before",
        lambda screen: screen.move_tab(-1), lambda screen: len(screen.panes) > 1,
        is_in_footer=False, group="Tabs", needs="another tab",
    ),
    Command(
        "history", "f7", "History", "Find SQL that was run before, by typing",
        documents.pick_history, group="Queries", footer_priority=6,
    ),
    Command(
        "saved", "f8", "Saved", "Open a saved query, or delete one",
        documents.pick_saved, group="Queries", footer_priority=5,
    ),
    Command(
        "save", "ctrl+s", "Save", "Save the SQL under a name, or in its file",
        documents.save, lambda screen: screen.has_pane and screen.pane.has_statement,
        group="Queries", needs="SQL", footer_priority=4,
    ),
    Command(
        "save_as", "f12", "Save as", "Save the SQL in another .sql file",
        documents.save_as, lambda screen: screen.has_pane and screen.pane.has_statement,
        is_in_footer=False, group="Queries", needs="SQL",
    ),
    Command(
        "open", "ctrl+o", "Open", "Open a .sql file",
        documents.open_file, is_in_footer=False, group="Queries",
    ),
    *FIND,
    *RESULT_COMMANDS,
    *COLUMNS,
    *MARKS,
    *COPY,
    *EXPORT,
    Command(
        "back", "escape", "Editor/rows", "Go from the editor to the rows and back; stop what runs",
        go_back, lambda screen: screen.has_pane, group="Move", footer_priority=8,
    ),
)  # fmt: skip
"""Every key of the query screen, in the order of the footer and the help."""
