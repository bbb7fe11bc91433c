"""What the dashboard's tests share: a run that goes on as far as a test lets it."""

import threading
from collections.abc import Iterable
from dataclasses import dataclass, field

import pytest
from textual import constants

from cmdm_tui.harness.dashboard.app import Dashboard
from cmdm_tui.harness.fuzz.events import Event
from cmdm_tui.harness.report import Gathering
from tests.harness.report.events import BEGAN


@dataclass
class Stage:
    """A run without a thread, which a test moves on by hand."""

    gathering: Gathering = field(default_factory=lambda: Gathering("cmdm fuzz", began=BEGAN))
    is_started: bool = False
    is_ending: bool = False
    is_over: bool = False
    asked: threading.Event = field(default_factory=threading.Event)

    def start(self) -> None:
        self.is_started = True

    def end(self) -> None:
        self.is_ending = True
        self.asked.set()

    def tell(self, events: Iterable[Event], *, over: bool = False) -> None:
        for event in events:
            self.gathering(event)
        self.is_over = over

    def dashboard(self) -> Dashboard:
        return Dashboard(self.gathering, self)


@pytest.fixture
def stage() -> Stage:
    return Stage()


@pytest.fixture(autouse=True)
def still(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is animated: what is shown does not depend on time."""
    monkeypatch.setattr(constants, "TEXTUAL_ANIMATIONS", "none")
