"""Finds out what an entity's columns are, in as few calls as the query allows.

Fields that the catalog knows cost nothing. Where their types change nothing, or the plan's own
first pages show them, nothing more is read; otherwise the service is asked for them.
"""

from collections.abc import Iterable

from sqlglot import exp

from cmdm_tui.api import BadRequest, Field, NotFound, Page, Record
from cmdm_tui.catalog import Account, infer_fields
from cmdm_tui.catalog.fields import discover_fields, have_types
from cmdm_tui.query import seek
from cmdm_tui.query.budget import CallBudget
from cmdm_tui.query.errors import UnknownName
from cmdm_tui.query.fetching.page_cache import PageCache, can_be_fetched
from cmdm_tui.query.fetching.trait_learner import TraitLearner
from cmdm_tui.query.model import EXTERNAL_ID, LARGEST_PAGE, Column, ColumnKind, FirstPage, Table
from cmdm_tui.query.parsing.identifiers import can_be_named, nearest_names
from cmdm_tui.query.parsing.query_shape import (
    QueryShape,
    counts_all_records,
    is_count_of_records,
    is_scalar,
    wanted_ids,
)
from cmdm_tui.query.planning import field_evidence


class SchemaReader:
    """Reads the entities of one query as tables. `pages` are their page caches."""

    def __init__(
        self,
        account: Account,
        budget: CallBudget,
        learner: TraitLearner,
        pages: dict[str, PageCache],
    ) -> None:
        self._account = account
        self._budget = budget
        self._learner = learner
        self._pages = pages
        self.first_pages: dict[str, FirstPage] = {}
        """The first page that was read last, by entity."""
        self.inferred_entities: set[str] = set()
        """The entities whose fields are known only from the pages that this query reads."""

    async def read_table(self, entity: str, shape: QueryShape | None) -> Table:
        """Return the entity as a table; its fields are fetched only where their types matter."""
        fields = self._account.catalog.cached_fields(entity)
        if not fields or not have_types(fields):
            fields = await self._find_fields(entity, shape)
        return self.make_table(entity, fields)

    def make_table(self, entity: str, fields: Iterable[Field]) -> Table:
        """Return the entity as a table of these fields, with the total known so far."""
        total = self._account.catalog.cached_total(entity)
        return make_table(entity, fields, total=total, largest_page=self._learner.largest_page)

    async def fetch_fields(self, entity: str) -> tuple[Field, ...]:
        """Return the fields as the service describes them, where its records have them."""
        first = FirstPage(entity, self._learner.largest_page, None, EXTERNAL_ID, "asc")

        async def read_described() -> tuple[Field, ...]:
            with self._budget.call() as on_send:
                return await self._account.client.with_options(on_send=on_send).all_fields(entity)

        async def read_records() -> tuple[Record, ...]:
            return (await self.read_first_page(first)).records

        fields = await discover_fields(read_described, read_records, needs_types=True)
        if fields:
            self._account.catalog.store_fields(entity, fields)
        return fields

    async def read_first_page(self, first: FirstPage, *, at_any_size: bool = True) -> Page:
        """Read a first page. Raises UnknownName where there is no such entity."""
        try:
            page = await self._pages[first.entity].first_page(
                at_any_size=at_any_size,
                sort_by=first.sort_by,
                sort_order=first.sort_order,
                fields=first.fields,
                per_page=first.per_page,
            )
        except NotFound:
            catalog = self._account.catalog
            if first.entity in catalog.entities:
                raise
            raise UnknownName(
                "entity", first.entity, nearest_names(first.entity, catalog.entities)
            ) from None
        self.first_pages[first.entity] = first
        self._account.catalog.store_entity(first.entity)
        return page

    async def _find_fields(self, entity: str, shape: QueryShape | None) -> tuple[Field, ...]:
        if shape is None:
            return await self.fetch_fields(entity)
        if counts_all_records(shape):
            return ()
        if returns_stored_values(shape):
            fields = await self._fields_of_first_answer(entity, shape)
        elif returns_first_rows(shape):
            fields = await self._fields_of_first_rows(entity, shape)
        elif (extreme := single_extreme(shape)) is not None:
            fields = await self._fields_of_extreme(entity, extreme)
        else:
            fields = ()
        if not fields:
            return await self.fetch_fields(entity)
        self.inferred_entities.add(entity)
        return fields

    async def _fields_of_first_answer(self, entity: str, shape: QueryShape) -> tuple[Field, ...]:
        """Return the fields that the plan's first response shows; none where more is to come.

        Values on later pages may have another type; one more call finds that out.
        """
        ids = wanted_ids(shape.where)
        if ids is None:
            is_open = shape.limit is None or shape.has_odd_limit
            most = None if is_open else (shape.limit or 0) + shape.offset
            size = max(min(most or LARGEST_PAGE, self._learner.largest_page), 1)
            by_id = most is None or most > size
            first = FirstPage(
                entity, size, None, EXTERNAL_ID if by_id else None, "asc" if by_id else None
            )
            page = await self.read_first_page(first)
            ends = [one for one in (page.total_records, most) if one is not None]
            is_all = bool(ends) and min(ends) <= page.row_count
            return infer_fields(page.records) if is_all or returns_ids_only(shape) else ()
        if len(ids) != 1 or not can_be_fetched(ids[0]):
            return ()
        record = await self._pages[entity].record_or_none(ids[0])
        return infer_fields([record] if record else [])

    async def _fields_of_first_rows(self, entity: str, shape: QueryShape) -> tuple[Field, ...]:
        """Return the fields that the first page in the query's order shows; none if in doubt."""
        named = tuple(Column(one.name) for one in shape.select.find_all(exp.Column))
        sorting = shape.sort_field(Table(entity, named))
        wanted = (shape.limit or 0) + shape.offset
        if sorting is None or not 0 < wanted <= self._learner.largest_page:
            return ()
        name, descending = sorting.column.name, sorting.descending
        page = await self._first_in_order(entity, name, descending=descending)
        if page is None or not field_evidence.first_page_shows_type(
            page, name, descending=descending
        ):
            return ()
        is_all = min(wanted, page.total_records or wanted) <= page.row_count
        return infer_fields(page.records) if is_all else ()

    async def _fields_of_extreme(self, entity: str, extreme: exp.Expr) -> tuple[Field, ...]:
        """Return the fields that the first page of a min or max shows; none if in doubt.

        The seek reads that page and the one in the middle: both must confirm the type.
        """
        name, descending = extreme.this.name, isinstance(extreme, exp.Max)
        page = await self._first_in_order(entity, name, descending=descending)
        if page is None or not field_evidence.first_page_may_show_type(page, name):
            return ()
        size = page.row_count
        number = seek.middle_page(-(-(page.total_records or 0) // size))
        try:
            middle = await self._pages[entity].page(
                number,
                sort_by=name,
                sort_order="desc" if descending else "asc",
                fields=(name,),
                per_page=size,
            )
        except (BadRequest, NotFound):
            return ()
        if not field_evidence.pages_show_type((page, middle), name, descending=descending):
            return ()
        return infer_fields(page.records)

    async def _first_in_order(self, entity: str, name: str, *, descending: bool) -> Page | None:
        """Return the first page in a field's order; None where the service refuses it.

        The plan reads this page anyway, so no call is lost where it does not show the types. The
        service may refuse the name because it spells it differently: no smaller page is tried.
        """
        if "," in name:
            return None
        order = "desc" if descending else "asc"
        first = FirstPage(entity, self._learner.largest_page, None, name, order)
        try:
            return await self.read_first_page(first, at_any_size=False)
        except BadRequest:
            return None


def returns_stored_values(shape: QueryShape) -> bool:
    """Return whether the types of the columns only affect how their values are shown."""
    if not (shape.is_row_by_row and shape.has_plain_columns) or shape.is_ordered:
        return False
    where = shape.where
    if where is None:
        return True
    columns = list(where.find_all(exp.Column))
    is_of_ids = all(one.name.casefold() == EXTERNAL_ID.casefold() for one in columns)
    return is_of_ids and isinstance(where.unnest(), exp.EQ | exp.In)


def returns_ids_only(shape: QueryShape) -> bool:
    """Return whether ExternalID, whose type is known, is the only column of a plain query."""
    return all(
        isinstance(one, exp.Column) and one.name.casefold() == EXTERNAL_ID.casefold()
        for one in shape.select.find_all(exp.Column, exp.Star)
    )


def returns_first_rows(shape: QueryShape) -> bool:
    """Return whether the query is just the first rows of the entity in the order of one field."""
    return (
        shape.is_row_by_row
        and shape.has_plain_columns
        and shape.is_ordered
        and shape.where is None
        and not shape.has_odd_limit
    )


def single_extreme(shape: QueryShape) -> exp.Expr | None:
    """Return the min or max of a field, where the query asks for nothing else of all records.

    It may count the records as well.
    """
    calls = [one.unalias() for one in shape.select.expressions]
    found = [one for one in calls if isinstance(one, exp.Min | exp.Max)]
    if len(found) != 1 or shape.where is not None or not is_scalar(shape):
        return None
    (extreme,) = found
    what = shape.aggregated_column(extreme)
    if what is None or what is not extreme.this or what.name.casefold() == EXTERNAL_ID.casefold():
        return None
    is_alone = all(one is extreme or is_count_of_records(one) for one in calls)
    return extreme if is_alone else None


def make_table(
    entity: str, fields: Iterable[Field], *, total: int | None, largest_page: int
) -> Table:
    """Return an entity as a table: ExternalID first, then its fields.

    Columns have distinct casefolded names. Fields that SQL cannot name are left out.
    """
    columns = {EXTERNAL_ID.casefold(): Column(EXTERNAL_ID)}
    for field in fields:
        if not can_be_named(field.name):
            continue
        kind = ColumnKind.of_type(field.type)
        column = Column(field.name, kind, field.type or "Text", field.inferred)
        columns.setdefault(field.name.casefold(), column)
    return Table(entity, tuple(columns.values()), total, largest_page)
