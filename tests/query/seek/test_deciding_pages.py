"""What came first by a field is looked for where it was, and found also where it is no longer."""

import asyncio
from decimal import Decimal

import pytest

from cmdm_tui.query.model import ColumnKind
from cmdm_tui.query.seek import ExtremeValue, find_column_orders, find_first, find_largest, not_null
from tests.query.seek.fake_service import FakeService
from tests.query.seek.reference_predicates import column

NUMBER = column(ColumnKind.NUMBER)
PAGE, PAGES = 10, 1_000


def make_service(nulls: int) -> FakeService:
    """Return a service that has nulls before its largest number."""
    numbers = [str(number) for number in range(PAGE * PAGES - nulls)]
    return FakeService([*numbers, *[None] * nulls], "value", nulls="last", cap=PAGE)


def find(service: FakeService, places: tuple[int, ...]) -> ExtremeValue:
    orders = find_column_orders(NUMBER)
    assert orders is not None
    return asyncio.run(
        find_largest(service, not_null(NUMBER), orders, per_page=PAGE, places=places)
    )


@pytest.mark.parametrize("nulls", [10, 2_345, 2_350, 9_000])
def test_the_same_search_looks_where_it_found_the_border(nulls: int) -> None:
    service = make_service(nulls)
    found = find(service, ())
    assert found.value == PAGE * PAGES - nulls - 1
    assert found.places
    # Page 1, the border on a page or between two, and two that show numbers sorted by value.
    cold = len(service.calls)
    again = find(service, found.places)
    assert again.value == found.value
    assert len(service.calls) - cold <= 5 < cold or nulls <= PAGE


@pytest.mark.parametrize("nulls", [0, 1, 2_300, 2_355, 2_420, 9_990])
def test_a_border_that_moved_is_found_from_there(nulls: int) -> None:
    """The further it moved, the more calls: never many more than without a guess."""
    places = find(make_service(2_345), ()).places
    service = make_service(nulls)
    assert find(service, places).value == PAGE * PAGES - nulls - 1
    moved = abs(nulls - 2_345) // PAGE
    assert len(service.calls) <= 6 + 2 * moved.bit_length()


@pytest.mark.parametrize("places", [(-5,), (10**9,), tuple(range(0, 10_000, 9))])
def test_a_guess_that_makes_no_sense_costs_a_few_calls(places: tuple[int, ...]) -> None:
    service = make_service(2_345)
    assert find(service, places).value == PAGE * PAGES - 2_345 - 1
    assert len(service.calls) <= 28


def test_first_rows_past_nulls_are_looked_for_there_too() -> None:
    orders, service = find_column_orders(NUMBER), make_service(4_321)
    assert orders is not None

    def first(places: tuple[int, ...]) -> tuple[int, ...]:
        found = asyncio.run(
            find_first(
                service, orders, descending=True, count=3, fields=[], per_page=PAGE, places=places
            )
        )
        most = PAGE * PAGES - 4_321
        name = NUMBER.name
        values = [Decimal(str(one.properties[name])) for one in found.records]
        assert values == [most - 1, most - 2, most - 3]
        return found.places

    places = first(())
    cold = len(service.calls)
    first(places)
    assert len(service.calls) - cold <= 4 < cold
