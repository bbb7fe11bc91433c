"""Text for any file: characters that a reader would act on, or XML cannot hold, become visible."""

import re

from cmdm_tui.text import visible

_NONCHARACTERS = re.compile("[\ufdd0-\ufdef\ufffe\uffff]|[^\u0000-\uffff]")


def to_plain_text(text: str, limit: int | None = None, *, keep_lines: bool = False) -> str:
    """Return `text` made visible, cut to `limit` characters with a note on what was left out.

    The result holds only characters of XML 1.0 (section 2.2), and no Unicode noncharacters.
    """
    if limit is not None and len(text) > limit:
        text = f"{text[:limit]}… ({len(text) - limit:,} characters more)"
    return _NONCHARACTERS.sub(_show_character, visible(text, keep_lines=keep_lines))


def show_body(body: bytes, limit: int = 2_000) -> str:
    """Return a body as text to read; bytes that are not UTF-8 are written in hexadecimal."""
    text = body[: limit * 4].decode("utf-8", "backslashreplace")
    cut = text if len(text) <= limit and len(body) <= limit * 4 else text[:limit] + "…"
    return to_plain_text(cut, keep_lines=True)


def _show_character(found: re.Match[str]) -> str:
    code = ord(found[0])
    is_character = code > 0xFFFF and code & 0xFFFE != 0xFFFE
    return found[0] if is_character else f"<U+{code:04X}>"
