"""The main screen: passes what one pane reports on to the others, and runs the commands."""

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.binding import BindingType
from textual.widgets import TabbedContent

from cmdm_tui.catalog import Account
from cmdm_tui.operations.call_log import CallLog
from cmdm_tui.text import one_line
from cmdm_tui.tui.commands import BoundCommand, PaletteEntry
from cmdm_tui.tui.messages import CallReturned, ClientEvent, CountsChanged
from cmdm_tui.tui.screens.browse import commands
from cmdm_tui.tui.screens.browse.kept_view import ViewKeeper
from cmdm_tui.tui.screens.browse.panes import BrowsePanes
from cmdm_tui.tui.widgets.entity_list import EntityList
from cmdm_tui.tui.widgets.grid import Grid
from cmdm_tui.tui.widgets.property_list import PropertyList
from cmdm_tui.tui.widgets.record_pane import RECORD_TAB, RecordPane
from cmdm_tui.tui.widgets.record_view import RecordView
from cmdm_tui.tui.widgets.related_view import RelatedView
from cmdm_tui.tui.widgets.status_line import StatusLine

if TYPE_CHECKING:
    from cmdm_tui.tui.screens.browse.filtered_view import FilteredView

_WARNING_SECONDS = 15.0
"""Seconds for which a warning is shown."""


class BrowseScreen(BrowsePanes):
    """Browses one account."""

    BINDINGS: ClassVar[list[BindingType]] = commands.COMMANDS.bindings

    def __init__(self, account: Account, keeper: ViewKeeper, call_log: CallLog) -> None:
        super().__init__(account, keeper, call_log)
        self._told_errors: set[str] = set()

    def bind_commands(self) -> Mapping[str, BoundCommand]:
        """Return the screen's commands by id."""
        return commands.COMMANDS.bind(self, self.keymap)

    def list_palette_entries(self) -> tuple[PaletteEntry, ...]:
        """Return an entry for each entity, which shows its records, and one for unsent drafts."""
        app = self.command_app
        drafts = f"Show what was typed and not sent in earlier runs ({app.draft_count:,})"
        return (
            *([PaletteEntry(drafts, app.offer_drafts)] if app.draft_count else []),
            *(
                PaletteEntry(
                    f"Show the records of {one_line(entity, 60)}", partial(self.show_entity, entity)
                )
                for entity in self.account.catalog.entities
            ),
        )

    @on(CallReturned)
    def _show_quota(self) -> None:
        self.show_quota()
        self._warn_of_caches()

    def _warn_of_caches(self) -> None:
        """Say once what is not kept for the next run, as a cache cannot be written."""
        for sentence in self.account.cache_errors:
            if sentence not in self._told_errors:
                self._told_errors.add(sentence)
                words = one_line(sentence)
                self.notify(words, severity="warning", timeout=_WARNING_SECONDS, markup=False)

    @on(ClientEvent)
    def _show_event(self, event: ClientEvent) -> None:
        self.query_one(StatusLine).show_event(event.event)
        if self.filtered is not None:
            self.filtered.note_event(event.event)

    @on(CountsChanged)
    def _show_counts(self) -> None:
        self.entities.show_counts()
        self.record_pane.related.show_cost()

    @on(EntityList.Chosen)
    def _choose_entity(self, event: EntityList.Chosen) -> None:
        self.show_entity(event.entity)

    @on(TabbedContent.TabActivated, "#panel")
    def _load_fields(self) -> None:
        if self.shows_fields:
            self.fields.show_entity(self.entity)
        self.show_state()

    @on(RecordView.RecordHighlighted)
    def _follow(self, event: RecordView.RecordHighlighted) -> None:
        if not self.is_record_open:
            self.record_pane.follow_record(event.record)

    def on_filtered_view_record_highlighted(self, event: "FilteredView.RecordHighlighted") -> None:
        """Show the record under the cursor once it rests."""
        self.record_pane.follow_record(event.record)

    def on_filtered_view_record_opened(self, event: "FilteredView.RecordOpened") -> None:
        """Go to the record that was chosen."""
        self.open_record(event.record, RECORD_TAB)

    @on(RecordView.RecordOpened)
    @on(RelatedView.RecordOpened)
    def _open(self, event: RecordView.RecordOpened | RelatedView.RecordOpened) -> None:
        self.open_record(event.record, RECORD_TAB)

    @on(RelatedView.LinkFollowed)
    def _follow_link(self, event: RelatedView.LinkFollowed) -> None:
        self.follow_link(event.link)

    @on(RecordView.PageArrived)
    def _learn_names(self, event: RecordView.PageArrived) -> None:
        if event.page is not None:
            self.names.learn(event.page.records)
            self.record_pane.show_names()

    @on(PropertyList.Followed)
    def _follow_property(self, event: PropertyList.Followed) -> None:
        link = event.shown.link
        if link is not None:
            self.follow_link(link)

    @on(Grid.MarksChanged)
    def _show_marks(self) -> None:
        self.show_state()

    @on(RecordView.ColumnsLaidOut)
    def _keep_layout(self, event: RecordView.ColumnsLaidOut) -> None:
        self.keeper.keep_layout(event.entity, event.layout)
        self.keeper.save()

    def on_unmount(self) -> None:
        """Keep the place for the next run."""
        self.keeper.save()

    @on(RecordPane.Arrived)
    def _update_row(self, event: RecordPane.Arrived) -> None:
        self.names.learn([event.record])
        self.note_record(event.record)
        self.records.replace_record(event.record)
