"""The real program in a pseudo-terminal, as a newcomer meets it."""

import os
import re
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pexpect
import pyte
import pytest

from tests.terminals import end_program, restore_interrupts

DEADLINE = 30.0
DOWN = "\x1b[B"


class Terminal:
    """The program on a screen of so many columns and lines."""

    def __init__(self, *words: str, home: Path, columns: int = 80, lines: int = 24) -> None:
        environment = {
            "HOME": str(home),
            "XDG_CONFIG_HOME": str(home / "config"),
            "XDG_DATA_HOME": str(home / "data"),
            "PATH": os.environ["PATH"],
            "TERM": "xterm-256color",
            "LANG": "C.UTF-8",
        }
        self.screen = pyte.Screen(columns, lines)
        self._stream = pyte.ByteStream(self.screen)
        self.raw = b""
        self.process: pexpect.spawn[bytes] = pexpect.spawn(
            sys.executable,
            ["-m", "cmdm_tui", *words],
            env=environment,  # pyright: ignore[reportArgumentType]
            dimensions=(lines, columns),
            timeout=DEADLINE,
            preexec_fn=restore_interrupts,
        )

    @property
    def text(self) -> str:
        return "\n".join(self.screen.display)

    def press(self, keys: str) -> None:
        self.process.send(keys)

    def resize(self, columns: int, lines: int) -> None:
        self.screen.resize(lines, columns)
        self.process.setwinsize(lines, columns)

    def wait_for(self, *patterns: str) -> None:
        """Read until the screen shows every pattern."""
        self.wait_until(
            lambda: all(re.search(pattern, self.text) for pattern in patterns), str(patterns)
        )

    def wait_until(self, is_so: Callable[[], object], what: str) -> None:
        """Read until something is so."""
        end = time.monotonic() + DEADLINE
        while not is_so():
            if time.monotonic() > end:
                pytest.fail(f"{what} did not come; the screen shows:\n{self.text}")
            self._read(0.2)

    def wait_for_exit(self) -> int:
        """Read to the end and return the exit code."""
        end = time.monotonic() + DEADLINE
        while self.process.isalive() and time.monotonic() < end:
            self._read(0.2)
        self._read(0.1)
        self.process.close()
        assert self.process.exitstatus is not None, f"it did not end:\n{self.text}"
        return self.process.exitstatus

    def _read(self, seconds: float) -> None:
        try:
            chunk: bytes = self.process.read_nonblocking(65_536, seconds)
        except (pexpect.TIMEOUT, pexpect.EOF):
            return
        self.raw += chunk
        # pyte takes private CSI sequences with a prefix, such as XTSHIFTESCAPE, for text.
        self._stream.feed(re.sub(rb"\x1b\[[<>=][0-9;]*[a-zA-Z]", b"", chunk))


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Callable[..., Terminal]]:
    opened: list[Terminal] = []

    def start(*words: str, columns: int = 80, lines: int = 24) -> Terminal:
        opened.append(Terminal(*words, home=tmp_path, columns=columns, lines=lines))
        return opened[-1]

    yield start
    for each in opened:
        end_program(each.process)


def test_the_demo_shows_records_and_ends_cleanly(terminal: Callable[..., Terminal]) -> None:
    demo = terminal("demo")
    demo.wait_for(r"lead +2,000", "ExternalID", r"of 400 · 100 read", r"event +60")
    demo.wait_for("a New")
    demo.press("1")
    demo.wait_until(lambda: "x Delete" not in demo.text, "the entities")
    demo.press(DOWN + "\r")
    demo.wait_for("LastNa", "of 2,000 · 100 read")
    demo.resize(120, 40)
    demo.wait_until(lambda: len(demo.screen.display[0].rstrip()) == 120, "the wide screen")
    demo.press("q")
    assert demo.wait_for_exit() == 0
    assert b"\x1b[?1049l" in demo.raw
    assert b"Traceback" not in demo.raw


def test_with_no_profile_it_offers_the_demo_or_a_sign_in(
    terminal: Callable[..., Terminal],
) -> None:
    first = terminal()
    first.wait_for("[Dd]emo", "Sign in")
    first.press("\x11")
    assert first.wait_for_exit() == 0


def test_the_prompt_makes_calls(terminal: Callable[..., Terminal]) -> None:
    prompt = terminal("repl", "--demo")
    prompt.wait_for("demo> ")
    prompt.press("GET lead?per_page=2&page=1&fields=LastName\r")
    prompt.wait_for("LastName", "2 of 2,000 records")
    prompt.press("GET nosuchentity\r")
    prompt.wait_for("No entity is named")
    prompt.press("\\q\r")
    assert prompt.wait_for_exit() == 0
    assert b"Traceback" not in prompt.raw
