"""Runs a case: sends its steps in order, captures values, and judges the answers."""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from cmdm_tui.harness.cases.expectations import find_problems, resolve_pointer
from cmdm_tui.harness.cases.format import TOKEN_PREFIX, Case, CaseStep
from cmdm_tui.harness.cases.placeholders import MissingValue, PremiseMissing, build_request
from cmdm_tui.harness.cases.step_intent import read_intent
from cmdm_tui.harness.exchange import (
    API_PATH,
    VALID_INPUT,
    Answer,
    Exchange,
    Headers,
    Intent,
    OutgoingRequest,
    join_path,
    read_date,
)
from cmdm_tui.harness.http.connection import NoAnswer
from cmdm_tui.text import one_line

if TYPE_CHECKING:
    from cmdm_tui.harness.oracle import Check

SendRequest = Callable[[OutgoingRequest], Answer]
StepListener = Callable[[CaseStep], None]
CaptureListener = Callable[[str, str], None]


@dataclass(frozen=True, slots=True)
class PlayedStep:
    """A step that was sent (or could not be), its exchange, and the problems of the answer.

    `skipped` says why it was not sent, with the rest of its case: then nothing is judged.
    """

    step: CaseStep
    exchange: Exchange
    problems: tuple[str, ...]
    skipped: str = ""


def _do_nothing(*_: object) -> None:
    pass


def run_steps(
    case: Case,
    send: SendRequest,
    values: Mapping[str, str],
    *,
    secrets: Mapping[str, str],
    before: StepListener = _do_nothing,
    captured: CaptureListener = _do_nothing,
    is_alone: bool = True,
    own_checks: "Sequence[Check]" = (),
) -> list[PlayedStep]:
    """Run the case and return the result of each step.

    A step that lacks a value, or the premise of its case, is the last one.

    `values` are those that are known beforehand. `secrets` are values that no exchange may hold,
    each with its replacement; captured tokens join them. `before` is called before each step is
    sent, `captured` with the name and text of each captured value. `is_alone` says that no one else
    makes calls to the service meanwhile. `own_checks` judge each step besides the case's own check.
    """
    known, hidden = dict(values), dict(secrets)
    done: list[PlayedStep] = []
    for number, step in enumerate(case.steps, 1):
        intent = Intent(
            call=case.endpoint if number == len(case.steps) else "other",
            input_class=case.input_class if number == len(case.steps) else VALID_INPUT,
            expected=frozenset(step.expect.statuses),
        )
        try:
            request = build_request(step, known)
        except (MissingValue, PremiseMissing) as error:
            path = join_path(step.path, is_from_root=step.from_root)
            exchange = Exchange(
                number, step.method, path, (), b"", 0, (), b"",
                time.monotonic(), intent=intent, failure=str(error),
            )  # fmt: skip
            skipped = str(error) if isinstance(error, PremiseMissing) else ""
            done.append(PlayedStep(step, exchange, () if skipped else (str(error),), skipped))
            break
        before(step)
        exchange = _exchange(number, request, send, intent)
        for name, pointer in step.capture.items():
            value = resolve_pointer(exchange.json, pointer)
            if isinstance(value, str | int) and not isinstance(value, bool):
                known[name] = str(value)
                captured(name, str(value))
                if name.startswith(TOKEN_PREFIX):
                    hidden[str(value)] = "$CMDM_TOKEN"
        found = find_problems(step, exchange, known)
        done.append(PlayedStep(step, _hide_secrets(exchange, hidden), tuple(found)))
    if not case.check and not own_checks:
        return done
    return _apply_checks(case, done, own_checks, is_alone=is_alone)


def find_skipped(played: Iterable[PlayedStep]) -> str:
    """Return why a case has nothing to judge on this service; empty where it has been judged."""
    return next((one.skipped for one in played if one.skipped), "")


def _apply_checks(
    case: Case, done: list[PlayedStep], own_checks: "Sequence[Check]", *, is_alone: bool
) -> list[PlayedStep]:
    """Add to each step what the case's check and the user's own find, given the steps before."""
    from cmdm_tui.harness.oracle import CHECKS, ServiceModel, judge_exchange

    checks = [
        *own_checks,
        *(check for check in CHECKS if check.name == case.check),
    ]
    if case.check and case.check not in {check.name for check in checks}:
        message = (
            f"There is no check {one_line(case.check, 60)}: cmdm fuzz --list-checks lists them. "
            "One of your own needs --checks."
        )
        return [*done[:-1], replace(done[-1], problems=(*done[-1].problems, message))]
    model = ServiceModel(is_alone)
    found: list[PlayedStep] = []
    token = TOKEN_PREFIX
    for one in done:
        if one.skipped:
            found.append(one)
            continue
        if one.step.rate_limit is not None:
            model.forget_limits()
        intent = read_intent(case, one.step, one.exchange, API_PATH, token=token)
        token = next((name for name in one.step.capture if name.startswith(TOKEN_PREFIX)), token)
        exchange = replace(one.exchange, intent=intent)
        findings = judge_exchange(model, exchange, checks).findings
        faults = [
            f"{finding.check}: {finding.message}" if finding.certainty == "own" else finding.message
            for finding in findings
        ]
        found.append(replace(one, problems=(*one.problems, *faults)))
    return found


def _exchange(number: int, request: OutgoingRequest, send: SendRequest, intent: Intent) -> Exchange:
    sent = tuple((name.lower(), value) for name, value in request.headers)
    started = time.monotonic()
    status, headers, body, failure = 0, (), b"", ""
    try:
        answer = send(request)
        status, headers, body = answer.status, answer.headers, answer.body
    except NoAnswer as error:
        failure = str(error)
    return Exchange(
        number=number,
        method=request.method,
        path=join_path(request.target, is_from_root=request.is_from_root),
        sent_headers=sent,
        sent_body=request.body or b"",
        status=status,
        headers=headers,
        body=body,
        started=started,
        elapsed=time.monotonic() - started,
        moment=read_date(headers),
        intent=intent,
        failure=failure,
    )


def _hide_secrets(exchange: Exchange, hidden: Mapping[str, str]) -> Exchange:
    """Return the exchange with every secret replaced by its name."""
    pairs = sorted(
        ((value, name) for value, name in hidden.items() if value), key=lambda pair: -len(pair[0])
    )
    lines = {
        "sent_headers": _replace_in_headers(exchange.sent_headers, pairs),
        "headers": _replace_in_headers(exchange.headers, pairs),
    }
    return replace(
        exchange,
        path=_replace_in_text(exchange.path, pairs),
        sent_body=_replace_in_bytes(exchange.sent_body, pairs),
        body=_replace_in_bytes(exchange.body, pairs),
        failure=_replace_in_text(exchange.failure, pairs),
        **lines,
    )


Replacements = Iterable[tuple[str, str]]


def _replace_in_headers(headers: Headers, pairs: Replacements) -> Headers:
    return tuple((name, _replace_in_text(value, pairs)) for name, value in headers)


def _replace_in_text(text: str, pairs: Replacements) -> str:
    for value, name in pairs:
        text = text.replace(value, name)
    return text


def _replace_in_bytes(body: bytes, pairs: Replacements) -> bytes:
    for value, name in pairs:
        body = body.replace(value.encode("utf-8", "surrogatepass"), name.encode())
    return body
