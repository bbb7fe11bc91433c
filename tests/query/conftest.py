"""An engine on a sandbox of its own: real sockets, and every call counted as it goes out."""

import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from cmdm_tui.catalog import Account
from cmdm_tui.query.engine import Engine
from cmdm_tui.query.result import QueryResult
from cmdm_tui.sandbox import RunningInfo, Sandbox, SandboxConfig
from tests.query.small_service import share_database
from tests.services import CountedNetwork, profile_of

RECORDS = 3_000
NO_LIMIT = 10**9


@dataclass
class OpenedEngine:
    """An account, its engine, and the calls it has made."""

    account: Account
    engine: Engine
    network: CountedNetwork

    async def run(
        self, sql: str, *, max_calls: int | None = None, trusts_order: bool = False
    ) -> QueryResult:
        prepared = await self.engine.prepare(sql, trusts_order=trusts_order)
        return await self.engine.run(prepared, max_calls=max_calls)

    async def rows(self, sql: str) -> list[tuple[object, ...]]:
        return (await self.run(sql)).rows

    async def cost_of(self, sql: str, *, trusts_order: bool = False) -> tuple[str, int]:
        """Run a query; return its plan and the calls that went out, once they are as predicted."""
        before = len(self.network.calls)
        result = await self.run(sql, trusts_order=trusts_order)
        made = len(self.network.calls) - before
        stats = result.stats
        assert stats.calls_used == made
        assert stats.calls_low <= made <= stats.calls_high
        return stats.plan, made

    async def know(self, *entities: str) -> None:
        """Let the fields of the entities, and how many records they have, be known."""
        for entity in entities:
            await self.account.catalog.load_fields(entity)
            await self.account.catalog.count_records(entity)


@contextlib.asynccontextmanager
async def open_account(
    info: RunningInfo, catalogs: Path | None = None
) -> AsyncGenerator[OpenedEngine]:
    network = CountedNetwork()
    account = Account.open(profile_of(info), catalogs=catalogs, transport=network)
    async with account:
        engine = Engine(account)
        share_database(engine)
        try:
            yield OpenedEngine(account, engine, network)
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
async def opened(sandbox: RunningInfo) -> AsyncIterator[OpenedEngine]:
    """An account of which nothing is known yet."""
    async with open_account(sandbox) as one:
        yield one
