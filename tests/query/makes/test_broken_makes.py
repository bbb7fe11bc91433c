"""An engine that takes something for granted on some make is found out: one twin a way to do so."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from cmdm_tui.query.database.duckdb_session import QueryDatabase
from cmdm_tui.query.execution.seek_executor import SeekExecutor
from cmdm_tui.query.model import Column
from cmdm_tui.query.seek import bisect, column_orders, search
from cmdm_tui.query.seek.sorted_pages import SortedPages
from tests.query.makes.make_trials import Asked, Said, run_trials
from tests.query.makes.makes import Make
from tests.query.makes.tally import Tally

IsFoundOut = Callable[..., Awaitable[str]]

QUERIES = 40
"""The queries on each data set that a twin may be right about."""


@pytest.fixture
def is_found_out(database: QueryDatabase) -> IsFoundOut:
    """Return what is said of a twin on a make with some data sets; nothing where it passes."""

    async def try_twin(
        make: Make, data: Sequence[int], twin: type[Asked] = Asked, *, trusts: bool = False
    ) -> str:
        for number in data:
            seeds = range(number * 1_000, number * 1_000 + QUERIES)
            found = await run_trials(
                make, number, seeds, Tally(), database, twin, most=1, trusts=trusts
            )
            if found:
                return found[0].said
        return ""

    return try_twin


class DropsMarks(Asked):
    """One that does not say that a result is partial or unsure."""

    async def ask(self, sql: str) -> Said:
        return replace(await super().ask(sql), mark="")


class DropsSentences(Asked):
    async def ask(self, sql: str) -> Said:
        return replace(await super().ask(sql), sentences=(), mark="")


class DropsTheLastRow(Asked):
    async def ask(self, sql: str) -> Said:
        said = await super().ask(sql)
        return replace(said, rows=said.rows[:-1])


async def test_one_order_for_the_world_is_found_out(
    is_found_out: IsFoundOut, monkeypatch: pytest.MonkeyPatch
) -> None:
    ordering = column_orders.ColumnOrders

    def first_alone(
        column: Column,
        orders: tuple[column_orders.CandidateOrder, ...],
        *rest: Any,
        **options: Any,
    ) -> column_orders.ColumnOrders:
        return ordering(column, orders[:1], *rest, **options)

    def passed(*_: object) -> bool:
        return True

    monkeypatch.setattr(column_orders, "ColumnOrders", first_alone)
    monkeypatch.setattr(SortedPages, "_is_sorted", passed)
    assert "wrong and not marked" in await is_found_out(Make("general_ci"), (10, 11, 12))


async def test_nulls_taken_to_be_at_an_end_are_found_out(
    is_found_out: IsFoundOut, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nowhere(*_: object) -> bool:
        return False

    monkeypatch.setattr(SortedPages, "may_hide_null", nowhere)
    assert "wrong and not marked" in await is_found_out(Make("real ICU", nulls="middle"), (3, 4, 5))


async def test_unstable_ties_that_no_one_looks_for_are_found_out(
    is_found_out: IsFoundOut, monkeypatch: pytest.MonkeyPatch
) -> None:
    def passed(*_: object) -> None:
        return None

    async def steady(*_: object) -> None:
        return None

    monkeypatch.setattr(bisect, "check_ties", passed)
    monkeypatch.setattr(search, "check_ties", passed)
    monkeypatch.setattr(search, "_check_ties_are_stable", steady)
    assert "wrong and not marked" in await is_found_out(
        Make("casefold", ties="unstable"), (6, 7, 8)
    )


async def test_a_trusted_order_that_is_not_marked_is_found_out(is_found_out: IsFoundOut) -> None:
    make = Make("binary", nulls="last")
    assert "not marked, trusting" in await is_found_out(make, (11, 12, 13), DropsMarks, trusts=True)


async def test_an_order_trusted_by_default_is_found_out(
    is_found_out: IsFoundOut, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Trusting(SeekExecutor):
        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, **{**options, "trusts_order": True})

    monkeypatch.setattr("cmdm_tui.query.execution.executor.SeekExecutor", Trusting)
    assert "wrong and unsure" in await is_found_out(Make("Windows", nulls="last"), (2, 3, 4))


async def test_missing_records_that_are_not_told_are_found_out(is_found_out: IsFoundOut) -> None:
    make = Make("casefold", totals="too low")
    assert "wrong and not marked" in await is_found_out(make, (7, 8), DropsMarks)


async def test_changes_that_are_not_told_are_found_out(is_found_out: IsFoundOut) -> None:
    make = Make("casefold", changes=True)
    assert "wrong and not marked" in await is_found_out(make, (4, 5, 6), DropsSentences)


async def test_a_row_that_is_left_out_is_found_out(is_found_out: IsFoundOut) -> None:
    assert "rows came in the place of" in await is_found_out(
        Make("casefold"), (1,), DropsTheLastRow
    )


async def test_the_engine_itself_is_not(is_found_out: IsFoundOut) -> None:
    assert not await is_found_out(Make("real ICU", nulls="last"), (2,), trusts=True)
