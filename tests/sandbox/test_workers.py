"""Several processes on one database: what they share, how they end, and who takes their place."""

import os
import signal
import time
from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

from cmdm_tui.sandbox import Sandbox, SandboxConfig, SettingError
from tests.sandbox.conftest import sign_in_headers
from tests.sandbox.processes import ended, serving

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable

    from cmdm_tui.sandbox import RunningInfo
    from tests.sandbox.backends import PostgresBackend

WORKERS = 3
Served = tuple["subprocess.Popen[str]", "RunningInfo", str]


@contextmanager
def workers(postgres: "PostgresBackend", data: Path) -> Generator[Served]:
    """Serve from several processes, and be signed in."""
    options = ["--records", "20", "--rate-limit", "1000000", "--workers", str(WORKERS)]
    with serving(data, *options, database=postgres.database_of(data)) as (process, info):
        yield process, info, token(info)
    postgres.drop(data)


def token(info: "RunningInfo") -> str:
    headers = sign_in_headers(info.credentials)
    url = f"{info.url}/api/v1/authenticate"
    return httpx.post(url, headers=headers, verify=False).json()["token"]


def call(info: "RunningInfo", bearer: str, path: str = "/lead?per_page=5&page=1") -> httpx.Response:
    """Make a call on a connection of its own: any worker may take it."""
    headers = {"Authorization": f"Bearer {bearer}"}
    return httpx.get(f"{info.url}/api/v1{path}", headers=headers, verify=False, timeout=10)


def children(process: int) -> list[int]:
    text = Path(f"/proc/{process}/task/{process}/children").read_text()
    return [int(child) for child in text.split()]


def until(holds: "Callable[[], bool]") -> None:
    deadline = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def is_running(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def test_tokens_and_the_quota_are_shared(postgres: "PostgresBackend", tmp_path: Path) -> None:
    with workers(postgres, tmp_path / "data") as (process, info, bearer):
        assert len(children(process.pid)) == WORKERS
        answers = [call(info, bearer) for _ in range(40)]
    assert {answer.status_code for answer in answers} == {200}
    by_hour = Counter(answer.headers["x-rate-limit-reset"] for answer in answers)
    remaining = {int(answer.headers["x-rate-limit-remaining"]) for answer in answers}
    assert len(remaining) == 40 or len(by_hour) > 1


def test_a_page_that_follows_is_not_that_of_another_workers_past(
    postgres: "PostgresBackend", tmp_path: Path
) -> None:
    """Where a page ended is known to one process; another one's change must make it forget."""
    with workers(postgres, tmp_path / "data") as (_, info, bearer):
        for _ in range(12):
            every = call(info, bearer, "/lead?sort_by=LastName").json()["Entity"]
            ids = [record["ExternalID"] for record in every]
            for page in (1, 2):
                path = f"/lead?sort_by=LastName&per_page=6&page={page}"
                found = call(info, bearer, path).json()["Entity"]
                expected = ids[(page - 1) * 6 : page * 6]
                assert [record["ExternalID"] for record in found] == expected
            headers = {"Authorization": f"Bearer {bearer}"}
            httpx.post(
                f"{info.url}/api/v1/lead", headers=headers, json={"LastName": "A"}, verify=False
            )


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_all_of_them(
    postgres: "PostgresBackend", tmp_path: Path, number: signal.Signals
) -> None:
    with workers(postgres, tmp_path / "data") as (process, _, _):
        running = children(process.pid)
        assert ended(process, number) == (0, "")
        assert not any(map(is_running, running))


def test_a_worker_that_dies_is_replaced(postgres: "PostgresBackend", tmp_path: Path) -> None:
    with workers(postgres, tmp_path / "data") as (process, info, bearer):
        first = children(process.pid)
        os.kill(first[0], signal.SIGKILL)
        until(lambda: len({*children(process.pid)} - {*first}) == 1)
        assert all(call(info, bearer).status_code == 200 for _ in range(20))
        code, errors = ended(process, signal.SIGTERM)
    assert code == 0
    assert errors == "A worker of the sandbox ended; another one takes its place.\n"


def test_workers_end_with_the_process_that_looks_after_them(
    postgres: "PostgresBackend", tmp_path: Path
) -> None:
    with workers(postgres, tmp_path / "data") as (process, _, _):
        running = children(process.pid)
        process.kill()
        process.wait(10)
        until(lambda: not any(map(is_running, running)))


def test_several_workers_take_a_database(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match="--database"):
        SandboxConfig(tmp_path, workers=2)


def test_an_embedded_sandbox_has_one_worker(tmp_path: Path) -> None:
    config = SandboxConfig(tmp_path, workers=2, database="postgresql://localhost/x")
    with pytest.raises(SettingError, match="one worker"), Sandbox.embedded(config):
        pass
