"""Stores secrets in the system's keyring, which may be missing, refuse or hang."""

import threading
from collections.abc import Callable, Iterable, Mapping
from importlib import import_module
from importlib.util import find_spec
from typing import Protocol, TypeVar, cast

from cmdm_tui.config.credentials import SecretName, SecretStr
from cmdm_tui.config.errors import KeyringFailed

TIME_LIMIT = 3.0
"""Seconds that the keyring may take over one question."""

_SERVICE = "cmdm"
_Result = TypeVar("_Result")


class _Keyring(Protocol):
    """The part of the `keyring` package that is used here."""

    def get_keyring(self) -> object: ...
    def get_password(self, service: str, name: str) -> str | None: ...
    def set_password(self, service: str, name: str, value: str) -> None: ...
    def delete_password(self, service: str, name: str) -> None: ...


def is_installed() -> bool:
    """Return whether the package is installed; whether its keyring answers is seen on use."""
    return find_spec("keyring") is not None


def read_keyring(profile: str, wanted: Iterable[SecretName]) -> dict[SecretName, SecretStr]:
    """Return those of the `wanted` secrets that the keyring holds. Raises KeyringFailed."""

    def read(keyring: _Keyring) -> dict[SecretName, SecretStr]:
        found: dict[SecretName, SecretStr] = {}
        for name in wanted:
            value = keyring.get_password(_SERVICE, _entry(profile, name))
            if value:
                found[name] = SecretStr(value)
        return found

    return _call_keyring(read)


def write_keyring(profile: str, secrets: Mapping[SecretName, SecretStr]) -> None:
    """Store the secrets in the keyring. Raises KeyringFailed, also where it would show them."""

    def write(keyring: _Keyring) -> None:
        if _is_plain_text(keyring.get_keyring()):
            message = "The keyring here is a file in plain text, and nothing was kept in it"
            raise KeyringFailed(f"{message}. Use --secrets file if that is what you want.")
        for name, secret in secrets.items():
            keyring.set_password(_SERVICE, _entry(profile, name), secret.reveal())
            if keyring.get_password(_SERVICE, _entry(profile, name)) != secret.reveal():
                raise KeyringFailed("The keyring did not keep what it was given. " + _ADVICE)

    _call_keyring(write)


def clear_keyring(profile: str, names: Iterable[SecretName]) -> list[SecretName]:
    """Remove the secrets from the keyring; return those that were there. Raises KeyringFailed."""

    def clear(keyring: _Keyring) -> list[SecretName]:
        removed: list[SecretName] = []
        for name in names:
            if keyring.get_password(_SERVICE, _entry(profile, name)) is not None:
                keyring.delete_password(_SERVICE, _entry(profile, name))
                removed.append(name)
        return removed

    return _call_keyring(clear)


_ADVICE = "Unlock it, or keep the secrets elsewhere with cmdm login --secrets."


def _entry(profile: str, name: SecretName) -> str:
    return f"{profile}/{name}"


def _call_keyring(question: Callable[[_Keyring], _Result]) -> _Result:
    """Put the question in a thread that can be left behind, as a hanging keyring must be.

    What a keyring says of its failure is not shown: it could hold anything.
    """
    answers: list[_Result] = []
    failures: list[Exception] = []

    def ask() -> None:
        try:
            answers.append(question(cast("_Keyring", import_module("keyring"))))
        except Exception as error:  # noqa: BLE001 — a keyring may raise anything; it is reported below
            failures.append(error)

    thread = threading.Thread(target=ask, name="keyring", daemon=True)
    thread.start()
    thread.join(TIME_LIMIT)
    if answers:
        return answers[0]
    if not failures:
        raise KeyringFailed(f"The keyring did not answer within {TIME_LIMIT:g} seconds. {_ADVICE}")
    (failure,) = failures
    if isinstance(failure, KeyringFailed):
        raise failure
    if isinstance(failure, ModuleNotFoundError) and failure.name == "keyring":
        message = "The keyring needs a package that is not here: install cmdm-tui[keyring]."
        raise KeyringFailed(message) from None
    raise KeyringFailed(f"The keyring refused ({type(failure).__name__}). {_ADVICE}") from None


def _is_plain_text(backend: object) -> bool:
    """Return whether the backend, or the first in a chain of backends, stores plain text."""
    chain: object = getattr(backend, "backends", None)
    if isinstance(chain, list | tuple) and chain:
        backend = cast("list[object] | tuple[object, ...]", chain)[0]
    return any("Plaintext" in kind.__name__ for kind in type(backend).__mro__)
