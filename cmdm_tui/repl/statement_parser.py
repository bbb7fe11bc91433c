"""Turns what was typed into a statement: SQL, a raw call or a backslash command."""

import re
import shlex
from difflib import get_close_matches

from cmdm_tui.query.parsing.beginnings import is_sql
from cmdm_tui.repl.call_text import VERBS, VERBS_WITH_BODY, match_call
from cmdm_tui.repl.commands.command_table import get_command, takes_whole_line
from cmdm_tui.repl.commands.other_names import find_advice
from cmdm_tui.repl.errors import ReplError
from cmdm_tui.repl.statements import CommandStatement, QueryStatement, RawCall, Statement
from cmdm_tui.repl.typed_text import check_json, strip_semicolon
from cmdm_tui.text import one_line

STATEMENT_HINT = (
    "Type SQL, such as SELECT * FROM lead LIMIT 5; or a call, such as GET lead/ABC1D2E3 "
    'or POST lead {"LastName": "Jones"}, or a command; \\? lists them'
)

_COMMAND = re.compile(r"\\(?:([A-Za-z_]+\+?|\?)(?=\s|$)|(!))\s*(.*)", re.DOTALL)
_WORD = r"""(?:'[^']*'|"(?:\\.|[^"\\])*"|[^\s'"])+"""
STATEMENT_WORDS = (
    *VERBS, "SELECT", "INSERT", "UPDATE", "DELETE", "WITH", "FROM", "SHOW", "DESCRIBE", "EXPLAIN",
    "VALUES", "SUMMARIZE", "PIVOT", "UNPIVOT", "CALL",
)  # fmt: skip
_PLAIN_WORDS = {"exit": "q", "quit": "q", "help": "?"}


def parse(text: str) -> Statement:
    """Return the statement that `text` is; a semicolon at its end counts for nothing.

    Raises ReplError for what is none, with what it could have been.
    """
    sql = text.lstrip()
    if is_sql(sql):
        return QueryStatement(strip_semicolon(sql))
    stripped = text.strip()
    if _is_whole_line_command(stripped):
        return _parse_command(stripped)
    text = text.rstrip().removesuffix(";").rstrip()
    stripped = text.lstrip()
    word = stripped.casefold()
    if word in _PLAIN_WORDS:
        return CommandStatement(_PLAIN_WORDS[word])
    if stripped.startswith("\\"):
        return _parse_command(stripped)
    call = match_call(text)
    if call:
        return _parse_call(text, call)
    if stripped[:1] in {"|", ">"}:
        raise ReplError(
            f"{stripped[:1]} comes before any statement. It belongs on the line where its "
            "statement ends: SELECT …; > leads.csv, or SELECT …; | sort."
        )
    word = stripped.split(maxsplit=1)[0] if stripped else "Nothing"
    raise ReplError(f"{one_line(word, 40)} is not a statement. {_find_hint(word)}")


def _find_hint(word: str) -> str:
    """Return what the first word of what cannot be run could have meant."""
    name = word.lstrip("./")
    command = get_command(name)
    if command is not None:
        return f"Did you mean {command.usage}?"
    advice = find_advice(name)
    if advice is not None:
        return advice
    nearest = get_close_matches(word.upper(), STATEMENT_WORDS, n=1, cutoff=0.75)
    return f"Did you mean {nearest[0]}?" if nearest else f"{STATEMENT_HINT}."


def _is_whole_line_command(text: str) -> bool:
    found = _COMMAND.match(text)
    return found is not None and takes_whole_line(found[1] or found[2])


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
    name, rest = found[1] or found[2], found[3]
    command = get_command(name)
    typed = rest.strip()
    last = ()
    if command is not None and command.takes_whole_line:
        typed, last = _split_last(rest, len(command.arguments) - 1)
    try:
        words = shlex.split(typed)
        as_typed = shlex.split(typed, posix=False)
    except ValueError:
        message = f"A quote in the arguments of \\{name} is not closed. Close it."
        raise ReplError(message) from None
    expandable = frozenset(
        place
        for place, word in enumerate(words)
        if word.startswith(":") and len(as_typed) == len(words) and as_typed[place] == word
    )
    return CommandStatement(name, (*words, *last), expandable)


def _split_last(rest: str, count: int) -> tuple[str, tuple[str, ...]]:
    """Return the first words of a line, and the rest of it as it is, where there is one."""
    found = re.match(rf"(?:{_WORD}\s+){{{count}}}", rest) if count else re.match("", rest)
    end = len(rest) if found is None else found.end()
    text = rest[end:].strip()
    return rest[:end], (text,) if text else ()
