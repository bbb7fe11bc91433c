"""A call in full, as parts of a text: what was sent, what came back, and what went wrong."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum, auto

import msgspec

from cmdm_tui.operations.call_entry import CallDetails, CallEntry, HeaderLine, LoggedBody
from cmdm_tui.text import count_noun, one_line, visible
from cmdm_tui.tui.models.call_text import format_moment, format_seconds, format_size

MOST_CHARACTERS = 20_000
"""Characters of a body that are shown."""

_LONGEST_LINE = 2_000


class PartKind(Enum):
    """What a part of the text is, and so how it is shown."""

    TITLE = auto()
    NAME = auto()
    TEXT = auto()
    NOTE = auto()
    ERROR = auto()


@dataclass(frozen=True, slots=True)
class TextPart:
    """A part of a text, safe to show: its line breaks are meant."""

    kind: PartKind
    text: str


def describe_call(call: CallEntry, details: CallDetails) -> tuple[TextPart, ...]:
    """Return a call in full. It may take a while for a large body: call it in a thread."""
    return tuple(_list_parts(call, details))


def format_body(content: bytes, most: int = MOST_CHARACTERS) -> tuple[str, int]:
    """Return a body as safe text, JSON indented, and how many characters are left out at its end.

    Bytes that are not UTF-8 are shown as such.
    """
    with suppress(msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        content = msgspec.json.format(content, indent=2)
    text = content.decode("utf-8", "surrogateescape")
    return visible(text[:most], keep_lines=True), max(len(text) - most, 0)


def _list_parts(call: CallEntry, details: CallDetails) -> Iterator[TextPart]:
    yield TextPart(PartKind.TITLE, one_line(f"{call.method} {call.path}", _LONGEST_LINE) + "\n")
    facts = [
        format_moment(call.started),
        "" if call.status is None else str(call.status),
        format_seconds(call.seconds),
        format_size(call.size),
        f"sent {call.times_sent} times" if call.times_sent > 1 else "",
    ]
    yield TextPart(PartKind.TEXT, " · ".join(filter(None, facts)) + "\n")
    if call.failure:
        yield TextPart(PartKind.ERROR, call.failure + "\n")
    for note in call.notes:
        yield TextPart(PartKind.NOTE, one_line(note, _LONGEST_LINE) + "\n")
    yield from _list_body("Request", details.request_body)
    if call.is_open:
        yield TextPart(PartKind.NOTE, "\nNo answer yet.\n")
    yield from _list_body("Answer", details.response_body)
    yield from _list_headers("Headers of the request", details.request_headers)
    yield from _list_headers("Headers of the answer", details.response_headers)


def _list_headers(title: str, headers: tuple[HeaderLine, ...]) -> Iterator[TextPart]:
    if headers:
        yield TextPart(PartKind.TITLE, f"\n{title}\n")
    for name, value in headers:
        yield TextPart(PartKind.NAME, one_line(name, 100) + ": ")
        yield TextPart(PartKind.TEXT, one_line(value, _LONGEST_LINE) + "\n")


def _list_body(title: str, body: LoggedBody) -> Iterator[TextPart]:
    if body.note or body.content:
        yield TextPart(PartKind.TITLE, f"\n{title}\n")
    if body.note:
        yield TextPart(PartKind.NOTE, body.note + "\n")
    if not body.content:
        return
    text, more = format_body(body.content)
    yield TextPart(PartKind.TEXT, text)
    if more:
        yield TextPart(PartKind.NOTE, f" … and {count_noun(more, 'more character')}")
    yield TextPart(PartKind.TEXT, "\n")
