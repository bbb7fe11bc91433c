"""Reads the body of a create or update: NAME=VALUE words, or a JSON object."""

import json
import sys
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, NoReturn, cast

from cmdm_tui.cli.exits import Exit, Failure
from cmdm_tui.text import one_line


def read_properties(words: Sequence[str], source: str | None) -> dict[str, Any]:
    """Return the properties that `words` or the JSON object in `source` give.

    `source` is a file's name, or `-` for standard input. A word is NAME=VALUE, whose value is text,
    or NAME:=JSON. Raises Failure for anything else.
    """
    if source is not None and words:
        _unusable("Give either NAME=VALUE or --json, not both.")
    if source is not None:
        return _object(read_source(source), source)
    properties: dict[str, Any] = {}
    for word in words:
        name, value = _assignment(word)
        if name in properties:
            _unusable(f"{one_line(name, 60)} is given twice. Give it once.")
        properties[name] = value
    return properties


def read_source(source: str) -> bytes:
    """Return the bytes of the file named, or of standard input for `-`."""
    if source == "-":
        return sys.stdin.buffer.read()
    try:
        return Path(source).read_bytes()
    except OSError as error:
        message = f"{one_line(source, 200)} cannot be read: {error.strerror}. Check the name."
        raise Failure(message) from None


def _assignment(word: str) -> tuple[str, Any]:
    name, equals, value = word.partition("=")
    if not equals or name in {"", ":"}:
        _unusable(f"{one_line(word, 60)} is not NAME=VALUE. Write it as LastName=Jones.")
    if not name.endswith(":"):
        return name, value
    return name[:-1], _parsed(value, f"the value of {one_line(name[:-1], 60)}")


def _object(content: bytes, source: str) -> dict[str, Any]:
    where = "standard input" if source == "-" else one_line(source, 200)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        _unusable(f"{where} is not UTF-8 (byte {error.start}). Save it as UTF-8.")
    parsed = _parsed(text, where)
    if not isinstance(parsed, dict):
        _unusable(f'{where} holds no JSON object. Write it as {{"LastName": "Jones"}}.')
    return cast("dict[str, Any]", parsed)


def _parsed(text: str, where: str) -> Any:
    try:
        return json.loads(
            text, parse_float=Decimal, parse_constant=_no_constant, object_pairs_hook=_unique
        )
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        _unusable(f"{where} is not valid JSON: {error.msg} at {place}. Mend it there.")
    except InvalidOperation:
        _unusable(f"{where} holds a number that is out of range. Mend it there.")
    except (ValueError, RecursionError) as error:
        _unusable(f"{where} is not valid JSON: {one_line(str(error), 100)}. Mend it there.")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        message = f"the name {one_line(twice, 60)} stands twice in one object"
        raise ValueError(message)
    return found


def _no_constant(word: str) -> NoReturn:
    message = f"{word} has no form in JSON"
    raise ValueError(message)


def _unusable(message: str) -> NoReturn:
    raise Failure(message, Exit.USAGE) from None
