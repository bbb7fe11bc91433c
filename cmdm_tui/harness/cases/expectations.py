"""Says in what an answer is not as its step expects."""

import json
from collections.abc import Mapping

from cmdm_tui.harness.cases.format import CaseStep
from cmdm_tui.harness.cases.placeholders import MissingValue, fill_expected_value
from cmdm_tui.harness.cases.pointers import MISSING, resolve_pointer
from cmdm_tui.harness.exchange import NOT_JSON, Exchange
from cmdm_tui.text import one_line

_MAX_SHOWN = 60


def find_problems(step: CaseStep, exchange: Exchange, values: Mapping[str, str]) -> list[str]:
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
    if exchange.json is NOT_JSON:
        return [*found, "The body is not JSON."]
    pairs: dict[str, object] = {
        **wanted.values,
        **dict.fromkeys(wanted.nulls),
        **dict.fromkeys(wanted.absent, MISSING),
    }
    for pointer, said in pairs.items():
        try:
            value = fill_expected_value(said, values)
        except MissingValue as error:
            found.append(str(error))
            continue
        got = resolve_pointer(exchange.json, pointer)
        if got != value or type(got) is not type(value):
            found.append(
                f"{one_line(pointer, 80)} is {_show_value(got)}, not {_show_value(value)}."
            )
    return found


def _show_value(value: object) -> str:
    if value is MISSING:
        return "nothing"
    try:
        return one_line(json.dumps(value, ensure_ascii=False), _MAX_SHOWN)
    except RecursionError:
        return "nested too deep to be shown"
