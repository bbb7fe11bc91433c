"""The status line: profile, host, calls left, when they come back, and the token's time."""

import time

from textual.content import Content
from textual.widgets import Static

from cmdm_tui.catalog import Account
from cmdm_tui.tui.quota import QuotaWords
from cmdm_tui.tui.values import line

_GAP = "  ·  "


class StatusLine(Static):
    """One line on where calls go and how many are left, as the last answer told it."""

    def __init__(self, account: Account, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(markup=False, id=id)
        self._account = account

    def on_mount(self) -> None:
        """Show what is known before any call."""
        self.show_quota()

    def show_quota(self) -> None:
        """Show the quota as it is now: no call."""
        client = self._account.client
        words = QuotaWords.of(client.quota, client.clock_offset, time.time())
        parts = [
            line(self._account.profile.name, 24).stylize("bold $text-accent"),
            line(client.host, 40),
        ]
        if words.calls:
            parts.append(Content.styled(words.calls, "bold $text-warning" if words.is_low else ""))
        parts += [Content(part) for part in (words.reset, words.token) if part]
        self.update(Content.styled(_GAP, "$foreground 40%").join(parts))
