"""One query as benchmarks run it: on an account of its own, its calls and its time measured."""

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Callable, Generator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from cmdm_tui.catalog import Account
from cmdm_tui.config import Credentials, Profile, SecretStr
from cmdm_tui.query.engine import Engine

SandboxAddress = dict[str, str]


@dataclass
class MeasuredNetwork(httpx.AsyncBaseTransport):
    """A network, slower by `latency`; it counts calls and adds up the time with one under way."""

    network: httpx.AsyncBaseTransport = field(default_factory=httpx.AsyncHTTPTransport)
    latency: float = 0.0
    calls: int = 0
    seconds: float = 0.0
    _under_way: int = 0
    _began: float = 0.0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Wait, then send and read the answer whole."""
        if not self._under_way:
            self._began = time.perf_counter()
        self._under_way += 1
        try:
            if self.latency:
                await asyncio.sleep(self.latency)
            response = await self.network.handle_async_request(request)
            await response.aread()
        finally:
            self._under_way -= 1
            if not self._under_way:
                self.seconds += time.perf_counter() - self._began
        if not request.url.path.endswith("/authenticate"):
            self.calls += 1
        return response

    async def aclose(self) -> None:
        """Close the network."""
        await self.network.aclose()


@dataclass(frozen=True)
class MeasuredService:
    """A service to run queries on: how to sign in to it, and the network that it is on."""

    profile: Profile
    make_network: Callable[[], httpx.AsyncBaseTransport] = httpx.AsyncHTTPTransport

    @classmethod
    def of_sandbox(cls, told: SandboxAddress) -> "MeasuredService":
        """Return a sandbox that runs, by what it said of itself."""
        credentials = Credentials(
            SecretStr(told["client_id"]),
            SecretStr(told["client_secret"]),
            told["username"],
            SecretStr(told["password"]),
        )
        return cls(Profile("bench", told["url"], credentials, "bench"))

    def open_account(
        self, catalogs: Path | None, network: MeasuredNetwork | None = None
    ) -> Account:
        """Open an account, of which `catalogs` is the folder of what is known."""
        transport = network or self.open_network()
        return Account.open(self.profile, catalogs=catalogs, transport=transport)

    def open_network(self, latency: float = 0.0) -> MeasuredNetwork:
        """Return the network, to be measured."""
        return MeasuredNetwork(self.make_network(), latency)


@dataclass(frozen=True)
class QueryCost:
    """What one query cost, and its rows; `low` and `high` are the calls that its plan named."""

    calls: int
    seconds: float
    on_network: float
    plan: str
    low: int
    high: int
    rows: list[tuple[object, ...]]
    is_partial: bool


async def run_query(
    service: MeasuredService,
    sql: str,
    catalogs: Path | None,
    *,
    latency: float = 0.0,
    max_calls: int | None = None,
) -> QueryCost:
    """Run a query, with at most `max_calls`."""
    network = service.open_network(latency)
    async with service.open_account(catalogs, network) as account:
        await account.client.sign_in()
        network.seconds = 0.0
        began = time.perf_counter()
        with closing(Engine(account)) as engine:
            prepared = await engine.prepare(sql)
            with await engine.run(prepared, max_calls=max_calls) as result:
                rows, stats = result.rows, result.stats
                is_partial = result.resumption is not None
        seconds = time.perf_counter() - began
    return QueryCost(
        network.calls,
        seconds,
        network.seconds,
        stats.plan,
        stats.calls_low,
        stats.calls_high,
        rows,
        is_partial,
    )


@contextmanager
def serve_sandbox(data: Path, records: int, *options: str) -> Generator[SandboxAddress]:
    """Serve so many leads, and say how to sign in."""
    if not (data / "sandbox.sqlite").exists():
        print(f"Making {records:,} leads in {data} …", flush=True)
    command = [sys.executable, "-m", "cmdm_tui", "sandbox", "serve", "--json", "--quiet"]
    command += ["--port", "0", "--data", str(data), "--records", str(records)]
    command += ["--rate-limit", "1000000000", "--month-limit", "1000000000", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield json.loads(process.stdout.readline())
        finally:
            process.terminate()


async def fetch_sample_record(service: MeasuredService, page: int = 250) -> dict[str, Any]:
    """Return a record from the middle, with what is asked for filled."""
    async with service.open_account(None) as account:
        found = await account.client.page("lead", per_page=50, page=page)
    wanted = ("Email", "PostCode", "AccountExternalID")
    filled = next(one for one in found.records if all(one.properties.get(name) for name in wanted))
    return {"ExternalID": filled.external_id, **filled.properties}
