"""An unexpected error ends the explorer with a report that holds no value of the program."""

import subprocess
import sys

import pytest

from cmdm_tui.tui.crash import crash_report

CRASHING = """
import sys
import httpx
from textual.app import App
from cmdm_tui.config import Credentials, Profile, SecretStr
from cmdm_tui.tui import Explorer

class Broken(httpx.AsyncBaseTransport):
    async def handle_async_request(self, request):
        password = "hunter2-in-a-local"
        raise RuntimeError("hunter2-in-a-message\\x1b[2J")

class Profiles:
    def load_profile(self, secrets, name):
        one = SecretStr("hunter2-kept")
        credentials = Credentials(one, one, "user", one)
        return Profile("main", "https://crm.example", credentials, "main")

if "--textual" in sys.argv:
    Explorer._handle_exception = App._handle_exception
app = Explorer(Profiles(), catalogs=None, transport=Broken())
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
    assert "handle_async_request" in report
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
