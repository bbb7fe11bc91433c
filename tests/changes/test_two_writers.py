"""Two runs on the same records: no update is lost without being reported as a conflict."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from cmdm_tui.changes.journal import Journal, JournalRun
from cmdm_tui.changes.record_lock import RecordLocks
from cmdm_tui.sandbox import RunningInfo
from tests.changes.conftest import Bench, open_bench, update

RECORDS = 20


async def write_both(info: RunningInfo, path: Path, *, in_step: bool = False) -> list[list[str]]:
    """Apply two runs of the same records at once; return which records lost an update unseen.

    `in_step` has each record read by both before either writes it.
    """
    with Journal.open(path) as first_journal, Journal.open(path) as second_journal:
        async with (
            open_bench(info, first_journal) as first,
            open_bench(info, second_journal) as second,
        ):
            ids = await first.ids("lead", RECORDS)
            cities = {one: await first.value("lead", one, "City") for one in ids}
            if in_step:
                let_both_read(first, second)
            runs: list[JournalRun] = []
            for bench, city in ((first, "Hull"), (second, "Leeds")):
                wanted = (update("lead", one, {"City": cities[one]}, City=city) for one in ids)
                runs.append(bench.begin(*wanted, concurrency=4))
            await asyncio.gather(first.applier(runs[0]).run(), second.applier(runs[1]).run())
            found: list[list[str]] = []
            for number, one in enumerate(ids, 1):
                both = [run.entry(number) for run in runs]
                stored = await first.value("lead", one, "City")
                done = [entry for entry in both if entry.state == "done"]
                conflicts = [entry for entry in both if entry.state == "conflict"]
                is_sound = len(done) == len(conflicts) == 1
                if not is_sound or done[0].change.properties["City"] != stored:
                    found.append([entry.state for entry in both])
            return found


def let_both_read(first: Bench, second: Bench) -> None:
    """Hold each answer to a read until the other has read the record too."""
    read: dict[str, asyncio.Event] = {}

    async def meet(request: httpx.Request) -> None:
        if request.method == "GET":
            path = request.url.path
            if path in read:
                read[path].set()
            else:
                await read.setdefault(path, asyncio.Event()).wait()

    first.network.after = second.network.after = meet


async def test_of_two_updates_of_a_record_one_is_done_and_one_a_conflict(
    sandbox: RunningInfo, tmp_path: Path
) -> None:
    assert await write_both(sandbox, tmp_path / "journal" / "journal.sqlite") == []


async def test_without_locks_an_update_is_lost(
    sandbox: RunningInfo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The broken twin: the test above can fail."""

    @asynccontextmanager
    async def hold(_: RecordLocks, *__: str) -> AsyncGenerator[None]:
        yield

    monkeypatch.setattr(RecordLocks, "hold", hold)
    path = tmp_path / "journal" / "journal.sqlite"
    lost = await write_both(sandbox, path, in_step=True)
    assert lost == [["done", "done"]] * RECORDS


async def test_a_lock_of_a_record_is_waited_for(tmp_path: Path) -> None:
    locks, order = RecordLocks(tmp_path), list[str]()
    is_held = asyncio.Event()

    async def change(name: str) -> None:
        async with locks.hold("https://crm.example", "Lead", "A1"):
            is_held.set()
            order.append(f"{name} begins")
            await asyncio.sleep(0)
            order.append(f"{name} ends")

    first = asyncio.create_task(change("first"))
    await is_held.wait()
    await asyncio.gather(first, change("second"))
    assert order == ["first begins", "first ends", "second begins", "second ends"]
