"""Runs the fuzzer against mutants, and tells which were found, by what, after how many requests."""

import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cmdm_tui.harness.fuzz.events import FailureFound, FuzzEvent
from cmdm_tui.harness.fuzz.runner import FuzzRunner
from cmdm_tui.harness.fuzz.settings import FuzzSettings
from cmdm_tui.harness.fuzz.target import FuzzTarget
from cmdm_tui.sandbox import RunningInfo, Sandbox, SandboxConfig
from tests.harness.mutants import (
    access_faults,
    action_faults,
    answer_faults,
    list_faults,
    record_faults,
)
from tests.harness.mutants.faulty_app import ENTITIES, MUTANTS, Mutant, PlantedFault, planted

__all__ = ["FAMILIES", "MUTANTS", "HuntResult", "fuzz_target", "hunt_mutant", "sandbox"]

FAMILIES = (access_faults, action_faults, answer_faults, list_faults, record_faults)
RECORDS = 40


@dataclass(frozen=True)
class HuntResult:
    """What became of a mutant: the failures in their order, and the requests up to the first."""

    mutant: str
    aims: str
    failures: tuple[str, ...]
    requests: int

    @property
    def is_found(self) -> bool:
        return bool(self.failures)

    @property
    def is_by_its_check(self) -> bool:
        return any(failure.split()[0] == self.aims for failure in self.failures)


@contextmanager
def sandbox(fault: PlantedFault | None = None) -> Generator[FuzzTarget]:
    """Run a sandbox with a fault planted in it."""
    with (
        tempfile.TemporaryDirectory(prefix="cmdm-mutant-") as folder,
        planted(fault),
        Sandbox.embedded(
            SandboxConfig(
                Path(folder) / "data", port=0, records=RECORDS, control=True, lasting=False
            )
        ) as info,
    ):
        yield target_of(info)


def target_of(info: RunningInfo) -> FuzzTarget:
    names = ("client_id", "client_secret", "username", "password")
    credentials = {name: getattr(info, name) for name in names}
    return FuzzTarget(info.url, credentials, ENTITIES, info.control, info.control_token)


def fuzz_target(target: FuzzTarget, settings: FuzzSettings) -> tuple[list[str], int]:
    """Fuzz; return what failed, and the requests up to the first failure."""
    failures: list[str] = []
    first: list[int] = []

    def hear(event: FuzzEvent) -> None:
        if isinstance(event, FailureFound):
            failures.append(event.failure)
            first.append(event.finding.exchange)

    FuzzRunner(target, settings, hear, lambda _failure, _path: None).run()
    return failures, first[0] if first else 0


def hunt_mutant(mutant: Mutant, seed: int, requests: int, *, fails_fast: bool = True) -> HuntResult:
    """Fuzz one mutant."""
    settings = FuzzSettings(seed=seed, requests=requests, fails_fast=fails_fast, shrinks=False)
    with sandbox(mutant.fault) as target:
        failures, first = fuzz_target(target, settings)
    return HuntResult(mutant.name, mutant.aims, tuple(failures), first)
