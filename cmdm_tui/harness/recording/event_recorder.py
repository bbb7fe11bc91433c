"""Records the calls that a client of this program makes, from the events that it reports."""

from collections.abc import Callable
from http import HTTPStatus

import httpx

from cmdm_tui.api.events import CallFailed, CallFinished, CallSent, SignInEnded
from cmdm_tui.api.models import Response
from cmdm_tui.api.urls import parse_base_url
from cmdm_tui.config import Credentials
from cmdm_tui.harness.exchange import API_PATH, Headers
from cmdm_tui.harness.recording.observed_call import ObservedCall


class EventRecorder:
    """An event listener of one client, which hands every answered call to `record`.

    `url` and `credentials` are the client's. Whatever version its address has, a call is recorded
    as one at `/api/v1`.
    """

    def __init__(
        self, url: str, credentials: Credentials, record: Callable[[ObservedCall], None]
    ) -> None:
        self._base = parse_base_url(url).raw_path.decode("ascii").rstrip("/")
        self._record = record
        self._sent: dict[int, httpx.Request] = {}
        self._sign_in_headers: Headers = tuple(
            (name, value.encode("utf-8", "surrogatepass").decode("latin-1"))
            for name, value in credentials.reveal_all().items()
        )

    def __call__(self, event: object) -> None:
        """Take an event in."""
        match event:
            case CallSent(call, _, request):
                self._sent[call.number] = request
            case CallFailed(call):
                self._sent.pop(call.number, None)
            case CallFinished(call, answer=answer):
                request = self._sent.pop(call.number, None)
                if request is not None and answer is not None:
                    self._record(self._observe(request, answer))
            case SignInEnded(_, answer) if answer is not None:
                target = f"{API_PATH}/authenticate"
                self._record(_join("POST", target, self._sign_in_headers, b"", answer))
            case _:
                pass

    def _observe(self, request: httpx.Request, answer: Response) -> ObservedCall:
        target = request.url.raw_path.decode("latin-1")
        if target.startswith(self._base):
            target = API_PATH + target.removeprefix(self._base)
        headers = tuple(
            (name.decode("latin-1").lower(), value.decode("latin-1"))
            for name, value in request.headers.raw
        )
        return _join(request.method, target, headers, request.content, answer)


def _join(
    method: str, target: str, headers: Headers, body: bytes, answer: Response
) -> ObservedCall:
    is_known = answer.status in set(HTTPStatus)
    lines = [(name.lower(), value) for name, value in answer.headers.items()]
    # The body is decoded, unless it is in an encoding that the client does not read.
    lines = [line for line in lines if line[0] != "content-encoding"]
    if answer.unread_encoding:
        lines.append(("content-encoding", answer.unread_encoding))
    return ObservedCall(
        method,
        target,
        headers,
        body,
        answer.status,
        HTTPStatus(answer.status).phrase if is_known else "",
        tuple(lines),
        answer.body,
    )
