"""The panes of the main screen: entities, records or fields of one entity, and one record."""

from collections.abc import Callable
from typing import TypeVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.screen import Screen
from textual.widgets import TabbedContent, TabPane

from cmdm_tui.api import Record
from cmdm_tui.catalog import Account
from cmdm_tui.tui.commands import CommandScreen
from cmdm_tui.tui.messages import StateChanged
from cmdm_tui.tui.models.record_names import RecordNames
from cmdm_tui.tui.widgets.cells import safe_line
from cmdm_tui.tui.widgets.entity_list import EntityList
from cmdm_tui.tui.widgets.field_view import FieldView
from cmdm_tui.tui.widgets.key_footer import KeyFooter
from cmdm_tui.tui.widgets.record_pane import RecordPane
from cmdm_tui.tui.widgets.record_view import RecordView
from cmdm_tui.tui.widgets.related_view import RelatedView
from cmdm_tui.tui.widgets.status_line import StatusLine

Answer = TypeVar("Answer")

_RECORDS, _FIELDS = "records-tab", "fields-tab"


class BrowsePanes(CommandScreen):
    """Shows one account, and does what the commands ask. Each pane makes its own calls."""

    CSS_PATH = "browse.tcss"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (110, "-wide")]  # noqa: RUF012 - as declared above it

    def __init__(self, account: Account) -> None:
        super().__init__()
        self.account = account
        self.entity = account.catalog.entities[0]
        """The entity whose records are shown."""
        self.names = RecordNames()
        """What the records that were read are called."""
        self._available: frozenset[str] = frozenset()

    def compose(self) -> ComposeResult:
        """Lay out the three parts, the status line and the footer."""
        with Horizontal(id="body"):
            yield EntityList(self.account.catalog, id="entities")
            with TabbedContent(id="panel"):
                with TabPane("Records", id=_RECORDS):
                    yield RecordView(self.account, id="records")
                with TabPane("Fields", id=_FIELDS):
                    yield FieldView(self.account.catalog, id="fields")
            yield RecordPane(self.account, self.names, id="record")
        yield StatusLine(self.account, id="status")
        yield KeyFooter()

    def on_mount(self) -> None:
        """Show the first entity, whose page brings its own count, and count those never counted."""
        self.show_entity(self.entity)
        self.entities.count_unknown(*self.account.catalog.entities[1:])

    @property
    def entities(self) -> EntityList:
        """The list of entities."""
        return self.query_one(EntityList)

    @property
    def panel(self) -> TabbedContent:
        """The tabs of records and fields."""
        return self.query_one("#panel", TabbedContent)

    @property
    def records(self) -> RecordView:
        """The records of the entity."""
        return self.query_one(RecordView)

    @property
    def fields(self) -> FieldView:
        """The fields of the entity."""
        return self.query_one(FieldView)

    @property
    def record_pane(self) -> RecordPane:
        """The pane of one record."""
        return self.query_one(RecordPane)

    @property
    def parts(self) -> tuple[EntityList | RecordView | FieldView | RecordPane | RelatedView, ...]:
        """Everything that makes calls."""
        return self.entities, self.records, self.fields, self.record_pane, self.record_pane.related

    @property
    def shows_fields(self) -> bool:
        """Whether the fields are in front of the records."""
        return self.panel.active == _FIELDS

    @property
    def is_record_table_visible(self) -> bool:
        """Whether the table of records is on the screen."""
        return self.panel.display and not self.shows_fields

    @property
    def is_record_pane_visible(self) -> bool:
        """Whether the pane of one record is on the screen."""
        return self.record_pane.display

    def show_entity(self, entity: str) -> None:
        """Show an entity's records, or its fields where those are in front."""
        self.entity = entity
        self.entities.mark_current(entity)
        self.fields.clear()
        self.records.show_entity(entity)
        if self.shows_fields:
            self.fields.show_entity(entity)
        self.close_pane()

    def activate_tab(self, *, fields: bool) -> None:
        """Bring the fields or the records to the front, and the focus into them."""
        self.panel.active = _FIELDS if fields else _RECORDS
        self.close_pane()

    def open_record(self, record: Record, tab: str) -> None:
        """Show a record in the pane."""
        self.record_pane.show_record(record)
        self.open_pane(tab)

    def open_pane(self, tab: str) -> None:
        """Put the focus into the record pane; on a narrow screen it takes the panel's place."""
        self.add_class("-record-open")
        self.record_pane.activate_tab(tab)

    def close_pane(self) -> None:
        """Put the focus into the panel; on a narrow screen the panel comes back."""
        self.remove_class("-record-open")
        if self.record_pane.record is not self.records.record:
            self.record_pane.show_record(self.records.record)
        view = self.fields if self.shows_fields else self.records
        self.set_focus(view.table)
        self.show_state()

    def show_quota(self) -> None:
        """Bring the status line up to date."""
        self.query_one(StatusLine).show_quota()

    @on(StateChanged)
    def show_state(self) -> None:
        """Bring the panel's titles and the footer up to date."""
        self.panel.border_title = safe_line(self.entity, 40)
        view = self.fields if self.shows_fields else self.records
        self.panel.border_subtitle = safe_line(view.caption)
        available = self.available_commands
        if available != self._available:  # each refresh of the keys builds the footer again
            self._available = available
            self.refresh_bindings()

    def open_dialog(
        self, screen: Screen[Answer], answered: Callable[[Answer | None], None]
    ) -> None:
        """Put a dialog in front; `answered` is called with its answer, None where it gave none."""
        self.app.push_screen(screen, answered)  # pyright: ignore[reportUnknownMemberType]
