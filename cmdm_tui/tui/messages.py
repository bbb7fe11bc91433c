"""Messages that more than one widget knows."""

from dataclasses import dataclass

from textual.message import Message

from cmdm_tui.api import ApiError, Event
from cmdm_tui.catalog import Account
from cmdm_tui.config import ConfigurationError

UserError = ApiError | ConfigurationError
"""What a user is told in words; its `str()` is one safe line. Anything else is a fault of ours."""

USER_ERRORS = (ApiError, ConfigurationError)


class CallReturned(Message):
    """A worker has come back from the service, well or not: the quota may have changed."""


class StateChanged(Message):
    """What can be done may have changed: the commands offered are to be looked at again."""


@dataclass
class CountKnown(Message):
    """An entity's total came along with something else: no call is needed to count it."""

    entity: str
    total: int


@dataclass
class ClientEvent(Message):
    """The client has told what it does."""

    event: Event


@dataclass
class AccountOpened(Message):
    """An account is there to be explored."""

    account: Account


class WelcomeRequested(Message):
    """There is no profile to open: choose between the demo and a sign-in."""

    def __init__(self, words: str) -> None:
        super().__init__()
        self.words = words
        """Why there is none; safe, one line."""


class DemoRequested(Message):
    """The demo is to be explored."""


class SignInRequested(Message):
    """A new profile is to be made."""
