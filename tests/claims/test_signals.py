"""A signal ends the program in good order: the terminal as it was, no file left, its exit code.

Each test is the real program in a real terminal, forked from one that has loaded its modules. What
it does wrong with a broken start is shown last.
"""

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.claims.odd_service import Answer, Call, OddService, page, serve
from tests.claims.program import ForkedProgram, environment_of
from tests.claims.terminal import ProgramTerminal

SIGNALS = [signal.SIGTERM, signal.SIGHUP]
SIGN_IN = ["--url", "https://127.0.0.1:9", "--client-id", "id", "--username", "user"]

Opens = Callable[..., ProgramTerminal]


@pytest.fixture
def opens(tmp_path: Path) -> Iterator[Opens]:
    opened: list[ProgramTerminal] = []

    def start(words: Sequence[str], *texts: str, **given: object) -> ProgramTerminal:
        """Start the program and wait until it has written the texts."""
        opened.append(ProgramTerminal(words, tmp_path, **given))  # pyright: ignore[reportArgumentType]
        opened[-1].wait_for(*texts)
        return opened[-1]

    yield start
    for each in opened:
        each.close()


def assert_ended_well(terminal: ProgramTerminal, *numbers: signal.Signals) -> None:
    """Check the exit code, and that nothing is left: no mode, no file, no line of Python's."""
    assert terminal.wait_for_exit(12.0) in {128 + number for number in numbers}
    assert terminal.attributes == terminal.attributes_before
    assert terminal.modes_left_on == []
    assert terminal.files_left == []
    assert b"Traceback" not in terminal.raw
    assert b"never retrieved" not in terminal.raw
    assert b"Task was destroyed" not in terminal.raw


@pytest.fixture
def silent() -> Iterator[OddService]:
    """A service that takes a sign-in and answers no other call while the test runs."""
    over = threading.Event()

    def wait(_: Call) -> Answer | None:
        over.wait(30)
        return None

    with serve(wait) as service:
        yield service
        over.set()


@dataclass(frozen=True)
class Face:
    """A face, the text that shows that it is there, and the keys that open what is then waiting."""

    words: Sequence[str]
    texts: Sequence[str]
    keys: str = ""
    after: Sequence[str] = ()


FACES = {
    "explorer": Face(["demo"], ["ExternalID"]),
    "help": Face(["demo"], ["ExternalID"], "?", ["esc Close"]),
    "palette": Face(["demo"], ["ExternalID"], "\x10", ["Search"]),
    "add an entity": Face(["demo"], ["ExternalID"], "+", ["[Cc]ustom entity"]),
    "welcome": Face([], ["[Dd]emo", "Sign in"]),
    "prompt": Face(["repl", "--demo"], ["demo>"]),
    "prompt with text": Face(["repl", "--demo"], ["demo>"], "SELECT *\rFROM lead", ["FROM"]),
    "question": Face(["repl", "--demo"], ["demo>"], "DELETE lead/ABC\r", [r"y/N"]),
    "dashboard": Face(["fuzz", "--max-requests", "1000000"], ["Checks"]),
    "password": Face(["login", *SIGN_IN], ["secret"]),
}
SAMPLE = {"explorer", "add an entity", "prompt with text", "dashboard", "password"}
"""The others are run with `--all`."""


@pytest.mark.parametrize("name", FACES)
def test_a_face_leaves_the_terminal_as_it_was(opens: Opens, name: str, *, runs_whole: bool) -> None:
    if not (runs_whole or name in SAMPLE):
        return
    face = FACES[name]
    number = SIGNALS[list(FACES).index(name) % 2]
    terminal = opens(face.words, *face.texts)
    if face.keys:
        terminal.press(face.keys)
        terminal.wait_for(*face.after)
    terminal.send_signal(number)
    assert_ended_well(terminal, number)


@pytest.mark.parametrize("words", [[], ["repl"]], ids=["explorer", "prompt"])
def test_a_face_that_waits_for_a_service_ends_at_once(
    opens: Opens, silent: OddService, words: list[str]
) -> None:
    terminal = opens(words, "127.0.0.1", extra=silent.environment)
    if words:
        terminal.press("GET lead/ABC\r")
    terminal.wait_until(lambda: silent.calls, "a call")
    began = time.monotonic()
    terminal.send_signal(signal.SIGTERM)
    assert_ended_well(terminal, signal.SIGTERM)
    assert time.monotonic() - began < 5


@pytest.mark.parametrize("words", [["demo"], ["repl", "--demo"]], ids=["explorer", "prompt"])
def test_further_signals_do_not_break_off_the_end(opens: Opens, words: list[str]) -> None:
    terminal = opens(words, "ExternalID" if words == ["demo"] else "demo>")
    terminal.send_signal(signal.SIGTERM)
    for number in (signal.SIGHUP, signal.SIGTERM, signal.SIGTERM):
        terminal.read(0.05)
        if terminal.process.isalive():
            terminal.send_signal(number)
    # Two that wait when Python looks for signals are taken by their number, SIGHUP first.
    assert_ended_well(terminal, signal.SIGTERM, signal.SIGHUP)


@pytest.mark.parametrize("words", [["demo"], ["repl", "--demo"]], ids=["explorer", "prompt"])
def test_a_terminal_that_is_closed_ends_the_program(opens: Opens, words: list[str]) -> None:
    terminal = opens(words, "ExternalID" if words == ["demo"] else "demo>")
    assert terminal.hang_up() == 128 + signal.SIGHUP
    assert terminal.files_left == []


COMMANDS = {
    "list": ["list", "lead"],
    "query": ["query", "SELECT * FROM lead"],
    "a file": ["query", "--out", "leads.csv", "SELECT * FROM lead"],
    "a parquet file": ["query", "--out", "leads.parquet", "--yes", "SELECT * FROM lead"],
    "doctor": ["doctor"],
}


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_ends_with_its_signal_and_leaves_no_file(
    tmp_path: Path, silent: OddService, name: str
) -> None:
    number = SIGNALS[list(COMMANDS).index(name) % 2]
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    extra = {**silent.environment, "TMPDIR": str(temporary)}
    with ForkedProgram(COMMANDS[name], tmp_path, extra) as process:
        wait_until(lambda: silent.calls)
        process.send_signal(number)
        _, errors = process.communicate(timeout=20)
    assert process.returncode == 128 + number
    assert errors.decode().splitlines()[-1] == f"cmdm: Ended by {number.name}."
    assert b"Traceback" not in errors
    assert [one.name for one in tmp_path.glob("*leads*")] == []
    assert list(temporary.iterdir()) == []


def test_a_create_that_a_signal_breaks_off_says_that_it_may_have_been_done(
    tmp_path: Path, silent: OddService
) -> None:
    with ForkedProgram(
        ["create", "lead", "LastName=Jones"], tmp_path, silent.environment
    ) as process:
        wait_until(lambda: silent.calls)
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=20)
    assert process.returncode == 7
    assert b"it may have been done" in errors


def test_a_signal_that_nohup_has_ignored_stays_ignored(tmp_path: Path) -> None:
    is_heard = threading.Event()

    def wait(_: Call) -> Answer:
        is_heard.wait(30)
        return page([("A", {"LastName": "Jones"})])

    with serve(wait) as service:
        words = ["nohup", sys.executable, "-m", "cmdm_tui", "list", "lead"]
        environment = environment_of(tmp_path, service.environment)
        with subprocess.Popen(
            words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env=environment, cwd=tmp_path,
        ) as process:  # fmt: skip
            wait_until(lambda: service.calls)
            process.send_signal(signal.SIGHUP)
            is_heard.set()
            out, _ = process.communicate(timeout=20)
    assert process.returncode == 0
    assert b"Jones" in out


def wait_until(is_so: Callable[[], object]) -> None:
    end = time.monotonic() + 30
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.01)


DEAF = """
import contextlib, importlib
from cmdm_tui.cli import signals
main = importlib.import_module("cmdm_tui.cli.main")
main.end_on_signals = lambda: contextlib.nullcontext(signals.EndSignals())
main.main()
"""
NOT_CANCELLED = """
import importlib, time
from cmdm_tui.cli import signals
main = importlib.import_module("cmdm_tui.cli.main")
signals._SECONDS_TO_END = 0.5
signals.EndSignals.cancelling = lambda self, cancel: __import__("contextlib").nullcontext()
signals.EndedBySignal.__init__ = lambda self, *_: time.sleep(60)
main.main()
"""


@pytest.mark.parametrize("words", [["demo"], ["repl", "--demo"]], ids=["explorer", "prompt"])
def test_a_program_that_hears_no_signal_is_noticed(opens: Opens, words: list[str]) -> None:
    terminal = opens(words, "ExternalID" if words == ["demo"] else "demo>", code=DEAF)
    terminal.send_signal(signal.SIGTERM)
    with pytest.raises(AssertionError):
        assert_ended_well(terminal, signal.SIGTERM)
    assert terminal.attributes != terminal.attributes_before
    assert terminal.modes_left_on != []


def test_what_does_not_end_is_ended_with_the_terminal_as_it_was(opens: Opens) -> None:
    terminal = opens(["demo"], "ExternalID", code=NOT_CANCELLED)
    terminal.send_signal(signal.SIGTERM)
    assert_ended_well(terminal, signal.SIGTERM)
