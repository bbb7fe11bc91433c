"""Checks of lists: pages, totals, orders and chosen fields."""

from collections.abc import Iterator
from typing import Any

from cmdm_tui.harness.exchange import Call
from cmdm_tui.harness.oracle.answer_parser import ListedRow, describe_number
from cmdm_tui.harness.oracle.check import HELD, LISTS, Check, Verdict, breach_of, documented, ours
from cmdm_tui.harness.oracle.check_context import CheckContext
from cmdm_tui.harness.oracle.contract import loose_key, sort_key
from cmdm_tui.harness.oracle.evidence import is_reversed
from cmdm_tui.harness.oracle.list_model import ObservedOrder, granted_sizes
from cmdm_tui.harness.oracle.quoted_value import QuotedValue

_FIELDS = frozenset[Call]({"fields"})
_NUMERIC = {"Number", "Currency"}


def _observed_order(context: CheckContext) -> ObservedOrder | None:
    key = context.order_key
    return None if key is None else context.model.orders.get(context.intent.entity, {}).get(key)


def _ids(context: CheckContext) -> tuple[str, ...]:
    return tuple(row.external_id for row in context.answer.rows)


def pages_partition(context: CheckContext) -> Iterator[Verdict]:
    """Pages hold every record, and none of them twice."""
    if context.order_key is None:
        return
    ids = _ids(context)
    order, page = _observed_order(context), context.page
    if len(set(ids)) < len(ids):
        yield ours("A record is in one answer twice.")
    if order is None:
        return
    if page is None:
        yield from _against_pages(order, ids)
    else:
        yield from _against_others(order, ids, *page)


def _against_others(
    order: ObservedOrder, ids: tuple[str, ...], size: int, number: int
) -> Iterator[Verdict]:
    if order.whole is not None or order.pages:
        yield HELD
    if order.whole is not None:
        wanted = order.whole[(number - 1) * size : number * size]
        if set(ids) != set(wanted):
            yield ours(f"Page {number} of {size} is not that part of the whole list.")
        elif ids != wanted:
            yield ours(f"Page {number} of {size} is in another order than the whole list.")
    for (other_size, other), others in order.pages.items():
        if other_size == size and other != number and not set(ids).isdisjoint(others):
            yield ours(f"Pages {other} and {number} of {size} overlap.")
            return


def _against_pages(order: ObservedOrder, ids: tuple[str, ...]) -> Iterator[Verdict]:
    if order.pages:
        yield HELD
    for (size, number), page in order.pages.items():
        if ids[(number - 1) * size : number * size] != page:
            yield ours(f"Page {number} of {size} was not that part of the whole list.")
            return


def totals_add_up(context: CheckContext) -> Iterator[Verdict]:
    """The totals fit the records and their pages, all of one size and no larger than asked for."""
    answer = context.answer
    total = answer.total
    if context.order_key is None or total is None:
        return
    if "read" in context.counted or context.page is not None:
        yield HELD
    for miscount in context.miscounts:
        if miscount.kind == "total" and miscount.cause == "read":
            yield breach_of(miscount, "Nothing was written in between")
    page = context.page
    if page is None:
        return
    size, number = page
    pages_given = answer.pages
    expected = -(-total // size)
    if pages_given == expected and number > max(expected, 1):
        return
    if not total and pages_given == 1:
        return  # an empty list is not a page, or an empty one
    held = len(answer.rows)
    # A service may grant less than was asked for, as long as that adds up.
    if not granted_sizes(size, number, total=total, pages=pages_given, held=held):
        yield documented(
            f"Page {number}, of {size} asked for, holds {held} records, of {total}, and Total "
            f"Pages is {describe_number(pages_given)}."
        )


def unpaged_is_whole(context: CheckContext) -> Iterator[Verdict]:
    """Without `per_page` and `page`, all records come on one page."""
    answer, query = context.answer, context.intent.query
    if context.intent.call not in {"list", "fields"} or not context.is_success or query is None:
        return
    if context.page is not None or answer.total is None:
        return
    yield HELD
    if len(answer.rows) != answer.total:
        yield ours(f"Total Records is {answer.total}, and {len(answer.rows)} are listed.")
    if answer.pages != 1:
        pages = describe_number(answer.pages)
        yield ours(f"Total Pages is {pages} for a list that is not paged.")


def past_the_end(context: CheckContext) -> Iterator[Verdict]:
    """A page past the last is empty, with true totals."""
    intent, page = context.intent, context.page
    if intent.call != "list" or page is None or intent.authorization != "good":
        return
    known = context.model.members.get(intent.entity)
    total = known.total if known is not None and context.model.is_alone else context.answer.total
    if total is None or (page[1] - 1) * page[0] < max(total, 1):
        return
    yield HELD
    if context.is_success and context.answer.rows:
        count = len(context.answer.rows)
        yield ours(f"Page {page[1]} lies past the end, and holds {count} records.")
    elif context.exchange.status == 404:
        yield ours(f"Page {page[1]} lies past the end, and was answered 404.")


def default_order(context: CheckContext) -> Iterator[Verdict]:
    """Without `sort_by`, records are in the order of their creation, which is stable."""
    key = context.order_key
    members = context.model.members.get(context.intent.entity)
    if key is None or key[0] is not None or context.page is not None or members is None:
        return
    if members.ids is None or not context.model.is_alone:
        return
    there = [external_id for external_id in _ids(context) if external_id in set(members.ids)]
    wanted = members.ids if key[1] == "asc" else members.ids[::-1]
    yield HELD
    if there != wanted and sorted(there) == sorted(wanted):
        yield ours("The records are not in the order of their creation.")


def sort_permutation(context: CheckContext) -> Iterator[Verdict]:
    """Sorting changes the order of the records, and nothing else."""
    key = context.order_key
    if key is None or key[0] is None or not context.is_whole or not context.model.is_alone:
        return
    plain = context.model.orders.get(context.intent.entity, {}).get((None, "asc"))
    if plain is None or plain.whole is None:
        return
    yield HELD
    if sorted(plain.whole) != sorted(_ids(context)):
        yield documented(
            f"Sorted by {key[0]}, the list does not hold the records it holds unsorted."
        )


def _sorted_values(context: CheckContext) -> tuple[str, str, list[Any]] | None:
    """Return the field sorted by, its type, and its values in the order of the answer."""
    key = context.order_key
    if key is None or key[0] is None:
        return None
    name, rows = key[0], context.answer.rows
    if name == "ExternalID":
        return name, "ExternalID", [row.external_id for row in rows]
    rule = context.model.fields_of(context.intent.entity).get(name)
    if rule is None or any(name not in row.properties for row in rows):
        return None
    return name, rule.type, [row.properties[name] for row in rows]


def sort_ordered(context: CheckContext) -> Iterator[Verdict]:
    """Records sorted by a field are in the order of its values; numbers have their own check."""
    found = _sorted_values(context)
    if found is not None and found[1] not in _NUMERIC:
        yield from _against_order(context, *found)


def numbers_in_order(context: CheckContext) -> Iterator[Verdict]:
    """Records sorted by a number are in the order of its value, to the last digit."""
    found = _sorted_values(context)
    if found is not None and found[1] in _NUMERIC:
        yield from _against_order(context, *found)


def _against_order(
    context: CheckContext, name: str, kind: str, values: list[Any]
) -> Iterator[Verdict]:
    keys = [sort_key(kind, value) for value in values]
    is_down = context.order_key is not None and context.order_key[1] == "desc"
    if len(keys) > 1:
        yield HELD
    for before, after, first, second in zip(keys, keys[1:], values, values[1:], strict=False):
        if (before < after) if is_down else (before > after):
            one, next_one = (
                QuotedValue(context.intent.entity, name, value) for value in (first, second)
            )
            yield ours(f"Sorted by {name}, {next_one} follows {one}.", one, next_one)
            return


def desc_reverses(context: CheckContext) -> Iterator[Verdict]:
    """`desc` is the reverse of `asc`, value by value, whatever the order is."""
    key, found = context.order_key, _sorted_values(context)
    if key is None or found is None or not context.is_whole:
        return
    other = "asc" if key[1] == "desc" else "desc"
    order = context.model.orders.get(context.intent.entity, {}).get((key[0], other))
    if order is None or order.values is None:
        return
    _, kind, values = found
    # Which values are equal, and where nulls stand, is not said.
    here = [loose_key(kind, value) for value in values if value is not None]
    there = [loose_key(kind, value) for value in reversed(order.values) if value is not None]
    if len(here) > 1:
        yield HELD
    if here != there and (context.model.is_alone or sorted(here) == sorted(there)):
        message = f"Sorted by {key[0]}, {key[1]} is not the reverse of {other}."
        is_clear = not is_reversed(kind, values, order.values)
        yield documented(message) if is_clear else ours(message)


def ties_stable(context: CheckContext) -> Iterator[Verdict]:
    """Records with equal values are in the order of their creation."""
    found, members = _sorted_values(context), context.model.members.get(context.intent.entity)
    if found is None or members is None or members.ids is None or not context.model.is_alone:
        return
    place = {external_id: number for number, external_id in enumerate(members.ids)}
    _, kind, values = found
    keys = [sort_key(kind, value) for value in values]
    ids = _ids(context)
    for first, second, one, other in zip(ids, ids[1:], keys, keys[1:], strict=False):
        if one != other or first not in place or second not in place:
            continue
        yield HELD
        if place[first] > place[second]:
            yield ours(f"{second} follows {first}, which has the same value and was created later.")
            return


def projection_exact(context: CheckContext) -> Iterator[Verdict]:
    """`fields` chooses what is shown: those fields, and no others."""
    query = context.intent.query
    if context.order_key is None or query is None or "fields" not in query:
        return
    wanted = {name for name in query["fields"].split(",") if name != "ExternalID"}
    if context.answer.rows:
        yield HELD
    for row in context.answer.rows:
        if set(row.properties) != wanted:
            odd = ", ".join(sorted(wanted ^ row.properties.keys()))
            message = (
                f"The fields shown of {row.external_id} differ from those asked for: {odd[:100]}."
            )
            is_clear = _is_other_projection(context, row, wanted)
            yield documented(message) if is_clear else ours(message)
            return


def _is_other_projection(context: CheckContext, row: ListedRow, wanted: set[str]) -> bool:
    """Return whether a field that has a value was left out, or all came though few were wanted.

    A service may leave out nulls, ignore the names of fields that it does not have, and always show
    some that are its own.
    """
    known = context.model.find_record(context.intent.entity, row.external_id)
    if known is None:
        return False
    valued = {name for name, fact in known.values.items() if fact.value not in {None, ""}}
    shown = row.properties.keys()
    return bool((wanted & valued) - shown) or (wanted < known.values.keys() <= shown)


def projection_agrees(context: CheckContext) -> Iterator[Verdict]:
    """A chosen field has the value it has in the whole record."""
    if context.is_projected and context.has_compared("read", of_field=True):
        yield HELD
    for contradiction in context.contradictions:
        if contradiction.is_projected and contradiction.cause == "read":
            yield breach_of(contradiction, "With some fields chosen")


CHECKS = (
    Check("totals-add-up", "retrieve many: Total Records, Total Pages", "documented",
          totals_add_up, LISTS),
    Check("unpaged-is-whole", "per_page, page: neither given: all records, Total Pages \"1\"",
          "ours", unpaged_is_whole, LISTS | _FIELDS),
    Check("past-the-end", "page past the last: 200, empty list, true totals", "ours",
          past_the_end, LISTS),
    Check("default-order", "order without sort_by: creation order, stable", "ours",
          default_order, LISTS),
    Check("sort-permutation", "Query parameters: sort_by is one field", "documented",
          sort_permutation, LISTS),
    Check("desc-reverses", "Query parameters: sort_order is asc or desc", "documented",
          desc_reverses, LISTS),
    Check("sort-ordered", "collation: text without regard to case, dates by time; null first in "
          "asc", "ours", sort_ordered, LISTS),
    Check("numbers-in-order", "collation: numbers by value", "ours", numbers_in_order, LISTS),
    Check("ties-in-creation-order", "ties under sort_by: by creation order", "ours",
          ties_stable, LISTS),
    Check("pages-partition", "ties under sort_by: by creation order, so that pages never overlap; "
          "order without sort_by: stable", "ours", pages_partition, LISTS),
    Check("projection-exact", "Query parameters: fields is comma-separated", "documented",
          projection_exact, LISTS),
    Check("projection-agrees", "Query parameters: fields is comma-separated", "documented",
          projection_agrees, LISTS),
)  # fmt: skip
