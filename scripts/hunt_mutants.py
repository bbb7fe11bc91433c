"""Hunts planted faults with `cmdm fuzz`'s engine and, on the same budget, with schemathesis."""

import argparse
import re
import signal
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tests.harness.mutants.faulty_app import FaultAnswer, FaultRequest, PlantedFault, SendOn
from tests.harness.mutants.hunt import MUTANTS, FuzzedSandbox, HuntResult, hunt_mutant, sandbox

_MOST_SECONDS = 300
_FAILURE = re.compile(r"^- (.+?) *$", re.MULTILINE)


@dataclass(frozen=True)
class PeerResult:
    """What schemathesis made of a mutant."""

    requests: int
    failures: tuple[str, ...]


@dataclass(frozen=True)
class Hunt:
    """A mutant that both were sent at."""

    ours: HuntResult
    peer: PeerResult | None


def main() -> None:
    """Hunt, print a line a mutant, and the totals."""
    parser = argparse.ArgumentParser(prog="scripts/mutants")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--requests", type=int, default=5_000)
    parser.add_argument("--sample", type=int, default=1, help="every Nth mutant")
    parser.add_argument("--workers", type=int, default=1, help="the number of mutants at a time")
    parser.add_argument("--schemathesis", action="store_true", help="and schemathesis too")
    given = parser.parse_args()
    places = range(0, len(MUTANTS), given.sample)
    _restore_interrupts()
    sound = schemathesis(None, given.seed, given.requests) if given.schemathesis else None
    if sound is not None:
        print(f"schemathesis in the sound sandbox: {', '.join(sound.failures) or 'nothing'}")
    ours = theirs = by_its_check = 0
    hunt = partial(_hunt, given.seed, given.requests, beside=given.schemathesis)
    with ProcessPoolExecutor(given.workers, initializer=_restore_interrupts) as workers:
        for hunted_down in workers.map(hunt, places):
            found, peer = hunted_down.ours, hunted_down.peer
            ours += found.is_found
            by_its_check += found.is_by_its_check
            told = f"{found.requests:>5}  {found.failures[0]}" if found.is_found else "NOT FOUND"
            line = f"{found.mutant:<56} {found.aims:<28} {told:<46}"
            if sound is not None and peer is not None:
                new = [one for one in peer.failures if one not in sound.failures]
                theirs += bool(new)
                line += f" schemathesis: {', '.join(new) or 'not found'} ({peer.requests})"
            print(line, flush=True)
    print(
        f"{ours} of {len(places)} found ({ours / len(places):.1%}) within {given.requests:,} "
        f"requests, seed {given.seed}; {by_its_check} of them by the check aimed at them"
    )
    if sound is not None:
        print(f"{theirs} of {len(places)} found by schemathesis ({theirs / len(places):.1%})")


def _restore_interrupts() -> None:
    # What is started in the background ignores an interrupt, and so would the peer.
    signal.signal(signal.SIGINT, signal.default_int_handler)


def _hunt(seed: int, requests: int, place: int, *, beside: bool) -> Hunt:
    mutant = MUTANTS[place]
    found = hunt_mutant(mutant, seed, requests)
    return Hunt(found, schemathesis(mutant.fault, seed, requests) if beside else None)


def schemathesis(fault: PlantedFault | None, seed: int, requests: int) -> PeerResult:
    """Run schemathesis with all of its checks until it has made `requests` requests.

    Its coverage phase alone would use them all up, so half of them are for fuzzing and sessions.
    """
    made = 0

    async def counted(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
        nonlocal made
        made += 1
        return await (inner(asked) if fault is None else fault(asked, inner))

    failures: set[str] = set()
    with sandbox(counted) as target, tempfile.TemporaryDirectory() as folder:
        for phases, most in (("examples,coverage", requests // 2), ("fuzzing,stateful", requests)):
            command = [
                str(Path(sys.executable).parent / "schemathesis"), "run",
                f"{target.url}/openapi.json", "--header", f"Authorization: Bearer {_token(target)}",
                "--checks", "all", "--mode", "all", "--phases", phases, "--seed", str(seed),
                "--max-examples", "20", "--continue-on-failure", "--no-color",
                "--generation-database", "none", "--suppress-health-check", "all",
            ]  # fmt: skip
            with (
                tempfile.TemporaryFile() as told,
                subprocess.Popen(
                    command, stdout=told, stderr=subprocess.STDOUT, cwd=folder
                ) as process,
            ):
                ends = time.monotonic() + _MOST_SECONDS
                while process.poll() is None and made < most and time.monotonic() < ends:
                    time.sleep(0.05)
                if process.poll() is None:
                    process.send_signal(signal.SIGINT)  # it tells what it has found, and ends
                process.wait()
                told.seek(0)
                failures |= set(_FAILURE.findall(told.read().decode()))
    return PeerResult(made, tuple(sorted(failures)))


def _token(target: FuzzedSandbox) -> str:
    with target.service() as service:
        service.sign_in()
        return service.token or ""


if __name__ == "__main__":
    main()
