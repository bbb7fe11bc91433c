"""Checks of field lists against records."""

from collections.abc import Iterator

from cmdm_tui.harness.exchange import Call
from cmdm_tui.harness.oracle.answer_parser import ListedRow, describe_number
from cmdm_tui.harness.oracle.check import HELD, READS, Check, Verdict, documented, ours
from cmdm_tui.harness.oracle.check_context import CheckContext
from cmdm_tui.harness.oracle.contract import has_form
from cmdm_tui.harness.oracle.list_model import granted_sizes
from cmdm_tui.harness.oracle.quoted_value import QuotedValue
from cmdm_tui.harness.oracle.service_model import ServiceModel

_FIELDS = frozenset[Call]({"fields"})
_OTHER_PART = "The fields listed are not that part of the whole field list."


def fields_agree(context: CheckContext) -> Iterator[Verdict]:
    """A record has the fields that the field list names, with values of their types."""
    intent = context.intent
    if intent.call == "fields" and context.is_success:
        yield from _against_field_list(context)
        return
    if not context.is_record_read or context.is_projected:
        return
    described = context.model.field_list_of(intent.entity)
    if described is None:
        return
    rules = context.model.fields_of(intent.entity)
    if context.answer.rows:
        yield HELD
    for row in context.answer.rows:
        if row.properties.keys() != rules.keys():
            odd = ", ".join(sorted(rules.keys() ^ row.properties.keys()))
            yield ours(
                f"{intent.entity} {row.external_id} and the field list differ in: {odd[:100]}."
            )
            return
        for name, value in row.properties.items():
            if not has_form(rules[name].type, value):
                kind, quoted = rules[name].type, QuotedValue(intent.entity, name, value)
                yield ours(f"{name} of {row.external_id} is not a {kind}: {quoted}.", quoted)
                return


def _against_field_list(context: CheckContext) -> Iterator[Verdict]:
    field_list = context.model.field_list_of(context.intent.entity)
    if field_list is None:
        yield from _against_records(context.model, context.intent.entity, context.answer.rows)
        return
    yield HELD
    by_id = {row.external_id: row.properties for row in field_list}
    for row in context.answer.rows:
        if row.external_id not in by_id:
            yield ours(f"The field {row.external_id} was not there before.")
        elif row.properties != by_id[row.external_id]:
            yield ours(f"The field {row.external_id} was described differently before.")


def _against_records(
    model: ServiceModel, entity: str, rows: tuple[ListedRow, ...]
) -> Iterator[Verdict]:
    names = {name for row in rows if isinstance(name := row.properties.get("Name"), str)}
    for external_id in model.existing_ids(entity)[:1]:
        known = model.find_record(entity, external_id)
        if known is None or known.last_change != "read":
            return
        yield HELD
        if known.values.keys() != names:
            odd = ", ".join(sorted(known.values.keys() ^ names))
            yield ours(f"The field list and {entity} {external_id} differ in: {odd[:100]}.")


def field_totals(context: CheckContext) -> Iterator[Verdict]:
    """The totals of a field list are those of its fields, and its pages hold each once.

    That another list of the same fields has the same order, or the same fields, is not documented.
    """
    answer, query = context.answer, context.intent.query
    if context.intent.call != "fields" or not context.is_success or query is None:
        return
    yield HELD
    field_list = context.model.field_list_of(context.intent.entity)
    ids = [row.external_id for row in answer.rows]
    if len(set(ids)) < len(ids):
        yield documented("A field is in one answer twice.")
    if field_list is not None and answer.total != len(field_list):
        total = describe_number(answer.total)
        yield ours(f"Total Records is {total}, and there are {len(field_list)} fields.")
    page, total = context.page, answer.total or 0
    whole = None if field_list is None else [row.external_id for row in field_list]
    if page is None:
        if whole is not None and ids != whole:
            yield ours(_OTHER_PART)
        return
    size, number = page
    # A service may grant less than was asked for, as long as that adds up.
    granted = granted_sizes(size, number, total=total, pages=answer.pages, held=len(ids))
    if whole is not None:
        parts = [whole[(number - 1) * one : number * one] for one in (granted or (size,))]
        if ids not in parts:
            yield ours(_OTHER_PART)
    is_empty = total == 0 and answer.pages in {0, 1}
    if not granted and not is_empty:
        yield documented(
            f"Page {number}, of {size} asked for, holds {len(ids)} fields, of {total}, and Total "
            f"Page is {describe_number(answer.pages)}."
        )


CHECKS = (
    Check("fields-agree", "retrieve fields; a field's Properties; values", "ours", fields_agree,
          READS | _FIELDS),
    Check("field-totals", "retrieve fields: Total Records, Total Page, per_page and page",
          "documented", field_totals, _FIELDS),
)  # fmt: skip
