"""Shows JSON to a person: indented, every digit kept, and safe for a terminal."""

import json

import msgspec

from cmdm_tui.text import visible


def format_json(body: bytes) -> str | None:
    """Return a JSON body indented and safe; None where it is not JSON."""
    body = body.removeprefix(b"\xef\xbb\xbf")
    try:
        text = msgspec.json.format(body, indent=2).decode("utf-8")
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    return "\n".join(escape_json(line) for line in text.split("\n"))


def escape_json(text: str) -> str:
    r"""Return the same JSON with what a terminal would act on as `\u` escapes, on one line."""
    if visible(text) == text:
        return text
    return "".join(
        character if visible(character) == character else json.dumps(character)[1:-1]
        for character in text
    )
