"""Which recorded call a call is: by its exact bytes, or whatever the order of what has none.

Also says, of a call that was not recorded, what differs from the recorded call nearest to it.
"""

import json
import re
from collections.abc import Callable, Iterable
from typing import Any, cast
from urllib.parse import parse_qsl, urlsplit

from cmdm_tui.harness.cassettes.canonical_yaml import CallKey
from cmdm_tui.harness.cassettes.format import ADDRESS, shorten_body
from cmdm_tui.text import one_line

MakeKey = Callable[[CallKey], CallKey]
"""Returns the form of a call that is compared: equal for calls that are the same."""

_ORIGIN = re.compile(r"[^/?#]*://[^/?#]*")
_LONGEST_TARGET = 120
_LONGEST_VALUE = 40
_MOST_DIFFERENCES = 3
_ENTITY_SEGMENTS = 4
"""Of `/api/v1/lead/X`: what comes before the first slash is one, too."""
_ABSENT = object()

Parameters = list[tuple[str, str]]


def make_exact_key(call: CallKey) -> CallKey:
    """Return method, whole address and raw body; of a long body, its hash."""
    method, address, body = call
    return method, address, shorten_body(body)


def make_order_free_key(call: CallKey) -> CallKey:
    """Return a key in which parameters have no order, and JSON neither order nor spacing.

    Values of one name keep their order, as do the items of a list. What is not JSON, and a body of
    which a cassette holds only the hash, are compared as they are.
    """
    method, address, body = make_exact_key(call)
    path, mark, query = address.partition("?")
    if mark:
        address = f"{path}?{sorted(_parse_query(query), key=lambda pair: pair[0])!r}"
    return method, address, _sort_json(body)


def without_origin(make_key: MakeKey) -> MakeKey:
    """Return `make_key` for calls that are the same on whatever server: by path and query."""

    def make(call: CallKey) -> CallKey:
        method, address, body = call
        return make_key((method, strip_origin(address), body))

    return make


def strip_origin(address: str) -> str:
    """Return an address from its path on."""
    if address.startswith("/"):
        return address
    path = _ORIGIN.sub("", address, count=1)
    if path == address:
        return "/"
    return path if path.startswith("/") else f"/{path}"


def describe_target(call: CallKey) -> str:
    """Return a call as `GET /api/v1/lead?page=1`, on one line and not too long."""
    method, address, _ = call
    return f"{one_line(method, 10)} {one_line(address.removeprefix(ADDRESS), _LONGEST_TARGET)}"


def describe_nearest(call: CallKey, recorded: Iterable[CallKey]) -> str:
    """Return a sentence on the recorded call nearest to this one, and what differs.

    Empty where nothing was recorded.
    """
    nearest = max(recorded, key=lambda other: _rate_likeness(call, other), default=None)
    if nearest is None:
        return "The cassette holds no call."
    if not _is_same_entity(call, nearest):
        return "No call of its path, or of a like one, was recorded."
    differences = _list_differences(call, nearest)
    more = len(differences) - _MOST_DIFFERENCES
    if more > 0:
        differences = [*differences[:_MOST_DIFFERENCES], f"{more} more"]
    what = "; ".join(differences) or "nothing that is seen here differs"
    return f"The nearest recorded call is {describe_target(nearest)}: {what}."


def _is_same_entity(call: CallKey, other: CallKey) -> bool:
    """Return whether two paths begin alike, up to the entity: what else differs says little."""
    ours, theirs = (urlsplit(strip_origin(one[1])).path.split("/") for one in (call, other))
    return ours[:_ENTITY_SEGMENTS] == theirs[:_ENTITY_SEGMENTS]


def _rate_likeness(call: CallKey, other: CallKey) -> tuple[int, ...]:
    """Return how alike two calls are, to be compared: the path counts most, then the method."""
    (method, address, body), (other_method, other_address, other_body) = call, other
    ours, theirs = urlsplit(strip_origin(address)), urlsplit(strip_origin(other_address))
    segments = list(zip(ours.path.split("/"), theirs.path.split("/"), strict=False))
    parameters, other_parameters = _parse_query(ours.query), _parse_query(theirs.query)
    return (
        ours.path == theirs.path,
        method == other_method,
        sum(one == another for one, another in segments),
        -abs(ours.path.count("/") - theirs.path.count("/")),
        sum(pair in other_parameters for pair in parameters),
        -abs(len(parameters) - len(other_parameters)),
        len(_parse_object(body).items() & _parse_object(other_body).items()),
        body == other_body,
    )


def _list_differences(call: CallKey, other: CallKey) -> list[str]:
    (method, address, body), (other_method, other_address, other_body) = call, other
    ours, theirs = strip_origin(address), strip_origin(other_address)
    found: list[str] = []
    if method != other_method:
        found.append(f"its method is {one_line(other_method, 10)}, not {one_line(method, 10)}")
    origin, other_origin = address.removesuffix(ours), other_address.removesuffix(theirs)
    if origin and origin != other_origin:
        found.append(f"it is a call of {one_line(other_origin, _LONGEST_VALUE)}")
    path, _, query = ours.partition("?")
    other_path, _, other_query = theirs.partition("?")
    if path != other_path:
        found.append("its path differs")
    found += _list_query_differences(query, other_query)
    return found + _list_body_differences(body, other_body)


def _list_query_differences(query: str, other: str) -> list[str]:
    if query == other:
        return []
    ours, theirs = dict(_parse_query(query)), dict(_parse_query(other))
    found = [
        f"its parameter {_show(name)} was recorded as "
        f"{_show_or_missing(theirs.get(name, _ABSENT))}, and came as "
        f"{_show_or_missing(ours.get(name, _ABSENT))}"
        for name in [*ours, *(name for name in theirs if name not in ours)]
        if ours.get(name, _ABSENT) != theirs.get(name, _ABSENT)
    ]
    return found or ["its query has another order or spelling"]


def _list_body_differences(body: bytes, other: bytes) -> list[str]:
    body = shorten_body(body)
    if body == other:
        return []
    if _sort_json(body) == _sort_json(other):
        return ["its body has another order or spelling"]
    ours, theirs = _parse_object(body), _parse_object(other)
    if not ours or not theirs:
        return [f"its body has {len(other):,} bytes, not {len(body):,}, or other ones"]
    return [
        f"{_show(name)} in its body was recorded as "
        f"{_show_or_missing(theirs.get(name, _ABSENT))}, and came as "
        f"{_show_or_missing(ours.get(name, _ABSENT))}"
        for name in [*ours, *(name for name in theirs if name not in ours)]
        if ours.get(name, _ABSENT) != theirs.get(name, _ABSENT)
    ] or ["its body is written differently"]


def _show_or_missing(value: object) -> str:
    return "missing" if value is _ABSENT else _show(str(value))


def _show(text: str) -> str:
    return one_line(text, _LONGEST_VALUE) or '""'


def _parse_query(query: str) -> Parameters:
    return parse_qsl(query, keep_blank_values=True, errors="surrogateescape")


def _parse_object(body: bytes) -> dict[str, str]:
    """Return the members of a JSON object, each value as its JSON; none of anything else."""
    try:
        value: object = json.loads(body, parse_float=_keep_number, parse_int=_keep_number)
        if not isinstance(value, dict):
            return {}
        members = cast("dict[str, object]", value)
        return {name: _write(members[name]) for name in members}
    except (ValueError, RecursionError):
        return {}


class _Number(str):
    """A number as it is written: 1.0 is not 1, and none loses a digit."""

    __slots__ = ()


def _keep_number(text: str) -> _Number:
    return _Number(text)


def _write(value: object) -> str:
    return str(value) if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _sort_json(body: bytes) -> bytes:
    """Return JSON with its members in order and without spacing, marked; else the body, marked."""
    try:
        value: object = json.loads(
            body,
            object_pairs_hook=_sort_members,
            parse_float=lambda text: ("number", text),
            parse_int=lambda text: ("number", text),
            parse_constant=lambda text: ("constant", text),
        )
        return b"json:" + repr(value).encode("utf-8", "surrogatepass")
    except (ValueError, RecursionError):
        return b"raw:" + body


def _sort_members(members: list[tuple[str, Any]]) -> tuple[str, list[tuple[str, Any]]]:
    # The sort is stable: of a name that is there twice, the values keep their order.
    return "object", sorted(members, key=lambda member: member[0])
