"""One run of the command: which profile it uses, and how it makes its calls."""

import os
import sys
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self, TypeVar

import click

from cmdm_tui.cli.exits import Exit, Failure
from cmdm_tui.text import one_line

if TYPE_CHECKING:
    from cmdm_tui.catalog import Account
    from cmdm_tui.cli.telling import Teller
    from cmdm_tui.config import Paths, Profile

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Invocation:
    """What a command is run with: the profile named, the environment, and the user's folders."""

    profile_name: str | None
    environment: Mapping[str, str]
    is_verbose: bool = False
    log_file: Path | None = None

    @classmethod
    def of_process(
        cls, profile_name: str | None, *, is_verbose: bool = False, log_file: Path | None = None
    ) -> Self:
        """Return the invocation of this process."""
        return cls(profile_name, os.environ, is_verbose, log_file)

    @property
    def paths(self) -> "Paths":
        """The user's folders."""
        from cmdm_tui.config import Paths

        return Paths.of_user()

    def profile(self, secrets: Mapping[str, str] | None = None) -> "Profile":
        """Return the profile to use: the one named, else the environment's, else the default.

        Secrets are those given, else those of the environment, else those kept. Raises
        ConfigurationError, NoProfile or MissingSecrets.
        """
        from cmdm_tui.config import ProfileStore, load_environment_profile

        paths = self.paths
        if self.profile_name is None:
            profile = load_environment_profile(self.environment, paths.tokens)
            if profile is not None:
                return profile
        store = ProfileStore(paths)
        given = {
            "client_secret": self.environment.get("CMDM_CLIENT_SECRET", ""),
            "password": self.environment.get("CMDM_PASSWORD", ""),
            **(secrets or {}),
        }
        return store.load(store.choose(self.profile_name), given)

    def profile_asking(self) -> "Profile":
        """Return the profile to use, asking for secrets kept nowhere where there is a terminal.

        What is odd in the profile's table is told on stderr.
        """
        from cmdm_tui.config import MissingSecrets

        try:
            profile = self.profile()
        except MissingSecrets as error:
            if not sys.stdin.isatty():
                raise
            note(error.reason)
            profile = self.profile({name: _asked(error.profile, name) for name in error.missing})
        for warning in profile.warnings:
            note(warning)
        return profile

    def account(self) -> "Account":
        """Open the account of the profile to use."""
        from cmdm_tui.catalog import Account

        profile = self.profile_asking()
        return Account.open(profile, catalogs=self.paths.catalogs, tell=self.teller(profile))

    def teller(self, profile: "Profile") -> "Teller":
        """Return what tells on stderr, and in the log file, what the profile's client does."""
        from cmdm_tui.cli.telling import Teller, to_file, to_stderr

        log = None if self.log_file is None else to_file(self.log_file)
        return Teller(profile.credentials, show=to_stderr, log=log, verbose=self.is_verbose)

    def run(self, work: "Callable[[Account], Awaitable[Result]]", *, once: bool = False) -> Result:
        """Run `work` on the account and return its result.

        An interrupt amid work that must not be done twice (`once`) leaves its outcome unknown.
        """
        import asyncio

        async def opened() -> Result:
            async with self.account() as account:
                result = await work(account)
            note(_trouble_with_token(account))
            return result

        try:
            return asyncio.run(opened())
        except KeyboardInterrupt:
            if not once:
                raise
            message = (
                "Interrupted before the answer came: it may have been done. "
                "Look among the newest records before sending it again."
            )
            raise Failure(message, Exit.OUTCOME_UNKNOWN) from None


def note(message: str) -> None:
    """Tell something on stderr that is no failure; nothing where it is empty."""
    if message:
        click.echo(f"cmdm: {one_line(message)}", err=True)


def _trouble_with_token(account: "Account") -> str:
    from cmdm_tui.catalog import CachedTokens

    if not isinstance(account.tokens, CachedTokens) or account.tokens.error is None:
        return ""
    return f"The token is not kept for the next run: {account.tokens.error}"


def _asked(profile: str, name: str) -> str:
    words = name.replace("_", " ").capitalize()
    answer: str = click.prompt(f"{words} of {profile}", hide_input=True, err=True)
    return answer
