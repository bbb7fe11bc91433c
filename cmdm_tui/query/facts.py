"""Learns what an entity's columns are: from the catalog, from the service, or from its records."""

from collections.abc import Iterable
from dataclasses import replace

from cmdm_tui.api import BadRequest, Client, Field, NotFound, Page
from cmdm_tui.api.fields import TYPES
from cmdm_tui.catalog import Catalog, infer_fields
from cmdm_tui.query.budget import CallBudget
from cmdm_tui.query.model import EXTERNAL_ID, Column, Kind, Table

_FIELDS_A_PAGE = 200


def table_of(
    entity: str, fields: Iterable[Field], *, total: int | None, largest_page: int
) -> Table:
    """Return an entity as a table: ExternalID first, then its fields; names differ beyond case."""
    columns = {EXTERNAL_ID.casefold(): Column(EXTERNAL_ID)}
    for field in fields:
        kind = Kind.of_type(field.type)
        column = Column(field.name, kind, field.type or "Text", field.inferred)
        columns.setdefault(field.name.casefold(), column)
    return Table(entity, tuple(columns.values()), total, largest_page)


async def described_fields(client: Client, entity: str, budget: CallBudget) -> tuple[Field, ...]:
    """Return the fields that the service describes, none where it does not: mostly one call."""
    found: dict[str, Field] = {}
    number = 1
    while True:
        budget.spend()
        try:
            page = await client.fields(entity, per_page=_FIELDS_A_PAGE, page=number)
        except (NotFound, BadRequest):
            return _named(found)
        known = len(found)
        found.update({field.name: field for field in page.fields})
        if len(found) == known or number >= (page.total_pages or 1):
            return _named(found)
        number += 1


def _named(found: dict[str, Field]) -> tuple[Field, ...]:
    """Return the fields, none where nothing but their ids was told: no record has those."""
    fields = tuple(found.values())
    return () if all(field.name == field.external_id for field in fields) else fields


def fields_of_page(page: Page) -> tuple[Field, ...]:
    """Return the fields that the records of a page show, their types inferred."""
    return infer_fields(page.records)


def is_borne_out(fields: tuple[Field, ...], page: Page) -> bool:
    """Tell whether a page's records have fields as described: some services describe others."""
    names = {field.name for field in fields}
    shown = {name for record in page.records[:20] for name in record.properties}
    return not shown or not names.isdisjoint(shown)


def are_typed(fields: Iterable[Field]) -> bool:
    """Tell whether every field has a type of `api.md`: another word says nothing of its values."""
    return all(field.type in TYPES for field in fields)


def typed_by(fields: tuple[Field, ...], page: Page) -> tuple[Field, ...]:
    """Return the fields, those without a type of `api.md` typed by a page's records."""
    shown = {field.name: field.type for field in infer_fields(page.records)}
    return tuple(
        field
        if field.type in TYPES
        else replace(field, type=shown.get(field.name, "Text"), inferred=True)
        for field in fields
    )


def keep_fields(catalog: Catalog, entity: str, fields: tuple[Field, ...]) -> None:
    """Let the catalog know an entity's fields, so that no call is made for them again."""
    if fields:
        catalog.saw_fields(entity, fields)
