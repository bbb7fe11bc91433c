"""The dashboard on a terminal of its own: how it is left, and what is left behind."""

import signal
import sys
from collections.abc import Callable, Iterator

import pexpect
import pytest

from tests.pytest_plugin.conftest import ROOT
from tests.terminals import end_program, restore_interrupts

Opens = Callable[[str], "pexpect.spawn[str]"]

PROGRAM = """
import multiprocessing, threading
from cmdm_tui.harness.report.dashboard import watch_run
from cmdm_tui.harness.report import ResultCollector
from tests.harness.report.events import ended, short_run, started

collector = ResultCollector("cmdm fuzz")

def run(stop):
    collector(started())
{body}

try:
    print("RESULT", watch_run(collector, run))
except LookupError as error:
    print("RAISED", error)
"""
WAITS = '    assert stop.wait(60)\n    collector(ended(reason="stopped"))\n    return "ended"'


@pytest.fixture
def opens(monkeypatch: pytest.MonkeyPatch) -> Iterator[Opens]:
    monkeypatch.setenv("TERM", "xterm-256color")
    opened: list[pexpect.spawn[str]] = []

    def run(body: str) -> "pexpect.spawn[str]":
        child: pexpect.spawn[str] = pexpect.spawn(
            sys.executable, ["-c", PROGRAM.format(body=body)], cwd=str(ROOT),
            dimensions=(24, 80), timeout=60, encoding="utf-8", preexec_fn=restore_interrupts,
        )  # fmt: skip
        opened.append(child)
        return child

    yield run
    for child in opened:
        end_program(child)


@pytest.mark.parametrize("key", ["q", "\x03"], ids=["q", "Ctrl-C"])
def test_leaving_ends_the_run_and_gives_its_result(opens: Opens, key: str) -> None:
    child = opens(WAITS)
    child.expect("requests")
    child.send(key)
    child.expect("RESULT ended")
    child.expect(pexpect.EOF)
    child.wait()
    child.close()
    assert child.exitstatus == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_run_as_a_key_does(opens: Opens, number: signal.Signals) -> None:
    child = opens(WAITS)
    child.expect("requests")
    child.kill(number)
    child.expect("RESULT ended")


@pytest.mark.parametrize(("term", "is_screen"), [("dumb", False), ("xterm-256color", True)])
def test_a_terminal_that_can_show_no_screen_gets_lines(
    monkeypatch: pytest.MonkeyPatch, term: str, is_screen: bool
) -> None:
    monkeypatch.setenv("TERM", term)
    code = "from cmdm_tui.cli.main import main; main(['fuzz', '--max-requests', '3'])"
    child: pexpect.spawn[str] = pexpect.spawn(
        sys.executable, ["-c", code], cwd=str(ROOT), timeout=60, encoding="utf-8"
    )
    child.expect(r"3 of 3 requests" if is_screen else r"No failure\.")
    assert ("\x1b" in str(child.before)) is is_screen
    end_program(child)


def test_the_terminal_is_as_it_was_afterwards(opens: Opens) -> None:
    child = opens(WAITS)
    child.expect("requests")
    child.send("q")
    child.expect(r"\x1b\[\?1049l")
    child.expect("RESULT ended")
    assert "\x1b[?1049h" not in str(child.before)


def test_what_the_run_raises_is_told_after_the_screen_was_left(opens: Opens) -> None:
    child = opens('    raise LookupError("no such target")')
    child.expect("the run ended with an error")
    child.send("q")
    child.expect("RAISED no such target")


def test_a_run_may_have_processes_of_its_own(opens: Opens) -> None:
    child = opens(
        '    queue = multiprocessing.get_context("spawn").Queue()\n'
        "    queue.put(1)\n"
        '    return f"shared {queue.get()}"'
    )
    child.expect("over:")
    child.send("q")
    child.expect("RESULT shared 1")
