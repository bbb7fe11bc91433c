"""Reading the query parameters of the two list calls (api.md); a wrong one is refused by name."""

import re
from dataclasses import dataclass

from starlette.datastructures import QueryParams

from cmdm_tui.sandbox.api_constants import MAX_PER_PAGE
from cmdm_tui.sandbox.errors import Refusal, quote
from cmdm_tui.sandbox.http.responses import FieldNames
from cmdm_tui.sandbox.schema import EXTERNAL_ID, EntitySchema
from cmdm_tui.sandbox.storage.store import RecordOrder
from cmdm_tui.sandbox.wire_types import has_field

# Beyond any count of records, and still a number that every database accepts.
_FARTHEST_PAGE = 10**12
_WHOLE_NUMBER = re.compile(r"[0-9]+")


@dataclass(frozen=True, slots=True)
class Paging:
    """Which page of how many records: both from 1."""

    per_page: int
    page: int

    @property
    def offset(self) -> int:
        """How many records come before the page."""
        return (self.page - 1) * self.per_page

    def count_pages(self, total: int) -> int:
        """Return how many pages hold `total` records."""
        return -(-total // self.per_page)


def read_paging(query: QueryParams) -> Paging | None:
    """Return the page asked for, None when neither parameter is given.

    Raises `Refusal` 400 for one without the other, or a value that is not a number from 1 on.
    """
    per_page = _read_whole_number(query, "per_page", MAX_PER_PAGE)
    page = _read_whole_number(query, "page", None)
    if per_page is None and page is None:
        return None
    # Cassettes hold these words.
    if per_page is None:
        raise Refusal(400, "page needs per_page beside it.")
    if page is None:
        raise Refusal(400, "per_page needs page beside it.")
    return Paging(per_page, page)


def read_fields(query: QueryParams, entity: EntitySchema) -> FieldNames:
    """Return the fields asked for, in that order, without repetition; None for all.

    Raises `Refusal` 400 for an unknown name. `ExternalID` may be named and is always present.
    """
    value = _read_single(query, "fields")
    if value is None:
        return None
    names = value.split(",")
    for name in names:
        if not has_field(entity, name):
            raise Refusal(400, f"fields: {entity.name} has no field {quote(name)}.")
    return tuple(name for name in dict.fromkeys(names) if name != EXTERNAL_ID)


def read_order(query: QueryParams, entity: EntitySchema) -> RecordOrder:
    """Return the order asked for.

    Raises `Refusal` 400 for an unknown field or a direction other than `asc` and `desc`.
    """
    field = _read_single(query, "sort_by")
    if field is not None and not has_field(entity, field):
        raise Refusal(400, f"sort_by: {entity.name} has no field {quote(field)}.")
    direction = _read_single(query, "sort_order")
    if direction not in {None, "asc", "desc"}:
        raise Refusal(400, f"sort_order must be asc or desc, not {quote(str(direction))}.")
    return RecordOrder(field, descending=direction == "desc")


def _read_whole_number(query: QueryParams, name: str, highest: int | None) -> int | None:
    value = _read_single(query, name)
    if value is None:
        return None
    wanted = "a whole number from 1" + ("" if highest is None else f" to {highest}")
    if not _WHOLE_NUMBER.fullmatch(value):
        raise Refusal(400, f"{name} must be {wanted}, not {quote(value)}.")
    # Leading zeros aside, a longer number is beyond the farthest page; it need not be computed.
    digits = value.lstrip("0")[: len(str(_FARTHEST_PAGE))]
    number = min(int(digits or "0"), _FARTHEST_PAGE)
    if number < 1 or (highest is not None and number > highest):
        raise Refusal(400, f"{name} must be {wanted}, not {quote(value)}.")
    return number


def _read_single(query: QueryParams, name: str) -> str | None:
    values = query.getlist(name)
    if len(values) > 1:
        raise Refusal(400, f"{name} is given {len(values)} times.")
    return values[0] if values else None
