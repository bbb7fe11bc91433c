"""What is reported of calls: long waits to everyone, everything in the log, a secret nowhere."""

import stat
from dataclasses import replace
from pathlib import Path

import pytest

from cmdm_tui.api import (
    CallFinished,
    CallInfo,
    Credentials,
    Event,
    NetworkError,
    PageRead,
    QuotaWait,
    RetryScheduled,
    SecretStr,
    SignInStarted,
    TotalChanged,
)
from cmdm_tui.cli.call_log import EventLogger, open_log_file
from cmdm_tui.cli.commands.interactive import ProfileSource
from cmdm_tui.cli.context import CommandContext
from cmdm_tui.cli.exit_codes import CommandFailure
from cmdm_tui.config import Profile
from cmdm_tui.sandbox import RunningInfo
from tests.cli.conftest import Command

CALL = CallInfo(3, "GET", "/lead?x=hunter2-secret")
CREDENTIALS = Credentials(
    SecretStr("the-client"), SecretStr("hunter2-secret"), "siân", SecretStr("hunter2-password")
)
EVENTS: list[Event] = [
    SignInStarted(CALL),
    CallFinished(CALL, 200, 0.0031, 1_163),
    QuotaWait(CALL, 12.0),
    RetryScheduled(CALL, 1, 0.3, NetworkError("broken by hunter2-password")),
    RetryScheduled(CALL, 2, 2.0, NetworkError("x \x1b[2J")),
    PageRead("lead", 2, 40),
    TotalChanged("lead", 30, 45),
]


def told(verbose: bool) -> tuple[list[str], list[str]]:
    shown: list[str] = []
    logged: list[str] = []
    teller = EventLogger(CREDENTIALS, show=shown.append, log=logged.append, verbose=verbose)
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
    open_log_file(path)("one")
    open_log_file(path)("two")
    assert [line.partition("  ")[2] for line in path.read_text().splitlines()] == ["one", "two"]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_log_file_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    for path in (tmp_path, tmp_path / "no" / "where", tmp_path / "link"):
        with pytest.raises(CommandFailure, match="cannot be written"):
            open_log_file(path)


def test_a_log_file_that_takes_no_more_fails_no_call_and_is_told_once(
    cmdm: Command, signed_in: RunningInfo
) -> None:
    ended = cmdm("--log-file", "/dev/full", "list", "lead", "--page", "1")
    assert (ended.code, signed_in.password in ended.err) == (0, False)
    assert ended.err.count("/dev/full cannot be written: No space left on device") == 1


def test_each_call_is_told_and_logged_when_asked(
    cmdm: Command, signed_in: RunningInfo, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    ended = cmdm("-v", "--log-file", str(log), "get", "lead", "--", signed_in.client_secret)
    assert ended.code == 4
    assert "GET /lead/…" in ended.err
    assert "signing in" in ended.err
    told = [line for line in ended.err.splitlines() if "#" in line]
    told += log.read_text().splitlines()
    assert len(told) == 4
    for secret in (signed_in.password, signed_in.client_secret):
        assert not any(secret in line for line in told)


def test_a_call_is_written_as_curl_and_not_made(cmdm: Command, signed_in: RunningInfo) -> None:
    ended = cmdm("api", "--curl", "POST", "lead", "--data", '{"LastName": "O\'Neill"}')
    assert ended.code == 0
    line = ended.out.decode()
    assert line.startswith(f"curl --request POST {signed_in.url}/api/v1/lead ")
    assert "Bearer $CMDM_TOKEN" in line
    assert signed_in.password not in line + ended.err
    assert cmdm("list", "lead", "--per-page", "1", "--page", "1").json["Total Records"] == "100"


def test_the_calls_of_a_script_are_told_and_logged_when_asked(
    cmdm: Command, signed_in: RunningInfo, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    calls = "GET lead?per_page=1&page=1; SELECT count(*) FROM lead;"
    ended = cmdm("-v", "--log-file", str(log), "repl", "-c", calls)
    assert ended.code == 0
    lines = log.read_text().splitlines()
    assert len([line for line in lines if "GET /lead" in line]) >= 1
    assert [line.partition("#")[2] for line in lines] == [
        line.partition("#")[2] for line in ended.err.splitlines() if line.startswith("cmdm: #")
    ]
    assert signed_in.password not in log.read_text()
    quiet = cmdm("--log-file", str(log), "repl", "-c", calls)
    assert "#" not in quiet.err
    assert len(log.read_text().splitlines()) > len(lines)


def test_an_account_that_a_face_opens_is_logged_once_and_its_other_listener_kept(
    signed_in: RunningInfo, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    profile = Profile("x", signed_in.url, CREDENTIALS, "x")
    context = CommandContext(None, {}, log_file=log)
    heard: list[object] = []
    listening = context.log_calls_of(replace(profile, on_event=heard.append), shows=False).on_event
    assert listening is not None
    listening(CallFinished(CALL, 200, 0.0031, 1_163))
    assert len(heard) == len(log.read_text().splitlines()) == 1
    assert CommandContext(None, {}).log_calls_of(profile, shows=True) is profile


def test_a_profile_that_the_explorer_keeps_has_the_options_of_the_command(
    home: Path, tmp_path: Path
) -> None:
    heard: list[object] = []
    context = CommandContext(
        None, {}, log_file=tmp_path / "log", timeout=7.0, record_profile=lambda _: heard.append
    )
    profiles = ProfileSource(context, logs_calls=True)
    made = profiles.save_profile("x", "https://crm.example.com", CREDENTIALS, place="ask")
    assert made.timeout == 7.0
    assert made.on_event is not None
    made.on_event(CallFinished(CALL, 200, 0.0031, 1_163))
    assert len(heard) == len((tmp_path / "log").read_text().splitlines()) == 1
