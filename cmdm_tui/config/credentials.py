"""What signs in: secrets that show nowhere, in repr, logs, tracebacks or formatted output."""

import re
from dataclasses import dataclass
from typing import Literal, NoReturn

SecretName = Literal["client_secret", "password"]

SECRET_NAMES: tuple[SecretName, ...] = ("client_secret", "password")
"""The two of the four values of a sign-in that a profile's table does not hold."""

PROFILE_VARIABLES = {
    "url": "CMDM_URL",
    "client_id": "CMDM_CLIENT_ID",
    "client_secret": "CMDM_CLIENT_SECRET",
    "username": "CMDM_USERNAME",
    "password": "CMDM_PASSWORD",
}
"""The environment variables that make a profile for one call."""

_MOST_NOTED = 1_000
_noted: dict[str, None] = {}

_SENDABLE = re.compile(r"[!-~]+(?: +[!-~]+)*")


def note_secret(value: str) -> None:
    """Remember a secret for as long as the process lasts; of many, the latest are remembered."""
    if not value:
        return
    _noted.pop(value, None)
    _noted[value] = None
    while len(_noted) > _MOST_NOTED:
        _noted.pop(next(iter(_noted)), None)


class SecretStr:
    """Holds a secret; `reveal()` is the only way to it."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value
        note_secret(value)

    def reveal(self) -> str:
        """Return the secret itself."""
        return self._value

    def __repr__(self) -> str:
        return "SecretStr('…')"

    def __str__(self) -> str:
        return "…"

    def __format__(self, format_spec: str) -> str:
        return format("…", format_spec)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SecretStr) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)

    def __bool__(self) -> bool:
        return bool(self._value)

    def __reduce__(self) -> NoReturn:
        message = "a secret is not to be pickled or copied"
        raise TypeError(message)

    def __getstate__(self) -> NoReturn:
        self.__reduce__()


UNKNOWN_SECRET = SecretStr("")
"""Stands for a secret that is kept nowhere and was not asked for."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """The four values that sign in (`api.md`, authenticate)."""

    client_id: SecretStr
    client_secret: SecretStr
    username: str
    password: SecretStr

    @property
    def has_secrets(self) -> bool:
        """Whether they can sign in; else a token that is kept is all there is."""
        return self.client_secret is not UNKNOWN_SECRET and self.password is not UNKNOWN_SECRET

    def reveal_all(self) -> dict[str, str]:
        """Return the four values, each by its name in a sign-in (`client_id`)."""
        return {
            "client_id": self.client_id.reveal(),
            "client_secret": self.client_secret.reveal(),
            "username": self.username,
            "password": self.password.reveal(),
        }


def list_noted_secrets() -> tuple[str, ...]:
    """Return the secrets that this process has held, for what conceals them in a traceback."""
    return tuple(_noted)


def forget_secrets() -> None:
    """Forget the secrets that this process has held: tests serve several users in turn."""
    _noted.clear()


def is_sendable(token: str) -> bool:
    """Return whether a header can carry the token: printable ASCII with no space at an end."""
    return _SENDABLE.fullmatch(token) is not None
