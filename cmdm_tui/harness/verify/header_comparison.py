"""Compares headers by relation: what they say changes, how they stand to one another does not."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from cmdm_tui.api.quota import parse_http_date, parse_whole_number
from cmdm_tui.harness.cassettes.format import RESPONSE_HEADERS
from cmdm_tui.harness.verify.body_comparison import Difference
from cmdm_tui.harness.verify.drift import Severity
from cmdm_tui.text import one_line

LIMIT, REMAINING = "x-rate-limit-limit", "x-rate-limit-remaining"
_COUNTS = (LIMIT, REMAINING)
_TIMES = ("x-rate-limit-reset", "x-token-reset")

HeaderValues = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class HeaderContext:
    """The headers of one answer, and of the one before it in the case, None for the first."""

    headers: HeaderValues
    earlier: HeaderValues | None


def compare_headers(
    recorded: HeaderContext, fresh: HeaderContext, *, is_alone: bool
) -> Iterator[Difference]:
    """Yield each point at which headers do not stand as the recorded ones do.

    With `is_alone`, nobody else makes calls of the target, so that the count falls as it did.
    """
    for name in sorted(RESPONSE_HEADERS):
        before, now = recorded.headers.get(name), fresh.headers.get(name)
        if before is None and now is None:
            continue
        if now is None:
            yield Severity.WARNING, name, "is gone."
        elif before is None:
            severity = Severity.WARNING if name == "retry-after" else Severity.INFO
            yield severity, name, f"is new: {one_line(now, 60)}."
        else:
            yield from _compare_header(name, before, now, recorded, fresh)
    if is_alone:
        yield from _compare_count(recorded, fresh)


def _compare_header(
    name: str, before: str, now: str, recorded: HeaderContext, fresh: HeaderContext
) -> Iterator[Difference]:
    message = f"is {one_line(now, 60)}, and was {one_line(before, 60)}."
    if name == "content-type":
        is_same = _media_type(before) == _media_type(now)
    elif name == "allow":
        is_same = _parse_methods(before) == _parse_methods(now)
    elif name == "retry-after":
        is_same = (parse_whole_number(before) is None) == (parse_whole_number(now) is None)
    elif name in _COUNTS:
        is_same = parse_whole_number(now) is not None
    elif name in _TIMES:
        is_same = _is_ahead(now, fresh) == _is_ahead(before, recorded)
    else:
        is_same = parse_http_date(now) is not None
    if not is_same:
        yield Severity.ERROR, name, message


def _compare_count(recorded: HeaderContext, fresh: HeaderContext) -> Iterator[Difference]:
    """Compare how many calls were counted: since the answer before, or since none was."""
    before, now = _count_drop(recorded), _count_drop(fresh)
    if before is not None and now is not None and before != now:
        yield Severity.ERROR, REMAINING, f"fell by {now}, and fell by {before}."


def _count_drop(step: HeaderContext) -> int | None:
    remaining = _read_number(step.headers, REMAINING)
    limit = _read_number(step.headers, LIMIT)
    if remaining is None or limit is None:
        return None
    start = limit if step.earlier is None else _read_number(step.earlier, REMAINING)
    return None if start is None else start - remaining


def _is_ahead(value: str, step: HeaderContext) -> bool | None:
    """Say whether a moment lies ahead of the answer's `Date`, None where either is no moment."""
    now, moment = parse_http_date(step.headers.get("date", "")), parse_whole_number(value)
    return None if now is None or moment is None else moment > now


def _read_number(headers: HeaderValues, name: str) -> int | None:
    return parse_whole_number(headers.get(name))


def _media_type(value: str) -> str:
    return value.partition(";")[0].strip().casefold()


def _parse_methods(value: str) -> set[str]:
    return {method.strip().upper() for method in value.split(",")}
