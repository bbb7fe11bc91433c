"""What the program paints in its terminal, as a person sees it."""

import re

import pyte

from tests.claims.terminal import ProgramTerminal


class PaintedTerminal:
    """The program's terminal, and every line that it has painted in it."""

    def __init__(self, terminal: ProgramTerminal) -> None:
        self.terminal = terminal
        self.screen = pyte.Screen(80, 24)
        self._stream = pyte.ByteStream(self.screen)
        self._fed = 0
        self.painted: set[str] = set()

    @property
    def text(self) -> str:
        """What is painted now; a line that is wrapped in a box is one text."""
        fresh = self.terminal.raw[self._fed :]
        self._fed += len(fresh)
        for piece in re.split(rb"(?=\x1b\[\?2026h)", fresh):
            # Textual's own sequences of the keyboard's protocol are none that pyte knows.
            self._stream.feed(re.sub(rb"\x1b\[[<>=][0-9;]*u", b"", piece))
            self.painted.update(line.strip() for line in self.screen.display)
        return "\n".join(self.screen.display)

    @property
    def words(self) -> str:
        """What is painted now, without what frames it and without the breaks of lines."""
        lines = (re.sub(r"[│▌▐▎▏▕┃█|]", " ", line) for line in self.text.split("\n"))
        return " ".join(" ".join(lines).split())

    def wait_for(self, pattern: str) -> None:
        """Read until it is painted."""
        self.terminal.wait_until(lambda: re.search(pattern, self.words), pattern)

    def press(self, keys: str) -> None:
        """Type the keys."""
        self.terminal.press(keys)
