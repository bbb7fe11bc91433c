"""Finds what sorted pages show: the order of text, numbers and nulls, and what sorts at all."""

from collections.abc import Mapping

from cmdm_tui.catalog.probe.client import Findings
from cmdm_tui.catalog.probe.comparers import (
    ENOUGH_PAIRS,
    Comparer,
    Name,
    PairCounts,
    compare_casefolded,
    compare_code_points,
    compare_digits,
    compare_letters,
    compare_numbers,
    compare_times,
    contradicts,
    count_pairs,
    neighbour_pairs,
)
from cmdm_tui.catalog.probe.context import ProbeContext
from cmdm_tui.catalog.probe.field_choice import SortField, choose_field
from cmdm_tui.catalog.probe.sorted_read import SortedRead, read_sorted
from cmdm_tui.catalog.text_orders import TEXT_ORDERS, TextOrder, is_settled
from cmdm_tui.catalog.traits import NumberOrder, TextOrderName, Trait, null_place

SORT_CALLS = 9
"""Three for text, two each for a number, a date and external ids."""

_TEXT_ORDERS: Mapping[TextOrderName, Comparer] = {
    "casefold": compare_casefolded,
    "binary": compare_code_points,
    "locale": compare_letters,
}
_NUMBER_ORDERS: Mapping[NumberOrder, Comparer] = {"value": compare_numbers, "text": compare_digits}
_TIME_ORDERS: Mapping[str, Comparer] = {"time": compare_times}
_ID_ORDERS: Mapping[str, Comparer] = {**_TEXT_ORDERS, "value": compare_numbers}

_NO_FIELD = "No field of {entity} has values of that kind that differ."


async def probe_sort_orders(context: ProbeContext) -> Findings:
    """Find the orders of text, numbers, dates and external ids: at most 9 calls."""
    reads: list[tuple[str, SortedRead, bool]] = []
    found: Findings = {}
    text = choose_field(context, "text", list(_TEXT_ORDERS.values()))
    if text is not None:
        read = await read_sorted(context, text.name, descending=True)
        reads.append(("text", read, read.is_in_effect(_TEXT_ORDERS, context)))
        found["collation"] = _judge_collation(context, read, text)
        found["text_orders"] = _judge_text_orders(context, read, text)
        found["nulls_first_descending"] = _judge_nulls_descending(context, read)
    number = choose_field(context, "number", list(_NUMBER_ORDERS.values()))
    if number is not None:
        read = await read_sorted(context, number.name)
        reads.append(("number", read, read.is_in_effect(_NUMBER_ORDERS, context)))
        found["number_order"] = _judge_number_order(context, read, number)
    date = choose_field(context, "date", list(_TIME_ORDERS.values()))
    if date is not None:
        read = await read_sorted(context, date.name)
        reads.append(("date", read, read.is_in_effect(_TIME_ORDERS, context)))
        found["dates_sort"] = _judge_sorting(context, read, _TIME_ORDERS, of_kind=date.is_described)
    found["nulls_first"] = _judge_nulls(context, [read[1:] for read in reads])
    found["null_places"] = _judge_null_places(context, reads)
    found["external_id_sorts"] = await _probe_external_ids(context)
    why = _NO_FIELD.format(entity=context.entity)
    wanted = ("collation", "text_orders", "number_order", "dates_sort", "nulls_first_descending")
    return {name: context.client.make_unknown(why) for name in wanted} | found


def _judge_collation(
    context: ProbeContext, read: SortedRead, chosen: SortField
) -> Trait[tuple[TextOrderName, ...]]:
    trait = _judge_orders(context, read, _TEXT_ORDERS)
    if trait.value == () and not chosen.is_described:
        # What looks like text may be a pick-list, which a service sorts by its own list.
        return context.client.make_unknown(f"{trait.evidence} But it may be no text field.")
    return trait


def _judge_text_orders(
    context: ProbeContext, read: SortedRead, chosen: SortField
) -> Trait[tuple[str, ...]]:
    """Return the orders of `text_orders` that nothing contradicts, of all that a search knows."""
    client, comparers = context.client, {one.name: _comparer_of(one) for one in TEXT_ORDERS}
    if not read.is_list:
        return client.make_unknown(f"{read.first}: nothing came to be compared.")
    if not read.is_in_effect(comparers, context):
        return client.make_unknown(f"No order is shown: {read.first}.")
    # The same values come together many times; what is not text is in no order of text.
    pairs = dict.fromkeys(
        (before, after)
        for before, after in read.collect_pairs(context)
        if isinstance(before, str) and isinstance(after, str)
    )
    left = tuple(name for name, order in comparers.items() if not contradicts(order, pairs))
    evidence = f"{len(left)} of {len(comparers)} orders of text fit: {'; '.join(left)}"
    if len(left) == len(comparers) or (not left and not chosen.is_described):
        return client.make_unknown(f"{evidence} [{read.first}].")
    return client.make_trait(left, f"{evidence} [{read.first}].")


def _comparer_of(order: TextOrder) -> Comparer:
    def compare(before: object, after: object) -> int | None:
        if not isinstance(before, str) or not isinstance(after, str) or before == after:
            return None
        return -1 if is_settled(before, after) else order.compare(before, after)

    return compare


def _judge_number_order(
    context: ProbeContext, read: SortedRead, chosen: SortField
) -> Trait[tuple[NumberOrder, ...]]:
    trait = _judge_orders(context, read, _NUMBER_ORDERS)
    if trait.value is not None and "value" not in trait.value and not chosen.is_described:
        return context.client.make_unknown(
            f"{trait.evidence} But it may be a text field of digits."
        )
    return trait


def _judge_orders(
    context: ProbeContext, read: SortedRead, orders: Mapping[Name, Comparer]
) -> Trait[tuple[Name, ...]]:
    """Return the orders that nothing contradicts; unknown where that is all of them, or too few."""
    client = context.client
    if not read.is_list:
        return client.make_unknown(f"{read.first}: nothing came to be compared.")
    counts = read.count_pairs_by_order(orders, context)
    evidence = f"{_describe_counts(counts)} [{read.first}]."
    if read.has_unsorted_order(context):
        return client.make_unknown(f"The records are in the order without sort_by: {evidence}")
    left = tuple(name for name in orders if not counts[name].contradicting)
    if len(left) == len(orders):
        return client.make_unknown(f"The values do not tell the orders apart: {evidence}")
    if left and not read.is_in_effect(orders, context):
        return client.make_unknown(f"Fewer than {ENOUGH_PAIRS} pairs show an order: {evidence}")
    return client.make_trait(left, evidence)


def _judge_sorting(
    context: ProbeContext, read: SortedRead, orders: Mapping[str, Comparer], *, of_kind: bool
) -> Trait[bool]:
    client = context.client
    if not read.is_list:
        if read.first.is_refused:
            return client.make_trait(value=False, evidence=f"Refused: {read.first}.")
        return client.make_unknown(f"{read.first}: nothing came to be compared.")
    counts = read.count_pairs_by_order(orders, context)
    evidence = f"{_describe_counts(counts)} [{read.first}]."
    judged = [count for count in counts.values() if count.ascending or count.contradicting]
    is_contradicted = bool(judged) and all(count.contradicting for count in judged)
    if read.has_unsorted_order(context):
        if is_contradicted and of_kind:
            return client.make_trait(value=False, evidence=f"As without sort_by: {evidence}")
        return client.make_unknown(f"The records are in the order without sort_by: {evidence}")
    if read.is_in_effect(orders, context):
        return client.make_trait(value=True, evidence=evidence)
    return client.make_unknown(f"No order is shown: {evidence}")


async def _probe_external_ids(context: ProbeContext) -> Trait[bool]:
    """Sort by ExternalID; only what stays the same the other way round is surely ignored.

    Ids may have any form, so an order that none of ours explains may be one all the same.
    """
    read = await read_sorted(context, "ExternalID", last=False)
    trait = _judge_sorting(context, read, _ID_ORDERS, of_kind=True)
    if not read.is_list or trait.value is not False:
        return trait
    turned = await read_sorted(context, "ExternalID", last=False, order="desc")
    if turned.first.ids == read.first.ids:
        return context.client.make_trait(value=False, evidence=f"{read.first}, and so in desc.")
    return context.client.make_unknown(f"{trait.evidence} But desc turned them round.")


def _judge_nulls(context: ProbeContext, reads: list[tuple[SortedRead, bool]]) -> Trait[bool]:
    found = {
        read.field: is_first
        for read, is_in_effect in reads
        if is_in_effect and (is_first := _are_nulls_first(read)) is not None
    }
    places = {True: "first", False: "last"}
    said = "; ".join(f"under {name} nulls come {places[first]}" for name, first in found.items())
    if len(set(found.values())) != 1:
        return context.client.make_unknown(
            said or "No null was seen at the end of a page in order."
        )
    is_first = next(iter(found.values()))
    return context.client.make_trait(is_first, f"In {context.entity}, ascending: {said}.")


def _judge_null_places(
    context: ProbeContext, reads: list[tuple[str, SortedRead, bool]]
) -> Trait[tuple[str, ...]]:
    found = {
        null_place(kind, "asc", are_first=is_first): read.field
        for kind, read, is_in_effect in reads
        if is_in_effect and (is_first := _are_nulls_first(read)) is not None
    }
    if not found:
        return context.client.make_unknown("No null was seen at the end of a page in order.")
    fields = ", ".join(found.values())
    evidence = f"Nulls of {fields} in {context.entity} were seen there."
    return context.client.make_trait(tuple(sorted(found)), evidence)


def _are_nulls_first(read: SortedRead) -> bool | None:
    """Return whether nulls come first; None where there are none, or not in one block."""
    leading = read.first.values(read.field)
    trailing = [] if read.last is None else read.last.values(read.field)
    leads, trails = leading[:1] == [None], trailing[-1:] == [None]
    if leads == trails:
        return None
    blocks = [[value is None for value in values] for values in (leading, trailing)]
    in_one_block = all(block == sorted(block, reverse=leads) for block in blocks)
    return leads if in_one_block else None


def _judge_nulls_descending(context: ProbeContext, read: SortedRead) -> Trait[bool]:
    client, reverse = context.client, read.descending
    if reverse is None or reverse.page is None or not read.is_in_effect(_TEXT_ORDERS, context):
        return client.make_unknown("sort_by was not seen to take effect on text.")
    values = reverse.values(read.field)
    backwards = neighbour_pairs(values[::-1])
    is_reversed = any(count_pairs(order, backwards).is_shown for order in _TEXT_ORDERS.values())
    if not is_reversed or reverse.ids == read.first.ids:
        return client.make_unknown(f"sort_order=desc was not seen to reverse the order: {reverse}.")
    nulls = [value is None for value in values]
    if nulls[0] and nulls == sorted(nulls, reverse=True):
        return client.make_trait(value=True, evidence=f"{read.field} begins with nulls: {reverse}.")
    sampled = [] if context.sample is None else context.sample.values(read.field)
    if None in sampled and not nulls[0] and nulls == sorted(nulls):
        evidence = f"{read.field} has nulls and begins with none: {reverse}."
        return client.make_trait(value=False, evidence=evidence)
    return client.make_unknown(f"No null was seen under {read.field}: {reverse}.")


def _describe_counts(counts: Mapping[Name, PairCounts]) -> str:
    return "; ".join(
        f"{name}: {count.ascending:,} pairs agree, {count.contradicting:,} contradict"
        for name, count in counts.items()
    )
