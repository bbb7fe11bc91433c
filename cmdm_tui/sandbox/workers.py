"""Several processes that serve one port and one database, and the process that restarts them.

They are forked and accept from one inherited socket: an idle one accepts next, and a connection
that waits in the socket's queue survives a worker's end. (With a socket each, through SO_REUSEPORT,
the queue of a worker that dies is lost with it.)
"""

import logging
import os
import select
import signal
import sys
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager

from cmdm_tui.sandbox.config import RunningInfo
from cmdm_tui.sandbox.errors import SandboxError
from cmdm_tui.sandbox.server import UvicornServer

logger = logging.getLogger("cmdm_tui.sandbox")

_SECONDS_TO_STOP = 10.0
_SECONDS_BETWEEN_CHECKS = 0.2
_SHORTEST_LIFE = 2.0
_LONGEST_PAUSE = 5.0


def supervise(
    server: UvicornServer,
    workers: int,
    on_ready: Callable[[RunningInfo], None],
    on_signal_end: Callable[[UvicornServer], None],
) -> None:
    """Serve `server` in as many processes until a signal raises out of here; then end them all.

    A worker that dies is replaced. `on_ready` is called when all accept connections; in a worker,
    `on_signal_end` takes the server that a signal is to end. Raises `SandboxError` when a worker
    ends before that.
    """
    if not hasattr(os, "fork"):
        raise SandboxError("Several workers need Linux or macOS; leave --workers out.")
    with _open_group(server, on_signal_end) as group:
        for _ in range(workers):
            group.start()
        group.wait_until_ready(workers)
        on_ready(server.info)
        group.replace_dead_workers()


class _WorkerGroup:
    """The workers that run, by process id, each with the time it was started at."""

    def __init__(
        self, server: UvicornServer, on_signal_end: Callable[[UvicornServer], None]
    ) -> None:
        self._server = server
        self._on_signal_end = on_signal_end
        self._started: dict[int, float] = {}
        # A worker writes to the first pipe when it accepts; the second ends when this
        # process does, in whatever way.
        self._ready_reader, self._ready_writer = os.pipe()
        self._lifeline_reader, self._lifeline_writer = os.pipe()

    def start(self) -> None:
        """Start a worker."""
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        process = os.fork()
        if process == 0:
            self._run_worker()
        self._started[process] = time.monotonic()

    def wait_until_ready(self, workers: int) -> None:
        """Wait until this number of workers accept connections."""
        while workers:
            if select.select([self._ready_reader], [], [], _SECONDS_BETWEEN_CHECKS)[0]:
                workers -= len(os.read(self._ready_reader, workers))
            elif self._reap_dead():
                raise SandboxError("A worker of the sandbox could not be started; see above.")

    def replace_dead_workers(self) -> None:
        """Start a worker for each that ends, with a pause when they end at once."""
        pause = 0.0
        while True:
            time.sleep(_SECONDS_BETWEEN_CHECKS)
            for life in self._reap_dead():
                logger.error("A worker of the sandbox ended; another one takes its place.")
                pause = min(pause * 2 + 0.5, _LONGEST_PAUSE) if life < _SHORTEST_LIFE else 0.0
                time.sleep(pause)
                self.start()

    def stop(self) -> None:
        """End all workers, after some time to finish their calls."""
        deadline = time.monotonic() + _SECONDS_TO_STOP
        self._signal_all(signal.SIGTERM)
        while self._started and time.monotonic() < deadline:
            self._reap_dead()
            time.sleep(0.02)
        self._signal_all(signal.SIGKILL)
        for process in self._started:
            os.waitpid(process, 0)
        for descriptor in (
            self._ready_reader,
            self._ready_writer,
            self._lifeline_reader,
            self._lifeline_writer,
        ):
            os.close(descriptor)

    def _reap_dead(self) -> list[float]:
        """Forget the workers that have ended; return how many seconds each was running."""
        lives: list[float] = []
        for process, started in list(self._started.items()):
            if os.waitpid(process, os.WNOHANG)[0]:
                del self._started[process]
                lives.append(time.monotonic() - started)
        return lives

    def _signal_all(self, number: signal.Signals) -> None:
        for process in self._started:
            os.kill(process, number)

    def _run_worker(self) -> None:
        """Run as a worker, and never return."""
        code = 1
        try:
            self._on_signal_end(self._server)
            os.close(self._lifeline_writer)
            self._server.watch_lifeline(self._lifeline_reader)
            self._server.run_until_stopped(lambda _info: _announce(self._ready_writer))
            code = 0
        except SandboxError as error:
            logger.error("%s", error)  # noqa: TRY400 (the message is for the user)
        except BaseException:
            logger.exception("A worker of the sandbox failed.")
        finally:
            # Only the parent cleans up.
            os._exit(code)


@contextmanager
def _open_group(
    server: UvicornServer, on_signal_end: Callable[[UvicornServer], None]
) -> Generator[_WorkerGroup]:
    group = _WorkerGroup(server, on_signal_end)
    try:
        yield group
    finally:
        # A second signal must not leave any of them behind.
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        group.stop()


def _announce(descriptor: int) -> None:
    os.write(descriptor, b".")
