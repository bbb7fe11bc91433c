"""The proof: killed at any point and resumed, a run does every change once, and loses none."""

import asyncio
import random
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import pytest

from cmdm_tui.changes.apply_events import ApplyOptions
from cmdm_tui.changes.change_set import ChangeSet
from cmdm_tui.changes.journal import Journal, JournalRun
from cmdm_tui.sandbox import RunningInfo, Sandbox, SandboxConfig
from tests.changes.conftest import open_bench
from tests.changes.killed_apply import LEFT_OPEN, Order
from tests.changes.mixed_changes import MixedChanges, read_records
from tests.sandbox.control_client import ControlPlaneClient
from tests.services import copy_records

SETTLING_TIME = 0.5
"""Seconds after a kill in which the sandbox ends what was sent to it, on a busy machine too."""

KILLED = -9

# No 502 to a create or a conversion: the service may go on behind a gateway, so one of these that
# is not found stays in doubt, and is not sent again.
FAULTS = [
    {"kind": "lost-answer", "rate": 0.015},
    {"kind": "reset-before", "rate": 0.015},
    {"kind": "reset-midway", "rate": 0.005},
    {"kind": "error-500", "rate": 0.015},
    {"kind": "html-502", "rate": 0.01, "method": "GET"},
    {"kind": "html-502", "rate": 0.01, "path": "/contact/*", "method": "PUT"},
    {"kind": "storm-429", "rate": 0.001, "times": 1, "seconds": 0.2, "calls": 2},
    {"kind": "revoked-token", "rate": 0.005},
]


@dataclass
class MortalPrograms:
    """Starts applies that die; `codes` are how they ended."""

    process: "subprocess.Popen[str]"
    codes: list[int] = field(default_factory=list[int])

    def apply(self, order: Order) -> int:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(msgspec.json.encode(order).decode() + "\n")
        self.process.stdin.flush()
        self.codes.append(int(self.process.stdout.readline()))
        return self.codes[-1]


@contextmanager
def mortal_programs() -> Generator[MortalPrograms]:
    with subprocess.Popen(
        [sys.executable, "-m", "tests.changes.killed_apply"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    ) as process:
        yield MortalPrograms(process)


@contextmanager
def faulty_sandbox(folder: Path, records: int) -> Generator[tuple[RunningInfo, ControlPlaneClient]]:
    config = SandboxConfig(
        folder / "sandbox",
        port=0,
        records=records,
        lasting=False,
        control=True,
        rate_limit=10**9,
        month_limit=10**9,
    )
    copy_records(config)
    with Sandbox.embedded(config) as info:
        control = ControlPlaneClient.of(info)
        with control.http:
            yield info, control


async def begin(
    info: RunningInfo, journal: Journal, total: int, seed: int
) -> tuple[MixedChanges, JournalRun]:
    async with open_bench(info, journal) as bench:
        mixed = MixedChanges(await read_records(bench.client), total, seed)
        made = ChangeSet(tuple(mixed.changes), "mixed", bench.client.address, "siân", 0.0)
        options = ApplyOptions(settling_time=SETTLING_TIME)
        return mixed, journal.begin(made, profile="tried", options=options)


async def find_faults(
    info: RunningInfo, journal: Journal, mixed: MixedChanges, run_id: int
) -> list[str]:
    async with open_bench(info, journal) as bench:
        return mixed.find_faults(journal.load(run_id), await read_records(bench.client))


def kill_and_resume(
    folder: Path, *, total: int, kills: int, seed: int, records: int = 100, broken: str = ""
) -> tuple[int, list[str]]:
    """Apply a run to its end, killed at about `kills` points; return how often, and what is wrong.

    The points are spread over the run, and over what is left of it after each kill.
    """
    draw = random.Random(seed)
    path = folder / "journal" / "journal.sqlite"
    with (
        faulty_sandbox(folder, records) as (info, control),
        Journal.open(path) as journal,
        mortal_programs() as programs,
    ):
        mixed, run = asyncio.run(begin(info, journal, total, seed))
        control.go_wrong(*FAULTS, seed=seed)
        credentials = info.client_id, info.client_secret, info.username, info.password
        # A change passes some eight points: four of the journal, two of each call.
        furthest = max(2 * total * 8 // (kills + 1), 1)
        while programs.codes[-1:] != [0]:
            assert len(programs.codes) < 10 * kills
            point, chance = draw.randint(1, furthest), draw.randrange(10**6)
            order = Order(info.url, credentials, str(path), run.id, point, chance, broken)
            assert programs.apply(order) in {KILLED, LEFT_OPEN, 0}
        control.go_wrong()
        found = asyncio.run(find_faults(info, journal, mixed, run.id))
        return programs.codes.count(KILLED), found


@pytest.mark.slow
@pytest.mark.timeout(1_800)
@pytest.mark.parametrize("part", range(2))
def test_what_is_killed_and_resumed_is_done_once_and_whole(
    tmp_path: Path, part: int, *, runs_whole: bool
) -> None:
    """With `--all`, at 300 points of applies of 500 changes."""
    seed, kills = part * 1_000, 0
    while kills < (150 if runs_whole else 2):
        seed += 1
        folder = tmp_path / str(seed)
        if runs_whole:
            killed, faults = kill_and_resume(folder, total=500, kills=10, seed=seed, records=500)
        else:
            killed, faults = kill_and_resume(folder, total=60, kills=4, seed=seed)
        assert faults == [], f"seed {seed}"
        kills += killed


@pytest.mark.parametrize("broken", ["after", "before"])
def test_a_broken_journal_is_found_out(tmp_path: Path, broken: str) -> None:
    """The broken twins: a journal that is written after the call, and one that says done before."""
    for seed in range(5, 13):  # when a kill comes depends on the machine
        folder = tmp_path / str(seed)
        folder.mkdir()
        _, faults = kill_and_resume(folder, total=60, kills=8, seed=seed, broken=broken)
        if faults:
            return
    pytest.fail("No kill showed that the journal is broken")
