"""A service that does not sort is not believed because its pages hold almost only nulls."""

import asyncio
import random
from collections import Counter
from collections.abc import Coroutine, Sequence
from typing import Any

import pytest

from cmdm_tui.api import Record
from cmdm_tui.query.model import ColumnKind
from cmdm_tui.query.seek import (
    SeekFailed,
    bisect,
    count_matches,
    count_values,
    extract_predicates,
    extremes,
    find_column_orders,
    find_first,
    find_largest,
    find_records,
    find_smallest,
    not_null,
    results,
)
from cmdm_tui.query.seek.order_proof import has_rare_order
from cmdm_tui.query.seek.sorted_pages import SortedPages
from tests.query.seek.fake_service import FIELD, FakeService
from tests.query.seek.reference_predicates import column
from tests.query.seek.test_predicates import where

KINDS = (ColumnKind.TEXT, ColumnKind.NUMBER, ColumnKind.DATE, ColumnKind.BOOLEAN)
POOLS: dict[ColumnKind, Sequence[str]] = {
    ColumnKind.TEXT: [f"user{number}@example.com" for number in range(40)],
    ColumnKind.NUMBER: [str(number) for number in range(40)],
    ColumnKind.DATE: [f"2026-01-{day:02}" for day in range(1, 29)],
    ColumnKind.BOOLEAN: ["false", "true"],
}
LITERALS = {ColumnKind.TEXT: "'{}'", ColumnKind.NUMBER: "{}", ColumnKind.DATE: "'{}'"}


class UnsortedService(FakeService):
    """A service that gives records in the order in which they were made, whatever is asked."""

    def sorted(self, *, descending: bool = False) -> list[Record]:
        return list(self.records[::-1] if descending else self.records)


def make_service(kind: ColumnKind, seed: int) -> UnsortedService:
    """Return a service on which most records have no value, or nearly all have the same one."""
    chance = random.Random(f"{kind} {seed}")
    usual = chance.choice([None, None, POOLS[kind][0]])
    share = chance.choice([0.01, 0.03, 0.1])
    raws = [
        chance.choice(POOLS[kind]) if chance.random() < share else usual
        for _ in range(chance.choice([150, 400]))
    ]
    return UnsortedService(raws, cap=chance.choice([2, 5, 20]))


def answer(work: Coroutine[Any, Any, Any]) -> Any:
    """Return what a seek is sure of."""
    try:
        found = asyncio.run(work)
    except SeekFailed:
        return None
    return found if found.is_sure else None


def find_faults(kind: ColumnKind, seed: int) -> list[str]:
    """Return which seeks of a service gave a wrong answer, not one that every page allows."""
    raws = make_service(kind, seed).raws
    filled = [str(raw) for raw in raws if raw is not None]
    orders, size = find_column_orders(column(kind)), 1_000
    assert orders is not None
    if not filled:
        return []
    rank = POOLS[kind].index
    wanted = filled[seed % len(filled)]
    literal = LITERALS.get(kind, "{}").format(wanted)
    wrong: list[str] = []
    for sql, kept in ((f"{FIELD} = {literal}", wanted), (f"{FIELD} IS NULL", None)):
        (predicate,) = extract_predicates(where(sql), {FIELD: column(kind)})
        right = [number for number, raw in enumerate(raws) if raw == kept]
        found = answer(
            find_records(
                make_service(kind, seed), predicate, orders, fields=["Other"], per_page=size
            )
        )
        if found and not {one.properties["Other"] for one in found.records} >= set(right):
            wrong.append(sql)
        found = answer(count_matches(make_service(kind, seed), predicate, orders, per_page=size))
        if found and found.count != len(right):
            wrong.append(f"count {sql}")
    for find, best in ((find_smallest, min), (find_largest, max)):
        found = answer(
            find(make_service(kind, seed), not_null(column(kind)), orders, per_page=size)
        )
        if found and _text(found.value) != best(filled, key=rank):
            wrong.append(best.__name__)
    found = answer(count_values(make_service(kind, seed), orders, per_page=size))
    if found and {_text(one): count for one, count in found.counts} != Counter(raws):
        wrong.append("groups")
    for descending in (False, True):
        found = answer(
            find_first(
                make_service(kind, seed), orders, descending=descending, count=3, fields=[],
                per_page=size,
            )
        )  # fmt: skip
        ordered = sorted(filled, key=rank, reverse=descending)
        empty = [None] * (len(raws) - len(filled))
        right = (ordered + empty if descending else empty + ordered)[:3]
        if found and [one.properties[FIELD] for one in found.records] != right:
            wrong.append(f"first, descending {descending}")
    return wrong


def _text(value: object) -> str | None:
    if value is None:
        return None
    return str(value).lower() if isinstance(value, bool) else str(value)


@pytest.mark.parametrize("kind", KINDS)
def test_what_does_not_sort_gives_no_wrong_answer(kind: ColumnKind, *, runs_whole: bool) -> None:
    seeds = range(400 if runs_whole else 6)
    assert not [(seed, wrong) for seed in seeds if (wrong := find_faults(kind, seed))]


@pytest.mark.parametrize("kind", KINDS)
def test_a_seek_that_needs_no_proof_would_be_noticed(
    kind: ColumnKind, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The broken twin."""

    def believe(_: SortedPages) -> bool:
        return True

    for module in (bisect, extremes, results):
        monkeypatch.setattr(module, "is_order_shown", believe)
    assert any(find_faults(kind, seed) for seed in range(12))


@pytest.mark.parametrize(
    ("values", "is_rare"),
    [
        ([None] * 5_000, False),
        ([None] * 5_000 + ["a"], False),
        ([None] * 5_000 + ["a", "b"], True),
        (["a"] * 600 + ["b"] * 400, True),
        (["a"] * 3 + ["b"] * 3, False),
        (list("abcdefghi"), True),
        (list("abcdefgh"), False),
        ([], False),
    ],
)
def test_an_order_is_shown_by_what_chance_rarely_makes(
    values: list[str | None], *, is_rare: bool
) -> None:
    assert has_rare_order(values) is is_rare


@pytest.mark.parametrize(
    ("kind", "order", "raws"),
    [
        (ColumnKind.NUMBER, "value", ["100"] * 90 + [str(number % 90) for number in range(910)]),
        (ColumnKind.BOOLEAN, "boolean", ["true"] * 400 + ["false"] * 600),
        (ColumnKind.DATE, "time", [*["2026-09-09"] * 90, *(list(POOLS[ColumnKind.DATE]) * 33)]),
    ],
)
def test_first_rows_of_one_value_are_certain_after_pages_further_on(
    kind: ColumnKind, order: str, raws: Sequence[str]
) -> None:
    service = FakeService(raws, order=order, cap=10)
    orders = find_column_orders(column(kind))
    assert orders is not None
    found = asyncio.run(
        find_first(service, orders, descending=True, count=5, fields=[], per_page=10)
    )
    assert found.is_sure
    assert [one.properties[FIELD] for one in found.records] == [raws[0]] * 5
    assert len(service.calls) <= 3


def test_a_column_of_one_value_on_many_pages_is_left_to_a_scan_after_some() -> None:
    service = FakeService([None] * 1_000, cap=10)
    orders = find_column_orders(column(ColumnKind.TEXT))
    assert orders is not None
    (predicate,) = extract_predicates(where(f"{FIELD} = 'x'"), {FIELD: column(ColumnKind.TEXT)})
    with pytest.raises(SeekFailed):
        asyncio.run(find_records(service, predicate, orders, fields=[], per_page=10))
    assert len(service.calls) <= 12
