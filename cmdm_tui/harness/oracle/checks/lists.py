"""Checks of pages, totals, orders and chosen fields."""

from collections.abc import Iterator
from typing import Any

from cmdm_tui.harness.oracle.answer_parser import describe_number
from cmdm_tui.harness.oracle.check import Check
from cmdm_tui.harness.oracle.check_context import CheckContext
from cmdm_tui.harness.oracle.contract import loose_key, sort_key
from cmdm_tui.harness.oracle.list_model import ObservedOrder


def _observed_order(seen: CheckContext) -> ObservedOrder | None:
    key = seen.order_key
    return None if key is None else seen.model.orders.get(seen.intent.entity, {}).get(key)


def _ids(seen: CheckContext) -> tuple[str, ...]:
    return tuple(row.external_id for row in seen.answer.rows)


def pages_partition(seen: CheckContext) -> Iterator[str]:
    """Pages hold every record, and none of them twice."""
    if seen.order_key is None:
        return
    ids = _ids(seen)
    if len(set(ids)) < len(ids):
        yield "A record stands twice in one answer."
    order, page = _observed_order(seen), seen.page
    if order is None:
        return
    if page is None:
        yield from _against_pages(order, ids)
        return
    size, number = page
    if order.whole is not None:
        wanted = order.whole[(number - 1) * size : number * size]
        if set(ids) != set(wanted):
            yield f"Page {number} of {size} is not that part of the whole list."
        elif ids != wanted:
            yield f"Page {number} of {size} is in another order than the whole list."
    for (other_size, other), others in order.pages.items():
        if other_size == size and other != number and not set(ids).isdisjoint(others):
            yield f"Pages {other} and {number} of {size} overlap."
            return


def _against_pages(order: ObservedOrder, ids: tuple[str, ...]) -> Iterator[str]:
    for (size, number), page in order.pages.items():
        if ids[(number - 1) * size : number * size] != page:
            yield f"Page {number} of {size} was not that part of the whole list."
            return


def totals_add_up(seen: CheckContext) -> Iterator[str]:
    """The totals are those of the records, and of pages of one size, no larger than asked for."""
    reading = seen.answer
    total = reading.total
    if seen.order_key is None or total is None:
        return
    for miscount in seen.miscounts:
        if miscount.kind == "total" and miscount.cause == "read":
            yield f"Nothing was written in between: {miscount}."
    page = seen.page
    if page is None:
        return
    size, number = page
    told = reading.pages
    expected = -(-total // size)
    if told == expected and number > max(expected, 1):
        return
    if not total and told == 1:
        return  # an empty list is no page, or an empty one
    held = len(reading.rows)
    # A service may grant less than was asked for, as long as that adds up.
    if not any(_adds_up(total, one, number, told, held) for one in range(size, 0, -1)):
        yield (
            f"Page {number}, of {size} asked for, holds {held} records, of {total}, and Total "
            f"Pages is {describe_number(told)}."
        )


def _adds_up(total: int, size: int, number: int, pages: int | None, held: int) -> bool:
    return pages == -(-total // size) and held == max(0, min(size, total - (number - 1) * size))


def unpaged_is_whole(seen: CheckContext) -> Iterator[str]:
    """Without `per_page` and `page`, all there is comes on one page."""
    reading, query = seen.answer, seen.intent.query
    if seen.intent.call not in {"list", "fields"} or not seen.is_success or query is None:
        return
    if seen.page is not None or reading.total is None:
        return
    if len(reading.rows) != reading.total:
        yield f"Total Records is {reading.total}, and {len(reading.rows)} are listed."
    if reading.pages != 1:
        yield f"Total Pages is {describe_number(reading.pages)} for a list that is not paged."


def past_the_end(seen: CheckContext) -> Iterator[str]:
    """A page past the last is empty, with true totals."""
    intent, page = seen.intent, seen.page
    if intent.call != "list" or page is None or intent.authorization != "good":
        return
    known = seen.model.members.get(intent.entity)
    total = known.total if known is not None and seen.model.is_alone else seen.answer.total
    if total is None or (page[1] - 1) * page[0] < max(total, 1):
        return
    if seen.is_success and seen.answer.rows:
        yield f"Page {page[1]} lies past the end, and holds {len(seen.answer.rows)} records."
    elif seen.exchange.status == 404:
        yield f"Page {page[1]} lies past the end, and was answered 404."


def default_order(seen: CheckContext) -> Iterator[str]:
    """Without `sort_by`, records stand in the order of their creation, which is stable."""
    key = seen.order_key
    members = seen.model.members.get(seen.intent.entity)
    if key is None or key[0] is not None or seen.page is not None or members is None:
        return
    if members.ids is None or not seen.model.is_alone:
        return
    there = [external_id for external_id in _ids(seen) if external_id in set(members.ids)]
    wanted = members.ids if key[1] == "asc" else members.ids[::-1]
    if there != wanted and sorted(there) == sorted(wanted):
        yield "The records do not stand in the order of their creation."


def sort_permutation(seen: CheckContext) -> Iterator[str]:
    """Sorting changes the order of the records, and nothing else."""
    key = seen.order_key
    if key is None or key[0] is None or not seen.is_whole or not seen.model.is_alone:
        return
    plain = seen.model.orders.get(seen.intent.entity, {}).get((None, "asc"))
    if plain is not None and plain.whole is not None and sorted(plain.whole) != sorted(_ids(seen)):
        yield f"Sorted by {key[0]}, the list does not hold the records it holds unsorted."


def _sorted_values(seen: CheckContext) -> tuple[str, str, list[Any]] | None:
    """Return the field sorted by, its type, and its values as they stand in the answer."""
    key = seen.order_key
    if key is None or key[0] is None:
        return None
    name, rows = key[0], seen.answer.rows
    if name == "ExternalID":
        return name, "ExternalID", [row.external_id for row in rows]
    rule = seen.model.fields_of(seen.intent.entity).get(name)
    if rule is None or any(name not in row.properties for row in rows):
        return None
    return name, rule.type, [row.properties[name] for row in rows]


def sort_ordered(seen: CheckContext) -> Iterator[str]:
    """Records sorted by a field stand in the order of its values."""
    found = _sorted_values(seen)
    if found is None or seen.order_key is None:
        return
    name, kind, values = found
    keys = [sort_key(kind, value) for value in values]
    is_down = seen.order_key[1] == "desc"
    for before, after, first, second in zip(keys, keys[1:], values, values[1:], strict=False):
        if (before < after) if is_down else (before > after):
            yield f"Sorted by {name}, {second!r} follows {first!r}."
            return


def desc_reverses(seen: CheckContext) -> Iterator[str]:
    """`desc` is the reverse of `asc`, value by value, whatever the order is."""
    key, found = seen.order_key, _sorted_values(seen)
    if key is None or found is None or not seen.is_whole:
        return
    other = "asc" if key[1] == "desc" else "desc"
    order = seen.model.orders.get(seen.intent.entity, {}).get((key[0], other))
    if order is None or order.values is None:
        return
    _, kind, values = found
    # Which values are equal, and where nulls stand, is not said.
    here = [loose_key(kind, value) for value in values if value is not None]
    there = [loose_key(kind, value) for value in reversed(order.values) if value is not None]
    if here != there and (seen.model.is_alone or sorted(here) == sorted(there)):
        yield f"Sorted by {key[0]}, {key[1]} is not the reverse of {other}."


def ties_stable(seen: CheckContext) -> Iterator[str]:
    """Records of one value stand in the order of their creation."""
    found, members = _sorted_values(seen), seen.model.members.get(seen.intent.entity)
    if found is None or members is None or members.ids is None or not seen.model.is_alone:
        return
    place = {external_id: number for number, external_id in enumerate(members.ids)}
    _, kind, values = found
    keys = [sort_key(kind, value) for value in values]
    ids = _ids(seen)
    for first, second, one, other in zip(ids, ids[1:], keys, keys[1:], strict=False):
        if one == other and first in place and second in place and place[first] > place[second]:
            yield f"{second} follows {first}, which has the same value and was created later."
            return


def projection_exact(seen: CheckContext) -> Iterator[str]:
    """`fields` chooses what is shown: those fields, and no others."""
    query = seen.intent.query
    if seen.order_key is None or query is None or "fields" not in query:
        return
    wanted = {name for name in query["fields"].split(",") if name != "ExternalID"}
    for row in seen.answer.rows:
        if set(row.properties) != wanted:
            odd = ", ".join(sorted(wanted ^ row.properties.keys()))
            yield f"The fields shown of {row.external_id} differ from those asked for: {odd[:100]}."
            return


def projection_agrees(seen: CheckContext) -> Iterator[str]:
    """A chosen field has the value it has in the whole record."""
    for clash in seen.contradictions:
        if clash.is_projected and clash.cause == "read":
            yield f"With some fields chosen: {clash}."


CHECKS = (
    Check("totals-add-up", "retrieve many: Total Records, Total Pages", "documented",
          totals_add_up),
    Check("unpaged-is-whole", "per_page, page: neither given: all records, Total Pages \"1\"",
          "ours", unpaged_is_whole),
    Check("past-the-end", "page past the last: 200, empty list, true totals", "ours",
          past_the_end),
    Check("default-order", "order without sort_by: creation order, stable", "ours",
          default_order),
    Check("sort-permutation", "Query parameters: sort_by is one field", "documented",
          sort_permutation),
    Check("desc-reverses", "Query parameters: sort_order is asc or desc", "documented",
          desc_reverses),
    Check("sort-ordered", "collation: text without regard to case, numbers by value, dates by "
          "time; null first in asc", "ours", sort_ordered),
    Check("ties-in-creation-order", "ties under sort_by: by creation order", "ours",
          ties_stable),
    Check("pages-partition", "ties under sort_by: by creation order, so that pages never overlap; "
          "order without sort_by: stable", "ours", pages_partition),
    Check("projection-exact", "Query parameters: fields is comma-separated", "documented",
          projection_exact),
    Check("projection-agrees", "Query parameters: fields is comma-separated", "documented",
          projection_agrees),
)  # fmt: skip
