"""Records that change, pages that do not fit, and services that tell too little."""

import random
from collections.abc import Callable
from typing import Any

import pytest

from cmdm_tui.api import Record
from cmdm_tui.catalog.traits import Trait, Traits
from cmdm_tui.query.model import ColumnKind, Table
from cmdm_tui.query.seek import (
    NoTotal,
    OrderContradicted,
    RecordsMoved,
    TooManyGroups,
    count_matches,
    count_values,
    estimate_seek,
    extract_predicates,
    find_column_orders,
    find_first,
    find_largest,
    find_records,
    not_null,
)
from cmdm_tui.query.seek.column_orders import ColumnOrders
from cmdm_tui.query.seek.sorted_pages import SortedPages
from tests.query.seek.fake_service import FIELD, FakeService
from tests.query.seek.reference_predicates import column
from tests.query.seek.test_predicates import where


def numbers(count: int) -> list[str]:
    return [str(number) for number in range(count)]


def ordered(
    kind: ColumnKind = ColumnKind.NUMBER, traits: Traits | None = None, *options: str
) -> ColumnOrders:
    found = find_column_orders(column(kind), traits, options)
    assert found is not None
    return found


def wanted(sql: str, kind: ColumnKind = ColumnKind.NUMBER) -> Any:
    return extract_predicates(where(sql), {FIELD: column(kind)})[0]


def without(number: int) -> Callable[[FakeService, int], None]:
    """Remove a record before the call of that number."""

    def change(shelf: FakeService, call: int) -> None:
        if call == number:
            shelf.change(shelf.records[:-1])

    return change


async def test_a_search_is_made_anew_where_a_record_went_meanwhile() -> None:
    shelf = FakeService(numbers(100), "value", cap=5, before_call=without(4))
    found = await count_matches(shelf, wanted(f"{FIELD} > 40"), ordered(), per_page=5)
    assert (found.count, found.total) == (58, 99)
    assert found.notes[-1] == "Records changed during the search, which was made again."


async def test_a_search_gives_up_where_records_keep_going() -> None:
    def shrink(shelf: FakeService, call: int) -> None:
        shelf.change(shelf.records[:-1])

    shelf = FakeService(numbers(100), "value", cap=5, before_call=shrink)
    with pytest.raises(RecordsMoved):
        await find_records(shelf, wanted(f"{FIELD} = 40"), ordered(), fields=[], per_page=5)


async def test_values_that_moved_between_pages_are_no_contradiction_of_the_order() -> None:
    def reverse(shelf: FakeService, call: int) -> None:
        if call == 3:
            turned = [
                Record("lead", one.external_id, {FIELD: str(200 - int(one.properties[FIELD]))})
                for one in shelf.records
            ]
            shelf.change(turned)

    shelf = FakeService(numbers(100), "value", cap=5, before_call=reverse)
    found = await count_matches(shelf, wanted(f"{FIELD} >= 150"), ordered(), per_page=5)
    assert found.count == 51
    assert "made again" in found.notes[-1]


@pytest.mark.parametrize("order", ["length", "ignored"])
async def test_pages_in_no_known_order_contradict(order: str) -> None:
    raws = [f"x{text}" for text in numbers(200)]
    random.Random(4).shuffle(raws)
    shelf = FakeService(raws, order, cap=9)
    if order == "length":
        shelf = FakeService(["b", "a" * 9, "c" * 4] * 30, order, cap=9)
    with pytest.raises(OrderContradicted) as raised:
        await find_records(
            shelf,
            wanted(f"{FIELD} = 'zz'", ColumnKind.TEXT),
            ordered(ColumnKind.TEXT),
            fields=[],
            per_page=9,
        )
    assert raised.value.trait == "collation"
    assert raised.value.column == FIELD


async def test_a_service_that_sorts_numbers_as_text_loses_no_match() -> None:
    shelf = FakeService(numbers(101) * 3, "text", cap=2)
    found = await find_records(shelf, wanted(f"{FIELD} = 7"), ordered(), fields=[], per_page=2)
    assert [record.properties[FIELD] for record in found.records] == ["7"] * 3
    assert found.learned == {"number_order": ("text",)}


async def test_taking_numbers_by_value_for_granted_would_lose_one() -> None:
    raws = [*["0"] * 40, *["1"] * 40, "7", *["10"] * 200, *["54"] * 40, *["99"] * 40]
    shelf = FakeService(raws, "text", cap=10)
    only_by_value = ColumnOrders(column(ColumnKind.NUMBER), ordered().orders[:1], "number_order")
    hasty = await count_matches(shelf, wanted(f"{FIELD} = 7"), only_by_value, per_page=10)
    careful = await count_matches(shelf, wanted(f"{FIELD} = 7"), ordered(), per_page=10)
    assert (hasty.count, careful.count) == (0, 1)


async def test_what_is_not_sure_says_so() -> None:
    shelf = FakeService([f"n{number:03}" for number in range(500)], cap=10)
    text = ordered(ColumnKind.TEXT)
    predicate = wanted(f"{FIELD} > 'n250'", ColumnKind.TEXT)
    hasty = await count_matches(shelf, predicate, text, per_page=10, sure=False)
    assert hasty.count == 249
    assert any("do not show" in note for note in hasty.notes)
    sure = await count_matches(shelf, predicate, text, per_page=10)
    assert sure.count == 249
    assert not any("do not show" in note for note in sure.notes)
    assert sure.pages_read > hasty.pages_read


def with_an_odd_one(pages: int) -> FakeService:
    """Return numbers by value, and in the middle one text that is none, on a page of its own."""

    def place(raw: Any) -> float:
        return float(raw) if raw != "12,5" else (pages * 10) / 2

    raws = numbers(pages * 10 - 1)
    return FakeService([*raws, "12,5"], place, cap=10)


@pytest.mark.parametrize("sql", [f"{FIELD} IS NOT NULL", f"{FIELD} > 3"])
async def test_a_count_of_few_pages_takes_no_value_for_granted(sql: str) -> None:
    with pytest.raises(OrderContradicted):
        await count_matches(with_an_odd_one(40), wanted(sql), ordered(), per_page=10)


async def test_what_no_number_can_hide_among_few_pages_is_found_as_null() -> None:
    with pytest.raises(OrderContradicted):
        await find_records(
            with_an_odd_one(40), wanted(f"{FIELD} IS NULL"), ordered(), fields=[], per_page=10
        )


async def test_a_count_of_many_pages_says_what_it_takes_for_granted() -> None:
    shelf = with_an_odd_one(100)
    counted = await count_matches(shelf, wanted(f"{FIELD} > 3"), ordered(), per_page=10, sure=False)
    assert len(shelf.calls) < 30
    assert any("assumed to hold only number values" in note for note in counted.notes)


@pytest.mark.parametrize("odd", ["many", "1e3", "+5", {"Amount": 5}, ["5"], True])
async def test_a_value_that_is_no_plain_number_ends_the_search(odd: object) -> None:
    shelf = FakeService([*numbers(20), odd], str, cap=50)
    with pytest.raises(OrderContradicted) as raised:
        await find_records(shelf, wanted(f"{FIELD} = 7"), ordered(), fields=[], per_page=50)
    assert raised.value.trait is None


async def test_without_a_total_nothing_is_sought() -> None:
    shelf = FakeService(numbers(20), "value", cap=5, total="not told")
    with pytest.raises(NoTotal):
        await find_records(shelf, wanted(f"{FIELD} = 7"), ordered(), fields=[], per_page=5)


async def test_tied_records_that_change_places_contradict() -> None:
    shelf = FakeService(["5"] * 60 + numbers(20), "value", cap=4, is_tied_unstably=True)
    with pytest.raises(OrderContradicted) as raised:
        await find_records(shelf, wanted(f"{FIELD} = 5"), ordered(), fields=[], per_page=4)
    assert raised.value.trait == "stable_ties"
    assert len(shelf.calls) < 15


async def test_many_groups_are_given_up_early() -> None:
    shelf = FakeService(numbers(2_000), "value", cap=5)
    with pytest.raises(TooManyGroups):
        await count_values(shelf, ordered(), per_page=5)
    assert len(shelf.calls) <= 2 + 2 * (400).bit_length()


async def test_spellings_that_differ_in_case_are_groups_of_their_own() -> None:
    shelf = FakeService(["New", "new", "NEW"] * 30 + ["old"] * 30, cap=7)
    found = await count_values(shelf, ordered(ColumnKind.TEXT), per_page=7)
    assert dict(found.counts) == {"New": 30, "new": 30, "NEW": 30, "old": 30}


async def test_a_pick_list_with_other_values_than_its_options_is_read_with_care() -> None:
    shelf = FakeService(["New"] * 40 + ["new"] + ["Old"] * 40, cap=5)
    picklist = ordered(ColumnKind.TEXT, None, "New", "Old")
    found = await count_values(shelf, picklist, per_page=5)
    assert dict(found.counts) == {"New": 40, "new": 1, "Old": 40}


@pytest.mark.parametrize(
    ("kind", "trait"),
    [
        (ColumnKind.TEXT, {"collation": Trait(("locale",))}),
        (ColumnKind.TEXT, {"collation": Trait(())}),
        (ColumnKind.NUMBER, {"number_order": Trait(())}),
        (ColumnKind.DATE, {"dates_sort": Trait(False)}),
    ],
)
def test_a_service_known_to_sort_otherwise_is_not_sought(kind: ColumnKind, trait: Any) -> None:
    assert find_column_orders(column(kind), Traits().with_findings(trait)) is None


@pytest.mark.parametrize("order", ["casefold", "binary"])
async def test_equality_is_sought_in_the_order_that_is_known(order: Any) -> None:
    raws = [f"{letter}{number}" for letter in "abcABC" for number in range(200)]
    shelf = FakeService(raws, order, cap=10)
    known = ordered(ColumnKind.TEXT, Traits().with_findings({"collation": Trait((order,))}))
    predicate = wanted(f"{FIELD} = 'b77'", ColumnKind.TEXT)
    found = await find_records(shelf, predicate, known, fields=[], per_page=10)
    assert "b77" in [record.properties[FIELD] for record in found.records]
    assert len(shelf.calls) <= 2 + (120).bit_length()


@pytest.mark.parametrize(
    ("task", "most"), [("search", 16), ("count", 26), ("extreme", 2), ("groups", 64), ("first", 1)]
)
async def test_a_thousand_pages_cost_what_is_promised(task: Any, most: int) -> None:
    # A thousandth of a million, at one record a page where a thousand would be: the same pages.
    raws = numbers(1_000) if task != "groups" else ["1", "2", "3", "4", "5"] * 200
    shelf = FakeService(raws, "value", cap=1)
    facts = {"number_order": Trait(("value",)), "null_places": Trait(("number asc first",))}
    known = ordered(traits=Traits().with_findings(facts))
    equal, between = wanted(f"{FIELD} = 777"), wanted(f"{FIELD} BETWEEN 123 AND 777")
    whole = not_null(column(ColumnKind.NUMBER))
    match task:
        case "search":
            found = await find_records(shelf, equal, known, fields=[], per_page=1)
            assert len(found.records) == 1
        case "count":
            counted = await count_matches(shelf, between, known, per_page=1)
            assert counted.count == 655
        case "extreme":
            extreme = await find_largest(shelf, whole, known, per_page=1)
            assert extreme.value == 999
        case "groups":
            grouped = await count_values(shelf, known, per_page=1)
            assert [count for _, count in grouped.counts] == [200] * 5
        case _:
            found = await find_first(shelf, known, descending=True, count=1, fields=[], per_page=1)
            assert found.records[0].properties[FIELD] == "999"
    assert len(shelf.calls) <= most
    predicate = {"search": equal, "count": between, "extreme": whole}.get(task)
    table = Table("lead", (column(ColumnKind.NUMBER),), total=1_000, largest_page=1)
    estimate = estimate_seek(task, predicate, known, table)
    assert estimate.low <= len(shelf.calls) <= estimate.high


async def test_without_the_check_of_order_a_match_would_be_lost(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    raws = [f"x{text}" for text in numbers(200)]
    random.Random(4).shuffle(raws)
    text = ordered(ColumnKind.TEXT)
    lost = 0

    def always(*_: object) -> bool:
        return True

    monkeypatch.setattr(SortedPages, "_is_sorted", always)
    for number in range(0, 200, 20):
        shelf = FakeService(raws, "ignored", cap=9)
        predicate = wanted(f"{FIELD} = 'x{number}'", ColumnKind.TEXT)
        found = await find_records(shelf, predicate, text, fields=[], per_page=9)
        lost += not found.records
    assert lost
