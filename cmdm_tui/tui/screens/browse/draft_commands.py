"""Goes on with what was typed in an earlier run: puts it where it was typed, and sends nothing."""

from collections.abc import Awaitable, Callable
from functools import partial

from textual.screen import Screen

from cmdm_tui.api import Parent
from cmdm_tui.config import ConfigurationError
from cmdm_tui.text import count_noun, one_line
from cmdm_tui.tui.draft_keeper import DraftKeeper
from cmdm_tui.tui.messages import MainScreenName, PartRequested
from cmdm_tui.tui.models.draft_store import KeptDraft
from cmdm_tui.tui.models.drafts import FilterDraft, FormDraft, SqlDraft
from cmdm_tui.tui.screens.browse.change_commands import open_form
from cmdm_tui.tui.screens.browse.screen import BrowseScreen
from cmdm_tui.tui.screens.dialogs.drafts import DraftsScreen, TakenDraft

ShowScreen = Callable[[MainScreenName], Awaitable[Screen[None]]]
"""Brings a main screen to the front, and returns it."""

_SECONDS = 10.0


def offer_drafts(screen: BrowseScreen, keeper: DraftKeeper, show: ShowScreen) -> None:
    """Show the drafts of earlier runs, and go on with the one that is chosen."""

    def chosen(taken: TakenDraft | None) -> None:
        screen.show_quota()
        if taken is not None:
            _go_on(screen, keeper, taken, show)
        elif keeper.offered:
            words = (
                "What was typed stays: ctrl+p offers it in this run, and so does the next start."
            )
            screen.notify(words, timeout=_SECONDS, markup=False)

    screen.open_dialog(DraftsScreen(screen.account, keeper.offered, keeper.remove), chosen)


def _go_on(screen: BrowseScreen, keeper: DraftKeeper, taken: TakenDraft, show: ShowScreen) -> None:
    kept = taken.kept
    if not keeper.is_kept(kept):
        words = "Another explorer has gone on with it, or discarded it, meanwhile."
        screen.notify(words, severity="warning", timeout=_SECONDS, markup=False)
        return
    use = partial(_use, screen, keeper, kept)
    match kept.draft:
        case FormDraft() as draft:
            _open_form(screen, draft, taken, use)
        case FilterDraft() as draft:
            screen.post_message(PartRequested(partial(_open_filter, screen, draft, use)))
        case SqlDraft() as draft:
            screen.post_message(PartRequested(partial(_open_sql, draft, show, use)))
        case _:
            return  # the dialog has copied it


def _use(screen: BrowseScreen, keeper: DraftKeeper, kept: KeptDraft) -> None:
    """Offer a draft no more: it is typed again."""
    try:
        keeper.use(kept)
    except ConfigurationError as error:
        screen.notify(one_line(str(error)), severity="warning", markup=False)


def _open_form(
    screen: BrowseScreen, draft: FormDraft, taken: TakenDraft, use: Callable[[], None]
) -> None:
    if taken.gone:
        are = "is" if taken.gone == 1 else "are"
        words = f"{count_noun(taken.gone, 'record')} {are} no more: the others get the values."
        screen.notify(words, severity="warning", timeout=_SECONDS, markup=False)
    parent = Parent(*draft.parent) if draft.parent else None
    open_form(
        screen,
        draft.entity,
        taken.records,
        parent=parent,
        only=draft.only,
        draft=draft,
        restored=use,
    )


async def _open_filter(screen: BrowseScreen, draft: FilterDraft, use: Callable[[], None]) -> None:
    if draft.entity not in screen.account.catalog.entities:
        words = (
            f"{one_line(draft.entity, 40)} is not an entity of this account: + adds a custom one."
        )
        screen.notify(words, severity="warning", timeout=_SECONDS, markup=False)
        return
    if draft.entity != screen.entity:
        screen.show_entity(draft.entity)
    screen.activate_tab(fields=False)
    await screen.open_filter(draft.text)
    use()


async def _open_sql(draft: SqlDraft, show: ShowScreen, use: Callable[[], None]) -> None:
    from cmdm_tui.tui.screens.query.screen import QueryScreen

    screen = await show("query")
    if isinstance(screen, QueryScreen) and await screen.put_draft(draft.text):
        use()
