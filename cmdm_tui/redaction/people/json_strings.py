"""Finds the texts in a JSON body, each with the key it belongs to, and replaces some in place.

Everything else keeps its bytes: spaces, the order of keys, digits of numbers, escapes. A body may
be broken or cut: what can be read of it is read.
"""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

_PART = re.compile(r'"(?:[^"\\]|\\.)*(?:"|\\?\Z)|[{}\[\],:]|[^\s"{}\[\],:]+', re.DOTALL)
_NUMBER = re.compile(r"-?[0-9]+")
_BEGINNING = re.compile(r'\ufeff?\s*[{\["]')


@dataclass(frozen=True, slots=True)
class JsonText:
    """A value in a JSON body: a text, or a whole number as its digits.

    `key` is the nearest key above it, "" for none; `group` is the same for the members of one
    object. `start` and `end` are where it is written.
    """

    key: str
    value: str
    group: int
    start: int
    end: int
    is_number: bool = False


def iterate_texts(body: str) -> Iterator[JsonText]:
    """Yield the texts and whole numbers of a body in order. Raises ValueError for no JSON."""
    if not _BEGINNING.match(body):
        raise ValueError("this does not begin as JSON")
    found = list(_PART.finditer(body))
    # Of each open object or list: the key above it, and the number of the object it is in.
    levels: list[tuple[str, int]] = []
    key, group, count = "", 0, 0
    for number, part in enumerate(found):
        mark = part[0]
        following = found[number + 1][0] if number + 1 < len(found) else ""
        if mark in {"{", "["}:
            levels.append((key, group))
            count += mark == "{"
            group = count if mark == "{" else group
        elif mark in {"}", "]"}:
            key, group = levels.pop() if levels else ("", 0)
        elif not mark.startswith('"'):
            if _NUMBER.fullmatch(mark):
                yield JsonText(key, mark, group, *part.span(), is_number=True)
        elif following == ":":
            key = _read_text(mark)
        else:
            yield JsonText(key, _read_text(mark), group, *part.span())


def replace_texts(body: str, replace: Callable[[JsonText], str]) -> str:
    """Return the body with each text as `replace` returns it. Raises ValueError for no JSON."""
    pieces: list[str] = []
    position = 0
    for text in iterate_texts(body):
        replaced = replace(text)
        if replaced == text.value:
            continue
        before = body[text.start : text.end]
        written = replaced
        if not text.is_number:
            is_escaped = before.isascii() and not replaced.isascii()
            written = json.dumps(replaced, ensure_ascii=is_escaped)
            written = written if _is_closed(before) else written[:-1]
        pieces += (body[position : text.start], written)
        position = text.end
    return "".join((*pieces, body[position:]))


def _read_text(mark: str) -> str:
    """Return what a text in quotes says; of one that JSON does not allow, what is in the quotes."""
    closed = mark if _is_closed(mark) else f'{mark.rstrip(chr(92))}"'
    try:
        text: str = json.loads(closed, strict=False)
    except ValueError:
        return closed[1:-1]
    return text


def _is_closed(mark: str) -> bool:
    return len(mark) > 1 and mark.endswith('"')
