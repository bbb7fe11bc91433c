"""The pane of one record: all of its properties, and what is related to it."""

import time
from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Input, Static, TabbedContent, TabPane

from cmdm_tui.api import ApiError, Record
from cmdm_tui.catalog import Account
from cmdm_tui.text import one_line
from cmdm_tui.tui.crash import make_fault
from cmdm_tui.tui.messages import CallReturned, StateChanged
from cmdm_tui.tui.models.call_text import format_moment
from cmdm_tui.tui.models.record_names import RecordNames, name_record
from cmdm_tui.tui.models.record_properties import RecordProperty, list_properties
from cmdm_tui.tui.widgets.cells import safe_line
from cmdm_tui.tui.widgets.notice import Notice
from cmdm_tui.tui.widgets.property_list import PropertyList
from cmdm_tui.tui.widgets.related_view import RelatedView
from cmdm_tui.tui.widgets.safe_input import SafeInput
from cmdm_tui.tui.widgets.titled_pane import TitledPane

if TYPE_CHECKING:
    from textual.timer import Timer
    from textual.worker import Worker

REST_SECONDS = 0.08
"""Seconds without another move of the cursor after which the record under it is shown."""

RECORD_TAB, RELATED_TAB = "record-tab", "related-tab"


class RecordPane(TitledPane):
    """Shows a whole record: as it was listed, or as it was read again.

    `names` says what the records that it names are called, as far as they were read.
    """

    @dataclass
    class Arrived(CallReturned):
        """A record was read."""

        address: tuple[str, str]
        record: Record

    @dataclass
    class Failed(CallReturned):
        """A record could not be read."""

        address: tuple[str, str]
        error: ApiError

    def __init__(
        self,
        account: Account,
        names: RecordNames,
        *,
        id: str | None = None,  # noqa: A002 - Textual's own name
    ) -> None:
        super().__init__(id=id)
        self._account = account
        self._names = names
        self._record: Record | None = None
        self._loading: tuple[str, str] | None = None
        self._wanted: tuple[str, str] | None = None
        self._error: ApiError | None = None
        self._worker: Worker[None] | None = None
        self._followed: Record | None = None
        self._timer: Timer | None = None
        """Runs until the followed record is shown."""
        self._enter_label = ""
        """What the footer says that Enter does."""
        self._reread_at = ""
        """When the shown record was read again, a time of day; empty where it was not."""

    def compose(self) -> ComposeResult:
        """Lay out the record and, on its own tab, what is related to it."""
        with TabbedContent(id="record-tabs"):
            with TabPane("Record", id=RECORD_TAB):
                with VerticalScroll(id="properties", can_focus=False):
                    yield PropertyList(id="property-list")
                yield Static(markup=False, id="property-description")
                yield SafeInput(placeholder="Find a field by its name", id="property-search")
                yield Notice(id="pane-notice")
            with TabPane("Related", id=RELATED_TAB):
                yield RelatedView(self._account, self._names, id="related")

    def on_mount(self) -> None:
        """Show that there is no record yet."""
        self.query_one("#property-search", Input).display = False
        self.show_record(None)

    @property
    def enter_label(self) -> str:
        """What Enter does while a field is searched for."""
        return "Stay here"

    @property
    def record(self) -> Record | None:
        """The record that is shown."""
        return self._record

    @cached_property
    def properties(self) -> PropertyList:
        """The properties of the record."""
        return self.query_one(PropertyList)

    @cached_property
    def related(self) -> RelatedView:
        """What is related to it."""
        return self.query_one(RelatedView)

    @property
    def shows_related(self) -> bool:
        """Whether the tab of related records is in front."""
        return self.query_one("#record-tabs", TabbedContent).active == RELATED_TAB

    @property
    def has_failed(self) -> bool:
        """Whether there is something to try again."""
        return self._error is not None

    @property
    def is_following(self) -> bool:
        """Whether a record is to be shown once the cursor rests."""
        return self._timer is not None

    def follow_record(self, record: Record | None) -> None:
        """Show a record once no other one was followed for a short while: no call."""
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
        self._followed = record
        if record is not self._record:
            self._timer = self.set_timer(REST_SECONDS, self.show_followed)

    def show_followed(self) -> None:
        """Show the record that is followed, without waiting any longer."""
        if self._timer is not None:
            self.show_record(self._followed)

    def show_record(self, record: Record | None) -> None:
        """Show a record as it was read: no call."""
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
        is_other = _address(record) != _address(self._record)
        self._reread_at = ""
        self._record, self._error = record, None
        if self._worker is not None:
            self._worker.cancel()
        self._loading = None
        scrolled = self.query_one("#properties", VerticalScroll)
        if is_other and scrolled.scroll_y:
            scrolled.scroll_home(animate=False)
        self._show_properties()
        self.related.show_record(record)
        self._update_notice()

    def read_again(self) -> None:
        """Read the shown record again: one call."""
        if self._record is not None:
            self.read_record(self._record.entity, self._record.external_id)

    def read_record(self, entity: str, external_id: str) -> None:
        """Read a record, and show it when it comes: one call."""
        self._loading = self._wanted = (entity, external_id)
        self._error = None
        self._worker = self.run_worker(
            partial(self._fetch, self._loading), group="record", exclusive=True
        )
        self._update_notice()

    def try_again(self) -> None:
        """Ask again after a failure."""
        if self._wanted is not None:
            self.read_record(*self._wanted)

    def activate_tab(self, tab: str) -> None:
        """Bring a tab to the front, and the focus into it."""
        self.query_one("#record-tabs", TabbedContent).active = tab
        self.take_focus()

    def take_focus(self) -> None:
        """Put the focus where arrow keys are of use."""
        if self.shows_related:
            self.related.take_focus()
        else:
            self.screen.set_focus(self.properties)

    @property
    def current_property(self) -> RecordProperty | None:
        """The property under the cursor of the pane, None where no record is shown."""
        return self.properties.current

    def start_search(self) -> None:
        """Ask for a part of a field's name."""
        search = self.query_one("#property-search", Input)
        search.value = ""
        search.display = True
        self.screen.set_focus(search)

    def show_names(self) -> None:
        """Show what the records that it names are called, as it is known by now: no call."""
        self._show_properties()
        self.related.show_names()

    def _show_properties(self) -> None:
        record = self._record
        fields = () if record is None else self._account.catalog.cached_fields(record.entity)
        shown = () if record is None else list_properties(record, fields, self._names)
        self.properties.show_properties(shown)
        self._describe_property()  # now, so that both are laid out at once

    def on_property_list_cursor_moved(self, event: PropertyList.CursorMoved) -> None:
        """Say what is known of the field under the cursor."""
        event.stop()
        self._describe_property()
        label = self.properties.enter_label
        if label != self._enter_label:
            self._enter_label = label
            self.screen.refresh_bindings()  # the footer names it

    def _describe_property(self) -> None:
        shown = self.properties.current
        words = "" if shown is None else shown.description
        description = self.query_one("#property-description", Static)
        if str(description.content) != words:
            description.update(Content(words))

    def on_input_changed(self, event: Input.Changed) -> None:
        """Go to the field that is typed."""
        event.stop()
        found = self.properties.find(event.value)
        event.input.set_class(not found, "-no-match")

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Stay at the field that was found."""
        event.stop()
        self.end_search()

    @property
    def is_searching(self) -> bool:
        """Whether a field is being typed."""
        return self.query_one("#property-search", Input).has_focus

    def end_search(self) -> None:
        """Leave the search; the cursor stays where it is."""
        self.query_one("#property-search", Input).display = False
        self.take_focus()

    async def _fetch(self, address: tuple[str, str]) -> None:
        try:
            record = await self._account.client.record(*address)
        except ApiError as error:
            self.post_message(self.Failed(address, error))
        except Exception as error:
            self.post_message(self.Failed(address, make_fault(error)))
            raise
        else:
            self.post_message(self.Arrived(address, record))

    def on_record_pane_arrived(self, event: Arrived) -> None:
        """Show the record as it is now, unless another was chosen meanwhile."""
        if event.address == self._loading:
            self._loading = None
            is_again = event.address == _address(self._record)
            self.show_record(event.record)
            if is_again:
                self._reread_at = format_moment(time.time())
                self._update_notice()

    def on_record_pane_failed(self, event: Failed) -> None:
        """Say what went wrong below what was known."""
        if event.address == self._loading:
            self._loading, self._error = None, event.error
            self._update_notice()

    def _update_notice(self) -> None:
        notice, alone = self.query_one("#pane-notice", Notice), self._record is None
        if self._error is not None:
            notice.show_error(self._error, alone=False)
        elif alone:
            notice.show_text("No record chosen", alone=True)
        else:
            notice.hide()
        title = "Record"
        if self._record is not None:
            title = _describe_record(self._record)
        doing = f"read again {self._reread_at}" if self._reread_at else ""
        doing = "reading …" if self._loading is not None else doing
        self.show_titles(safe_line(title), safe_line(doing))
        self.screen.post_message(StateChanged())


def _address(record: Record | None) -> tuple[str, str] | None:
    return (record.entity, record.external_id) if record is not None else None


def _describe_record(record: Record) -> str:
    """Return the entity, the id and the name of a record, where it has one; a safe text."""
    address = f"{one_line(record.entity, 24)} {one_line(record.external_id, 40)}"
    name = name_record(record)
    return f"{address} · {one_line(name, 60)}" if name else address
