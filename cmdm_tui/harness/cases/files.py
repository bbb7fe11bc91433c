"""Reads and writes case files: checked TOML, and the same bytes for the same case."""

import re
import tomllib
from difflib import get_close_matches
from http import HTTPMethod
from pathlib import Path
from typing import Any, cast

import msgspec

from cmdm_tui.config.bounded_files import read_bounded
from cmdm_tui.config.private_files import replace_file
from cmdm_tui.harness.cases.format import FORMAT_VERSION, Case, CaseError
from cmdm_tui.harness.cases.placeholders import find_unknown_value
from cmdm_tui.text import one_line

SUFFIX = ".toml"

_REFUSED = 400
_TABLE = re.compile(rb"(?m)^[ \t]*\[")
_KEY = re.compile(rb"(?m)^[ \t]*([a-z_]+)[ \t]*=")
_CASE_KEYS = frozenset(name.encode() for name in ("version", *Case.__struct_fields__))

MAX_CASE_BYTES = 4 * 1024 * 1024
"""Bytes of the longest case file."""


def read_case(path: Path) -> Case:
    """Return the case in the file, whose steps can be sent.

    Raises CaseError, which names the file and the place in it.
    """
    try:
        content = read_bounded(path, MAX_CASE_BYTES)
    except OSError as error:
        message = f"{path} cannot be read: {error.strerror}. Check the name."
        raise CaseError(message) from None
    case = parse_case(content, str(path))
    fault = _find_wrong_method(case) or find_unknown_value(case)
    if fault is not None:
        number, reason = fault
        message = f"{one_line(str(path), 200)}, step {number}: {reason}"
        raise CaseError(message if message.endswith("?") else f"{message}. Correct it there.")
    return case


def _find_wrong_method(case: Case) -> tuple[int, str] | None:
    """Return the first step (from 1) whose method nothing takes, though its case expects it to."""
    methods = [str(method) for method in HTTPMethod]
    for number, step in enumerate(case.steps, 1):
        if step.method not in methods and min(step.expect.statuses, default=0) < _REFUSED:
            near = get_close_matches(step.method.upper(), methods, n=1)
            hint = f"Did you mean {near[0]}?" if near else f"There are {', '.join(methods)}"
            return number, f"there is no method {one_line(step.method, 40)}. {hint}"
    return None


def looks_like_case(content: bytes) -> bool:
    """Return whether a file of TOML, valid or not, is meant as a case: it has two keys of one.

    A case that cannot be read must not be left out, and other files in TOML may lie next to cases.
    """
    begin, *rest = _TABLE.split(content, maxsplit=1)
    names = {found[1] for found in _KEY.finditer(begin)} & _CASE_KEYS
    return len(names) > 1 or (bool(rest) and b"[[steps]]" in content)


def parse_case(content: bytes, place: str) -> Case:
    """Return the case in `content`; `place` names it in errors. Raises CaseError."""
    where = one_line(place, 200)
    try:
        said: dict[str, Any] = tomllib.loads(content.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise CaseError(f"{where} is not UTF-8 (byte {error.start}). Save it as UTF-8.") from None
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        reason = one_line(str(error), 200)
        raise CaseError(f"{where} is not valid TOML: {reason}. Correct it there.") from None
    version = said.pop("version", None)
    if version is None:
        raise CaseError(
            f"{where} has no version of its format: write version = {FORMAT_VERSION} in it."
        )
    if version != FORMAT_VERSION:
        raise CaseError(
            f"{where} has the format's version {one_line(str(version), 20)}, "
            f"and this program reads version {FORMAT_VERSION}."
        )
    try:
        return msgspec.convert(said, Case)
    except msgspec.ValidationError as error:
        reason = one_line(str(error).replace("`$.", "`"), 200)
        raise CaseError(f"{where} is not a case: {reason}. Correct it there.") from None


_ESCAPES = {"\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r", '"': '\\"'}
_BARE_KEY_CHARACTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")


def write_case(path: Path, case: Case) -> None:
    """Write the case to the file, whole or not at all.

    Raises CaseError for text that no file can hold, ConfigurationError where it cannot be written.
    """
    replace_file(path, case_bytes(case))


def case_bytes(case: Case) -> bytes:
    """Return the case as the bytes of its file. Raises CaseError for half a surrogate pair."""
    said: dict[str, Any] = msgspec.to_builtins(case)
    steps: list[dict[str, Any]] = list(said.pop("steps"))
    needs: dict[str, Any] = said.pop("needs", {})
    blocks = [_format_table({"version": FORMAT_VERSION, **said})]
    if needs:
        blocks.append(["[needs]", *_format_table(needs)])
    blocks += [_format_step(step) for step in steps]
    text = "\n\n".join("\n".join(block) for block in blocks) + "\n"
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError:
        message = f"The case {case.name} holds half a surrogate pair: give that body as base64."
        raise CaseError(message) from None


def _format_step(step: dict[str, Any]) -> list[str]:
    expected: dict[str, Any] = step.pop("expect")
    return ["[[steps]]", *_format_table(step), "[steps.expect]", *_format_table(expected)]


def _format_table(table: dict[str, Any]) -> list[str]:
    return [f"{_format_key(name)} = {_format_value(value)}" for name, value in table.items()]


def _format_key(name: str) -> str:
    return name if name and _BARE_KEY_CHARACTERS.issuperset(name) else _format_text(name)


def _format_value(value: object) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return _format_text(value)
        case int() | float():
            return repr(value)
        case dict():
            pairs = cast("dict[str, object]", value).items()
            return (
                "{ "
                + ", ".join(f"{_format_key(name)} = {_format_value(item)}" for name, item in pairs)
                + " }"
            )
        case list() | tuple():
            return (
                "[" + ", ".join(_format_value(item) for item in cast("list[object]", value)) + "]"
            )
        case _:
            message = f"{type(value).__name__} has no form in a case file."
            raise CaseError(message)


def _format_text(text: str) -> str:
    """Return a TOML string: literal where that avoids escapes, else basic."""
    is_plain = not any(character < " " or character == "\x7f" for character in text)
    if ('"' in text or "\\" in text) and "'" not in text and is_plain:
        return f"'{text}'"
    return '"' + "".join(_escape(character) for character in text) + '"'


def _escape(character: str) -> str:
    if character == "\\":
        return "\\\\"
    if character < " " or character == "\x7f":
        return _ESCAPES.get(character) or f"\\u{ord(character):04x}"
    return _ESCAPES.get(character, character)
