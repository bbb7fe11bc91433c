"""A service may sort null as 0: among the numbers of a field that has some below it."""

import pytest

from cmdm_tui.api import Record
from cmdm_tui.catalog.traits import Trait, Traits
from cmdm_tui.query.model import ColumnKind
from cmdm_tui.query.seek import (
    NullsUnplaced,
    count_matches,
    find_column_orders,
    find_first,
    not_null,
)
from cmdm_tui.query.seek.sorted_pages import SortedPages
from tests.query.seek.fake_service import FIELD, FakeService
from tests.query.seek.reference_predicates import column

COUNT, NULLS = 1_000, 40
SEEN_FIRST = {"null_places": Trait(("number asc first",)), "number_order": Trait(("value",))}


class ZeroService(FakeService):
    """A service to which a null is the number 0."""

    def sorted(self, *, descending: bool = False) -> list[Record]:
        return sorted(
            self.records, key=lambda one: int(one.properties[FIELD] or 0), reverse=descending
        )


def make_service(lowest: int) -> ZeroService:
    numbers = [str(number) for number in range(lowest, lowest + COUNT)]
    return ZeroService([*numbers, *[None] * NULLS], cap=10)


async def count_values(service: FakeService) -> int:
    """Count the values where other fields, without negative numbers, have their nulls first."""
    orders = find_column_orders(column(ColumnKind.NUMBER), Traits().with_findings(SEEN_FIRST))
    assert orders is not None
    predicate = not_null(column(ColumnKind.NUMBER))
    return (await count_matches(service, predicate, orders, per_page=10)).count


async def test_the_nulls_of_other_fields_say_nothing_of_one_with_negative_numbers() -> None:
    assert await count_values(make_service(1)) == COUNT
    with pytest.raises(NullsUnplaced):
        await count_values(make_service(-500))


async def test_they_would_be_counted_if_they_were_taken_to_come_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The broken twin."""
    monkeypatch.setattr(SortedPages, "_has_negative_number", False)
    assert await count_values(make_service(-500)) == COUNT + NULLS


async def test_nor_are_they_missing_from_the_first_rows() -> None:
    orders = find_column_orders(column(ColumnKind.NUMBER), Traits().with_findings(SEEN_FIRST))
    assert orders is not None
    with pytest.raises(NullsUnplaced):
        await find_first(
            make_service(-500), orders, descending=False, count=3, fields=[], per_page=10
        )
