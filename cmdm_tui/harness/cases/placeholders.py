"""Replaces `${name}` in a step by its value, each written as its place needs."""

import base64
import json
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from urllib.parse import quote

from cmdm_tui.harness.calls import CONTENT_TYPE_HEADER, CREDENTIAL_NAMES
from cmdm_tui.harness.cases.format import PLACEHOLDER, Case, CaseError, CaseStep
from cmdm_tui.harness.exchange import OutgoingRequest

FILLING = "filling"

GIVEN_NAMES = (*CREDENTIAL_NAMES, "token", "mark")
"""The names of the values that are known before the first step."""

_TRANSFORMS: Mapping[str, Callable[[str], str]] = {
    "cut": lambda token: token[:-1],
    "flipped": lambda token: token[:-1] + ("A" if token[-1:] != "A" else "B"),
    "doubled": lambda token: token + token,
    "lower": str.lower,
    "swapped": str.swapcase,
}
_WHY_UNCHANGED: Mapping[str, str] = {
    "cut": "has one character, and nothing is left of it where it is cut",
    "doubled": "is empty",
    "lower": "has no capital letter",
    "swapped": "has no letter with another case",
}
_REFUSALS = frozenset({400, 401, 403})


class MissingValue(CaseError):
    """A step uses a value that no earlier step captured."""


class PremiseMissing(CaseError):
    """A step changes a value in a way that changes nothing here: its case has nothing to judge."""


def build_request(step: CaseStep, values: Mapping[str, str]) -> OutgoingRequest:
    """Return the request of a step.

    Raises MissingValue for a value that is not known, and PremiseMissing for one that is not
    changed by what is to change it, or of which nothing is left.
    """
    known = with_filling(step, values)
    _require_changes(step, values)
    _require_wrong_sign_in(step, known)
    headers = [
        (name, _encode_header_value(_fill(value, known, _keep_as_is)))
        for name, value in step.headers
    ]
    body = _build_body(step, known)
    if body and not step.without_content_type and not step.names_content_type:
        headers.append(CONTENT_TYPE_HEADER)
    if not step.anonymous:
        value = _encode_header_value(_fill(step.authorization, known, _keep_as_is))
        headers.append(("Authorization", value))
    return OutgoingRequest(
        step.method,
        _fill(step.path, known, _quote_for_path),
        tuple(headers),
        body,
        is_from_root=step.from_root,
    )


def find_unknown_value(case: Case) -> tuple[int, str] | None:
    """Return the first step (from 1) that uses a value which nothing before it gives, and why."""
    known = set(GIVEN_NAMES)
    for number, step in enumerate(case.steps, 1):
        own = {FILLING} if step.filling is not None else set[str]()
        sent = (step.path, step.authorization, step.body or "", *(text for _, text in step.headers))
        captured = {*known, *own, *step.capture}
        expected = [text for text in step.expect.values.values() if isinstance(text, str)]
        for texts, names in ((sent, known | own), (expected, captured)):
            for found in PLACEHOLDER.finditer("\n".join(texts)):
                if found[1] is not None and found[1] not in names:
                    return number, _describe_unknown(found[1], names)
        known |= step.capture.keys()
    return None


def _describe_unknown(name: str, names: set[str]) -> str:
    if name == FILLING:
        return "there is no value ${filling}: the step has no filling"
    near = get_close_matches(name, names, n=1)
    hint = f" Did you mean ${{{near[0]}}}?" if near else ""
    return f"there is no value ${{{name}}}: no earlier step captures it.{hint}".removesuffix(".")


def _require_changes(step: CaseStep, values: Mapping[str, str]) -> None:
    texts = [step.path, step.body or "", *(value for _, value in step.headers)]
    texts += [] if step.anonymous else [step.authorization]
    for found in (one for text in texts for one in PLACEHOLDER.finditer(text)):
        name, change = found[1], found[2]
        if name not in values or change is None:
            continue
        changed = _TRANSFORMS[change](values[name])
        if changed in {"", values[name]}:
            raise PremiseMissing(f"The {name} of this service {_WHY_UNCHANGED[change]}.")


def _require_wrong_sign_in(step: CaseStep, values: Mapping[str, str]) -> None:
    """Raise PremiseMissing where a sign-in that is to be wrong is the right one.

    One that gives the service's own credentials is refused for something else, such as its path.
    """
    if not step.is_sign_in or not _REFUSALS.issuperset(step.expect.statuses):
        return
    written = {name.casefold(): value for name, value in step.headers}
    if all(written.get(name) == f"${{{name}}}" for name in CREDENTIAL_NAMES):
        return
    given = {name: _fill(value, values, _keep_as_is) for name, value in written.items()}
    if all(name in values and given.get(name) == values[name] for name in CREDENTIAL_NAMES):
        raise PremiseMissing("The sign-in that is to be wrong is the right one of this service.")


def with_filling(step: CaseStep, values: Mapping[str, str]) -> dict[str, str]:
    """Return the values that are known in a step: what `${filling}` stands for is its own."""
    if step.filling is None:
        return dict(values)
    return {**values, FILLING: step.filling.text * step.filling.times}


def fill_expected_value(value: object, values: Mapping[str, str]) -> object:
    """Return an expected value with its placeholders replaced. Raises MissingValue."""
    return _fill(value, values, _keep_as_is) if isinstance(value, str) else value


def _build_body(step: CaseStep, values: Mapping[str, str]) -> bytes | None:
    if step.body_base64 is not None:
        return base64.b64decode(step.body_base64)
    if step.body is None:
        return None
    return _fill(step.body, values, _escape_for_json).encode("utf-8")


def _fill(text: str, values: Mapping[str, str], spelt: Callable[[str], str]) -> str:
    def value_of(name: str, spoiling: str | None) -> str:
        if name not in values:
            raise MissingValue(f"There is no value ${{{name}}}: no earlier step captured it.")
        value = values[name] if spoiling is None else _TRANSFORMS[spoiling](values[name])
        return value if name == FILLING else spelt(value)

    return PLACEHOLDER.sub(
        lambda found: "${" if found[1] is None else value_of(found[1], found[2]), text
    )


def _keep_as_is(value: str) -> str:
    return value


def _quote_for_path(value: str) -> str:
    return quote(value, safe="")


def _escape_for_json(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)[1:-1]


def _encode_header_value(value: str) -> str:
    """Return text as Latin-1 characters, those of its UTF-8 where it holds others."""
    try:
        value.encode("latin-1")
    except UnicodeEncodeError:
        return value.encode("utf-8", "surrogatepass").decode("latin-1")
    return value
