"""An account opened: one profile, its client and its catalog."""

from collections.abc import Callable
from pathlib import Path
from typing import Self

import httpx
from msgspec import Struct

from cmdm_tui.api import Client, Event, EventListener
from cmdm_tui.api.client import CALL_DEADLINE
from cmdm_tui.api.command_time import CommandTime
from cmdm_tui.api.events import ignore_events
from cmdm_tui.api.quota import ServerClock
from cmdm_tui.api.token_state import TokenStore
from cmdm_tui.catalog.catalog import Catalog
from cmdm_tui.catalog.quota_cache import KnownQuota, QuotaCache, quota_file
from cmdm_tui.catalog.token_cache import CachedTokens, TokenFile
from cmdm_tui.config import Profile


class Account(Struct, frozen=True):
    """What every face works on. Opening one sends nothing; use it as an asynchronous context."""

    profile: Profile
    client: Client
    catalog: Catalog
    tokens: TokenStore | None = None
    quotas: QuotaCache | None = None
    origin: str = ""
    """What the records are, where they are not those of the service: untrusted words."""

    @classmethod
    def open(
        cls,
        profile: Profile,
        *,
        catalogs: Path | None,
        transport: httpx.AsyncBaseTransport | None = None,
        tokens: TokenStore | None = None,
        listener: EventListener | None = None,
        time: CommandTime | None = None,
        origin: str = "",
    ) -> Self:
        """Open the profile's account; `catalogs` is the folder of the catalogs' files.

        `tokens` keeps the token in place of the profile's cache; `listener` gets the
        events of the client. All calls share the `time`; without one, each call may take as long
        as the profile allows. `origin` says what the records are, where they are not the service's.

        Raises InvalidCall or InsecureAddress for an address or credentials that cannot be used.
        """
        clock = ServerClock()
        listener = _join_listeners(listener or ignore_events, profile.on_event)
        if tokens is None and (token_file := TokenFile.of_profile(profile)) is not None:
            tokens = CachedTokens(token_file, clock)
        client = Client(
            profile.url,
            profile.credentials,
            transport=transport,
            deadline=CALL_DEADLINE if profile.timeout is None else profile.timeout,
            time=time,
            clock=clock,
            floor=profile.floor,
            read_only=profile.read_only,
            mark_fields=profile.mark_fields,
            tokens=tokens,
            listener=listener,
        )
        file = None if catalogs is None else catalogs / f"{profile.catalog}.json"
        catalog = Catalog(client, file=file, custom=profile.entities)
        client.page_sizes.set_probed_source(lambda: catalog.traits.largest_page.value)
        user = f"{profile.credentials.client_id.reveal()}\n{profile.credentials.username}"
        quotas = QuotaCache(None if file is None else quota_file(file), client.address, user)
        return cls(profile, client, catalog, tokens, quotas, origin)

    @property
    def service_name(self) -> str:
        """What names the service in change sets and in the journal: its address.

        The address of a sandbox that cmdm starts itself is another each time: its data names it.
        """
        return self.profile.data_name or self.client.address

    @property
    def known_quota(self) -> KnownQuota:
        """The quota by the last answer; else what an earlier run has kept, until its reset."""
        quota = self.client.quota
        if quota.remaining is not None or self.quotas is None:
            return KnownQuota(quota, clock_offset=self.client.clock_offset)
        return self.quotas.load()

    async def close(self) -> None:
        """Keep the quota for the next run, and close the connections."""
        if self.quotas is not None:
            self.quotas.store(self.client.quota, self.client.clock_offset)
        await self.client.close_connections()

    @property
    def cache_errors(self) -> tuple[str, ...]:
        """What is not kept for the next run, a sentence each; it has failed nothing."""
        said: list[str] = []
        if isinstance(self.tokens, CachedTokens):
            error = self.tokens.error
            lost = f"The token is not kept for the next run: {error}"
            said.append(self.tokens.lock_warning if error is None else lost)
        if self.catalog.error is not None:
            what = "What was learnt of the service is not kept for the next run"
            said.append(f"{what}: {self.catalog.error}")
        return tuple(filter(None, said))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()


def _join_listeners(first: EventListener, second: Callable[[object], None] | None) -> EventListener:
    """Return a listener that passes each event on to both."""
    if second is None:
        return first

    def listen(event: Event) -> None:
        first(event)
        second(event)

    return listen
