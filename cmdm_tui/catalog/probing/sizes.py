"""How large a page may be, and what comes where no size is asked for."""

from cmdm_tui.catalog.probing.asking import Answer, Asker, Findings
from cmdm_tui.catalog.probing.ground import Ground
from cmdm_tui.catalog.traits import DefaultPage, Trait

SIZE_CALLS = 6
"""One page, at most four larger or smaller ones, and one that confirms a cap."""

DEFAULT_CALLS = 1

_FIRST = 1_000
_BEYOND = (10_000, 5_000, 2_000)
_BELOW = (500, 200, 100, 50)
_LIKELY_DEFAULT = 100
"""Default pages rarely hold more than this, so an entity beyond it shows one."""

_AFFORDABLE = 5_000
"""Records that may come at once where a service has no default page."""


async def sizes(ground: Ground) -> Findings:
    """Learn the largest page granted, and take a sample of the entity on the way."""
    asker, entity = ground.asker, ground.entity
    answer = await asker.list(entity, per_page=_FIRST, page=1)
    asked, refused = _FIRST, ""
    for smaller in _BELOW:
        if answer.page is not None or not answer.is_refused:
            break
        refused, asked = str(answer), smaller
        answer = await asker.list(entity, per_page=smaller, page=1)
    ground.sample = answer
    if refused:
        refused = f", but {refused}"
    if answer.page is None or not answer.ids:
        return {"largest_page": asker.unknown(f"No record came: {answer}{refused}.")}
    came, total = len(answer.ids), answer.total
    if came > asked:
        return {"largest_page": asker.unknown(f"per_page seems to be ignored: {answer}.")}
    if came < asked:
        return {"largest_page": await _capped(asker, entity, answer, refused)}
    trait = asker.found(came, f"{answer}{refused}.")
    if asked == _FIRST and (total is None or total > _FIRST):
        trait = await _beyond(ground, trait)
    return {"largest_page": trait}


async def default_page(ground: Ground) -> Findings:
    """Learn what comes without per_page and page, of an entity small enough: at most one call."""
    asker = ground.asker
    totals = {name: answer.total or 0 for name, answer in ground.surveyed.items()}
    affordable = {name: total for name, total in totals.items() if 0 < total <= _AFFORDABLE}
    telling = {name: total for name, total in affordable.items() if total > _LIKELY_DEFAULT}
    if not affordable:
        why = f"No entity has records and at most {_AFFORDABLE:,} of them, which all might come."
        return {"default_page": asker.unknown(why)}
    entity = (
        min(telling, key=lambda name: telling[name])
        if telling
        else max(affordable, key=lambda name: affordable[name])
    )
    answer = await asker.list(entity)
    came, total = len(answer.ids), answer.total
    if answer.page is None or total is None or not 0 < came <= total:
        return {"default_page": asker.unknown(f"{answer}.")}
    kind = "all there are" if came == total else "a default page"
    page = DefaultPage(came, is_complete=came == total)
    return {"default_page": asker.found(page, f"{answer}: {kind}.")}


async def _capped(asker: Asker, entity: str, answer: Answer, refused: str) -> Trait[int]:
    """Tell a cap from an entity that has no more records: the second page must bring others."""
    came, total = len(answer.ids), answer.total
    if total is None or total <= came:
        return asker.unknown(f"There are no more records to tell: {answer}{refused}.")
    second = await asker.list(entity, per_page=came, page=2)
    if not set(second.ids) - set(answer.ids):
        return asker.unknown(f"Fewer records come than are counted: {answer}; {second}.")
    return asker.found(came, f"No more came at once: {answer}; {second}{refused}.")


async def _beyond(ground: Ground, trait: Trait[int]) -> Trait[int]:
    """Ask for more than a thousand, one field of each: a service that grants it saves calls."""
    asker, entity = ground.asker, ground.entity
    name = next(iter(ground.records[0].properties), "ExternalID")
    tried = trait.evidence.rstrip(".")
    for size in _BEYOND:
        answer = await asker.list(entity, fields=name, per_page=size, page=1)
        tried = f"{tried}; {answer}"
        came = len(answer.ids)
        if _FIRST < came <= size:
            is_sure = answer.total is not None and (came == size or came < answer.total)
            if is_sure or answer.total is None:
                return asker.found(came, f"{tried}.")
            return asker.found(came, f"{tried}: all there are came at once.")
        if not answer.is_refused:
            break
    return asker.found(trait.value or _FIRST, f"{tried}.")
