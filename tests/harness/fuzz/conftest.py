"""Sandboxes to fuzz, with a fault planted in them or none, and what a run of the fuzzer told."""

import pickle
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import pytest

from cmdm_tui.harness.exchange import Exchange
from cmdm_tui.harness.fuzz.engine import FuzzSettings
from cmdm_tui.harness.fuzz.events import Event, ExchangeMade, RunEnded
from cmdm_tui.harness.fuzz.target import Target
from cmdm_tui.harness.fuzz.workers import fuzz_one
from tests.harness.mutants.kit import Fault
from tests.harness.mutants.run import MUTANTS

Kind = TypeVar("Kind")


@dataclass
class Told:
    """The events of a run, in their order."""

    events: list[Event] = field(default_factory=list[Event])
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


Fuzz = Callable[..., Told]


@pytest.fixture
def fuzz(tmp_path: Path) -> Fuzz:
    """Fuzz a target with settings given as keywords."""

    def run(target: Target, **settings: object) -> Told:
        told = Told(report=tmp_path / "report")
        fuzz_one(target, FuzzSettings(**settings), told.events.append, told.report)  # pyright: ignore[reportArgumentType]
        return told

    return run


def fault(name: str) -> Fault:
    (found,) = [mutant.fault for mutant in MUTANTS if mutant.name == name]
    return found
