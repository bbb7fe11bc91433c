"""The status line: profile, host, what the client is doing, calls left, and the token's time."""

import time
from time import monotonic
from typing import TYPE_CHECKING, cast

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from cmdm_tui.api import Event
from cmdm_tui.catalog import Account
from cmdm_tui.operations.call_log import CallLog
from cmdm_tui.text import one_line
from cmdm_tui.tui.commands import CommandApp, CommandScreen
from cmdm_tui.tui.key_names import format_keys
from cmdm_tui.tui.models.activity import Activity
from cmdm_tui.tui.models.quota_gauge import QuotaGauge, QuotaLevel, draw_bars
from cmdm_tui.tui.models.quota_text import QuotaText
from cmdm_tui.tui.theme import format_mark
from cmdm_tui.tui.widgets.changed_text import set_text

if TYPE_CHECKING:
    from textual.timer import Timer

_LEFT, _USED = "━", "─"
_STYLES = {
    QuotaLevel.FINE: "$text-success",
    QuotaLevel.LOW: "$text-warning",
    QuotaLevel.AT_FLOOR: "$text-error",
}
_USE_WIDTH, _PARTS_OF_HOUR = 100, 12
"""Cells of the line from which the use of the last hour is shown, and its bars."""

_GAP = Content.styled(" · ", "$foreground 40%")


class StatusLine(Horizontal):
    """One line on where calls go and how many are left, as the last answer said.

    While the client waits, signs in, tries again or pages, this is shown in place of the host and
    the times of reset and token.
    """

    class Outdated(Message):
        """What it shows has changed."""

    def __init__(
        self,
        account: Account,
        *,
        call_log: CallLog | None = None,
        id: str | None = None,  # noqa: A002 - Textual's own name
    ) -> None:
        super().__init__(id=id)
        self._call_log = call_log
        self._shown: object = None
        self._account = account
        self._activity = Activity()
        self._timer: Timer | None = None

    def compose(self) -> ComposeResult:
        """Lay out where calls go, which may be cut, and how many are left, which may not."""
        profile = self._account.profile
        mark = format_mark(profile.name, profile.colour, read_only=profile.read_only)
        yield Static(mark, markup=False, id="status-profile")
        yield Static(markup=False, id="status-where")
        quota = Static(markup=False, id="status-quota")
        quota.tooltip = "Calls left this hour; the calls of the last hour by 5 minutes; the token"
        yield quota

    def on_mount(self) -> None:
        """Show what is known before any call."""
        self._timer = self.set_interval(1.0, self.show_quota, pause=True)
        self.show_quota()

    @property
    def activity_text(self) -> str:
        """What the client is doing, in words, and how to leave it; empty where it does nothing."""
        now = monotonic()
        doing = self._activity.describe(now)
        screen = self.screen
        if not doing or not self._activity.is_waiting(now) or not isinstance(screen, CommandScreen):
            return doing
        leave = screen.app_commands.get("cancel_calls")
        active = screen.active_bindings
        # In an editor or input, its key may cut text.
        keys = (
            []
            if leave is None
            else [
                key
                for key in leave.keys
                if key in active and active[key].binding.id == leave.binding_id
            ]
        )
        return f"{doing} · {format_keys(keys[:1])} stops it" if keys else doing

    @on(Outdated)
    def _show_again(self) -> None:
        self.show_quota()

    @property
    def _recording(self) -> str:
        app = cast("object", self.app)  # pyright: ignore[reportUnknownMemberType]
        return app.recording_status if isinstance(app, CommandApp) else ""

    def show_event(self, event: Event) -> None:
        """Show what the client reports."""
        self._activity = self._activity.with_event(event, monotonic())
        self.show_quota()

    def show_quota(self) -> None:
        """Show what is done and the quota, as they are now: no call."""
        doing, client = self.activity_text, self._account.client
        text = QuotaText.of(client.quota, client.clock_offset, time.time())
        gauge = QuotaGauge.of(client.quota, self._account.profile.floor)
        use = self._draw_use()
        if self._timer is not None:
            is_changing = bool(doing) or self._activity.is_open
            (self._timer.resume if is_changing else self._timer.pause)()
        shown = (doing, text, gauge, use, self._recording)
        if shown == self._shown:
            return  # what is the same would be painted again
        self._shown = shown
        calls = _format_gauge(gauge) + Content.styled(text.calls, f"bold {_STYLES[gauge.level]}")
        recording = Content.styled(self._recording, "$text-error")
        parts = [recording, calls] if doing else [recording, calls, use, Content(text.times)]
        place = self._account.origin or client.host
        where = Content.styled(doing, "$text-accent") if doing else one_line(place, 80)
        set_text(self.query_one("#status-where", Static), _GAP + where)
        set_text(
            self.query_one("#status-quota", Static), _GAP.join([part for part in parts if part])
        )
        self.set_class(bool(doing), "-doing")

    def on_resize(self) -> None:
        """Show the use of the last hour where there is room for it."""
        self.show_quota()

    def _draw_use(self) -> Content:
        """Return the calls of the last hour, each twelfth of it a bar; nothing where none fits."""
        if self._call_log is None or self.size.width < _USE_WIDTH:
            return Content()
        counts = self._call_log.use.list_counts(_PARTS_OF_HOUR)
        return Content.styled(draw_bars(counts), "$text-accent") if any(counts) else Content()


def _format_gauge(gauge: QuotaGauge) -> Content:
    """Return the part of the hour's calls that is left as a bar; nothing where it is not known."""
    if not gauge.cells:
        return Content()
    left = Content.styled(_LEFT * gauge.filled, _STYLES[gauge.level])
    return left + Content.styled(_USED * (gauge.cells - gauge.filled), "$foreground 40%") + " "
