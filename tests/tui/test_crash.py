"""An unexpected error is a sentence and an entry in a log, and seldom the end of the explorer."""

import asyncio
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import httpx
import pytest
from textual.app import ComposeResult
from textual.message import Message
from textual.pilot import Pilot
from textual.screen import Screen
from textual.widget import Widget

from cmdm_tui.config import Paths
from cmdm_tui.tui import Explorer
from cmdm_tui.tui.crash import crash_report
from cmdm_tui.tui.models.error_log import ErrorLog
from cmdm_tui.tui.tolerant_app import TolerantApp
from cmdm_tui.tui.widgets.notice import Notice
from cmdm_tui.tui.widgets.record_view import RecordView
from tests.tui.driver import FixedProfiles, browse, press, wait_until_settled
from tests.tui.scripted_service import ScriptedService, profile

CRASHING = """
import sys
import httpx
from textual.app import App
from cmdm_tui.config import Credentials, Profile, SecretStr
from cmdm_tui.tui import Explorer

class Profiles:
    def load_profile(self, secrets, name):
        one = SecretStr("hunter2-kept")
        credentials = Credentials(one, one, "user", one)
        return Profile("main", "https://crm.example", credentials, "main")

def compose(self):
    password = "hunter2-in-a-local"
    raise RuntimeError("hunter2-in-a-message\\x1b[2J")

from cmdm_tui.tui.screens.browse.screen import BrowseScreen
BrowseScreen.compose = compose
if "--textual" in sys.argv:
    Explorer._handle_exception = App._handle_exception
app = Explorer(Profiles(), catalogs=None)
app.run(headless=True)
sys.exit(app.return_code or 0)
"""


def crash(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", CRASHING, *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_the_report_says_what_and_where_and_no_secret() -> None:
    ended = crash()
    assert ended.returncode == 1
    report = ended.stdout + ended.stderr
    assert "hunter2" not in report
    assert "\x1b" not in report
    assert "an unexpected RuntimeError" in report
    assert "compose" in report
    assert "Traceback" not in report


def test_the_report_of_textual_itself_would_hold_secrets() -> None:
    """The broken twin: what the explorer replaces does print locals."""
    ended = crash("--textual")
    assert "hunter2-in-a-local" in ended.stdout + ended.stderr


def test_an_error_that_was_never_raised_has_a_report_too() -> None:
    report = crash_report(KeyError("hunter2")).plain
    assert "KeyError" in report
    assert "hunter2" not in report


def test_the_report_is_safe_to_show() -> None:
    kind = type("Bad\x1b]0;x\x07", (Exception,), {})
    assert "\x1b" not in crash_report(kind()).plain


@pytest.mark.parametrize("depth", [1, 40])
def test_the_report_stays_short(depth: int) -> None:
    def fall(left: int) -> None:
        if left == 0:
            raise NotImplementedError
        fall(left - 1)

    with pytest.raises(NotImplementedError) as caught:
        fall(depth)
    assert len(crash_report(caught.value).plain.splitlines()) <= 13


class Broken(httpx.AsyncBaseTransport):
    """A transport with a fault of ours in it; a worker meets it."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        password = "hunter2-in-a-local"
        raise ZeroDivisionError(f"{password} hunter2-in-a-message\x1b[2J")


class Provoked(Message):
    """A message whose handler fails."""


def raise_error(*_: object) -> None:
    raise ZeroDivisionError("hunter2-in-a-message")


Provoke = Callable[[Pilot[None], pytest.MonkeyPatch], Awaitable[None]]


def told(app: Explorer) -> list[str]:
    return [notification.message for notification in app._notifications]


@pytest.fixture
def tolerant(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(TolerantApp, "is_tolerant", True)


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    return Paths(tmp_path / "config", tmp_path / "data")


@pytest.mark.usefixtures("tolerant")
async def test_an_error_in_a_worker_is_a_sentence_and_a_log(paths: Paths) -> None:
    app = Explorer(FixedProfiles(profile()), catalogs=None, transport=Broken(), paths=paths)
    async with app.run_test(size=(80, 24)) as pilot:
        await wait_until_settled(pilot)
        (sentence,) = told(app)
        assert "An unexpected ZeroDivisionError in tui/test_crash.py:" in sentence
        assert sentence.endswith(f"{paths.explorer_log} says more.")
        await press(pilot, "question_mark", "escape")
        assert browse(app).is_running
    assert not app.return_code
    log = paths.explorer_log.read_text("utf-8")
    assert "handle_async_request" in log
    assert "hunter2" not in log + sentence
    assert paths.explorer_log.stat().st_mode & 0o077 == 0


async def provoke_handler(pilot: Pilot[None], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(RecordView, "on_provoked", raise_error, raising=False)
    browse_records(pilot).post_message(Provoked())


async def provoke_command(pilot: Pilot[None], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(RecordView, "refresh_records", raise_error)
    await press(pilot, "r")


async def provoke_timer(pilot: Pilot[None], monkeypatch: pytest.MonkeyPatch) -> None:
    browse_records(pilot).set_timer(0.001, raise_error)
    while not told(explorer_of(pilot)):
        await pilot.pause()


async def provoke_callback(pilot: Pilot[None], monkeypatch: pytest.MonkeyPatch) -> None:
    browse_records(pilot).call_after_refresh(raise_error)


async def provoke_own_message(pilot: Pilot[None], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Explorer, "on_provoked", raise_error, raising=False)
    pilot.app.post_message(Provoked())


def explorer_of(pilot: Pilot[None]) -> Explorer:
    assert isinstance(pilot.app, Explorer)
    return pilot.app


def browse_records(pilot: Pilot[None]) -> RecordView:
    return browse(explorer_of(pilot)).records


@pytest.mark.usefixtures("tolerant")
@pytest.mark.parametrize(
    "provoke",
    [provoke_handler, provoke_command, provoke_timer, provoke_callback, provoke_own_message],
    ids=lambda provoke: provoke.__name__,
)
async def test_the_explorer_goes_on_after_an_error(
    service: ScriptedService, monkeypatch: pytest.MonkeyPatch, provoke: Provoke
) -> None:
    app = Explorer(FixedProfiles(profile()), catalogs=None, transport=service)
    async with app.run_test(size=(80, 24)) as pilot:
        await wait_until_settled(pilot)
        with monkeypatch.context() as patch:
            await provoke(pilot, patch)
            await wait_until_settled(pilot)
        assert "an unexpected ZeroDivisionError" in "".join(told(app)).casefold().replace(
            "zerodivisionerror", "ZeroDivisionError"
        )
        # What failed still takes messages, and so does everything else.
        before = len(service.calls)
        await press(pilot, "r", "down")
        assert len(service.calls) == before + 1
        assert browse(app).records.table.cursor_row == 1
    assert not app.return_code


@pytest.mark.usefixtures("tolerant")
async def test_a_screen_that_cannot_be_composed_ends_the_explorer(service: ScriptedService) -> None:
    class Incomplete(Screen[None]):
        def compose(self) -> ComposeResult:
            yield Notice()
            raise ZeroDivisionError

    app = Explorer(FixedProfiles(profile()), catalogs=None, transport=service)

    async def show() -> None:
        async with app.run_test(size=(80, 24)) as pilot:
            await wait_until_settled(pilot)
            app.push_screen(Incomplete())
            await wait_until_settled(pilot)

    with pytest.raises(ZeroDivisionError):
        await show()
    assert app.return_code == 1


@pytest.mark.usefixtures("tolerant")
async def test_a_part_that_cannot_be_painted_ends_the_explorer(
    service: ScriptedService, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = Explorer(FixedProfiles(profile()), catalogs=None, transport=service)

    async def paint() -> None:
        async with app.run_test(size=(80, 24)) as pilot:
            await wait_until_settled(pilot)
            monkeypatch.setattr(Widget, "render_lines", raise_error)
            for _ in range(500):
                app.screen.refresh()
                await asyncio.sleep(0.01)

    with pytest.raises(ZeroDivisionError):
        await paint()
    assert app.return_code == 1


def test_many_errors_in_a_short_time_are_too_many() -> None:
    log = ErrorLog(None)
    noted = [log.note_error(KeyError(), n / 10) for n in range(10)]
    assert [one.is_too_many for one in noted] == [False] * 9 + [True]
    assert [one.is_new for one in noted] == [True] + [False] * 9


def test_an_error_a_second_is_not_too_many_and_is_told_once_a_minute() -> None:
    log = ErrorLog(None)
    noted = [log.note_error(KeyError(), n * 2.0) for n in range(31)]
    assert not any(one.is_too_many for one in noted)
    assert [n for n, one in enumerate(noted) if one.is_new] == [0, 30]


def test_a_log_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    noted = ErrorLog(tmp_path / "file" / "errors.log").note_error(KeyError("hunter2"), 0.0)
    assert "cannot be written" in noted.sentence


def test_a_long_log_begins_again(tmp_path: Path) -> None:
    path = tmp_path / "errors.log"
    path.write_text("x" * 600_000)
    ErrorLog(path).note_error(KeyError(), 0.0)
    assert path.stat().st_size < 1_000
    assert path.with_name("errors.log.1").stat().st_size == 600_000
