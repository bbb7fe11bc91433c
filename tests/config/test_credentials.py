"""A secret shows itself nowhere, by whatever way it is shown."""

import copy
import dataclasses
import io
import json
import logging
import pickle
import pprint
import traceback
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from rich.console import Console
from rich.traceback import Traceback

from cmdm_tui.config import Credentials, Profile, SecretStr
from cmdm_tui.tui.crash import crash_report

VALUE = "hunter2"


class LeakySecret(SecretStr):
    """A broken twin: it tells what it holds."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"SecretStr({self._value!r})"

    def __str__(self) -> str:
        return self._value

    def __format__(self, format_spec: str) -> str:
        return format(self._value, format_spec)

    def __reduce__(self) -> Any:
        return (LeakySecret, (self._value,))

    def __getstate__(self) -> Any:
        return self._value

    def __getnewargs__(self) -> Any:
        return (self._value,)


def logged(secret: SecretStr) -> str:
    stream = io.StringIO()
    logger = logging.getLogger("cmdm-test")
    logger.addHandler(logging.StreamHandler(stream))
    logger.warning("%s %r %s", secret, secret, {"password": secret})
    return stream.getvalue()


def raised(secret: SecretStr) -> Exception:
    def fail(given: SecretStr, profile: Profile) -> None:
        raise ValueError(given, profile)

    try:
        fail(secret, profile_of(secret))
    except ValueError as error:
        return error
    raise AssertionError


def with_locals(secret: SecretStr) -> str:
    return "".join(
        traceback.TracebackException.from_exception(raised(secret), capture_locals=True).format()
    )


def rich_with_locals(secret: SecretStr) -> str:
    error = raised(secret)
    console = Console(file=io.StringIO(), width=200)
    shown = Traceback.from_exception(type(error), error, error.__traceback__, show_locals=True)
    console.print(shown)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def pickled(secret: SecretStr) -> str:
    with suppress(TypeError):
        return pickle.dumps(secret).decode("latin-1")
    return ""


def as_json(secret: SecretStr) -> str:
    with suppress(TypeError):
        return json.dumps({"password": secret}, default=str)
    return ""


def copied(secret: SecretStr) -> str:
    with suppress(TypeError):
        return str(copy.deepcopy(secret))
    return ""


def as_dictionary(secret: SecretStr) -> str:
    with suppress(TypeError):
        return str(dataclasses.asdict(profile_of(secret)))
    return ""


def state(secret: SecretStr) -> str:
    with suppress(TypeError):
        return str(secret.__getstate__())
    return ""


def profile_of(secret: SecretStr) -> Profile:
    return Profile("acme", "https://x", Credentials(secret, secret, "u", secret), "acme")


WAYS: dict[str, Callable[[SecretStr], str]] = {
    "repr": repr,
    "str": str,
    "a formatted string": lambda secret: f"{secret} {secret!r} {secret!s} {secret:>20}",
    "%-formatting": lambda secret: "%s %r" % (secret, secret),  # noqa: UP031
    "a container": lambda secret: str([secret, {secret: secret}]),
    "credentials": lambda secret: repr(profile_of(secret).credentials),
    "a profile": lambda secret: f"{profile_of(secret)}",
    "pretty print": lambda secret: pprint.pformat(profile_of(secret)),
    "a log": logged,
    "an exception": lambda secret: str(raised(secret)),
    "a traceback with locals": with_locals,
    "rich's traceback with locals": rich_with_locals,
    "a pickle": pickled,
    "JSON": as_json,
    "a copy": copied,
    "a dictionary": as_dictionary,
    "its state": state,
}


@pytest.mark.parametrize("way", WAYS)
def test_a_secret_shows_itself_nowhere(way: str) -> None:
    assert VALUE not in WAYS[way](SecretStr(VALUE))


@pytest.mark.parametrize("way", WAYS)
def test_each_way_would_show_a_secret_that_tells(way: str) -> None:
    assert VALUE in WAYS[way](LeakySecret(VALUE))


def test_a_crash_report_shows_not_even_one_that_tells() -> None:
    assert VALUE not in crash_report(raised(LeakySecret(VALUE))).plain


def test_a_report_with_the_errors_words_would() -> None:
    assert VALUE in f"{crash_report(raised(SecretStr(VALUE))).plain} {raised(LeakySecret(VALUE))}"


def test_it_is_told_only_when_asked() -> None:
    assert SecretStr(VALUE).reveal() == VALUE
    assert SecretStr(VALUE) == SecretStr(VALUE)
    assert SecretStr(VALUE) != VALUE
    assert not SecretStr("")
