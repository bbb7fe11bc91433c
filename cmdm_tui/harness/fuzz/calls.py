"""One right request of any call, for input classes to spoil."""

from collections.abc import Mapping
from typing import Any

from cmdm_tui.harness.exchange import Call
from cmdm_tui.harness.fuzz.asking import (
    Request,
    close,
    convert,
    create,
    create_of,
    delete,
    fields,
    get,
    many,
    sign_in,
    unknown,
    update,
)
from cmdm_tui.harness.fuzz.moves import Moves
from cmdm_tui.harness.fuzz.values import index, pick, properties

_NAMED: Mapping[str, Any] = {"Description": "x"}


def right(moves: Moves, call: Call, entity: str) -> Request | None:
    """Return a right request of a call; None where there is nothing to make it with."""
    draw = moves.draw
    match call:
        case "list":
            return many(entity, pick(draw, [{}, {"per_page": "5", "page": "1"}]))
        case "fields":
            return fields(entity)
        case "authenticate":
            return sign_in()
        case "create":
            return create(entity, properties(draw, moves.rules(entity), is_whole=True))
        case "convert" if moves.session.target.is_to_be_cleaned:
            return None
        case "convert":
            lead = moves.created("lead")
            return convert(lead, pick(draw, [_NAMED, None])) if lead else None
        case "close":
            task = moves.record("task")
            return close(task, pick(draw, [b"", b"{}"])) if task else None
        case "other":
            return unknown(entity, draw(index(3)))
        case _:
            return _of_record(moves, call, entity, moves.record(entity))


def _of_record(moves: Moves, call: Call, entity: str, record: str) -> Request | None:
    if not record:
        return None
    match call:
        case "get":
            return get(entity, record)
        case "delete":
            return delete(entity, record)
        case "update":
            return update(entity, record, moves.changes(entity))
        case "create-task":
            return create_of("task", entity, record, {"Subject": "x"})
        case _:
            return create_of("opportunity", entity, record, {"Name": "x"})
