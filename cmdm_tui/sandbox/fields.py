"""The answer that describes an entity's fields: as records, under `Total Page` and `Field`."""

from starlette.datastructures import QueryParams
from starlette.responses import Response

from cmdm_tui.sandbox.http.responses import json_response
from cmdm_tui.sandbox.parameters import read_paging
from cmdm_tui.sandbox.schema import EntitySchema


def field_list_response(entity: EntitySchema, query: QueryParams) -> Response:
    """Return the fields of an entity, or a page of them."""
    paging = read_paging(query)
    fields, pages = entity.fields, 1
    if paging is not None:
        pages = paging.count_pages(len(fields))
        fields = fields[paging.offset : paging.offset + paging.per_page]
    described = [
        {"ExternalID": entity.get_field_id(field), "Properties": field.describe()}
        for field in fields
    ]
    totals = {"Total Records": str(len(entity.fields)), "Total Page": str(pages)}
    return json_response({**totals, "Field": described})
