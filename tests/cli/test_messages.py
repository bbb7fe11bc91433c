"""Messages on stderr: wrapped at words on a terminal, one line in a pipe."""

import io
import os
import sys

import pytest

from cmdm_tui.cli.main import run
from cmdm_tui.cli.messages import write_line, write_message


class Screen(io.StringIO):
    """A terminal of as many columns as `os.get_terminal_size` is told to say."""

    def isatty(self) -> bool:
        return True

    def fileno(self) -> int:
        return 2


def screen_of(columns: int, monkeypatch: pytest.MonkeyPatch) -> Screen:
    """Put a screen in the place of stderr, in the test itself: pytest has it before that."""
    screen = Screen()
    monkeypatch.setattr(sys, "stderr", screen)

    def find_size(_: int) -> os.terminal_size:
        return os.terminal_size((columns, 24))

    monkeypatch.setattr(os, "get_terminal_size", find_size)
    return screen


@pytest.mark.parametrize("columns", [40, 80, 100])
@pytest.mark.usefixtures("home")
def test_a_failure_is_wrapped_between_words(columns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    screen = screen_of(columns, monkeypatch)
    assert run(["list", "lead"]) == 2
    lines = screen.getvalue().splitlines()
    assert len(lines) > 1
    assert all(len(line) <= columns for line in lines)
    words = " ".join(lines).split()
    assert {"CMDM_URL,", "CMDM_CLIENT_ID,", "CMDM_CLIENT_SECRET,", "--demo"} <= set(words)


def test_a_pipe_gets_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    write_message("word " * 100 + "\x1b[2J")
    written = capsys.readouterr().err
    assert written.count("\n") == 1
    assert "\x1b" not in written
    assert len(written) > 500


def test_a_word_that_is_too_long_stays_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = screen_of(100, monkeypatch)
    address = "https://" + "x" * 120
    write_line(f"It is at {address} now.")
    assert address in screen.getvalue().splitlines()
