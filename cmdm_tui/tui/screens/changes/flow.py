"""Puts the screens of a change one after the other: what was made, its preview, and its undo."""

from collections.abc import Callable
from typing import TypeVar

from textual.app import App
from textual.screen import Screen

from cmdm_tui.changes.change_set import ChangeSet
from cmdm_tui.changes.errors import ChangeError
from cmdm_tui.changes.journal_entry import RunSummary
from cmdm_tui.tui.models.write_context import WriteContext
from cmdm_tui.tui.screens.changes.apply_screen import ApplyResult, ApplyScreen
from cmdm_tui.tui.screens.changes.preview_screen import PreviewScreen
from cmdm_tui.tui.screens.changes.undo_screen import UndoScreen

Answer = TypeVar("Answer")

TakeResult = Callable[[ApplyResult], None]
"""Called with what became of changes, once for each run; never where nothing was begun."""


def review_changes(
    app: App[None],
    context: WriteContext,
    change_set: ChangeSet,
    take: TakeResult,
    *,
    undo_of: int | None = None,
) -> None:
    """Show what is about to be sent, and send it once that was confirmed."""
    screen = PreviewScreen(context, change_set, undo_of=undo_of)

    def answered(_: None) -> None:
        take_result(app, context, screen.result, take)

    _push(app, screen, answered)


def undo_run(app: App[None], context: WriteContext, run_id: int, take: TakeResult) -> None:
    """Read what takes a run back, and show it as changes that are about to be sent."""
    try:
        with context.open_journal() as journal:
            run = journal.load(run_id)
    except ChangeError as error:
        app.notify(str(error), severity="error", markup=False)
        return

    def planned(change_set: ChangeSet | None) -> None:
        if change_set is not None:
            review_changes(app, context, change_set, take, undo_of=run_id)

    _push(app, UndoScreen(context, run), planned)


def resume_run(app: App[None], context: WriteContext, run: RunSummary, take: TakeResult) -> None:
    """Go on with a run that was stopped or killed, asked about as a change is."""

    def answered(result: ApplyResult | None) -> None:
        take_result(app, context, result, take)

    _push(app, ApplyScreen.of_run(context, run), answered)


def take_result(
    app: App[None], context: WriteContext, result: ApplyResult | None, take: TakeResult
) -> None:
    """Hand on what became of changes, and take them back where that was chosen."""
    if result is None:
        return
    take(result)
    if result.to_undo is not None:
        undo_run(app, context, result.to_undo, take)


def _push(
    app: App[None], screen: Screen[Answer], answered: Callable[[Answer | None], None]
) -> None:
    app.push_screen(screen, answered)  # pyright: ignore[reportUnknownMemberType]
