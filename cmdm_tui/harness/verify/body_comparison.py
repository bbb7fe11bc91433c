"""Compares bodies: by shape, or to the letter."""

import json
from collections.abc import Iterator
from typing import Any, cast

from cmdm_tui.harness.verify.drift import Severity
from cmdm_tui.text import one_line

Difference = tuple[Severity, str, str]
"""A severity, a place and a sentence."""

_MAX_VALUES = 3
_MAX_SHOWN = 40
_NOT_JSON = object()


def compare_bodies(recorded: bytes, fresh: bytes, *, is_exact: bool) -> Iterator[Difference]:
    """Yield each point at which a body is not the recorded one.

    By shape: a field that is new is an info, one that is gone a warning, another type an error;
    null goes with every type. With `is_exact`, another value is an error too.
    """
    before, now = _parse(recorded), _parse(fresh)
    if before is _NOT_JSON or now is _NOT_JSON:
        if recorded != fresh and (is_exact or (before is _NOT_JSON) != (now is _NOT_JSON)):
            yield (
                Severity.ERROR,
                "body",
                f"is {_describe_body(fresh)}, and was {_describe_body(recorded)}.",
            )
        return
    try:
        yield from _compare_parsed(before, now, is_exact=is_exact)
    except RecursionError:
        yield Severity.ERROR, "body", "is nested too deep to be compared."


def _compare_parsed(before: object, now: object, *, is_exact: bool) -> Iterator[Difference]:
    points = list(_compare_shapes(_shape_of(before), _shape_of(now), ""))
    yield from points
    if is_exact and not any(severity is Severity.ERROR for severity, _, _ in points):
        differing = list(_compare_values(before, now, ""))
        yield from differing[:_MAX_VALUES]
        if len(differing) > _MAX_VALUES:
            rest = f"and {len(differing) - _MAX_VALUES} other values changed."
            yield Severity.ERROR, "body", rest


Shape = str | dict[str, Any]


def _shape_of(value: object) -> Shape:
    """Return a type's name, or for objects and lists what is inside: the union over all items."""
    if isinstance(value, dict):
        pairs = cast("dict[str, object]", value).items()
        return {"object": {name: _shape_of(item) for name, item in pairs}}
    if isinstance(value, list):
        inner: Shape = "nothing"
        for item in cast("list[object]", value):
            inner = _merge_shapes(inner, _shape_of(item))
        return {"list": inner}
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    return "text" if isinstance(value, str) else "number"


def _merge_shapes(one: Shape, other: Shape) -> Shape:
    if one in ("nothing", "null"):
        return other
    if other in ("nothing", "null") or one == other:
        return one
    if isinstance(one, dict) and isinstance(other, dict) and one.keys() == other.keys():
        if "list" in one:
            return {"list": _merge_shapes(one["list"], other["list"])}
        names = {**one["object"], **other["object"]}
        return {
            "object": {
                name: _merge_shapes(
                    one["object"].get(name, "nothing"), other["object"].get(name, "nothing")
                )
                for name in names
            }
        }
    return "several types"


def _compare_shapes(before: Shape, now: Shape, place: str) -> Iterator[Difference]:
    if before in ("null", "nothing") or now in ("null", "nothing"):
        return
    if not isinstance(before, dict) or not isinstance(now, dict) or before.keys() != now.keys():
        if before != now:
            message = f"is {_describe_shape(now)}, and was {_describe_shape(before)}."
            yield Severity.ERROR, place or "body", message
        return
    if "list" in before:
        yield from _compare_shapes(before["list"], now["list"], f"{place}/*")
        return
    was, has = before["object"], now["object"]
    for name in was:
        pointer = f"{place}/{one_line(name, 60)}"
        if name in has:
            yield from _compare_shapes(was[name], has[name], pointer)
        else:
            yield Severity.WARNING, pointer, "is gone."
    for name in has:
        if name not in was:
            yield (
                Severity.INFO,
                f"{place}/{one_line(name, 60)}",
                f"is new: {_describe_shape(has[name])}.",
            )


def _compare_values(before: Any, now: Any, place: str) -> Iterator[Difference]:
    match before, now:
        case dict(), dict():
            was, has = cast("dict[str, Any]", before), cast("dict[str, Any]", now)
            for name in [name for name in was if name in has]:
                yield from _compare_values(was[name], has[name], f"{place}/{one_line(name, 60)}")
        case list(), list():
            old, new = cast("list[Any]", before), cast("list[Any]", now)
            if len(old) == len(new):
                for number, (one, other) in enumerate(zip(old, new, strict=True)):
                    yield from _compare_values(one, other, f"{place}/{number}")
            else:
                message = f"holds {len(new)} items, and held {len(old)}."
                yield Severity.ERROR, place or "body", message
        case _:
            if before != now or type(before) is not type(now):
                yield (
                    Severity.ERROR,
                    place or "body",
                    f"is {_show_json(now)}, and was {_show_json(before)}.",
                )


def _parse(body: bytes) -> object:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return _NOT_JSON


def _describe_shape(shape: Shape) -> str:
    if isinstance(shape, dict):
        return "a list" if "list" in shape else "an object"
    return shape


def _show_json(value: Any) -> str:
    return one_line(json.dumps(value, ensure_ascii=False), _MAX_SHOWN)


def _describe_body(body: bytes) -> str:
    if not body:
        return "empty"
    kind = "no JSON" if _parse(body) is _NOT_JSON else "JSON"
    return f"{kind} ({one_line(body.decode('utf-8', 'replace'), _MAX_SHOWN)})"
