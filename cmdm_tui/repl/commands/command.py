"""What a backslash command is: its name, arguments, help, example, and what it may touch."""

from collections.abc import Awaitable, Callable
from enum import Enum, Flag, auto
from pathlib import Path
from typing import TextIO

from msgspec import Struct

from cmdm_tui.repl.errors import ReplError
from cmdm_tui.repl.session import ReplSession
from cmdm_tui.repl.statements import StatementText
from cmdm_tui.text import one_line


class ArgumentKind(Enum):
    """What an argument can be; completion reads it."""

    ENTITY = auto()
    FILE = auto()
    CHOICE = auto()
    """One of the argument's `choices`."""
    NUMBER = auto()
    COLUMN = auto()
    """A column of the last result."""
    QUERY = auto()
    """The name of a saved query."""
    PROFILE = auto()
    COMMAND = auto()
    """The name of a backslash command."""
    VARIABLE = auto()
    WORD = auto()
    """A word of any kind, quoted where it holds blanks."""
    TEXT = auto()
    """The rest of the line as it is, semicolons and quotes included."""
    CONDITION = auto()
    """SQL on the columns of the last result, as after WHERE: the rest of the line as it is."""
    SQL = auto()
    """As TEXT, and where it is SQL, over lines as far as that goes on."""


_WHOLE_LINES = (ArgumentKind.TEXT, ArgumentKind.CONDITION, ArgumentKind.SQL)


class Touches(Flag):
    """What a command may reach beyond the session."""

    NOTHING = 0
    CALLS = auto()
    """It may make calls that only read."""
    WRITES = auto()
    """It may change records, asked about as the session has it."""
    FILES = auto()
    """It may write files that the user names, or the user's own configuration."""
    SHELL = auto()
    """It may run other programs."""


class Argument(Struct, frozen=True):
    """One argument; `name` is how help shows it, as `FILE`."""

    name: str
    kind: ArgumentKind
    choices: tuple[str, ...] = ()
    is_optional: bool = False
    is_repeated: bool = False
    """Whether any number of words can be given; only the last argument is repeated."""
    can_hide: bool = False
    """Whether a column can be named with `-` before it, to be hidden."""

    @property
    def usage(self) -> str:
        """How it is shown: `FILE`, `[FILE]`, `[on|off]`, `[NAME=VALUE …]`."""
        name = f"{self.name} …" if self.is_repeated else self.name
        return f"[{name}]" if self.is_optional else name

    def takes(self, word: str) -> bool:
        """Return whether it can be this word."""
        return self.kind is not ArgumentKind.CHOICE or word in self.choices


def choice(*choices: str, is_optional: bool = False) -> Argument:
    """Return an argument that is one of these words."""
    return Argument("|".join(choices), ArgumentKind.CHOICE, choices, is_optional=is_optional)


ON_OFF = choice("on", "off", is_optional=True)


class RunFile(Struct, frozen=True):
    """Run the statements of a file next; `lines` is the file, opened."""

    path: Path
    lines: TextIO


class RunText(Struct, frozen=True):
    """Run the statements of a text next; `origin` says whose they are, for errors.

    `parameters` are values for each `$name` in them, besides the session's variables.
    """

    text: str
    origin: str
    parameters: tuple[tuple[str, str], ...] = ()


class RepeatStatement(Struct, frozen=True):
    """Run a statement again and again, with this many seconds in between."""

    seconds: float
    statement: StatementText


FollowUp = RunFile | RunText | RepeatStatement
"""What the dispatcher is to run when a command has ended."""

Handler = Callable[[ReplSession, tuple[str, ...]], Awaitable[FollowUp | None]]


class BackslashCommand(Struct, frozen=True):
    """One command, declared once: dispatch, completion and help read this.

    `help` is a short phrase, `example` the arguments of an example with what it does, separated by
    ` -- `; where it has none, the usage is one.
    """

    name: str
    arguments: tuple[Argument, ...]
    help: str
    handler: Handler
    touches: Touches = Touches.NOTHING
    aliases: tuple[str, ...] = ()
    example: str = ""
    is_switch: bool = False
    """Whether it only sets what later statements depend on: a resumed script runs it again."""
    runs_statements: bool = False
    """Whether what it changes is what the statements change that it has run."""

    async def run(self, session: ReplSession, arguments: tuple[str, ...]) -> FollowUp | None:
        """Run the command; raises ReplError for arguments it does not take."""
        self._check(arguments, session.account.client.redact)
        return await self.handler(session, arguments)

    @property
    def usage(self) -> str:
        r"""How it is typed: `\x [on|off|auto]`."""
        return " ".join([f"\\{self.name}", *(one.usage for one in self.arguments)])

    @property
    def takes_whole_line(self) -> bool:
        """Whether its last argument is the rest of the line, whatever that holds."""
        return bool(self.arguments) and self.arguments[-1].kind in _WHOLE_LINES

    @property
    def takes_sql(self) -> bool:
        """Whether its last argument can be SQL, which goes on over lines."""
        return bool(self.arguments) and self.arguments[-1].kind is ArgumentKind.SQL

    def argument_at(self, place: int) -> Argument | None:
        """Return the argument that the word at this place, from 0, stands for; None behind all."""
        if place < len(self.arguments):
            return self.arguments[place]
        last = self.arguments[-1] if self.arguments else None
        goes_on = last is not None and (last.is_repeated or last.kind is ArgumentKind.CONDITION)
        return last if goes_on else None

    def _check(self, words: tuple[str, ...], redact: Callable[[str], str]) -> None:
        least = sum(not one.is_optional for one in self.arguments)
        declared = [self.argument_at(place) for place in range(len(words))]
        usage = f"Write it as {self.usage}: {self.help[0].lower()}{self.help[1:]}."
        if None in declared:
            rest = one_line(redact(" ".join(words[declared.index(None) :])), 60)
            raise ReplError(f"\\{self.name} does not take {rest}. {usage}")
        takes_them = len(words) >= least and all(
            one is not None and one.takes(word) for one, word in zip(declared, words, strict=True)
        )
        if not takes_them:
            raise ReplError(usage)
