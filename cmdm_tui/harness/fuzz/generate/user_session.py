"""Stateful fuzzing: a user who does one thing after another, judged by the oracle's model."""

from dataclasses import dataclass
from typing import ClassVar

from cmdm_tui.harness.fuzz.events import FuzzPhase
from cmdm_tui.harness.fuzz.generate.actions import Actions
from cmdm_tui.harness.fuzz.generate.rules import Rule


@dataclass(frozen=True, slots=True)
class UserSession:
    """A session of a user: some rules in an order, whose details are drawn."""

    rules: tuple[Rule, ...]
    phase: ClassVar[FuzzPhase] = "stateful"

    @property
    def name(self) -> str:
        """The rules in their order."""
        return " ".join(rule.name for rule in self.rules)

    def run(self, actions: Actions, *, round_number: int = 0) -> None:
        """Do what the rules say, in their order."""
        del round_number  # every detail is drawn
        for rule in self.rules:
            rule.run(actions)
