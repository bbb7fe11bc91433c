"""The ways to an account: the demo, a profile, or a sign-in that makes one."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import httpx

from cmdm_tui.api import EventListener
from cmdm_tui.catalog import Account
from cmdm_tui.config import Credentials, Profile, SecretPlace
from cmdm_tui.tui.profile_provider import ProfileProvider


@dataclass(frozen=True, slots=True)
class SignInForm:
    """What the sign-in screen asks for."""

    url: str
    credentials: Credentials
    name: str
    place: SecretPlace


@dataclass(frozen=True, slots=True)
class AccountOpener:
    """Opens accounts. What may block runs in a thread, so that the screen goes on painting.

    `catalogs` is the folder that keeps what is learnt of a server, None to keep nothing;
    `transport` replaces the network; `tell` is told what the account's client does. Every method
    raises ConfigurationError for what cannot be read, kept or started, and ApiError for an address
    or credentials that cannot be used.
    """

    profiles: ProfileProvider
    catalogs: Path | None
    transport: httpx.AsyncBaseTransport | None = None
    tell: EventListener | None = None

    async def open_demo(self) -> Account:
        """Open the demo's account, starting the demo where it does not run yet."""
        return self._open_account(await asyncio.to_thread(self.profiles.start_demo))

    async def open_profile(self, secrets: Mapping[str, str]) -> Account:
        """Open the chosen profile's account. Raises MissingSecrets and NoProfile as well."""
        return self._open_account(await asyncio.to_thread(self.profiles.load_profile, secrets))

    async def sign_in(self, form: SignInForm) -> Account:
        """Sign in, keep the profile once that succeeded, and open its account."""
        attempt = Profile(form.name, form.url, form.credentials, catalog=form.name)
        async with Account.open(attempt, catalogs=None, transport=self.transport) as account:
            await account.client.sign_in()
        profile = await asyncio.to_thread(
            self.profiles.save_profile,
            form.name,
            form.url,
            form.credentials,
            place=form.place,
        )
        return self._open_account(profile)

    def _open_account(self, profile: Profile) -> Account:
        return Account.open(
            profile, catalogs=self.catalogs, transport=self.transport, listener=self.tell
        )
