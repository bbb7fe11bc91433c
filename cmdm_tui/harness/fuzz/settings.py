"""How to fuzz: the seed, the bounds, and what is tried."""

from dataclasses import dataclass

INTERRUPTED = "interrupted"
"""The reason of a run that Ctrl-C ended."""


@dataclass(frozen=True, slots=True)
class FuzzSettings:
    """How to fuzz.

    `only` are names of phases (`stateless`, `stateful`), calls or checks; empty for all. Calls
    without a phase mean the stateless one. `known` are failures that do not fail the run.
    """

    seed: int = 0
    requests: int | None = None
    seconds: float | None = None
    only: frozenset[str] = frozenset()
    known: frozenset[str] = frozenset()
    fails_fast: bool = False
    shrinks: bool = True
    workers: int = 1
