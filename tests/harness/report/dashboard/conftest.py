"""What the dashboard's tests share: a run that goes on as far as a test lets it."""

import threading
from collections.abc import Iterable
from dataclasses import dataclass, field

import pytest
from textual import constants

from cmdm_tui.harness.fuzz.events import FuzzEvent
from cmdm_tui.harness.report import ResultCollector
from cmdm_tui.harness.report.dashboard.app import Dashboard
from tests.harness.report.events import BEGAN


@dataclass
class StagedRun:
    """A run without a thread, which a test moves on by hand."""

    collector: ResultCollector = field(
        default_factory=lambda: ResultCollector("cmdm fuzz", began=BEGAN)
    )
    is_started: bool = False
    is_ending: bool = False
    is_over: bool = False
    asked: threading.Event = field(default_factory=threading.Event)

    def start(self) -> None:
        self.is_started = True

    def end(self) -> None:
        self.is_ending = True
        self.asked.set()

    def send(self, events: Iterable[FuzzEvent], *, over: bool = False) -> None:
        for event in events:
            self.collector(event)
        self.is_over = over

    def dashboard(self) -> Dashboard:
        return Dashboard(self.collector, self)


@pytest.fixture
def stage() -> StagedRun:
    return StagedRun()


@pytest.fixture(autouse=True)
def still(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is animated: what is shown does not depend on time."""
    monkeypatch.setattr(constants, "TEXTUAL_ANIMATIONS", "none")
