"""Trials of laws that no single odd request shows: what is looked at before a change, and after.

Each makes a few calls whose answers belong together, so that a fault in what is stored, ordered or
refused is seen in the run it happens in.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
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
from cmdm_tui.harness.inputs import InputClass, InputContext, classes_of
from cmdm_tui.harness.oracle.contract import FieldRule

LawAction = Callable[[Actions, int], None]
"""Does it; the number is that of the round, so that each begins with other choices."""

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


@dataclass(frozen=True, slots=True)
class LawTrial:
    """A law, and what tries it; `call` is the call it is about."""

    law: str
    call: Call
    action: LawAction

    @property
    def name(self) -> str:
        """The call and the law."""
        return f"{self.call} {self.law}"

    def run(self, actions: Actions, *, round_number: int = 0) -> None:
        """Try the law."""
        self.action(actions, round_number)


def try_credentials(actions: Actions, round_number: int) -> None:
    """Sign in with each credential changed in each way; where that may lock no one out."""
    if not actions.session.service.is_restored:
        return
    context = InputContext(actions.choose, {}, round_number=round_number)
    for one in classes_of("authenticate", "authorization"):
        request = one.apply(sign_in(), context)
        if request is not None:
            actions.session.take(request)


def update_among_others(actions: Actions, round_number: int) -> None:
    """Update a record, and look at all others of its entity, and at those of one near to it."""
    entity = _entity(actions, round_number)
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


def update_closed_task(actions: Actions, round_number: int) -> None:
    """Close a task, and update a field that has nothing to do with that."""
    if "task" not in actions.session.entities:
        return
    task = actions.choose_record("task")
    if not task:
        return
    actions.session.take(close_task(task))
    actions.read_record("task", task)
    rules = [rule for rule in _text_rules(actions, "task") if not rule.is_required]
    for rule in _rotate(rules, round_number)[:2]:
        given = {rule.name: pick(actions.draw, ["Called back", "Left a message"])}
        actions.session.take(update_record("task", task, given))
        actions.read_record("task", task)
    actions.session.take(update_record("task", task, {"Priority": "High"}))
    actions.read_record("task", task)
    actions.list_all("task")


def refuse_changes(actions: Actions, round_number: int) -> None:
    """Have an update refused for one of its fields, and look whether the others were stored."""
    entity = _entity(actions, round_number)
    record = actions.choose_record(entity)
    if not record:
        return
    for one in _field_faults("update"):
        actions.read_record(entity, record)
        given = _fresh_values(actions, entity)
        request = _refused(actions, one, update_record(entity, record, given), round_number)
        if request is None:
            continue
        if actions.flip():
            request = _with_fault_first(request)
        actions.session.take(request)
        actions.read_record(entity, record)


def refuse_creations(actions: Actions, round_number: int) -> None:
    """Have creates and a conversion refused for a field, and count what is there."""
    entity = _entity(actions, round_number)
    record = actions.choose_record(entity)
    faults = _rotate(_field_faults("create"), round_number)
    for one in faults[:3]:
        given = draw_properties(actions.draw, actions.fields_of(entity), is_whole=True)
        request = _refused(actions, one, create_record(entity, given), round_number)
        actions.read_total(entity)
        if request is not None:
            actions.session.take(request)
            actions.read_total(entity)
    if record and "task" in actions.session.entities:
        child = create_child("task", entity, record, {"Subject": "Call back"})
        actions.read_total("task")
        actions.session.take(_with_unknown_field(child))
        actions.read_total("task")
    if "lead" in actions.session.entities and not actions.session.service.is_to_be_cleaned:
        lead = actions.create_record("lead")
        if lead:
            actions.read_record("lead", lead)
            actions.session.take(_with_unknown_field(convert_lead(lead, {"Description": "x"})))
            actions.read_record("lead", lead)
            actions.read_total("account")
            actions.read_total("contact")


def keep_values(actions: Actions, round_number: int) -> None:
    """Write text and numbers that are easily changed, and read them: alone, and in a list."""
    entity = _entity(actions, round_number)
    context = _context(actions, entity, round_number)
    record = actions.choose_record(entity)
    for one in (one for one in classes_of("update", "body") if one.family.startswith("kept-")):
        if record:
            _write_and_read(actions, one.apply(update_record(entity, record, {}), context))
        given = draw_properties(actions.draw, actions.fields_of(entity), is_whole=True, most=0)
        _write_and_read(actions, one.apply(create_record(entity, given), context))
    actions.list_all(entity)


def order_numbers(actions: Actions, round_number: int) -> None:
    """Create records whose numbers are near each other, and sort by them, whole and in pages."""
    entities = [one for one in actions.session.entities if _number_rules(actions, one)]
    if not entities:
        return
    entity = entities[(actions.choose(len(entities)) + round_number) % len(entities)]
    rule = pick(actions.draw, _number_rules(actions, entity))
    place = (round_number + actions.choose(len(_CLOSE_NUMBERS))) % len(_CLOSE_NUMBERS)
    _create_and_sort(actions, entity, rule.name, _CLOSE_NUMBERS[place])


def order_texts(actions: Actions, round_number: int) -> None:
    """Create records whose texts differ in capitals and accents, and sort by them."""
    entity = _entity(actions, round_number)
    rules = _text_rules(actions, entity)
    if rules:
        _create_and_sort(actions, entity, pick(actions.draw, rules).name, _CLOSE_TEXTS)


def _create_and_sort(actions: Actions, entity: str, name: str, values: tuple[str, ...]) -> None:
    for value in values:
        given = draw_properties(actions.draw, actions.fields_of(entity), is_whole=True, most=0)
        actions.create_record(entity, given | {name: value})
    query = {"sort_by": name}
    for order in ("asc", "desc"):
        actions.list_all(entity, query | {"sort_order": order})
    actions.session.take(list_records(entity, query | {"per_page": "50", "page": "1"}))
    actions.session.take(
        list_records(entity, query | {"sort_order": "desc", "per_page": "50", "page": "1"})
    )


RECORD_LAWS = (
    LawTrial("others", "update", update_among_others),
    LawTrial("closed", "close", update_closed_task),
    LawTrial("refused", "update", refuse_changes),
    LawTrial("refused", "create", refuse_creations),
    LawTrial("kept", "create", keep_values),
    LawTrial("numbers", "list", order_numbers),
    LawTrial("texts", "list", order_texts),
)
LAW_TRIALS = (LawTrial("credentials", "authenticate", try_credentials), *RECORD_LAWS)


def _entity(actions: Actions, round_number: int) -> str:
    entities = actions.session.entities
    return entities[(actions.choose(len(entities)) + round_number) % len(entities)]


def _rotate(things: list[Any], by: int) -> list[Any]:
    place = by % len(things) if things else 0
    return things[place:] + things[:place]


def _text_rules(actions: Actions, entity: str) -> list[FieldRule]:
    rules = actions.fields_of(entity).values()
    return [rule for rule in rules if rule.type == "Text" and not rule.is_read_only]


def _number_rules(actions: Actions, entity: str) -> list[FieldRule]:
    rules = actions.fields_of(entity).values()
    return [rule for rule in rules if rule.type in _NUMERIC and not rule.is_read_only]


_NUMERIC = {"Number", "Currency"}


def _context(actions: Actions, entity: str, round_number: int) -> InputContext:
    return InputContext(actions.choose, actions.fields_of(entity), round_number=round_number)


def _field_faults(call: Call) -> list[InputClass]:
    return [one for one in classes_of(call, "body") if one.name in _FIELD_FAULTS]


def _fresh_values(actions: Actions, entity: str) -> dict[str, Any]:
    """Return values that a record is not likely to have."""
    rules = _text_rules(actions, entity)
    words = ("Half", "Almost", "Nearly", "Partly")
    chosen = {pick(actions.draw, rules).name for _ in range(2)} if rules else set[str]()
    number = 1 + len(actions.session.log)
    return {name: f"{pick(actions.draw, words)} {number}" for name in sorted(chosen)}


def _refused(
    actions: Actions, one: InputClass, request: CallRequest, round_number: int
) -> CallRequest | None:
    return one.apply(request, _context(actions, request.intent.entity, round_number))


def _with_fault_first(request: CallRequest) -> CallRequest:
    """Return a request whose fields stand in the reverse order."""
    given: dict[str, Any] = msgspec.json.decode(request.body)
    return replace(request, body=msgspec.json.encode(dict(reversed(given.items()))))


def _with_unknown_field(request: CallRequest) -> CallRequest:
    found = next(one for one in classes_of("update", "body") if one.name == "unknown-field")
    return found.apply(request, InputContext(lambda _: 0, {})) or request


def _write_and_read(actions: Actions, request: CallRequest | None) -> None:
    if request is None:
        return
    exchange = actions.session.take(request)
    if exchange is None or exchange.status not in {200, 201}:
        return
    content = exchange.json
    made = content.get("ExternalID") if isinstance(content, dict) else None  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
    actions.read_record(
        request.intent.entity, request.intent.external_id or (made if isinstance(made, str) else "")
    )
