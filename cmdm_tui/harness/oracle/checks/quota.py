"""Checks of the limit of calls and its headers."""

from collections.abc import Iterator

from cmdm_tui.harness.oracle.check import HELD, Check, Verdict, documented, ours
from cmdm_tui.harness.oracle.check_context import CheckContext
from cmdm_tui.harness.oracle.service_limits import has_moved, parse_limits

_TOO_MANY = 429
_HOUR = 3_600
_CLOCK_SECONDS = 300
"""Seconds by which the clocks of a service may differ, of which one is in its `Date`."""


def _is_counted(context: CheckContext) -> bool:
    is_identified = context.intent.authorization in {"good", "sign-in"}
    return (
        is_identified
        and context.exchange.status not in {0, 401}
        and not _is_refused_sign_in(context)
    )


def _is_refused_sign_in(context: CheckContext) -> bool:
    return context.intent.call == "authenticate" and context.exchange.status not in {200, _TOO_MANY}


def limits_told(context: CheckContext) -> Iterator[Verdict]:
    """Every answer to an identified user gives the limit, the calls left, and the reset."""
    if not _is_counted(context) or context.intent.call == "other":
        return
    yield HELD
    limits = parse_limits(context.exchange)
    for name in ("limit", "remaining", "reset"):
        if getattr(limits, name) is None:
            yield ours(f"The header x-rate-limit-{name} is missing, or no number.")
            return
    if (
        limits.limit is not None
        and limits.remaining is not None
        and limits.remaining > limits.limit
    ):
        yield ours(f"{limits.remaining} calls are left of {limits.limit}.")


def falls_by_one(context: CheckContext) -> Iterator[Verdict]:
    """Each call of an identified user takes one from what is left, and others take none."""
    before, limits = context.model.quota, parse_limits(context.exchange)
    if not _is_counted(context) or before is None or not context.model.is_alone:
        return
    if before.remaining is None or limits.remaining is None or before.reset != limits.reset:
        return
    yield HELD
    wanted = max(before.remaining - 1, 0)
    if limits.remaining != wanted:
        yield ours(f"{_count_left(before.remaining)}, and after one more {limits.remaining}.")
    elif before.limit != limits.limit:
        yield ours(f"The limit was {before.limit} calls, and is {limits.limit} now.")


def _count_left(count: int) -> str:
    return "1 call was left" if count == 1 else f"{count} calls were left"


def refused_when_used_up(context: CheckContext) -> Iterator[Verdict]:
    """429 comes exactly when no call is left."""
    before, limits = context.model.quota, parse_limits(context.exchange)
    status = context.exchange.status
    if not _is_counted(context) or before is None or not context.model.is_alone:
        return
    if before.remaining is None or before.reset is None:
        return
    latest, earliest = context.latest, context.earliest
    is_same_hour = latest is not None and latest <= before.reset
    is_next_hour = earliest is not None and earliest >= before.reset
    if is_same_hour or is_next_hour:
        yield HELD
    if status == _TOO_MANY and before.remaining > 0 and is_same_hour:
        yield ours(f"429 came although {_count_left(before.remaining)}.")
    elif status == _TOO_MANY and is_next_hour:
        yield ours("429 came although the hour's count had started again.")
    elif status == _TOO_MANY and limits.remaining:
        yield ours(f"429 came and says that {limits.remaining} calls are left.")
    elif status != _TOO_MANY and before.remaining == 0 and is_same_hour:
        yield ours(f"No call was left, and one more was answered {status}.")


def reset_ahead(context: CheckContext) -> Iterator[Verdict]:
    """The hour's count starts again within an hour; that this time does not move is our own law.

    A window that rolls is an hour too.
    """
    limits, before = parse_limits(context.exchange), context.model.quota
    earliest, latest = context.earliest, context.latest
    if limits.reset is None or earliest is None or latest is None or not _is_counted(context):
        return
    yield HELD
    if not earliest < limits.reset <= latest + _HOUR:
        message = f"The reset lies {limits.reset - earliest:.0f} seconds ahead."
        is_clear = (
            context.is_dated
            and not earliest - _CLOCK_SECONDS < limits.reset <= latest + _HOUR + _CLOCK_SECONDS
        )
        yield documented(message) if is_clear else ours(message)
    elif before is None or before.reset is None or latest > before.reset:
        return
    elif has_moved(before.reset, limits.reset):
        yield ours(f"The reset moved from {before.reset} to {limits.reset} before it came.")


CHECKS = (
    Check("limits-told", "rate-limit and token headers: on every answer to an identified user, "
          "errors included", "ours", limits_told),
    Check("quota-falls-by-one", "what counts as a call: every request of an identified user; a "
          "401 counts for no one", "ours", falls_by_one),
    Check("refused-when-used-up", "429: the hour's limit: remaining is 0", "ours",
          refused_when_used_up),
    Check("reset-ahead", "x-rate-limit-reset: Unix time at which the hour's count starts again",
          "documented", reset_ahead),
)  # fmt: skip
