"""Replaces the people in the case of a failure, as its cassette has them."""

from collections.abc import Sequence

import msgspec

from cmdm_tui.harness.calls import parse_call
from cmdm_tui.harness.cases.format import Case, CaseStep
from cmdm_tui.harness.cassettes.format import from_exchange
from cmdm_tui.harness.cassettes.people import PeopleSettings, keep_sent_texts, redact_interactions
from cmdm_tui.harness.exchange import Exchange
from cmdm_tui.redaction.people.person_redactor import PersonRedactor
from cmdm_tui.text import one_line

_LONGEST_SUMMARY = 200


def learn_failure(log: Sequence[Exchange], people: PeopleSettings) -> PersonRedactor:
    """Return what replaces the people that the service named; what the fuzzer has drawn stays.

    Raises RedactionHookFailed where a user's function fails.
    """
    seen = [from_exchange(exchange) for exchange in log if exchange.status]
    redactor = people.open()
    redactor = redactor.keeping(keep_sent_texts(seen, redactor))
    redact_interactions(seen, redactor)
    return redactor


def redact_case(case: Case, people: PersonRedactor) -> Case:
    """Return a case with the people in its summary, paths and expected values replaced."""
    summary = one_line(people.redact_text(case.summary), _LONGEST_SUMMARY)
    steps = tuple(_redact_step(step, people) for step in case.steps)
    return msgspec.structs.replace(case, summary=summary, steps=steps)


def _redact_step(step: CaseStep, people: PersonRedactor) -> CaseStep:
    path, mark, query = step.path.partition("?")
    _, entity, _ = parse_call(step.method, path.strip("/"))
    values = {
        pointer: people.redact_value(entity, pointer.rpartition("/")[2], value)
        if isinstance(value, str)
        else value
        for pointer, value in step.expect.values.items()
    }
    return msgspec.structs.replace(
        step,
        path=f"{path}{mark}{people.redact_query(entity, query) if mark else ''}",
        expect=msgspec.structs.replace(step.expect, values=values),
    )
