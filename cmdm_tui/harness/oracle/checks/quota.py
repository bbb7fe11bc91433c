"""Checks of the limit of calls and the headers that tell of it."""

from collections.abc import Iterator

from cmdm_tui.api.quota import parse_whole_number
from cmdm_tui.harness.oracle.check import Check
from cmdm_tui.harness.oracle.check_context import CheckContext
from cmdm_tui.harness.oracle.service_limits import ServiceLimits, has_moved

_TOO_MANY = 429


def _answered_limits(seen: CheckContext) -> ServiceLimits:
    def number(name: str) -> int | None:
        return parse_whole_number(seen.exchange.header(f"x-rate-limit-{name}"))

    return ServiceLimits(number("limit"), number("remaining"), number("reset"))


def _is_counted(seen: CheckContext) -> bool:
    is_identified = seen.intent.authorization in {"good", "sign-in"}
    return is_identified and seen.exchange.status not in {0, 401} and not _is_refused_sign_in(seen)


def _is_refused_sign_in(seen: CheckContext) -> bool:
    return seen.intent.call == "authenticate" and seen.exchange.status not in {200, _TOO_MANY}


def limits_told(seen: CheckContext) -> Iterator[str]:
    """Every answer to an identified user tells the limit, what is left, and the reset."""
    if not _is_counted(seen) or seen.intent.call == "other":
        return
    told = _answered_limits(seen)
    for name in ("limit", "remaining", "reset"):
        if getattr(told, name) is None:
            yield f"The header x-rate-limit-{name} is missing, or no number."
            return
    if told.limit is not None and told.remaining is not None and told.remaining > told.limit:
        yield f"{told.remaining} calls are left of {told.limit}."


def falls_by_one(seen: CheckContext) -> Iterator[str]:
    """Each call of an identified user takes one from what is left, and others take none."""
    before, told = seen.model.quota, _answered_limits(seen)
    if not _is_counted(seen) or before is None or not seen.model.is_alone:
        return
    if before.remaining is None or told.remaining is None or before.reset != told.reset:
        return
    wanted = max(before.remaining - 1, 0)
    if told.remaining != wanted:
        yield f"{before.remaining} calls were left, and after one more {told.remaining}."
    elif before.limit != told.limit:
        yield f"The limit was {before.limit} calls, and is {told.limit} now."


def refused_when_used_up(seen: CheckContext) -> Iterator[str]:
    """429 comes exactly when no call is left."""
    before, told, status = seen.model.quota, _answered_limits(seen), seen.exchange.status
    if not _is_counted(seen) or before is None or not seen.model.is_alone:
        return
    if before.remaining is None or before.reset is None:
        return
    latest, earliest = seen.latest, seen.earliest
    is_same_hour = latest is not None and latest <= before.reset
    is_next_hour = earliest is not None and earliest >= before.reset
    if status == _TOO_MANY and before.remaining > 0 and is_same_hour:
        yield f"429 came although {before.remaining} calls were left."
    elif status == _TOO_MANY and is_next_hour:
        yield "429 came although the hour's count had started anew."
    elif status == _TOO_MANY and told.remaining:
        yield f"429 came and says that {told.remaining} calls are left."
    elif status != _TOO_MANY and before.remaining == 0 and is_same_hour:
        yield f"No call was left, and one more was answered {status}."


def reset_ahead(seen: CheckContext) -> Iterator[str]:
    """The hour's count starts anew within an hour from now, at a moment that does not move."""
    told, before = _answered_limits(seen), seen.model.quota
    earliest, latest = seen.earliest, seen.latest
    if told.reset is None or earliest is None or latest is None or not _is_counted(seen):
        return
    if not earliest < told.reset <= latest + 3_600:
        yield f"The reset lies {told.reset - earliest:.0f} seconds ahead."
    elif before is None or before.reset is None or latest > before.reset:
        return
    elif has_moved(before.reset, told.reset):
        yield f"The reset moved from {before.reset} to {told.reset} before it came."


CHECKS = (
    Check("limits-told", "rate-limit and token headers: on every answer to an identified user, "
          "errors included", "ours", limits_told),
    Check("quota-falls-by-one", "what counts as a call: every request of an identified user; a "
          "401 counts for nobody", "ours", falls_by_one),
    Check("refused-when-used-up", "429: the hour's limit: remaining is 0", "ours",
          refused_when_used_up),
    Check("reset-ahead", "x-rate-limit-reset: Unix time at which the hour's count starts anew",
          "documented", reset_ahead),
)  # fmt: skip
