"""Serving a sandbox: its folder, its data, its port, and uvicorn in between."""

import asyncio
import logging
import signal
import socket
import threading
from collections.abc import Callable, Generator
from contextlib import closing, contextmanager
from pathlib import Path
from types import FrameType

import uvicorn
from starlette.types import ASGIApp

from cmdm_tui.sandbox.access_log import AccessLog, Line
from cmdm_tui.sandbox.accounts import Account
from cmdm_tui.sandbox.clock import Clock
from cmdm_tui.sandbox.config import RunningInfo, SandboxConfig
from cmdm_tui.sandbox.datafile import Progress, build, check
from cmdm_tui.sandbox.errors import PortError, SandboxError
from cmdm_tui.sandbox.folder import credentials_of, held
from cmdm_tui.sandbox.routes import application
from cmdm_tui.sandbox.sqlite import SqliteStore

LOOPBACK = "127.0.0.1"
_BACKLOG = 2_048
_SECONDS_TO_FINISH = 2
_SECONDS_TO_STOP = 15


class Server(uvicorn.Server):
    """A uvicorn server that says when it accepts connections, or that it never will."""

    def __init__(self, app: ASGIApp, listener: socket.socket, info: RunningInfo) -> None:
        # h11 refuses the ambiguous framing that faster parsers let pass. The answers' own headers
        # say the date, by the sandbox's clock.
        super().__init__(
            uvicorn.Config(
                app,
                http="h11",
                ws="none",
                lifespan="off",
                loop="asyncio",
                log_config=None,
                access_log=False,
                server_header=False,
                date_header=False,
                proxy_headers=False,
                timeout_graceful_shutdown=_SECONDS_TO_FINISH,
            )
        )
        self.info = info
        self._listener = listener
        self._on_ready: Callable[[RunningInfo], None] = _nothing

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start accepting connections and say so."""
        await super().startup(sockets)
        self._on_ready(self.info)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Finish what is under way, then cut off whoever does not take their answer."""
        await super().shutdown(sockets)
        for connection in list(self.server_state.connections):
            connection.transport.abort()
        # The transports close in the loop's next round.
        await asyncio.sleep(0)

    def run_until_told(self, on_ready: Callable[[RunningInfo], None]) -> None:
        """Serve in an event loop of its own until `should_exit` is set."""
        self._on_ready = on_ready
        asyncio.run(self.serve([self._listener]))


@contextmanager
def prepared(
    config: SandboxConfig,
    clock: Clock,
    progress: Progress | None,
    on_call: Callable[[Line], None] | None,
) -> Generator[Server]:
    """Hold the folder, the data and the port of a sandbox while the block runs."""
    with held(config.data) as path, closing(_listening(config.port)) as listener:
        credentials = credentials_of(config.data)
        _have_data(path, config, progress)
        with closing(SqliteStore(path)) as store:
            app = application(
                store,
                Account.of(credentials),
                clock,
                token_ttl=config.token_ttl,
                rate_limit=config.rate_limit,
                month_limit=config.month_limit,
            )
            if on_call is not None:
                app = AccessLog(app, on_call)
            url = f"http://{LOOPBACK}:{listener.getsockname()[1]}"
            info = RunningInfo(
                url,
                credentials.client_id,
                credentials.client_secret,
                credentials.username,
                credentials.password,
            )
            yield Server(app, listener, info)


@contextmanager
def in_thread(server: Server) -> Generator[RunningInfo]:
    """Serve in a thread while the block runs."""
    # Without handlers of their own these logs would end up on the terminal.
    for name in ("uvicorn", "cmdm_tui.sandbox"):
        logging.getLogger(name).addHandler(logging.NullHandler())
    is_settled = threading.Event()
    is_ready = threading.Event()

    def ready(_info: RunningInfo) -> None:
        is_ready.set()
        is_settled.set()

    def run() -> None:
        try:
            server.run_until_told(ready)
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
        server.should_exit = True
        thread.join(_SECONDS_TO_STOP)
    if thread.is_alive():
        raise SandboxError(f"The sandbox at {server.info.url} does not stop.")


class Ended(BaseException):
    """A signal came before there was a server to end."""


@contextmanager
def ended_by_signals() -> Generator[Callable[[Server], None]]:
    """Let SIGTERM and SIGINT end what happens in the block, without a traceback.

    Yields a function that takes the server once there is one: from then on a signal lets it finish
    what is under way.
    """
    servers: list[Server] = []

    def end(_signal: int, _frame: FrameType | None) -> None:
        if not servers:
            raise Ended
        # uvicorn has handlers of its own while it runs and raises the signal anew when it is done.
        servers[0].should_exit = True

    handlers = {number: signal.signal(number, end) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield servers.append
    except Ended:
        return
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)


def _listening(port: int) -> socket.socket:
    # With its protocol named, asyncio turns off the delay that would hold back every short answer.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((LOOPBACK, port))
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        raise PortError(
            f"The sandbox cannot listen on {LOOPBACK}:{port} ({error.strerror}); "
            "choose another port with --port, or let it find a free one with --port 0."
        ) from error
    return listener


def _have_data(path: Path, config: SandboxConfig, progress: Progress | None) -> None:
    if path.exists() and not config.reset:
        check(path)
        return
    from cmdm_tui.sandbox import seed

    sizes = seed.sizes(config.records)
    build(path, seed.generate(config.records), sum(sizes.values()), progress)


def _nothing(_info: RunningInfo) -> None:
    pass
