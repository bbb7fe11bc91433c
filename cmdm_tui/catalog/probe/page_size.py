"""Finds how large a page may be, and what comes where no size is given."""

from cmdm_tui.catalog.probe.client import Findings, ProbeAnswer, ProbeClient
from cmdm_tui.catalog.probe.context import ProbeContext
from cmdm_tui.catalog.traits import DefaultPage, Trait

PAGE_SIZE_CALLS = 6
"""One page, at most four larger or smaller ones, and one that confirms a cap."""

DEFAULT_PAGE_CALLS = 1

_FIRST_SIZE = 1_000
_LARGER_SIZES = (10_000, 5_000, 2_000)
_SMALLER_SIZES = (500, 200, 100, 50)
_LIKELY_DEFAULT_SIZE = 100
"""Default pages rarely hold more than this, so an entity beyond it shows one."""

_MAX_WHOLE_ENTITY = 5_000
"""Records that may come at once where a service has no default page."""


async def probe_page_sizes(context: ProbeContext) -> Findings:
    """Learn the largest page granted, and take a sample of the entity on the way."""
    client, entity = context.client, context.entity
    answer = await client.list(entity, per_page=_FIRST_SIZE, page=1)
    asked, refused = _FIRST_SIZE, ""
    for smaller in _SMALLER_SIZES:
        if answer.page is not None or not answer.is_refused:
            break
        refused, asked = str(answer), smaller
        answer = await client.list(entity, per_page=smaller, page=1)
    context.sample = answer
    if refused:
        refused = f", but {refused}"
    if answer.page is None or not answer.ids:
        return {"largest_page": client.make_unknown(f"No record came: {answer}{refused}.")}
    came, total = len(answer.ids), answer.total
    if came > asked:
        return {"largest_page": client.make_unknown(f"per_page seems to be ignored: {answer}.")}
    if came < asked:
        return {"largest_page": await _confirm_cap(client, entity, answer, refused)}
    trait = client.make_trait(came, f"{answer}{refused}.")
    if asked == _FIRST_SIZE and (total is None or total > _FIRST_SIZE):
        trait = await _try_larger_sizes(context, trait)
    return {"largest_page": trait}


async def probe_default_page(context: ProbeContext) -> Findings:
    """Learn what comes without per_page and page, of an entity small enough: at most one call."""
    client = context.client
    totals = {name: answer.total or 0 for name, answer in context.surveyed.items()}
    affordable = {name: total for name, total in totals.items() if 0 < total <= _MAX_WHOLE_ENTITY}
    informative = {
        name: total for name, total in affordable.items() if total > _LIKELY_DEFAULT_SIZE
    }
    if not affordable:
        why = f"No entity has records and at most {_MAX_WHOLE_ENTITY:,}, which might all come."
        return {"default_page": client.make_unknown(why)}
    entity = (
        min(informative, key=lambda name: informative[name])
        if informative
        else max(affordable, key=lambda name: affordable[name])
    )
    answer = await client.list(entity)
    came, total = len(answer.ids), answer.total
    if answer.page is None or total is None or not 0 < came <= total:
        return {"default_page": client.make_unknown(f"{answer}.")}
    kind = "all there are" if came == total else "a default page"
    page = DefaultPage(came, is_complete=came == total)
    return {"default_page": client.make_trait(page, f"{answer}: {kind}.")}


async def _confirm_cap(
    client: ProbeClient, entity: str, answer: ProbeAnswer, refused: str
) -> Trait[int]:
    """Tell a cap apart from an entity without more records: the second page must bring others."""
    came, total = len(answer.ids), answer.total
    if total is None or total <= came:
        return client.make_unknown(f"There are no more records to tell: {answer}{refused}.")
    second = await client.list(entity, per_page=came, page=2)
    if not set(second.ids) - set(answer.ids):
        return client.make_unknown(f"Fewer records come than are counted: {answer}; {second}.")
    return client.make_trait(came, f"No more came at once: {answer}; {second}{refused}.")


async def _try_larger_sizes(context: ProbeContext, trait: Trait[int]) -> Trait[int]:
    """Ask for more than a thousand, one field of each: a service that grants it saves calls."""
    client, entity = context.client, context.entity
    name = next(iter(context.records[0].properties), "ExternalID")
    tried = trait.evidence.rstrip(".")
    for size in _LARGER_SIZES:
        answer = await client.list(entity, fields=name, per_page=size, page=1)
        tried = f"{tried}; {answer}"
        came = len(answer.ids)
        if _FIRST_SIZE < came <= size:
            is_sure = answer.total is not None and (came == size or came < answer.total)
            if is_sure or answer.total is None:
                return client.make_trait(came, f"{tried}.")
            return client.make_trait(came, f"{tried}: all there are came at once.")
        if not answer.is_refused:
            break
    return client.make_trait(trait.value or _FIRST_SIZE, f"{tried}.")
