"""The records of an entity without a screen: what is wanted, in which order, and their rows."""

from collections.abc import Sequence

import httpx

from cmdm_tui.api import Field, Page, Record, Response
from cmdm_tui.tui.models.entity_records import EntityRecords
from cmdm_tui.tui.models.row_source import SortKey
from cmdm_tui.tui.models.window_loader import PageRequest

RESPONSE = Response(1, "GET", "/lead", 200, httpx.Headers(), b"", 0.0)
CITIES = ["York", "Leeds", "Hull", "York"]


def no_fields(_: str) -> Sequence[Field]:
    return ()


def page_of(request: PageRequest) -> Page:
    records = [
        Record("lead", f"L{place}", {"City": city, "ModifiedDate": f"2026-01-0{9 - place}"})
        for place, city in enumerate(CITIES)
    ]
    if request.window.order is not None:
        field, is_last_first = request.window.order.field, request.window.order.direction == "desc"
        records.sort(key=lambda one: str(one.properties[field]), reverse=is_last_first)
    return Page("lead", tuple(records), 4, 1, 100, 1, RESPONSE)


def answer(records: EntityRecords) -> bool:
    """Hand over the page that is wanted; return whether one was."""
    request = records.loader.next_request()
    if request is None:
        return False
    change = records.receive_page(request, page_of(request))
    records.follow_window()
    records.end_page(change)
    return True


def ids(records: EntityRecords) -> list[str]:
    rows = records.source.rows(0, records.source.row_count)
    return [row.key for row in rows if row is not None]


def opened(order: Sequence[SortKey] = ()) -> EntityRecords:
    records = EntityRecords(100, no_fields)
    records.show_entity("lead", order)
    assert answer(records)
    return records


def test_the_service_sorts_by_one_field_and_what_was_read_is_sorted_here_by_more() -> None:
    records = opened()
    assert ids(records) == ["L0", "L1", "L2", "L3"]
    assert not records.is_sorted
    records.sort("City")
    assert answer(records)
    assert records.service_order == (SortKey("City"),)
    records.sort_here([SortKey("City", is_descending=True), SortKey("ModifiedDate")])
    assert ids(records) == ["L3", "L0", "L1", "L2"]
    assert not answer(records), "all of them were read"
    records.refresh()
    assert answer(records)
    assert ids(records) == ["L3", "L0", "L1", "L2"], "what is read again is sorted again"
    records.unsort()
    assert answer(records), "the service had another order than its own"
    assert (ids(records), records.is_sorted) == (["L0", "L1", "L2", "L3"], False)
    records.sort_newest_first()
    assert answer(records)
    assert records.service_order == (SortKey("ModifiedDate", is_descending=True),)


def test_an_entity_begins_in_the_order_in_which_it_was_left() -> None:
    records = opened([SortKey("City", is_descending=True), SortKey("ModifiedDate")])
    assert records.service_order == (SortKey("City", is_descending=True),)
    records.show_entity("contact")
    assert records.source.row_count == 0
    records.show_entity("lead")
    assert ids(records)[:2] == ["L0", "L3"], "what was read is there"


def test_a_deleted_record_is_gone_in_its_entity_alone() -> None:
    records = opened()
    records.mark_gone("lead", "L1")
    records.mark_gone("contact", "L2")
    assert records.gone == {("lead", "L1"), ("contact", "L2")}
    gone = [row.tone(0).name == "GONE" for row in records.source.rows(0, 4) if row is not None]
    assert gone == [False, True, False, False]
