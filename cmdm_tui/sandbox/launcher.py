"""The two ways to run a sandbox, in a thread or as a process. The server is imported then."""

import logging
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from cmdm_tui.sandbox.clock import Clock
from cmdm_tui.sandbox.config import RunningInfo, SandboxConfig
from cmdm_tui.sandbox.errors import SettingError

logger = logging.getLogger(__name__)

if TYPE_CHECKING:
    from cmdm_tui.sandbox.http.access_log import LoggedCall
    from cmdm_tui.sandbox.http.call_journal import CallJournal
    from cmdm_tui.sandbox.storage.sqlite.file_task import SeedProgress


class Sandbox:
    """A faithful local implementation of the API (api.md), with data to try it on.

    Every failure to start is raised as a `SandboxError` whose message is one sentence. `progress`
    is called while records are seeded, with the number stored so far and in all; `on_call` with
    every call that was answered, on the server's thread.
    """

    @staticmethod
    @contextmanager
    def embedded(
        config: SandboxConfig,
        *,
        progress: "SeedProgress | None" = None,
        on_call: "Callable[[LoggedCall], None] | None" = None,
        clock: Clock | None = None,
        journal: "CallJournal | None" = None,
    ) -> Generator[RunningInfo]:
        """Run a sandbox in its own thread, on a real socket, while the block runs.

        With a `journal`, every call is noted there.
        """
        from cmdm_tui.sandbox.server import prepare_server, serve_in_thread

        if config.workers > 1:
            raise SettingError("An embedded sandbox has one worker; use Sandbox.serve for several.")
        with (
            prepare_server(config, clock, progress, on_call, journal) as server,
            serve_in_thread(server) as info,
        ):
            yield info

    @staticmethod
    def serve(
        config: SandboxConfig,
        on_ready: Callable[[RunningInfo], None],
        *,
        progress: "SeedProgress | None" = None,
        on_call: "Callable[[LoggedCall], None] | None" = None,
        clock: Clock | None = None,
    ) -> None:
        """Run a sandbox until SIGTERM, SIGINT or SIGHUP, finish the calls that have begun, return.

        Call it in the main thread; with several workers there must be no other thread. `on_ready`
        is called once, when connections are accepted. What goes wrong is logged; if no handlers of
        `logging` are set up, on stderr, by a thread.
        """
        from cmdm_tui.sandbox.http.log_writer import log_without_waiting
        from cmdm_tui.sandbox.server import end_by_signals, prepare_server, raise_file_limit

        raise_file_limit()
        with (
            log_without_waiting(),
            end_by_signals() as on_signal_end,
            prepare_server(config, clock, progress, on_call) as server,
        ):
            if config.workers > 1:
                from cmdm_tui.sandbox.workers import supervise

                supervise(server, config.workers, on_ready, on_signal_end)
            else:
                on_signal_end(server)
                server.run_until_stopped(on_ready)
                for sentence in server.faults.list_unmatched() if server.faults else ():
                    logger.warning("%s", sentence)
