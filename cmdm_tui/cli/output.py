"""Writes results: JSON on stdout unchanged, or indented and safe where a person reads it."""

import sys

from cmdm_tui.text import visible


def write_json(body: bytes) -> None:
    """Write a JSON answer: unchanged to a pipe or file, indented and escaped to a terminal."""
    if not sys.stdout.isatty():
        _write_bytes(body)
        return
    from cmdm_tui.formats.json_text import format_json

    text = format_json(body)
    if text is None:
        write_text(body)
    else:
        _write_bytes(text.encode("utf-8"))


def write_text(body: bytes) -> None:
    """Write an answer that may be anything: unchanged to a pipe, made visible to a terminal."""
    if sys.stdout.isatty():
        body = visible(body.decode("utf-8", "replace"), keep_lines=True).encode("utf-8")
    _write_bytes(body)


def _write_bytes(body: bytes) -> None:
    sys.stdout.flush()
    sys.stdout.buffer.write(body if body.endswith(b"\n") or not body else body + b"\n")
    sys.stdout.buffer.flush()
