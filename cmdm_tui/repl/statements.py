"""What can be typed: SQL, a raw call, or a backslash command; and where its result goes."""

import shlex
from dataclasses import dataclass, field

from msgspec import Struct


class RawCall(Struct, frozen=True):
    """One call as typed: `path` is below the base address, `body` is JSON or empty."""

    method: str
    path: str
    body: str = ""

    def __str__(self) -> str:
        return " ".join(part for part in (self.method, self.path, self.body) if part)


@dataclass(frozen=True, slots=True)
class CommandStatement:
    r"""A command of the REPL itself, by its name without the backslash.

    `expandable` are the places of the arguments that were typed without quotes: a `:name` there is
    a variable.
    """

    name: str
    arguments: tuple[str, ...] = ()
    expandable: frozenset[int] = field(default=frozenset(), compare=False)

    def __str__(self) -> str:
        return " ".join([f"\\{self.name}", *(shlex.quote(word) for word in self.arguments)])


class QueryStatement(Struct, frozen=True):
    """SQL as typed, without the semicolon at its end; its tree says whether it only reads."""

    sql: str

    def __str__(self) -> str:
        return f"{self.sql};"


Statement = RawCall | CommandStatement | QueryStatement


class FileDestination(Struct, frozen=True):
    """`> FILE` behind a statement: its result goes there; with `>>`, behind what is there."""

    name: str
    appends: bool = False


class PipeDestination(Struct, frozen=True):
    """`| COMMAND` behind a statement: the shell's command reads its result."""

    command: str


Destination = FileDestination | PipeDestination


class StatementEnding(Struct, frozen=True):
    r"""What comes at the end of a statement.

    `is_expanded` for `\gx` and `\G`: every record a field a line. `interval` is what follows
    `\watch`, empty where nothing does; None without it. `is_edited` for `\e` behind SQL: the editor
    gets it, and what is saved is run.
    """

    destination: Destination | None = None
    is_expanded: bool = False
    interval: str | None = None
    is_edited: bool = False


PLAIN_ENDING = StatementEnding()


@dataclass(frozen=True, slots=True)
class StatementText:
    r"""The text of one statement without what ends it, and where it begins, both from 1.

    A `\;` within SQL is a semicolon in `text`, behind a blank. `missing` is what would have closed
    the body where it was abandoned; else empty.
    """

    line: int
    text: str
    missing: str = ""
    column: int = field(default=1, compare=False)
    ending: StatementEnding = PLAIN_ENDING
