"""Writes a failure down: its steps as a case, its exchanges as a cassette next to it."""

import base64
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from cmdm_tui.harness.calls import (
    BEARER_HEADERS,
    BODY_HEADERS,
    CONTENT_TYPE_HEADER,
    CREDENTIAL_NAMES,
    CallRequest,
)
from cmdm_tui.harness.cases.files import case_bytes
from cmdm_tui.harness.cases.format import (
    TOKEN_PREFIX,
    Case,
    CaseStep,
    Expectation,
    Filling,
    escape_placeholders,
)
from cmdm_tui.harness.exchange import Exchange, split_path
from cmdm_tui.harness.fuzz.shrink.id_replacement import replace_id
from cmdm_tui.harness.fuzz.shrink.reproduction import Reproduction
from cmdm_tui.harness.fuzz.steps import AdvanceClock, SetCallsLeft
from cmdm_tui.harness.oracle import CHECKS, Finding
from cmdm_tui.harness.oracle.answer_parser import parse_answer
from cmdm_tui.harness.oracle.contract import DOCUMENTED_STATUSES
from cmdm_tui.redaction.leak_scanner import LeakScanner
from cmdm_tui.redaction.people.person_redactor import PersonRedactor
from cmdm_tui.text import one_line

_MOST_STEPS = 50
_LONG_RUN = re.compile(r"(.)\1{999,}", re.DOTALL)
_VARIABLES = {
    f"$CMDM_{name.upper()}{ending}": f"${{{name}{change}}}"
    for name in CREDENTIAL_NAMES
    # The longer names first: one begins as the other does.
    for ending, change in (("_CUT", ":cut"), ("_SWAPPED", ":swapped"), ("", ""))
}
_POINTERS = {"convert": "/Account ExternalID"}
_HOUR, _TO_THE_HOUR = 3_600.0, 1_800.0
"""A case is played from half past an hour on; waiting for longer would end its token."""
_UNEXPECTED = frozenset({500})
_OK, _OVER_LIMIT = 200, 429
_UNCOUNTED = frozenset({0, 401})
_LIMIT_CHECK, _FAULT_CHECK = "refused-when-used-up", "error-names-fault"


def save_failure(
    folder: Path,
    failure: str,
    path: Reproduction,
    guard: LeakScanner,
    *,
    seed: int,
    people: PersonRedactor | None = None,
) -> tuple[Path, Path | None]:
    """Write the case and the cassette below `folder`/regress; return where they are.

    There is no cassette where vcrpy is not installed. `people` has replaced the people in `path`,
    and has found none left. Raises SecretLeak, and writes nothing that holds a secret, and no case
    that holds one of the people.
    """
    name = re.sub(r"[^a-z0-9]+", "-", failure.lower()).strip("-")
    case = make_case(name, path, seed=seed)
    file = folder / "regress" / f"{name}.toml"
    if people is not None:
        people.check(case_bytes(case), str(file))
    guard.write_file(file, case_bytes(case))
    try:
        from cmdm_tui.harness.cassettes.recorder import write_cassette
    except ModuleNotFoundError:
        return file, None
    cassette = file.with_suffix(".yaml")
    write_cassette(cassette, path.log[-_MOST_STEPS:], guard)
    return file, cassette


def make_case(name: str, path: Reproduction, *, seed: int) -> Case:
    """Return the steps to a failure as a case; the last expects the answer that did not come."""
    finding = path.finding
    check = next((one for one in CHECKS if one.name == finding.check), None)
    return Case(
        name=name,
        summary=one_line(finding.message, 200),
        endpoint=path.log[-1].intent.call,
        input_class=finding.input_class,
        certainty=finding.certainty,
        source="" if check is None else check.sentence,
        check=finding.check,
        seed=seed,
        steps=_case_steps(path)[-_MOST_STEPS:],
    )


def _case_steps(path: Reproduction) -> tuple[CaseStep, ...]:
    exchanges, names, tokens = list(path.log), dict[str, str](), [TOKEN_PREFIX]
    steps: list[CaseStep] = []
    before: dict[str, Any] = {}
    used = 0
    for one in path.steps:
        step = one.step
        if isinstance(step, AdvanceClock):
            is_limited = any(said.rate_limit for said in steps) or "rate_limit" in before
            seconds = _TO_THE_HOUR if is_limited and step.seconds == _HOUR else step.seconds
            before["advance"] = before.get("advance", 0.0) + seconds
            continue
        if isinstance(step, SetCallsLeft):
            before["rate_limit"] = max(used + step.calls, 1)
            continue
        exchange = exchanges.pop(0)
        finding = path.finding if not exchanges else None
        made = _case_step(
            step, exchange, finding, names, {**before, **_authorization(step, tokens)}
        )
        if step.intent.call == "authenticate" and exchange.status == _OK:
            tokens.append(f"{TOKEN_PREFIX}{len(tokens) + 1}")
            made = msgspec.structs.replace(made, capture={tokens[-1]: "/token"})
        steps.append(made)
        used += exchange.status not in _UNCOUNTED
        before = {}
    return tuple(steps)


def _case_step(
    request: CallRequest,
    exchange: Exchange,
    finding: Finding | None,
    names: dict[str, str],
    before: Mapping[str, Any],
) -> CaseStep:
    known = dict(names)
    said: dict[str, Any] = dict(before)
    made = parse_answer(exchange).created_id
    if made and made not in names:
        names[made] = f"id{len(names) + 1}"
        said["capture"] = {names[made]: _POINTERS.get(request.intent.call, "/ExternalID")}
    text = _decode_text(request.body)
    if request.body and text is None:
        said["body_base64"] = base64.b64encode(request.body).decode()
    elif text:
        said["body"], filling = _fill_long_text(text)
        said["body"] = _replace_ids(said["body"], known)
        said |= {} if filling is None else {"filling": filling}
    if request.body and not any(name == "content-type" for name, _ in request.headers):
        said["without_content_type"] = True
    bare, is_from_root = split_path(request.path)
    said |= {"from_root": True} if is_from_root else {}
    target = escape_placeholders(bare)
    if "filling" not in said:
        target, filling = _fill_long_run(target)
        said |= {} if filling is None else {"filling": filling}
    return CaseStep(
        method=request.method,
        path=_replace_ids(target, known),
        expect=_expectation(exchange, finding, known, request.intent.names),
        **said,
    )


def _expectation(
    exchange: Exchange, finding: Finding | None, names: Mapping[str, str], at_fault: str
) -> Expectation:
    if finding is None:
        answered = frozenset({exchange.status}) if exchange.status else frozenset[int]()
        return Expectation(status=_one_or_many(answered))
    right = finding.allowed_statuses or DOCUMENTED_STATUSES - _UNEXPECTED
    if finding.check == _LIMIT_CHECK and exchange.status != _OVER_LIMIT:
        right = frozenset({_OVER_LIMIT})
    values: dict[str, Any] = {}
    nulls: list[str] = []
    for name, value in finding.values:
        pointer = "/Properties/" + name.replace("~", "~0").replace("/", "~1")
        if value is None:
            nulls.append(pointer)
        else:
            values[pointer] = _replace_ids(escape_placeholders(value), names)
    holds = (at_fault,) if finding.check == _FAULT_CHECK else ()
    return Expectation(status=_one_or_many(right), values=values, nulls=tuple(nulls), holds=holds)


def _one_or_many(statuses: frozenset[int]) -> int | tuple[int, ...]:
    found = tuple(sorted(statuses)) or tuple(sorted(DOCUMENTED_STATUSES - _UNEXPECTED))
    return found[0] if len(found) == 1 else found


def _authorization(request: CallRequest, tokens: Sequence[str]) -> dict[str, Any]:
    """Return how a step is authorized; `tokens` name those that were received, the newest last."""
    lines = request.headers
    if lines == BEARER_HEADERS and len(tokens) == 1:
        return {}
    if lines == BODY_HEADERS and len(tokens) == 1:
        return {"headers": (CONTENT_TYPE_HEADER,)}
    filled = [(name, _replace_variables(value, tokens)) for name, value in lines]
    own = [value for name, value in filled if name == "authorization"]
    if len(own) == 1:
        others = tuple(line for line in filled if line[0] != "authorization")
        return {"authorization": own[0], **({"headers": others} if others else {})}
    return {"anonymous": True, **({"headers": tuple(filled)} if filled else {})}


def _replace_variables(value: str, tokens: Sequence[str]) -> str:
    before, now = tokens[-2:] if len(tokens) > 1 else (tokens[0], tokens[0])
    # The longer names first: one begins as the other does.
    names = {
        "$CMDM_TOKEN_FLIPPED": f"${{{now}:flipped}}",
        "$CMDM_TOKEN_CUT": f"${{{now}:cut}}",
        "$CMDM_TOKEN_ENDED": f"${{{before}}}",
        "$CMDM_TOKEN": f"${{{now}}}",
        **_VARIABLES,
    }
    for variable, name in names.items():
        value = value.replace(variable, name)
    return value


def _decode_text(body: bytes) -> str | None:
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        return None


def _fill_long_text(text: str) -> tuple[str, Filling | None]:
    """Return a text with its one long run of a character taken out."""
    return _fill_long_run(escape_placeholders(text))


def _fill_long_run(text: str) -> tuple[str, Filling | None]:
    run = _LONG_RUN.search(text)
    if run is None:
        return text, None
    filling = Filling(text=run[1], times=len(run[0]))
    return f"{text[: run.start()]}${{filling}}{text[run.end() :]}", filling


def _replace_ids(text: str, names: Mapping[str, str]) -> str:
    for external_id, name in names.items():
        small = f"${{{name}:lower}}"
        text = replace_id(
            text,
            external_id,
            lambda one, whole=external_id, name=name, small=small: (
                f"${{{name}}}" if one == whole else small
            ),
        )
    return text
