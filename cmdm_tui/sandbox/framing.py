"""Which heads of requests have one meaning only (RFC 9112).

Where two readers of one connection disagree on where a request ends, one client's bytes become
another's request. So whatever leaves room for that is refused: a line that ends in a bare LF or
holds a bare CR, a folded header, more than one Content-Length, one beside a Transfer-Encoding, any
coding but chunked, and chunks in HTTP/1.0.
"""

import re

_END = re.compile(rb"\n\r?\n")
_BARE = re.compile(rb"(?<!\r)\n|\r(?!\n)")


def fault_of_head(received: bytes) -> str | None:
    """Say why the head at the start of `received` is refused, None when it is not.

    A head that is not complete yet is judged by what is there.
    """
    end = _END.search(received)
    head = received[: end.end()] if end else received
    # The CR of an unfinished line end may get its LF yet.
    if _BARE.search(head.removesuffix(b"\r")):
        return "A line must end in CR LF and hold neither of them elsewhere."
    request_line, *lines = head.split(b"\r\n")
    if any(line[:1] in {b" ", b"\t"} for line in lines):
        return "A header must stand on one line."
    return _fault_of_framing(request_line, lines) if end else None


def _fault_of_framing(request_line: bytes, lines: list[bytes]) -> str | None:
    headers = [
        (name.lower(), value.strip()) for name, _, value in (one.partition(b":") for one in lines)
    ]
    lengths = [value for name, value in headers if name == b"content-length"]
    codings = [value.lower() for name, value in headers if name == b"transfer-encoding"]
    if len(lengths) > 1 or any(not value.isdigit() for value in lengths):
        return "There must be one Content-Length, and it must be a number."
    if lengths and codings:
        return "Content-Length and Transfer-Encoding exclude each other."
    if codings and codings != [b"chunked"]:
        return "There is no Transfer-Encoding but chunked."
    if codings and not request_line.endswith(b"HTTP/1.1"):
        return "Chunks need HTTP/1.1."
    return None
