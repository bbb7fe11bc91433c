"""The measurements behind `scripts/bench`: each beside its peer, in turn, in one run.

Machines differ and are shared, so what counts is the ratio, pair by pair; its median is printed
with its range.
"""

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import httpx
from benchmark_calls import calls
from benchmark_completion import completion
from benchmark_explorer import tui
from benchmark_harness import harness
from benchmark_proxy import proxy
from benchmark_query import query
from benchmark_sandbox import sandbox
from benchmark_start import start

from cmdm_tui.api import Client, Credentials, SecretStr

PER_PAGE = 1_000
RECORDS = 100_000

Clock = Callable[[], float]


def compare(name: str, ours: Callable[[], float], peer: Callable[[], float], rounds: int) -> None:
    """Run both in turn and print the seconds of each and the ratio of the two."""
    for warm_up in (ours, peer):
        warm_up()
    pairs = [(ours(), peer()) for _ in range(rounds)]
    ratios = sorted(mine / theirs for mine, theirs in pairs)
    mine, theirs = (statistics.median(column) for column in zip(*pairs, strict=True))
    print(
        f"{name}: {mine * 1000:.1f} ms against {theirs * 1000:.1f} ms, "
        f"ratio {statistics.median(ratios):.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f}), "
        f"{rounds} pairs"
    )


def client() -> None:
    """Compare reading 100,000 records through the client with a bare loop over the same pages."""
    with tempfile.TemporaryDirectory() as data:
        serve = [sys.executable, "-m", "cmdm_tui", "sandbox", "serve", "--json", "--quiet"]
        options = ["--port", "0", "--data", data, "--records", str(RECORDS)]
        unlimited = ["--rate-limit", "10000000", "--month-limit", "10000000"]
        command = [*serve, *options, *unlimited]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as sandbox:
            assert sandbox.stdout is not None
            try:
                told: dict[str, str] = json.loads(sandbox.stdout.readline())
                with asyncio.Runner() as runner:
                    for what, clock in (
                        ("time", time.perf_counter),
                        ("processor time", time.process_time),
                    ):
                        compare(
                            f"{RECORDS:,} leads, one page at a time, {what}",
                            lambda clock=clock: runner.run(
                                _read_with_client(told, ahead=1, clock=clock)
                            ),
                            lambda clock=clock: runner.run(_read_with_bare_loop(told, clock=clock)),
                            7,
                        )
                    compare(
                        f"{RECORDS:,} leads, pages ahead, 50 ms a call, time",
                        lambda: runner.run(_read_with_client(told, ahead=8, latency=0.05)),
                        lambda: runner.run(_read_with_bare_loop(told, latency=0.05)),
                        5,
                    )
            finally:
                sandbox.terminate()


class DelayedNetwork(httpx.AsyncHTTPTransport):
    """A network whose every call takes `latency` seconds more."""

    def __init__(self, latency: float) -> None:
        super().__init__()
        self._latency = latency

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Wait, then send."""
        if self._latency:
            await asyncio.sleep(self._latency)
        return await super().handle_async_request(request)


async def _read_with_client(
    told: dict[str, str], *, ahead: int, latency: float = 0.0, clock: Clock = time.perf_counter
) -> float:
    credentials = Credentials(
        SecretStr(told["client_id"]),
        SecretStr(told["client_secret"]),
        told["username"],
        SecretStr(told["password"]),
    )
    async with Client(told["url"], credentials, transport=DelayedNetwork(latency)) as client:
        await client.sign_in()
        began = clock()
        ids = [
            record.external_id
            async for page in client.pages("lead", per_page=PER_PAGE, ahead=ahead)
            for record in page.records
        ]
        elapsed = clock() - began
    assert len(set(ids)) == RECORDS
    return elapsed


async def _read_with_bare_loop(
    told: dict[str, str], *, latency: float = 0.0, clock: Clock = time.perf_counter
) -> float:
    base = f"{told['url']}/api/v1/"
    async with httpx.AsyncClient(base_url=base, transport=DelayedNetwork(latency)) as http:
        names = ("client_id", "client_secret", "username", "password")
        answer = await http.post("authenticate", headers={name: told[name] for name in names})
        http.headers["Authorization"] = f"Bearer {answer.json()['token']}"
        began = clock()
        ids: list[str] = []
        for number in range(1, RECORDS // PER_PAGE + 1):
            page = await http.get("lead", params={"per_page": PER_PAGE, "page": number})
            ids += [row["ExternalID"] for row in page.json()["Entity"]]
        elapsed = clock() - began
    assert len(set(ids)) == RECORDS
    return elapsed


BENCHMARKS: dict[str, Callable[[Path], None]] = {
    "start": start,
    "client": lambda _data: client(),
    "sandbox": sandbox,
    "query": query,
    "calls": calls,
    "harness": harness,
    "proxy": proxy,
    "tui": tui,
    "completion": completion,
}


def main() -> None:
    """Run the benchmarks named, or all."""
    parser = argparse.ArgumentParser(prog="scripts/bench")
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(BENCHMARKS))
    parser.add_argument(
        "--data", type=Path, metavar="FOLDER", help="keep what takes long to make here"
    )
    given = parser.parse_args()
    for name in given.names:
        if name not in BENCHMARKS:
            parser.error(f"there is no {name}; there are {', '.join(BENCHMARKS)}")
    with tempfile.TemporaryDirectory(prefix="cmdm-bench-") as temporary:
        data: Path = (given.data or Path(temporary)).absolute()
        data.mkdir(parents=True, exist_ok=True)
        for name in given.names or BENCHMARKS:
            BENCHMARKS[name](data)


if __name__ == "__main__":
    os.chdir(Path(__file__).parents[1])
    main()
