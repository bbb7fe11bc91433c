"""The events of one account's client, told apart from those of the account before."""

from typing import TYPE_CHECKING

from cmdm_tui.operations.call_log import CallLog

if TYPE_CHECKING:
    from collections.abc import Callable

    from cmdm_tui.api import Event
    from cmdm_tui.catalog import Account


class AccountEvents:
    """Keeps the events of one client in a log, and passes them on, itself with them.

    Each account has its own `log`: a call is sent again where it was sent, and two clients number
    their calls alike. `account` is None until it has been opened.
    """

    def __init__(self, forward: "Callable[[AccountEvents, Event], None]") -> None:
        self.log = CallLog()
        self.account: Account | None = None
        self._forward = forward

    def __call__(self, event: "Event") -> None:
        """Keep an event, and pass it on."""
        self.log.add_event(event)
        self._forward(self, event)
