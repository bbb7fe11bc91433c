"""What can go wrong with a query: one small tree of errors, each with a hint what to do."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, Self

from msgspec import Struct

from cmdm_tui.text import join_sentences

if TYPE_CHECKING:
    from sqlglot import exp


class QueryError(Exception):
    """The root of the tree. `str()` is one safe line: what happened, to what, what to do next."""

    hint: str = ""

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        if hint is not None:
            self.hint = hint

    def __str__(self) -> str:
        return join_sentences(self.message, self.hint)


class FaultyWord(Struct, frozen=True):
    """What an error is about, as the SQL writes it: a function, a name, a text, or any word."""

    text: str
    kind: Literal["function", "name", "text", "word"]


class SqlError(QueryError):
    """The SQL cannot be read or run. `line` and `column` count from 1; None where not known.

    `word` is what the error is about, where its place is still to be looked for.
    """

    def __init__(
        self,
        message: str,
        *,
        hint: str | None = None,
        line: int | None = None,
        column: int | None = None,
        word: FaultyWord | None = None,
    ) -> None:
        super().__init__(message, hint=hint)
        self.line = line
        self.column = column
        self.word = word

    def at(self, line: int | None, column: int | None) -> Self:
        """Return the same error at another place, with its cause."""
        moved = type(self).__new__(type(self), *self.args)
        moved.__dict__.update(self.__dict__)
        moved.line, moved.column = line, column
        moved.__cause__, moved.__suppress_context__ = self.__cause__, True
        return moved


class QueryRefused(SqlError):
    """The SQL does more than read entities: it writes, changes settings or opens a file."""


class UnreadableFile(SqlError):
    """A local file that the SQL names cannot be read, or not in its form."""


class UnknownName(SqlError):
    """No entity, column or function has the name; `suggestions` are similar ones, best first.

    `kind` says what was named, such as `entity` or `column`; `at` is the node of the SQL that names
    it, or `word` what is to be looked for there. `message` and `advice` say more where
    it is not certain that there is none.
    """

    def __init__(
        self,
        kind: str,
        name: str,
        suggestions: Sequence[str] = (),
        *,
        of: str | None = None,
        at: "exp.Expr | None" = None,
        message: str | None = None,
        advice: str | None = None,
        word: FaultyWord | None = None,
    ) -> None:
        where = f" of {of}" if of else ""
        shown = ", ".join(suggestions)
        hints = (f"Did you mean {shown}?" if shown else "", advice or "")
        place = {} if at is None else at.meta
        column, length = place.get("col"), place.get("end", 0) - place.get("start", 0)
        super().__init__(
            message or f"There is no {kind} {name!r}{where}",
            hint=" ".join(filter(None, hints)) or None,
            line=place.get("line"),
            column=None if column is None else max(column - length, 1),
            word=word,
        )
        self.kind = kind
        self.name = name
        self.suggestions = tuple(suggestions)


class BudgetReached(QueryError):
    """The next call would exceed the number of calls allowed; it was not sent."""

    hint = "Allow more calls, or ask for less"

    def __init__(self, used: int, most: int) -> None:
        calls = f"{most:,} {'call' if most == 1 else 'calls'}"
        super().__init__(f"The query may make {calls} and has made {used:,}")
        self.used = used
        self.most = most


class PlanExceeded(BudgetReached):
    """The next call would exceed the most that the plan takes; it was not sent."""

    hint = (
        "Run it again to plan it with what is known now, or allow a number of calls (--max-calls)"
    )

    def __init__(self, used: int, most: int) -> None:
        super().__init__(used, most)
        calls = f"{most:,} {'call' if most == 1 else 'calls'}"
        self.message = f"Its plan takes at most {calls}, and the service has more pages than that"


class TooManyCalls(QueryError):
    """The plan needs more calls than are allowed or left; no record was fetched.

    `low` and `high` are the plan's calls, `allowed` is the number that the run may make.
    """

    hint = "Allow more calls, or ask for less"

    def __init__(self, low: int, high: int, allowed: int, *, why: str) -> None:
        calls = f"{low}" if low == high else f"{low} to {high}"
        super().__init__(f"The query takes {calls} calls, and {why} {allowed}")
        self.low = low
        self.high = high
        self.allowed = allowed


class NotInstalled(QueryError):
    """A library that a conversion needs is not installed."""
