"""HTTP/1.1 as h11 speaks it, less the forms of a request that others may read otherwise."""

from typing import Any

import h11

from cmdm_tui.sandbox.http.framing import find_chunk_start, find_head_error

_CHUNKED = (b"transfer-encoding", b"chunked")


class StrictHttpConnection(h11.Connection):
    """One connection's HTTP, refusing what is ambiguous before h11 makes something of it.

    The head of an answer is held back for what follows it, so that both are one piece on the wire:
    of a short answer, handing each to the system costs more than making it.
    """

    _head = b""
    _is_between_chunks = False
    # What was received of a body in chunks, and how far h11 has come in it. It is asked for once
    # each time that something is received: of many small chunks, a copy for each would cost most.
    _received: bytes | None = None
    _position = 0

    def receive_data(self, data: bytes) -> None:
        """Take what the client sent."""
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
            self._is_between_chunks = _CHUNKED in event.headers
        elif type(event) is h11.Data:
            self._position += len(event.data)
            self._is_between_chunks = event.chunk_end
        else:
            self._received = None
        return event

    def _is_chunk_due(self) -> bool:
        """Say whether h11 may go on: all that stands before the next chunk has arrived."""
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
        closing makes clear that what follows is no request.
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
