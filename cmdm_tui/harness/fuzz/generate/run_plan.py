"""Decides what is tried next, so that calls, input classes and rules come up evenly.

A random choice alone leaves much of a run to a few of them: the simplest is drawn most. So what
came up least is taken first, at random among equals. Each attempt uses some of the classes or rules
only (swarm testing): what never comes together with something else cannot hide it.
"""

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar, Protocol

from cmdm_tui.harness.exchange import Call
from cmdm_tui.harness.fuzz.events import FuzzPhase
from cmdm_tui.harness.fuzz.generate.actions import Actions
from cmdm_tui.harness.fuzz.generate.rules import Rule
from cmdm_tui.harness.fuzz.generate.trials import Trial
from cmdm_tui.harness.fuzz.generate.user_session import UserSession
from cmdm_tui.harness.inputs import InputClass

_CLASSES_AT_ONCE = 12
_MOST_ALTERNATIVES = 60
"""The number of alternatives that a run may begin with; a class has fewer, and counts round."""
_RULES_AT_ONCE, _FEWEST_RULES = 8, 4
_SHARE_OF_TRIALS = 0.4
_SIGN_IN_COST = 4.0
"""How much rarer a trial of the sign-in is than another: a service makes it slow on purpose."""


class PlannedExample(Protocol):
    """What is tried as one example: a trial of odd input, or a session of a user."""

    phase: ClassVar[FuzzPhase]
    """The phase of the run that it belongs to."""

    def run(self, actions: Actions, *, round_number: int = 0) -> None:
        """Send its requests; `round_number` moves its choices."""
        ...


class RunPlan:
    """The order in which `trials` and `rules` are tried, which `seed` decides.

    With both, two fifths of the requests are for trials: `count_requests` says how many were made.
    """

    def __init__(self, trials: Sequence[Trial], rules: Sequence[Rule], seed: int) -> None:
        self._trials = tuple(trials)
        self._rules = tuple(rules)
        self._random = random.Random(seed)  # noqa: S311 — to be repeated, not secret
        self._times_sent: Counter[tuple[Call, str]] = Counter()
        self._first_turns: dict[tuple[Call, str], int] = {}
        self._all_times_sent: Counter[str] = Counter()
        self._times_used: Counter[str] = Counter()
        self._requests: Counter[FuzzPhase] = Counter()

    def count_requests(self, phase: FuzzPhase, requests: int) -> None:
        """Count the requests that an attempt of a phase has made."""
        # What sent nothing would be due for ever.
        self._requests[phase] += max(requests, 1)

    def next_attempt(self) -> PlannedExample:
        """Return what is tried next."""
        if not self._rules:
            return self._next_trial()
        if not self._trials:
            return self._next_session()
        trials, sessions = self._requests["stateless"], self._requests["stateful"]
        is_due = trials * (1 - _SHARE_OF_TRIALS) <= sessions * _SHARE_OF_TRIALS
        return self._next_trial() if is_due else self._next_session()

    def _next_trial(self) -> Trial:
        """Return the trial whose classes were sent least, with some of those."""
        draw = self._random.random
        trial = min(self._trials, key=lambda one: (self._mean_times_sent(one), draw()))
        classes = sorted(
            trial.all_classes,
            key=lambda one: (self._times_sent[trial.call, one.full_name], draw()),
        )[:_CLASSES_AT_ONCE]
        self._random.shuffle(classes)
        turns = [self._take_turn(trial.call, one) for one in classes]
        self._all_times_sent[trial.name] += len(classes)
        return replace(trial, classes=tuple(classes), turns=tuple(turns))

    def _take_turn(self, call: Call, one: InputClass) -> int:
        """Return the number of the alternative that is due, from a random one on."""
        key = call, one.full_name
        turn = self._first_turns.setdefault(key, self._random.randrange(_MOST_ALTERNATIVES))
        turn += self._times_sent[key]
        self._times_sent[key] += 1
        return turn

    def _mean_times_sent(self, trial: Trial) -> float:
        mean = self._all_times_sent[trial.name] / len(trial.all_classes)
        return mean * _SIGN_IN_COST if trial.call == "authenticate" else mean

    def _next_session(self) -> UserSession:
        """Return a session of some of the rules, those that were used least for their weight."""
        count = self._random.randint(min(_FEWEST_RULES, len(self._rules)), len(self._rules))
        enabled = self._random.sample(self._rules, count)
        chosen: list[Rule] = []
        for _ in range(_RULES_AT_ONCE):
            rule = min(
                enabled,
                key=lambda one: (self._times_used[one.name] / one.weight, self._random.random()),
            )
            self._times_used[rule.name] += 1
            chosen.append(rule)
        self._random.shuffle(chosen)
        return UserSession(tuple(chosen))
