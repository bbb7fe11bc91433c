"""Reads the YAML scalars that a cassette is written with (YAML 1.1, chapter 9), and no others."""

import base64
import re
from collections.abc import Mapping


class NotCanonical(ValueError):
    """A file is not laid out as cassettes are written here; vcrpy may still read it."""


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


def parse_text(scalar: str) -> str:
    """Return the text that a scalar stands for. Raises NotCanonical for what is no text."""
    return _parse_scalar(scalar)


def parse_bytes(scalar: str) -> bytes:
    """Return the bytes of a body: a text's UTF-8, or base64. Raises NotCanonical for no body."""
    if scalar.startswith("!!binary"):
        try:
            return base64.b64decode("".join(scalar.partition("|")[2].lstrip("+-").split()))
        except ValueError:
            raise NotCanonical("a body is not base64") from None
    return parse_text(scalar).encode("utf-8")


def _parse_scalar(scalar: str) -> str:
    inner = scalar[1:-1]
    match scalar[:1]:
        case "'" if len(scalar) > 1 and scalar.endswith("'"):
            return (_FOLD.sub(_unfold, inner) if "\n" in inner else inner).replace("''", "'")
        case '"' if len(scalar) > 1 and scalar.endswith('"'):
            is_plain = "\\" not in inner and "\n" not in inner
            return inner if is_plain else _ESCAPED_FOLD.sub(_unescape, inner)
        case _:
            plain = _FOLD.sub(_unfold, scalar).rstrip(" ") if "\n" in scalar else scalar
            is_text = _PLAIN_TEXT.fullmatch(plain) and not _NOT_TEXT.fullmatch(plain)
            return plain if is_text else _parse_with_yaml(scalar)


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
        return chr(int(digits[:width], 16)) + digits[width:]
    if letter not in _ESCAPES:
        raise NotCanonical("an escape is unknown")
    return _ESCAPES[letter] + digits


def _parse_with_yaml(scalar: str) -> str:
    """Ask YAML itself what a plain scalar is that could be something else than text."""
    import yaml

    try:
        value: object = yaml.load(scalar, Loader=yaml.CSafeLoader)
    except yaml.YAMLError:
        value = None
    if not isinstance(value, str):
        message = f"{scalar[:20]!r} is no text"
        raise NotCanonical(message)
    return value
