"""Saving and restoring many records: other calls are answered meanwhile, nothing is half done."""

import asyncio
import signal
import statistics
import threading
import time
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from cmdm_tui.sandbox import SandboxConfig
from cmdm_tui.sandbox.storage.sqlite.snapshots import SqliteSnapshots
from tests.claims.sandbox_process import end_with, serve_sandbox
from tests.services import copy_records

SAMPLE, WHOLE = 10_000, 1_000_000
"""Leads; with the other entities, 2.85 times as many records."""

# The broken twin: the event loop does the work.
IN_THE_LOOP = """
import asyncio

async def here(work, *values):
    return work(*values)

asyncio.to_thread = here
from cmdm_tui.cli.main import main
main()
"""


@dataclass(frozen=True)
class Controlled:
    """A sandbox with many records: its calls, and its control plane."""

    http: httpx.Client
    control: httpx.Client

    def total(self) -> int:
        return int(self.page()["Total Records"])

    def page(self) -> dict[str, str]:
        answer = self.http.get("/lead?per_page=2&page=1&sort_by=LastName")
        assert answer.status_code == 200
        return answer.json()

    def post(self, path: str, **body: str) -> float:
        """Make a call of the control plane, and return its seconds."""
        began = time.monotonic()
        answer = self.control.post(path, json=body)
        assert answer.status_code == 200, answer.text
        return time.monotonic() - began


def give_sample(home: Path) -> None:
    """Give a sandbox its records, which are made once for all tests."""
    copy_records(SandboxConfig(home / "data", records=SAMPLE))


@contextmanager
def controlled(home: Path, records: int, code: str | None = None) -> Generator[Controlled]:
    options = ["--quiet", "--control", "--records", str(records)]
    if records == SAMPLE:
        give_sample(home)
    with serve_sandbox(home, *options, code=code) as (process, info):
        own = info.credentials
        names = ("client_id", "client_secret", "username", "password")
        headers = {name: getattr(own, name) for name in names}
        bearer = {"Authorization": f"Bearer {info.control_token}"}
        with (
            httpx.Client(base_url=f"{info.url}/api/v1", verify=False, timeout=300) as http,
            httpx.Client(
                base_url=info.control or "", headers=bearer, verify=False, timeout=300
            ) as control,
        ):
            token = http.post("/authenticate", headers=headers).json()["token"]
            http.headers["Authorization"] = f"Bearer {token}"
            yield Controlled(http, control)
        assert end_with(process, signal.SIGTERM) == 0


def call_while(one: Controlled, path: str, **body: str) -> tuple[float, list[float]]:
    """Make a call of the control plane; return its seconds, and those of calls made meanwhile."""
    seconds: list[float] = []
    with ThreadPoolExecutor(1) as pool:
        work = pool.submit(one.post, path, **body)
        while not work.done():
            began = time.monotonic()
            one.page()
            seconds.append(time.monotonic() - began)
        return work.result(), seconds


def test_calls_are_answered_while_records_are_saved_and_restored(
    tmp_path: Path, runs_whole: bool
) -> None:
    with controlled(tmp_path, WHOLE if runs_whole else SAMPLE) as one:
        before = one.page()
        saving, calls = call_while(one, "/snapshot", name="mine")
        assert len(calls) >= 3
        assert statistics.median(calls) < max(saving / 3, 0.05)
        change_some(one)
        # Of every entity, as another snapshot came between.
        restoring, calls = call_while(one, "/reset")
        assert len(calls) >= 3
        assert max(calls) < max(restoring / 2, 0.25)
        assert one.page() == before
        assert count_held_up(one) <= 2


def count_held_up(one: Controlled) -> int:
    """Return in how many of five snapshots a call made meanwhile waited for most of the work."""
    measured = [call_while(one, "/snapshot", name=f"number-{number}") for number in range(5)]
    return sum(max(calls) > saving / 2 for saving, calls in measured)


def change_some(one: Controlled) -> None:
    ids = [one.http.post("/lead", json={"LastName": "Aa"}).json()["ExternalID"] for _ in range(3)]
    assert one.http.delete(f"/lead/{ids[0]}").status_code == 200
    assert one.http.put(f"/lead/{ids[1]}", json={"LastName": "Ab"}).status_code == 200


def test_a_loop_that_does_the_work_itself_is_caught(tmp_path: Path) -> None:
    """The broken twin."""
    with controlled(tmp_path, SAMPLE, IN_THE_LOOP) as one:
        one.page()
        assert count_held_up(one) >= 3


def test_a_snapshot_holds_nothing_of_what_is_written_meanwhile(tmp_path: Path) -> None:
    with controlled(tmp_path, SAMPLE) as one:
        # The first call begins to save the state at the start, and the next ones come meanwhile.
        is_over = threading.Event()
        created: list[int] = []

        def write() -> None:
            while not is_over.is_set():
                answer = one.http.post("/lead", json={"LastName": "Shaw"})
                created.append(answer.status_code)

        with ThreadPoolExecutor(1) as pool:
            writer = pool.submit(write)
            one.post("/snapshot", name="mine")
            in_between = one.total()
            one.post("/restore", name="mine")
            is_over.set()
            writer.result()
        assert set(created) == {201}
        assert SAMPLE <= in_between <= SAMPLE + len(created)
        one.post("/reset")
        assert one.total() == SAMPLE


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_signal_in_a_restore_leaves_all_or_nothing(
    tmp_path: Path, number: signal.Signals
) -> None:
    options = ("--quiet", "--control", "--records", str(SAMPLE))
    give_sample(tmp_path)
    with serve_sandbox(tmp_path, *options) as (process, info):
        own = info.credentials
        names = ("client_id", "client_secret", "username", "password")
        headers = {name: getattr(own, name) for name in names}
        token = httpx.post(f"{info.url}/api/v1/authenticate", headers=headers, verify=False).json()[
            "token"
        ]
        bearer = {"Authorization": f"Bearer {info.control_token}"}
        with httpx.Client(
            headers={"Authorization": f"Bearer {token}"}, timeout=30, verify=False
        ) as http:
            listed = http.get(f"{info.url}/api/v1/lead?per_page=1000&page=1").json()["Entity"]
            for record in listed[:300]:
                url = f"{info.url}/api/v1/lead/{record['ExternalID']}"
                assert http.delete(url).status_code == 200

            def restore() -> None:
                with suppress(httpx.HTTPError):
                    httpx.post(f"{info.control}/reset", headers=bearer, timeout=30, verify=False)

            thread = threading.Thread(target=restore)
            thread.start()
            time.sleep(0.15)
            began = time.monotonic()
            process.send_signal(number)
            assert process.wait(10) in {0, -number}
            assert time.monotonic() - began < 4
            thread.join()
    with serve_sandbox(tmp_path, "--quiet") as (process, info):
        token = httpx.post(f"{info.url}/api/v1/authenticate", headers=headers, verify=False).json()[
            "token"
        ]
        bearer = {"Authorization": f"Bearer {token}"}
        page = httpx.get(
            f"{info.url}/api/v1/lead?per_page=1&page=1", headers=bearer, verify=False
        ).json()
        assert int(page["Total Records"]) in {SAMPLE, SAMPLE - 300}
        end_with(process, signal.SIGTERM)


def test_a_snapshot_that_is_given_up_is_undone(tmp_path: Path) -> None:
    from cmdm_tui.sandbox import seed
    from cmdm_tui.sandbox.storage.sqlite.data_file import create_data_file

    path = tmp_path / "file"
    create_data_file(path, seed.generate_records(3_000), 1)

    async def give_up() -> None:
        snapshots = SqliteSnapshots(path, lasting=False)
        sequences = snapshots.begin_to_save()
        task = asyncio.ensure_future(snapshots.save("mine", sequences))
        await asyncio.sleep(0.005)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert snapshots.names == []
        await snapshots.save("mine", snapshots.begin_to_save())
        assert snapshots.names == ["mine"]
        snapshots.close()

    asyncio.run(give_up())
