"""Answers SHOW ENTITIES, DESCRIBE and EXPLAIN from the catalog and the plan."""

from collections.abc import Sequence

import msgspec

from cmdm_tui.api import Field
from cmdm_tui.catalog import Account
from cmdm_tui.query.database.casts import storage_type
from cmdm_tui.query.database.duckdb_session import DuckDBSession, QueryDatabase, RowValues
from cmdm_tui.query.errors import UnknownName
from cmdm_tui.query.model import EXTERNAL_ID, ColumnKind, ResultColumn
from cmdm_tui.query.parsing.identifiers import nearest_names
from cmdm_tui.query.parsing.statement import Describe, Explain, ShowEntities
from cmdm_tui.query.planning.planned_query import PlannedQuery
from cmdm_tui.query.planning.preparer import QueryPreparer
from cmdm_tui.query.planning.schema import is_declared
from cmdm_tui.query.result import RESULT_TABLE, Notes, QueryResult, Stats


class NamesExecutor:
    """Runs the statements that describe entities, fields and plans."""

    def __init__(self, account: Account, database: QueryDatabase) -> None:
        self._account = account
        self._database = database

    async def run(self, prepared: PlannedQuery, max_calls: int | None = None) -> QueryResult:
        """Return the result of SHOW ENTITIES, DESCRIBE or EXPLAIN with at most `max_calls`."""
        statement = prepared.statement
        calls = 0
        match statement:
            case ShowEntities():
                rows = self._list_entities()
            case Describe(entity=entity):
                rows, calls = await self._describe_entity(entity, max_calls)
            case Explain(as_json=True):
                rows = [(msgspec.json.encode(prepared.explain_json()).decode(),)]
            case _:
                rows = [(line,) for line in prepared.explain_text().splitlines()]
        columns = prepared.columns
        if isinstance(statement, Explain):
            columns = (ResultColumn("plan", "VARCHAR"),)
            calls = prepared.plan.calls_made
        return _make_result(self._database.create_session(), columns, rows, prepared, calls)

    def _list_entities(self) -> list[RowValues]:
        catalog = self._account.catalog
        return [
            (
                entity,
                catalog.cached_total(entity),
                len(catalog.cached_fields(entity)) or None,
                catalog.is_custom(entity),
            )
            for entity in catalog.entities
        ]

    async def _describe_entity(
        self, name: str, max_calls: int | None
    ) -> tuple[list[RowValues], int]:
        catalog = self._account.catalog
        entity = catalog.resolve_name(name)
        if entity not in catalog.entities and nearest_names(name, catalog.entities):
            raise UnknownName("entity", name, nearest_names(name, catalog.entities))
        calls = 0
        fields = catalog.cached_fields(entity)
        if not fields:
            preparer = QueryPreparer(self._account, self._database, max_calls=max_calls)
            fields, calls = await preparer.fetch_fields(entity)
        rows: list[RowValues] = [(EXTERNAL_ID, storage_type(ColumnKind.TEXT), None, False)]
        rows += [(one.name, _sql_type_of(one), one.type, one.inferred) for one in fields]
        return rows, calls


def _sql_type_of(field: Field) -> str:
    kind = ColumnKind.of_type(field.type) if is_declared(field) else ColumnKind.TEXT
    return "DECIMAL" if kind is ColumnKind.NUMBER else storage_type(kind)


def _make_result(
    session: DuckDBSession,
    columns: Sequence[ResultColumn],
    rows: Sequence[RowValues],
    prepared: PlannedQuery,
    calls: int,
) -> QueryResult:
    declared = ", ".join(f"c{n} {column.type}" for n, column in enumerate(columns, 1))
    session.execute(f"CREATE TEMP TABLE {RESULT_TABLE} ({declared})")
    if rows:
        # A statement a row takes seconds for an entity of 2,000 fields.
        values = ", ".join("unnest(?)" for _ in columns)
        lists = [list(column) for column in zip(*rows, strict=True)]
        session.execute(f"INSERT INTO {RESULT_TABLE} SELECT {values}", lists)
    cost = prepared.plan.cost
    stats = Stats(
        prepared.plan.plan_class.value,
        cost.low,
        max(cost.high, calls),
        calls,
        len(rows),
        0.0,
    )
    return QueryResult(session, columns, count=len(rows), notes=Notes(), stats=stats)
