"""How to fuzz: the seed, the bounds, and what is tried."""

from dataclasses import dataclass
from pathlib import Path

from cmdm_tui.harness.cassettes.people import PeopleSettings

DOCUMENTED_ENTITIES = ("account", "lead", "contact", "task", "opportunity")

INTERRUPTED = "interrupted"
"""The reason of a run that Ctrl-C ended."""


@dataclass(frozen=True, slots=True)
class FuzzSettings:
    """How to fuzz.

    `only` are names of phases (`stateless`, `stateful`), calls or checks; empty for all. Calls
    without a phase mean the stateless one. `excluded` are calls, classes of input and checks that
    are left out of everything. `known` are failures that do not fail the run. What the
    documentation leaves open (`api.md`, ours) fails it only where it `is_strict`. `entities` are
    used, and `optional_entities` where they exist. `check_files` hold a user's checks. `people`
    replaces the people in all that is shown and written of failures.
    """

    seed: int = 0
    requests: int | None = None
    seconds: float | None = None
    only: frozenset[str] = frozenset()
    excluded: frozenset[str] = frozenset()
    known: frozenset[str] = frozenset()
    fails_fast: bool = False
    shrinks: bool = True
    workers: int = 1
    is_strict: bool = True
    entities: tuple[str, ...] = DOCUMENTED_ENTITIES
    check_files: tuple[Path, ...] = ()
    optional_entities: tuple[str, ...] = ()
    people: PeopleSettings | None = None

    def excludes(self, name: str) -> bool:
        """Return whether a call, a class of input or a check is left out."""
        return name in self.excluded
