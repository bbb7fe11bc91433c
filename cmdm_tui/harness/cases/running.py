"""Runs a case: sends its steps one after another, captures values, and judges the answers."""

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from cmdm_tui.api.quota import parse_http_date
from cmdm_tui.harness.cases.format import TOKEN, Case, Step
from cmdm_tui.harness.cases.judging import problems
from cmdm_tui.harness.cases.meaning import meant
from cmdm_tui.harness.cases.pointers import pointed
from cmdm_tui.harness.cases.values import Missing, outgoing
from cmdm_tui.harness.exchange import VALID, Exchange, Headers, Intent
from cmdm_tui.harness.sending import Answer, Outgoing
from cmdm_tui.harness.wire import NoAnswer
from cmdm_tui.text import one_line

BASE = "/api/v1"
"""What stands before a target in an exchange's path, whatever the service's own version is."""

Send = Callable[[Outgoing], Answer]
BeforeStep = Callable[[Step], None]
Captured = Callable[[str, str], None]


@dataclass(frozen=True, slots=True)
class Played:
    """A step that was sent (or could not be), its exchange, and what is wrong with the answer."""

    step: Step
    exchange: Exchange
    problems: tuple[str, ...]


def _nothing(*_: object) -> None:
    pass


def run(
    case: Case,
    send: Send,
    values: Mapping[str, str],
    *,
    unspoken: Mapping[str, str],
    before: BeforeStep = _nothing,
    captured: Captured = _nothing,
    is_alone: bool = True,
) -> list[Played]:
    """Run the case and return what came of each step; after one without a value, no other is sent.

    `values` are those that are known beforehand. `unspoken` are values that must not be told, each
    with what stands for it in the exchanges; tokens that are captured join them. `before` is
    called before each step is sent, `captured` with the name and text of each value captured.
    `is_alone` tells that nobody else makes calls of the service meanwhile.
    """
    known, hidden = dict(values), dict(unspoken)
    done: list[Played] = []
    for number, step in enumerate(case.steps, 1):
        intent = Intent(
            call=case.endpoint if number == len(case.steps) else "other",
            input_class=case.input_class if number == len(case.steps) else VALID,
            expected=frozenset(step.expect.statuses),
        )
        try:
            going = outgoing(step, known)
        except Missing as error:
            exchange = Exchange(
                number, step.method, BASE + step.path, (), b"", 0, (), b"",
                time.monotonic(), intent=intent, failure=str(error),
            )  # fmt: skip
            done.append(Played(step, exchange, (str(error),)))
            break
        before(step)
        exchange = _exchanged(number, going, send, intent)
        for name, pointer in step.capture.items():
            value = pointed(exchange.json, pointer)
            if isinstance(value, str | int) and not isinstance(value, bool):
                known[name] = str(value)
                captured(name, str(value))
                if name.startswith(TOKEN):
                    hidden[str(value)] = "$CMDM_TOKEN"
        found = problems(step, exchange, known)
        done.append(Played(step, _without(exchange, hidden), tuple(found)))
    return _checked(case, done, is_alone=is_alone) if case.check else done


def _checked(case: Case, done: list[Played], *, is_alone: bool) -> list[Played]:
    """Return the steps with what the case's check finds wrong in the light of those before."""
    from cmdm_tui.harness.oracle import CHECKS, Ledger, judge

    checks = [check for check in CHECKS if check.name == case.check]
    if not checks:
        message = (
            f"There is no check {one_line(case.check, 60)}: cmdm fuzz --list-checks tells them."
        )
        return [*done[:-1], replace(done[-1], problems=(*done[-1].problems, message))]
    ledger = Ledger(is_alone)
    found: list[Played] = []
    token = TOKEN
    for one in done:
        if one.step.rate_limit is not None:
            ledger.forget_limits()
        intent = meant(case, one.step, one.exchange, BASE, token=token)
        token = next((name for name in one.step.capture if name.startswith(TOKEN)), token)
        exchange = replace(one.exchange, intent=intent)
        faults = [finding.message for finding in judge(ledger, exchange, checks)]
        found.append(replace(one, problems=(*one.problems, *faults)))
    return found


def _exchanged(number: int, going: Outgoing, send: Send, intent: Intent) -> Exchange:
    sent = tuple((name.lower(), value) for name, value in going.headers)
    started = time.monotonic()
    status, headers, body, failure = 0, (), b"", ""
    try:
        answer = send(going)
        status, headers, body = answer.status, answer.headers, answer.body
    except NoAnswer as error:
        failure = str(error)
    return Exchange(
        number=number,
        method=going.method,
        path=BASE + going.target,
        sent_headers=sent,
        sent_body=going.body or b"",
        status=status,
        headers=headers,
        body=body,
        started=started,
        elapsed=time.monotonic() - started,
        moment=_moment(headers),
        intent=intent,
        failure=failure,
    )


def _moment(headers: Headers) -> float | None:
    return next((parse_http_date(value) for name, value in headers if name == "date"), None)


def _without(exchange: Exchange, hidden: Mapping[str, str]) -> Exchange:
    """Return the exchange with what stands for them in the place of values not to be told."""
    pairs = sorted(
        ((value, name) for value, name in hidden.items() if value), key=lambda pair: -len(pair[0])
    )
    lines = {
        "sent_headers": _told_headers(exchange.sent_headers, pairs),
        "headers": _told_headers(exchange.headers, pairs),
    }
    return replace(
        exchange,
        path=_told(exchange.path, pairs),
        sent_body=_told_bytes(exchange.sent_body, pairs),
        body=_told_bytes(exchange.body, pairs),
        failure=_told(exchange.failure, pairs),
        **lines,
    )


Pairs = Iterable[tuple[str, str]]


def _told_headers(headers: Headers, pairs: Pairs) -> Headers:
    return tuple((name, _told(value, pairs)) for name, value in headers)


def _told(text: str, pairs: Pairs) -> str:
    for value, name in pairs:
        text = text.replace(value, name)
    return text


def _told_bytes(body: bytes, pairs: Pairs) -> bytes:
    for value, name in pairs:
        body = body.replace(value.encode("utf-8", "surrogatepass"), name.encode())
    return body
