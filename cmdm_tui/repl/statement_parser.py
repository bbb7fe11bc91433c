"""Turns what was typed into a statement: SQL, a raw call or a backslash command."""

import re
import shlex
from dataclasses import dataclass

from cmdm_tui.query.parsing.beginnings import is_sql
from cmdm_tui.repl.errors import ReplError
from cmdm_tui.repl.typed_text import check_json, strip_semicolon
from cmdm_tui.text import one_line

VERBS = ("GET", "POST", "PUT", "DELETE")
"""The methods of the documented calls."""

VERBS_WITH_BODY = ("POST", "PUT")

STATEMENT_HINT = (
    "Type SQL, such as SELECT * FROM lead LIMIT 5; or a call, such as GET lead/ABC1D2E3 "
    'or POST lead {"LastName": "Jones"}, or a command; \\? lists them'
)

_CALL = re.compile(rf"\s*({'|'.join(VERBS)})(?:\s+|$)([^\s{{]*)\s*", re.IGNORECASE)
_COMMAND = re.compile(r"\\([A-Za-z]+\+?|\?)(?=\s|$)\s*(.*)", re.DOTALL)
_PLAIN_WORDS = {"exit": "q", "quit": "q", "help": "?"}


@dataclass(frozen=True, slots=True)
class RawCall:
    """One call as typed: `path` is below the base address, `body` is JSON or empty."""

    method: str
    path: str
    body: str = ""

    def __str__(self) -> str:
        return " ".join(part for part in (self.method, self.path, self.body) if part)


@dataclass(frozen=True, slots=True)
class CommandStatement:
    """A command of the REPL itself, by its name without the backslash."""

    name: str
    arguments: tuple[str, ...] = ()

    def __str__(self) -> str:
        return " ".join([f"\\{self.name}", *(shlex.quote(word) for word in self.arguments)])


@dataclass(frozen=True, slots=True)
class QueryStatement:
    """SQL as typed, without the semicolon at its end; its tree says whether it only reads."""

    sql: str

    def __str__(self) -> str:
        return f"{self.sql};"


Statement = RawCall | CommandStatement | QueryStatement


def parse(text: str) -> Statement:
    """Return the statement that `text` is; a semicolon at its end counts for nothing.

    Raises ReplError for what is none, with what it could have been.
    """
    sql = text.lstrip()
    if is_sql(sql):
        return QueryStatement(strip_semicolon(sql))
    text = text.rstrip().removesuffix(";").rstrip()
    stripped = text.lstrip()
    word = stripped.casefold()
    if word in _PLAIN_WORDS:
        return CommandStatement(_PLAIN_WORDS[word])
    if stripped.startswith("\\"):
        return _parse_command(stripped)
    call = _CALL.match(text)
    if call:
        return _parse_call(text, call)
    shown = one_line(stripped.split(maxsplit=1)[0], 40) if stripped else "Nothing"
    raise ReplError(f"{shown} is not a statement. {STATEMENT_HINT}.")


def find_body(text: str) -> int | None:
    """Return where the body of a call begins in `text`, None where it can have none.

    It can have one where the text begins with a verb that takes one, and a path.
    """
    call = _CALL.match(text)
    if call is None or call[1].upper() not in VERBS_WITH_BODY or not call[2]:
        return None
    return call.end()


def _parse_call(text: str, call: re.Match[str]) -> RawCall:
    method, path, body = call[1].upper(), call[2], text[call.end() :]
    if not path:
        example = f'{method} lead {{"LastName": "Jones"}}' if method == "POST" else f"{method} lead"
        raise ReplError(f"{method} what? Give the path below the base address, as in {example}.")
    if body and method not in VERBS_WITH_BODY:
        shown = one_line(body, 40)
        raise ReplError(f"{method} takes no body, but {shown} follows. Write a blank as %20.")
    if body:
        check_json(text, call.end())
    return RawCall(method, path, body)


def _parse_command(text: str) -> CommandStatement:
    found = _COMMAND.match(text)
    if found is None:
        shown = one_line(text.split(maxsplit=1)[0], 40)
        raise ReplError(f"{shown} is not a command. \\? lists them.")
    try:
        arguments = shlex.split(found[2])
    except ValueError:
        message = f"A quote in the arguments of \\{found[1]} is not closed. Close it."
        raise ReplError(message) from None
    return CommandStatement(found[1], tuple(arguments))
