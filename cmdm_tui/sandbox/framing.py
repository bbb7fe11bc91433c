"""Which heads of requests have one meaning only (RFC 9112).

Where two readers of one connection disagree on where a request ends, one client's bytes become
another's request. So whatever leaves room for that is refused: a line that ends in a bare LF or
holds a bare CR, a folded header, more than one Content-Length, one beside a Transfer-Encoding, any
coding but chunked, and chunks in HTTP/1.0.
"""

import re

_END = re.compile(rb"\n\r?\n")


def fault_of_head(received: bytes) -> str | None:
    """Say why the head at the start of `received` is refused, None when it is not.

    A head that is not complete yet is judged by what is there. Every request passes here, so the
    common one is found good by a few searches, without being taken apart.
    """
    end = _END.search(received)
    # The CR of an unfinished line end may get its LF yet.
    head = received[: end.end()] if end else received.removesuffix(b"\r")
    line_ends = head.count(b"\r\n")
    if head.count(b"\n") != line_ends or head.count(b"\r") != line_ends:
        return "A line must end in CR LF and hold neither of them elsewhere."
    if b"\n " in head or b"\n\t" in head:
        return "A header must stand on one line."
    lowered = head.lower()
    is_framed = b"content-length" in lowered or b"transfer-encoding" in lowered
    return _fault_of_framing(lowered) if end and is_framed else None


def _fault_of_framing(head: bytes) -> str | None:
    request_line, *lines = head.split(b"\r\n")
    headers = [(name, value.strip()) for name, _, value in (line.partition(b":") for line in lines)]
    lengths = [value for name, value in headers if name == b"content-length"]
    codings = [value for name, value in headers if name == b"transfer-encoding"]
    if len(lengths) > 1 or any(not value.isdigit() for value in lengths):
        return "There must be one Content-Length, and it must be a number."
    if lengths and codings:
        return "Content-Length and Transfer-Encoding exclude each other."
    if codings and codings != [b"chunked"]:
        return "There is no Transfer-Encoding but chunked."
    if codings and not request_line.endswith(b"http/1.1"):
        return "Chunks need HTTP/1.1."
    return None
