"""An account opened: one profile, its client and its catalog."""

from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx

from cmdm_tui.api import Client
from cmdm_tui.catalog.catalog import Catalog
from cmdm_tui.config import Profile


@dataclass(frozen=True, slots=True)
class Account:
    """What every face works on. Opening one sends nothing; use it as an asynchronous context."""

    profile: Profile
    client: Client
    catalog: Catalog

    @classmethod
    def of(
        cls,
        profile: Profile,
        *,
        catalogs: Path | None,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> Self:
        """Open the profile's account; `catalogs` is the folder that keeps what is learnt.

        Raises InvalidCall or InsecureAddress for an address or credentials that cannot be used.
        """
        client = Client(profile.url, profile.credentials, transport=transport)
        file = None if catalogs is None else catalogs / f"{profile.catalog}.json"
        return cls(profile, client, Catalog(client, file=file, custom=profile.entities))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None = None,
        error: BaseException | None = None,
        trace: TracebackType | None = None,
    ) -> None:
        await self.client.close_connections()
