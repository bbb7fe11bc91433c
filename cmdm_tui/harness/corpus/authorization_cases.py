"""Calls without a good token: refused with 401, and without effect."""

from collections.abc import Iterator

import msgspec

from cmdm_tui.harness.calls import CREDENTIAL_NAMES
from cmdm_tui.harness.cases.format import AUTHORIZATIONS, BEARER, Case, CaseStep, Certainty
from cmdm_tui.harness.corpus.case_steps import (
    SIGN_IN_HEADERS,
    aim_at_missing_record,
    make_valid_call,
    read_step,
    sign_in_step,
)
from cmdm_tui.harness.corpus.sample_entities import SampleWords
from cmdm_tui.harness.exchange import CALLS, Call
from cmdm_tui.harness.inputs import classes_of

_DAY = 86_400.0
_CALLS: tuple[Call, ...] = tuple(call for call in CALLS if call != "authenticate")
_WRONG = tuple(kind for kind in AUTHORIZATIONS if kind != "good")
_UNCHANGED: dict[Call, str] = {
    "update": "lead",
    "delete": "event",
    "convert": "lead",
    "close": "task",
}
_CHANGED_VALUES: dict[str, tuple[str, str, Certainty]] = {
    "cut": ("${{{name}:cut}}", "that lacks its last character", "documented"),
    "extended": ("${{{name}}}-x", "with something after it", "documented"),
    # Whether case matters in a name or a password is not documented.
    "other-case": ("${{{name}:swapped}}", "in other capitals", "ours"),
}
"""How a right value is changed: its text in a case, the change in words, who says it is wrong."""


def authorization_cases(seed: int) -> Iterator[Case]:
    """Yield the cases."""
    for call in _CALLS:
        one = aim_at_missing_record(
            make_valid_call(call, SampleWords(seed, f"authorization {call}"))
        )
        for kind in _WRONG:
            yield _case(call, kind, one.refused_step(401, **_authorization_of(kind)))
        for odd in classes_of(call, "authorization"):
            if odd.example is not None and odd.name not in AUTHORIZATIONS:
                step = one.refused_step(401, authorization=odd.example.text)
                yield _case(call, odd.name, step, certainty="ours")
        twice = (*one.step.headers, ("Authorization", BEARER), ("Authorization", BEARER))
        step = one.refused_step(401, anonymous=True, headers=twice)
        yield _case(call, "two-headers", step, certainty="ours")
        ended = one.refused_step(401, advance=_DAY)
        yield _case(call, "ended", sign_in_step(), ended)
    for call, entity in _UNCHANGED.items():
        words = SampleWords(seed, f"unchanged {call}")
        one = make_valid_call(call, words, entity)
        kind = words.choose(_WRONG)
        path = f"/{entity}/${{{entity}}}"
        before, after = read_step(path, body="data"), read_step(path, body="data")
        steps = (*one.before, before, one.refused_step(401, **_authorization_of(kind)), after)
        yield _case(call, "unchanged", *steps, kind=kind)
    yield from _sign_ins()


def _authorization_of(kind: str) -> dict[str, object]:
    text = AUTHORIZATIONS[kind]
    return {"anonymous": True} if text is None else {"authorization": text}


def _case(
    call: Call,
    name: str,
    *steps: CaseStep,
    kind: str = "",
    certainty: Certainty = "documented",
) -> Case:
    return Case(
        name=f"{call}-authorization-{name}",
        summary=f"{call} with the authorization {kind or name} is refused.",
        endpoint=call,
        input_class=f"authorization:{kind or name}",
        certainty=certainty,
        source="401 authentication failed, e.g. token missing or invalid",
        steps=steps,
    )


def _sign_ins() -> Iterator[Case]:
    values = dict(SIGN_IN_HEADERS)
    for name in CREDENTIAL_NAMES:
        kind = name.replace("_", "-")
        wrong = {**values, name: f"not-the-{kind}"}
        yield _sign_in_case(f"wrong-{kind}", f"A wrong {name} is refused.", 401, wrong)
        missing = {key: value for key, value in values.items() if key != name}
        yield _sign_in_case(
            f"missing-{kind}", f"A missing {name} is refused and named.", 400, missing, "ours"
        )
        empty = {**values, name: ""}
        yield _sign_in_case(f"empty-{kind}", f"An empty {name} is refused.", 401, empty, "ours")
        for change, (value, words, certainty) in _CHANGED_VALUES.items():
            changed = {**values, name: value.format(name=name)}
            summary = f"A {name} {words} is refused."
            yield _sign_in_case(f"{change}-{kind}", summary, 401, changed, certainty)


def _sign_in_case(
    kind: str,
    summary: str,
    status: int,
    headers: dict[str, str],
    certainty: Certainty = "documented",
) -> Case:
    step = msgspec.structs.replace(sign_in_step(status), headers=tuple(headers.items()))
    return Case(
        name=f"authenticate-{kind}",
        summary=summary,
        endpoint="authenticate",
        input_class=f"authorization:{kind}",
        certainty=certainty,
        source="one of the four authenticate headers missing"
        if status == 400
        else "401 authentication failed",
        steps=(step,),
    )
