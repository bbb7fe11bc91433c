"""Actions for laws that no single odd request shows: they look before a change, and after.

Each makes a few calls whose answers belong together, so that a fault in what is stored, ordered or
refused is seen in the example that it happens in.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import msgspec

from cmdm_tui.harness.calls import (
    CallRequest,
    close_task,
    convert_lead,
    create_child,
    create_record,
    list_records,
    sign_in,
    update_record,
)
from cmdm_tui.harness.exchange import Call
from cmdm_tui.harness.fuzz.generate.actions import Actions
from cmdm_tui.harness.fuzz.generate.value_strategies import draw_properties, pick
from cmdm_tui.harness.fuzz.steps import AdvanceClock
from cmdm_tui.harness.inputs import InputClass, InputContext, classes_of
from cmdm_tui.harness.oracle.contract import FieldRule

_CLOSE_NUMBERS = (
    ("10", "9", "100", "-2", "-10"),
    ("9007199254740993", "9007199254740992", "9007199254740994", "9007199254740991"),
    ("0.5", "0.25", "0.1", "1.0", "0.09"),
    ("1234567.89", "1234567.9", "1234567.895", "1234568", "999999.99"),
    ("-0.5", "-0.25", "0", "-1", "1"),
)
"""Numbers whose order is another one as text, as whole numbers, as doubles, or by their size."""
_CLOSE_TEXTS = ("zoe", "Zoe", "ann", "Zo\u00eb", "ANN", "_x", "a b", "Ab")
_NEAR = {
    "account": ("contact", "lead"),
    "lead": ("contact", "account"),
    "contact": ("account", "lead"),
    "task": ("lead", "account"),
    "opportunity": ("account", "lead"),
    "event": ("product",),
    "product": ("event",),
}
"""Entities whose records a careless change of one may reach."""
_FIELD_FAULTS = frozenset(
    {"unknown-field", "wrong-type", "too-long", "read-only", "required-null", "number-for-text"}
)


def try_credentials(actions: Actions) -> None:
    """Sign in with each credential changed in each way: only where that can lock no one out."""
    context = InputContext(actions.choose, {})
    for one in classes_of("authenticate", "authorization"):
        request = one.apply(sign_in(), context)
        if request is not None:
            actions.session.take(request)


def update_among_others(actions: Actions) -> None:
    """Update a record, and look at all others of its entity, and at those of one near to it."""
    entity = actions.draw_entity()
    near = [one for one in _NEAR.get(entity, ()) if one in actions.session.entities]
    looked_at = [entity, *([pick(actions.draw, near)] if near else [])]
    record = actions.choose_record(entity)
    if not record:
        return
    if not actions.session.is_alone:
        for one in looked_at:
            actions.list_all(one)
    actions.read_record(entity, record)
    actions.session.take(update_record(entity, record, actions.draw_changes(entity)))
    for one in looked_at:
        actions.list_all(one)
    actions.read_record(entity, record)


def update_closed_task(actions: Actions) -> None:
    """Close a task, and update fields that have nothing to do with that."""
    if "task" not in actions.session.entities:
        return
    task = actions.choose_record("task")
    if not task:
        return
    actions.session.take(close_task(task))
    actions.read_record("task", task)
    if actions.session.service.is_restored:
        actions.session.take(AdvanceClock(2.0))
    rules = [rule for rule in _text_rules(actions, "task") if not rule.is_required]
    changes: list[Mapping[str, Any]] = [{"Priority": pick(actions.draw, ["High", "Low"])}]
    if rules:
        changes.append({pick(actions.draw, rules).name: "Called back"})
    for given in changes:
        actions.session.take(update_record("task", task, given))
        actions.read_record("task", task)
    actions.list_all("task")


def refuse_updates(actions: Actions) -> None:
    """Have updates refused for one of their fields, and look whether the others were stored."""
    entity = actions.draw_entity()
    record = actions.choose_record(entity)
    if not record:
        return
    actions.read_record(entity, record)
    for one in _some_faults(actions, "update"):
        given = _fresh_values(actions, entity)
        request = one.apply(update_record(entity, record, given), _context(actions, entity))
        if request is None:
            continue
        if actions.flip():
            request = _with_fault_first(request)
        actions.session.take(request)
        actions.read_record(entity, record)


def refuse_creations(actions: Actions) -> None:
    """Have a create, a child or a conversion refused for a field, and count what is there."""
    kinds = [_refuse_create, _refuse_child]
    if actions.can_convert():
        kinds.append(_refuse_conversion)
    pick(actions.draw, kinds)(actions)


def _refuse_create(actions: Actions) -> None:
    entity = actions.draw_entity()
    actions.read_total(entity)
    for one in _some_faults(actions, "create"):
        given = draw_properties(actions.draw, actions.fields_of(entity), is_whole=True)
        request = one.apply(create_record(entity, given), _context(actions, entity))
        if request is not None:
            actions.session.take(request)
            actions.read_total(entity)


def _refuse_child(actions: Actions) -> None:
    entity = actions.draw_entity()
    record = actions.choose_record(entity)
    child = pick(actions.draw, ["task", "opportunity"])
    if not record or child not in actions.session.entities:
        return
    given = draw_properties(actions.draw, actions.fields_of(child), is_whole=True, most=1)
    actions.read_total(child)
    actions.session.take(_with_unknown_field(create_child(child, entity, record, given)))
    actions.read_total(child)


def _refuse_conversion(actions: Actions) -> None:
    lead = actions.create_record("lead")
    if not lead:
        return
    actions.read_record("lead", lead)
    actions.session.take(_with_unknown_field(convert_lead(lead, {"Description": "x"})))
    actions.read_record("lead", lead)
    actions.read_total("account")
    actions.read_total("contact")


def keep_values(actions: Actions) -> None:
    """Write text and numbers that are easily changed, and read them: alone, and in a list."""
    entity = actions.draw_entity()
    context = _context(actions, entity)
    kept = [one for one in classes_of("update", "body") if one.family.startswith("kept-")]
    record = actions.choose_record(entity)
    for _ in range(2):
        if record:
            request = pick(actions.draw, kept).apply(update_record(entity, record, {}), context)
            _write_and_read(actions, request)
        given = draw_properties(actions.draw, actions.fields_of(entity), is_whole=True, most=0)
        _write_and_read(
            actions, pick(actions.draw, kept).apply(create_record(entity, given), context)
        )
    if actions.flip():
        actions.list_all(entity)


def order_numbers(actions: Actions) -> None:
    """Create records whose numbers are near each other, and sort by them, whole and in a page."""
    entities = [one for one in actions.session.entities if _number_rules(actions, one)]
    if entities:
        entity = pick(actions.draw, entities)
        rule = pick(actions.draw, _number_rules(actions, entity))
        _create_and_sort(actions, entity, rule.name, pick(actions.draw, _CLOSE_NUMBERS))


def order_texts(actions: Actions) -> None:
    """Create records whose texts differ in capitals and accents, and sort by them.

    Sort by options too, which are in the order of their letters, and not of their list, and by a
    date.
    """
    entity = actions.draw_entity()
    rules = _text_rules(actions, entity)
    if rules:
        values = [pick(actions.draw, _CLOSE_TEXTS) for _ in range(4)]
        _create_and_sort(actions, entity, pick(actions.draw, rules).name, values)
    fields = actions.fields_of(entity).values()
    for rule in fields:
        if rule.options:
            actions.list_all(entity, {"sort_by": rule.name})
    dates = [rule.name for rule in fields if rule.type == "Date"]
    if dates:
        actions.list_all(entity, {"sort_by": pick(actions.draw, dates)})


def _create_and_sort(actions: Actions, entity: str, name: str, values: Sequence[str]) -> None:
    for value in values:
        given = draw_properties(actions.draw, actions.fields_of(entity), is_whole=True, most=0)
        actions.create_record(entity, given | {name: value})
    query = {"sort_by": name}
    for order in ("asc", "desc"):
        actions.list_all(entity, query | {"sort_order": order})
    page = {"per_page": "50", "page": "1", "sort_order": pick(actions.draw, ["asc", "desc"])}
    actions.session.take(list_records(entity, query | page))


def _text_rules(actions: Actions, entity: str) -> list[FieldRule]:
    rules = actions.fields_of(entity).values()
    return [rule for rule in rules if rule.type == "Text" and not rule.is_read_only]


def _number_rules(actions: Actions, entity: str) -> list[FieldRule]:
    rules = actions.fields_of(entity).values()
    return [rule for rule in rules if rule.type in _NUMERIC and not rule.is_read_only]


_NUMERIC = {"Number", "Currency"}


def _context(actions: Actions, entity: str) -> InputContext:
    return InputContext(actions.choose, actions.fields_of(entity))


def _some_faults(actions: Actions, call: Call) -> tuple[InputClass, InputClass]:
    faults = [one for one in classes_of(call, "body") if one.name in _FIELD_FAULTS]
    return pick(actions.draw, faults), pick(actions.draw, faults)


def _fresh_values(actions: Actions, entity: str) -> dict[str, Any]:
    """Return values that a record is not likely to have."""
    rules = _text_rules(actions, entity)
    words = ("Half", "Almost", "Nearly", "Partly")
    chosen = {pick(actions.draw, rules).name for _ in range(2)} if rules else set[str]()
    number = 1 + len(actions.session.log)
    return {name: f"{pick(actions.draw, words)} {number}" for name in sorted(chosen)}


def _with_fault_first(request: CallRequest) -> CallRequest:
    """Return a request with its fields in the reverse order."""
    given: dict[str, Any] = msgspec.json.decode(request.body)
    return replace(request, body=msgspec.json.encode(dict(reversed(given.items()))))


def _with_unknown_field(request: CallRequest) -> CallRequest:
    found = next(one for one in classes_of("update", "body") if one.name == "unknown-field")
    return found.apply(request, InputContext(lambda _: 0, {})) or request


def _write_and_read(actions: Actions, request: CallRequest | None) -> None:
    if request is None:
        return
    entity, record = request.intent.entity, request.intent.external_id
    if record:
        actions.session.take(request)
    else:
        record = actions.create(request, entity)
    actions.read_record(entity, record)
