"""The calls screen: its commands, and what the client reports while it is open."""

from collections.abc import Mapping
from typing import ClassVar

from textual import on
from textual.binding import BindingType

from cmdm_tui.tui.commands import BoundCommand
from cmdm_tui.tui.messages import CallReturned, ClientEvent
from cmdm_tui.tui.screens.calls import commands
from cmdm_tui.tui.screens.calls.panes import CallsPanes
from cmdm_tui.tui.widgets.call_pane import CallPane
from cmdm_tui.tui.widgets.grid import Grid
from cmdm_tui.tui.widgets.status_line import StatusLine


class CallsScreen(CallsPanes):
    """Shows every call of this run, or those of a cassette.

    The application adds the client's events to the log, and posts each as a `ClientEvent`.
    """

    main_name = "calls"
    BINDINGS: ClassVar[list[BindingType]] = commands.COMMANDS.bindings

    def bind_commands(self) -> Mapping[str, BoundCommand]:
        """Return the screen's commands by id."""
        return commands.COMMANDS.bind(self, self.keymap)

    @on(ClientEvent)
    def _show_event(self, event: ClientEvent) -> None:
        self.query_one(StatusLine).show_event(event.event)
        self.schedule_changes()

    @on(CallReturned)
    def _show_quota(self) -> None:
        self.query_one(StatusLine).show_quota()

    @on(Grid.RowOpened)
    def _open_call(self) -> None:
        self.set_focus(self.query_one(CallPane))

    def on_screen_resume(self) -> None:
        """Show what has come while another screen was in front."""
        self.query_one(StatusLine).show_quota()
        self.show_changes()
