"""Each class of input crossed with each status: odd requests that something else stops first.

That is the token, the limit, the server's own failure, or a record or an entity that is not there.
"""

import base64
from collections.abc import Iterator
from dataclasses import replace

import msgspec

from cmdm_tui.harness.cases.format import Case, CaseStep, Needs
from cmdm_tui.harness.corpus.case_steps import (
    ValidCall,
    aim_at_missing_record,
    make_valid_call,
    read_step,
)
from cmdm_tui.harness.corpus.sample_entities import SampleWords
from cmdm_tui.harness.exchange import CALLS, Call
from cmdm_tui.harness.inputs.routes import change_case

_A_PAGE = "/lead?per_page=1&page=1&fields=City"
_NOT_JSON = base64.b64encode(b'{"Notes":"\xff"} x').decode()
_CREATES = ("create", "create-task", "create-opportunity")


def crossed_cases(seed: int) -> Iterator[Case]:
    """Yield the cases."""
    for call in CALLS:
        words = SampleWords(seed, f"crossed {call}")
        one = make_valid_call(call, words)
        there = aim_at_missing_record(one)
        for group, odd in _odd_steps(there).items():
            yield from _stopped_first(call, group, odd)
        yield from _ignored_cases(one, there)
        yield from _unknown_cases(one, there)


def _odd_steps(one: ValidCall) -> dict[str, CaseStep]:
    """Return the call made odd in one way of each class that it can be made odd in."""
    route, mark, query = one.step.path.partition("?")
    odd = {
        "authorization": _without_token(one),
        "parameter": one.with_changes(
            path=f"{route}?per_page=0&page=none{'&' + query if query else ''}"
        ),
        "route": one.with_changes(path=change_case(route, str.upper) + mark + query),
    }
    if one.takes_body:
        odd["body"] = one.with_changes(body=None, body_base64=_NOT_JSON)
    if "NOSUCHID" in route:
        odd["id"] = one.with_changes(path=one.step.path.replace("NOSUCHID", "%2e%2e%2f%00'%22"))
    return odd


def _without_token(one: ValidCall) -> CaseStep:
    if one.call != "authenticate":
        return one.with_changes(anonymous=True)
    return one.with_changes(
        headers=tuple(line for line in one.step.headers if line[0] != "password")
    )


def _stopped_first(call: Call, group: str, odd: CaseStep) -> Iterator[Case]:
    """Yield what stops every call: no token, no calls left, a server that fails."""
    last = read_step(_A_PAGE)
    fault = Needs(faults=({"kind": "error-500", "nth": 1},))
    yield _case(
        call, group, "failing", "500 unexpected server error", fault, _expect_status(odd, 500)
    )
    if group == "authorization":
        return  # it is not an user's, and so no limit is its
    if call != "authenticate":
        refused = _expect_status(odd, 401, anonymous=True)
        source = "401 authentication failed, e.g. token missing or invalid"
        yield _case(call, group, "unauthorised", source, Needs(), refused)
    limit = Needs(rate_limit=1)
    source = "429 limit per hour or month reached"
    yield _case(call, group, "over-limit", source, limit, last, _expect_status(odd, 429))


def _ignored_cases(one: ValidCall, there: ValidCall) -> Iterator[Case]:
    """Yield the calls with parameters that they do not have, of which no notice is taken."""
    if one.call in {"list", "fields"}:
        return
    source = "unknown query parameter"
    unknown = msgspec.structs.replace(one.step, path=f"{one.step.path}?colour=red&page=x")
    yield _case(one.call, "parameter", "ignored", source, Needs(), *one.before, unknown)
    if there.step.path != one.step.path:
        nowhere = there.refused_step(404, path=f"{there.step.path}?colour=red&page=x")
        yield _case(one.call, "parameter", "nowhere", source, Needs(), nowhere)


def _unknown_cases(one: ValidCall, there: ValidCall) -> Iterator[Case]:
    """Yield the calls of what is not there, with what would be right or wrong of it elsewhere."""
    source = "unknown entity, record, path"
    if one.call in {"list", "fields", "create"}:
        path = there.step.path.replace("/lead", "/nosuchentity", 1)
        elsewhere = replace(there, step=msgspec.structs.replace(there.step, path=path))
        yield _case(one.call, "id", "of-no-entity", source, Needs(), elsewhere.refused_step(404))
        odd = _odd_steps(elsewhere)
        twice = there.refused_step(404, path=f"/{there.step.path}")
        yield _case(one.call, "route", "double-slash", source, Needs(), twice)
        for group in ("parameter", "body"):
            if group in odd:
                yield _case(
                    one.call,
                    group,
                    "of-no-entity",
                    source,
                    Needs(),
                    _expect_status(odd[group], 404),
                )
    elif there.takes_body:
        step = there.refused_step(404, headers=(("Content-Type", "text/plain"),))
        yield _case(one.call, "body", "nowhere", source, Needs(), step)


def _expect_status(odd: CaseStep, status: int, **changed: object) -> CaseStep:
    expect = msgspec.structs.replace(odd.expect, status=status, body="data", values={}, nulls=())
    return msgspec.structs.replace(odd, expect=expect, capture={}, **changed)


def _case(call: Call, group: str, kind: str, source: str, needs: Needs, *steps: CaseStep) -> Case:
    return Case(
        name=f"{call}-crossed-{group}-{kind}",
        summary=f"{call} that is odd in its {group}, {kind.replace('-', ' ')}.",
        endpoint=call,
        input_class=f"{group}:{kind}",
        certainty="ours",
        source=source,
        needs=needs,
        steps=steps,
    )
