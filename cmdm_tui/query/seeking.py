"""The ways that use the order of a field: offered to the planner, priced and run by `seek`."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cmdm_tui.query.learning import Learner
    from cmdm_tui.query.pages import EntityPages
    from cmdm_tui.query.plan import Boundaries, Groups, Option, Search
    from cmdm_tui.query.planner import Understood
    from cmdm_tui.query.running import Run
    from cmdm_tui.query.shape import Shape


def options(query: "Understood", shape: "Shape") -> "Iterator[Option]":
    """Yield the ways to answer the query by seeking."""
    yield from ()


def failures() -> tuple[type[Exception], ...]:
    """Return what a seek raises where the order of the pages does not bear it."""
    return ()


def learnt_of(failure: Exception, learner: "Learner") -> tuple[str, ...]:
    """Take in what a failed seek has shown, and return what to tell of it."""
    return (str(failure),)


async def run(run: "Run", task: "Search | Boundaries | Groups", pages: "EntityPages") -> None:
    """Seek, and let the run's query be answered by what was found."""
    raise NotImplementedError
