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
from cmdm_tui.harness.fuzz.target import FuzzTarget
from cmdm_tui.harness.fuzz.workers import fuzz_in_process
from tests.harness.mutants.faulty_app import PlantedFault
from tests.harness.mutants.hunt import MUTANTS

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

    def run(target: FuzzTarget, **settings: object) -> RecordedRun:
        told = RecordedRun(report=tmp_path / "report")
        fuzz_in_process(target, FuzzSettings(**settings), told.events.append, told.report)  # pyright: ignore[reportArgumentType]
        return told

    return run


def fault(name: str) -> PlantedFault:
    (found,) = [mutant.fault for mutant in MUTANTS if mutant.name == name]
    return found
