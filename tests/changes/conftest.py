"""A client of the sandbox whose calls are counted, a journal, and change sets in short."""

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from cmdm_tui.api import Client
from cmdm_tui.api.retry import RetryPolicy
from cmdm_tui.changes.apply import ChangeApplier
from cmdm_tui.changes.apply_events import ApplyEvent, ApplyOptions, ApplySummary
from cmdm_tui.changes.change_set import Change, ChangeKind, ChangeSet
from cmdm_tui.changes.journal import Journal, JournalRun
from cmdm_tui.sandbox import RunningInfo
from tests.services import CountedNetwork, profile_of

QUICK = RetryPolicy(first_wait=0.002, longest_wait=0.01)
MARKS = {"*": "Notes", "account": "Description"}


Tap = Callable[[httpx.Request], Awaitable[None]]


async def pass_on(_: httpx.Request) -> None:
    """Do nothing."""


class TappedNetwork(CountedNetwork):
    """The network, with something done before each request, or between it and its answer."""

    def __init__(self) -> None:
        super().__init__()
        self.before: Tap = pass_on
        self.after: Tap = pass_on
        self.under_way = self.most_under_way = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.under_way += 1
        self.most_under_way = max(self.under_way, self.most_under_way)
        try:
            await self.before(request)
            answer = await super().handle_async_request(request)
            await self.after(request)
            return answer
        finally:
            self.under_way -= 1


@dataclass
class Bench:
    """What a test of applying works with: `network` counts the calls, `events` were reported.

    An apply is stopped at the first event for which `stops_at` is true.
    """

    client: Client
    journal: Journal
    network: TappedNetwork
    events: list[ApplyEvent] = field(default_factory=list[ApplyEvent])
    stops_at: Callable[[ApplyEvent], bool] = lambda _: False

    def begin(self, *changes: Change, **options: object) -> JournalRun:
        made = ChangeSet(changes, "a test", self.client.address, "siân", 1_795_694_400.0)
        chosen = ApplyOptions(**{"settling_time": 0.0, **options})  # pyright: ignore[reportArgumentType]
        return self.journal.begin(made, profile="tried", options=chosen)

    def applier(self, run: JournalRun) -> ChangeApplier:
        def listen(event: ApplyEvent) -> None:
            self.events.append(event)
            if self.stops_at(event):
                applier.stop()

        applier = ChangeApplier(self.client, run, listener=listen)
        return applier

    async def apply(self, *changes: Change, **options: object) -> tuple[JournalRun, ApplySummary]:
        run = self.begin(*changes, **options)
        return run, await self.applier(run).run()

    async def resume(self, run: JournalRun) -> JournalRun:
        """Apply what is left of a run, as another program would."""
        again = self.journal.load(run.id)
        await self.applier(again).run()
        return again

    async def ids(self, entity: str, count: int) -> list[str]:
        page = await self.client.page(entity, per_page=count, page=1)
        self.network.taken()
        return [record.external_id for record in page.records]

    async def value(self, entity: str, external_id: str, name: str) -> object:
        record = await self.client.record(entity, external_id)
        self.network.taken()
        return record.properties[name]


def create(entity: str, **properties: object) -> Change:
    return Change(ChangeKind.CREATE, entity, properties=properties)


def update(entity: str, external_id: str, before: dict[str, object], **new: object) -> Change:
    return Change(ChangeKind.UPDATE, entity, external_id, new, before=before)


def delete(entity: str, external_id: str, before: dict[str, object] | None = None) -> Change:
    return Change(ChangeKind.DELETE, entity, external_id, before=before)


def states(run: JournalRun) -> list[str]:
    return [entry.state.value for entry in run.entries]


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with Journal.open(tmp_path / "journal" / "journal.sqlite") as opened:
        yield opened


@asynccontextmanager
async def open_bench(
    info: RunningInfo, journal: Journal, *, marks: bool = True, floor: int = 0
) -> AsyncGenerator[Bench]:
    """Open a client of the sandbox with the journal, as a program that starts does."""
    profile, network = profile_of(info), TappedNetwork()
    async with Client(
        profile.url,
        profile.credentials,
        transport=network,
        policy=QUICK,
        mark_fields=MARKS if marks else None,
        floor=floor,
    ) as client:
        yield Bench(client, journal, network)


@pytest.fixture
async def bench(sandbox: RunningInfo, journal: Journal) -> AsyncIterator[Bench]:
    async with open_bench(sandbox, journal) as opened:
        yield opened
