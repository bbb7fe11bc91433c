"""What is told of calls: waits unasked, everything in the log, and no secret anywhere."""

import stat
from pathlib import Path

import pytest

from cmdm_tui.api import (
    Answered,
    Call,
    Credentials,
    Event,
    NetworkError,
    PageRead,
    Retrying,
    SecretStr,
    SigningIn,
    TotalChanged,
    Waiting,
)
from cmdm_tui.cli.exits import Failure
from cmdm_tui.cli.telling import Teller, to_file

CALL = Call(3, "GET", "/lead?x=hunter2-secret")
CREDENTIALS = Credentials(
    SecretStr("the-client"), SecretStr("hunter2-secret"), "siân", SecretStr("hunter2-password")
)
EVENTS: list[Event] = [
    SigningIn(CALL),
    Answered(CALL, 200, 0.0031, 1_163),
    Waiting(CALL, 12.0),
    Retrying(CALL, 1, 0.3, NetworkError("broken by hunter2-password")),
    Retrying(CALL, 2, 2.0, NetworkError("x \x1b[2J")),
    PageRead("lead", 2, 40),
    TotalChanged("lead", 30, 45),
]


def told(verbose: bool) -> tuple[list[str], list[str]]:
    shown: list[str] = []
    logged: list[str] = []
    teller = Teller(CREDENTIALS, show=shown.append, log=logged.append, verbose=verbose)
    for event in EVENTS:
        teller(event)
    return shown, logged


def test_unasked_only_what_one_would_wonder_about_is_shown() -> None:
    shown, _ = told(verbose=False)
    assert shown == [
        "#3 waits 12 s: no call is left before the reset",
        "#3 attempt 2 failed: x ␛[2J; again in 2.0 s",
        "lead changed while it was read: 30 records before, 45 now",
    ]


def test_asked_for_everything_is_shown_and_the_log_has_it_anyway() -> None:
    shown, logged = told(verbose=True)
    assert len(shown) == len(logged) == len(EVENTS)
    assert logged[1] == "#3 200  3.1 ms  1,163 B  GET /lead?x=…"
    assert told(verbose=False)[1] == logged


def test_no_line_holds_a_secret() -> None:
    assert not any("hunter2" in line for lines in told(verbose=True) for line in lines)


def test_a_log_file_is_for_its_owner_and_is_added_to(tmp_path: Path) -> None:
    path = tmp_path / "log"
    to_file(path)("one")
    to_file(path)("two")
    assert [line.partition("  ")[2] for line in path.read_text().splitlines()] == ["one", "two"]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_log_file_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    for path in (tmp_path, tmp_path / "no" / "where", tmp_path / "link"):
        with pytest.raises(Failure, match="cannot be written"):
            to_file(path)
