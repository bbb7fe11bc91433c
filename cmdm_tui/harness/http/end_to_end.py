"""Which headers go from end to end, and which only from one program to the next."""

from collections.abc import Iterable

RawHeaders = list[tuple[bytes, bytes]]

_HOP_BY_HOP = frozenset(
    {
        b"connection", b"keep-alive", b"proxy-authenticate", b"proxy-authorization",
        b"proxy-connection", b"te", b"trailer", b"transfer-encoding", b"upgrade",
    }
)  # fmt: skip
"""Headers that are between two programs next to each other (RFC 9110, 7.6.1)."""


def select_end_to_end(
    headers: Iterable[tuple[bytes, bytes]], *, without: frozenset[bytes] = frozenset()
) -> RawHeaders:
    """Return the headers that a proxy passes on, names in lower case; none of `without`."""
    lines = [(name.lower(), value) for name, value in headers]
    named = b",".join(value for name, value in lines if name == b"connection")
    dropped = {word.strip().lower() for word in named.split(b",")} | _HOP_BY_HOP | without
    return [line for line in lines if line[0] not in dropped]
