"""Reads what the arguments of a command give: NAME=VALUE words, a JSON object, SQL, a file."""

import json
import sys
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, cast

from msgspec.structs import replace

from cmdm_tui.cli.encodings import decode_text
from cmdm_tui.cli.exit_codes import CommandFailure, ExitCode
from cmdm_tui.text import one_line

if TYPE_CHECKING:
    from cmdm_tui.query.parsing.statement_forms import ScriptStatement


def read_properties(words: Sequence[str], source: str | None) -> dict[str, Any]:
    """Return the properties that `words` or the JSON object in `source` give.

    `source` is a file's name, or `-` for standard input. A word is NAME=VALUE, whose value is text,
    or NAME:=JSON. Raises CommandFailure for anything else.
    """
    if source is not None and words:
        _fail_usage("Give either NAME=VALUE or --json, not both.")
    if source is not None:
        return _parse_object(read_source(source), source)
    properties: dict[str, Any] = {}
    for word in words:
        name, value = _parse_assignment(word)
        if name in properties:
            _fail_usage(f"{one_line(name, 60)} is given twice. Give it once.")
        properties[name] = value
    return properties


def read_source(source: str) -> bytes:
    """Return the bytes of the file named, or of standard input for `-`."""
    from cmdm_tui.config.bounded_files import LARGEST_INPUT, read_bounded, read_to_end

    try:
        if source == "-":
            return read_to_end(sys.stdin.buffer, LARGEST_INPUT)
        return read_bounded(Path(source), LARGEST_INPUT, accepts_pipe=True)
    except OSError as error:
        message = f"{one_line(source, 200)} cannot be read: {error.strerror}. Check the name."
        raise CommandFailure(message, ExitCode.USAGE) from None


def read_sql(word: str | None, file: str | None) -> str:
    """Return the SQL given as a word, in a file, or piped in; `-` is the standard input.

    Raises CommandFailure where there is none, or more than one.
    """
    if word is not None and file is not None:
        raise CommandFailure("Give the SQL or -f FILE, not both.", ExitCode.USAGE)
    if word not in {None, "-"}:
        return str(word)
    if word is None and file is None and sys.stdin.isatty():
        message = "Give the SQL to run: cmdm query 'SELECT * FROM lead LIMIT 10', or -f FILE."
        raise CommandFailure(message, ExitCode.USAGE)
    source = file or "-"
    content = read_source(source)
    where = "The standard input" if source == "-" else one_line(source, 200)
    return decode_text(content, where)


def read_statements(
    sql: str, parameters: Mapping[str, str], *, is_script: bool
) -> "tuple[ScriptStatement, ...]":
    """Return the statements to run, of a script several; without `is_script` the SQL is one.

    Raises SqlError where a script has no place for a parameter.
    """
    from cmdm_tui.query.parsing.parameters import check_all_used
    from cmdm_tui.query.parsing.statement_forms import ScriptStatement, split_script

    names = frozenset(parameters)
    statements = split_script(sql) if is_script else []
    if len(statements) == 1:
        return (replace(statements[0], parameters=names),)
    if not statements:
        return (ScriptStatement(sql, parameters=names),)
    check_all_used(parameters, {name for one in statements for name in one.parameters})
    return tuple(statements)


def read_parameters(words: Sequence[str]) -> dict[str, str]:
    """Return the values of the SQL's parameters by name, from words NAME=VALUE.

    Raises CommandFailure for anything else, and for a name that is given twice.
    """
    parameters: dict[str, str] = {}
    for word in words:
        name, equals, value = word.partition("=")
        name = name.removeprefix("$")
        if not equals or not name:
            _fail_usage(f"{one_line(word, 60)} is not NAME=VALUE. Write it as name=Jones.")
        if name in parameters:
            _fail_usage(f"${one_line(name, 60)} is given twice. Give it once.")
        parameters[name] = value
    return parameters


def _parse_assignment(word: str) -> tuple[str, Any]:
    name, equals, value = word.partition("=")
    if not equals or name in {"", ":"}:
        _fail_usage(f"{one_line(word, 60)} is not NAME=VALUE. Write it as LastName=Jones.")
    if not name.endswith(":"):
        return name, value
    return name[:-1], _parse_json(value, f"the value of {one_line(name[:-1], 60)}")


def _parse_object(content: bytes, source: str) -> dict[str, Any]:
    where = "standard input" if source == "-" else one_line(source, 200)
    text = decode_text(content, where)
    parsed = _parse_json(text, where)
    if not isinstance(parsed, dict):
        _fail_usage(f'{where} holds no JSON object. Write it as {{"LastName": "Jones"}}.')
    return cast("dict[str, Any]", parsed)


def _parse_json(text: str, where: str) -> Any:
    try:
        return json.loads(
            text,
            parse_float=Decimal,
            parse_constant=_refuse_constant,
            object_pairs_hook=_require_unique_names,
        )
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        _fail_usage(f"{where} is not valid JSON: {error.msg} at {place}. Correct it there.")
    except InvalidOperation:
        _fail_usage(f"{where} holds a number that is out of range. Correct it there.")
    except (ValueError, RecursionError) as error:
        _fail_usage(f"{where} is not valid JSON: {one_line(str(error), 100)}. Correct it there.")


def _require_unique_names(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        message = f"the name {one_line(twice, 60)} is twice in one object"
        raise ValueError(message)
    return found


def _refuse_constant(word: str) -> NoReturn:
    message = f"{word} has no form in JSON"
    raise ValueError(message)


def _fail_usage(message: str) -> NoReturn:
    raise CommandFailure(message, ExitCode.USAGE) from None
