"""Prepares a query: resolves its names, plans it, and makes only the calls that planning needs.

Those calls are the plan's own first ones: their pages are kept, and the run starts with them.
"""

import math
from collections.abc import Sequence

from msgspec.structs import replace
from sqlglot import exp

from cmdm_tui.api import BadRequest, Field
from cmdm_tui.catalog import Account, infer_fields
from cmdm_tui.catalog.fields import match_records
from cmdm_tui.query.budget import CallBudget
from cmdm_tui.query.collation.rewrite import title_projections
from cmdm_tui.query.database.duckdb_errors import NO_COLUMNS
from cmdm_tui.query.database.duckdb_functions import AGGREGATE_NAMES
from cmdm_tui.query.database.duckdb_session import QueryDatabase
from cmdm_tui.query.database.local_files import FileDatabase, open_file_database
from cmdm_tui.query.database.python_values import Described
from cmdm_tui.query.errors import SqlError, UnknownName
from cmdm_tui.query.fetching.checkpoint import Checkpoint
from cmdm_tui.query.fetching.page_cache import PageCache
from cmdm_tui.query.fetching.trait_learner import TraitLearner
from cmdm_tui.query.model import (
    EXTERNAL_ID,
    Column,
    Cost,
    FirstPage,
    ResultColumn,
    Table,
    shown_name,
)
from cmdm_tui.query.parsing.identifiers import nearest_names
from cmdm_tui.query.parsing.query_shape import QueryShape, shape_of
from cmdm_tui.query.parsing.references import (
    Source,
    find_tables,
    spell_columns,
    used_columns,
)
from cmdm_tui.query.parsing.statement import Describe, Explain, Select, Statement
from cmdm_tui.query.parsing.statement_forms import may_make_column, name_pivoted_values
from cmdm_tui.query.planning.bound_query import BoundQuery, executable_sql
from cmdm_tui.query.planning.column_summary import summarize_columns
from cmdm_tui.query.planning.composed_plans import describe_steps, orders_of
from cmdm_tui.query.planning.literal_check import (
    ComparedText,
    describe_unreadable,
    find_compared_texts,
)
from cmdm_tui.query.planning.name_scopes import note_file_columns
from cmdm_tui.query.planning.plan import (
    CandidatePlan,
    ComposedReads,
    CountRecords,
    EntityPlan,
    FilePlan,
    GetRecords,
    JoinLookup,
    NoFetch,
    Plan,
    PlanClass,
    Scan,
    SeekStep,
    Stream,
)
from cmdm_tui.query.planning.plan_choice import choose_cheapest, list_plans, pages_to_read_first
from cmdm_tui.query.planning.planned_query import PlannedQuery, PlanningReads
from cmdm_tui.query.planning.readings import Readings
from cmdm_tui.query.planning.schema import SchemaReader
from cmdm_tui.query.planning.unknown_columns import entities_named, suggest_columns


class QueryPreparer:
    """Prepares one statement with at most `max_calls`; with `is_raw` every column is text."""

    def __init__(
        self,
        account: Account,
        database: QueryDatabase,
        checkpoint: Checkpoint | None = None,
        *,
        max_calls: int | None = None,
        is_raw: bool = False,
    ) -> None:
        self._account = account
        self._database = database
        self._checkpoint = checkpoint
        self._budget = CallBudget(max_calls)
        self._learner = TraitLearner(account)
        self._pages: dict[str, PageCache] = {}
        self._readings = Readings()
        self._files: FileDatabase | None = None
        self._schema = SchemaReader(
            account, self._budget, self._learner, self._pages, is_raw=is_raw
        )

    async def prepare(self, statement: Statement) -> PlannedQuery:
        """Bind and plan the statement."""
        query = statement.query if isinstance(statement, Explain) else statement
        if not isinstance(query, Select):
            return self._prepare_names(query, statement)
        if query.files:
            self._files = await open_file_database(query.files)
            self._database = self._files.database
        else:
            self._database.open_in_background()
        try:
            understood = await self._bind(query)
            # A wrong name is reported before a page is read for it.
            columns, understood = await self._describe_with_more_fields(understood)
            if query.is_summary:
                tree = summarize_columns(query.tree, columns)
                understood = await self._bind(replace(query, tree=tree, is_summary=False))
                columns = await self._describe_known_columns(understood)
            option, chosen = await self._choose_plan(understood)
            if _columns_of(chosen) != _columns_of(understood):
                columns = await self._describe_known_columns(chosen)
            understood = chosen
        finally:
            self._learner.save()
        plan = self._make_plan(option, understood)
        kept = PlanningReads(self._pages, self._learner)
        since = None if self._checkpoint is None else self._checkpoint.since
        quota = self._account.known_quota
        database = None if self._files is None else self._files.database
        return PlannedQuery(
            statement, plan, columns, quota, understood, [kept], since, database=database
        )

    async def fetch_fields(self, entity: str) -> tuple[tuple[Field, ...], int]:
        """Fetch an entity's fields. Returns them and the number of calls that took."""
        self._pages[entity] = PageCache(self._account.client, entity, self._budget, self._learner)
        try:
            return await self._schema.fetch_fields(entity), self._budget.used
        finally:
            self._learner.save()

    def _prepare_names(self, query: Statement, statement: Statement) -> PlannedQuery:
        cost = Cost(0, 0)
        names = _ENTITY_COLUMNS
        if isinstance(query, Describe):
            names = _FIELD_COLUMNS
            if not self._account.catalog.cached_fields(query.entity):
                cost = Cost(1, 2)
        plan = Plan(PlanClass.LOCAL, NoFetch(), cost, cost.high, ())
        return PlannedQuery(statement, plan, names, self._account.known_quota)

    async def _bind(self, query: Select) -> BoundQuery:
        tree = query.tree.copy()
        if self._files is not None:
            note_file_columns(tree, {one.source.table: one.kinds() for one in self._files.files})
        sources = tuple(self._resolve_entity(node) for node in find_tables(tree))
        shape = shape_of(tree, sources, AGGREGATE_NAMES)
        entities = tuple(dict.fromkeys(source.entity for source in sources))
        for entity in entities:
            if entity in self._pages:
                continue
            self._pages[entity] = PageCache(
                self._account.client, entity, self._budget, self._learner
            )
            if self._checkpoint is not None:
                self._pages[entity].restore(self._checkpoint)
        tables = {entity: await self._schema.read_table(entity, shape) for entity in entities}
        await self._check_literals(query.sql, find_compared_texts(tree, sources, tables))
        return self._bind_columns(tree, sources, shape, tables)

    async def _check_literals(self, sql: str, compared: Sequence[ComparedText]) -> None:
        """Raise SqlError where a text is compared with a field as which it cannot be read."""
        if compared:
            texts = [(one.text, one.kind) for one in compared]
            for place in await self._database.list_unreadable(texts):
                raise describe_unreadable(compared[place], sql)

    def _resolve_entity(self, node: exp.Table) -> Source:
        catalog = self._account.catalog
        entity = catalog.resolve_name(node.name)
        if entity not in catalog.entities:
            near = nearest_names(node.name, catalog.entities)
            identifier = node.this
            is_quoted = isinstance(identifier, exp.Identifier) and bool(identifier.args["quoted"])
            if near and not is_quoted:
                raise UnknownName("entity", node.name, near, at=node.this)
        return Source(node, entity)

    def _bind_columns(
        self,
        tree: exp.Expr,
        sources: Sequence[Source],
        shape: QueryShape | None,
        tables: dict[str, Table],
    ) -> BoundQuery:
        catalog = self._account.catalog
        values = {
            f"{entity}.{field.name}": field.options
            for entity in tables
            for field in catalog.cached_fields(entity)
            if field.options
        }
        spell_columns(tree, sources, tables)
        # Named before their text changes.
        title_projections(tree)
        self._readings.add(tree, sources, tables)
        columns = {
            entity: (*used, *self._readings.of(entity))
            for entity, used in used_columns(tree, sources, tables).items()
        }
        bound = BoundQuery(
            tree,
            tuple(sources),
            shape,
            tables,
            columns,
            self._learner,
            values,
            dict(self._schema.first_pages),
            AGGREGATE_NAMES,
            self._readings.messages,
            self._files,
        )
        for entity in tables:
            self._pages[entity].needs_created = bound.needs_created(entity)
        return bound

    async def _choose_plan(self, query: BoundQuery) -> tuple[CandidatePlan, BoundQuery]:
        """Choose the cheapest plan, after reading the first pages that state the totals."""
        option = choose_cheapest(list_plans(query))
        for first in pages_to_read_first(query, option):
            if first.entity in self._schema.first_pages:
                continue
            await self._read_first_page(first)
        if self._schema.first_pages:
            query = self._bind_again(query)
            option = choose_cheapest(list_plans(query), self._count_calls_begun)
        return option, query

    async def _read_first_page(self, first: FirstPage) -> None:
        """Read a first page; infer the fields where its records do not have the described ones."""
        catalog = self._account.catalog
        fields = catalog.cached_fields(first.entity)
        try:
            page = await self._schema.read_first_page(first)
            if not fields or match_records(fields, page.records[:20]):
                return
        except BadRequest:
            if not fields:
                raise
        page = await self._schema.read_first_page(
            replace(first, fields=None, sort_by=EXTERNAL_ID, sort_order="asc")
        )
        if inferred := infer_fields(page.records):
            catalog.store_fields(first.entity, inferred)

    def _bind_again(self, query: BoundQuery) -> BoundQuery:
        tables: dict[str, Table] = {}
        for entity, table in query.tables.items():
            fields = self._schema.known_fields(entity)
            known = self._schema.make_table(entity, fields)
            tables[entity] = replace(known, columns=known.columns if fields else table.columns)
        return self._bind_columns(query.tree, query.sources, query.shape, tables)

    async def _describe_columns(self, query: BoundQuery) -> tuple[ResultColumn, ...]:
        """Return the query's columns as DuckDB binds them. Raises SqlError where it cannot."""
        sql = executable_sql(query, fully=False)
        try:
            tables = [
                table.with_readings(query.columns.get(entity, ()))
                for entity, table in query.tables.items()
            ]
            if may_make_column(query.tree):
                named = executable_sql(query, name_pivoted_values, fully=False)
                await self._database.describe_columns(tables, named)
            found = await self._database.describe_columns(tables, sql)
        except SqlError as error:
            raise suggest_columns(error, query) from error.__cause__
        shown = Described(tuple(found)).shown
        return tuple(ResultColumn(shown_name(name), kind) for name, kind in shown)

    async def _describe_known_columns(self, query: BoundQuery) -> tuple[ResultColumn, ...]:
        """Return the query's columns; none where values that are not read yet make them."""
        try:
            return await self._describe_columns(query)
        except SqlError as error:
            name = error.name if isinstance(error, UnknownName) else None
            if may_make_column(query.tree, name):
                return ()
            raise

    async def _describe_with_more_fields(
        self, query: BoundQuery
    ) -> tuple[tuple[ResultColumn, ...], BoundQuery]:
        """Return the columns, and the query with the fields that it took more records to find."""
        sought: set[str] = set()
        while True:
            try:
                return await self._describe_columns(query), query
            except UnknownName as error:
                # Found, a field may still be unknown where it is named: outside of a subquery.
                is_new = error.kind == "column" and error.name not in sought
                sought.add(error.name)
                if not is_new or not await self._find_field(query, error.name):
                    if may_make_column(query.tree, error.name):
                        return (), query
                    raise self._describe_unseen(error, query) from error.__cause__
            except SqlError as error:
                if error.message == NO_COLUMNS and may_make_column(query.tree):
                    return (), query
                raise
            query = self._bind_again(query)

    async def _find_field(self, query: BoundQuery, name: str) -> bool:
        named = [one.this for one in query.tree.find_all(exp.Column) if one.name == name]
        is_exact = any(isinstance(one, exp.Identifier) and one.quoted for one in named)
        for entity in entities_named(query, name):
            if await self._schema.find_field(entity, name, is_exact=is_exact):
                return True
        return False

    def _describe_unseen(self, error: UnknownName, query: BoundQuery) -> UnknownName:
        """Return an error that claims no more than is known, where only records show the fields."""
        open_samples = (
            (entity, self._schema.samples[entity])
            for entity in entities_named(query, error.name)
            if entity in self._schema.samples
            and not self._schema.samples[entity].is_whole
            and query.tables[entity].column(error.name) is None
        )
        entity, sample = next(open_samples, (None, None))
        if sample is None:
            return error
        of_all = "" if sample.total is None else f" of {sample.total:,}"
        message = (
            f"No column {error.name!r} is known: the service does not describe the fields of "
            f"{entity}, and the {sample.read:,}{of_all} records that were read have none"
        )
        named = (one.this for one in query.tree.find_all(exp.Column) if one.name == error.name)
        return UnknownName(
            "column",
            error.name,
            error.suggestions,
            at=next(named, None),
            message=message,
            advice="A name in double quotes, spelled exactly, is read all the same",
        )

    def _count_calls_begun(self, option: CandidatePlan) -> int:
        """Return how many of a plan's own calls were made already."""
        if isinstance(option.step, JoinLookup):
            # A page of the near side is used; one of the far side may be for nothing.
            near = option.step.scan.first_pages[option.step.near.entity]
            return int(option.step.ids is None and self._pages[near.entity].has_first_page(near))
        if isinstance(option.step, GetRecords):
            pages = self._pages[option.step.table.entity]
            return sum(pages.has_record(one) for one in option.step.ids)
        if isinstance(option.step, ComposedReads):
            firsts = {one.first_page for one in option.step.reads if one.first_page is not None}
            return sum(self._pages[one.entity].has_first_page(one) for one in firsts)
        return sum(self._pages[one.entity].count_cached(one) for one in first_pages_of(option))

    def _remaining_cost(self, option: CandidatePlan) -> Cost:
        """Return the cost of a plan when a checkpoint holds some pages, planning included."""
        made, cost = self._budget.used, option.cost
        every = sum(pages.count_cached() for pages in self._pages.values())
        match option.step:
            case GetRecords(table=table, ids=ids):
                useful = sum(self._pages[table.entity].has_record(one) for one in ids)
            case Scan() | Stream():
                useful = sum(
                    self._pages[one.entity].count_cached(one) for one in first_pages_of(option)
                )
            case _:
                useful = 0
        return Cost(max(cost.low - every, 0) + made, max(cost.high - useful, 0) + made)

    def _make_plan(self, option: CandidatePlan, query: BoundQuery) -> Plan:
        made = self._budget.used
        if self._checkpoint is not None:
            cost = self._remaining_cost(option)
        else:
            wasted = max(made - self._count_calls_begun(option), 0)
            cost = Cost(option.cost.low + wasted, option.cost.high + wasted)
        likely = cost.high
        if isinstance(option.step, SeekStep | CountRecords | ComposedReads):
            likely = min(cost.low - option.cost.low + math.ceil(option.likely), cost.high)
        step = option.step
        orders = orders_of(step) if isinstance(step, ComposedReads) else {}
        entities = tuple(
            EntityPlan(
                table.entity,
                table.total,
                tuple(dict.fromkeys(one.field for one in query.columns.get(table.entity, ()))),
                orders.get(table.entity, option.order),
            )
            for table in query.tables.values()
        )
        files = () if self._files is None else self._files.files
        return Plan(
            option.plan_class,
            option.step,
            cost,
            likely,
            entities,
            made,
            option.first_page,
            tuple(FilePlan(one.source.paths, one.rows) for one in files),
            describe_steps(step) if isinstance(step, ComposedReads) else (),
        )


def _columns_of(query: BoundQuery) -> dict[str, tuple[Column, ...]]:
    """Return the columns of each entity: what a query's own columns depend on."""
    return {entity: table.columns for entity, table in query.tables.items()}


def first_pages_of(option: CandidatePlan) -> list[FirstPage]:
    """Return the first pages that a plan reads."""
    if isinstance(option.step, Scan):
        return list(option.step.first_pages.values())
    return [option.first_page] if option.first_page is not None else []


_ENTITY_COLUMNS = (
    ResultColumn("entity", "VARCHAR"),
    ResultColumn("records", "BIGINT"),
    ResultColumn("fields", "BIGINT"),
    ResultColumn("is_custom", "BOOLEAN"),
)
_FIELD_COLUMNS = (
    ResultColumn("column", "VARCHAR"),
    ResultColumn("type", "VARCHAR"),
    ResultColumn("field_type", "VARCHAR"),
    ResultColumn("is_inferred", "BOOLEAN"),
)
