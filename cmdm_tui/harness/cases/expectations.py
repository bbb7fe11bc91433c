"""Says where an answer is not as its step expects; looks into JSON by pointer (RFC 6901)."""

import json
from collections.abc import Mapping
from typing import cast

from cmdm_tui.api.quota import parse_whole_number
from cmdm_tui.harness.cases.format import CaseStep
from cmdm_tui.harness.cases.placeholders import MissingValue, fill_expected_value, with_filling
from cmdm_tui.harness.exchange import NOT_JSON, Exchange
from cmdm_tui.text import one_line


class Missing:
    """The type of `MISSING`: a pointer leads nowhere. None would be JSON's null."""

    def __repr__(self) -> str:
        return "nothing"


MISSING = Missing()


def resolve_pointer(value: object, pointer: str) -> object:
    """Return what `pointer` leads to in `value`, MISSING where there is nothing."""
    for part in pointer.split("/")[1:]:
        value = _resolve_part(value, part.replace("~1", "/").replace("~0", "~"))
    return value


def _resolve_part(value: object, part: str) -> object:
    if isinstance(value, dict):
        return cast("dict[str, object]", value).get(part, MISSING)
    if isinstance(value, list):
        items = cast("list[object]", value)
        number = parse_whole_number(part)
        if number is not None and number < len(items):
            return items[number]
    return MISSING


_MAX_SHOWN = 60


def find_problems(step: CaseStep, exchange: Exchange, values: Mapping[str, str]) -> list[str]:
    """Return a sentence for each expectation that the answer does not meet."""
    if exchange.failure:
        return [exchange.failure]
    problems: list[str] = []
    wanted = step.expect
    if exchange.status not in wanted.statuses:
        statuses = " or ".join(str(status) for status in wanted.statuses)
        problems.append(f"The status is {exchange.status}, not {statuses}.")
    problems += [
        f"The body does not hold {one_line(text, 80)}."
        for text in wanted.holds
        if text.encode() not in exchange.body
    ]
    if not (wanted.values or wanted.nulls or wanted.absent):
        return problems
    if exchange.json is NOT_JSON:
        return [*problems, "The body is not JSON."]
    pairs: dict[str, object] = {
        **wanted.values,
        **dict.fromkeys(wanted.nulls),
        **dict.fromkeys(wanted.absent, MISSING),
    }
    known = with_filling(step, values)
    for pointer, said in pairs.items():
        try:
            value = fill_expected_value(said, known)
        except MissingValue as error:
            problems.append(str(error))
            continue
        got = resolve_pointer(exchange.json, pointer)
        if got != value or type(got) is not type(value):
            problems.append(
                f"{one_line(pointer, 80)} is {_show_value(got)}, not {_show_value(value)}."
            )
    return problems


def _show_value(value: object) -> str:
    if value is MISSING:
        return "nothing"
    try:
        return one_line(json.dumps(value, ensure_ascii=False), _MAX_SHOWN)
    except RecursionError:
        return "nested too deep to be shown"
