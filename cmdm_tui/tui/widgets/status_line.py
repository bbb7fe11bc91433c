"""The status line: profile, host, calls left, when they come back, and the token's time."""

import time

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import Static

from cmdm_tui.catalog import Account
from cmdm_tui.text import one_line
from cmdm_tui.tui.quota import QuotaWords

_GAP = Content.styled(" · ", "$foreground 40%")


class StatusLine(Horizontal):
    """One line on where calls go and how many are left, as the last answer told it."""

    def __init__(self, account: Account, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own name
        super().__init__(id=id)
        self._account = account

    def compose(self) -> ComposeResult:
        """Lay out where calls go, which may be cut, beside how many are left, which may not."""
        profile = Content.styled(one_line(self._account.profile.name, 24), "bold $text-accent")
        host = Content(one_line(self._account.client.host, 80))
        yield Static(_GAP.join([profile, host]), markup=False, id="status-where")
        yield Static(markup=False, id="status-quota")

    def on_mount(self) -> None:
        """Show what is known before any call."""
        self.show_quota()

    def show_quota(self) -> None:
        """Show the quota as it is now: no call."""
        client = self._account.client
        words = QuotaWords.of(client.quota, client.clock_offset, time.time())
        calls = Content.styled(words.calls, "bold $text-warning" if words.is_low else "bold")
        parts = [calls, Content(words.reset), Content(words.token)]
        self.query_one("#status-quota", Static).update(_GAP.join([part for part in parts if part]))
