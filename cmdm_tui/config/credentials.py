"""Secrets: texts that show themselves nowhere, in repr, logs, tracebacks or formatted output."""

from dataclasses import dataclass
from typing import Literal, NoReturn

SecretName = Literal["client_secret", "password"]

SECRET_NAMES: tuple[SecretName, ...] = ("client_secret", "password")
"""The two of the four values of a sign-in that are no part of a profile's table."""


class SecretStr:
    """Hold a secret; `reveal()` is the only way to it."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

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


@dataclass(frozen=True, slots=True)
class Credentials:
    """The four values that sign in (`api.md`, authenticate)."""

    client_id: SecretStr
    client_secret: SecretStr
    username: str
    password: SecretStr
