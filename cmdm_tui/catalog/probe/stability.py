"""Finds whether pages stay the same: read twice, as neighbours, in reverse, and past the end."""

from itertools import pairwise

from cmdm_tui.catalog.probe.client import NOT_FOUND, OK, Findings, ProbeAnswer
from cmdm_tui.catalog.probe.comparers import ENOUGH_PAIRS
from cmdm_tui.catalog.probe.context import ProbeContext
from cmdm_tui.catalog.probe.field_choice import find_most_tied_field
from cmdm_tui.catalog.traits import Trait

STABILITY_CALLS = 3
DESCENDING_CALLS = 2
TIE_CALLS = 3
PAST_END_CALLS = 1

_PAGE_SIZE = 20
_PAGES_PAST_END = 10
"""Pages beyond the last: records that come meanwhile do not reach it."""


async def probe_stability(context: ProbeContext) -> Findings:
    """Ask for the first page twice and for the second: three calls."""
    size = min(_PAGE_SIZE, len(context.ids))
    asked = [await _read_page(context, size, number) for number in (1, 1, 2)] if size else []
    overlap = _judge_overlap(context, asked)
    trait = _judge_stability(context, size, asked, overlap.value or 0)
    context.is_stable = trait.value
    return {"stable_unsorted": trait, "page_overlap": overlap}


async def probe_descending(context: ProbeContext) -> Findings:
    """Read the reverse without sort_by, and the end that it should begin with: two calls."""
    client, size = context.client, min(_PAGE_SIZE, len(context.ids))
    if not context.is_stable:
        return {
            "sort_order_alone": client.make_unknown(
                "Without sort_by the order is not known stable."
            )
        }
    turned = await client.list(context.entity, per_page=size, page=1, sort_order="desc")
    if turned.is_refused:
        return {"sort_order_alone": client.make_trait(value=False, evidence=f"Refused: {turned}.")}
    if turned.ids == context.ids[:size]:
        evidence = f"The same records came as without it: {turned}."
        return {"sort_order_alone": client.make_trait(value=False, evidence=evidence)}
    end = context.ids
    if not context.has_all_records and context.total:
        end = (await _read_page(context, size, -(-context.total // size))).ids
    length = min(len(end), len(turned.ids))
    if length and turned.ids[:length] == end[::-1][:length]:
        evidence = f"It began with the last {length} records, backwards: {turned}."
        return {"sort_order_alone": client.make_trait(value=True, evidence=evidence)}
    return {"sort_order_alone": client.make_unknown(f"Neither the same nor the reverse: {turned}.")}


async def probe_ties(context: ProbeContext) -> Findings:
    """Read two pages under a field with ties, and both as one page: three calls."""
    client, size = context.client, min(_PAGE_SIZE, len(context.ids) // 2)
    name = find_most_tied_field(context)
    if name is None or not size:
        return {
            "stable_ties": client.make_unknown(f"No field of {context.entity} holds a value twice.")
        }
    one = await _read_page(context, size, 1, name)
    other = await _read_page(context, size, 2, name)
    both = await _read_page(context, 2 * size, 1, name)
    said = f"{one}; {other}; {both}"
    if (len(one.ids), len(other.ids), len(both.ids)) != (size, size, 2 * size):
        return {
            "stable_ties": client.make_unknown(f"The pages are not of the size asked for: {said}.")
        }
    if len({one.total, other.total, both.total}) != 1:
        return {"stable_ties": client.make_unknown(f"The records changed meanwhile: {said}.")}
    values = both.values(name)
    tied = sum(before == after for before, after in pairwise(values))
    overlap = len(set(one.ids) & set(other.ids))
    if overlap or one.ids + other.ids != both.ids:
        evidence = f"{overlap} records on both pages, and two pages are not one twice as long"
        return {"stable_ties": client.make_trait(value=False, evidence=f"{evidence}: {said}.")}
    if tied < ENOUGH_PAIRS:
        return {"stable_ties": client.make_unknown(f"Only {tied} neighbours tie: {said}.")}
    evidence = f"Two pages are one twice as long, with {tied} ties: {said}."
    return {"stable_ties": client.make_trait(value=True, evidence=evidence)}


async def probe_past_end(context: ProbeContext) -> Findings:
    """Ask for a page past the last: one call."""
    client, size, total = context.client, min(_PAGE_SIZE, len(context.ids)), context.total
    if total is None or not size:
        return {"past_end": client.make_unknown("No total tells which page is the last.")}
    answer = await _read_page(context, size, -(-total // size) + _PAGES_PAST_END)
    if answer.page is not None:
        return {"past_end": client.make_trait("records" if answer.ids else "empty", f"{answer}.")}
    if answer.status == OK or answer.status >= 500:
        return {"past_end": client.make_unknown(f"{answer}.")}
    word = "404" if answer.status == NOT_FOUND else str(answer.status)
    return {"past_end": client.make_trait(word, f"{answer}.")}


async def _read_page(
    context: ProbeContext, size: int, number: int, sort_by: str | None = None
) -> ProbeAnswer:
    order = {} if sort_by is None else {"fields": sort_by, "sort_by": sort_by, "sort_order": "asc"}
    return await context.client.list(context.entity, **order, per_page=size, page=number)


def _judge_overlap(context: ProbeContext, asked: list[ProbeAnswer]) -> Trait[int]:
    """Compare the second page's beginning with the end of the first, which was read twice."""
    client = context.client
    if any(answer.page is None for answer in asked) or not (asked and asked[2].ids):
        return client.make_unknown(f"No two pages to compare: {'; '.join(map(str, asked))}.")
    first, again, second = asked
    said = f"{first}, twice; {second}"
    if first.ids != again.ids or first.total != second.total:
        return client.make_unknown(f"The pages changed meanwhile: {said}.")
    repeated = len(set(first.ids) & set(second.ids))
    if repeated and first.ids[-repeated:] != second.ids[:repeated]:
        return client.make_unknown(f"{repeated} records on both pages, anywhere: {said}.")
    if repeated == len(second.ids):
        return client.make_unknown(f"The second page brought nothing new: {said}.")
    return client.make_trait(
        repeated, f"{repeated} records at the end of a page came again: {said}."
    )


def _judge_stability(
    context: ProbeContext, size: int, asked: list[ProbeAnswer], overlap: int
) -> Trait[bool]:
    """Compare the pages with each other and the sample; chance alone must not pass for order."""
    client = context.client
    if not asked or any(answer.page is None for answer in asked):
        return client.make_unknown(f"No pages to compare: {'; '.join(map(str, asked))}.")
    first, again, second = asked
    said = f"{first}, twice; {second}"
    if len({first.total, again.total, second.total, context.total}) != 1:
        return client.make_unknown(f"The records changed meanwhile: {said}.")
    sampled = (context.ids[:size], context.ids[size - overlap : 2 * size - overlap])
    pairs = [(first.ids, again.ids), (first.ids, sampled[0])]
    if len(sampled[1]) == len(second.ids):
        pairs.append((second.ids, sampled[1]))
    if any(one != other for one, other in pairs):
        return client.make_trait(value=False, evidence=f"The same page held other records: {said}.")
    if len(first.ids) <= ENOUGH_PAIRS:
        return client.make_unknown(f"Too few records to tell from chance: {said}.")
    return client.make_trait(value=True, evidence=f"Each page held the same records: {said}.")
