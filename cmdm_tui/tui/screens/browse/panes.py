"""The panes of the main screen: entities, records or fields of one entity, and one record."""

import asyncio
from collections.abc import Callable
from functools import cached_property
from importlib import import_module
from typing import TYPE_CHECKING, TypeVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.screen import Screen
from textual.widgets import TabPane

from cmdm_tui.api import Record
from cmdm_tui.catalog import Account
from cmdm_tui.operations.call_log import CallLog
from cmdm_tui.tui.messages import StateChanged
from cmdm_tui.tui.models.record_names import RecordNames
from cmdm_tui.tui.models.related_index import RecordLink
from cmdm_tui.tui.models.workspace import Place, Workspace
from cmdm_tui.tui.screens.browse.kept_view import ViewKeeper
from cmdm_tui.tui.screens.grid_screen import GridScreen
from cmdm_tui.tui.widgets.cells import safe_line
from cmdm_tui.tui.widgets.entity_list import EntityList
from cmdm_tui.tui.widgets.field_view import FieldView
from cmdm_tui.tui.widgets.grid import Grid
from cmdm_tui.tui.widgets.key_footer import KeyFooter
from cmdm_tui.tui.widgets.record_pane import RECORD_TAB, RecordPane
from cmdm_tui.tui.widgets.record_view import RecordView
from cmdm_tui.tui.widgets.related_view import RelatedView
from cmdm_tui.tui.widgets.search_bar import SearchBar
from cmdm_tui.tui.widgets.status_line import StatusLine
from cmdm_tui.tui.widgets.titled_pane import TitledTabs

if TYPE_CHECKING:
    from cmdm_tui.tui.screens.browse.filtered_view import FilteredView

Answer = TypeVar("Answer")

_RECORDS, _FIELDS = "records-tab", "fields-tab"
_BREAKPOINTS: list[tuple[int, str]] = [(0, "-narrow"), (110, "-wide")]
"""From which width on in cells the screen has the class."""


class BrowsePanes(GridScreen):
    """Shows one account, and does what the commands ask. Each pane makes its own calls.

    `keeper` keeps the columns and the place for the next run; `call_log` has the calls made.
    """

    CSS_PATH = "browse.tcss"
    HORIZONTAL_BREAKPOINTS = _BREAKPOINTS

    def __init__(self, account: Account, keeper: ViewKeeper, call_log: CallLog) -> None:
        super().__init__()
        self.account = account
        self.keeper = keeper
        self._call_log = call_log
        self.workspace = Workspace.from_session(keeper.session)
        """Where a person is, and has been."""
        self.entity = self._choose_first_entity()
        """The entity whose records are shown."""
        self.names = RecordNames()
        """What the records that were read are called."""
        self._filtered: FilteredView | None = None
        self._available: frozenset[str] = frozenset()
        self._is_state_due = False

    def compose(self) -> ComposeResult:
        """Lay out the three parts, the status line and the footer."""
        width = self.command_app.size.width  # without its class, all would be laid out twice
        self.add_class(max(point for point in _BREAKPOINTS if point[0] <= width)[1])
        with Horizontal(id="body"):
            yield EntityList(self.account.catalog, id="entities")
            with TitledTabs(id="panel"):
                with TabPane("Records", id=_RECORDS):
                    yield RecordView(self.account, self.keeper.read_layout, id="records")
                with TabPane("Fields", id=_FIELDS):
                    yield FieldView(self.account.catalog, id="fields")
            yield RecordPane(self.account, self.names, id="record")
        yield SearchBar()
        yield StatusLine(self.account, call_log=self._call_log, id="status")
        yield KeyFooter()

    def on_mount(self) -> None:
        """Show the first entity, whose page brings its own count, and count those never counted."""
        place = self.workspace.find_place(self.entity)
        self.workspace.visit(place)
        self._show_entity(self.entity, place)
        others = (name for name in self.account.catalog.entities if name != self.entity)
        self.entities.count_unknown(*others)

    def _choose_first_entity(self) -> str:
        entities, place = self.account.catalog.entities, self.workspace.current
        return place.entity if place is not None and place.entity in entities else entities[0]

    @property
    def grid(self) -> Grid | None:
        """The grid of records or of fields, None where neither is on the screen."""
        if not self.panel.display:
            return None
        if self.shows_fields:
            return self.fields.grid
        return (self.filtered or self.records).grid

    @property
    def record(self) -> Record | None:
        """The record under the cursor of those that are shown."""
        return (self.filtered or self.records).record

    @cached_property
    def entities(self) -> EntityList:
        """The list of entities."""
        return self.query_one(EntityList)

    @cached_property
    def panel(self) -> TitledTabs:
        """The tabs of records and fields."""
        return self.query_one("#panel", TitledTabs)

    @cached_property
    def records(self) -> RecordView:
        """The records of the entity."""
        return self.query_one(RecordView)

    @cached_property
    def fields(self) -> FieldView:
        """The fields of the entity."""
        return self.query_one(FieldView)

    @cached_property
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
    def filtered(self) -> "FilteredView | None":
        """The records that meet a condition, None where all are shown."""
        view = self._filtered
        return view if view is not None and view.is_open else None

    async def open_filter(self) -> None:
        """Ask for a condition on the records; what that needs is imported when first used."""
        if self._filtered is None:
            await asyncio.to_thread(import_module, "cmdm_tui.tui.screens.browse.filtered_view")
            from cmdm_tui.tui.screens.browse.filtered_view import FilteredView

            self._filtered = FilteredView(self.account, id="filtered")
            await self.query_one(f"#{_RECORDS}").mount(self._filtered)
        self.records.display = False
        self._filtered.open_for(self.entity)
        self.show_state()

    def on_filtered_view_filter_left(self) -> None:
        """Show all records again."""
        self.records.display = True
        self.close_pane()

    @property
    def is_record_grid_visible(self) -> bool:
        """Whether the grid of all records is on the screen."""
        return self.panel.display and not self.shows_fields and self.filtered is None

    @property
    def is_record_pane_visible(self) -> bool:
        """Whether the pane of one record is on the screen."""
        return self.record_pane.display

    @property
    def can_search(self) -> bool:
        """Whether there is a record or a row to search."""
        return self.record_pane.has_focus_within or self.has_rows

    def start_search(self) -> None:
        """Ask for a field's name where a record has the focus, else for words in the rows read."""
        if self.record_pane.has_focus_within and not self.record_pane.shows_related:
            self.record_pane.start_search()
        else:
            super().start_search()

    def note_place(self) -> None:
        """Note where the cursor is now."""
        place = self.records.place
        if place is not None:
            self.workspace.note(place)
            self.keeper.keep_session(self.workspace.to_session())

    def go_back_to_place(self) -> None:
        """Go to the place before: an entity's records, or a record."""
        self.note_place()
        place = self.workspace.go_back()
        if place is None:
            return
        if place.record is not None:
            self._show_pane(place.record)
        else:
            self._show_entity(place.entity)

    def show_entity(self, entity: str) -> None:
        """Show an entity's records, or its fields where those are in front."""
        self.note_place()
        self.workspace.visit(self.workspace.find_place(entity))
        self._show_entity(entity)

    def _show_entity(self, entity: str, start: Place | None = None) -> None:
        self.entity = entity
        self.search_result = None
        if self.filtered is not None:
            self.filtered.close()
            self.records.display = True
        self.entities.mark_current(entity)
        self.fields.clear()
        self.records.show_entity(entity, start)
        if self.shows_fields:
            self.fields.show_entity(entity)
        self.close_pane()

    def activate_tab(self, *, fields: bool) -> None:
        """Bring the fields or the records to the front, and the focus into them."""
        self.panel.active = _FIELDS if fields else _RECORDS
        self.close_pane()

    def open_record(self, record: Record, tab: str) -> None:
        """Show a record in the pane: there is a way back to what was shown before."""
        self.note_place()
        self.workspace.visit(Place(self.entity, record=record))
        self._show_pane(record, tab)

    def follow_link(self, link: RecordLink) -> None:
        """Read the record that another one names, and show it: one call, and a way back."""
        self.note_place()
        shown = self.record_pane.record
        if shown is not None:
            self.workspace.visit(Place(self.entity, record=shown))
        self.record_pane.read_record(link.entity, link.external_id)
        self.open_pane(RECORD_TAB)

    def note_record(self, record: Record) -> None:
        """Note that this record came into the pane: it was followed, or read again."""
        self.workspace.visit(Place(self.entity, record=record))

    def _show_pane(self, record: Record, tab: str | None = None) -> None:
        self.record_pane.show_record(record)
        self.open_pane(tab)

    def open_pane(self, tab: str | None = None) -> None:
        """Put the focus into the record pane; on a narrow screen it takes the panel's place."""
        self.add_class("-record-open")
        if tab is None:
            self.record_pane.take_focus()
        else:
            self.record_pane.activate_tab(tab)

    def close_pane(self) -> None:
        """Put the focus into the panel; on a narrow screen the panel comes back."""
        self.remove_class("-record-open")
        if self.record_pane.record != self.record:
            self.record_pane.show_record(self.record)
        current = self.workspace.current
        if current is not None and current.record is not None:
            self.workspace.visit(self.workspace.find_place(self.entity))
        view = self.fields if self.shows_fields else self.filtered or self.records
        self.set_focus(view.grid)
        self.show_state()

    def show_quota(self) -> None:
        """Bring the status line up to date."""
        self.query_one(StatusLine).show_quota()

    @on(StateChanged)
    def schedule_state(self, event: StateChanged) -> None:
        """Bring the titles and the footer up to date once what has come with this was handled."""
        event.stop()
        if not self._is_state_due:
            self._is_state_due = True
            self.call_later(self._update_state)

    def _update_state(self) -> None:
        self._is_state_due = False
        self.note_place()
        self.show_state()

    def show_state(self) -> None:
        """Bring the panel's titles and the footer up to date."""
        view = self.fields if self.shows_fields else self.filtered or self.records
        self.panel.show_titles(safe_line(self.entity, 40), safe_line(view.caption))
        available = self.available_commands
        if available != self._available:  # each refresh of the keys builds the footer again
            self._available = available
            self.refresh_bindings()

    def open_dialog(
        self, screen: Screen[Answer], answered: Callable[[Answer | None], None]
    ) -> None:
        """Put a dialog in front; `answered` is called with its answer, None where it gave none."""
        self.app.push_screen(screen, answered)  # pyright: ignore[reportUnknownMemberType]
