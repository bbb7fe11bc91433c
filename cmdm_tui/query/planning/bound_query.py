"""A query whose names are resolved, which all planning starts from."""

from collections.abc import Callable, Container
from functools import cached_property

from msgspec import Struct
from sqlglot import exp

from cmdm_tui.query.collation.rewrite import apply_account_order, title_projections
from cmdm_tui.query.database.local_files import FileDatabase
from cmdm_tui.query.fetching.trait_learner import TraitLearner
from cmdm_tui.query.model import CREATED_DATE, Column, FirstPage, Table
from cmdm_tui.query.parsing.dialect import DIALECT
from cmdm_tui.query.parsing.query_shape import QueryShape
from cmdm_tui.query.parsing.references import Source, find_tables, qualify_sources


class BoundQuery(Struct, frozen=True, dict=True):
    """A query whose names are resolved: its entities as tables, and the columns it uses."""

    tree: exp.Expr
    sources: tuple[Source, ...]
    shape: QueryShape | None
    tables: dict[str, Table]
    columns: dict[str, tuple[Column, ...]]
    learner: TraitLearner
    picklist_values: dict[str, tuple[str, ...]]
    """The values that picklist fields may have, by `entity.field`."""
    first_pages: dict[str, FirstPage]
    """The first pages that planning has read."""
    aggregates: Container[str]
    """The names of DuckDB's aggregate functions."""
    messages: tuple[str, ...] = ()
    """What to say of how it is computed."""
    files: FileDatabase | None = None
    """The database with the local files of the query; None where it names none."""

    @cached_property
    def table(self) -> Table:
        """The only entity, where there is only one."""
        return next(iter(self.tables.values()))

    @cached_property
    def combines_records(self) -> bool:
        """Whether a value may be computed over several records: by an aggregate or a window."""
        if self.tree.find(exp.AggFunc, exp.Window, exp.Group, exp.Pivot) is not None:
            return True
        named = self.tree.find_all(exp.Anonymous)
        return any(one.name.casefold() in self.aggregates for one in named)

    @cached_property
    def used_columns(self) -> tuple[Column, ...]:
        """The columns that the query uses of its only entity; ExternalID where it uses none."""
        return self.columns_to_load(self.table)

    def columns_to_load(self, table: Table) -> tuple[Column, ...]:
        """Return the columns to load of an entity: at least one, so that its rows count."""
        return self.columns.get(table.entity) or table.columns[:1]

    def needs_created(self, entity: str) -> bool:
        """Return whether the query uses the time at which an entity's records were created."""
        return any(one.field == CREATED_DATE for one in self.columns.get(entity, ()))

    def knows_page_count(self, table: Table) -> bool:
        """Return whether the number of the entity's pages is known."""
        return table.total is not None and self.learner.knows_page_count(table.total)


def executable_sql(
    query: BoundQuery,
    rewrite: Callable[[exp.Expr], exp.Expr] | None = None,
    *,
    fully: bool = True,
) -> str:
    """Return the query as DuckDB runs it: in the account's order, on the loaded tables.

    `rewrite` changes a copy of it first; its columns keep their names. See `apply_account_order`
    for `fully`.
    """
    tree = title_projections(query.tree.copy())
    places = find_tables(tree)
    qualify_sources(
        Source(node, source.entity) for node, source in zip(places, query.sources, strict=True)
    )
    if rewrite is not None:
        tree = rewrite(tree)
    ordered = apply_account_order(tree, query.aggregates, fully=fully, in_place=True)
    return ordered.sql(dialect=DIALECT, copy=False)
