"""Killed in the middle of writing, again and again: what was acknowledged is there afterwards."""

import asyncio
import random
import signal
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

from tests.sandbox.conftest import sign_in_headers
from tests.sandbox.processes import serving

if TYPE_CHECKING:
    import subprocess

    from cmdm_tui.sandbox import RunningInfo

WRITERS = 4
SAMPLE, WHOLE = 6, 200

# What is said to be stored before it is: the broken twin.
HASTY = """
import sys
from contextlib import contextmanager
from cmdm_tui.sandbox.storage.sqlite import store
from cmdm_tui.cli import main

@contextmanager
def hasty(connection):
    if not connection.in_transaction:
        connection.execute("BEGIN IMMEDIATE")
    yield

store._transaction = hasty
# SQLite refuses to change how far a commit waits while a transaction is open.
store.SqliteStore._set_level = lambda _store, _level: None
sys.argv[0] = "cmdm"
main()
"""


class Acknowledged:
    """What the server has confirmed: for each record the last score, None for a deleted one."""

    def __init__(self) -> None:
        self.scores: dict[str, str | None] = {}
        self.in_doubt: set[str] = set()
        self.writes = 0

    async def write(
        self, http: httpx.AsyncClient, chance: random.Random, enough: asyncio.Semaphore
    ) -> None:
        """Create, update and delete records of one's own until the server is gone."""
        mine: list[str] = []
        while True:
            external_id = chance.choice(mine) if mine and chance.random() < 0.6 else None
            try:
                if external_id is None:
                    body = {"LastName": "Shaw", "Score": "0"}
                    answer = await http.post("/lead", json=body)
                    external_id, score = answer.json()["ExternalID"], "0"
                    mine.append(external_id)
                elif chance.random() < 0.2:
                    mine.remove(external_id)
                    self.in_doubt.add(external_id)
                    answer, score = await http.delete(f"/lead/{external_id}"), None
                else:
                    self.in_doubt.add(external_id)
                    score = str(chance.randrange(10**6))
                    answer = await http.put(f"/lead/{external_id}", json={"Score": score})
            except httpx.HTTPError:
                # The answer is lost; the write may have been done or not.
                return
            assert answer.status_code in {200, 201}, answer.text
            self.in_doubt.discard(external_id)
            self.scores[external_id] = score
            self.writes += 1
            enough.release()


async def killed_while_writing(
    process: "subprocess.Popen[str]", info: "RunningInfo", chance: random.Random, told: Acknowledged
) -> None:
    """Let several clients write, and kill the server while they do."""
    written = asyncio.Semaphore(0)
    async with httpx.AsyncClient(
        base_url=f"{info.url}/api/v1", trust_env=False, verify=False
    ) as http:
        answer = await http.post("/authenticate", headers=sign_in_headers(info.credentials))
        http.headers["Authorization"] = f"Bearer {answer.json()['token']}"
        seeds = [random.Random(chance.random()) for _ in range(WRITERS)]
        writers = [asyncio.create_task(told.write(http, one, written)) for one in seeds]
        for _ in range(chance.randint(8, 60)):
            await asyncio.wait_for(written.acquire(), 20)
        await asyncio.sleep(chance.random() * 0.005)
        process.send_signal(signal.SIGKILL)
        await asyncio.gather(*writers)
    process.wait(10)


def lost(path: Path, told: Acknowledged) -> list[str]:
    """Return the records that are not as they were acknowledged; the file itself must be whole."""
    with closing(sqlite3.connect(path)) as connection:
        connection.create_function("sort_key", 3, _sort_key, deterministic=True)
        (found,) = connection.execute("PRAGMA integrity_check").fetchone()
        assert found == "ok"
        rows = connection.execute("SELECT external_id, record ->> 'Score' FROM lead")
        stored: dict[str, str] = dict(rows.fetchall())
    return [
        external_id
        for external_id, score in told.scores.items()
        if external_id not in told.in_doubt and stored.get(external_id) != score
    ]


def _sort_key(record: str, name: str, kind: str) -> str | None:
    from cmdm_tui.sandbox.storage.sqlite import data_file

    return data_file._compute_key(record, name, kind)


@pytest.mark.slow
@pytest.mark.timeout(1_800)
def test_every_acknowledged_write_outlives_kill_9(tmp_path: Path, runs_whole: bool) -> None:
    chance, told = random.Random(9), Acknowledged()
    data = tmp_path / "data"
    for _ in range(WHOLE if runs_whole else SAMPLE):
        with serving(data, "--records", "20", "--rate-limit", "1000000") as (process, info):
            asyncio.run(killed_while_writing(process, info, chance, told))
        assert lost(data / "sandbox.sqlite", told) == []
    assert told.writes > (4_000 if runs_whole else 100)


def test_a_store_that_acknowledges_before_it_commits_is_caught(tmp_path: Path) -> None:
    """The broken twin."""
    chance, told = random.Random(9), Acknowledged()
    data = tmp_path / "data"
    with serving(data, "--records", "20", program=HASTY) as (process, info):
        asyncio.run(killed_while_writing(process, info, chance, told))
    assert lost(data / "sandbox.sqlite", told)


def counts_after_kill_9(data: Path, program: str | None = None) -> list[int]:
    """Sign in, kill the server at once, and return the counts of calls in its file."""
    with serving(data, "--records", "20", program=program) as (process, info):
        url = f"{info.url}/api/v1/authenticate"
        answer = httpx.post(url, headers=sign_in_headers(info.credentials), verify=False)
        assert answer.status_code == 200
        process.send_signal(signal.SIGKILL)
        process.wait(10)
    with closing(sqlite3.connect(data / "sandbox.sqlite")) as connection:
        return [calls for (calls,) in connection.execute("SELECT calls FROM _usage")]


def test_counts_that_do_not_wait_for_the_disk_outlive_kill_9(tmp_path: Path) -> None:
    assert counts_after_kill_9(tmp_path / "data") == [1, 1]


def test_counts_that_are_never_committed_are_missed(tmp_path: Path) -> None:
    """The broken twin."""
    assert counts_after_kill_9(tmp_path / "data", HASTY) == []
