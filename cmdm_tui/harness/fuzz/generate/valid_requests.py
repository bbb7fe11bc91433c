"""A valid request of any call, which input classes then make odd."""

from collections.abc import Mapping
from typing import Any

from cmdm_tui.harness.calls import (
    CallRequest,
    close_task,
    convert_lead,
    create_child,
    create_record,
    delete_record,
    get_record,
    get_unknown,
    list_fields,
    list_records,
    sign_in,
    update_record,
)
from cmdm_tui.harness.exchange import Call
from cmdm_tui.harness.fuzz.generate.actions import Actions
from cmdm_tui.harness.fuzz.generate.value_strategies import draw_properties, pick
from cmdm_tui.harness.oracle.accepted_changes import CHILD_ENTITIES

_ACCOUNT_FIELDS: Mapping[str, Any] = {"Description": "x"}


def make_valid_request(actions: Actions, call: Call, entity: str) -> CallRequest | None:
    """Return a valid request of a call; None where there is nothing to make it with."""
    draw = actions.draw
    match call:
        case "list":
            return list_records(entity, pick(draw, [{}, {"per_page": "5", "page": "1"}]))
        case "fields":
            return list_fields(entity)
        case "authenticate":
            return sign_in()
        case "create":
            return create_record(
                entity, draw_properties(draw, actions.fields_of(entity), is_whole=True)
            )
        case "convert" if not actions.can_convert():
            return None
        case "convert":
            lead = actions.create_record("lead")
            return convert_lead(lead, pick(draw, [_ACCOUNT_FIELDS, None])) if lead else None
        case "close":
            task = actions.choose_record("task")
            return close_task(task, pick(draw, [b"", b"{}"])) if task else None
        case "other":
            paths = ("nothing/here/at/all", "nosuchentity", f"{entity}/ZZZZZZZZ/nothing/here")
            return get_unknown(pick(draw, paths))
        case "create-task" | "create-opportunity" if not actions.has_entity(CHILD_ENTITIES[call]):
            return None
        case _:
            return _of_record(actions, call, entity, actions.choose_record(entity))


def _of_record(actions: Actions, call: Call, entity: str, record: str) -> CallRequest | None:
    if not record:
        return None
    match call:
        case "get":
            return get_record(entity, record)
        case "delete":
            return delete_record(entity, record)
        case "update":
            return update_record(entity, record, actions.draw_changes(entity))
        case "create-task":
            return create_child("task", entity, record, {"Subject": "x"})
        case _:
            return create_child("opportunity", entity, record, {"Name": "x"})
