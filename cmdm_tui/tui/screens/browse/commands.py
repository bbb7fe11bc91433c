"""What the commands do on the browse screen."""

from typing import TYPE_CHECKING

from cmdm_tui.api import Record
from cmdm_tui.config import ConfigurationError
from cmdm_tui.text import one_line
from cmdm_tui.tui.messages import WelcomeRequested
from cmdm_tui.tui.widgets.record_pane import RECORD_TAB, RELATED_TAB

if TYPE_CHECKING:
    from cmdm_tui.tui.screens.browse.screen import BrowseScreen


def can_sort(screen: "BrowseScreen") -> bool:
    """Tell whether there is a column under a cursor that is seen."""
    return screen.records.column is not None and screen.is_record_table_visible


def sort(screen: "BrowseScreen") -> None:
    """Sort by the column under the cursor."""
    column = screen.records.column
    if column is not None:
        screen.records.sort(column)


def unsort(screen: "BrowseScreen") -> None:
    """Go back to the service's own order."""
    screen.records.unsort()


def toggle_fields(screen: "BrowseScreen") -> None:
    """Bring the fields to the front, or the records again."""
    screen.activate_tab(fields=not screen.shows_fields)


def show_related(screen: "BrowseScreen") -> None:
    """Bring the related records to the front; where they are, start finding them."""
    if screen.is_record_pane_visible and screen.record_pane.shows_related:
        if screen.record_pane.related.can_read:
            screen.record_pane.related.read_index()
    else:
        screen.open_pane(RELATED_TAB)


def open_by_id(screen: "BrowseScreen") -> None:
    """Ask for an external id, and open the record that has it."""
    from cmdm_tui.tui.screens.dialogs.ask import AskScreen

    entity = screen.entity

    async def read(external_id: str) -> Record:
        return await screen.account.client.record(entity, external_id)

    def opened(record: Record | None) -> None:
        screen.show_quota()
        if record is not None:
            screen.open_record(record, RECORD_TAB)

    title = f"Open a record of {one_line(entity, 30)}"
    screen.open_dialog(AskScreen(title, "External id", read, cost="1 call"), opened)


def add_entity(screen: "BrowseScreen") -> None:
    """Ask for the name of a custom entity, and add it once the service knows it."""
    from cmdm_tui.tui.screens.dialogs.ask import AskScreen

    def added(name: str | None) -> None:
        screen.show_quota()
        if name is not None:
            screen.entities.list_entities()
            screen.show_entity(name)

    ask = AskScreen("Add a custom entity", "Name", screen.account.catalog.add_entity, cost="1 call")
    screen.open_dialog(ask, added)


def can_forget(screen: "BrowseScreen") -> bool:
    """Tell whether the cursor is on a custom entity."""
    entity = screen.entities.highlighted
    is_custom = entity is not None and screen.account.catalog.is_custom(entity)
    return is_custom and screen.entities.has_focus_within


def forget_entity(screen: "BrowseScreen") -> None:
    """Forget the custom entity under the cursor; the service keeps it."""
    entity = screen.entities.highlighted
    if entity is None:
        return
    trouble = None
    try:
        screen.account.catalog.forget_entity(entity)
    except ConfigurationError as error:
        trouble = error
    screen.records.forget_entity(entity)
    screen.entities.forget_entity(entity)
    if entity == screen.entity:
        screen.show_entity(screen.account.catalog.entities[0])
        screen.entities.take_focus()
    if trouble is not None:
        screen.entities.show_error(trouble)


def refresh_focused(screen: "BrowseScreen") -> None:
    """Read anew what has the focus."""
    if screen.entities.has_focus_within:
        screen.entities.count_all()
    elif screen.record_pane.has_focus_within and screen.record_pane.shows_related:
        screen.record_pane.related.reread()
    elif screen.record_pane.has_focus_within:
        screen.record_pane.read_again()
    elif screen.shows_fields:
        screen.fields.refresh_fields()
    else:
        screen.records.refresh_records()


def retry_failed(screen: "BrowseScreen") -> None:
    """Try again whatever failed."""
    for part in screen.parts:
        if part.has_failed:
            part.try_again()


def can_go_back(screen: "BrowseScreen") -> bool:
    """Tell whether there is a way back to the records."""
    return not screen.panel.has_focus_within or screen.shows_fields


def go_back(screen: "BrowseScreen") -> None:
    """Go back to the records: from the record, the fields or the list of entities."""
    if screen.panel.has_focus_within:
        screen.activate_tab(fields=False)
    else:
        screen.close_pane()


def switch_account(screen: "BrowseScreen") -> None:
    """Leave the account, and offer the other ways in."""
    screen.post_message(WelcomeRequested("Explore the demo, or sign in with another profile."))


def show_help(screen: "BrowseScreen") -> None:
    """List the keys."""
    from cmdm_tui.tui.screens.dialogs.help import HelpScreen

    screen.open_dialog(HelpScreen(), lambda _: None)
