"""The course of a probe: its stages in order, each of which adds to what is known."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from cmdm_tui.api import Client
from cmdm_tui.catalog.probing import refusals, sizes, sorting, steadiness, survey
from cmdm_tui.catalog.probing.asking import Asker, Findings, Stopped
from cmdm_tui.catalog.probing.ground import Ground
from cmdm_tui.catalog.probing.writing import ENTITY, WRITE_CALLS, ScratchRemains, Writing
from cmdm_tui.catalog.traits import Traits

Stage = Callable[[Ground], Awaitable[Findings]]
Keep = Callable[[Traits], None]

_STAGES: tuple[tuple[Stage, int], ...] = (
    (survey.describing, survey.FIELD_CALLS),
    (sizes.sizes, sizes.SIZE_CALLS),
    (sorting.sorting, sorting.CALLS),
    (steadiness.stability, steadiness.STABILITY_CALLS),
    (steadiness.ties, steadiness.TIE_CALLS),
    (steadiness.turning, steadiness.TURNING_CALLS),
    (sizes.default_page, sizes.DEFAULT_CALLS),
    (steadiness.past_end, steadiness.PAST_CALLS),
    (refusals.refusals, refusals.CALLS),
)
"""What follows the survey: each stage with the calls that it makes at most."""


@dataclass(frozen=True, slots=True)
class Course:
    """How a probe came out: the calls it made, and why it stopped early, None where it did not.

    `entity` is the one whose records were looked at, empty where none answered with a list.
    """

    traits: Traits
    calls: int
    entity: str = ""
    stopped: Stopped | None = None


def probed_entities(known: Sequence[str], entity: str | None = None) -> tuple[str, ...]:
    """Return the entities that a probe looks at: the one named, else the first eight known."""
    return (entity,) if entity is not None else tuple(known[: survey.MOST_ENTITIES])


def calls_of_probe(entities: Sequence[str]) -> int:
    """Return how many calls a probe of `entities` makes at most, sign-in not counted."""
    return len(entities) + sum(calls for _, calls in _STAGES)


async def probe(
    client: Client, entities: Sequence[str], *, traits: Traits, keep: Keep, most: int | None = None
) -> Course:
    """Learn the traits of the client's server by reading, with at most `most` calls.

    What is found replaces what `traits` say of it, stage by stage, and `keep` is given the whole
    each time, so that an interruption loses one stage at most. No record is changed. Raises an
    ApiError where the service cannot be reached or refuses the sign-in.
    """
    bound = calls_of_probe(entities)
    asker = Asker(client, most=bound if most is None else min(most, bound))
    ground = Ground(asker, tuple(entities))
    known = traits

    def learn(found: Findings) -> None:
        nonlocal known
        known = known.having(found | refusals.headers(ground))
        keep(known)

    try:
        learn(await survey.survey(ground))
        if ground.entity:
            for stage, _ in _STAGES:
                learn(await stage(ground))
    except Stopped as stopped:
        if asker.headers:
            learn({})
        return Course(known, asker.used, ground.entity, stopped)
    return Course(known, asker.used, ground.entity)


async def probe_by_writing(
    client: Client, *, traits: Traits, keep: Keep, most: int | None = None
) -> Course:
    """Learn what only writing shows: a scratch lead is created, changed and deleted again.

    It is deleted after an error or a cancellation too, and not made where `most` allows less calls
    than the 10 that it takes. Raises ScratchRemains where that fails, and
    OutcomeUnknown, which says how to find it, where nobody can tell whether it was created.
    """
    asker = Asker(client, most=WRITE_CALLS if most is None else min(most, WRITE_CALLS))
    writing, stopped = Writing(asker), None
    try:
        await writing.run()
    except ScratchRemains:
        raise
    except Stopped as error:
        stopped = error
    finally:
        traits = traits.having(writing.found)
        keep(traits)
    return Course(traits, asker.used, ENTITY, stopped)
