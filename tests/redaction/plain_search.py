"""How anybody could read a secret in what was printed, with none of the package's own code."""

import base64
import html
import re
from urllib.parse import unquote_plus

ENOUGH = 8
"""Characters of a secret in a row that are too many to be shown."""

_DEPTH = 3
_UNIT = re.compile(r"\\u([0-9A-Fa-f]{4})")


def find_shown(secret: str, printed: str) -> str:
    """Return the longest part of the secret that can be read, "" where none is long enough."""
    known = secret.casefold()
    longest = ""
    for text in _read_in_every_way(printed):
        longest = max(longest, _find_common(known, text.casefold()), key=len)
    return longest if len(longest) >= min(ENOUGH, len(known)) else ""


def _read_in_every_way(printed: str) -> set[str]:
    known, level = {printed}, {printed}
    for _ in range(_DEPTH):
        level = {found for text in level for found in _undo_one(text)} - known
        known |= level
    return known


def _undo_one(text: str) -> set[str]:
    joined = _UNIT.sub(lambda found: chr(int(found[1], 16)), text)
    found = {
        html.unescape(text),
        unquote_plus(text),
        unquote_plus(text.replace("+", "%2B")),
        joined.encode("utf-16", "surrogatepass").decode("utf-16", "replace").replace("\\/", "/"),
        text.replace("\\/", "/").replace('\\"', '"').replace("\\\\", "\\"),
    }
    for run in re.findall(r"[A-Za-z0-9+/_-]{8,}", text):
        plain = run.replace("-", "+").replace("_", "/")
        for start in range(4):
            part = plain[start:]
            decoded = base64.b64decode(part[: len(part) // 4 * 4])
            tail = part[len(part) // 4 * 4 :]
            if len(tail) > 1:
                decoded += base64.b64decode(tail + "=" * (4 - len(tail)))
            readable = decoded.decode("utf-8", "ignore")
            if len(readable) >= 4:
                found.add(readable)
    return found


def _find_common(secret: str, text: str) -> str:
    """Return the longest part that both have, one character longer at a time."""
    longest = ""
    for start in range(len(secret)):
        while secret[start : start + len(longest) + 1] in text:
            if start + len(longest) + 1 > len(secret):
                break
            longest = secret[start : start + len(longest) + 1]
    return longest
