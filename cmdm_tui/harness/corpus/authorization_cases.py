"""What can stand in the place of a good token: refused with 401, and without effect."""

from collections.abc import Iterator

from cmdm_tui.harness.cases.format import AUTHORIZATIONS, Case, CaseStep, Expectation
from cmdm_tui.harness.corpus.case_steps import (
    aim_at_missing_record,
    get_step,
    make_valid_call,
    sign_in_step,
)
from cmdm_tui.harness.corpus.sample_entities import SampleWords
from cmdm_tui.harness.exchange import CALLS, Call

_DAY = 86_400.0
_CALLS: tuple[Call, ...] = tuple(call for call in CALLS if call != "authenticate")
_WRONG = tuple(kind for kind in AUTHORIZATIONS if kind != "good")
_UNCHANGED: dict[Call, str] = {
    "update": "lead",
    "delete": "event",
    "convert": "lead",
    "close": "task",
}


def authorization_cases(seed: int) -> Iterator[Case]:
    """Yield the cases."""
    for call in _CALLS:
        one = aim_at_missing_record(
            make_valid_call(call, SampleWords(seed, f"authorization {call}"))
        )
        for kind in _WRONG:
            yield _case(call, kind, one.refused_step(401, **_authorization_of(kind)))
        ended = one.refused_step(401, advance=_DAY)
        yield _case(call, "ended", sign_in_step(), ended)
    for call, entity in _UNCHANGED.items():
        chance = SampleWords(seed, f"unchanged {call}")
        one = make_valid_call(call, chance, entity)
        kind = chance.choose(_WRONG)
        path = f"/{entity}/${{{entity}}}"
        before, after = get_step(path, body="data"), get_step(path, body="data")
        steps = (*one.before, before, one.refused_step(401, **_authorization_of(kind)), after)
        yield _case(call, "unchanged", *steps, kind=kind)
    yield from _sign_ins()


def _authorization_of(kind: str) -> dict[str, object]:
    text = AUTHORIZATIONS[kind]
    return {"anonymous": True} if text is None else {"authorization": text}


def _case(call: Call, name: str, *steps: CaseStep, kind: str = "") -> Case:
    return Case(
        name=f"{call}-authorization-{name}",
        summary=f"{call} with the authorization {kind or name} is refused.",
        endpoint=call,
        input_class=f"authorization:{kind or name}",
        source="401 authentication failed, e.g. token missing or invalid",
        steps=steps,
    )


def _sign_ins() -> Iterator[Case]:
    names = ("client_id", "client_secret", "username", "password")
    values = {name: f"${{{name}}}" for name in names}
    for name in names:
        wrong = {**values, name: f"not-the-{name.replace('_', '-')}"}
        yield _sign_in_case(
            f"wrong-{name}", f"A wrong {name} is refused.", 401, wrong, "documented"
        )
        missing = {key: value for key, value in values.items() if key != name}
        yield _sign_in_case(f"missing-{name}", f"A missing {name} is refused and named.", 400,
                            missing, "ours")  # fmt: skip
        empty = {**values, name: ""}
        yield _sign_in_case(f"empty-{name}", f"An empty {name} is refused.", 401, empty, "ours")


def _sign_in_case(
    kind: str, summary: str, status: int, headers: dict[str, str], certainty: str
) -> Case:
    return Case(
        name=f"authenticate-{kind.replace('_', '-')}",
        summary=summary,
        endpoint="authenticate",
        input_class=f"authorization:{kind.replace('_', '-')}",
        certainty="documented" if certainty == "documented" else "ours",
        source="one of the four authenticate headers missing"
        if status == 400
        else "401 authentication failed",
        steps=(
            CaseStep(
                method="POST",
                path="/authenticate",
                headers=tuple(headers.items()),
                anonymous=True,
                expect=Expectation(status=status, body="data"),
            ),
        ),
    )
