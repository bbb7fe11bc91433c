"""Compares answers with recorded ones: bodies by shape or exactly, headers by relation."""

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, cast

from cmdm_tui.api.quota import parse_http_date, parse_whole_number
from cmdm_tui.harness.cassettes.format import RESPONSE_HEADERS
from cmdm_tui.text import one_line


class Severity(StrEnum):
    """How much a drift matters to an integration with the service."""

    INFO = "info"
    """Something new, which a tolerant client does not see."""
    WARNING = "warning"
    """Something gone, which a client may have relied on."""
    ERROR = "error"
    """Something changed: a status, a type, a value."""


@dataclass(frozen=True, slots=True)
class Drift:
    """One change in one step (from 1): `place` is `status`, a header or a pointer into the body."""

    severity: Severity
    case: str
    step: int
    place: str
    message: str

    @property
    def matters(self) -> bool:
        """Whether it is more than something new."""
        return self.severity is not Severity.INFO


Difference = tuple[Severity, str, str]
"""A severity, a place and a sentence."""

_MAX_VALUES = 3
_MAX_SHOWN = 40
_NOT_JSON = object()


def compare_bodies(
    recorded: bytes, fresh: bytes, *, is_exact: bool, passed_over: Collection[str] = ()
) -> Iterator[Difference]:
    """Yield each difference between a body and the recorded one.

    By shape: a field that is new is an info, one that is gone a warning, another type an error;
    null goes with every type. With `is_exact`, another value is an error too, unless its place (a
    JSON pointer) is to be `passed_over`.
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
        yield from _compare_parsed(before, now, passed_over, is_exact=is_exact)
    except RecursionError:
        yield Severity.ERROR, "body", "is nested too deep to compare."


Shape = str | dict[str, Any]
"""A type's name; or `{"object": {name: shape}}`, or `{"list": shape}`. It holds no value."""


def read_shape(body: bytes) -> Shape | None:
    """Return the shape of a JSON body, None for what is not JSON, or nests too deep."""
    parsed = _parse(body)
    try:
        return None if parsed is _NOT_JSON else _shape_of(parsed)
    except RecursionError:
        return None


def compare_shapes(before: Shape | None, now: Shape | None) -> Iterator[Difference]:
    """Yield each difference between two shapes, None for a body that is not JSON."""
    if before is None or now is None:
        if before is not now:
            is_now, was = ("no JSON", "JSON") if now is None else ("JSON", "no JSON")
            yield Severity.ERROR, "body", f"is {is_now}, and was {was}."
        return
    yield from _compare_shapes(before, now, "")


def _compare_parsed(
    before: object, now: object, passed_over: Collection[str], *, is_exact: bool
) -> Iterator[Difference]:
    points = list(_compare_shapes(_shape_of(before), _shape_of(now), ""))
    yield from points
    if is_exact and not any(severity is Severity.ERROR for severity, _, _ in points):
        found = _compare_values(before, now, "")
        differing = [one for one in found if one[1] not in passed_over]
        yield from differing[:_MAX_VALUES]
        if len(differing) > _MAX_VALUES:
            rest = f"and {len(differing) - _MAX_VALUES} other values changed."
            yield Severity.ERROR, "body", rest


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


LIMIT, REMAINING = "x-rate-limit-limit", "x-rate-limit-remaining"
_COUNTS = (LIMIT, REMAINING)
_TIMES = ("x-rate-limit-reset", "x-token-reset")

HeaderValues = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class HeaderContext:
    """The headers of one answer, and of the one before it in the case, None for the first.

    `steps` is how many steps were sent since that one, or since the case began, this one included.
    """

    headers: HeaderValues
    earlier: HeaderValues | None
    steps: int = 1


def compare_headers(
    recorded: HeaderContext, fresh: HeaderContext, *, is_alone: bool
) -> Iterator[Difference]:
    """Yield each difference between the relations of headers and those recorded.

    With `is_alone`, no one else makes calls to the service, so that the count falls as it did.
    """
    for name in sorted(RESPONSE_HEADERS):
        before, now = recorded.headers.get(name), fresh.headers.get(name)
        if before is None and now is None:
            continue
        if now is None:
            yield Severity.WARNING, name, "is gone."
        elif before is None:
            severity = Severity.WARNING if name == "retry-after" else Severity.INFO
            yield severity, name, f"is new: {one_line(now, 60)}."
        else:
            yield from _compare_header(name, before, now, recorded, fresh)
    if is_alone:
        yield from _compare_count(recorded, fresh)


def _compare_header(
    name: str, before: str, now: str, recorded: HeaderContext, fresh: HeaderContext
) -> Iterator[Difference]:
    message = f"is {one_line(now, 60)}, and was {one_line(before, 60)}."
    if name == "content-type":
        is_same = _media_type(before) == _media_type(now)
    elif name == "allow":
        is_same = _parse_methods(before) == _parse_methods(now)
    elif name == "retry-after":
        is_same = (parse_whole_number(before) is None) == (parse_whole_number(now) is None)
    elif name in _COUNTS:
        is_same = parse_whole_number(now) is not None
    elif name in _TIMES:
        is_same = _is_ahead(now, fresh) == _is_ahead(before, recorded)
    else:
        is_same = parse_http_date(now) is not None
    if not is_same:
        yield Severity.ERROR, name, message


def _compare_count(recorded: HeaderContext, fresh: HeaderContext) -> Iterator[Difference]:
    """Compare how many calls were counted since the answer before, or since the case began.

    Where more were counted than the recording has steps, its account was used by others too, or
    before the case: then its count says nothing of the service.
    """
    before, now = _count_drop(recorded), _count_drop(fresh)
    if before is None or now is None or not 0 <= before <= recorded.steps:
        return
    if before != now:
        since = "since the case began" if recorded.earlier is None else "since the step before"
        message = f"{_describe_drop(now)} {since}, where the recording counts {before}."
        yield Severity.ERROR, REMAINING, message


def _describe_drop(drop: int) -> str:
    """Return how many calls a service has counted, in words."""
    if drop < 0:
        return f"rose by {-drop}"
    return f"counts {drop} {'call' if drop == 1 else 'calls'}"


def _count_drop(step: HeaderContext) -> int | None:
    remaining = _read_number(step.headers, REMAINING)
    limit = _read_number(step.headers, LIMIT)
    if remaining is None or limit is None:
        return None
    start = limit if step.earlier is None else _read_number(step.earlier, REMAINING)
    return None if start is None else start - remaining


def _is_ahead(value: str, step: HeaderContext) -> bool | None:
    """Return whether a time is after the answer's `Date`, None where either is not a time."""
    now, moment = parse_http_date(step.headers.get("date", "")), parse_whole_number(value)
    return None if now is None or moment is None else moment > now


def _read_number(headers: HeaderValues, name: str) -> int | None:
    return parse_whole_number(headers.get(name))


def _media_type(value: str) -> str:
    return value.partition(";")[0].strip().casefold()


def _parse_methods(value: str) -> set[str]:
    return {method.strip().upper() for method in value.split(",")}
