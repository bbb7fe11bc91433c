"""Faults in how odd input is taken, each for one class of it; the prepared cases find them."""

import re
from collections.abc import Callable, Mapping

from cmdm_tui.harness.exchange import API_PATH
from cmdm_tui.harness.inputs.bodies import MEBIBYTE, ODD_FIELD_NAMES
from cmdm_tui.harness.inputs.routes import OTHER_VERSION
from tests.harness.mutants.faulty_app import (
    FaultAnswer,
    FaultRequest,
    PlantedFault,
    SendOn,
    refuse,
)
from tests.harness.mutants.stored_values import LONG_TEXTS, store_otherwise

Meant = Callable[[FaultRequest], bool]
_REFUSALS = {400, 401, 404}
_HALF_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")


def _taken_for(repair: Callable[[FaultRequest], FaultRequest]) -> PlantedFault:
    """Take a refused request for the one that `repair` makes of it."""

    async def fault(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
        given = await inner(asked)
        if asked.call == "authenticate" and given.ok:
            asked.memory["good"] = f"Bearer {given.json()['token']}".encode()
        repaired = repair(asked) if given.status in _REFUSALS else asked
        return given if repaired == asked else await inner(repaired)

    return fault


def _refused_with(status: int, is_meant: Meant) -> PlantedFault:
    async def fault(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
        given = await inner(asked)
        return refuse(given, status) if is_meant(asked) else given

    return fault


def _told_as_done(is_meant: Meant) -> PlantedFault:
    """Answer a refused body as if what it says had been done."""

    async def fault(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
        given = await inner(asked)
        if given.status != 400 or not is_meant(asked):
            return given
        match asked.call:
            case "create" | "child":
                return given.set_json({"ExternalID": "NOSUCHID"}, 201)
            case "convert":
                return given.set_json({"Account ExternalID": "NOSUCHID"}, 200)
            case _:
                return given.set_json({"Message": "Record updated."}, 200)

    return fault


def _as_good_user(asked: FaultRequest) -> FaultRequest:
    good = asked.memory.get("good", b"")
    return asked.as_user(good) if asked.authorization == b"Bearer" and good else asked


def _with_scheme(asked: FaultRequest) -> FaultRequest:
    token = asked.authorization
    return asked.as_user(b"Bearer " + token) if token and b" " not in token else asked


def _of_first_header(asked: FaultRequest) -> FaultRequest:
    lines = [value for name, value in asked.headers if name == b"authorization"]
    return asked.as_user(lines[0]) if len(lines) > 1 else asked


def _with_first_token(asked: FaultRequest) -> FaultRequest:
    scheme, _, tokens = asked.authorization.partition(b" ")
    token, _, other = tokens.partition(b" ")
    return asked.as_user(scheme + b" " + token) if other else asked


def _without_odd_fields(asked: FaultRequest) -> FaultRequest:
    body = asked.json() or {}
    kept = {
        name: value
        for name, value in body.items()
        if name not in ODD_FIELD_NAMES and not name.endswith(" ")
    }
    return asked.with_json(kept) if asked.is_writing and kept != body else asked


def _without(pattern: str) -> Callable[[FaultRequest], FaultRequest]:
    def repair(asked: FaultRequest) -> FaultRequest:
        return asked.with_changes(query=re.sub(pattern, "", asked.query))

    return repair


def _of_this_version(asked: FaultRequest) -> FaultRequest:
    return asked.with_changes(path=asked.path.replace(OTHER_VERSION, API_PATH, 1))


def _has_odd_case(asked: FaultRequest) -> bool:
    return any(
        part not in {part.lower(), part.upper(), part.capitalize()} for part in asked.segments
    )


async def _cut_at_nul(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    return await store_otherwise(asked, inner, LONG_TEXTS, lambda text: text.split("\0")[0])


ODD_INPUT_FAULTS: Mapping[str, list[PlantedFault]] = {
    # A scheme alone is taken for the user who signed in last.
    "authorization:scheme-only": [_taken_for(_as_good_user)],
    "authorization:no-scheme": [_taken_for(_with_scheme)],
    "authorization:two-headers": [_taken_for(_of_first_header)],
    "authorization:two-tokens": [_taken_for(_with_first_token)],
    "body:no-json": [
        _told_as_done(lambda asked: not asked.body.startswith(b"{")),
        _refused_with(500, lambda asked: b"=" in asked.body and b"{" not in asked.body),
    ],
    "body:raw-control": [_told_as_done(lambda asked: b"\x1b" in asked.body)],
    "body:nul": [_cut_at_nul, _refused_with(500, lambda asked: rb"\u0000" in asked.body)],
    "body:exactly-1-mib": [_refused_with(413, lambda asked: len(asked.body) >= MEBIBYTE)],
    "body:odd-field-name": [_taken_for(_without_odd_fields)],
    "id:invalid-utf8": [_refused_with(500, lambda asked: "%ff" in asked.path)],
    "id:half-escape": [_refused_with(400, lambda asked: bool(_HALF_ESCAPE.search(asked.path)))],
    "parameter:fields-hostile": [_taken_for(_without(r"fields=%00&?"))],
    "parameter:sort-by-hostile": [_taken_for(_without(r"sort_by=1;DROP%20TABLE&?"))],
    "route:other-version": [_taken_for(_of_this_version)],
    "route:mixed-case": [_refused_with(404, _has_odd_case)],
}
"""The faults that the cases of a class of odd input find."""
