"""The query engine's face: prepare SQL, see what it costs, run it, have the rows."""

import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from cmdm_tui.catalog import Account
from cmdm_tui.query.budget import CallBudget
from cmdm_tui.query.dialect import DIALECT
from cmdm_tui.query.errors import BudgetReached, UnknownName
from cmdm_tui.query.fetch import Fetcher
from cmdm_tui.query.loading import Loader, columns_of
from cmdm_tui.query.model import EXTERNAL_ID, Column, Cost, Kind, Table
from cmdm_tui.query.names import Source, find_tables, located, nearest, used_columns
from cmdm_tui.query.order import in_account_order
from cmdm_tui.query.parse import Explain, Select, Statement, parse
from cmdm_tui.query.result import TABLE, Notes, Result, ResultColumn, Stats
from cmdm_tui.query.session import Row, Session


@dataclass(frozen=True)
class Prepared:
    """A query understood and planned, ready to run."""

    statement: Statement
    tables: tuple[Table, ...]
    used: dict[str, tuple[Column, ...]]
    sql: str
    cost: Cost
    plan: str
    calls: int

    @property
    def columns(self) -> tuple[ResultColumn, ...]:
        return ()

    def explain_text(self) -> str:
        return f"{self.plan}: {self.cost} calls"

    def explain_json(self) -> dict[str, object]:
        return {"plan": self.plan, "calls_low": self.cost.low, "calls_high": self.cost.high}


@dataclass(frozen=True)
class Batch:
    columns: tuple[ResultColumn, ...]
    rows: Sequence[Row]


class Streaming:
    """Rows as they come; `result` once they have."""

    def __init__(self, engine: "Engine", prepared: Prepared, most: int | None) -> None:
        self._engine = engine
        self._prepared = prepared
        self._most = most
        self.result: Result | None = None

    async def __aiter__(self) -> AsyncIterator[Batch]:
        self.result = await self._engine.run(self._prepared, max_calls=self._most)
        for rows in self.result.batches(1000):
            yield Batch(self.result.columns, rows)


class Engine:
    """SQL over one account."""

    def __init__(self, account: Account) -> None:
        self._account = account

    async def prepare(self, sql: str) -> Prepared:
        statement = parse(sql)
        query = statement.query if isinstance(statement, Explain) else statement
        if not isinstance(query, Select):
            return Prepared(statement, (), {}, "", Cost(0, 0), "catalog", 0)
        catalog = self._account.catalog
        tree = query.tree.copy()
        sources: list[Source] = []
        tables: dict[str, Table] = {}
        for node in find_tables(tree):
            entity = catalog.entity(node.name)
            if entity not in catalog.entities:
                raise UnknownName("entity", node.name, nearest(node.name, catalog.entities))
            sources.append(Source(node, entity))
            if entity not in tables:
                fields = await catalog.fields(entity)
                columns = [Column(EXTERNAL_ID)]
                columns += [
                    Column(f.name, Kind.of_type(f.type), f.type or "Text", f.inferred)
                    for f in fields
                ]
                tables[entity] = Table(entity, tuple(columns), await catalog.count(entity))
        used = used_columns(tree, sources, tables)
        located(tree, sources)
        text = in_account_order(tree).sql(dialect=DIALECT)
        pages = sum(table.pages or 1 for table in tables.values())
        return Prepared(
            statement, tuple(tables.values()), used, text, Cost(pages, pages), "materialise", 0
        )

    async def run(self, prepared: Prepared, *, max_calls: int | None = None) -> Result:
        started = time.perf_counter()
        budget = CallBudget(max_calls)
        session = Session()
        partial = False
        failed: dict[str, int] = {}
        inferred: list[str] = []
        for table in prepared.tables:
            columns = prepared.used[table.entity] or table.columns[:1]
            await session.work(session.declare, table, columns)
            loader = Loader(session, table, columns)
            try:
                async for page in Fetcher(self._account.client, budget, table).scan(
                    columns, sort_by=EXTERNAL_ID
                ):
                    await session.work(loader.load, columns_of(page.records, columns))
            except BudgetReached:
                partial = True
            await session.work(loader.finish)
            failed |= {f"{table.entity}.{n}": c for n, c in loader.seen.failed.items()}
            inferred += [f"{table.entity}.{c.name}" for c in columns if c.is_inferred]
        described = await session.work(session.describe, prepared.sql)
        names = ", ".join(f"c{n}" for n in range(1, len(described) + 1))
        await session.work(session.execute, f"CREATE TABLE {TABLE} ({names}) AS {prepared.sql}")
        ((count,),) = await session.work(session.execute, f"SELECT count(*) FROM {TABLE}")
        stats = Stats(
            prepared.plan,
            prepared.cost.low,
            prepared.cost.high,
            budget.used,
            count,
            round((time.perf_counter() - started) * 1000, 1),
        )
        notes = Notes("partial" if partial else "live", failed, tuple(inferred))
        return Result(
            session,
            [ResultColumn(*one) for one in described],
            count=count,
            notes=notes,
            stats=stats,
        )

    def stream(self, prepared: Prepared, *, max_calls: int | None = None) -> Streaming:
        return Streaming(self, prepared, max_calls)
