"""How large a page may be, and what comes where no size is asked for."""

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


async def probe_page_sizes(ground: ProbeContext) -> Findings:
    """Learn the largest page granted, and take a sample of the entity on the way."""
    asker, entity = ground.client, ground.entity
    answer = await asker.list(entity, per_page=_FIRST_SIZE, page=1)
    asked, refused = _FIRST_SIZE, ""
    for smaller in _SMALLER_SIZES:
        if answer.page is not None or not answer.is_refused:
            break
        refused, asked = str(answer), smaller
        answer = await asker.list(entity, per_page=smaller, page=1)
    ground.sample = answer
    if refused:
        refused = f", but {refused}"
    if answer.page is None or not answer.ids:
        return {"largest_page": asker.make_unknown(f"No record came: {answer}{refused}.")}
    came, total = len(answer.ids), answer.total
    if came > asked:
        return {"largest_page": asker.make_unknown(f"per_page seems to be ignored: {answer}.")}
    if came < asked:
        return {"largest_page": await _confirm_cap(asker, entity, answer, refused)}
    trait = asker.make_trait(came, f"{answer}{refused}.")
    if asked == _FIRST_SIZE and (total is None or total > _FIRST_SIZE):
        trait = await _try_larger_sizes(ground, trait)
    return {"largest_page": trait}


async def probe_default_page(ground: ProbeContext) -> Findings:
    """Learn what comes without per_page and page, of an entity small enough: at most one call."""
    asker = ground.client
    totals = {name: answer.total or 0 for name, answer in ground.surveyed.items()}
    affordable = {name: total for name, total in totals.items() if 0 < total <= _MAX_WHOLE_ENTITY}
    telling = {name: total for name, total in affordable.items() if total > _LIKELY_DEFAULT_SIZE}
    if not affordable:
        why = (
            f"No entity has records and at most {_MAX_WHOLE_ENTITY:,} of them, "
            "which all might come."
        )
        return {"default_page": asker.make_unknown(why)}
    entity = (
        min(telling, key=lambda name: telling[name])
        if telling
        else max(affordable, key=lambda name: affordable[name])
    )
    answer = await asker.list(entity)
    came, total = len(answer.ids), answer.total
    if answer.page is None or total is None or not 0 < came <= total:
        return {"default_page": asker.make_unknown(f"{answer}.")}
    kind = "all there are" if came == total else "a default page"
    page = DefaultPage(came, is_complete=came == total)
    return {"default_page": asker.make_trait(page, f"{answer}: {kind}.")}


async def _confirm_cap(
    asker: ProbeClient, entity: str, answer: ProbeAnswer, refused: str
) -> Trait[int]:
    """Tell a cap from an entity that has no more records: the second page must bring others."""
    came, total = len(answer.ids), answer.total
    if total is None or total <= came:
        return asker.make_unknown(f"There are no more records to tell: {answer}{refused}.")
    second = await asker.list(entity, per_page=came, page=2)
    if not set(second.ids) - set(answer.ids):
        return asker.make_unknown(f"Fewer records come than are counted: {answer}; {second}.")
    return asker.make_trait(came, f"No more came at once: {answer}; {second}{refused}.")


async def _try_larger_sizes(ground: ProbeContext, trait: Trait[int]) -> Trait[int]:
    """Ask for more than a thousand, one field of each: a service that grants it saves calls."""
    asker, entity = ground.client, ground.entity
    name = next(iter(ground.records[0].properties), "ExternalID")
    tried = trait.evidence.rstrip(".")
    for size in _LARGER_SIZES:
        answer = await asker.list(entity, fields=name, per_page=size, page=1)
        tried = f"{tried}; {answer}"
        came = len(answer.ids)
        if _FIRST_SIZE < came <= size:
            is_sure = answer.total is not None and (came == size or came < answer.total)
            if is_sure or answer.total is None:
                return asker.make_trait(came, f"{tried}.")
            return asker.make_trait(came, f"{tried}: all there are came at once.")
        if not answer.is_refused:
            break
    return asker.make_trait(trait.value or _FIRST_SIZE, f"{tried}.")
