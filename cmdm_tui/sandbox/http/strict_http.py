"""HTTP/1.1 as h11 speaks it, without the requests that have more than one meaning (RFC 9112).

Where two readers of one connection disagree on where a request ends, one client's bytes become
another's request. So everything that allows it is refused: a line that ends in a bare LF or
holds a bare CR, a folded header, more than one Content-Length, one with a Transfer-Encoding, any
coding but chunked, chunks in HTTP/1.0, and a chunk whose size is not all there is before its end of
line or its extension.
"""

import re
from typing import Any

import h11

_CHUNKED = (b"transfer-encoding", b"chunked")
_HEAD_END = re.compile(rb"\n\r?\n")

# What h11 takes the chunk's own end of line for, before the next one's size, comes first.
_SIZE = re.compile(rb"(?:\r\n)?([0-9A-Fa-f]+)(?:;[^\r\n]*)?\r\n")
_TRAILER = re.compile(rb"(?:[^\r\n \t][^\r\n]*\r\n)*\r\n")
_LONGEST_BETWEEN_CHUNKS = 16_384


_BAD_LINE_END = "A line must end in CR LF and hold neither of them elsewhere."


class StrictHttpConnection(h11.Connection):
    """One connection's HTTP, which refuses an ambiguous request before h11 reads it.

    The head of an answer waits for what follows it, so that both are sent in one piece:
    for a short answer, two writes cost more than making it.
    """

    _head = b""
    _is_between_chunks = False
    # What was received of a body in chunks, and how far h11 has come in it. It is asked for once
    # each time that something is received: of many small chunks, a copy for each would cost most.
    _received: bytes | None = None
    _position = 0
    scheme = b"http"
    """What an absolute target (`GET http://host/path`) must begin with."""
    is_target_absolute = False
    """Whether the last request had such a target."""

    def receive_data(self, data: bytes) -> None:
        """Receive what the client sent."""
        self._received = None
        super().receive_data(data)

    def next_event(self) -> Any:
        """Return the next event; raises `h11.RemoteProtocolError` for an ambiguous request."""
        state = self.their_state
        if state is h11.IDLE or state is h11.DONE:
            received, is_ended = self.trailing_data
            if not received and not is_ended:
                # Between two requests: h11 would come to this too, by a longer way.
                return h11.NEED_DATA
            problem = find_head_error(received) if state is h11.IDLE else None
            if problem is not None:
                raise h11.RemoteProtocolError(problem)
        elif self._is_between_chunks and state is h11.SEND_BODY and not self._is_chunk_due():
            return h11.NEED_DATA
        event: Any = super().next_event()
        if type(event) is h11.Request:
            self.is_target_absolute = False
            if not event.target.startswith(b"/"):
                found, event = event, make_origin_form(event, self.scheme)
                self.is_target_absolute = event is not found
            self._is_between_chunks = _CHUNKED in event.headers
        elif type(event) is h11.Data:
            self._position += len(event.data)
            self._is_between_chunks = event.chunk_end
        else:
            self._received = None
        return event

    def _is_chunk_due(self) -> bool:
        """Return whether h11 may continue: all that comes before the next chunk has arrived."""
        if self._received is None:
            self._received, is_ended = self.trailing_data
            self._position = 0
            if is_ended:
                return True
        try:
            end = find_chunk_start(self._received, self._position)
        except ValueError as error:
            raise h11.RemoteProtocolError(str(error)) from error
        if end is None:
            return False
        self._position = end
        self._is_between_chunks = False
        return True

    def send(self, event: h11.Event) -> Any:
        """Return the bytes to send for an event: for the head of an answer none yet.

        A client that waits for "100 Continue" and is answered may send its body or not: only
        closing makes clear that what follows is not a request.
        """
        if type(event) is h11.Response:
            if self.they_are_waiting_for_100_continue:
                event = _with_close(event)
            self._head = super().send(event) or b""
            return b""
        piece = super().send(event)
        if self._head and piece is not None:
            piece, self._head = self._head + piece, b""
        return piece


def _with_close(answer: h11.Response) -> h11.Response:
    return h11.Response(
        status_code=answer.status_code,
        headers=[*answer.headers.raw_items(), (b"Connection", b"close")],
        reason=answer.reason,
        http_version=answer.http_version,
    )


def make_origin_form(request: h11.Request, scheme: bytes) -> h11.Request:
    """Return a request whose target is a path, and whose `Host` is the one that was in its target.

    A request to a proxy names a whole URL, and every server must understand that (RFC 9112, 3.2.2).
    Other targets, such as `*`, are returned as they are. Raises `h11.RemoteProtocolError` for
    another scheme than this connection's, and for a user name in front of the host.
    """
    if b"://" not in request.target.partition(b"?")[0]:
        return request
    named, _, rest = request.target.partition(b"://")
    host = re.split(rb"[/?#]", rest, maxsplit=1)[0]
    path = rest[len(host) :]
    if named.lower() != scheme or not host or b"@" in host:
        raise h11.RemoteProtocolError("The request is for another server.")
    if not path:
        path = b"*" if request.method == b"OPTIONS" else b"/"
    elif not path.startswith(b"/"):
        path = b"/" + path
    headers = [
        (name, value) for name, value in request.headers.raw_items() if name.lower() != b"host"
    ]
    return h11.Request(
        method=request.method,
        target=path,
        headers=[(b"Host", host), *headers],
        http_version=request.http_version,
    )


def find_head_error(received: bytes) -> str | None:
    """Return why the head at the start of `received` is refused, None when it is not.

    A head that is not complete yet is checked as far as it is there. Every request passes here, so
    a few searches decide about a common one, without splitting it.
    """
    end = _HEAD_END.search(received)
    # The CR of an unfinished line end may get its LF yet.
    head = received[: end.end()] if end else received.removesuffix(b"\r")
    if not _has_clean_lines(head):
        return _BAD_LINE_END
    if b"\n " in head or b"\n\t" in head:
        return "A header must be on one line."
    lowered = head.lower()
    is_framed = b"content-length" in lowered or b"transfer-encoding" in lowered
    return _find_length_error(lowered) if end and is_framed else None


def _find_length_error(head: bytes) -> str | None:
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


def _has_clean_lines(text: bytes) -> bool:
    line_ends = text.count(b"\r\n")
    return text.count(b"\n") == line_ends and text.count(b"\r") == line_ends


def find_chunk_start(received: bytes, start: int) -> int | None:
    """Return where a chunk's data begins, or a chunked body ends; None while that is not there.

    At `start` the body begins, or the data of its last chunk has ended; nothing else of `received`
    is read. Raises `ValueError`, which says why, for what is refused.
    """
    size = _SIZE.match(received, start)
    if size is not None and size[1].strip(b"0"):
        return size.end()
    trailer = None if size is None else _TRAILER.match(received, size.end())
    if trailer is not None:
        return trailer.end()
    # Neither is whole: what there is of it must be able to become so.
    begun = received[start:]
    if not _has_clean_lines(begun.removesuffix(b"\r")):
        raise ValueError(_BAD_LINE_END)
    if size is None and b"\r\n" in begun[2:]:
        raise ValueError("A chunk must begin with its size.")
    if size is not None and (b"\r\n " in begun or b"\r\n\t" in begun):
        raise ValueError("A trailer must be on one line.")
    if len(begun) > _LONGEST_BETWEEN_CHUNKS:
        raise ValueError("What comes between two chunks is too long.")
    return None
