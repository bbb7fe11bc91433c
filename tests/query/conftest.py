"""An engine on a sandbox of its own: real sockets, and every call counted as it goes out."""

import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from cmdm_tui.catalog import Account
from cmdm_tui.config import Credentials, Profile, SecretStr
from cmdm_tui.query.engine import Engine
from cmdm_tui.query.result import Result
from cmdm_tui.sandbox import RunningInfo, Sandbox, SandboxConfig

RECORDS = 3_000
NO_LIMIT = 10**9


class CountedNetwork(httpx.AsyncHTTPTransport):
    """The network, with every call that goes out kept; a sign-in is none."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[str] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        path = request.url.raw_path.decode().removeprefix("/api/v1/")
        if path != "authenticate":
            self.calls.append(path)
        return await super().handle_async_request(request)


@dataclass
class Opened:
    """An account, its engine, and the calls it has made."""

    account: Account
    engine: Engine
    network: CountedNetwork

    async def run(self, sql: str, *, max_calls: int | None = None) -> Result:
        prepared = await self.engine.prepare(sql)
        return await self.engine.run(prepared, max_calls=max_calls)

    async def rows(self, sql: str) -> list[tuple[object, ...]]:
        return (await self.run(sql)).rows

    async def cost_of(self, sql: str) -> tuple[str, int]:
        """Run a query; return its plan and the calls that went out, once they are as predicted."""
        before = len(self.network.calls)
        result = await self.run(sql)
        made = len(self.network.calls) - before
        stats = result.stats
        assert stats.calls_used == made
        assert stats.calls_low <= made <= stats.calls_high
        return stats.plan, made

    async def know(self, *entities: str) -> None:
        """Let the fields of the entities, and how many records they have, be known."""
        for entity in entities:
            await self.account.catalog.fields(entity)
            await self.account.catalog.count(entity)


def profile_of(info: RunningInfo) -> Profile:
    credentials = Credentials(
        SecretStr(info.client_id),
        SecretStr(info.client_secret),
        info.username,
        SecretStr(info.password),
    )
    return Profile("tried", info.url, credentials, "tried", entities=("event", "product"))


@contextlib.asynccontextmanager
async def open_account(info: RunningInfo, catalogs: Path | None = None) -> AsyncGenerator[Opened]:
    network = CountedNetwork()
    account = Account.of(profile_of(info), catalogs=catalogs, transport=network)
    async with account:
        engine = Engine(account)
        try:
            yield Opened(account, engine, network)
        finally:
            engine.close()


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningInfo]:
    """One sandbox for all tests that only read."""
    folder = tmp_path_factory.mktemp("query") / "data"
    config = SandboxConfig(
        folder, port=0, records=RECORDS, rate_limit=NO_LIMIT, month_limit=NO_LIMIT
    )
    with Sandbox.embedded(config) as info:
        yield info


@pytest.fixture
async def opened(sandbox: RunningInfo) -> AsyncIterator[Opened]:
    """An account of which nothing is known yet."""
    async with open_account(sandbox) as one:
        yield one
