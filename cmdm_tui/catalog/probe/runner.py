"""Runs a probe: its stages in order, each of which adds the traits it finds."""

from collections.abc import Awaitable, Callable, Sequence

from msgspec import Struct

from cmdm_tui.api import Client
from cmdm_tui.catalog.probe import page_size, refusals, sort_traits, stability, survey
from cmdm_tui.catalog.probe.client import Findings, ProbeClient, ProbeStopped
from cmdm_tui.catalog.probe.context import ProbeContext
from cmdm_tui.catalog.probe.write_probe import ENTITY, WRITE_CALLS, ScratchNotDeleted, WriteProbe
from cmdm_tui.catalog.traits import Traits

ProbeStage = Callable[[ProbeContext], Awaitable[Findings]]
SaveTraits = Callable[[Traits], None]

_STAGES: tuple[tuple[ProbeStage, int], ...] = (
    (survey.probe_field_metadata, survey.FIELD_CALLS),
    (page_size.probe_page_sizes, page_size.PAGE_SIZE_CALLS),
    (sort_traits.probe_sort_orders, sort_traits.SORT_CALLS),
    (stability.probe_stability, stability.STABILITY_CALLS),
    (stability.probe_ties, stability.TIE_CALLS),
    (stability.probe_descending, stability.DESCENDING_CALLS),
    (page_size.probe_default_page, page_size.DEFAULT_PAGE_CALLS),
    (stability.probe_past_end, stability.PAST_END_CALLS),
    (refusals.probe_refusals, refusals.REFUSAL_CALLS),
)
"""What follows the survey: each stage with the calls that it makes at most."""


class ProbeResult(Struct, frozen=True):
    """The result of a probe: the calls it made, and why it stopped early, None where it did not.

    `entity` is the one whose records it read, empty where no entity answered with a list.
    """

    traits: Traits
    calls: int
    entity: str = ""
    stopped: ProbeStopped | None = None


def choose_entities(known: Sequence[str], entity: str | None = None) -> tuple[str, ...]:
    """Return the entities that a probe looks at: the one named, else the first eight known."""
    return (entity,) if entity is not None else tuple(known[: survey.MAX_ENTITIES])


def count_probe_calls(entities: Sequence[str]) -> int:
    """Return how many calls a probe of `entities` makes at most, sign-in not counted."""
    return len(entities) + sum(calls for _, calls in _STAGES)


async def run_probe(
    client: Client,
    entities: Sequence[str],
    *,
    traits: Traits,
    keep: SaveTraits,
    most: int | None = None,
) -> ProbeResult:
    """Find the traits of the client's server by reading, with at most `most` calls.

    What is found replaces what `traits` say of it, stage by stage, and `keep` is given the whole
    each time, so that an interruption loses one stage at most. No record is changed. Raises an
    ApiError where the service cannot be reached or refuses the sign-in.
    """
    bound = count_probe_calls(entities)
    probe_client = ProbeClient(client, most=bound if most is None else min(most, bound))
    context = ProbeContext(probe_client, tuple(entities))
    known = traits

    def learn(found: Findings) -> None:
        nonlocal known
        known = known.with_findings(found | refusals.find_headers(context))
        keep(known)

    try:
        learn(await survey.survey_entities(context))
        if context.entity:
            for stage, _ in _STAGES:
                learn(await stage(context))
    except ProbeStopped as stopped:
        if probe_client.headers:
            learn({})
        return ProbeResult(known, probe_client.calls_used, context.entity, stopped)
    return ProbeResult(known, probe_client.calls_used, context.entity)


async def run_write_probe(
    client: Client, *, traits: Traits, keep: SaveTraits, most: int | None = None
) -> ProbeResult:
    """Find what only writing shows: a scratch lead is created, changed and deleted again.

    It is deleted after an error or a cancellation too, and not made where `most` allows fewer calls
    than the 10 that it takes. Raises ScratchRemains where that fails, and
    OutcomeUnknown, which says how to find it, where it may or may not exist.
    """
    probe_client = ProbeClient(client, most=WRITE_CALLS if most is None else min(most, WRITE_CALLS))
    writing, stopped = WriteProbe(probe_client), None
    try:
        await writing.run()
    except ScratchNotDeleted:
        raise
    except ProbeStopped as error:
        stopped = error
    finally:
        traits = traits.with_findings(writing.findings)
        keep(traits)
    return ProbeResult(traits, probe_client.calls_used, ENTITY, stopped)
