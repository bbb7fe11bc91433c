"""A fault of cmdm itself is one line at every face: what, where, how to see more, and no secret.

The fault is planted in the real program: an error whose message holds the password and the token.
"""

import json
import re
from collections.abc import Sequence
from pathlib import Path

import httpx
import pytest

from tests.claims.odd_service import Answer, OddService, Rows, serve
from tests.claims.program import MAIN, Ended, ForkedProgram, run_cmdm
from tests.claims.terminal import ProgramTerminal
from tests.redaction.plain_search import find_shown

TOKEN = "tok-A1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q7r8S9t0"
PASSWORD = "p@ss/w\"rd & 9Zx'7 <q>"

WORDS = f"""
import os
def fail(*_, **__):
    password = os.environ.get("CMDM_PASSWORD", "")
    raise RuntimeError(f"It holds {TOKEN} and {{password!r}} \\x1b[2J, {{password}}")
"""
CLIENT = (
    WORDS
    + """
import httpx
send = httpx.AsyncHTTPTransport.handle_async_request
async def failing(self, request):
    answer = await send(self, request)
    return answer if "authenticate" in str(request.url) else fail()
httpx.AsyncHTTPTransport.handle_async_request = failing
"""
)
HARNESS = (
    WORDS
    + """
from cmdm_tui.harness.service import Service
Service.use_token_of = fail
"""
)
SERVER = (
    WORDS
    + """
from cmdm_tui.sandbox.routes import ApiHandlers
async def failing(*_):
    fail()
ApiHandlers.list_records = failing
"""
)
THREADS = (
    WORDS
    + """
import asyncio, threading
import httpx
class Dropped:
    __del__ = fail
send = httpx.AsyncHTTPTransport.handle_async_request
async def failing(self, request):
    asyncio.get_running_loop().create_task(coroutine())
    thread = threading.Thread(target=fail)
    thread.start()
    thread.join()
    Dropped()
    return await send(self, request)
async def coroutine():
    fail()
httpx.AsyncHTTPTransport.handle_async_request = failing
"""
)


def plant(fault: str) -> str:
    """Return a start of the program that has a fault."""
    return f"exec(compile({fault!r}, 'planted/fault.py', 'exec'))\n{MAIN}"


def environment_of(service: OddService) -> dict[str, str]:
    service.sign_in = lambda call: Answer.of({"token": TOKEN})
    return {**service.environment, "CMDM_PASSWORD": PASSWORD}


def assert_concealed(text: str) -> None:
    for secret in (TOKEN, PASSWORD):
        assert find_shown(secret, text) == "", text
    assert "\x1b[2J" not in text.replace("\x1b[2J\x1b[H", "")


def assert_one_line(ended: Ended, code: int = 1) -> None:
    """Check the exit code, and that one line says what it was, where, and how to see more."""
    assert ended.code == code, ended.all
    assert_concealed(ended.all)
    assert "Traceback" not in ended.all
    lines = [line for line in ended.err.splitlines() if "fault of cmdm" in line]
    assert len(lines) == 1, ended.err
    assert re.match(r"cmdm: An unexpected RuntimeError in \S+\.py:\d+ fail ", lines[0])
    assert "CMDM_DEBUG=1" in lines[0]


DOORS: dict[str, tuple[Sequence[str], bytes, int]] = {
    "list": (["list", "lead"], b"", 1),
    "query": (["query", "--yes", "SELECT * FROM lead"], b"", 1),
    "create": (["create", "lead", "LastName=Jones"], b"", 7),
    "prompt": (["repl"], b"GET lead?page=1&per_page=1\n", 1),
    "doctor": (["doctor"], b"", 1),
}


@pytest.mark.parametrize("door", DOORS)
def test_a_fault_is_one_line(tmp_path: Path, door: str) -> None:
    words, stdin, code = DOORS[door]
    with serve(rows=list(Rows(2))) as service:
        ended = run_cmdm(
            "-v", *words,
            home=tmp_path, extra=environment_of(service), stdin=stdin, code=plant(CLIENT),
        )  # fmt: skip
    assert_one_line(ended, code)
    assert ("It may have been done" in ended.err) == (code == 7)


@pytest.mark.parametrize(
    "words",
    [
        ["fuzz", "--plain", "--max-requests", "5"],
        ["verify", "get-lead"],
        ["record", "get-lead", "--into", "recorded"],
    ],
    ids=lambda words: words[0],
)
def test_a_fault_of_the_harness_is_one_line(tmp_path: Path, words: list[str]) -> None:
    ended = run_cmdm(*words, home=tmp_path, code=plant(HARNESS))
    assert_one_line(ended)


def test_a_worker_that_fails_is_a_line(tmp_path: Path) -> None:
    words = ["fuzz", "--plain", "--max-requests", "5", "--workers", "2"]
    # The worker is a process that starts anew.
    folder = tmp_path / "planted"
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(HARNESS)
    ended = run_cmdm(*words, home=tmp_path, extra={"PYTHONPATH": str(folder)})
    assert ended.code == 2
    assert_concealed(ended.all)
    assert "an unexpected RuntimeError in planted/sitecustomize.py" in ended.err
    assert "Traceback" not in ended.err


def test_the_sandbox_logs_the_place_alone(tmp_path: Path) -> None:
    words = ["sandbox", "serve", "--json", "--port", "0", "--records", "1", "--data", "crm"]
    extra = {"CMDM_PASSWORD": PASSWORD}
    with ForkedProgram(words, tmp_path, extra, code=plant(SERVER)) as one:
        assert one.stdout is not None
        told = json.loads(one.stdout.readline())
        names = ("client_id", "client_secret", "username", "password")
        given = {name: told[name] for name in names}
        base = f"{told['url']}/api/v1"
        token = httpx.post(f"{base}/authenticate", headers=given).json()["token"]
        answer = httpx.get(f"{base}/lead", headers={"Authorization": f"Bearer {token}"})
        one.terminate()
        _, errors = one.communicate(timeout=20)
    assert answer.status_code == 500
    assert_concealed(answer.text + errors.decode())
    assert "an unexpected RuntimeError in planted/fault.py" in errors.decode()
    assert "Traceback" not in errors.decode()


def test_what_ends_nothing_is_a_line_too(tmp_path: Path) -> None:
    with serve(rows=list(Rows(2))) as service:
        ended = run_cmdm(
            "list", "lead", home=tmp_path, extra=environment_of(service), code=plant(THREADS)
        )
    assert ended.code == 0
    assert "Name 1" in ended.out
    assert_concealed(ended.all)
    assert "Traceback" not in ended.err
    begun = {line.split(": ")[1] for line in ended.err.splitlines() if "fault of cmdm" in line}
    assert begun >= {"A thread", "Cleaning up", "Task exception was never retrieved"}, ended.err


@pytest.mark.parametrize("door", ["list", "prompt"])
def test_a_traceback_that_is_asked_for_holds_no_secret(tmp_path: Path, door: str) -> None:
    words, stdin, _ = DOORS[door]
    with serve(rows=list(Rows(2))) as service:
        extra = {**environment_of(service), "CMDM_DEBUG": "1"}
        ended = run_cmdm(*words, home=tmp_path, extra=extra, stdin=stdin, code=plant(CLIENT))
    assert ended.code == 1
    assert_concealed(ended.all)
    assert "Traceback" in ended.err
    assert "RuntimeError: It holds … and " in ended.err


@pytest.mark.parametrize("words", [[], ["repl"]], ids=["explorer", "prompt"])
@pytest.mark.parametrize("debug", ["", "1"])
def test_a_fault_in_a_terminal_leaves_it_and_shows_none(
    tmp_path: Path, words: list[str], debug: str
) -> None:
    with serve(rows=list(Rows(2))) as service:
        extra = {**environment_of(service), "CMDM_DEBUG": debug}
        terminal = ProgramTerminal(words, tmp_path, extra, code=plant(CLIENT))
        try:
            if words:
                terminal.wait_for("environment>")
                terminal.press("GET lead\r")
            else:  # it goes on, and says so where the records would be
                terminal.wait_for("a fault of cmdm", "t tries again")
                terminal.press("q")
            code = terminal.wait_for_exit()
        finally:
            terminal.close()
    shown = re.sub(rb"\x1b\[[0-9;?]*[a-zA-Z]|\r?\n", b"", terminal.raw).decode(errors="replace")
    assert code == (1 if words else 0)
    assert terminal.attributes_before
    assert terminal.modes_left_on == []
    assert_concealed(shown)
    assert "fault of cmdm" in shown
    assert "unexpected RuntimeError" in shown
    if not words:
        (log,) = tmp_path.rglob("errors.log")
        shown = log.read_text()
        assert_concealed(shown)
        assert "unexpected RuntimeError" in shown
    assert ("Traceback" in shown) == bool(debug)


@pytest.mark.parametrize("debug", ["", "1"])
def test_without_concealment_it_would_be_noticed(tmp_path: Path, debug: str) -> None:
    """The broken twin: Python's own report, and a traceback that nothing is concealed in."""
    bare = """
from cmdm_tui.redaction import redactor
redactor.Redactor.__call__ = redactor.Redactor.redact_values = lambda self, line: line
"""
    if not debug:
        bare += """
from cmdm_tui.cli import crashes
import importlib
main = importlib.import_module("cmdm_tui.cli.main")
def raise_again(error):
    raise error
main._report_error, main.report_all_crashes = raise_again, lambda: None
"""
    with serve(rows=list(Rows(2))) as service:
        extra = {**environment_of(service), "CMDM_DEBUG": debug}
        ended = run_cmdm("list", "lead", home=tmp_path, extra=extra, code=plant(CLIENT + bare))
    with pytest.raises(AssertionError):
        assert_concealed(ended.all)
    with pytest.raises(AssertionError):
        assert_one_line(ended)


def test_a_line_of_the_system_holds_none(tmp_path: Path) -> None:
    """An OSError is no fault of cmdm, but its words can hold anything too."""
    fault = CLIENT.replace("RuntimeError(", "OSError(")
    with serve(rows=list(Rows(2))) as service:
        ended = run_cmdm(
            "list", "lead", home=tmp_path, extra=environment_of(service), code=plant(fault)
        )
    assert ended.code != 0
    assert_concealed(ended.all)
    assert "Traceback" not in ended.err
