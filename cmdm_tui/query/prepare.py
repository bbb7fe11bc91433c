"""Prepares a query: resolves its names, plans it, and makes only the calls that planning needs.

Those calls are the plan's own first ones: what they bring is kept, and the run begins with it.
"""

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlglot import exp

from cmdm_tui.api import BadRequest, Field, Quota
from cmdm_tui.catalog import Account
from cmdm_tui.query import facts
from cmdm_tui.query.budget import CallBudget
from cmdm_tui.query.dialect import DIALECT
from cmdm_tui.query.errors import SqlError, UnknownName
from cmdm_tui.query.keeping import KeptReading
from cmdm_tui.query.learning import Learner
from cmdm_tui.query.model import EXTERNAL_ID, Cost, Table
from cmdm_tui.query.names import Source, find_tables, located, nearest, spell_columns, used_columns
from cmdm_tui.query.order import in_account_order, named_projections
from cmdm_tui.query.pages import EntityPages
from cmdm_tui.query.parse import Describe, Explain, Select, Statement
from cmdm_tui.query.plan import (
    EntityPlan,
    FirstCall,
    Get,
    Lookup,
    Nothing,
    Option,
    Plan,
    PlanClass,
    Scan,
    Stream,
    is_sought,
)
from cmdm_tui.query.planner import Understood, cheapest, needs_first_call, options
from cmdm_tui.query.result import ResultColumn
from cmdm_tui.query.session import Database, aggregate_names, shown_type
from cmdm_tui.query.shape import Shape, single
from cmdm_tui.query.tables import Tables

_NAMELESS = re.compile(
    r'(?:Referenced column|does not have a column named|Column with name) "([^"]+)"'
)


@dataclass
class Kept:
    """What planning has read, for the first run to begin with."""

    pages: dict[str, EntityPages]
    learner: Learner


@dataclass(frozen=True)
class Prepared:
    """A query understood and planned. `cost` counts the calls that planning has made already.

    What it is to go on from was read `since` a moment; None where nothing was read before.
    `columns` are the names and DuckDB types of the rows, as far as they are known before any has
    come: how many digits a DECIMAL has is known afterwards. `quota` is as the last answer told it.
    """

    statement: Statement
    plan_: Plan
    columns: tuple[ResultColumn, ...]
    quota: Quota
    understood: Understood | None = field(default=None, repr=False)
    kept: list[Kept] = field(default_factory=list[Kept], repr=False)
    since: datetime | None = None

    @property
    def plan(self) -> str:
        """The plan's class."""
        return self.plan_.plan_class.value

    @property
    def cost(self) -> Cost:
        """The calls from low to high, those of planning included."""
        return self.plan_.cost

    @property
    def likely(self) -> int:
        """The calls that it takes where the service sorts as it is taken to."""
        return self.plan_.likely

    @property
    def calls_made(self) -> int:
        """The calls that planning has made."""
        return self.plan_.made

    @property
    def quota_left(self) -> int | None:
        """The calls left this hour, None where the service does not tell."""
        return self.quota.remaining

    @property
    def verdict(self) -> str:
        """Whether the calls still to make fit into those left: fits, may exceed, exceeds."""
        from cmdm_tui.query.explain import verdict

        return verdict(self)

    def explain_text(self) -> str:
        """Return the plan as lines of text."""
        from cmdm_tui.query.explain import as_text

        return as_text(self)

    def explain_json(self) -> dict[str, object]:
        """Return the plan as an object that JSON can hold."""
        from cmdm_tui.query.explain import as_json

        return as_json(self)


class Preparation:
    """Prepares one statement, in at most `most` calls."""

    def __init__(
        self,
        account: Account,
        database: Database,
        reading: KeptReading | None = None,
        *,
        most: int | None = None,
    ) -> None:
        self._account = account
        self._database = database
        self._reading = reading
        self._budget = CallBudget(most)
        self._learner = Learner(account)
        self._pages: dict[str, EntityPages] = {}
        self._tables = Tables(account, self._budget, self._learner, self._pages)

    async def prepared(self, statement: Statement) -> Prepared:
        """Return the statement prepared."""
        query = statement.query if isinstance(statement, Explain) else statement
        if not isinstance(query, Select):
            return self._about_names(query, statement)
        self._database.open_meanwhile()
        try:
            understood = await self._understood(query)
            # A name that is wrong is told before a page is read for it.
            columns = await self._described(understood)
            option, chosen = await self._chosen(understood)
            if chosen.tables != understood.tables:
                columns = await self._described(chosen)
            understood = chosen
        finally:
            self._learner.keep()
        plan = self._plan(option, understood)
        kept = Kept(self._pages, self._learner)
        since = None if self._reading is None else self._reading.since
        quota = self._account.client.quota
        return Prepared(statement, plan, columns, quota, understood, [kept], since)

    async def fields(self, entity: str) -> tuple[tuple[Field, ...], int]:
        """Return an entity's fields, asking for them, and the calls that took."""
        self._pages[entity] = EntityPages(self._account.client, entity, self._budget, self._learner)
        try:
            return await self._tables.asked_fields(entity), self._budget.used
        finally:
            self._learner.keep()

    def _about_names(self, query: Statement, statement: Statement) -> Prepared:
        cost = Cost(0, 0)
        names = _SHOWN
        if isinstance(query, Describe):
            names = _DESCRIBED
            if not self._account.catalog.cached_fields(query.entity):
                cost = Cost(1, 2)
        plan = Plan(PlanClass.LOCAL, Nothing(), cost, cost.high, ())
        return Prepared(statement, plan, names, self._account.client.quota)

    async def _understood(self, query: Select) -> Understood:
        tree = query.tree.copy()
        sources = tuple(self._source(node) for node in find_tables(tree))
        shape = single(tree, sources, aggregate_names())
        entities = tuple(dict.fromkeys(source.entity for source in sources))
        for entity in entities:
            self._pages[entity] = EntityPages(
                self._account.client, entity, self._budget, self._learner
            )
            if self._reading is not None:
                self._pages[entity].remember(self._reading)
        tables = {entity: await self._tables.table(entity, shape) for entity in entities}
        return self._with_tables(tree, sources, shape, tables)

    def _source(self, node: exp.Table) -> Source:
        catalog = self._account.catalog
        entity = catalog.resolve_name(node.name)
        if entity not in catalog.entities:
            near = nearest(node.name, catalog.entities)
            identifier = node.this
            is_quoted = isinstance(identifier, exp.Identifier) and bool(identifier.args["quoted"])
            if near and not is_quoted:
                raise UnknownName("entity", node.name, near, at=node.this)
        return Source(node, entity)

    def _with_tables(
        self,
        tree: exp.Expr,
        sources: Sequence[Source],
        shape: Shape | None,
        tables: dict[str, Table],
    ) -> Understood:
        catalog = self._account.catalog
        values = {
            f"{entity}.{field.name}": field.options
            for entity in tables
            for field in catalog.cached_fields(entity)
            if field.options
        }
        spell_columns(tree, tables.values())
        columns = used_columns(tree, sources, tables)
        return Understood(
            tree,
            tuple(sources),
            shape,
            tables,
            columns,
            self._learner,
            values,
            dict(self._tables.read),
            aggregate_names(),
        )

    async def _chosen(self, query: Understood) -> tuple[Option, Understood]:
        """Return the cheapest way, once it is known how many pages there are."""
        option = cheapest(options(query))
        for first in needs_first_call(query, option):
            if first.entity in self._tables.read:
                continue
            await self._first_or_inferred(first)
        if self._tables.read:
            query = self._told_anew(query)
            option = cheapest(options(query), self._begun)
        return option, query

    async def _first_or_inferred(self, first: FirstCall) -> None:
        """Read a first page; where it does not bear out the fields told, infer them instead."""
        catalog = self._account.catalog
        fields = catalog.cached_fields(first.entity)
        try:
            page = await self._tables.first(first)
            if not fields or facts.is_borne_out(fields, page):
                return
        except BadRequest:
            if not fields:
                raise
        page = await self._tables.first(
            replace(first, fields=None, sort_by=EXTERNAL_ID, sort_order="asc")
        )
        facts.keep_fields(catalog, first.entity, facts.fields_of_page(page))

    def _told_anew(self, query: Understood) -> Understood:
        catalog = self._account.catalog
        tables: dict[str, Table] = {}
        for entity, table in query.tables.items():
            fields = () if entity in self._tables.guessed else catalog.cached_fields(entity)
            known = self._tables.of_fields(entity, fields)
            tables[entity] = replace(known, columns=known.columns if fields else table.columns)
        return self._with_tables(query.tree, query.sources, query.shape, tables)

    async def _described(self, query: Understood) -> tuple[ResultColumn, ...]:
        """Return the query's columns as DuckDB binds them. Raises SqlError where it does not."""
        sql = executable(query, fully=False)
        try:
            found = await self._database.described(tuple(query.tables.values()), sql)
        except SqlError as error:
            raise _named(error, query) from None
        return tuple(ResultColumn(name, shown_type(kind)) for name, kind in found)

    def _begun(self, option: Option) -> int:
        """Return how many of a way's own calls were made already."""
        if isinstance(option.task, Lookup):
            # A page of the near side is used; one of the far side may be for nothing.
            near = option.task.scan.firsts[option.task.near.entity]
            return int(option.task.ids is None and self._pages[near.entity].has(near))
        if isinstance(option.task, Get):
            pages = self._pages[option.task.table.entity]
            return sum(pages.has_record(one) for one in option.task.ids)
        return sum(self._pages[one.entity].count_kept(one) for one in firsts_of(option))

    def _left_of(self, option: Option) -> Cost:
        """Return what a way costs of which another process has read some, planning included."""
        made, cost = self._budget.used, option.cost
        every = sum(pages.count_kept() for pages in self._pages.values())
        match option.task:
            case Get(table=table, ids=ids):
                useful = sum(self._pages[table.entity].has_record(one) for one in ids)
            case Scan() | Stream(ordering=None):
                useful = sum(self._pages[one.entity].count_kept(one) for one in firsts_of(option))
            case _:
                useful = 0
        return Cost(max(cost.low - every, 0) + made, max(cost.high - useful, 0) + made)

    def _plan(self, option: Option, query: Understood) -> Plan:
        made = self._budget.used
        if self._reading is not None:
            cost = self._left_of(option)
        else:
            wasted = max(made - self._begun(option), 0)
            cost = Cost(option.cost.low + wasted, option.cost.high + wasted)
        likely = cost.high
        if is_sought(option.task):
            likely = min(cost.low - option.cost.low + math.ceil(option.likely), cost.high)
        entities = tuple(
            EntityPlan(
                table.entity,
                table.total,
                tuple(column.name for column in query.columns.get(table.entity, ())),
                option.order,
            )
            for table in query.tables.values()
        )
        return Plan(option.plan_class, option.task, cost, likely, entities, made, option.first)


def firsts_of(option: Option) -> list[FirstCall]:
    """Return the first pages that a way reads."""
    if isinstance(option.task, Scan):
        return list(option.task.firsts.values())
    return [option.first] if option.first is not None else []


def executable(
    query: Understood,
    rewrite: Callable[[exp.Expr], exp.Expr] | None = None,
    *,
    fully: bool = True,
) -> str:
    """Return the query as DuckDB runs it: in the account's order, on the tables loaded.

    `rewrite` changes a copy of it first; its columns keep the names they have. See
    `in_account_order` for `fully`.
    """
    tree = named_projections(query.tree.copy())
    places = find_tables(tree)
    located(Source(node, source.entity) for node, source in zip(places, query.sources, strict=True))
    if rewrite is not None:
        tree = rewrite(tree)
    return in_account_order(tree, query.aggregates, fully=fully).sql(dialect=DIALECT)


def _named(error: SqlError, query: Understood) -> SqlError:
    """Return DuckDB's refusal of a name as one that suggests the nearest ones."""
    found = _NAMELESS.search(error.message)
    if found is None:
        return error
    known = [column.name for table in query.tables.values() for column in table.columns]
    name = found[1].casefold()
    places = (one.this for one in query.tree.find_all(exp.Column) if one.name.casefold() == name)
    near = nearest(found[1], dict.fromkeys(known))
    return UnknownName("column", found[1], near, at=next(places, None))


_SHOWN = (
    ResultColumn("entity", "VARCHAR"),
    ResultColumn("records", "BIGINT"),
    ResultColumn("fields", "BIGINT"),
    ResultColumn("is_custom", "BOOLEAN"),
)
_DESCRIBED = (
    ResultColumn("column", "VARCHAR"),
    ResultColumn("type", "VARCHAR"),
    ResultColumn("field_type", "VARCHAR"),
    ResultColumn("is_inferred", "BOOLEAN"),
)

__all__ = ["Preparation", "Prepared", "executable"]
