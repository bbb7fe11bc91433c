"""Says in what an answer is not as its step expects."""

import json
from collections.abc import Mapping

from cmdm_tui.harness.cases.format import Step
from cmdm_tui.harness.cases.pointers import NOTHING, pointed
from cmdm_tui.harness.cases.values import Missing, expected
from cmdm_tui.harness.exchange import NO_JSON, Exchange
from cmdm_tui.text import one_line

_SHOWN = 60


def problems(step: Step, exchange: Exchange, values: Mapping[str, str]) -> list[str]:
    """Return a sentence for each expectation that the answer does not meet."""
    if exchange.failure:
        return [exchange.failure]
    found: list[str] = []
    wanted = step.expect
    if exchange.status not in wanted.statuses:
        statuses = " or ".join(str(status) for status in wanted.statuses)
        found.append(f"The status is {exchange.status}, not {statuses}.")
    found += [
        f"The body does not hold {one_line(text, 80)}."
        for text in wanted.holds
        if text.encode() not in exchange.body
    ]
    if not (wanted.values or wanted.nulls or wanted.absent):
        return found
    if exchange.json is NO_JSON:
        return [*found, "The body is not JSON."]
    pairs: dict[str, object] = {
        **wanted.values,
        **dict.fromkeys(wanted.nulls),
        **dict.fromkeys(wanted.absent, NOTHING),
    }
    for pointer, said in pairs.items():
        try:
            value = expected(said, values)
        except Missing as error:
            found.append(str(error))
            continue
        got = pointed(exchange.json, pointer)
        if got != value or type(got) is not type(value):
            found.append(f"{one_line(pointer, 80)} is {_shown(got)}, not {_shown(value)}.")
    return found


def _shown(value: object) -> str:
    if value is NOTHING:
        return "nothing"
    try:
        return one_line(json.dumps(value, ensure_ascii=False), _SHOWN)
    except RecursionError:
        return "nested too deep to be shown"
