"""The fast reader of cassettes: finds the parts of the layout that `cmdm record` writes by a scan.

It parses no YAML and knows no other layout: `reader` reads those. An answer's body is decoded when
it is first used.
"""

import base64
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

CallKey = tuple[str, str, bytes]
"""A method, a whole address and a raw body: a call is found by these."""

RecordedHeaders = list[tuple[bytes, bytes]]


class NotCanonical(ValueError):
    """A text does not have the layout in which cassettes are written here."""


@dataclass(slots=True)
class RecordedAnswer:
    """One recorded answer and the key of its call.

    `_scalar` is the body as it is written in the file, None once the body is decoded. `_reread`
    reads the whole file again, slowly: for a body that has another layout after all.
    """

    key: CallKey
    status: int
    headers: RecordedHeaders
    reason: bytes
    _scalar: str | None = field(repr=False, default=None)
    _body: bytes = field(repr=False, default=b"")
    _reread: "Callable[[], list[RecordedAnswer]] | None" = field(repr=False, default=None)
    _number: int = 0

    @property
    def body(self) -> bytes:
        """The answer's body. Raises CassetteUnreadable where the file holds none."""
        if self._scalar is not None:
            try:
                self._body = parse_bytes(self._scalar)
            except NotCanonical:
                if self._reread is None:
                    raise
                self._body = self._reread()[self._number].body
            self._scalar = None
        return self._body


# Reading the interactions


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
_KEY_AFTER_BODY = re.compile(r"\n {0,6}[^ \n]")
_HEADER = re.compile(rf"      ([a-z0-9-]+):\n((?:      - {_scalar_pattern(6)}\n)+)")
_STATUS = re.compile(r"[0-9]{3}")
_VALUE = re.compile(rf"      - ({_scalar_pattern(6)})\n")
_START, _END = "interactions:\n", "version: 1\n"


class _HeaderCache:
    """Blocks of headers that were parsed: most answers of a cassette have the same."""

    def __init__(self) -> None:
        self._parsed: dict[str, RecordedHeaders] = {}

    def __getitem__(self, block: str) -> RecordedHeaders:
        lines = self._parsed.get(block)
        if lines is None:
            lines = self._parsed[block] = _parse_headers(block)
        return lines


def parse_canonical(
    text: str, *, reread: Callable[[], list[RecordedAnswer]] | None = None
) -> list[RecordedAnswer]:
    """Return what the text of a cassette holds. Raises NotCanonical for another layout.

    `reread` reads the same cassette whatever its layout; it is called for a body that turns out to
    have another one.
    """
    if text == f"interactions: []\n{_END}":
        return []
    if not text.startswith(_START) or not text.endswith(_END):
        raise NotCanonical("it does not begin or end as a cassette")
    position, end = len(_START), len(text) - len(_END)
    headers_of = _HeaderCache()
    found: list[RecordedAnswer] = []
    while position < end:
        if not text.startswith(_MARKS[0], position):
            raise NotCanonical("an interaction begins differently")
        parts: list[str] = []
        start = position + len(_MARKS[0])
        for mark in _MARKS[1:]:
            stop = text.find(mark, start, end)
            if stop < 0:
                raise NotCanonical("an interaction has other parts")
            parts.append(text[start:stop])
            start = stop + len(mark)
        stop = text.find("\n- request:\n", start, end)
        stop = end - 1 if stop < 0 else stop
        sent, _, method, uri, body, headers, code = parts
        _check_body(body)
        if not _STATUS.fullmatch(code):
            raise NotCanonical("a status is not a number")
        reason = text[start:stop]
        answer = RecordedAnswer(
            (parse_text(method), parse_text(uri), parse_bytes(sent)),
            int(code),
            headers_of[headers],
            b"" if reason in {"''", "null"} else parse_text(reason).encode("ascii", "replace"),
            body,
            b"",
            reread,
            len(found),
        )
        found.append(answer)
        position = stop + 1
    return found


def _check_body(scalar: str) -> None:
    """Raise NotCanonical for a body that is not one of the scalars written here."""
    if _KEY_AFTER_BODY.search(scalar):
        raise NotCanonical("a body has a further key")
    is_quoted = len(scalar) > 1 and scalar[0] in "'\"" and scalar[-1] == scalar[0]
    if not is_quoted and not scalar.startswith("!!binary"):
        parse_bytes(scalar)


def _parse_headers(block: str) -> RecordedHeaders:
    lines: RecordedHeaders = []
    if block == " {}":
        return lines
    block = block.removeprefix("\n") + "\n"
    position = 0
    while position < len(block):
        header = _HEADER.match(block, position)
        if header is None:
            raise NotCanonical("a header has another layout")
        name = header[1].encode("ascii")
        for value in _VALUE.findall(header[2]):
            try:
                lines.append((name, parse_text(value).encode("latin-1")))
            except UnicodeEncodeError:
                raise NotCanonical("a header holds a character over U+00FF") from None
        position = header.end()
    return lines


# Reading scalars (YAML 1.1, chapter 9)

_FOLD = re.compile(r"[ \t]*\n((?:[ \t]*\n)*)[ \t]*")
_ESCAPED_FOLD = re.compile(r"\\\n[ \t]*|[ \t]*\n((?:[ \t]*\n)*)[ \t]*|\\(.)([0-9A-Fa-f]*)")
_ESCAPES: Mapping[str, str] = {
    "0": "\0", "a": "\a", "b": "\b", "t": "\t", "\t": "\t", "n": "\n", "v": "\v", "f": "\f",
    "r": "\r", "e": "\x1b", " ": " ", '"': '"', "/": "/", "\\": "\\", "N": "\x85", "_": "\xa0",
    "L": "\u2028", "P": "\u2029",
}  # fmt: skip
_WIDTHS = {"x": 2, "u": 4, "U": 8}
_PLAIN_TEXT = re.compile(r"[A-Za-z/](?:[^\n:#]|:(?=\S)|(?<=\S)#)*")
_NOT_TEXT = re.compile(r"null|true|false|yes|no|on|off|y|n", re.IGNORECASE)
_COMMENT = re.compile(r"['\"]\s+#")


def parse_text(scalar: str) -> str:
    """Return the text that a scalar stands for. Raises NotCanonical for what is not a text."""
    inner = scalar[1:-1]
    match scalar[:1]:
        case "'" if len(scalar) > 1 and scalar[-1] == "'" and not _has_comment(inner):
            return (_FOLD.sub(_unfold, inner) if "\n" in inner else inner).replace("''", "'")
        case '"' if len(scalar) > 1 and scalar[-1] == '"' and not _has_comment(inner):
            is_plain = "\\" not in inner and "\n" not in inner
            return inner if is_plain else _ESCAPED_FOLD.sub(_unescape, inner)
        case _:
            plain = _FOLD.sub(_unfold, scalar).rstrip(" ") if "\n" in scalar else scalar
            is_text = _PLAIN_TEXT.fullmatch(plain) and not _NOT_TEXT.fullmatch(plain)
            return plain if is_text else _parse_with_yaml(scalar)


def parse_bytes(scalar: str) -> bytes:
    """Return the bytes of a body: a text's UTF-8, or base64. Raises NotCanonical for no body."""
    if scalar.startswith("!!binary"):
        head, _, digits = scalar.partition("|")
        if head != "!!binary " or not digits:
            raise NotCanonical("a body is not a block of base64")
        digits = "".join(digits.lstrip("+-").split())
        try:
            return base64.b64decode(digits, validate=True)
        except ValueError:
            raise NotCanonical("a body is not base64") from None
    try:
        return parse_text(scalar).encode("utf-8")
    except UnicodeEncodeError:
        raise NotCanonical("a body holds half a surrogate pair") from None


def _has_comment(inner: str) -> bool:
    """Return whether the quotes seem to end earlier, with a comment that ends in a quote too."""
    return "#" in inner and _COMMENT.search(inner) is not None


def _unfold(found: re.Match[str]) -> str:
    blank = found[1].count("\n")
    return "\n" * blank if blank else " "


def _unescape(found: re.Match[str]) -> str:
    letter, digits = found[2], found[3]
    if letter is None:
        return "" if found[0].startswith("\\") else _unfold(found)
    width = _WIDTHS.get(letter)
    if width is not None:
        if len(digits) < width:
            raise NotCanonical("an escape is cut off")
        try:
            return chr(int(digits[:width], 16)) + digits[width:]
        except (ValueError, OverflowError):
            raise NotCanonical("an escape is not a character") from None
    if letter not in _ESCAPES:
        raise NotCanonical("an escape is unknown")
    return _ESCAPES[letter] + digits


def _parse_with_yaml(scalar: str) -> str:
    """Let YAML itself read a plain scalar that could be something other than text."""
    import yaml

    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)(scalar)
    try:
        value: object = loader.get_single_data()
    except (yaml.YAMLError, RecursionError, ValueError):
        value = None
    finally:
        loader.dispose()
    if not isinstance(value, str):
        message = f"{scalar[:20]!r} is not a text"
        raise NotCanonical(message)
    return value
