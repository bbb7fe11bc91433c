"""An engine that is wrong is found out: one twin a way to be wrong."""

from collections.abc import Generator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlglot
from msgspec import structs
from sqlglot import exp

from cmdm_tui.catalog import Account
from cmdm_tui.query.collation import rewrite as account_order
from cmdm_tui.query.model import Column
from cmdm_tui.query.planning import bound_query
from cmdm_tui.query.seek import column_orders
from cmdm_tui.query.seek.sorted_pages import SortedPages
from tests.query.differential.data_service import DataService, serve_data_set
from tests.query.differential.data_set import make_data_set
from tests.query.differential.trials import EngineAnswer, EngineUnderTest, run_trials

LARGE = 38
"""A data set that is worth searching."""

QUERIES = 150
"""Random queries that a twin may be right about before it must have been found out."""


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Generator[DataService]:
    with serve_data_set(
        make_data_set(5), Path(tmp_path_factory.mktemp("twins")) / "data"
    ) as running:
        yield running


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Generator[DataService]:
    with serve_data_set(
        make_data_set(LARGE), Path(tmp_path_factory.mktemp("large")) / "data"
    ) as running:
        yield running


async def is_found_out(
    service: DataService,
    engine_of: type[EngineUnderTest],
    behaviours: Mapping[str, str] | None = None,
    *,
    can_be_sought: bool = False,
    queries: int = QUERIES,
    first: int = 0,
) -> str:
    """Return what is said of a twin, nothing where it passes for right.

    `first` is the seed to begin with, one that is known to show it; all the others come after it.
    """
    turned = {**(behaviours or {}), "page_cap": "7"}
    seeds = [*range(first, queries), *range(first)]
    found = await run_trials(service, turned, seeds, engine_of, most=1, can_be_sought=can_be_sought)
    return found[0].said if found else ""


class DropsTheLastRow(EngineUnderTest):
    async def rows(self, sql: str) -> EngineAnswer:
        answer = await super().rows(sql)
        return replace(answer, rows=answer.rows[:-1])


class GivesARowTwice(EngineUnderTest):
    async def rows(self, sql: str) -> EngineAnswer:
        answer = await super().rows(sql)
        rows = [*answer.rows[:1], *answer.rows[:-1]]
        return replace(answer, rows=rows)


class TakesNullForNothing(EngineUnderTest):
    async def rows(self, sql: str) -> EngineAnswer:
        answer = await super().rows(sql)
        rows = [tuple("" if value is None else value for value in row) for row in answer.rows]
        return replace(answer, rows=rows)


class RoundsAmounts(EngineUnderTest):
    async def rows(self, sql: str) -> EngineAnswer:
        answer = await super().rows(sql)
        rows = [
            tuple(float(value) if hasattr(value, "as_tuple") else value for value in row)  # pyright: ignore[reportArgumentType]
            for row in answer.rows
        ]
        return replace(answer, rows=rows)


class TurnsTheOrderRound(EngineUnderTest):
    async def rows(self, sql: str) -> EngineAnswer:
        answer = await super().rows(sql)
        return replace(answer, rows=answer.rows[::-1])


class IgnoresAConjunct(EngineUnderTest):
    async def rows(self, sql: str) -> EngineAnswer:
        tree = sqlglot.parse_one(sql, dialect="duckdb")
        where = tree.find(exp.Where)
        if where is not None and isinstance(where.this, exp.Paren):
            inner = where.this.this
            if isinstance(inner, exp.And):
                where.set("this", inner.this)
        return await super().rows(tree.sql("duckdb") if where is not None else sql)


class TellsACallLess(EngineUnderTest):
    async def rows(self, sql: str) -> EngineAnswer:
        answer = await super().rows(sql)
        return replace(answer, told=answer.told - 1)


class PromisesTooLittle(EngineUnderTest):
    async def rows(self, sql: str) -> EngineAnswer:
        answer = await super().rows(sql)
        return replace(answer, high=answer.high - 1)


class AsksOnceMore(EngineUnderTest):
    """One that makes calls of its own and does not tell."""

    def __init__(self, account: Account) -> None:
        super().__init__(account)
        self._account = account

    async def rows(self, sql: str) -> EngineAnswer:
        await self._account.client.page("lead", per_page=1, page=1)
        return await super().rows(sql)


class ScansAllOver(EngineUnderTest):
    """One that reads everything first, and says so."""

    def __init__(self, account: Account) -> None:
        super().__init__(account)
        self._account = account

    async def rows(self, sql: str) -> EngineAnswer:
        calls = 0
        for number in range(1, 40):
            for entity in ("lead", "account", "event"):
                await self._account.client.page(entity, per_page=7, page=number)
                calls += 1
        answer = await super().rows(sql)
        told = answer.told + calls
        return replace(answer, low=told, high=told, told=told)


@pytest.mark.parametrize(
    ("twin", "words"),
    [
        (DropsTheLastRow, "rows came in the place of"),
        (GivesARowTwice, "came at place"),
        (TakesNullForNothing, "came"),
        (RoundsAmounts, "is number, and"),
        (TurnsTheOrderRound, "came at place"),
        (IgnoresAConjunct, "came"),
        (TellsACallLess, "the result tells"),
        (PromisesTooLittle, "were predicted"),
        (AsksOnceMore, "the result tells"),
        (ScansAllOver, "a scan with its probes takes"),
    ],
)
async def test_a_wrong_engine_is_found_out(
    service: DataService, twin: type[EngineUnderTest], words: str
) -> None:
    assert words in await is_found_out(service, twin)


async def test_text_in_another_order_is_found_out(
    service: DataService, monkeypatch: pytest.MonkeyPatch
) -> None:
    def as_it_is(tree: exp.Expr, *_: object, **__: object) -> exp.Expr:
        return tree

    monkeypatch.setattr(bound_query, "apply_account_order", as_it_is)
    assert "came" in await is_found_out(service, EngineUnderTest)


async def test_a_name_taken_for_another_columns_is_found_out(
    service: DataService, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none(_: exp.Expr) -> dict[str, exp.Expr]:
        return {}

    monkeypatch.setattr(account_order, "_named_expressions", none)
    assert await is_found_out(service, EngineUnderTest, first=45)


@pytest.mark.parametrize(
    ("behaviours", "first"),
    [
        ({"collation": "binary"}, 8),
        ({"collation": "numeric-as-text"}, 78),
        ({"collation": "locale"}, 70),
    ],
    ids=str,
)
async def test_a_search_that_trusts_the_order_is_found_out(
    large: DataService, monkeypatch: pytest.MonkeyPatch, behaviours: Mapping[str, str], first: int
) -> None:
    ordering = column_orders.ColumnOrders

    def trusted(
        column: Column,
        orders: tuple[column_orders.CandidateOrder, ...],
        *rest: Any,
        **options: Any,
    ) -> column_orders.ColumnOrders:
        return structs.replace(
            ordering(column, orders[:1], *rest, **options),
            nulls_first=True,
            nulls_first_descending=False,
            stable_ties=True,
        )

    def passed(*_: object) -> bool:
        return True

    monkeypatch.setattr(column_orders, "ColumnOrders", trusted)
    for check in ("_check_nulls", "_check_null_neighbours", "_fits", "_is_sorted"):
        monkeypatch.setattr(SortedPages, check, passed)
    assert "came" in await is_found_out(
        large, EngineUnderTest, behaviours, can_be_sought=True, first=first
    )


async def test_a_search_that_checks_is_not(large: DataService) -> None:
    assert not await is_found_out(large, EngineUnderTest, {"collation": "binary"}, queries=30)


async def test_the_engine_is_not(service: DataService) -> None:
    assert not await is_found_out(service, EngineUnderTest, queries=30)
