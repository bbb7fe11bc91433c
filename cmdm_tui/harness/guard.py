"""Keeps secrets out of what is written: known values are searched for in every usual spelling."""

import base64
import json
from collections.abc import Iterable
from urllib.parse import quote, quote_plus

_SHORTEST = 4


class SecretLeak(Exception):
    """A secret stands in what was to be written, so nothing was. `place` says where, not what."""

    def __init__(self, place: str, offset: int) -> None:
        super().__init__(
            f"A secret would have been written to {place} (at byte {offset}), so nothing was. "
            "Report this: recordings are to be free of secrets."
        )


def refuse_secrets(content: bytes, secrets: Iterable[str], *, place: str) -> None:
    """Raise SecretLeak if one of `secrets` stands in `content`, as it is or encoded.

    Searched for are the value itself, JSON-escaped, percent-encoded, in hexadecimal, and in base64
    at each of its three offsets. Values shorter than four characters are not searched for.
    """
    for secret in secrets:
        if len(secret) < _SHORTEST:
            continue
        for spelling in _spellings(secret):
            offset = content.find(spelling)
            if offset >= 0:
                raise SecretLeak(place, offset)


def _spellings(secret: str) -> set[bytes]:
    raw = secret.encode("utf-8", "surrogatepass")
    texts = {
        json.dumps(secret)[1:-1],
        json.dumps(secret, ensure_ascii=False)[1:-1],
        quote(raw, safe=""),
        quote_plus(raw),
    }
    found = {
        raw,
        raw.hex().encode(),
        raw.hex().upper().encode(),
        *(text.encode("utf-8", "surrogatepass") for text in texts),
    }
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        for shift in range(3):
            # Only whole groups of the secret itself are the same wherever it stands in the text.
            encoded = encode(b"\0" * shift + raw)
            start, end = -(-shift * 4 // 3), (shift + len(raw)) * 4 // 3
            if end - start >= _SHORTEST:
                found.add(encoded[start:end])
    return found
