"""What sorted pages show: the order of text and numbers, where nulls stand, what sorts at all."""

from collections.abc import Mapping

from cmdm_tui.catalog.probing.asking import Findings
from cmdm_tui.catalog.probing.choosing import Chosen, choose
from cmdm_tui.catalog.probing.ground import Ground
from cmdm_tui.catalog.probing.orders import (
    ENOUGH,
    Name,
    Order,
    Tally,
    by_casefold,
    by_code_point,
    by_digits,
    by_letter,
    by_time,
    by_value,
    neighbours,
    tally,
)
from cmdm_tui.catalog.probing.reading import Sorted, read_sorted
from cmdm_tui.catalog.traits import NumberOrder, TextOrder, Trait

CALLS = 9
"""Three for text, two each for a number, a date and external ids."""

_TEXT: Mapping[TextOrder, Order] = {
    "casefold": by_casefold,
    "binary": by_code_point,
    "locale": by_letter,
}
_NUMBER: Mapping[NumberOrder, Order] = {"value": by_value, "text": by_digits}
_TIME: Mapping[str, Order] = {"time": by_time}
_IDS: Mapping[str, Order] = {**_TEXT, "value": by_value}

_NO_FIELD = "No field of {entity} has values of that kind that differ."


async def sorting(ground: Ground) -> Findings:
    """Learn the orders of text, numbers, dates and external ids: at most 9 calls."""
    reads: list[tuple[Sorted, bool]] = []
    found: Findings = {}
    text = choose(ground, "text", list(_TEXT.values()))
    if text is not None:
        read = await read_sorted(ground, text.name, descending=True)
        reads.append((read, read.is_in_effect(_TEXT, ground)))
        found["collation"] = _collation(ground, read, text)
        found["nulls_first_descending"] = _nulls_descending(ground, read)
    number = choose(ground, "number", list(_NUMBER.values()))
    if number is not None:
        read = await read_sorted(ground, number.name)
        reads.append((read, read.is_in_effect(_NUMBER, ground)))
        found["number_order"] = _number_order(ground, read, number)
    date = choose(ground, "date", list(_TIME.values()))
    if date is not None:
        read = await read_sorted(ground, date.name)
        reads.append((read, read.is_in_effect(_TIME, ground)))
        found["dates_sort"] = _sorts(ground, read, _TIME, of_kind=date.is_described)
    found["nulls_first"] = _nulls(ground, reads)
    found["external_id_sorts"] = await _external_ids(ground)
    why = _NO_FIELD.format(entity=ground.entity)
    wanted = ("collation", "number_order", "dates_sort", "nulls_first_descending")
    return {name: ground.asker.unknown(why) for name in wanted} | found


def _collation(ground: Ground, read: Sorted, chosen: Chosen) -> Trait[tuple[TextOrder, ...]]:
    trait = _orders(ground, read, _TEXT)
    if trait.value == () and not chosen.is_described:
        # What looks like text may be a pick-list, which a service sorts by its own list.
        return ground.asker.unknown(f"{trait.evidence} But it may be no text field.")
    return trait


def _number_order(ground: Ground, read: Sorted, chosen: Chosen) -> Trait[tuple[NumberOrder, ...]]:
    trait = _orders(ground, read, _NUMBER)
    if trait.value is not None and "value" not in trait.value and not chosen.is_described:
        return ground.asker.unknown(f"{trait.evidence} But it may be a text field of digits.")
    return trait


def _orders(ground: Ground, read: Sorted, orders: Mapping[Name, Order]) -> Trait[tuple[Name, ...]]:
    """Return the orders that nothing contradicts; unknown where that is all of them, or too few."""
    asker = ground.asker
    if not read.is_list:
        return asker.unknown(f"{read.first}: nothing came to be compared.")
    counts = read.shown(orders, ground)
    evidence = f"{_said(counts)} [{read.first}]."
    if read.is_as_unsorted(ground):
        return asker.unknown(f"The records stand as they do without sort_by: {evidence}")
    left = tuple(name for name in orders if not counts[name].contradicting)
    if len(left) == len(orders):
        return asker.unknown(f"The values tell no order from another: {evidence}")
    if left and not read.is_in_effect(orders, ground):
        return asker.unknown(f"Fewer than {ENOUGH} pairs show an order: {evidence}")
    return asker.found(left, evidence)


def _sorts(
    ground: Ground, read: Sorted, orders: Mapping[str, Order], *, of_kind: bool
) -> Trait[bool]:
    asker = ground.asker
    if not read.is_list:
        if read.first.is_refused:
            return asker.found(value=False, evidence=f"Refused: {read.first}.")
        return asker.unknown(f"{read.first}: nothing came to be compared.")
    counts = read.shown(orders, ground)
    evidence = f"{_said(counts)} [{read.first}]."
    judged = [count for count in counts.values() if count.ascending or count.contradicting]
    is_contradicted = bool(judged) and all(count.contradicting for count in judged)
    if read.is_as_unsorted(ground):
        if is_contradicted and of_kind:
            return asker.found(value=False, evidence=f"As without sort_by: {evidence}")
        return asker.unknown(f"The records stand as they do without sort_by: {evidence}")
    if read.is_in_effect(orders, ground):
        return asker.found(value=True, evidence=evidence)
    return asker.unknown(f"No order is shown: {evidence}")


async def _external_ids(ground: Ground) -> Trait[bool]:
    """Sort by ExternalID; only what stays the same the other way round is surely ignored.

    Ids may have any form, so an order that none of ours explains may be one all the same.
    """
    read = await read_sorted(ground, "ExternalID", last=False)
    trait = _sorts(ground, read, _IDS, of_kind=True)
    if not read.is_list or trait.value is not False:
        return trait
    turned = await read_sorted(ground, "ExternalID", last=False, order="desc")
    if turned.first.ids == read.first.ids:
        return ground.asker.found(value=False, evidence=f"{read.first}, and so in desc.")
    return ground.asker.unknown(f"{trait.evidence} But desc turned them round.")


def _nulls(ground: Ground, reads: list[tuple[Sorted, bool]]) -> Trait[bool]:
    told = {
        read.field: is_first
        for read, is_in_effect in reads
        if is_in_effect and (is_first := _nulls_lead(read)) is not None
    }
    places = {True: "first", False: "last"}
    said = "; ".join(f"under {name} nulls come {places[first]}" for name, first in told.items())
    if len(set(told.values())) != 1:
        return ground.asker.unknown(said or "No null was seen at the end of a page in order.")
    is_first = next(iter(told.values()))
    return ground.asker.found(is_first, f"In {ground.entity}, ascending: {said}.")


def _nulls_lead(read: Sorted) -> bool | None:
    """Tell whether nulls come first; None where there are none, or they stand about."""
    leading = read.first.values(read.field)
    trailing = [] if read.last is None else read.last.values(read.field)
    leads, trails = leading[:1] == [None], trailing[-1:] == [None]
    if leads == trails:
        return None
    blocks = [[value is None for value in values] for values in (leading, trailing)]
    in_one_block = all(block == sorted(block, reverse=leads) for block in blocks)
    return leads if in_one_block else None


def _nulls_descending(ground: Ground, read: Sorted) -> Trait[bool]:
    asker, reverse = ground.asker, read.descending
    if reverse is None or reverse.page is None or not read.is_in_effect(_TEXT, ground):
        return asker.unknown("sort_by was not seen to take effect on text.")
    values = reverse.values(read.field)
    backwards = neighbours(values[::-1])
    is_reversed = any(tally(order, backwards).is_shown for order in _TEXT.values())
    if not is_reversed or reverse.ids == read.first.ids:
        return asker.unknown(f"sort_order=desc was not seen to reverse the order: {reverse}.")
    nulls = [value is None for value in values]
    if nulls[0] and nulls == sorted(nulls, reverse=True):
        return asker.found(value=True, evidence=f"{read.field} begins with nulls: {reverse}.")
    sampled = [] if ground.sample is None else ground.sample.values(read.field)
    if None in sampled and not nulls[0] and nulls == sorted(nulls):
        evidence = f"{read.field} has nulls and begins with none: {reverse}."
        return asker.found(value=False, evidence=evidence)
    return asker.unknown(f"No null was seen under {read.field}: {reverse}.")


def _said(counts: Mapping[Name, Tally]) -> str:
    return "; ".join(
        f"{name}: {count.ascending:,} pairs agree, {count.contradicting:,} contradict"
        for name, count in counts.items()
    )
