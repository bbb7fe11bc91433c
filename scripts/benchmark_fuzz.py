"""Measures the fuzzer against a bare loop of requests, and against schemathesis."""

import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from cmdm_tui.config import Credentials, SecretStr
from cmdm_tui.harness.control_client import ControlClient
from cmdm_tui.harness.fuzz.events import ExchangeMade, FuzzEvent
from cmdm_tui.harness.fuzz.runner import FuzzRunner
from cmdm_tui.harness.fuzz.settings import DOCUMENTED_ENTITIES, FuzzSettings
from cmdm_tui.harness.service import Service

ROUNDS = 5
REQUESTS = 1_500
PEER_SECONDS = 8.0
PEER_WARM_UP = 30
LEAST_OF_A_BARE_LOOP = 0.4
LEAST_OF_SCHEMATHESIS = 3.0

_ENTITIES = (*DOCUMENTED_ENTITIES, "event", "product")
_CREDENTIALS = ("client_id", "client_secret", "username", "password")


@dataclass(frozen=True)
class ServedSandbox:
    """A sandbox of another process: its addresses, and the four headers of its sign-in."""

    url: str
    credentials: dict[str, str]
    control: str
    control_token: str

    @contextmanager
    def prepare(self) -> Generator[Service]:
        """Yield it as a service for a run to open."""
        known = self.credentials
        credentials = Credentials(
            SecretStr(known["client_id"]),
            SecretStr(known["client_secret"]),
            known["username"],
            SecretStr(known["password"]),
        )
        with closing(ControlClient(self.control, self.control_token)) as control:
            yield Service(self.url, credentials, control, limits=None, snapshot="cmdm-fuzz")


def fuzz(_data: Path) -> None:
    """Measure, and end with 1 where a mark is missed."""
    missed = _list_missed_marks()
    if missed:
        sys.exit("Missed: " + ", ".join(missed) + ".")


def _list_missed_marks() -> list[str]:
    """Compare requests a second, round by round in turn; return what was missed.

    The bare loop sends what the fuzzer has just sent, over httpx, and looks at no answer: the
    service does the same work for both.
    """
    with serve_sandbox() as target:
        rounds: list[tuple[float, float]] = []
        for number in range(ROUNDS + 1):
            mine, sent = _run_fuzzer(target, number)
            rounds.append((mine, _run_bare_loop(target, sent)))
        rates = rounds[1:]
        ratios = sorted(mine / bare for mine, bare in rates)
        ratio = statistics.median(ratios)
        ours = statistics.median(mine for mine, _ in rates)
        print(
            f"Fuzzing: {ours:,.0f} requests a second, ratio to a bare httpx loop {ratio:.2f} "
            f"({ratios[0]:.2f} to {ratios[-1]:.2f}), {ROUNDS} pairs of {REQUESTS:,}"
        )
        pairs = [(_run_fuzzer(target, number)[0], _run_schemathesis(target)) for number in range(3)]
        peers = sorted(mine / theirs for mine, theirs in pairs)
        peer = statistics.median(peers)
        print(
            f"Fuzzing: {peer:.1f} times schemathesis ({peers[0]:.1f} to {peers[-1]:.1f}), 3 pairs"
        )
    missed: list[str] = []
    if ratio < LEAST_OF_A_BARE_LOOP:
        missed.append(f"fuzzing at {LEAST_OF_A_BARE_LOOP} of a bare loop")
    if peer < LEAST_OF_SCHEMATHESIS:
        missed.append(f"fuzzing at {LEAST_OF_SCHEMATHESIS:g} times schemathesis")
    return missed


def _run_fuzzer(target: ServedSandbox, seed: int) -> tuple[float, list[ExchangeMade]]:
    sent: list[ExchangeMade] = []

    def hear(event: FuzzEvent) -> None:
        if isinstance(event, ExchangeMade):
            sent.append(event)

    settings = FuzzSettings(seed=seed, requests=REQUESTS, entities=_ENTITIES)
    with target.prepare() as service:
        runner = FuzzRunner(service, settings, hear, lambda _failure, _path, _people: None)
        began = time.perf_counter()
        ended = runner.run()
        elapsed = time.perf_counter() - began
    if ended.failures:
        sys.exit(f"The sound sandbox fails {', '.join(ended.failures)}.")
    return ended.requests / elapsed, sent


def _run_bare_loop(target: ServedSandbox, sent: list[ExchangeMade]) -> float:
    """Send the same requests over httpx, with one good token, and look at nothing."""
    with httpx.Client(base_url=target.url) as http:
        token = http.post("/api/v1/authenticate", headers=dict(target.credentials)).json()["token"]
        headers = {"Authorization": f"Bearer {token}"}
        anonymous: dict[str, str] = {}
        calls = [
            (
                one.exchange.method,
                one.exchange.path,
                headers if one.exchange.intent.authorization == "good" else anonymous,
                one.exchange.sent_body or None,
            )
            for one in sent
        ]
        began = time.perf_counter()
        for method, path, lines, body in calls:
            address = httpx.URL(target.url).copy_with(raw_path=path.encode())
            http.request(method, address, headers=lines, content=body)
        return len(calls) / (time.perf_counter() - began)


def _run_schemathesis(target: ServedSandbox) -> float:
    """Return the requests a second that schemathesis makes with all of its checks.

    They are counted by the sandbox; reading the description and starting is not.
    """
    with tempfile.TemporaryDirectory() as data, httpx.Client(base_url=target.url) as http:
        answer = http.post("/api/v1/authenticate", headers=dict(target.credentials))
        headers = {"Authorization": f"Bearer {answer.json()['token']}"}

        def left() -> int:
            page = http.get("/api/v1/event?per_page=1&page=1", headers=headers)
            return int(page.headers["x-rate-limit-remaining"])

        command = [
            str(Path(sys.executable).parent / "schemathesis"), "run", f"{target.url}/openapi.json",
            "--header", f"Authorization: {headers['Authorization']}", "--checks", "all",
            "--mode", "all", "--phases", "fuzzing,stateful", "--max-examples", "1000",
            "--seed", "1", "--continue-on-failure", "--generation-database", "none",
            "--suppress-health-check", "all",
        ]  # fmt: skip
        with subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=data
        ) as process:
            before, began = left(), time.perf_counter()
            # It begins with some requests to learn what the service can take.
            while (made := before - left()) < PEER_WARM_UP:
                before -= 1
                time.sleep(0.1)
            before, began = before - made, time.perf_counter()
            time.sleep(PEER_SECONDS)
            made, elapsed = before - left(), time.perf_counter() - began
            # Whatever is started in the background ignores an interrupt.
            process.terminate()
            process.wait()
    return made / elapsed


@contextmanager
def serve_sandbox() -> Generator[ServedSandbox]:
    """Serve in its own process, so that client and service do not share an interpreter."""
    with tempfile.TemporaryDirectory() as data:
        serve = [sys.executable, "-m", "cmdm_tui", "sandbox", "serve", "--json", "--quiet"]
        options = ["--control", "--port", "0", "--data", data, "--records", "40"]
        limits = ["--rate-limit", "10000000", "--month-limit", "10000000"]
        with subprocess.Popen(
            [*serve, *options, *limits], stdout=subprocess.PIPE, text=True
        ) as process:
            try:
                assert process.stdout is not None
                told: dict[str, str] = json.loads(process.stdout.readline())
                credentials = {name: told[name] for name in _CREDENTIALS}
                yield ServedSandbox(
                    told["url"], credentials, told["control"], told["control_token"]
                )
            finally:
                process.terminate()


if __name__ == "__main__":
    fuzz(Path())
