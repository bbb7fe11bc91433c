"""Writes a recorded call as a step of a case: ids and secrets become placeholders again."""

import base64
import re

from cmdm_tui.harness.calls import CREDENTIAL_NAMES, parse_call
from cmdm_tui.harness.cases.files import MAX_CASE_BYTES, case_bytes, parse_case
from cmdm_tui.harness.cases.format import (
    AUTHORIZATIONS,
    BEARER,
    Case,
    CaseError,
    CaseStep,
    Expectation,
    escape_placeholders,
)
from cmdm_tui.harness.cassettes.format import ADDRESS, Interaction, parse_object
from cmdm_tui.harness.cassettes.offline_replay import RECORDED_VALUES
from cmdm_tui.harness.exchange import API_PATH, Call, Headers

CASE_SOURCE = "recorded calls"
"""What the case of a recording says of where it comes from."""

MOST_STEPS = 50
LARGEST_STEP = MAX_CASE_BYTES // 4
"""Bytes of the longest step that a case is given, as its file writes it."""

_UNAUTHORIZED = 401
_NUMBERED_ID = re.compile(r"(?<![A-Za-z0-9])NEW([0-9]{5,})(?![A-Za-z0-9])")
_PLACEHOLDERS = {value: f"${{{name}}}" for name, value in RECORDED_VALUES.items() if name != "mark"}
_STAND_IN = re.compile("|".join(map(re.escape, sorted(_PLACEHOLDERS, key=len, reverse=True))))
_ID_NAMES = ("ExternalID", "Account ExternalID")
_NOT_TEXT = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


class NoStep(Exception):
    """A call that no case can make again: it is kept in a cassette alone."""


def make_step(
    interaction: Interaction, sent: Headers, body: bytes, captured: frozenset[str]
) -> CaseStep:
    """Return the step that makes a recorded call again.

    `interaction` is canonical, `sent` are the request's own headers without secrets, `body` is its
    whole body with ids replaced. `captured` are the numbered ids that earlier steps of the case
    capture. Raises NoStep for a call outside the API, or one that a case file cannot hold.
    """
    place = ADDRESS + API_PATH
    target = interaction.uri.removeprefix(place)
    is_plain = target.isascii() and target.isprintable() and interaction.method.isupper()
    if not interaction.uri.startswith(f"{place}/") or not is_plain:
        raise NoStep
    text, encoded = _write_body(body, captured)
    try:
        step = CaseStep(
            method=interaction.method,
            path=_fill_in(target, captured),
            expect=Expectation(status=interaction.status),
            headers=_list_headers(interaction, sent, captured),
            authorization=_write_authorization(interaction, sent),
            anonymous=not any(name == "authorization" for name, _ in sent),
            without_content_type=bool(body) and "content-type" not in interaction.request_headers,
            body=text,
            body_base64=encoded,
            capture=_find_captures(interaction),
        )
        # What does not come back from a file as it is would be another call.
        case = make_case("step", "One call.", [step])
        content = case_bytes(case)
        is_same = len(content) <= LARGEST_STEP and parse_case(content, "step") == case
    except (CaseError, ValueError):
        is_same = False
        step = None
    if step is None or not is_same:
        raise NoStep
    return step


def make_case(name: str, summary: str, steps: list[CaseStep]) -> Case:
    """Return a case of recorded steps."""
    return Case(
        name=name,
        summary=summary,
        endpoint=_read_call(steps[-1]),
        certainty="ours",
        source=CASE_SOURCE,
        steps=tuple(steps),
    )


def _read_call(step: CaseStep) -> Call:
    return parse_call(step.method, step.path.partition("?")[0])[0]


def _write_body(body: bytes, captured: frozenset[str]) -> tuple[str | None, str | None]:
    """Return a body as text, or else as base64."""
    if not body:
        return None, None
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        text = ""
    if not text or _NOT_TEXT.search(text):
        return None, base64.b64encode(body).decode()
    return _fill_in(text, captured), None


def _fill_in(text: str, captured: frozenset[str]) -> str:
    """Return text with placeholders for the stand-ins of secrets and for the ids captured."""
    text = _STAND_IN.sub(lambda found: _PLACEHOLDERS[found[0]], escape_placeholders(text))
    return _NUMBERED_ID.sub(
        lambda found: f"${{new{int(found[1])}}}" if found[0] in captured else found[0], text
    )


def _list_headers(
    interaction: Interaction, sent: Headers, captured: frozenset[str]
) -> tuple[tuple[str, str], ...]:
    is_refused = interaction.status >= 400
    lines = [
        # A sign-in that was refused is refused again: by values that are nobody's.
        (name, RECORDED_VALUES[name] if is_refused else f"${{{name}}}")
        for name, _ in sent
        if interaction.is_sign_in and name in CREDENTIAL_NAMES
    ]
    types = interaction.request_headers.get("content-type", [])
    return (*lines, *(("content-type", _fill_in(value, captured)) for value in types))


def _write_authorization(interaction: Interaction, sent: Headers) -> str:
    value = next((value for name, value in sent if name == "authorization"), "")
    if not value.casefold().startswith("bearer "):
        return (AUTHORIZATIONS["other-scheme"] if value else None) or BEARER
    is_refused = interaction.status == _UNAUTHORIZED
    return (AUTHORIZATIONS["garbage"] if is_refused else None) or BEARER


def _find_captures(interaction: Interaction) -> dict[str, str]:
    answer = parse_object(interaction.body)
    if interaction.status >= 400:
        return {}
    if interaction.is_sign_in:
        return {"token": "/token"} if isinstance(answer.get("token"), str) else {}
    found: dict[str, str] = {}
    for name in _ID_NAMES:
        value = answer.get(name)
        number = _NUMBERED_ID.fullmatch(value) if isinstance(value, str) else None
        if number is not None and interaction.method in {"POST", "PUT"}:
            found[f"new{int(number[1])}"] = f"/{name}"
    return found


def list_captured_ids(step: CaseStep) -> frozenset[str]:
    """Return the numbered ids that a step captures."""
    return frozenset(
        f"NEW{int(name.removeprefix('new')):05}" for name in step.capture if name != "token"
    )
