"""Reads a cassette without parsing YAML: what is laid out as it is written here is found by a scan.

The interactions' parts are found at once; an answer's body is decoded when it is first played.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path

from cmdm_tui.harness.cassettes.yaml_scalars import NotCanonical, parse_bytes, parse_text


def _scalar_pattern(indent: int) -> str:
    """Return the pattern of a scalar whose further lines are indented by more than its key."""
    return rf"[^\n]*(?:\n(?: {{{indent + 1}}}[^\n]*|[ ]*(?=\n)))*"


# No line of a scalar is indented as little as the key that follows it, so each part ends where the
# next one's mark begins.
_MARKS = (
    "- request:\n    body: ",
    "\n    headers:",
    "\n    method: ",
    "\n    uri: ",
    "\n  response:\n    body:\n      string: ",
    "\n    headers:",
    "\n    status:\n      code: ",
    "\n      message: ",
)
_HEADER = re.compile(rf"      ([a-z0-9-]+):\n((?:      - {_scalar_pattern(6)}\n)+)")
_STATUS = re.compile(r"[0-9]{3}")
_VALUE = re.compile(rf"      - ({_scalar_pattern(6)})\n")
_START, _END = "interactions:\n", "version: 1\n"

CallKey = tuple[str, str, bytes]
"""A method, a whole address and a raw body: what a call is found by."""

HeaderLines = list[tuple[bytes, bytes]]


@dataclass(slots=True)
class RecordedAnswer:
    """One recorded answer and the key of its call; `body` is decoded when it is first asked for."""

    key: CallKey
    status: int
    headers: HeaderLines
    reason: bytes
    _scalar: str = field(repr=False)
    _body: bytes | None = field(default=None, repr=False)

    @property
    def body(self) -> bytes:
        """The answer's body."""
        if self._body is None:
            self._body = parse_bytes(self._scalar)
            self._scalar = ""
        return self._body


class _HeaderCache:
    """Blocks of headers already read: most answers of a cassette share theirs."""

    def __init__(self) -> None:
        self._read: dict[str, HeaderLines] = {}

    def __getitem__(self, block: str) -> HeaderLines:
        lines = self._read.get(block)
        if lines is None:
            lines = self._read[block] = _parse_headers(block)
        return lines


def read_cassette(path: Path) -> list[RecordedAnswer]:
    """Return what the cassette holds, in its order.

    Raises OSError where it cannot be read, NotCanonical where it is laid out otherwise.
    """
    try:
        return parse_canonical(path.read_bytes().decode("utf-8"))
    except (NotCanonical, UnicodeDecodeError) as error:
        message = f"{path} is not laid out as cmdm record writes it ({error}); record it anew."
        raise NotCanonical(message) from None


def parse_canonical(text: str) -> list[RecordedAnswer]:
    """Return what the text of a cassette holds. Raises NotCanonical."""
    if text == f"interactions: []\n{_END}":
        return []
    if not text.startswith(_START) or not text.endswith(_END):
        raise NotCanonical("it does not begin or end as a cassette")
    position, end = len(_START), len(text) - len(_END)
    blocks = _HeaderCache()
    found: list[RecordedAnswer] = []
    while position < end:
        if not text.startswith(_MARKS[0], position):
            raise _unexpected_layout(text, position)
        parts: list[str] = []
        start = position + len(_MARKS[0])
        for mark in _MARKS[1:]:
            stop = text.find(mark, start, end)
            if stop < 0:
                raise _unexpected_layout(text, position)
            parts.append(text[start:stop])
            start = stop + len(mark)
        stop = text.find("\n- request:\n", start, end)
        stop = end - 1 if stop < 0 else stop
        sent, _, method, uri, body, headers, code = parts
        found.append(
            _build_answer(sent, method, uri, body, blocks[headers], code, text[start:stop])
        )
        position = stop + 1
    return found


def _build_answer(
    sent: str, method: str, uri: str, body: str, headers: HeaderLines, code: str, reason: str
) -> RecordedAnswer:
    if not _STATUS.fullmatch(code):
        raise NotCanonical("a status is no number")
    key = (parse_text(method), parse_text(uri), parse_bytes(sent))
    words = b"" if reason in {"''", "null"} else parse_text(reason).encode("ascii")
    return RecordedAnswer(key, int(code), headers, words, body)


def _unexpected_layout(text: str, position: int) -> NotCanonical:
    line = text.count("\n", 0, position) + 1
    return NotCanonical(f"line {line} begins no interaction")


def _parse_headers(block: str) -> HeaderLines:
    lines: HeaderLines = []
    if block == " {}":
        return lines
    block = block.removeprefix("\n") + "\n"
    position = 0
    while position < len(block):
        header = _HEADER.match(block, position)
        if header is None:
            raise NotCanonical("a header is laid out otherwise")
        name = header[1].encode("ascii")
        lines += [
            (name, parse_text(value).encode("latin-1")) for value in _VALUE.findall(header[2])
        ]
        position = header.end()
    return lines
