"""Runs the recording proxy on this machine: in a thread, for as long as a block."""

import asyncio
import socket
import threading
from collections.abc import Callable, Generator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h11
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from cmdm_tui.harness.cassettes.library import LIVE
from cmdm_tui.harness.cassettes.people import PeopleSettings
from cmdm_tui.harness.errors import HarnessError
from cmdm_tui.harness.proxy.forwarder import Forwarder
from cmdm_tui.harness.proxy.modes import Mode
from cmdm_tui.harness.proxy.proxy_app import ProxyApp, ProxyCounts
from cmdm_tui.harness.proxy.recorded_answers import RecordedAnswers
from cmdm_tui.harness.recording.recorder import (
    RecordingSettings,
    RecordingSummary,
    SessionRecorder,
)
from cmdm_tui.harness.recording.recording_names import SESSION_KIND, list_parts
from cmdm_tui.harness.recording.unfinished import check_recording_target
from cmdm_tui.harness.verify.comparison import Difference

HOST = "127.0.0.1"
_BACKLOG = 2_048
_SECONDS_TO_FINISH = 5
_SECONDS_TO_STOP = 15


class ProxyFailed(HarnessError):
    """The proxy cannot run as it is asked to; the message is one sentence."""


@dataclass(frozen=True, slots=True)
class ProxySettings:
    """What a proxy does: see `Mode`.

    `target` is the service's address, and what goes there is recorded as `name` below `folder`.
    `port` 0 is any free one. `secrets` are known beforehand, each with its name in a sign-in.
    """

    target: str
    folder: Path
    name: str = "session"
    mode: Mode = "once"
    port: int = 0
    is_live: bool = False
    may_write: bool = True
    secrets: tuple[tuple[str, str], ...] = ()
    people: PeopleSettings | None = None

    @property
    def kind(self) -> str:
        """The folder of the recording below `folder`."""
        return LIVE if self.is_live else SESSION_KIND

    def list_cassettes(self) -> list[Path]:
        """Return the cassettes of an earlier recording of this name."""
        return list_parts(self.folder / self.kind, self.name)


@dataclass(slots=True)
class RunningProxy:
    """A proxy that runs at `url`, which replaces the service's address in a client.

    `api_url` is the same with the path of the API, such as `/api/v1`. `summary` is what was
    recorded; it is None until the end, and where nothing is recorded.
    """

    url: str
    api_url: str
    counts: ProxyCounts
    answers: RecordedAnswers | None
    summary: RecordingSummary | None = None

    @property
    def left(self) -> int:
        """How many calls of the cassette were not made so far."""
        return 0 if self.answers is None else self.answers.left

    def list_left(self) -> list[str]:
        """Return the calls of the cassette that were not made so far."""
        return [] if self.answers is None else self.answers.list_left()

    @property
    def refused(self) -> Sequence[str]:
        """The first calls that the recording has no answer to, a sentence each."""
        return self.counts.problems


@contextmanager
def run_proxy(
    settings: ProxySettings, *, report: Callable[[str, Difference], None] | None = None
) -> Generator[RunningProxy]:
    """Run a proxy while the block runs; what was recorded is written when it ends.

    `report` gets each difference in the mode `diff`, called by the server's thread. Raises
    ProxyFailed where it cannot run, RecordingFailed where its files cannot be written.
    """
    earlier = settings.list_cassettes()
    if settings.mode == "diff" and not earlier:
        raise ProxyFailed(
            f"There is no recording {settings.name} in {settings.folder / settings.kind} to "
            "compare with. Record one first, with --mode once."
        )
    if settings.mode != "diff":
        place = settings.folder / settings.kind / f"{settings.name}.yaml"
        fault = check_recording_target(place)
        if fault:
            raise ProxyFailed(fault)
    forwarder = Forwarder(settings.target)
    base = forwarder.base_path
    people = None if settings.people is None else settings.people.open()
    answers = None
    if settings.mode != "rewrite" and earlier:
        answers = RecordedAnswers.of(earlier, base, repeats=settings.mode == "spy", people=people)
    is_recording = settings.mode in {"new", "rewrite", "spy"} or answers is None
    with _listen(settings.port) as listener, ExitStack() as ending:
        app = ProxyApp(
            forwarder, settings.mode, answers, may_write=settings.may_write, report=report
        )
        url = f"http://{HOST}:{listener.getsockname()[1]}"
        prefix = base.rpartition("/api/")[0]
        running = RunningProxy(url + prefix, url + base, app.counts, answers)
        if is_recording:
            recorder = _start_recorder(settings, base, extends=answers is not None)
            recorder.start()
            app.record = recorder.add

            def finish() -> None:
                running.summary = recorder.finish()

            ending.callback(finish)
        with _serve(app, forwarder, listener):
            yield running


def _start_recorder(settings: ProxySettings, base: str, *, extends: bool) -> SessionRecorder:
    return SessionRecorder(
        RecordingSettings(
            str(settings.folder),
            settings.name,
            settings.kind,
            base,
            # A cassette names no service; the manifest says what it was recorded from.
            settings.target if settings.is_live else "sandbox",
            extends,
            settings.secrets,
            settings.people,
        )
    )


@contextmanager
def _listen(port: int) -> Generator[socket.socket]:
    # With its protocol named, asyncio turns off the delay of every short answer.
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((HOST, port))
            listener.listen(_BACKLOG)
        except (OSError, OverflowError) as error:
            reason = getattr(error, "strerror", None) or "no such port"
            raise ProxyFailed(
                f"The proxy cannot listen on {HOST}:{port} ({reason}). Choose another port with "
                "--port, or let it find a free one with --port 0."
            ) from None
        yield listener


class _JoiningHttp(h11.Connection):
    """Holds the head of an answer whose length is known, so that it goes out with its body.

    For a short answer, two writes cost more than making it.
    """

    _held = b""

    def send(self, event: h11.Event) -> bytes | None:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Return what is to be written."""
        data = super().send(event)  # pyright: ignore[reportCallIssue, reportArgumentType, reportUnknownVariableType]
        if isinstance(event, h11.Response) and any(
            name == b"content-length" for name, _ in event.headers
        ):
            self._held = data or b""
            return b""
        if self._held:
            self._held, data = b"", self._held + (data or b"")
        return data


class _ProxyConnection(H11Protocol):
    """A client's connection to the proxy."""

    def __init__(
        self,
        config: uvicorn.Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self.conn: h11.Connection = _JoiningHttp(h11.SERVER)


class _Server(uvicorn.Server):
    """A uvicorn server that is started and stopped by another thread."""

    def __init__(self, app: ProxyApp) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                http=_ProxyConnection,
                ws="none",
                lifespan="off",
                loop="asyncio",
                log_config=None,
                log_level="critical",
                access_log=False,
                server_header=False,
                date_header=False,
                proxy_headers=False,
                timeout_graceful_shutdown=_SECONDS_TO_FINISH,
            )
        )
        self.is_ready = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start accepting connections, and say so."""
        await super().startup(sockets)
        self.is_ready.set()


@contextmanager
def _serve(app: ProxyApp, forwarder: Forwarder, listener: socket.socket) -> Generator[None]:
    server = _Server(app)

    async def serve() -> None:
        try:
            await server.serve([listener])
        finally:
            with suppress(OSError):
                await forwarder.close()

    def run() -> None:
        try:
            asyncio.run(serve())
        finally:
            server.is_ready.set()

    thread = threading.Thread(target=run, name="proxy", daemon=True)
    thread.start()
    server.is_ready.wait()
    try:
        yield
    finally:
        server.should_exit = True
        thread.join(_SECONDS_TO_STOP)
