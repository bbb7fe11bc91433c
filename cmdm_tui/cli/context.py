"""What a command is run with: which profile it uses, and how it makes its calls."""

import os
import sys
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Self, TypeVar, cast

import click

from cmdm_tui.cli.crashes import CrashedWrite
from cmdm_tui.cli.exit_codes import CommandFailure, ExitCode, exit_code_of
from cmdm_tui.text import one_line

if TYPE_CHECKING:
    from pathlib import Path

    from cmdm_tui.api import Event, EventListener
    from cmdm_tui.api.command_time import CommandTime
    from cmdm_tui.catalog import Account
    from cmdm_tui.cli.call_log import EventLogger
    from cmdm_tui.config import Paths, Profile

Result = TypeVar("Result")

_MAY_BE_DONE = "it may have been done. Look among the newest records before sending it again."


@dataclass(frozen=True, slots=True)
class CommandContext:
    """What a command is run with: the profile named, the environment, and the user's folders."""

    profile_name: str | None
    environment: Mapping[str, str]
    is_verbose: bool = False
    log_file: "Path | None" = None
    timeout: float | None = None
    """Seconds that the command may take; None for what the profile says."""
    began_at: float = field(default_factory=time.monotonic)
    """The monotonic time from which that counts: before anything large is loaded."""
    record_profile: "Callable[[Profile], Callable[[object], None]] | None" = None
    """Gives what records the events of a profile's client, where that is asked."""

    @classmethod
    def of_process(
        cls,
        profile_name: str | None,
        *,
        is_verbose: bool = False,
        log_file: str | None = None,
        timeout: float | None = None,
        record_profile: "Callable[[Profile], Callable[[object], None]] | None" = None,
    ) -> Self:
        """Return the context of this process."""
        log = None
        if log_file is not None:
            # Most commands have none, and it takes a tenth of the start.
            from pathlib import Path

            log = Path(log_file)
        return cls(
            profile_name, os.environ, is_verbose, log, timeout, record_profile=record_profile
        )

    @property
    def paths(self) -> "Paths":
        """The user's folders."""
        from cmdm_tui.config import Paths

        return Paths.of_user()

    @property
    def names_service(self) -> bool:
        """Whether the options or the environment name a service, rather than leave it open."""
        return self.profile_name is not None or bool(self.environment.get("CMDM_URL"))

    def load_url(self) -> str:
        """Return the address of the profile to use; no secret is needed for it.

        Raises ConfigurationError or NoProfile.
        """
        from cmdm_tui.config import ProfileStore, load_environment_profile

        if self.profile_name is None:
            profile = load_environment_profile(self.environment)
            if profile is not None:
                return profile.url
        store = ProfileStore(self.paths)
        return store.load_settings(store.choose(self.profile_name)).url

    def load_profile(
        self, secrets: Mapping[str, str] | None = None, name: str | None = None
    ) -> "Profile":
        """Return the profile `name`, else the one to use.

        That is the one named by an option, else the environment's, else the default.

        Secrets are those given, else those of the environment, else those kept. The environment's
        are not for a profile `name` that is not the one to use. Raises ConfigurationError,
        NoProfile or MissingSecrets.
        """
        from cmdm_tui.config import ProfileStore, load_environment_profile

        paths = self.paths
        wanted = name or self.profile_name
        if wanted is None:
            profile = load_environment_profile(self.environment, paths.tokens)
            if profile is not None:
                return self.complete(profile)
        store = ProfileStore(paths)
        is_one_to_use = name is None or name == self.profile_name
        environment = self.environment if is_one_to_use else None
        return self.complete(store.load(store.choose(wanted), secrets, environment=environment))

    def complete(self, profile: "Profile") -> "Profile":
        """Return the profile with what is odd in its caches, and the options of the command."""
        profile = _add_cache_warnings(profile, self.paths)
        if self.timeout is not None:
            profile = replace(profile, timeout=self.timeout)
        return self.record_calls_of(profile)

    def record_calls_of(self, profile: "Profile") -> "Profile":
        """Return the profile so that the calls of its account are recorded, if that is asked."""
        if self.record_profile is None:
            return profile
        return replace(profile, on_event=self.record_profile(profile))

    def log_calls_of(self, profile: "Profile", *, shows: bool) -> "Profile":
        """Return the profile so that the calls of its account are in the log file, if there is one.

        Where it `shows` them, they are on stderr too, if that is asked. It is for the prompt and
        the explorer, which open their accounts themselves.
        """
        shows = shows and self.is_verbose
        if self.log_file is None and not shows:
            return profile
        log, earlier = self.new_event_logger(profile, shows=shows), profile.on_event

        def listen(event: object) -> None:
            if earlier is not None:
                earlier(event)
            log(cast("Event", event))

        return replace(profile, on_event=listen)

    def load_profile_asking(self) -> "Profile":
        """Return the profile to use, asking for secrets kept nowhere where there is a terminal.

        What is odd in the profile's table and in its caches is written to stderr.
        """
        from cmdm_tui.config import MissingSecrets

        try:
            profile = self.load_profile()
        except MissingSecrets as error:
            if not sys.stdin.isatty():
                raise
            note(error.reason)
            profile = self.load_profile(
                {name: _ask_secret(error.profile, name) for name in error.missing}
            )
        for warning in profile.warnings:
            note(warning)
        return profile

    def open_account(self, observe: "EventListener | None" = None) -> "Account":
        """Open the account of the profile to use; `observe` gets its client's events too."""
        from cmdm_tui.catalog import Account

        profile = self.load_profile_asking()
        log = self.new_event_logger(profile)

        def listen(event: "Event") -> None:
            if observe is not None:
                observe(event)
            log(event)

        return Account.open(
            profile,
            catalogs=self.paths.catalogs,
            listener=listen,
            time=self.new_command_time(profile),
        )

    def new_command_time(self, profile: "Profile") -> "CommandTime":
        """Return the time that the calls of this command may take together."""
        from cmdm_tui.api.command_time import CommandTime
        from cmdm_tui.config.process_start import find_process_start

        return CommandTime(
            profile.timeout, began_at=self.began_at, process_began_at=find_process_start()
        )

    def new_event_logger(self, profile: "Profile", *, shows: bool = True) -> "EventLogger":
        """Return what reports in the log file, and where it `shows` that on stderr, what is done.

        That is what the profile's client does.
        """
        from cmdm_tui.cli.call_log import EventLogger, ignore_line, open_log_file, write_to_stderr

        log = None if self.log_file is None else open_log_file(self.log_file)
        show = write_to_stderr if shows else ignore_line
        return EventLogger(profile.credentials, show=show, log=log, verbose=self.is_verbose)

    def run(
        self,
        work: "Callable[[Account], Awaitable[Result]]",
        *,
        once: bool = False,
        observe: "EventListener | None" = None,
    ) -> Result:
        """Run `work` on the account and return its result; `observe` gets its client's events too.

        An interrupt amid work that must not be done twice (`once`) leaves its outcome unknown,
        once its request is sent.
        """
        from cmdm_tui.cli.event_loop import run_async

        opened_accounts: list[Account] = []

        async def opened() -> Result:
            async with self.open_account(observe) as account:
                opened_accounts.append(account)
                result = await _work_advising(work, account)
            report_cache_errors(account)
            return result

        def is_write_open() -> bool:
            return once and any(account.client.has_open_write for account in opened_accounts)

        try:
            return run_async(opened())
        except KeyboardInterrupt:
            if not is_write_open():
                raise
            message = f"Interrupted before the answer came: {_MAY_BE_DONE}"
            raise CommandFailure(message, ExitCode.OUTCOME_UNKNOWN) from None
        except CommandFailure:
            raise
        except Exception as error:
            if exit_code_of(error) is not None or not is_write_open():
                raise
            raise CrashedWrite(_MAY_BE_DONE[0].upper() + _MAY_BE_DONE[1:]) from error


async def _work_advising(
    work: "Callable[[Account], Awaitable[Result]]", account: "Account"
) -> "Result":
    """Run `work`; where the service knows no entity of a name, say which one may be meant."""
    from cmdm_tui.api import NotFound

    try:
        return await work(account)
    except NotFound as error:
        from cmdm_tui.operations.entity_advice import advise_entity

        raise advise_entity(error, account.catalog) from error.__cause__


def note(message: str) -> None:
    """Write a message to stderr that is not a failure; nothing where it is empty."""
    if message:
        click.echo(f"cmdm: {one_line(message)}", err=True)


def _add_cache_warnings(profile: "Profile", paths: "Paths") -> "Profile":
    odd = paths.describe_odd_caches(profile.catalog)
    return replace(profile, warnings=(*profile.warnings, *odd)) if odd else profile


def report_cache_errors(account: "Account") -> None:
    """Write to stderr what is not kept for the next run."""
    for sentence in account.cache_errors:
        note(sentence)


def _ask_secret(profile: str, name: str) -> str:
    words = name.replace("_", " ").capitalize()
    answer: str = click.prompt(f"{words} of {profile}", hide_input=True, err=True)
    return answer
