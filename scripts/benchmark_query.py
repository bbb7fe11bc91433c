"""The query engine measured: time to plan, memory, and scans beside those of others."""

import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import sqlglot
from measured_query import (
    MeasuredService,
    SandboxAddress,
    fetch_sample_record,
    run_query,
    serve_sandbox,
)

from cmdm_tui.query.engine import Engine

SHILLELAGH = ("shillelagh==1.4.5", "httpx")
LATENCY = 0.05
MOST_MEGABYTES = 400
ON_THE_NETWORK = 0.9
MOST_SECONDS_TO_PLAN = 0.01
ROUNDS = 40
Work = Callable[[list[dict[str, Any]]], object]


def query(data: Path) -> None:
    """Run all of it, keeping what takes long to make in `data`."""
    missed: list[str] = []
    with serve_sandbox(data / "1000000", 1_000_000) as told:
        missed += asyncio.run(_check_planning_time(told))
        missed += _check_memory(told)
    with serve_sandbox(data / "100000", 100_000) as told:
        missed += asyncio.run(_check_network_share(told))
        asyncio.run(_compare_with_peers(told, _install_peer(data)))
    if missed:
        sys.exit("Missed: " + ", ".join(missed) + ".")


async def _check_planning_time(told: SandboxAddress) -> list[str]:
    sql = (
        "SELECT l.City, count(*), sum(l.EstimatedValue) FROM lead l WHERE l.Status = 'New' "
        "GROUP BY l.City HAVING count(*) > 10 ORDER BY 2 DESC"
    )
    async with MeasuredService.of_sandbox(told).open_account(None) as account:
        with closing(Engine(account)) as engine:
            await engine.prepare(sql)
            seconds: list[float] = []
            ratios: list[float] = []
            for _ in range(ROUNDS):
                began = time.perf_counter()
                (await engine.prepare(sql)).explain_text()
                planned = time.perf_counter()
                sqlglot.parse_one(sql, dialect="duckdb")
                parsed = time.perf_counter()
                seconds.append(planned - began)
                ratios.append((planned - began) / (parsed - planned))
    middle = statistics.median(seconds)
    is_met = middle < MOST_SECONDS_TO_PLAN
    print(
        f"  planned and explained in {middle * 1000:.1f} ms, the median of {ROUNDS} "
        f"(less than {MOST_SECONDS_TO_PLAN * 1000:.0f}{'' if is_met else ': missed'}), "
        f"{statistics.median(ratios):.1f} times what sqlglot takes to parse it"
    )
    return [] if is_met else ["planning"]


async def _check_network_share(told: SandboxAddress) -> list[str]:
    """Aggregate 100,000 records at 50 ms a call, and say how long a call was under way."""
    sql = "SELECT City, count(*), avg(Score), max(EstimatedValue) FROM lead GROUP BY City, Source"
    ran = await run_query(MeasuredService.of_sandbox(told), sql, None, latency=LATENCY)
    share = ran.on_network / ran.seconds
    is_met = share >= ON_THE_NETWORK
    print(
        f"An aggregate of 100,000 leads at {LATENCY * 1000:.0f} ms a call: {ran.calls} calls, "
        f"{ran.seconds:.1f} s, {share:.0%} of it with a call under way "
        f"(at least {ON_THE_NETWORK:.0%}{'' if is_met else ': missed'})"
    )
    return [] if is_met else ["time on the network"]


def _check_memory(told: SandboxAddress) -> Iterator[str]:
    """Scan three fields of a million records in a process of its own, and ask for its memory."""
    kinds = {
        "streamed": "SELECT LastName, City, Score FROM lead",
        "sorted": "SELECT LastName, City, Score FROM lead ORDER BY Score, City",
    }
    for kind, sql in kinds.items():
        words = ["query", "--yes", "--stats", "-o", "csv", sql]
        environment = {f"CMDM_{name.upper()}": value for name, value in told.items()}
        with tempfile.TemporaryDirectory() as home, Path(os.devnull).open("wb") as nowhere:
            command = [sys.executable, "-m", "cmdm_tui", *words]
            folders = {"XDG_CACHE_HOME": home, "XDG_CONFIG_HOME": home, "XDG_DATA_HOME": home}
            process = subprocess.Popen(
                command,
                stdout=nowhere,
                stderr=subprocess.PIPE,
                env={**os.environ, **environment, **folders},
                text=True,
            )
            assert process.stderr is not None
            errors = process.stderr.read()
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise AssertionError(errors)
        stats: dict[str, Any] = json.loads(errors.splitlines()[-1])
        megabytes = usage.ru_maxrss / 1024
        is_met = megabytes < MOST_MEGABYTES
        print(
            f"  3 fields of {stats['rows']:,} leads, {kind}: {megabytes:.0f} MB "
            f"(less than {MOST_MEGABYTES}{'' if is_met else ': missed'}), {stats['calls_used']:,} "
            f"calls, {stats['ms'] / 1000:.0f} s"
        )
        if not is_met:
            yield f"memory, {kind}"


async def _compare_with_peers(told: SandboxAddress, python: Path) -> None:
    """Run queries beside a full scan through shillelagh and one through a plain loop."""
    record = await fetch_sample_record(MeasuredService.of_sandbox(told))
    questions: dict[str, tuple[str, Work]] = {
        "count": ("SELECT count(*) FROM {0}", len),
        "equality": (
            f"SELECT LastName FROM {{0}} WHERE PostCode = '{record['PostCode']}'",
            lambda rows: [one for one in rows if one["PostCode"] == record["PostCode"]],
        ),
        "maximum": (
            "SELECT max(LastContacted) FROM {0}",
            lambda rows: max(one["LastContacted"] or "" for one in rows),
        ),
        "groups": (
            "SELECT Status, count(*) FROM {0} GROUP BY Status",
            lambda rows: {one["Status"] for one in rows},
        ),
        "aggregate": (
            "SELECT City, count(*) FROM {0} GROUP BY City",
            lambda rows: {one["City"] for one in rows},
        ),
    }
    print("Of 100,000 leads, calls and time beside shillelagh and a plain loop over all pages:")
    for name, (sql, work) in questions.items():
        ours = await run_query(MeasuredService.of_sandbox(told), sql.format("lead"), None)
        theirs = _run_shillelagh(told, python, sql.format('"crm://lead"'))
        loop_calls, loop_seconds = await _run_loop(told, work)
        print(
            f"  {name}: {ours.calls} calls, {ours.seconds:.2f} s ({ours.plan}); shillelagh "
            f"{theirs['calls']} calls, {theirs['seconds']:.2f} s; loop {loop_calls} calls, "
            f"{loop_seconds:.2f} s"
        )


async def _run_loop(told: SandboxAddress, work: Work) -> tuple[int, float]:
    base = f"{told['url']}/api/v1/"
    names = ("client_id", "client_secret", "username", "password")
    async with httpx.AsyncClient(base_url=base, trust_env=False) as http:
        answer = await http.post("authenticate", headers={name: told[name] for name in names})
        http.headers["Authorization"] = f"Bearer {answer.json()['token']}"
        began = time.perf_counter()
        rows: list[dict[str, Any]] = []
        calls, pages = 0, 1
        while calls < pages:
            calls += 1
            page = (await http.get("lead", params={"per_page": 1_000, "page": calls})).json()
            pages = int(page["Total Pages"])
            rows += [one["Properties"] for one in page["Entity"]]
        work(rows)
        return calls, time.perf_counter() - began


def _run_shillelagh(told: SandboxAddress, python: Path, sql: str) -> dict[str, Any]:
    names = ("client_id", "client_secret", "username", "password")
    headers = {name: told[name] for name in names}
    with httpx.Client(base_url=f"{told['url']}/api/v1/", trust_env=False) as http:
        token = http.post("authenticate", headers=headers).json()["token"]
    script = Path(__file__).with_name("peer_shillelagh.py")
    command = [str(python), str(script), told["url"], token, "lead", sql]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def _install_peer(data: Path) -> Path:
    """Return the Python of an environment that has shillelagh, made where there is none."""
    python = data / "shillelagh" / "bin" / "python"
    if not python.exists():
        print(f"Installing {SHILLELAGH[0]} into {data / 'shillelagh'} …", flush=True)
        venv.create(data / "shillelagh", with_pip=True)
        pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, *SHILLELAGH], check=True)
    return python
