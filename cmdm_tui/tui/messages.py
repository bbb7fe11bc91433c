"""Messages that more than one widget knows."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from textual.message import Message

from cmdm_tui.tui.account_opener import AccountChoice

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from cmdm_tui.api import ApiError, Event
    from cmdm_tui.catalog import Account
    from cmdm_tui.config import ConfigurationError

    UserError = ApiError | ConfigurationError
    """An error shown to the user: its `str()` is one safe line. Any other one is a bug of ours."""

    USER_ERRORS: tuple[type[ApiError], type[ConfigurationError]]


def __getattr__(name: str) -> Any:
    """Import the errors, and the client with them, when first asked for: it paints before that."""
    if name not in {"UserError", "USER_ERRORS"}:
        raise AttributeError(name)
    from cmdm_tui.api import ApiError
    from cmdm_tui.config import ConfigurationError

    return (
        (ApiError, ConfigurationError) if name == "USER_ERRORS" else ApiError | ConfigurationError
    )


MainScreenName = Literal["records", "query", "calls", "changes"]
"""The screens that show an opened account."""


class CallReturned(Message):
    """A call to the service has returned or failed: the quota may have changed."""


class StateChanged(Message):
    """Other commands may apply than before."""


class CountsChanged(Message):
    """The catalog holds another record count than before."""


@dataclass
class ClientEvent(Message):
    """The client has reported what it does."""

    event: "Event"


@dataclass
class AccountOpened(Message):
    """An account was opened."""

    account: "Account"


class WelcomeRequested(Message):
    """Show the choice between the demo and a sign-in."""

    def __init__(self, words: str) -> None:
        super().__init__()
        self.words = words
        """Why the choice is shown; safe, one line."""


@dataclass
class AccountRequested(Message):
    """Open an account; the one that is open stays until the other is there."""

    choice: AccountChoice


class SwitchRequested(Message):
    """Offer the profiles, the demo and a sign-in; the account that is open stays."""


class ReturnRequested(Message):
    """Go back to the account that is open."""


@dataclass
class ScreenRequested(Message):
    """Show one of the main screens, as it was left."""

    name: MainScreenName


@dataclass
class PartRequested(Message):
    """Open a part of a screen: keys that are pressed meanwhile wait, and go to that part."""

    open_part: "Callable[[], Awaitable[None]]"


class SignInRequested(Message):
    """Show the form that makes a profile."""
