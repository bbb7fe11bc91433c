"""The encoding that the text of a body is in: seen by its first bytes, else as declared."""

import codecs
import json
import re

_UTF8_MARK = b"\xef\xbb\xbf"
_CHARSET = re.compile(r"""(?i);\s*charset\s*=\s*["']?([^"';\s]+)""")
_UTF8_NAMES = {"utf-8", "ascii"}
# These count as text encodings, but no service means them, and some take quadratic time.
_NO_CHARSETS = {"idna", "punycode", "raw-unicode-escape", "undefined", "unicode-escape", "utf-7"}


def find_charset(content_type: str) -> str:
    """Return the encoding that a Content-Type names, in lower case; "" where it names none."""
    found = _CHARSET.search(content_type)
    return found[1].lower() if found else ""


def is_known_charset(name: str) -> bool:
    """Return whether text can be read in that encoding."""
    return _look_up(name) is not None


def to_utf8(body: bytes, content_type: str) -> bytes:
    """Return a body in UTF-8, without a byte order mark.

    Its encoding is that of its byte order mark, else what its first bytes must be in JSON, else
    what the Content-Type names. What is not in it stays as it is: single bytes, or the whole body
    where that encoding is unknown.
    """
    if body.startswith(_UTF8_MARK):
        return body[len(_UTF8_MARK) :]
    is_wide = b"\0" in body[:4] or body[:2] in {codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE}
    charset = find_charset(content_type)
    if not is_wide and (not charset or charset == "utf-8"):
        return body
    codec = json.detect_encoding(body) if is_wide else _look_up(charset)
    if codec is None or codec in _UTF8_NAMES:
        return body
    try:
        text = body.decode(codec, "surrogateescape").removeprefix("\ufeff")
        return text.encode("utf-8", "surrogateescape")
    except UnicodeError:
        return body


def _look_up(name: str) -> str | None:
    try:
        codec = codecs.lookup(name).name
        is_wide = codec.startswith(("utf-16", "utf-32"))
        is_charset = is_wide or b"{}".decode(codec) == "{}"
    except (LookupError, ValueError):
        return None
    return codec if is_charset and codec.replace("_", "-") not in _NO_CHARSETS else None
