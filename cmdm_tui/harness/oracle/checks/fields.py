"""Checks of field lists against records."""

from collections.abc import Iterator

from cmdm_tui.harness.oracle.answer_parser import ListedRow, describe_number
from cmdm_tui.harness.oracle.check import Check
from cmdm_tui.harness.oracle.check_context import CheckContext
from cmdm_tui.harness.oracle.contract import has_form
from cmdm_tui.harness.oracle.service_model import ServiceModel


def fields_agree(seen: CheckContext) -> Iterator[str]:
    """A record has the fields that the field list names, with values of the types it tells."""
    intent = seen.intent
    if intent.call == "fields" and seen.is_success:
        yield from _against_field_list(seen)
        return
    if not seen.is_record_read or seen.is_projected:
        return
    described = seen.model.field_list_of(intent.entity)
    if described is None:
        return
    rules = seen.model.fields_of(intent.entity)
    for row in seen.answer.rows:
        if row.properties.keys() != rules.keys():
            odd = ", ".join(sorted(rules.keys() ^ row.properties.keys()))
            yield f"{intent.entity} {row.external_id} and the field list differ in: {odd[:100]}."
            return
        for name, value in row.properties.items():
            if not has_form(rules[name].type, value):
                yield f"{name} of {row.external_id} is no {rules[name].type}: {value!r:.60}."
                return


def _against_field_list(seen: CheckContext) -> Iterator[str]:
    told = seen.model.field_list_of(seen.intent.entity)
    if told is None:
        yield from _against_records(seen.model, seen.intent.entity, seen.answer.rows)
        return
    by_id = {row.external_id: row.properties for row in told}
    for row in seen.answer.rows:
        if row.external_id not in by_id:
            yield f"The field {row.external_id} was not there before."
        elif row.properties != by_id[row.external_id]:
            yield f"The field {row.external_id} was described otherwise before."


def _against_records(
    ledger: ServiceModel, entity: str, rows: tuple[ListedRow, ...]
) -> Iterator[str]:
    names = {name for row in rows if isinstance(name := row.properties.get("Name"), str)}
    for external_id in ledger.existing_ids(entity)[:1]:
        known = ledger.find_record(entity, external_id)
        if known is not None and known.last_change == "read" and known.values.keys() != names:
            odd = ", ".join(sorted(known.values.keys() ^ names))
            yield f"The field list and {entity} {external_id} differ in: {odd[:100]}."


def field_totals(seen: CheckContext) -> Iterator[str]:
    """The totals of a field list are those of its fields, and its pages hold each once."""
    reading, query = seen.answer, seen.intent.query
    if seen.intent.call != "fields" or not seen.is_success or query is None:
        return
    told = seen.model.field_list_of(seen.intent.entity)
    ids = [row.external_id for row in reading.rows]
    if len(set(ids)) < len(ids):
        yield "A field stands twice in one answer."
    page = seen.page
    if told is not None:
        wanted = [row.external_id for row in told]
        if page is not None:
            wanted = wanted[(page[1] - 1) * page[0] : page[1] * page[0]]
        if ids != wanted:
            yield "The fields listed are not that part of the whole field list."
        if reading.total != len(told):
            yield f"Total Records is {describe_number(reading.total)}, and there are {len(told)} fields."
    if page is None:
        return
    pages = -(-(reading.total or 0) // page[0])
    if reading.pages != pages and not (pages == 0 and reading.pages == 1):
        yield f"Total Page is {describe_number(reading.pages)} where it should be {pages}."


CHECKS = (
    Check("fields-agree", "retrieve fields; a field's Properties; values", "ours", fields_agree),
    Check("field-totals", "retrieve fields: Total Records, Total Page, per_page and page",
          "documented", field_totals),
)  # fmt: skip
