"""A change as JSON, for the journal and for files, and back; every value comes back unchanged."""

import json
import math
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, cast

from cmdm_tui.api.json_body import RepeatedNames, decode_json, decode_leniently
from cmdm_tui.api.models import Parent, PendingWrite, Properties, WriteMark
from cmdm_tui.changes.change_set import Change, ChangeKind
from cmdm_tui.formats.json_text import escape_json

_KEYS = frozenset(
    {
        "kind", "entity", "id", "properties", "before", "parent", "references", "parent_reference",
        "record_reference", "origin", "reason",
    }
)  # fmt: skip


def encode_json(value: object) -> str:
    r"""Return a value as JSON on one line, digit for digit.

    What a terminal would act on, and what is not Unicode, is a `\u` escape. Raises ValueError, with
    a clause, for what JSON has no form for.
    """
    return escape_json(_encode(value))


def read_json(text: str, *, marks_repeated: bool = False) -> Any:
    """Return the value of JSON; an object that repeats a name is RepeatedNames where asked.

    Raises ValueError for anything else.
    """
    try:
        return (decode_leniently if marks_repeated else decode_json)(text.encode("utf-8"))
    except RecursionError:
        raise ValueError("it nests too deep") from None


def change_to_plain(change: Change) -> dict[str, object]:
    """Return a change as an object of JSON, without what is not set."""
    parent = change.parent
    plain: dict[str, object] = {
        "kind": change.kind.value,
        "entity": change.entity,
        "id": change.external_id,
        "properties": dict(change.properties) or None,
        "before": None if change.before is None else dict(change.before),
        "parent": None if parent is None else [parent.entity, parent.external_id],
        "references": dict(change.references) or None,
        "parent_reference": change.parent_reference,
        "record_reference": change.record_reference,
        "origin": change.origin or None,
    }
    return {name: value for name, value in plain.items() if value is not None}


def read_change(plain: object) -> Change:
    """Return the change of an object of JSON. Raises ValueError, with a clause, for another."""
    given = _read_object(plain, "a change")
    if unknown := sorted(given.keys() - _KEYS):
        raise ValueError(f"a change has no {unknown[0]!r}")
    kinds = [kind.value for kind in ChangeKind]
    if given.get("kind") not in kinds:
        raise ValueError(f"its kind is none of {', '.join(kinds)}")
    before, position = given.get("before"), given.get("parent_reference")
    record = given.get("record_reference")
    references = _read_object(given.get("references", {}), "references")
    return Change(
        ChangeKind(given["kind"]),
        _read_text(given, "entity"),
        _read_text(given, "id") if "id" in given else None,
        _read_object(given.get("properties", {}), "properties"),
        before=None if before is None else _read_object(before, "before"),
        parent=None if given.get("parent") is None else read_parent(given["parent"]),
        references={name: _read_position(value) for name, value in references.items()},
        parent_reference=None if position is None else _read_position(position),
        record_reference=None if record is None else _read_position(record),
        origin=_read_text(given, "origin", can_be_empty=True) if "origin" in given else "",
    )


def write_to_plain(write: PendingWrite) -> dict[str, object]:
    """Return what a call was to make as an object of JSON, without the ids it cannot be."""
    parent, mark = write.parent, write.mark
    return {
        "entity": write.entity,
        "properties": dict(write.properties),
        "since": write.since,
        "parent": None if parent is None else [parent.entity, parent.external_id],
        "lead_id": write.lead_id,
        "mark": None if mark is None else [mark.field, mark.text],
    }


def read_write(plain: Mapping[str, Any]) -> PendingWrite:
    """Return what `write_to_plain` was given."""
    mark, since = plain["mark"], plain["since"]
    return PendingWrite(
        plain["entity"],
        plain["properties"],
        None if since is None else float(since),
        None if plain["parent"] is None else read_parent(plain["parent"]),
        plain["lead_id"],
        mark=None if mark is None else WriteMark(*mark),
    )


def read_parent(plain: object) -> Parent:
    """Return a parent from its entity and id. Raises ValueError, with a clause."""
    parts = cast("list[object]", plain) if isinstance(plain, list) else []
    if len(parts) != 2 or not all(isinstance(part, str) and part for part in parts):
        raise ValueError("its parent is not an entity and an id")
    return Parent(str(parts[0]), str(parts[1]))


def _read_object(value: object, name: str) -> Properties:
    if not isinstance(value, dict):
        verb = "is" if name == "a change" else "are"
        raise ValueError(f"{name} {verb} not an object")  # noqa: TRY004 — of a file, not of a caller
    if isinstance(value, RepeatedNames):
        raise ValueError(f"{name}: a name is given twice")  # noqa: TRY004 — of a file
    return cast("Properties", value)


def _read_text(given: Properties, name: str, *, can_be_empty: bool = False) -> str:
    value = given.get(name)
    if not isinstance(value, str) or not (value or can_be_empty):
        raise ValueError(f"its {name} is not a text")
    return value


def _read_position(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ValueError("a reference is not the position of a change, a whole number from 0")
    return value


def _encode(value: object) -> str:
    match value:
        case None | bool() | int() | str():
            return json.dumps(value, ensure_ascii=False)
        case Decimal() if value.is_finite():
            return str(value)
        case float() if math.isfinite(value):
            return repr(value)
        case Mapping():
            pairs = cast("Mapping[object, object]", value).items()
            return (
                "{" + ", ".join(f"{_encode(str(key))}: {_encode(one)}" for key, one in pairs) + "}"
            )
        case list() | tuple():
            return "[" + ", ".join(map(_encode, cast("list[object]", value))) + "]"
        case _:
            raise ValueError(f"a value has no form in JSON: {type(value).__name__}")
