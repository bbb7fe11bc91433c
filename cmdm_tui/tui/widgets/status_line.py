"""The status line: profile, host, what the client is doing, calls left, and the token's time."""

import time
from time import monotonic
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import Static

from cmdm_tui.api import Event
from cmdm_tui.catalog import Account
from cmdm_tui.text import one_line
from cmdm_tui.tui.models.activity import Activity
from cmdm_tui.tui.models.quota_text import QuotaText
from cmdm_tui.tui.theme import format_mark
from cmdm_tui.tui.widgets.changed_text import set_text

if TYPE_CHECKING:
    from textual.timer import Timer

_GAP = Content.styled(" · ", "$foreground 40%")


class StatusLine(Horizontal):
    """One line on where calls go and how many are left, as the last answer said.

    While the client waits, signs in, tries again or pages, this is shown in place of the host and
    the times of reset and token.
    """

    def __init__(self, account: Account, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own name
        super().__init__(id=id)
        self._account = account
        self._activity = Activity()
        self._timer: Timer | None = None

    def compose(self) -> ComposeResult:
        """Lay out where calls go, which may be cut, and how many are left, which may not."""
        profile = self._account.profile
        mark = format_mark(profile.name, profile.colour, read_only=profile.read_only)
        yield Static(mark, markup=False, id="status-profile")
        yield Static(markup=False, id="status-where")
        yield Static(markup=False, id="status-quota")

    def on_mount(self) -> None:
        """Show what is known before any call."""
        self._timer = self.set_interval(1.0, self.show_quota, pause=True)
        self.show_quota()

    @property
    def activity_text(self) -> str:
        """What the client is doing, in words; empty where it does nothing."""
        return self._activity.describe(monotonic())

    def show_event(self, event: Event) -> None:
        """Show what the client reports."""
        self._activity = self._activity.with_event(event, monotonic())
        self.show_quota()

    def show_quota(self) -> None:
        """Show what is done and the quota, as they are now: no call."""
        doing, client = self.activity_text, self._account.client
        quota = QuotaText.of(client.quota, client.clock_offset, time.time())
        calls = Content.styled(quota.calls, "bold $text-warning" if quota.is_low else "bold")
        parts = [calls] if doing else [calls, Content(quota.reset), Content(quota.token)]
        place = self._account.origin or client.host
        where = Content.styled(doing, "$text-accent") if doing else one_line(place, 80)
        set_text(self.query_one("#status-where", Static), _GAP + where)
        set_text(
            self.query_one("#status-quota", Static), _GAP.join([part for part in parts if part])
        )
        self.set_class(bool(doing), "-doing")
        if self._timer is not None:
            (self._timer.resume if doing else self._timer.pause)()
