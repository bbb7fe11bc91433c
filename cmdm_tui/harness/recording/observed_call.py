"""A call as a recorder saw it on the wire: secrets, compression and all."""

import zlib
from collections.abc import Mapping

import msgspec

from cmdm_tui.harness.exchange import Headers

LARGEST_BODY = 64 * 1024 * 1024
"""Bytes of the largest body that is recorded, before and after it is decompressed."""

_GZIP_OR_ZLIB = zlib.MAX_WBITS | 32
_WINDOWS: Mapping[str, int] = {
    "gzip": _GZIP_OR_ZLIB,
    "x-gzip": _GZIP_OR_ZLIB,
    "deflate": _GZIP_OR_ZLIB,
}

READABLE_CODINGS = frozenset({*_WINDOWS, "identity"})
"""The content codings of which a body can be recorded."""


class Unrecordable(Exception):
    """A call that cannot be recorded; the message says why, and ends no sentence."""


class ObservedCall(msgspec.Struct, frozen=True, array_like=True):
    """A request and its whole answer.

    `target` is the raw path and query after the host, as Latin-1 text; so are header values, whose
    names are in lower case. `body` is as it came, in the coding that its headers name.
    """

    method: str
    target: str
    request_headers: Headers
    request_body: bytes
    status: int
    reason: str
    headers: Headers
    body: bytes

    def decode_body(self) -> bytes:
        """Return the answer's body out of its content coding. Raises Unrecordable."""
        names = ",".join(value for name, value in self.headers if name == "content-encoding")
        body = self.body
        for coding in reversed(names.replace(" ", "").lower().split(",")):
            if coding in _WINDOWS and body:
                body = _decompress(body, coding)
            elif coding not in {"", "identity", *_WINDOWS}:
                raise Unrecordable("its body is in a coding that is not read here")
        return body


def _decompress(body: bytes, coding: str) -> bytes:
    # Some servers send raw deflate where they say deflate (RFC 9110, 8.4.1.2, has a note on it).
    windows = [_WINDOWS[coding], *([-zlib.MAX_WBITS] if coding == "deflate" else [])]
    for window in windows:
        stream = zlib.decompressobj(window)
        try:
            plain = stream.decompress(body, LARGEST_BODY + 1)
        except zlib.error:
            continue
        if len(plain) > LARGEST_BODY:
            raise Unrecordable(f"its body is over {LARGEST_BODY:,} bytes")
        if stream.eof:
            return plain
    raise Unrecordable(f"its body is not the {coding} that it says")


def read_header_text(value: str) -> str:
    """Return a header value as text: its bytes are UTF-8, or else Latin-1."""
    try:
        return value.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return value
