"""The panes of the main screen: entities, records or fields of one entity, and one record."""

import asyncio
import sys
from collections.abc import Sequence
from functools import cached_property
from importlib import import_module
from typing import TYPE_CHECKING

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.widgets import TabPane

from cmdm_tui.api import Record
from cmdm_tui.catalog import Account
from cmdm_tui.operations.call_log import CallLog
from cmdm_tui.tui.messages import StateChanged
from cmdm_tui.tui.models.copied_text import CopyForm
from cmdm_tui.tui.models.pane_sizes import PaneSizes
from cmdm_tui.tui.models.record_names import RecordNames
from cmdm_tui.tui.models.related_index import RecordLink
from cmdm_tui.tui.models.workspace import Place, Workspace
from cmdm_tui.tui.screens.browse.kept_view import ViewKeeper
from cmdm_tui.tui.screens.browse.pane_layout import (
    BREAKPOINTS,
    ENTITIES_OPEN,
    RECORD_OPEN,
    SLIM,
    WIDE,
    PaneLayout,
)
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
    from cmdm_tui.tui.models.drafts import FilterDraft
    from cmdm_tui.tui.screens.browse.filtered_view import FilteredView

_FILTERED_VIEW = "cmdm_tui.tui.screens.browse.filtered_view"
_RECORDS, _FIELDS = "records-tab", "fields-tab"


class BrowsePanes(GridScreen):
    """Shows one account, and does what the commands ask. Each pane makes its own calls.

    `keeper` keeps the columns and the place for the next run; `call_log` has the calls made.
    """

    CSS_PATH = "browse.tcss"
    main_name = "records"
    HORIZONTAL_BREAKPOINTS = BREAKPOINTS

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
        self.pane_layout = PaneLayout(self, keeper.read_panes(), self._keep_panes)
        """The widths of the panes, and which are folded away."""
        self._filtered: FilteredView | None = None
        self._available: frozenset[str] = frozenset()
        self._is_state_due = False

    def compose(self) -> ComposeResult:
        """Lay out the three parts, the status line and the footer."""
        width = self.command_app.size.width  # without its class, all would be laid out twice
        self.add_class(max(point for point in BREAKPOINTS if point[0] <= width)[1])
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

    @property
    def search_hint(self) -> str:
        """How all records are searched, and not those that were read only."""
        result = self.search_result
        if result is None or result.searched == result.row_count:
            return ""
        return f" {self.commands['filter'].shown_key} filters all records by a condition."

    def on_mount(self) -> None:
        """Show the first entity, whose page brings its own count, and count those never counted."""
        self.pane_layout.apply()
        place = self.workspace.find_place(self.entity)
        self.workspace.visit(place)
        self._show_entity(self.entity, place)
        others = (name for name in self.account.catalog.entities if name != self.entity)
        self.entities.count_unknown(*others)

    def _keep_panes(self, sizes: PaneSizes) -> None:
        self.keeper.keep_panes(sizes)

    def on_resize(self) -> None:
        """Lay the panes out for another width of the terminal."""
        self.pane_layout.apply()

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Take hold of a border between panes."""
        self.pane_layout.start_drag(event.screen_x, event.screen_y)

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Move the border that is held."""
        self.pane_layout.drag(event.screen_x)

    def on_mouse_up(self) -> None:
        """Let go of the border."""
        self.pane_layout.end_drag()

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

    @property
    def copy_forms(self) -> Sequence[CopyForm]:
        """The forms in which rows are copied: records have ids, fields have none."""
        return super().copy_forms if self.shows_fields else tuple(CopyForm)

    @property
    def export_advice(self) -> str:
        """How records are exported that were not read."""
        return "The query screen exports all rows, for the calls it states."

    @property
    def losses(self) -> tuple[str, ...]:
        """What is lost where the account is closed: a filter that is typed or runs."""
        return () if self._filtered is None else self._filtered.losses

    @property
    def drafts(self) -> "tuple[FilterDraft, ...]":
        """The condition that is typed and not applied."""
        return () if self._filtered is None else self._filtered.drafts

    @property
    def export_name(self) -> str:
        """The entity, and whether these are its fields."""
        return f"{self.entity}-fields" if self.shows_fields else self.entity

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

    async def open_filter(self, text: str | None = None) -> None:
        """Ask for a condition on the records, with `text` in it.

        What that needs is imported when first used.
        """
        if self._filtered is None:
            if _FILTERED_VIEW not in sys.modules:
                await asyncio.to_thread(import_module, _FILTERED_VIEW)
            from cmdm_tui.tui.screens.browse.filtered_view import FilteredView

            self._filtered = FilteredView(self.account, id="filtered")
            await self.query_one(f"#{_RECORDS}").mount(self._filtered)
        self.records.display = False
        names = [column.name for column in self.records.source.columns]
        self._filtered.open_for(self.entity, names, text)
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
    def is_record_open(self) -> bool:
        """Whether a record was opened and is being read: it stays, whatever the list does."""
        current = self.workspace.current
        is_opened = current is not None and current.record is not None
        return is_opened and self.record_pane.has_focus_within

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
        if place.record is None or place.entity != self.entity:
            self._show_entity(place.entity)
        if place.record is not None:
            self._show_pane(place.record)

    def show_entity(self, entity: str) -> None:
        """Show an entity's records, or its fields where those are in front."""
        self.note_place()
        self.workspace.visit(self.workspace.find_place(entity))
        self._show_entity(entity)

    def _show_entity(self, entity: str, start: Place | None = None) -> None:
        self.entity = entity
        self.forget_search()
        if self.filtered is not None:
            self.filtered.close()
            self.records.display = True
        self.entities.mark_current(entity)
        self.fields.clear()
        self.records.show_entity(entity, start)
        if self.shows_fields:
            self.fields.show_entity(entity)
        self._focus_panel()

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
        """Show the record that another one names, with a way back: one call if it is not held."""
        self.note_place()
        shown = self.record_pane.record
        if shown is not None:
            self.workspace.visit(Place(self.entity, record=shown))
        held = self.records.find_record(link.entity, link.external_id)
        if held is not None:
            self.open_record(held, RECORD_TAB)
            return
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
        self.remove_class(ENTITIES_OPEN)
        self.add_class(RECORD_OPEN)
        if tab is None:
            self.record_pane.take_focus()
        else:
            self.record_pane.activate_tab(tab)

    def open_entities(self) -> None:
        """Put the focus into the list of entities, which is unfolded."""
        if not self.has_class(SLIM):
            self.pane_layout.fold("entities", is_folded=False)
        self.add_class(ENTITIES_OPEN)
        self.entities.take_focus()

    def toggle_entities(self) -> None:
        """Fold the list of entities away, or unfold it; alone on the screen, it is left."""
        if self.has_class(SLIM):
            (self.close_pane if self.entities.display else self.open_entities)()
            return
        is_left = self.entities.has_focus_within
        self.pane_layout.fold("entities", is_folded=self.entities.display)
        if is_left:
            self.close_pane()

    def toggle_record(self) -> None:
        """Fold the record pane away, or unfold it; where it is alone, open or leave it."""
        is_shown = self.record_pane.display
        if not self.has_class(WIDE):
            (self.close_pane if is_shown else self.open_pane)()
            return
        self.pane_layout.fold("record", is_folded=is_shown)
        if is_shown and (self.record_pane.has_focus_within or self.has_class(RECORD_OPEN)):
            self.close_pane()

    def close_pane(self) -> None:
        """Put the focus into the panel; on a narrow screen the panel comes back."""
        current = self.workspace.current
        if current is not None and current.record is not None:
            self.workspace.visit(self.workspace.find_place(self.entity))
        self._focus_panel()

    def _focus_panel(self) -> None:
        self.remove_class(RECORD_OPEN, ENTITIES_OPEN)
        if self.record_pane.record != self.record:
            self.record_pane.show_record(self.record)
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
        caption = safe_line(self.marks_caption + view.caption)
        self.panel.show_titles(safe_line(self.entity, 40), caption)
        opened = self.record_pane.record if self.has_class(RECORD_OPEN) else None
        self.entities.mark_shown(self.entity if opened is None else opened.entity)
        available = self.available_commands
        if available != self._available:  # each refresh of the keys builds the footer again
            self._available = available
            self.refresh_bindings()
