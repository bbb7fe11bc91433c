"""The prompt of the real program on a screen, as a person sees it: rows, columns and colours."""

import re
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import pyte
import pytest

from tests.claims.program import MAIN
from tests.claims.terminal import ProgramTerminal

DEADLINE = 10.0
SIZES = ((24, 80), (40, 140))
"""Rows and columns of the terminals that every script is run on."""

ENTER, ESCAPE, TAB, BACK_TAB, UP, RIGHT = "\r", "\x1b", "\t", "\x1b[Z", "\x1b[A", "\x1b[C"
CTRL_C, CTRL_D, CTRL_L, CTRL_R, CTRL_U = "\x03", "\x04", "\x0c", "\x12", "\x15"
F1, F2, F3, F4 = "\x1bOP", "\x1bOQ", "\x1bOR", "\x1bOS"

_PRIVATE_SEQUENCE = re.compile(rb"\x1b\[[<>=][0-9;]*[a-zA-Z]")
"""What pyte takes for text."""

_EAGER = (
    "from functools import partial\n"
    "import cmdm_tui.api.client as client\n"
    "client.RetryPolicy = partial(client.RetryPolicy, first_wait=0.01, longest_wait=0.02)\n"
)
"""Run first: what failed is sent again at once."""


class _Screen(pyte.Screen):
    """A screen that answers where its cursor is, as a terminal does."""

    answer: Callable[[str], object] = print

    def write_process_input(self, data: str) -> None:
        self.answer(data)


class PromptScreen:
    """A running prompt, and what its terminal shows. `size` is in rows and columns.

    `name` is the profile's; empty for a script, which shows no prompt.
    """

    def __init__(
        self,
        home: Path,
        extra: Mapping[str, str],
        *words: str,
        size: tuple[int, int] = SIZES[0],
        name: str = "one",
    ) -> None:
        self.size = size
        self._screen = _Screen(size[1], size[0])
        self._stream = pyte.ByteStream(self._screen)
        self._seen = 0
        self._prompt = f"{name}> "
        self.terminal = ProgramTerminal(
            ["repl", *words], home, {"TERM": "xterm-256color", **extra},
            code=f"{_EAGER}{MAIN}", size=size,
        )  # fmt: skip
        self._screen.answer = self.press
        self.terminal.process.delaybeforesend = None
        if name:
            self.wait_for_prompt()

    @property
    def lines(self) -> list[str]:
        """The rows of the screen, without blanks at their ends."""
        return [line.rstrip() for line in self._screen.display]

    @property
    def text(self) -> str:
        return "\n".join(self.lines)

    @property
    def flowing(self) -> str:
        """The text of the screen on one line, as a reader takes a sentence that is wrapped."""
        return " ".join(self.text.split())

    @property
    def raw(self) -> bytes:
        """All that was written."""
        return self.terminal.raw

    @property
    def toolbar(self) -> str:
        return self.lines[-1]

    def colours_of(self, word: str) -> set[tuple[str, str]]:
        """Return the colours, of text and ground, of each place where the word is shown."""
        found: set[tuple[str, str]] = set()
        for row, line in enumerate(self._screen.display):
            for match in re.finditer(re.escape(word), line):
                cell = self._screen.buffer[row][match.start()]
                front, back = (cell.bg, cell.fg) if cell.reverse else (cell.fg, cell.bg)
                found.add((front, back))
        return found

    @property
    def is_at_prompt(self) -> bool:
        """Whether the prompt waits with nothing typed, and the toolbar below all."""
        row = self._screen.cursor.y
        is_empty = self.lines[row] == self._prompt.rstrip()
        is_behind = self._screen.cursor.x == len(self._prompt)
        return is_empty and is_behind and self.toolbar.startswith(f" {self._prompt[:-2]}")

    @property
    def is_empty(self) -> bool:
        """Whether nothing but the prompt and the toolbar is on the screen."""
        return self._screen.cursor.y == 0 and not any(self.lines[1:-1])

    def press(self, keys: str) -> None:
        self.terminal.press(keys)

    def resize(self, size: tuple[int, int]) -> None:
        self.size = size
        self._screen.resize(*size)
        self.terminal.process.setwinsize(*size)

    def clear(self) -> None:
        """Clear the screen, so that what is seen next is new."""
        self.press(CTRL_L)
        self.wait_until(lambda: self.is_at_prompt and self.is_empty, "an empty screen")

    def wait_for(self, *patterns: str) -> None:
        """Read until the screen shows each pattern, also over the end of a row."""
        self.wait_until(
            lambda: all(
                re.search(one, self.text, re.MULTILINE) or re.search(one, self.flowing)
                for one in patterns
            ),
            str(patterns),
        )

    def check_hidden(self, pattern: str) -> None:
        """Check that the screen does not show a pattern."""
        if re.search(pattern, self.text, re.MULTILINE):
            pytest.fail(f"{pattern} is shown:\n{self.text}")

    def wait_for_prompt(self) -> None:
        self.wait_until(lambda: self.is_at_prompt, "the prompt")

    def wait_until(self, is_so: Callable[[], object], what: str) -> None:
        """Read until something is so."""
        end = time.monotonic() + DEADLINE
        while not is_so():
            if time.monotonic() > end or not self.terminal.process.isalive():
                pytest.fail(f"{what} did not come; the screen shows:\n{self.text}")
            self._read(0.1)

    def leave(self) -> int:
        """Leave the prompt; return the exit code."""
        self.press(f"\\q{ENTER}")
        return self.wait_for_exit()

    def wait_for_exit(self) -> int:
        """Read to the end; return the exit code."""
        code = self.terminal.wait_for_exit()
        self._read(0.1)
        return code

    def show(self) -> None:
        """Print the screen, which pytest shows where a test fails, or with -s."""
        sys.stdout.write("\n".join([*filter(None, self.lines), ""]))

    def close(self) -> None:
        self.terminal.close()

    def _read(self, seconds: float) -> None:
        self.terminal.read(seconds)
        part, self._seen = self.terminal.raw[self._seen :], len(self.terminal.raw)
        self._stream.feed(_PRIVATE_SEQUENCE.sub(b"", part))
