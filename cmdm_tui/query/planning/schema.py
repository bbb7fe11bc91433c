"""Finds out what an entity's columns are, in as few calls as the query allows.

Fields that the catalog knows cost nothing; others are asked for, and the catalog keeps them for a
day. Declared types decide, under every plan. A count or a list of ids needs none. Where none is
described, a record that is fetched by its id shows its own fields, as text.
"""

from collections.abc import Iterable

from msgspec import Struct
from msgspec.structs import replace
from sqlglot import exp

from cmdm_tui.api import BadRequest, Field, NotFound, Page, Record
from cmdm_tui.api.decode_fields import FIELD_TYPES
from cmdm_tui.catalog import Account, infer_fields
from cmdm_tui.catalog.catalog import SAMPLE_SIZE
from cmdm_tui.catalog.fields import add_inferred, are_inferred, discover_fields
from cmdm_tui.query.budget import CallBudget
from cmdm_tui.query.errors import UnknownName
from cmdm_tui.query.fetching.page_cache import PageCache, can_be_fetched
from cmdm_tui.query.fetching.trait_learner import TraitLearner
from cmdm_tui.query.model import (
    CASE_MARK,
    EXTERNAL_ID,
    Column,
    ColumnKind,
    FirstPage,
    Table,
)
from cmdm_tui.query.parsing.identifiers import can_be_named, nearest_names
from cmdm_tui.query.parsing.query_shape import QueryShape, counts_all_records, wanted_ids


class Sample(Struct, frozen=True):
    """How many records were read, of how many if that is known, and whether they are all."""

    read: int
    total: int | None
    is_whole: bool


class SchemaReader:
    """Reads the entities of one query as tables, with `is_raw` all of text.

    `pages` are their page caches.
    """

    def __init__(
        self,
        account: Account,
        budget: CallBudget,
        learner: TraitLearner,
        pages: dict[str, PageCache],
        *,
        is_raw: bool = False,
    ) -> None:
        self._is_raw = is_raw
        self._account = account
        self._budget = budget
        self._learner = learner
        self._pages = pages
        self.first_pages: dict[str, FirstPage] = {}
        """The first page that was read last, by entity."""
        self.inferred_entities: set[str] = set()
        """The entities whose fields are known only from the record that this query reads."""
        self.samples: dict[str, Sample] = {}
        """The records that were read to find the fields of an entity which describes none."""
        self._assumed: dict[str, tuple[Field, ...]] = {}

    async def read_table(self, entity: str, shape: QueryShape | None) -> Table:
        """Return the entity as a table; its fields are fetched unless they are known."""
        fields = self._account.catalog.cached_fields(entity)
        if not fields:
            fields = await self._find_fields(entity, shape)
        return self.make_table(entity, fields)

    async def find_field(self, entity: str, name: str, *, is_exact: bool) -> bool:
        """Look for a field in more records of an entity whose fields only its records show.

        Returns whether one of them has it, whatever the case. A field of this very name is taken
        to be there where the entity has no record, or with `is_exact` where it has more than those.
        """
        catalog = self._account.catalog
        if entity in self.inferred_entities:
            # They are those of one record.
            self.inferred_entities.discard(entity)
            if has_field(await self.fetch_fields(entity), name):
                return True
        known = catalog.cached_fields(entity)
        if known and not are_inferred(known):
            return False
        if entity not in self.samples and await self._read_sample(entity, name):
            return True
        sample = self.samples[entity]
        if not sample.read or (is_exact and not sample.is_whole):
            assumed = Field(name=name, type="Text", inferred=True)
            self._assumed[entity] = (*self._assumed.get(entity, ()), assumed)
            return True
        return False

    def known_fields(self, entity: str) -> tuple[Field, ...]:
        """Return the fields as far as the catalog or this query knows them: no call."""
        is_of_one = entity in self.inferred_entities
        known = () if is_of_one else self._account.catalog.cached_fields(entity)
        return (*known, *self._assumed.get(entity, ()))

    def make_table(self, entity: str, fields: Iterable[Field]) -> Table:
        """Return the entity as a table of these fields, with the total known so far."""
        total = self._account.catalog.cached_total(entity)
        table = make_table(
            entity,
            fields,
            total=total,
            largest_page=self._learner.largest_page,
            is_raw=self._is_raw,
        )
        return replace(table, page_overlap=self._learner.page_overlap)

    async def fetch_fields(self, entity: str) -> tuple[Field, ...]:
        """Return the fields as the service describes them, where its records have them."""
        first = FirstPage(entity, self._learner.largest_page, None, EXTERNAL_ID, "asc")

        async def read_described() -> tuple[Field, ...]:
            is_known = self._account.catalog.describes_nothing(entity)
            return () if is_known else await self._read_described(entity)

        async def read_records() -> tuple[Record, ...]:
            return (await self.read_first_page(first)).records

        fields = await discover_fields(read_described, read_records)
        if fields:
            self._account.catalog.store_fields(entity, fields)
        return fields

    async def read_first_page(self, first: FirstPage) -> Page:
        """Read a first page. Raises UnknownName where there is no such entity."""
        try:
            page = await self._pages[first.entity].first_page(
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
        if shape is not None and (counts_all_records(shape) or returns_ids_only(shape)):
            return ()
        if shape is None or not returns_one_record(shape):
            return await self.fetch_fields(entity)
        # Where all is text, the record is the whole answer: it tells its own fields.
        are_untyped = self._is_raw or self._account.catalog.describes_nothing(entity)
        described = () if are_untyped else await self._described_fields(entity)
        if not described:
            described = await self._fields_of_record(entity, shape)
            self.inferred_entities |= {entity} if described else set()
        return described or await self.fetch_fields(entity)

    async def _described_fields(self, entity: str) -> tuple[Field, ...]:
        """Return the fields as the service describes them; the catalog notes where there are none.

        The note spares the question for a day.
        """
        fields = await discover_fields(lambda: self._read_described(entity), _read_nothing)
        self._account.catalog.store_fields(entity, fields)
        return fields

    async def _read_described(self, entity: str) -> tuple[Field, ...]:
        with self._budget.call() as on_send:
            return await self._account.client.with_options(on_send=on_send).all_fields(entity)

    async def _read_sample(self, entity: str, name: str) -> bool:
        """Read pages in the order of a scan, which finds them read, until one shows the field."""
        catalog = self._account.catalog
        first = FirstPage(entity, self._learner.largest_page, None, EXTERNAL_ID, "asc")
        page = await self.read_first_page(first)
        records, size, is_whole = list(page.records), page.row_count, False
        number = 1
        while True:
            known = add_inferred(catalog.cached_fields(entity), infer_fields(records))
            catalog.store_fields(entity, known)
            if has_field(known, name):
                return True
            total, read = page.total_records, len({one.external_id for one in records})
            # A page may be short before the last one: where there is a total, it decides.
            is_whole = page.row_count < max(size, 1) if total is None else read >= total
            if is_whole or not page.records or len(records) >= SAMPLE_SIZE:
                break
            number += 1
            try:
                page = await self._pages[entity].page(
                    number, sort_by=EXTERNAL_ID, sort_order="asc", fields=None, per_page=size
                )
            except (BadRequest, NotFound):
                break
            records += page.records
        self.samples[entity] = Sample(read, page.total_records, is_whole=is_whole)
        return False

    async def _fields_of_record(self, entity: str, shape: QueryShape) -> tuple[Field, ...]:
        """Return the fields of the one record that is wanted, as text; none where it is not there.

        It is the whole answer, so it costs no call.
        """
        ids = wanted_ids(shape.where)
        if ids is None or len(ids) != 1 or not can_be_fetched(ids[0]):
            return ()
        record = await self._pages[entity].record_or_none(ids[0])
        return infer_fields([record] if record else [])


async def _read_nothing() -> tuple[Record, ...]:
    return ()


def returns_ids_only(shape: QueryShape) -> bool:
    """Return whether ExternalID, whose type is known, is all that a query names."""
    return all(
        isinstance(one, exp.Column) and _names_the_id(one)
        for one in shape.select.find_all(exp.Column, exp.Star, exp.Columns)
    )


def _names_the_id(column: exp.Column) -> bool:
    """Return whether a column is ExternalID: in quotes another case may name a field."""
    identifier = column.this
    is_quoted = isinstance(identifier, exp.Identifier) and bool(identifier.args.get("quoted"))
    is_alike = column.name.casefold() == EXTERNAL_ID.casefold()
    return column.name == EXTERNAL_ID or (is_alike and not is_quoted)


def returns_one_record(shape: QueryShape) -> bool:
    """Return whether the query shows stored values of a record that it names by its id."""
    where = shape.where
    if not (shape.is_row_by_row and shape.has_plain_columns) or shape.is_ordered or where is None:
        return False
    columns = list(where.find_all(exp.Column))
    is_of_ids = all(map(_names_the_id, columns))
    return is_of_ids and isinstance(where.unnest(), exp.EQ | exp.In)


def has_field(fields: Iterable[Field], name: str) -> bool:
    """Return whether a field has the name, whatever its case."""
    return any(field.name.casefold() == name.casefold() for field in fields)


def is_declared(field: Field) -> bool:
    """Return whether the service declares the field's type, in a word that is known."""
    return field.type in FIELD_TYPES and not field.inferred


def make_table(
    entity: str,
    fields: Iterable[Field],
    *,
    total: int | None,
    largest_page: int,
    is_raw: bool = False,
) -> Table:
    """Return an entity as a table: ExternalID first, then its fields.

    A field whose type no one declared is text; with `is_raw` every field is. Of names that differ
    by case alone, which DuckDB takes for one, the later ones get a mark that no one sees.
    """
    fields = tuple(fields)
    columns = {EXTERNAL_ID.casefold(): Column(EXTERNAL_ID)}
    unnamed: list[str] = []
    for field in fields:
        if not can_be_named(field.name) or field.name == EXTERNAL_ID:
            unnamed.append(field.name)
            continue
        name = field.name
        while name.casefold() in columns:
            name += CASE_MARK
        has_type = is_declared(field)
        kind = ColumnKind.of_type(field.type) if has_type and not is_raw else ColumnKind.TEXT
        columns[name.casefold()] = Column(
            name, kind, field.type or "Text", not has_type, of_field=field.name
        )
    return Table(
        entity,
        tuple(columns.values()),
        total,
        largest_page,
        tuple(unnamed),
        is_inferred=are_inferred(fields),
    )
