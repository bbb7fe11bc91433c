"""What can stand in the place of a good token: refused with 401, and without effect."""

from collections.abc import Iterator

from cmdm_tui.harness.cases.format import AUTHORIZATIONS, Case, CaseStep, Expectation
from cmdm_tui.harness.corpus.calls import get, sign_in, valid, without_record
from cmdm_tui.harness.corpus.entities import Chance
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


def cases(seed: int) -> Iterator[Case]:
    """Yield the cases."""
    for call in _CALLS:
        one = without_record(valid(call, Chance(seed, f"authorization {call}")))
        for kind in _WRONG:
            yield _case(call, kind, one.refused(401, **_with(kind)))
        ended = one.refused(401, advance=_DAY)
        yield _case(call, "ended", sign_in(), ended)
    for call, entity in _UNCHANGED.items():
        chance = Chance(seed, f"unchanged {call}")
        one = valid(call, chance, entity)
        kind = chance.one_of(_WRONG)
        path = f"/{entity}/${{{entity}}}"
        before, after = get(path, body="data"), get(path, body="data")
        steps = (*one.before, before, one.refused(401, **_with(kind)), after)
        yield _case(call, "unchanged", *steps, kind=kind)
    yield from _sign_ins()


def _with(kind: str) -> dict[str, object]:
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
