"""Serving a sandbox: its folder, its data, its port, and uvicorn in between."""

import asyncio
import logging
import signal
import socket
import threading
from collections.abc import Callable, Generator
from contextlib import closing, contextmanager, suppress
from ipaddress import ip_address
from itertools import count
from types import FrameType
from typing import TYPE_CHECKING, Any

import uvicorn
from starlette.types import ASGIApp

from cmdm_tui.sandbox.app import build_app
from cmdm_tui.sandbox.clock import Clock
from cmdm_tui.sandbox.config import RunningInfo, SandboxConfig
from cmdm_tui.sandbox.control.control_app import CONTROL_PATH
from cmdm_tui.sandbox.data_folder import hold_folder, load_credentials, note_folder_user, open_data
from cmdm_tui.sandbox.errors import PortError, SandboxError
from cmdm_tui.sandbox.faults.plan import FaultSchedule
from cmdm_tui.sandbox.http import connections
from cmdm_tui.sandbox.http.access_log import LoggedCall
from cmdm_tui.sandbox.http.call_journal import CallJournal
from cmdm_tui.sandbox.http.exposure import make_tls_context
from cmdm_tui.sandbox.http.server_settings import configure_server
from cmdm_tui.sandbox.storage.sqlite.file_task import SeedProgress
from cmdm_tui.sandbox.storage.store import Store

if TYPE_CHECKING:
    import ssl

_BACKLOG = 2_048
_WANTED_FILES = 10_240
_SECONDS_TO_STOP = 15
_SECONDS_TO_NOTICE = 0.1


class _HandshakeLimitLoop(asyncio.SelectorEventLoop):
    """An event loop in which a TLS handshake may take as long as the head of a request.

    Until it is done there is no `ClientConnection` yet that could be closed to make room.
    """

    async def create_server(self, *where: Any, **options: Any) -> asyncio.Server:
        """Begin to accept connections."""
        if options.get("ssl") is not None:
            options["ssl_handshake_timeout"] = connections.HEAD_TIMEOUT
        return await super().create_server(*where, **options)


class UvicornServer(uvicorn.Server):
    """A uvicorn server that says when it accepts connections."""

    def __init__(
        self,
        app: ASGIApp,
        store: Store,
        listener: socket.socket,
        info: RunningInfo,
        tls: "ssl.SSLContext | None" = None,
        faults: FaultSchedule | None = None,
    ) -> None:
        super().__init__(configure_server(app, tls))
        self.info = info
        self.faults = faults
        self._store = store
        self._listener = listener
        self._lifeline: int | None = None
        self._on_ready: Callable[[RunningInfo], None] = _ignore
        self._loop: asyncio.AbstractEventLoop | None = None
        self._is_woken = asyncio.Event()

    def watch_lifeline(self, lifeline: int) -> None:
        """End when the pipe that `lifeline` reads from does, as its writer has ended."""
        self._lifeline = lifeline

    def stop(self) -> None:
        """Stop at once, asked from any thread."""
        self.should_exit = True
        if self._loop is not None:
            # A loop that is closed has stopped.
            with suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._is_woken.set)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start accepting connections and say so."""
        await super().startup(sockets)
        self._loop = asyncio.get_running_loop()
        self._on_ready(self.info)

    async def main_loop(self) -> None:
        """Wait until the server is to stop, without uvicorn's tenth of a second at the end.

        Its signal handlers set `should_exit` alone, which is looked at ten times a second.
        """
        ticks = count()
        while not await self.on_tick(next(ticks)):
            with suppress(TimeoutError):
                await asyncio.wait_for(self._is_woken.wait(), _SECONDS_TO_NOTICE)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Finish the calls that have begun, then close connections whose answer is not read."""
        state = self.server_state
        for listening in (*self.servers, *(sockets or [])):
            listening.close()
        for connection in list(state.connections):
            connection.shutdown()
        # Idle connections close in the loop's next round; uvicorn would wait a tenth of a second.
        await asyncio.sleep(0)
        if state.connections or state.tasks:
            await super().shutdown(sockets)
        for connection in list(state.connections):
            connection.transport.abort()
        # The transports close in the loop's next round.
        await asyncio.sleep(0)

    def run_until_stopped(self, on_ready: Callable[[RunningInfo], None]) -> None:
        """Serve in a new event loop until `should_exit` is set."""
        self._on_ready = on_ready
        with asyncio.Runner(loop_factory=_HandshakeLimitLoop) as runner:
            runner.run(self._serve_store())

    async def _serve_store(self) -> None:
        if self._lifeline is not None:
            asyncio.get_running_loop().add_reader(self._lifeline, self.stop)
        async with self._store.open():
            await self.serve([self._listener])


@contextmanager
def prepare_server(
    config: SandboxConfig,
    clock: Clock | None,
    progress: SeedProgress | None,
    on_call: Callable[[LoggedCall], None] | None,
    journal: CallJournal | None = None,
) -> Generator[UvicornServer]:
    """Hold the folder, the data and the port of a sandbox while the block runs.

    Without a `clock`, the clock that comes with the data is used. With a `journal`, every call is
    noted there.
    """
    tls = None if config.certfile is None else make_tls_context(config.certfile, config.keyfile)
    with (
        hold_folder(config.data) as path,
        closing(_open_listener(config.host, config.port)) as listener,
    ):
        credentials = config.credentials or load_credentials(config.data)
        with open_data(path, config, credentials, progress) as data:
            scheme, port = "http" if tls is None else "https", listener.getsockname()[1]
            url = f"{scheme}://{_format_host(config.host)}:{port}"
            made = build_app(config, data, credentials, clock or data.clock, url, on_call, journal)
            info = RunningInfo(
                url,
                credentials.client_id,
                credentials.client_secret,
                credentials.username,
                credentials.password,
                None if made.control_token is None else url + CONTROL_PATH,
                made.control_token,
            )
            with note_folder_user(config.data, url):
                yield UvicornServer(made.app, data.store, listener, info, tls, made.faults)


@contextmanager
def serve_in_thread(server: UvicornServer) -> Generator[RunningInfo]:
    """Serve in a thread while the block runs."""
    # Without handlers these logs would appear on the terminal.
    for name in ("uvicorn", "cmdm_tui.sandbox"):
        logging.getLogger(name).addHandler(logging.NullHandler())
    is_settled = threading.Event()
    is_ready = threading.Event()

    def ready(_info: RunningInfo) -> None:
        is_ready.set()
        is_settled.set()

    def run() -> None:
        try:
            server.run_until_stopped(ready)
        finally:
            is_settled.set()

    thread = threading.Thread(target=run, name="sandbox", daemon=True)
    thread.start()
    is_settled.wait()
    try:
        if not is_ready.is_set():
            raise SandboxError(f"The sandbox could not be started at {server.info.url}.")
        yield server.info
    finally:
        server.stop()
        thread.join(_SECONDS_TO_STOP)
    if thread.is_alive():
        raise SandboxError(f"The sandbox at {server.info.url} does not stop.")


class InterruptedStart(KeyboardInterrupt):
    """A signal came before there was a server to stop.

    Libraries that wait know its parent, and leave nothing half done: psycopg cancels its statement.
    """


@contextmanager
def end_by_signals() -> Generator[Callable[[UvicornServer], None]]:
    """Let SIGTERM, SIGINT and SIGHUP end the block without a traceback.

    Yields a function to pass the server to once there is one: from then on a signal lets it finish
    the calls that have begun. A SIGHUP that the process was started to ignore (nohup) stays
    ignored.
    """
    servers: list[UvicornServer] = []
    is_asked = False

    def end(_signal: int, _frame: FrameType | None) -> None:
        nonlocal is_asked
        is_asked = True
        if not servers:
            raise InterruptedStart
        # uvicorn has its own handlers while it runs, and raises the signal again when it is done.
        servers[0].stop()

    def take(server: UvicornServer) -> None:
        servers.append(server)
        if is_asked:
            # Raised in a place, such as a finalizer, from which Python passes nothing on.
            server.stop()

    handlers = {number: signal.signal(number, end) for number in _list_ending_signals()}
    try:
        yield take
    except InterruptedStart:
        return
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)


def _list_ending_signals() -> list[signal.Signals]:
    numbers = [signal.SIGTERM, signal.SIGINT]
    hangup = getattr(signal, "SIGHUP", None)
    if hangup is not None and signal.getsignal(hangup) is not signal.SIG_IGN:
        numbers.append(hangup)
    return numbers


def raise_file_limit() -> None:
    """Raise this process's limit of open files as far as is useful.

    Connections are limited in number once they speak TLS; those that do not yet are a file each.
    Where files have no such limit, as on Windows, there is nothing to raise.
    """
    try:
        import resource
    except ImportError:
        return
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _WANTED_FILES if most == resource.RLIM_INFINITY else min(most, _WANTED_FILES)
    if resource.getrlimit(resource.RLIMIT_NOFILE)[0] < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))


def _open_listener(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # With its protocol named, asyncio turns off the delay of every short answer.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        raise PortError(
            f"The sandbox cannot listen on {_format_host(host)}:{port} ({error.strerror}); "
            "choose another port with --port, or let it find a free one with --port 0."
        ) from error
    return listener


def _format_host(host: str) -> str:
    """Return the host as it is written in an address."""
    if ip_address(host).is_unspecified:
        return "localhost"
    return f"[{host}]" if ":" in host else host


def _ignore(_info: RunningInfo) -> None:
    pass
