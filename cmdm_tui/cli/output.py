"""Writes results: JSON on stdout as it came, indented and safe where a person reads it."""

import json
import sys

import msgspec

from cmdm_tui.text import visible


def write_json(body: bytes) -> None:
    """Write a JSON answer: as it came to a pipe or file, indented and escaped to a terminal."""
    if not sys.stdout.isatty():
        _write_bytes(body)
        return
    try:
        text = msgspec.json.format(body, indent=2).decode("utf-8")
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        write_text(body)
        return
    _write_bytes("\n".join(_escape_line(line) for line in text.split("\n")).encode("utf-8"))


def write_text(body: bytes) -> None:
    """Write an answer that may be anything: as it came to a pipe, made visible to a terminal."""
    if sys.stdout.isatty():
        body = visible(body.decode("utf-8", "replace"), keep_lines=True).encode("utf-8")
    _write_bytes(body)


def _escape_line(line: str) -> str:
    """Escape what a terminal would act on as JSON does, so that the text stays the same JSON."""
    if visible(line) == line:
        return line
    return "".join(
        character if visible(character) == character else json.dumps(character)[1:-1]
        for character in line
    )


def _write_bytes(body: bytes) -> None:
    sys.stdout.flush()
    sys.stdout.buffer.write(body if body.endswith(b"\n") or not body else body + b"\n")
    sys.stdout.buffer.flush()
