"""Answers the requests that come to the proxy: from a cassette, or from the service.

What the service answers reaches the client as it came: status, headers, and the bytes of its body.
What the proxy says itself has the header `x-cmdm-proxy`, and is never recorded.
"""

import json
import re
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from http import HTTPStatus

import h11
import httpx
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from cmdm_tui.api.urls import is_loopback
from cmdm_tui.harness.cassettes.replay_service import MOST_KEPT, localize_headers
from cmdm_tui.harness.http.end_to_end import RawHeaders, select_end_to_end
from cmdm_tui.harness.proxy.forwarder import (
    Forwarder,
    NotForwarded,
    ReceivedRequest,
    ServiceAnswer,
)
from cmdm_tui.harness.proxy.modes import Mode
from cmdm_tui.harness.proxy.recorded_answers import RecordedAnswers
from cmdm_tui.harness.recording.observed_call import LARGEST_BODY, ObservedCall
from cmdm_tui.harness.recording.session_secrets import is_sign_in_path
from cmdm_tui.harness.verify.comparison import Difference

PROXY_HEADER = "x-cmdm-proxy"
"""In every answer that is the proxy's own: `refused`, `unreachable` or `not-recorded`."""

_READING = frozenset({"GET", "HEAD", "OPTIONS"})
_NUMBERED_ID = re.compile(rb"(?<![A-Za-z0-9])NEW[0-9]{5,}(?![A-Za-z0-9])")
"""What a recording calls the records that were made in it."""

_STREAMED_FROM = 1024 * 1024
_LARGEST_REQUEST = LARGEST_BODY


@dataclass(slots=True)
class ProxyCounts:
    """What the proxy did so far. `broken` are answers that did not come or go out whole."""

    forwarded: int = 0
    replayed: int = 0
    refused: int = 0
    unanswered: int = 0
    broken: int = 0
    differing: int = 0
    not_recorded: int = 0
    problems: list[str] = field(default_factory=list[str])
    """Why the recording had no answer to the first of the `not_recorded` calls, a sentence each."""

    def note_not_recorded(self, problem: str) -> None:
        """Count a call that the recording has no answer to."""
        self.not_recorded += 1
        if len(self.problems) < MOST_KEPT:
            self.problems.append(problem)


@dataclass(slots=True)
class ProxyApp:
    """The proxy as an ASGI application.

    `answers` are those of the cassette, None without one. Calls that the service answered whole go
    to `record`; where that is None, nothing is recorded. Without `may_write`, calls that could
    change something are refused. `report` gets what differs, in the mode `diff`.
    """

    forwarder: Forwarder
    mode: Mode
    answers: RecordedAnswers | None = None
    record: Callable[[ObservedCall], None] | None = None
    may_write: bool = True
    report: Callable[[str, Difference], None] | None = None
    counts: ProxyCounts = field(default_factory=ProxyCounts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = Request(scope, receive)
        try:
            response = await self._answer(request)
        except ClientDisconnect:
            self.counts.broken += 1
            return
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        refusal = self._find_refusal(request)
        if refusal is not None:
            self.counts.refused += 1
            return refusal
        body = await _read_body(request)
        if body is None:
            self.counts.refused += 1
            return _say(413, "refused", f"A body over {_LARGEST_REQUEST:,} bytes is not passed on.")
        headers: RawHeaders = request.scope["headers"]
        received = ReceivedRequest(request.method, self._read_target(request), headers, body)
        recorded = self._find_recorded(received)
        # A token that was recorded is none to the service, so a sign-in goes there all the same.
        is_needed = self.mode in {"new", "spy"} and _is_sign_in(received)
        if recorded is not None and not is_needed:
            self.counts.replayed += 1
            return _replay(recorded, received.method)
        if self.answers is not None and self.mode == "once":
            self.counts.refused += 1
            problem = self.answers.explain(_observe(received))
            self.counts.note_not_recorded(problem)
            words = f"{problem} With --mode once, nothing is sent to the service."
            return _say(502, "not-recorded", words)
        stand_in = self._find_stand_in(received)
        if stand_in:
            self.counts.refused += 1
            words = f"{stand_in} is the number of a record in the recording: the service does not "
            return _say(404, "refused", f"{words}know it, so nothing was sent or recorded.")
        if not self._may_send(received):
            self.counts.refused += 1
            words = "This call could change something, and the proxy only reads: --writes lets it."
            return _say(403, "refused", words)
        return await self._forward(received, recorded)

    def _find_recorded(self, received: ReceivedRequest) -> httpx.Response | None:
        if self.answers is None or self.mode == "diff":
            return None
        return self.answers.find(_observe(received), again=self.mode == "once")

    def _find_refusal(self, request: Request) -> Response | None:
        """Return what to answer to a request that is not meant for this proxy."""
        host = request.headers.get("host", "").lower()
        name = host.rpartition(":")[0] if host.rpartition(":")[2].isdigit() else host
        # A web page may have its own name resolved to this machine, but sends it as the host.
        if is_loopback(name) or host == self.forwarder.host.lower():
            return None
        return _say(
            421,
            "refused",
            f"The host of this request is neither this machine nor {self.forwarder.host}.",
        )

    def _read_target(self, request: Request) -> bytes:
        path: bytes = request.scope["raw_path"]
        query: bytes = request.scope["query_string"]
        if not path.startswith(b"/"):
            # A client that uses this as its HTTP proxy names the whole address.
            path = b"/" + path.split(b"/", 3)[3] if path.count(b"/") >= 3 else b"/"
        return path + b"?" + query if query else path

    def _find_stand_in(self, received: ReceivedRequest) -> str:
        """Return the id of a recording that a call names, where recorded answers give such ids."""
        if self.answers is None or self.mode not in {"new", "spy"}:
            return ""
        found = _NUMBERED_ID.search(received.target) or _NUMBERED_ID.search(received.body)
        return "" if found is None else found[0].decode("ascii")

    def _may_send(self, received: ReceivedRequest) -> bool:
        return self.may_write or received.method in _READING or _is_sign_in(received)

    async def _forward(
        self, received: ReceivedRequest, recorded: httpx.Response | None
    ) -> Response:
        """Return the service's answer; it is not recorded again where one is `recorded`."""
        try:
            answer = await self.forwarder.send(received)
        except NotForwarded as error:
            if recorded is not None:
                self.counts.replayed += 1
                return _replay(recorded, received.method)
            self.counts.unanswered += 1
            return _say(502, "unreachable", f"{error} Nothing was recorded.")
        content, is_whole = answer.read_at_hand()
        if not is_whole and received.method != "HEAD" and not _is_short(answer):
            pieces = self._stream(received, answer, content, is_new=recorded is None)
            return _RawStreaming(pieces, answer)
        try:
            if not is_whole:
                content += b"".join([piece async for piece in answer.iterate()])
        except (httpx.TransportError, h11.ProtocolError) as error:
            self.counts.broken += 1
            words = f"{self.forwarder.describe(error)} Nothing was recorded."
            return _say(502, "unreachable", words)
        finally:
            await answer.close()
        self._finish(received, answer, content, is_new=recorded is None)
        return _RawResponse(content, answer)

    async def _stream(
        self, received: ReceivedRequest, answer: ServiceAnswer, begun: bytes, *, is_new: bool
    ) -> AsyncIterator[bytes]:
        """Pass on an answer of any length; it is recorded before its last byte goes out."""
        pieces: list[bytes] = []
        size, is_whole = 0, False
        expected = _find_length(answer)
        try:
            async for piece in _iterate_from(begun, answer):
                size += len(piece)
                # Of what is too long to be recorded, enough is kept to say so.
                if size - len(piece) <= LARGEST_BODY:
                    pieces.append(piece)
                if expected is not None and size == expected:
                    is_whole = True
                    self._finish(received, answer, b"".join(pieces), is_new=is_new)
                yield piece
            if not is_whole:
                is_whole = True
                self._finish(received, answer, b"".join(pieces), is_new=is_new)
        finally:
            self.counts.broken += not is_whole
            await answer.close()

    def _finish(
        self, received: ReceivedRequest, answer: ServiceAnswer, content: bytes, *, is_new: bool
    ) -> None:
        self.counts.forwarded += 1
        call = _observe(received, answer, content)
        if self.record is not None and is_new:
            self.record(call)
        if self.mode == "diff" and self.answers is not None:
            differences = list(self.answers.compare(call))
            self.counts.differing += bool(differences)
            for one in differences:
                if self.report is not None:
                    self.report(self.answers.show_call(call), one)


class _RawResponse(Response):
    """An answer of the service whose body has come whole, with its own headers."""

    def __init__(self, content: bytes, answer: ServiceAnswer) -> None:
        super().__init__(content, answer.status)
        self.raw_headers = select_end_to_end(answer.headers)


class _RawStreaming(StreamingResponse):
    """An answer of the service whose body is passed on piece by piece."""

    def __init__(self, content: AsyncIterator[bytes], answer: ServiceAnswer) -> None:
        super().__init__(content, answer.status)
        self.raw_headers = select_end_to_end(answer.headers)


def _find_length(answer: ServiceAnswer) -> int | None:
    """Return how many bytes the body is said to have; None where nothing is said."""
    found = next((value for name, value in answer.headers if name == b"content-length"), b"")
    return int(found) if found.isdigit() else None


def _is_short(answer: ServiceAnswer) -> bool:
    length = _find_length(answer)
    return length is not None and length <= _STREAMED_FROM


async def _iterate_from(begun: bytes, answer: ServiceAnswer) -> AsyncIterator[bytes]:
    if begun:
        yield begun
    async for piece in answer.iterate():
        yield piece


def _is_sign_in(received: ReceivedRequest) -> bool:
    return is_sign_in_path(received.target.partition(b"?")[0].decode("latin-1"))


def _replay(recorded: httpx.Response, method: str) -> Response:
    content = b"".join(recorded.iter_raw())
    response = Response(content, recorded.status_code)
    headers = localize_headers(recorded.headers.raw)
    response.raw_headers = [*headers, (b"content-length", str(len(content)).encode())]
    if method == "HEAD":
        response.raw_headers = headers
    return response


def _say(status: int, kind: str, words: str) -> Response:
    """Return an answer of the proxy itself."""
    content = json.dumps({"Message": f"cmdm's proxy: {words}"}).encode()
    headers = {PROXY_HEADER: kind, "content-type": "application/json"}
    return Response(content, status, headers)


async def _read_body(request: Request) -> bytes | None:
    """Return the body of a request, None for one that is too long."""
    pieces: list[bytes] = []
    size = 0
    async for piece in request.stream():
        size += len(piece)
        if size > _LARGEST_REQUEST:
            return None
        pieces.append(piece)
    return b"".join(pieces)


def _observe(
    received: ReceivedRequest, answer: ServiceAnswer | None = None, content: bytes = b""
) -> ObservedCall:
    """Return a call with its answer; without one where it is only looked up."""
    status = 0 if answer is None else answer.status
    reason = "" if answer is None else answer.reason
    if not reason and status in set(HTTPStatus):
        reason = HTTPStatus(status).phrase
    return ObservedCall(
        received.method,
        received.target.decode("latin-1"),
        _to_text(received.headers),
        received.body,
        status,
        reason,
        () if answer is None else _to_text(answer.headers),
        content,
    )


def _to_text(headers: RawHeaders) -> tuple[tuple[str, str], ...]:
    return tuple(
        (name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in headers
    )
