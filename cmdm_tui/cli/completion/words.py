"""Takes the line of a shell apart as far as it is typed, and quotes what completes it."""

import re
from dataclasses import dataclass

_SAFE = re.compile(r"[^\w@%+=:,./-]", re.ASCII)
_SAFE_IN_DOUBLE_QUOTES = re.compile(r'(["\\$`!])')


@dataclass(frozen=True, slots=True)
class TypedLine:
    """The words before the one to complete, that word as far as it is typed, and its open quote."""

    words: tuple[str, ...]
    incomplete: str
    quote: str = ""


def read_line(line: str) -> TypedLine:
    """Take a line apart as a shell does, which may end within a quote; nothing is expanded."""
    words: list[str] = []
    word: list[str] | None = None
    quote, is_escaped = "", False
    for character in line:
        if is_escaped:
            word = [
                *(word or ()),
                character if quote != '"' or character in '"\\$`' else f"\\{character}",
            ]
            is_escaped = False
        elif quote:
            if character == quote:
                quote = ""
            elif character == "\\" and quote == '"':
                is_escaped = True
            else:
                word = [*(word or ()), character]
        elif character == "\\":
            is_escaped, word = True, word or []
        elif character in "'\"":
            quote, word = character, word or []
        elif character in " \t\n":
            if word is not None:
                words.append("".join(word))
            word = None
        else:
            word = [*(word or ()), character]
    return TypedLine(tuple(words), "".join(word or ()), quote)


def quote_for_bash(value: str, quote: str) -> str:
    """Return a value as bash inserts it after the open quote, or outside of quotes.

    Bash closes the quote, unless the last character is one: then it is closed here, before that.
    """
    if quote and value.endswith(quote):
        return f"{quote_for_bash(value[:-1] + '.', quote)[:-1]}{quote}\\{quote}"
    if quote == "'":
        return value.replace("'", "'\\''")
    if quote == '"':
        # In an interactive bash ! means the history also within double quotes.
        return _SAFE_IN_DOUBLE_QUOTES.sub(r"\\\1", value)
    quoted = "".join(one if one.isalnum() or not _SAFE.match(one) else f"\\{one}" for one in value)
    return f"\\{quoted}" if quoted.startswith("~") else quoted


def cut_at_break(value: str, typed: str, breaks: str) -> str:
    """Return the rest of a value after the last character at which bash divides what is typed."""
    last = max((typed.rfind(one) for one in "=:" if one in breaks), default=-1)
    return (
        value[last + 1 :]
        if last >= 0 and value[: last + 1].casefold() == typed[: last + 1].casefold()
        else value
    )
