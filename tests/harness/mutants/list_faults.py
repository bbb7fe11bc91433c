"""Faults in pages, totals, orders, chosen fields and field lists."""

from collections.abc import Callable
from typing import Any

from tests.harness.mutants.faulty_app import FaultAnswer, FaultRequest, SendOn, mutant, refuse

Row = dict[str, Any]


def _is_list(asked: FaultRequest, given: FaultAnswer) -> bool:
    return asked.call == "list" and given.ok


async def whole(asked: FaultRequest, inner: SendOn) -> list[Row]:
    """Return the list that a page is of."""
    kept = [part for part in asked.query.split("&") if not part.startswith(("page=", "per_page="))]
    given = await inner(asked.with_changes(query="&".join(kept)))
    return given.rows() if given.ok else []


def _page(asked: FaultRequest) -> tuple[int, int] | None:
    found = asked.parameters
    size, number = found.get("per_page", ""), found.get("page", "")
    if size.isdigit() and number.isdigit() and len(number) < 6:
        return int(size), int(number)
    return None


@mutant("a list without pages is cut", "unpaged-is-whole")
async def unpaged_cut(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    given = await inner(asked)
    if asked.call == "list" and given.ok and "page" not in asked.parameters:
        return given.with_rows(given.rows()[:7])
    return given


@mutant("a list without pages tells two", "unpaged-is-whole")
async def unpaged_two(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    given = await inner(asked)
    if asked.call == "list" and given.ok and "page" not in asked.parameters:
        return given.set_json(given.json() | {"Total Pages": "2"})
    return given


@mutant("pages overlap by one", "pages-partition")
async def pages_overlap(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    given, page = await inner(asked), _page(asked)
    if _is_list(asked, given) and page and page[1] > 1 and given.rows():
        rows = await whole(asked, inner)
        start = (page[1] - 1) * page[0] - 1
        return given.with_rows(rows[start : start + len(given.rows())])
    return given


@mutant("each page repeats its first record", "pages-partition")
async def page_repeats(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    given, page = await inner(asked), _page(asked)
    if _is_list(asked, given) and page and len(given.rows()) > 1:
        rows = given.rows()
        return given.with_rows([*rows[:-1], rows[0]])
    return given


@mutant("the second page is sorted on its own", "pages-partition")
async def page_sorted_alone(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    given, page = await inner(asked), _page(asked)
    if _is_list(asked, given) and page and page[1] == 2:
        return given.with_rows(sorted(given.rows(), key=lambda row: row["ExternalID"]))
    return given


@mutant("full pages add an empty one", "totals-add-up")
async def one_page_more(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    given, page = await inner(asked), _page(asked)
    if _is_list(asked, given) and page:
        body = given.json()
        return given.set_json(
            body | {"Total Pages": str(int(body["Total Records"]) // page[0] + 1)}
        )
    return given


@mutant("the total is that of the page", "totals-add-up")
async def total_of_page(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    given = await inner(asked)
    if _is_list(asked, given) and _page(asked):
        body = given.json()
        return given.set_json(body | {"Total Records": str(len(body["Entity"]))})
    return given


@mutant("pages hold three records at most", "totals-add-up")
async def pages_capped(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    given = await inner(asked)
    if _is_list(asked, given) and _page(asked):
        return given.with_rows(given.rows()[:3])
    return given


@mutant("past the end the last page comes", "past-the-end")
async def past_end_last(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    given, page = await inner(asked), _page(asked)
    if _is_list(asked, given) and page and page[1] > 1 and not given.rows():
        return given.with_rows((await whole(asked, inner))[-page[0] :])
    return given


@mutant("past the end there is 404", "past-the-end")
async def past_end_404(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    given, page = await inner(asked), _page(asked)
    is_past = _is_list(asked, given) and page and page[1] > 1 and not given.rows()
    return refuse(given, 404) if is_past else given


@mutant("the newest comes first", "default-order")
async def newest_first(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    given = await inner(asked)
    if _is_list(asked, given) and "sort" not in asked.query and not _page(asked):
        return given.with_rows(given.rows()[::-1])
    return given


@mutant("records stand in the order of their ids", "default-order")
async def order_of_ids(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    given = await inner(asked)
    if _is_list(asked, given) and not asked.query:
        return given.with_rows(sorted(given.rows(), key=lambda row: row["ExternalID"]))
    return given


def sorts_by(asked: FaultRequest, given: FaultAnswer) -> str:
    """Return the field a whole list is sorted by; empty for any other answer."""
    if not _is_list(asked, given) or _page(asked) or "fields" in asked.parameters:
        return ""
    field = asked.parameters.get("sort_by", "")
    return "" if field == "ExternalID" else field


def _is_down(asked: FaultRequest) -> bool:
    return asked.parameters.get("sort_order") == "desc"


def resorted(
    asked: FaultRequest, given: FaultAnswer, field: str, key: Callable[[Any], Any]
) -> FaultAnswer:
    rows = sorted(
        given.rows(), key=lambda row: key(row["Properties"][field]), reverse=_is_down(asked)
    )
    return given.with_rows(rows)


@mutant("sorting drops records without a value", "sort-permutation")
async def sort_drops_nulls(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    given = await inner(asked)
    field = sorts_by(asked, given)
    if field:
        rows = [row for row in given.rows() if row["Properties"][field] is not None]
        return given.set_json(given.json() | {"Total Records": str(len(rows)), "Entity": rows})
    return given


@mutant("sorting downwards loses the last record", "sort-permutation")
async def sort_loses_last(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    given = await inner(asked)
    if sorts_by(asked, given) and _is_down(asked) and given.rows():
        rows = given.rows()[:-1]
        return given.set_json(given.json() | {"Total Records": str(len(rows)), "Entity": rows})
    return given


@mutant("capitals are sorted first", "sort-ordered")
async def capitals_first(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    given = await inner(asked)
    field = sorts_by(asked, given)
    is_text = field in {"LastName", "Name", "Subject", "Title", "City", "Owner", "Notes", "Email"}
    return resorted(asked, given, field, lambda value: value or "") if is_text else given


@mutant("null comes last", "sort-ordered")
async def null_last(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    given = await inner(asked)
    field = sorts_by(asked, given)
    if field:
        rows = given.rows()
        nulls = [row for row in rows if row["Properties"][field] is None]
        others = [row for row in rows if row["Properties"][field] is not None]
        return given.with_rows([*nulls, *others] if _is_down(asked) else [*others, *nulls])
    return given


@mutant("desc is not looked at", "desc-reverses")
async def desc_ignored(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    return await inner(asked.with_changes(query=asked.query.replace("=desc", "=asc")))


@mutant("desc turns each half around", "desc-reverses")
async def desc_by_halves(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    given = await inner(asked)
    if sorts_by(asked, given) and _is_down(asked):
        rows = given.rows()
        middle = len(rows) // 2
        return given.with_rows(rows[middle:] + rows[:middle])
    return given


@mutant("desc turns equal values around too", "ties-in-creation-order")
async def ties_reversed(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    given = await inner(asked)
    if sorts_by(asked, given) and _is_down(asked):
        up = await inner(asked.with_changes(query=asked.query.replace("=desc", "=asc")))
        return given.with_rows(up.rows()[::-1])
    return given


@mutant("equal values stand in the order of ids", "ties-in-creation-order")
async def ties_by_id(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    given = await inner(asked)
    field = sorts_by(asked, given)
    if field:
        groups: dict[Any, list[Row]] = {}
        for row in given.rows():
            groups.setdefault(row["Properties"][field], []).append(row)
        ordered = [
            row
            for group in groups.values()
            for row in sorted(group, key=lambda row: row["ExternalID"])
        ]
        return given.with_rows(ordered)
    return given


@mutant("fields is not looked at", "projection-exact")
async def fields_ignored(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    given = await inner(asked)
    if _is_list(asked, given) and "fields" in asked.parameters:
        kept = [part for part in asked.query.split("&") if not part.startswith("fields=")]
        return await inner(asked.with_changes(query="&".join(kept)))
    return given


@mutant("chosen fields without a value are left out", "projection-exact")
async def fields_without_nulls(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    given = await inner(asked)
    if _is_list(asked, given) and "fields" in asked.parameters:
        rows = [
            row | {"Properties": {k: v for k, v in row["Properties"].items() if v is not None}}
            for row in given.rows()
        ]
        return given.with_rows(rows)
    return given


@mutant("chosen fields are told in capitals", "projection-agrees")
async def fields_in_capitals(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    given = await inner(asked)
    if _is_list(asked, given) and "fields" in asked.parameters:
        rows = [
            row | {"Properties": {k: v and v.upper() for k, v in row["Properties"].items()}}
            for row in given.rows()
        ]
        return given.with_rows(rows)
    return given


@mutant("chosen fields are another record's", "projection-agrees")
async def fields_shifted(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    given = await inner(asked)
    if _is_list(asked, given) and "fields" in asked.parameters and len(given.rows()) > 1:
        rows = given.rows()
        shifted = [
            row | {"Properties": other["Properties"]}
            for row, other in zip(rows, rows[1:] + rows[:1], strict=True)
        ]
        return given.with_rows(shifted)
    return given


@mutant("the field list lacks a field", "fields-agree")
async def field_lacking(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    given = await inner(asked)
    if asked.call == "fields" and given.ok and not asked.query:
        body = given.json()
        fields = body["Field"][:-1]
        return given.set_json(body | {"Field": fields, "Total Records": str(len(fields))})
    return given


@mutant("the field list tells a wrong type", "fields-agree")
async def field_type(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    given = await inner(asked)
    if asked.call == "fields":
        given.body = given.body.replace(
            b'"Label":"City","Type":"Text"', b'"Label":"City","Type":"Number"'
        )
    return given


@mutant("records have a field that is not told", "fields-agree")
async def field_untold(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    given = await inner(asked)
    if asked.call == "get" and given.ok:
        body = given.json()
        return given.set_json(body | {"Properties": body["Properties"] | {"Internal": "x"}})
    return given


@mutant("the field list has one page, whatever is asked", "field-totals")
async def fields_unpaged(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    given = await inner(asked)
    if asked.call == "fields" and given.ok and _page(asked):
        whole_list = await inner(asked.with_changes(query=""))
        return given.set_json(given.json() | {"Field": whole_list.json()["Field"]})
    return given


@mutant("the field list counts one too many", "field-totals")
async def fields_overcounted(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    given = await inner(asked)
    if asked.call == "fields" and given.ok:
        body = given.json()
        return given.set_json(body | {"Total Records": str(int(body["Total Records"]) + 1)})
    return given
