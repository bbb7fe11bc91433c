"""Sandboxes to fuzz, with a fault planted in them or none, and what a run of the fuzzer told."""

import pickle
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import pytest

from cmdm_tui.harness.exchange import Exchange
from cmdm_tui.harness.fuzz.events import ExchangeMade, FuzzEvent, RunEnded
from cmdm_tui.harness.fuzz.settings import FuzzSettings
from cmdm_tui.harness.fuzz.workers import fuzz_in_process
from tests.harness.mutants.faulty_app import PlantedFault
from tests.harness.mutants.hunt import MUTANTS, FuzzedSandbox

Kind = TypeVar("Kind")


@dataclass
class RecordedRun:
    """The events of a run, in their order."""

    events: list[FuzzEvent] = field(default_factory=list[FuzzEvent])
    report: Path = Path()

    def of(self, kind: type[Kind]) -> list[Kind]:
        return [event for event in self.events if isinstance(event, kind)]

    @property
    def ended(self) -> RunEnded:
        (ended,) = self.of(RunEnded)
        return ended

    @property
    def exchanges(self) -> list[Exchange]:
        return [event.exchange for event in self.of(ExchangeMade)]

    def pickled(self) -> bytes:
        return pickle.dumps(self.events)


Fuzz = Callable[..., RecordedRun]


@pytest.fixture
def fuzz(tmp_path: Path) -> Fuzz:
    """Fuzz a target with settings given as keywords."""

    def run(target: FuzzedSandbox, **settings: object) -> RecordedRun:
        told = RecordedRun(report=tmp_path / "report")
        wanted = target.settings(FuzzSettings(**settings))  # pyright: ignore[reportArgumentType]
        with target.fuzzed_service() as service:
            fuzz_in_process(service, wanted, told.events.append, told.report)
        return told

    return run


def fault(name: str) -> PlantedFault:
    (found,) = [mutant.fault for mutant in MUTANTS if mutant.name == name]
    return found
