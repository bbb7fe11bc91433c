"""Opens the explorer's account: the demo, a profile, or a sign-in that makes one."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from cmdm_tui.config import Credentials, Profile, SecretPlace
from cmdm_tui.tui.offline_account import OfflineAccount

if TYPE_CHECKING:
    import httpx

    from cmdm_tui.catalog import Account
    from cmdm_tui.tui.account_events import AccountEvents


@dataclass(frozen=True, slots=True)
class SignInForm:
    """What the sign-in screen asks for."""

    url: str
    credentials: Credentials
    name: str
    place: SecretPlace


@dataclass(frozen=True, slots=True)
class ProfileSummary:
    """A profile as it is offered: what its table says, no secret; the texts are untrusted."""

    name: str
    url: str
    colour: str | None = None
    read_only: bool = False


@dataclass(frozen=True, slots=True)
class AccountChoice:
    """Which account to open: the demo's, an offline one, a profile's, or the chosen profile's.

    An offline one is there already, or is that of a `cassette`, a file or a folder.
    """

    is_demo: bool = False
    profile: str | None = None
    offline: OfflineAccount | None = None
    cassette: Path | None = None


class ProfileProvider(Protocol):
    """Provides the explorer's profiles; every method may block and is called in a thread."""

    def start_demo(self) -> Profile:
        """Return the demo's profile, starting the demo where it does not run yet.

        Raises ConfigurationError where it cannot start.
        """
        ...

    def list_profiles(self) -> Sequence[ProfileSummary]:
        """Return the profiles to choose from, in the order in which they are kept.

        Raises ConfigurationError for a configuration that cannot be read.
        """
        ...

    def load_profile(self, secrets: Mapping[str, str], name: str | None = None) -> Profile:
        """Return the profile of that name, else the chosen one, with the `secrets` given.

        Those that are kept are used besides.

        Raises MissingSecrets where some are neither given nor kept, NoProfile where none is chosen,
        and ConfigurationError for a configuration that cannot be read.
        """
        ...

    def save_profile(
        self, name: str, url: str, credentials: Credentials, *, place: SecretPlace
    ) -> Profile:
        """Keep a new profile whose sign-in has succeeded, its secrets in the place, and return it.

        Raises ConfigurationError for an invalid name, a file that cannot be written, or a
        keyring that does not take them.
        """
        ...


@dataclass(frozen=True, slots=True)
class AccountOpener:
    """Opens accounts. What may block runs in a thread, so that the screen goes on painting.

    `catalogs` is the folder of the catalogs' files, None to keep none; `transport` replaces the
    network, except for an offline account, which has its own; `listen` makes what takes the events
    of an account's client; `prepare` is called in a thread before an account is opened. Every
    method raises ConfigurationError for what cannot be read, kept or started, and ApiError for an
    address or credentials that cannot be used.
    """

    profiles: ProfileProvider
    catalogs: Path | None
    transport: "httpx.AsyncBaseTransport | None" = None
    listen: "Callable[[], AccountEvents] | None" = None
    prepare: Callable[[], object] | None = None

    async def open_choice(self, choice: AccountChoice, secrets: Mapping[str, str]) -> "Account":
        """Open the account that was chosen, starting the demo where it does not run yet.

        Raises MissingSecrets and NoProfile as well.
        """
        if choice.offline is not None:
            return await self._open_offline(choice.offline)
        if choice.cassette is not None:
            offline = await asyncio.to_thread(_open_cassettes, choice.cassette)
            return await self._open_offline(offline)
        if choice.is_demo:
            return await self._open_account(await asyncio.to_thread(self.profiles.start_demo))
        load = self.profiles.load_profile
        return await self._open_account(await asyncio.to_thread(load, secrets, choice.profile))

    async def list_profiles(self) -> Sequence[ProfileSummary]:
        """Return the profiles to choose from."""
        return await asyncio.to_thread(self.profiles.list_profiles)

    async def sign_in(self, form: SignInForm) -> "Account":
        """Sign in, keep the profile once that succeeded, and open its account."""
        attempt = Profile(form.name, form.url, form.credentials, catalog=form.name)
        account_class = await asyncio.to_thread(_import_account_class)
        async with account_class.open(attempt, catalogs=None, transport=self.transport) as account:
            await account.client.sign_in()
        profile = await asyncio.to_thread(
            self.profiles.save_profile,
            form.name,
            form.url,
            form.credentials,
            place=form.place,
        )
        return await self._open_account(profile)

    async def _open_account(self, profile: Profile) -> "Account":
        account_class = await self._prepare()
        events = self._listen()
        account = account_class.open(
            profile, catalogs=self.catalogs, transport=self.transport, listener=events
        )
        return _note_account(events, account)

    async def _open_offline(self, offline: OfflineAccount) -> "Account":
        account_class = await self._prepare()
        events = self._listen()
        account = account_class.open(
            offline.profile,
            catalogs=None,
            transport=offline.transport,
            listener=events,
            origin=offline.origin,
        )
        return _note_account(events, account)

    def _listen(self) -> "AccountEvents | None":
        return None if self.listen is None else self.listen()

    async def _prepare(self) -> "type[Account]":
        account_class = await asyncio.to_thread(_import_account_class)
        if self.prepare is not None:
            await asyncio.to_thread(self.prepare)
        return account_class


def _note_account(events: "AccountEvents | None", account: "Account") -> "Account":
    if events is not None:
        events.account = account
    return account


def _import_account_class() -> "type[Account]":
    """Import the client: it takes long, and is not needed for the first paint."""
    from cmdm_tui.catalog import Account

    return Account


def _open_cassettes(path: Path) -> OfflineAccount:
    from cmdm_tui.tui.cassette_account import open_cassettes

    return open_cassettes(path)
