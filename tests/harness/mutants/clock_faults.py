"""Faults in times: of services whose answers have no date, and of those that tell a wrong one."""

from email.utils import format_datetime, parsedate_to_datetime

from tests.harness.mutants.access_faults import with_new_token
from tests.harness.mutants.faulty_app import (
    FaultAnswer,
    FaultRequest,
    SendOn,
    mutant,
    refuse,
    unlimited,
)


def _moment(given: FaultAnswer) -> float:
    return parsedate_to_datetime(given.header("date")).timestamp()


def _undated(given: FaultAnswer) -> FaultAnswer:
    return given.set_header("date", None)


@mutant("answers have no date, and a token ends early", "token-good-until-reset")
async def undated_early_end(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    given = await inner(asked)
    ends = given.header("x-token-reset")
    is_late = ends.isdigit() and int(ends) - _moment(given) < 600
    if given.ok and asked.call != "authenticate" and is_late:
        refuse(given, 401)
    return _undated(given)


@mutant("answers have no date, and an ended token is still good", "token-refused-after-reset")
async def undated_late_token(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    return _undated(await with_new_token(asked, inner))


@mutant("answers have no date, and the reset is past", "reset-ahead")
async def undated_past_reset(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    given = await inner(asked)
    reset = given.header("x-rate-limit-reset")
    if reset:
        given.set_header("x-rate-limit-reset", str(int(reset) - 3_600))
    return _undated(given)


@mutant("answers have no date, and the limit does not hold", "refused-when-used-up")
async def undated_no_limit(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    given = await inner(asked)
    if given.status == 429:
        headers = given.headers
        given = await unlimited(asked, inner)
        given.headers = headers
    return _undated(given)


@mutant("answers have no date, and 429 stays when the hour is over", "refused-when-used-up")
async def undated_stuck(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    given = await inner(asked)
    if given.status == 429:
        asked.memory["stuck"] = True
    elif given.ok and asked.memory.get("stuck") and asked.call != "authenticate":
        refuse(given, 429).set_header("x-rate-limit-remaining", "0")
    return _undated(given)


@mutant("answers have no date, and a token has ended when it is given", "token-ahead")
async def undated_old_token(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    given = await inner(asked)
    ends = given.header("x-token-reset")
    if ends:
        given.set_header("x-token-reset", str(int(ends) - 86_400))
    return _undated(given)


@mutant("the date is local time, and says that it is GMT", "reset-ahead")
async def local_date(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    given = await inner(asked)
    if given.header("date"):
        from datetime import timedelta

        moment = parsedate_to_datetime(given.header("date")) - timedelta(hours=2)
        given.set_header("date", format_datetime(moment, usegmt=True))
    return given


@mutant("the reset is told in milliseconds", "reset-ahead")
async def reset_in_milliseconds(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    given = await inner(asked)
    reset = given.header("x-rate-limit-reset")
    return given.set_header("x-rate-limit-reset", f"{reset}000") if reset else given


@mutant("the reset is told as the seconds that are left", "reset-ahead")
async def reset_as_seconds(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    given = await inner(asked)
    reset = given.header("x-rate-limit-reset")
    if not reset:
        return given
    return given.set_header("x-rate-limit-reset", str(int(int(reset) - _moment(given))))


@mutant("the end of a token is told in milliseconds", "token-good-until-reset")
async def token_in_milliseconds(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    given = await inner(asked)
    ends = given.header("x-token-reset")
    return given.set_header("x-token-reset", f"{ends}000") if ends else given


@mutant("a token ends later than is told", "token-refused-after-reset")
async def token_told_short(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    given = await inner(asked)
    ends = given.header("x-token-reset")
    if not ends:
        return given
    return given.set_header("x-token-reset", str(int(ends) - 1_500))


@mutant("a token is refused half a minute before its end", "token-good-until-reset")
async def token_ends_sooner(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    given = await inner(asked)
    ends = given.header("x-token-reset")
    is_last = ends.isdigit() and int(ends) - _moment(given) <= 30
    return refuse(given, 401) if given.ok and asked.call != "authenticate" and is_last else given
