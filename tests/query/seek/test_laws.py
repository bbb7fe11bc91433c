"""Whatever the service, its order, its pages and the predicate: a seek equals a filter of all.

Where a service sorts otherwise than any order thought of, the seek says so, or reads until it
cannot matter; its answer is never another than a scan's.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from cmdm_tui.query.model import ColumnKind
from cmdm_tui.query.seek import (
    ColumnOrders,
    ColumnPredicate,
    SeekFailed,
    TooManyGroups,
    count_matches,
    count_values,
    extract_predicates,
    find_column_orders,
    find_first,
    find_largest,
    find_records,
    find_smallest,
    not_null,
)
from tests.query.seek.fake_service import FIELD, FakeService
from tests.query.seek.reference_predicates import VALUES, Predicate, account_key, column, predicates
from tests.query.seek.test_predicates import where

Result = TypeVar("Result")

ORDERS = {
    ColumnKind.TEXT: ["casefold", "casefold", "casefold then code point", "binary", "locale"],
    ColumnKind.NUMBER: ["value", "value", "text"],
    ColumnKind.DATE: ["time"],
    ColumnKind.DATETIME: ["time"],
    ColumnKind.BOOLEAN: ["boolean"],
}
OPTIONS = ("New", "Contacted", "Qualified", "Open", "Closed", "b", "a")
ODD = {
    ColumnKind.TEXT: [5, ["New"], {"a": 1}],
    ColumnKind.NUMBER: ["many", "+5", "1e3", "", {"Amount": 1}],
}


def on_wire(value: Any, kind: ColumnKind, style: int) -> object:
    """Write a value as a service may."""
    match kind:
        case ColumnKind.NUMBER:
            text = format(value, "f")
            plain = text.rstrip("0").rstrip(".") if "." in text else text
            return [
                text,
                "0" if plain == "-0" else plain,
                plain + (".0" if "." not in plain else "0"),
            ][style % 3]
        case ColumnKind.DATE:
            return value.isoformat()
        case ColumnKind.DATETIME:
            return value.isoformat() + "Z"
        case ColumnKind.BOOLEAN:
            return value if style % 2 else str(value).lower()
        case ColumnKind.TEXT:
            return value


@dataclass(frozen=True)
class Case:
    """One service with what it holds, and what is asked of it."""

    kind: ColumnKind
    values: list[Any]
    shelf: FakeService
    predicate: Predicate
    options: tuple[str, ...]
    per_page: int

    @property
    def ordering(self) -> ColumnOrders:
        found = find_column_orders(column(self.kind), None, self.options)
        assert found is not None
        return found

    @property
    def candidates(self) -> list[ColumnPredicate]:
        return extract_predicates(where(self.predicate.sql), {FIELD: column(self.kind)})

    @property
    def kept(self) -> list[Any]:
        return [value for value in self.values if self.predicate.of(value) is True]

    @property
    def pages(self) -> int:
        return max(-(-len(self.values) // min(self.per_page, self.shelf.cap)), 1)


@st.composite
def cases(draw: st.DrawFn, kind: ColumnKind, *, orders: list[str] | None = None) -> Case:
    """Draw many ties as well as none, pages of one record as well as one page of all."""
    has_options = kind is ColumnKind.TEXT and draw(st.integers(0, 3)) == 0
    one = st.sampled_from(OPTIONS) if has_options else VALUES[kind]
    pool = draw(st.lists(one, min_size=1, max_size=draw(st.sampled_from([3, 30]))))
    seed = draw(st.randoms(use_true_random=False))
    size = draw(st.sampled_from([0, 1, 5, 40, 120]))
    nulls = draw(st.sampled_from([0.0, 0.1, 0.9]))
    values = [None if seed.random() < nulls else seed.choice(pool) for _ in range(size)]
    raws = [None if value is None else on_wire(value, kind, seed.randrange(6)) for value in values]
    order: Any = draw(st.sampled_from(orders or ORDERS[kind]))
    if has_options and draw(st.booleans()):
        order = OPTIONS.index
    shelf = FakeService(
        raws,
        order,
        nulls=draw(st.sampled_from(["first", "last", "always-last"])),
        cap=draw(st.sampled_from([1_000, 1, 3, 7])),
        is_tied_unstably=draw(st.sampled_from([False, False, True])),
        past_end=draw(st.sampled_from(["empty", "404"])),
        seed=draw(st.integers(0, 9)),
    )
    return Case(
        kind,
        values,
        shelf,
        draw(predicates(one | VALUES[kind], kind)),
        OPTIONS if has_options else (),
        draw(st.sampled_from([1, 2, 3, 5, 10, 1_000])),
    )


def run(work: Coroutine[Any, Any, Result]) -> Result | SeekFailed:
    """Run a seek; what it gives up with is a result as well."""
    try:
        return asyncio.run(work)
    except SeekFailed as failed:
        event(type(failed).__name__)
        return failed


def check_calls(case: Case) -> None:
    """Check that no page was read twice but for the looks that a failure takes."""
    assert len(case.shelf.calls) <= case.pages + 3


def law(kind: ColumnKind, check: Callable[[Case], None], **options: Any) -> None:
    @settings(
        deadline=None,
        max_examples=settings().max_examples // 2,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
    @given(cases(kind, **options))
    def proven(case: Case) -> None:
        check(case)

    proven()


def is_found(case: Case) -> None:
    for candidate in case.candidates:
        case.shelf.calls.clear()
        found = run(
            find_records(
                case.shelf, candidate, case.ordering, fields=["Other"], per_page=case.per_page
            )
        )
        check_calls(case)
        if isinstance(found, SeekFailed):
            continue
        event("found")
        ids = [record.external_id for record in found.records]
        assert len(ids) == len(set(ids))
        numbers = {record.properties["Other"] for record in found.records}
        kept = {
            number for number, value in enumerate(case.values) if case.predicate.of(value) is True
        }
        assert kept <= numbers
        assert found.total == len(case.values)
        assert found.pages_read == len(set(case.shelf.calls))


def is_counted(case: Case) -> None:
    for candidate in case.candidates:
        if candidate.is_exact:
            case.shelf.calls.clear()
            found = run(count_matches(case.shelf, candidate, case.ordering, per_page=case.per_page))
            check_calls(case)
            assert isinstance(found, SeekFailed) or found.count == len(case.kept)


def has_extremes(case: Case) -> None:
    for candidate in [*case.candidates, not_null(column(case.kind))]:
        if not candidate.is_exact:
            continue
        kept = [value for value in case.values if value is not None and candidate.keeps(value)]
        for seek, of in ((find_smallest, min), (find_largest, max)):
            case.shelf.calls.clear()
            found = run(seek(case.shelf, candidate, case.ordering, per_page=case.per_page))
            check_calls(case)
            if not isinstance(found, SeekFailed):
                assert found.value == of(kept, key=account_key, default=None)


def is_grouped(case: Case) -> None:
    case.shelf.calls.clear()
    found = run(count_values(case.shelf, case.ordering, per_page=case.per_page, most_probes=20))
    check_calls(case)
    if isinstance(found, SeekFailed):
        assert isinstance(found, TooManyGroups) <= (case.pages > 20)
        return
    assert dict(found.counts) == dict(Counter(case.values))


def comes_first(case: Case) -> None:
    for descending, nulls_first in [(False, None), (True, None), (False, False), (True, True)]:
        for count in (1, 7, 1_000):
            case.shelf.calls.clear()
            found = run(
                find_first(
                    case.shelf, case.ordering, descending=descending, count=count, fields=["Other"],
                    per_page=case.per_page, nulls_first=nulls_first,
                )
            )  # fmt: skip
            check_calls(case)
            if isinstance(found, SeekFailed):
                continue
            got = [case.values[record.properties["Other"]] for record in found.records]
            leads = (not descending) if nulls_first is None else nulls_first
            empty = [value for value in case.values if value is None]
            filled = sorted(
                (value for value in case.values if value is not None),
                key=account_key,
                reverse=descending,
            )
            assert got == ((empty + filled) if leads else (filled + empty))[:count]


LAWS = [is_found, is_counted, has_extremes, is_grouped, comes_first]


@pytest.mark.parametrize("kind", list(ColumnKind))
@pytest.mark.parametrize("check", LAWS)
def test_a_seek_equals_a_filter_of_all_records(
    kind: ColumnKind, check: Callable[[Case], None]
) -> None:
    law(kind, check)
