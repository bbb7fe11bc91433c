"""Serves cassettes on a socket of this machine: Starlette and uvicorn around a `ReplayService`."""

import signal
import socket
import threading
from collections.abc import Callable, Generator
from contextlib import closing, contextmanager
from types import FrameType

import uvicorn
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from cmdm_tui.cli.exit_codes import CommandFailure, ExitCode
from cmdm_tui.harness.cassettes.replay_service import ReplayService, ServedAnswer
from cmdm_tui.redaction.redactor import Redactor
from cmdm_tui.sandbox.http.access_log import redact_target
from cmdm_tui.sandbox.http.hosts import HostMiddleware
from cmdm_tui.sandbox.http.server_settings import configure_server

HOST = "127.0.0.1"
MAX_BODY_BYTES = 16 * 1024 * 1024

REWIND_PATH = b"/-/rewind"
"""A POST to it begins again; no call of the API has such a path."""

_BACKLOG = 128
_MOST_SECRETS = 100
_SECRET_HEADERS = ("authorization", "client_id", "client_secret", "password", "username")
_TOO_LARGE = b'{"Message": "The body is over 16 MiB, which no cassette is compared with."}'


class ReplayApp:
    """The application: gives each request to the service, and reports it in a line.

    What a client sends in the headers of a sign-in, and its tokens, are in no line.
    """

    def __init__(self, service: ReplayService, report: Callable[[str], None]) -> None:
        self._service = service
        self._report = report
        self._secrets: dict[str, None] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = Request(scope, receive)
        self._learn_secrets(request)
        path, query = scope["raw_path"], scope["query_string"]
        body = await _read_body(request)
        if request.method == "POST" and path == REWIND_PATH:
            self._service.rewind()
            self._report("rewound: the recorded answers are given from the first one on again")
            await _send(ServedAnswer(204, [], b""), send, has_body=False)
            return
        if body is None:
            answer = ServedAnswer(413, [(b"content-type", b"application/json")], _TOO_LARGE)
        else:
            target = path + (b"?" + query if query else b"")
            answer = self._service.answer(request.method, target.decode("ascii", "replace"), body)
        shown = redact_target(path, query, self._secrets)
        self._report(f"{answer.status}  {request.method:<6} {shown}")
        if answer.problem:
            self._report(f"     {self.redact(answer.problem)}")
        await _send(answer, send, has_body=request.method != "HEAD")

    def redact(self, line: str) -> str:
        """Return a line without what clients have sent as secrets."""
        return Redactor(self._secrets)(line)

    def _learn_secrets(self, request: Request) -> None:
        for name in _SECRET_HEADERS:
            value = request.headers.get(name, "")
            secret = value.partition(" ")[2] if name == "authorization" else value
            if secret and len(self._secrets) < _MOST_SECRETS:
                self._secrets[secret] = None


class ReplayServer(uvicorn.Server):
    """A uvicorn server that says when it accepts connections, and leaves signals to its caller."""

    def __init__(self, app: ASGIApp, on_ready: Callable[[], None]) -> None:
        super().__init__(configure_server(app))
        self._on_ready = on_ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start accepting connections and say so."""
        await super().startup(sockets)
        self._on_ready()

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        """End on the signals that ask for it, so that the report of the end is still written."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return

        def end(_signal: int, _frame: FrameType | None) -> None:
            self.should_exit = True

        names = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")
        numbers = [
            number for number in signal.Signals
            if number.name in names and signal.getsignal(number) is not signal.SIG_IGN
        ]  # fmt: skip
        before = {number: signal.signal(number, end) for number in numbers}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


@contextmanager
def open_listener(port: int) -> Generator[socket.socket]:
    """Yield a socket that listens on this machine only; port 0 takes a free one.

    Raises CommandFailure, exit code 2, where it cannot be listened on.
    """
    with closing(socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)) as listener:
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((HOST, port))
            listener.listen(_BACKLOG)
        except OSError as error:
            message = (
                f"The cassette cannot be served on port {port} ({error.strerror}). "
                "Choose another one with --port, or 0 for a free one."
            )
            raise CommandFailure(message, ExitCode.USAGE) from None
        yield listener


def serve_replay(
    service: ReplayService,
    listener: socket.socket,
    *,
    on_ready: Callable[[str], None],
    report: Callable[[str], None],
) -> list[str]:
    """Serve until a signal asks to end; return the calls that were not recorded, a sentence each.

    `on_ready` is called with the address once connections are accepted.
    """
    url = f"http://{HOST}:{listener.getsockname()[1]}"
    app = ReplayApp(service, report)
    guarded = HostMiddleware(app, url, is_loopback=True)
    ReplayServer(guarded, lambda: on_ready(url)).run(sockets=[listener])
    return [app.redact(problem) for problem in service.refused]


async def _read_body(request: Request) -> bytes | None:
    """Return the body, None for one that is too large."""
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > MAX_BODY_BYTES:
            return None
    return bytes(body)


async def _send(answer: ServedAnswer, send: Send, *, has_body: bool) -> None:
    has_length = answer.status not in {204, 304}
    length = [(b"content-length", str(len(answer.body)).encode())] if has_length else []
    start = {"type": "http.response.start", "status": answer.status}
    await send({**start, "headers": [*answer.headers, *length]})
    body = answer.body if has_body and has_length else b""
    await send({"type": "http.response.body", "body": body})
