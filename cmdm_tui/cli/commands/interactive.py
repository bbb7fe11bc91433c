"""The explorer and its demo, and where an interactive face gets its profile."""

import contextlib
import gc
import sys
from collections.abc import Generator, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Literal

import click

from cmdm_tui.cli.command_group import examples
from cmdm_tui.cli.context import CommandContext, note
from cmdm_tui.cli.exit_codes import CommandFailure, ExitCode
from cmdm_tui.cli.web import WEB_DRIVER

if TYPE_CHECKING:
    from cmdm_tui.config import Credentials, Profile, SecretPlace
    from cmdm_tui.tui import Explorer
    from cmdm_tui.tui.account_opener import ProfileSummary
    from cmdm_tui.tui.offline_account import OfflineAccount

_OBJECTS_UNTIL_COLLECTION = 20_000
"""Objects that the explorer makes, in a few paints, until the collector looks for lost ones."""


@click.command(
    epilog=examples(
        "cmdm demo",
    ),
)
@click.pass_obj
def demo(context: CommandContext) -> None:
    """Open the explorer on an embedded sandbox with realistic data.

    What you change is kept for the next demo.
    """
    explore(context, start="demo")


def explore(
    context: CommandContext,
    *,
    start: Literal["profile", "demo"],
    offline: "OfflineAccount | None" = None,
) -> None:
    """Open the explorer; it ends the command with its own exit code.

    An `offline` account is opened instead of what `start` says.
    """
    is_served = context.environment.get("TEXTUAL_DRIVER") == WEB_DRIVER
    if not (is_served or (sys.stdin.isatty() and sys.stdout.isatty())):
        message = (
            "The explorer needs a terminal. In a script, use commands such as cmdm list and get."
        )
        raise CommandFailure(message, ExitCode.USAGE)
    if context.log_file is not None:
        from cmdm_tui.cli.call_log import open_log_file

        open_log_file(context.log_file)  # that it cannot be is an error before anything is drawn
    if is_served:
        from cmdm_tui.cli.web.parent import end_with_parent

        end_with_parent()
    from cmdm_tui.cli.event_loop import run_async
    from cmdm_tui.cli.signals import active_signals
    from cmdm_tui.cli.terminal_watch import end_without_terminal
    from cmdm_tui.operations.module_loading import frozen_modules, load_modules

    gc.set_threshold(_OBJECTS_UNTIL_COLLECTION)
    with ProfileSource(context, logs_calls=True).ended() as opening, frozen_modules():
        load_modules("cmdm_tui.tui")
        from cmdm_tui.tui import Explorer

        explorer = Explorer(
            opening,
            catalogs=context.paths.catalogs,
            start=start,
            offline=offline,
            paths=context.paths,
        )
        # In a browser it has none, and ends with the server.
        try:
            with contextlib.nullcontext() if is_served else end_without_terminal():
                run_async(explorer.run_async())
        except KeyboardInterrupt:
            active_signals().notes += explorer.drafts.sentences
            raise
        else:
            _note_all(explorer.drafts.sentences)
        finally:
            is_recorded = _finish_recordings(explorer)
        if not is_recorded:
            raise CommandFailure("Not all calls are recorded.")
        if explorer.return_code:
            sys.exit(explorer.return_code)


def _finish_recordings(explorer: "Explorer") -> bool:
    """Write what the explorer has recorded, and what became of it; return whether all is there."""
    ended = explorer.recorder.finish()
    _note_all(sentence for one in ended for sentence in one.sentences)
    return all(one.is_whole for one in ended)


def _note_all(sentences: Iterable[str]) -> None:
    for sentence in sentences:
        with contextlib.suppress(OSError):  # the terminal may be gone
            note(sentence)


class ProfileSource:
    """Where a face gets its profile: the options and environment, or an embedded sandbox.

    With `logs_calls`, the calls of each account are written to the log file.
    """

    def __init__(self, context: CommandContext, *, logs_calls: bool = False) -> None:
        self._context = context
        self._logs_calls = logs_calls
        self._running = contextlib.ExitStack()
        self._demo: Profile | None = None

    @contextlib.contextmanager
    def ended(self) -> "Generator[ProfileSource]":
        """Stop the embedded sandbox, if one was started, when the block is left."""
        with self._running:
            yield self

    def start_demo(self) -> "Profile":
        """Return the profile of the embedded sandbox, starting it first."""
        if self._demo is None:
            from cmdm_tui.cli.embedded_sandbox import (
                find_shared_demo,
                profile_of_sandbox,
                run_demo_sandbox,
            )

            demo = find_shared_demo(self._context.environment) or profile_of_sandbox(
                self._running.enter_context(run_demo_sandbox(self._context.paths))
            )
            self._demo = self._log_calls_of(self._context.record_calls_of(demo))
        return self._demo

    def list_profiles(self) -> "Sequence[ProfileSummary]":
        """Return the profiles that are kept."""
        from cmdm_tui.config import ProfileStore
        from cmdm_tui.tui.account_opener import ProfileSummary

        store = ProfileStore(self._context.paths)
        settings = map(store.load_settings, store.list_names())
        return [ProfileSummary(one.name, one.url, one.colour, one.read_only) for one in settings]

    def load_profile(self, secrets: Mapping[str, str], name: str | None = None) -> "Profile":
        """Return the profile of that name, else the one to use, with `secrets` and those kept."""
        return self._log_calls_of(self._context.load_profile(secrets, name))

    def save_profile(
        self, name: str, url: str, credentials: "Credentials", *, place: "SecretPlace"
    ) -> "Profile":
        """Keep a new profile and return it."""
        from cmdm_tui.config import ProfileStore

        store = ProfileStore(self._context.paths)
        store.save_with_secrets(name, url, credentials, place=place)
        given = {
            "client_secret": credentials.client_secret.reveal(),
            "password": credentials.password.reveal(),
        }
        return self._log_calls_of(self._context.complete(store.load(name, given)))

    def _log_calls_of(self, profile: "Profile") -> "Profile":
        return self._context.log_calls_of(profile, shows=False) if self._logs_calls else profile
