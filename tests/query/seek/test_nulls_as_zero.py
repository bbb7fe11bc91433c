"""A service may sort null as 0 or 1970: among the values of a field that has some below it."""

from datetime import date

import pytest

from cmdm_tui.api import Record
from cmdm_tui.catalog.traits import Trait, Traits
from cmdm_tui.query.model import ColumnKind
from cmdm_tui.query.seek import (
    ColumnOrders,
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
SEEN_FIRST = {
    "null_places": Trait(("date asc first", "number asc first")),
    "number_order": Trait(("value",)),
}
NUMBER, DATE = ColumnKind.NUMBER, ColumnKind.DATE
ABOVE = [(NUMBER, 1), (DATE, 1)]
ACROSS = [(NUMBER, -500), (DATE, -500)]


class ZeroService(FakeService):
    """A service to which a null is the number 0, and the day on which Unix time begins."""

    def sorted(self, *, descending: bool = False) -> list[Record]:
        def key(record: Record) -> float:
            value = record.properties[FIELD] or "0"
            return date.fromisoformat(value).toordinal() - EPOCH if "-" in value[1:] else int(value)

        return sorted(self.records, key=key, reverse=descending)


EPOCH = date(1970, 1, 1).toordinal()


def make_service(kind: ColumnKind, lowest: int) -> ZeroService:
    """Return a service with values from `lowest` on, of days since 1970 for dates."""
    numbers = range(lowest, lowest + COUNT)
    days = (date.fromordinal(EPOCH + number).isoformat() for number in numbers)
    texts = [str(number) for number in numbers] if kind is NUMBER else days
    return ZeroService([*texts, *[None] * NULLS], cap=10)


def known_orders(kind: ColumnKind) -> ColumnOrders:
    """Return the orders where other fields, without such low values, have their nulls first."""
    orders = find_column_orders(column(kind), Traits().with_findings(SEEN_FIRST))
    assert orders is not None
    return orders


async def count_values(kind: ColumnKind, lowest: int) -> int:
    service, predicate = make_service(kind, lowest), not_null(column(kind))
    return (await count_matches(service, predicate, known_orders(kind), per_page=10)).count


@pytest.mark.parametrize(("kind", "lowest"), ABOVE)
async def test_the_nulls_of_other_fields_show_where_those_of_this_one_are(
    kind: ColumnKind, lowest: int
) -> None:
    assert await count_values(kind, lowest) == COUNT


@pytest.mark.parametrize(("kind", "lowest"), ACROSS)
async def test_they_say_nothing_of_one_with_lower_values(kind: ColumnKind, lowest: int) -> None:
    with pytest.raises(NullsUnplaced):
        await count_values(kind, lowest)


@pytest.mark.parametrize(("kind", "lowest"), ACROSS)
async def test_they_would_be_counted_if_they_were_taken_to_come_first(
    kind: ColumnKind, lowest: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The broken twin."""
    monkeypatch.setattr(SortedPages, "_is_below_defaults", False)
    assert await count_values(kind, lowest) == COUNT + NULLS


@pytest.mark.parametrize(("kind", "lowest"), ACROSS)
async def test_nor_are_they_missing_from_the_first_rows(kind: ColumnKind, lowest: int) -> None:
    service, orders = make_service(kind, lowest), known_orders(kind)
    with pytest.raises(NullsUnplaced):
        await find_first(service, orders, descending=False, count=3, fields=[], per_page=10)
