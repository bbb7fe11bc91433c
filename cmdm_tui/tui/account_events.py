"""The events of one account's client, told apart from those of the account before."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from cmdm_tui.api import Event
    from cmdm_tui.catalog import Account


class AccountEvents:
    """Takes the events of one client and passes them on, itself with them.

    `client` is the client's number in the call log; `account` is None until it has been opened.
    """

    def __init__(self, client: int, forward: "Callable[[AccountEvents, Event], None]") -> None:
        self.client = client
        self.account: Account | None = None
        self._forward = forward

    def __call__(self, event: "Event") -> None:
        """Pass on an event."""
        self._forward(self, event)
