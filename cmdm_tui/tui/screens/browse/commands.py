"""The commands of the main screen: what each does, and the table of them."""

from cmdm_tui.api import Record
from cmdm_tui.config import ConfigurationError
from cmdm_tui.text import one_line
from cmdm_tui.tui.commands import Command, CommandTable, NoticeTopic
from cmdm_tui.tui.messages import PartRequested, SwitchRequested
from cmdm_tui.tui.screens.browse.change_commands import CHANGE_COMMANDS
from cmdm_tui.tui.screens.browse.copy_commands import COPY_COMMANDS
from cmdm_tui.tui.screens.browse.move_commands import MOVE_COMMANDS
from cmdm_tui.tui.screens.browse.order_commands import ORDER_COMMANDS
from cmdm_tui.tui.screens.browse.pane_commands import PANE_COMMANDS
from cmdm_tui.tui.screens.browse.panes import BrowsePanes
from cmdm_tui.tui.screens.browse.place_commands import PLACE_COMMANDS
from cmdm_tui.tui.screens.dialogs.ask import AskScreen
from cmdm_tui.tui.screens.export_commands import EXPORT
from cmdm_tui.tui.screens.grid_commands import COLUMNS, FIND, MARKS
from cmdm_tui.tui.widgets.record_pane import RECORD_TAB, RELATED_TAB


def toggle_fields(screen: BrowsePanes) -> None:
    """Bring the fields to the front, or the records again."""
    screen.activate_tab(fields=not screen.shows_fields)


def show_related(screen: BrowsePanes) -> None:
    """Bring the related records to the front; where they are, start finding them."""
    if screen.is_record_pane_visible and screen.record_pane.shows_related:
        if screen.record_pane.related.can_read:
            screen.record_pane.related.read_index()
    else:
        screen.open_pane(RELATED_TAB)


def open_by_id(screen: BrowsePanes) -> None:
    """Ask for an external id, and open the record that has it."""
    entity = screen.entity

    async def read(external_id: str) -> Record:
        return await screen.account.client.record(entity, external_id)

    def opened(record: Record | None) -> None:
        screen.show_quota()
        if record is not None:
            screen.open_record(record, RECORD_TAB)

    title = f"Open a record of {one_line(entity, 30)}"
    screen.open_dialog(AskScreen(title, "External id", read, cost="1 call"), opened)


def add_entity(screen: BrowsePanes) -> None:
    """Ask for the name of a custom entity, and add it once the service knows it."""

    def added(name: str | None) -> None:
        screen.show_quota()
        if name is not None:
            screen.entities.list_entities()
            screen.show_entity(name)

    ask = AskScreen("Add a custom entity", "Name", screen.account.catalog.add_entity, cost="1 call")
    screen.open_dialog(ask, added)


def open_filter(screen: BrowsePanes) -> None:
    """Ask for a condition on the records of the entity."""
    screen.activate_tab(fields=False)
    screen.post_message(PartRequested(screen.open_filter))


def can_forget(screen: BrowsePanes) -> bool:
    """Return whether the cursor is on a custom entity."""
    entity = screen.entities.highlighted
    is_custom = entity is not None and screen.account.catalog.is_custom(entity)
    return is_custom and screen.entities.has_focus_within


def forget_entity(screen: BrowsePanes) -> None:
    """Forget the custom entity under the cursor; the service keeps it."""
    entity = screen.entities.highlighted
    if entity is None:
        return
    failure = None
    try:
        screen.account.catalog.forget_entity(entity)
    except ConfigurationError as error:
        failure = error
    screen.records.forget_entity(entity)
    screen.entities.forget_entity(entity)
    if entity == screen.entity:
        screen.show_entity(screen.account.catalog.entities[0])
        screen.open_entities()
    screen.workspace.forget_entity(entity)
    if failure is not None:
        screen.entities.show_error(failure)


def refresh_focused(screen: BrowsePanes) -> None:
    """Read again what has the focus; what was said of changes before is out of date then."""
    screen.command_app.withdraw_notice(NoticeTopic.CHANGES)
    if screen.entities.has_focus_within:
        screen.entities.count_all()
    elif screen.record_pane.has_focus_within and screen.record_pane.shows_related:
        screen.record_pane.related.reread()
    elif screen.record_pane.has_focus_within:
        screen.record_pane.read_again()
    elif screen.shows_fields:
        screen.fields.refresh_fields()
    elif screen.filtered is not None:
        screen.filtered.refresh_records()
    else:
        screen.records.refresh_records()


def retry_failed(screen: BrowsePanes) -> None:
    """Try again whatever failed."""
    for part in screen.parts:
        if part.has_failed:
            part.try_again()


def can_go_back(screen: BrowsePanes) -> bool:
    """Return whether there is a way back to the records, or an open filter to leave."""
    is_elsewhere = not screen.panel.has_focus_within or screen.shows_fields
    return is_elsewhere or screen.open_filter_view is not None


def go_back(screen: BrowsePanes) -> None:
    """Go back to the records: from the record, the fields or the list of entities."""
    if screen.record_pane.is_searching:
        screen.record_pane.end_search()
    elif screen.panel.has_focus_within and not screen.shows_fields and screen.open_filter_view:
        screen.open_filter_view.action_leave()
    elif screen.panel.has_focus_within:
        screen.activate_tab(fields=False)
    else:
        screen.close_pane()


def switch_account(screen: BrowsePanes) -> None:
    """Offer the other accounts; this one stays open until another is."""
    screen.post_message(SwitchRequested())


COMMANDS = CommandTable[BrowsePanes](
    "browse",
    *FIND,
    Command(
        "filter", "f", "Filter", "Show the records that meet a condition, as after WHERE in SQL",
        open_filter, lambda screen: screen.panel.display, group="Find", footer_priority=7,
        cost="1 call a day, then told before it runs", needs="the records on the screen",
    ),
    *ORDER_COMMANDS,
    Command(
        "fields", "F", "Fields", "Show the entity's fields, or its records again", toggle_fields,
        group="Record",
    ),
    Command(
        "related", "R", "Related", "Show what is related to this record; again finds it",
        show_related, lambda screen: screen.record_pane.record is not None,
        group="Record", needs="a record",
    ),
    Command(
        "open", "o", "By id", "Open a record of this entity by its external id", open_by_id,
        group="Record", cost="1 call", footer_priority=2,
    ),
    Command(
        "add", "plus", "Add", "Add a custom entity by its name", add_entity,
        group="Entities", cost="1 call",
    ),
    Command(
        "forget", "x", "Forget", "Forget the custom entity under the cursor",
        forget_entity, can_forget, group="Entities", needs="the cursor on a custom entity",
    ),
    Command(
        "refresh", "r", "Refresh", "Read again what has the focus: records, fields, record, counts",
        refresh_focused, group="Record", footer_priority=3,
    ),
    Command(
        "retry", "t", "Retry", "Try again what failed",
        retry_failed, lambda screen: any(part.has_failed for part in screen.parts),
        group="Record", needs="something that failed", footer_priority=8,
    ),
    Command(
        "missing", "m", "Missing", "Read the pages again for records that overlapping pages hid",
        lambda screen: screen.records.read_missing(), lambda screen: screen.records.has_missing,
        group="Record", needs="records that the service counts and no page has brought",
        footer_priority=5,
    ),
    *MOVE_COMMANDS,
    *PLACE_COMMANDS,
    *PANE_COMMANDS,
    *CHANGE_COMMANDS,
    *COLUMNS,
    *MARKS,
    *COPY_COMMANDS,
    *EXPORT,
    Command(
        "back", "escape", "Back", "Go back to the records",
        go_back, can_go_back, lambda screen: not screen.panel.has_focus_within, group="Move",
        needs="another part in front", footer_priority=8,
    ),
    Command(
        "leave", "w", "Switch account",
        "Switch to another profile or the demo",
        switch_account, is_in_footer=False, group="Account",
    ),
)  # fmt: skip
"""Every key of the main screen, in the order of the footer and the help."""
