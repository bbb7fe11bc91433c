"""Faults in who may call, for how long, and how often."""

from tests.harness.mutants.faulty_app import (
    FaultAnswer,
    FaultRequest,
    SendOn,
    mutant,
    refuse,
    unlimited,
)


def remember(asked: FaultRequest, given: FaultAnswer) -> FaultAnswer:
    """Remember the authorization of whoever was identified."""
    if given.ok and asked.authorization:
        asked.memory["good"] = asked.authorization
    return given


@mutant("the field list takes no token", "authentication-first")
async def open_fields(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    given = remember(asked, await inner(asked))
    if given.status == 401 and asked.call == "fields" and "good" in asked.memory:
        return await inner(asked.as_user(asked.memory["good"]))
    return given


@mutant("an unknown path is told before the token is looked at", "authentication-first")
async def not_found_first(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    given = await inner(asked)
    is_other = asked.call == "other" and len(asked.segments) > 3
    return refuse(given, 404) if given.status == 401 and is_other else given


@mutant("a bad parameter is told before the token is looked at", "authentication-first")
async def bad_body_first(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    given = await inner(asked)
    is_empty = asked.call == "create" and not asked.body.startswith(b"{")
    return (
        refuse(given, 400) if given.status == 401 and (is_empty or asked.method == "PUT") else given
    )


@mutant("any scheme will do", "authentication-first")
async def any_scheme(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    scheme, _, token = asked.authorization.partition(b" ")
    return await inner(asked.as_user(b"Bearer " + token) if scheme == b"Basic" else asked)


@mutant("the last character of a token does not matter", "authentication-first")
async def cut_token(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    given = remember(asked, await inner(asked))
    good = asked.memory.get("good", b"")
    if given.status == 401 and good and asked.authorization[:-1] == good[:-1]:
        return await inner(asked.as_user(good))
    return given


@mutant("a refused deletion is done", "unauthorised-without-effect")
async def refused_deletion(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    given = remember(asked, await inner(asked))
    if given.status == 401 and asked.call == "delete" and "good" in asked.memory:
        await inner(asked.as_user(asked.memory["good"]))
    return given


@mutant("a refused update is done", "unauthorised-without-effect")
async def refused_update(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    given = remember(asked, await inner(asked))
    if given.status == 401 and asked.call == "update" and "good" in asked.memory:
        await inner(asked.as_user(asked.memory["good"]))
    return given


@mutant("a refused create is done", "unauthorised-without-effect")
async def refused_create(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    given = remember(asked, await inner(asked))
    if given.status == 401 and asked.call == "create" and "good" in asked.memory:
        await inner(asked.as_user(asked.memory["good"]))
    return given


def _left(given: FaultAnswer) -> float:
    from email.utils import parsedate_to_datetime

    ends = given.header("x-token-reset")
    moment = parsedate_to_datetime(given.header("date")).timestamp()
    return int(ends) - moment if ends.isdigit() else 1e9


@mutant("a token ends five minutes early", "token-good-until-reset")
async def ends_early(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    given = await inner(asked)
    if given.ok and asked.call != "authenticate" and _left(given) < 300:
        return refuse(given, 401)
    return given


@mutant("the end of a token moves on with each call", "token-good-until-reset")
async def sliding_end(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    given = await inner(asked)
    ends = given.header("x-token-reset")
    if ends and asked.call != "authenticate":
        number = asked.memory["n"] = asked.memory.get("n", 0) + 1
        given.set_header("x-token-reset", str(int(ends) + number))
    return given


async def _renewed(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    if asked.call == "authenticate":
        given = await inner(asked)
        if given.ok:
            asked.memory["sign-in"] = asked
        return given
    given = remember(asked, await inner(asked))
    has_ended = given.status == 401 and asked.authorization == asked.memory.get("good", b"-")
    if has_ended and not asked.memory.get("fresh"):
        asked.memory["is-late"] = True
    return given


async def with_new_token(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    """Answer a token that has ended as if its end were not looked at."""
    if asked.call == "authenticate":
        given = await inner(asked)
        if given.ok:
            asked.memory["sign-in"] = asked.headers
        return given
    given = remember(asked, await inner(asked))
    if given.ok:
        asked.memory["ends"] = given.header("x-token-reset")
    headers = asked.memory.get("sign-in")
    if given.status != 401 or asked.authorization != asked.memory.get("good") or headers is None:
        return given
    sign_in = asked.with_changes(method="POST", path="/api/v1/authenticate", query="", body=b"")
    signed_in = await inner(sign_in.with_changes(headers=headers, is_free=True))
    if not signed_in.ok:
        return given
    token = f"Bearer {signed_in.json()['token']}".encode()
    late = await inner(asked.as_user(token))
    return late.set_header("x-token-reset", asked.memory.get("ends"))


@mutant("an ended token still reads", "token-refused-after-reset")
async def late_reading(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    is_reading = asked.method == "GET" or asked.call == "authenticate"
    return await (with_new_token(asked, inner) if is_reading else inner(asked))


@mutant("an ended token is answered 404", "token-refused-after-reset")
async def late_404(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    given = await _renewed(asked, inner)
    return refuse(given, 404) if given.status == 401 and asked.memory.get("is-late") else given


@mutant("no end of the token is told", "token-ahead")
async def no_token_reset(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    return (await inner(asked)).set_header("x-token-reset", None)


@mutant("the end of the token is told as a date", "token-ahead")
async def token_reset_as_date(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    given = await inner(asked)
    has_end = given.header("x-token-reset") and asked.method == "GET"
    return given.set_header("x-token-reset", "Tue, 31 Mar 2026 10:30:00 GMT") if has_end else given


@mutant("an error repeats the token", "no-secret-told")
async def token_repeated(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    given = await inner(asked)
    if given.status == 404:
        return refuse(given, 404, f"Nothing here for {asked.authorization.decode('latin-1')}.")
    return given


@mutant("a header repeats the token", "no-secret-told")
async def token_in_header(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    given = await inner(asked)
    value = asked.authorization.decode("latin-1")
    return given.set_header("x-debug-user", value) if asked.call == "update" and value else given


@mutant("a create counts twice", "quota-falls-by-one")
async def counts_twice(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    given = await inner(asked)
    asked.memory["more"] = asked.memory.get("more", 0) + (asked.call == "create" and given.ok)
    left = given.header("x-rate-limit-remaining")
    return (
        given.set_header("x-rate-limit-remaining", str(int(left) - asked.memory["more"]))
        if left
        else given
    )


@mutant("errors are not counted", "quota-falls-by-one")
async def errors_free(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    given = await inner(asked)
    left = given.header("x-rate-limit-remaining")
    if left:
        asked.memory["free"] = asked.memory.get("free", 0) + (given.status in {400, 404})
        given.set_header("x-rate-limit-remaining", str(int(left) + asked.memory["free"]))
    return given


@mutant("requests without a token are counted", "quota-falls-by-one")
async def refused_counted(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    given = await inner(asked)
    left = given.header("x-rate-limit-remaining")
    asked.memory["more"] = asked.memory.get("more", 0) + (given.status == 401)
    return (
        given.set_header("x-rate-limit-remaining", str(int(left) - asked.memory["more"]))
        if left
        else given
    )


@mutant("429 comes one call early", "refused-when-used-up")
async def early_429(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    given = await inner(asked)
    is_last = given.header("x-rate-limit-remaining") == "0" and asked.method == "GET"
    return refuse(given, 429) if is_last and given.ok else given


@mutant("429 never comes", "refused-when-used-up")
async def no_429(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    given = await inner(asked)
    if given.status == 429:
        headers = given.headers
        given = await unlimited(asked, inner)
        given.headers = headers
    return given


@mutant("429 says that calls are left", "refused-when-used-up")
async def lying_429(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    given = await inner(asked)
    return given.set_header("x-rate-limit-remaining", "7") if given.status == 429 else given


@mutant("a deletion over the limit is done", "over-limit-without-effect")
async def over_limit_deletion(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    given = await inner(asked)
    if given.status == 429 and asked.call == "delete":
        await unlimited(asked, inner)
    return given


@mutant("an update over the limit is done", "over-limit-without-effect")
async def over_limit_update(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    given = await inner(asked)
    if given.status == 429 and asked.call == "update":
        await unlimited(asked, inner)
    return given


@mutant("a create over the limit is done", "over-limit-without-effect")
async def over_limit_create(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    given = await inner(asked)
    if given.status == 429 and asked.call == "create":
        await unlimited(asked, inner)
    return given


@mutant("errors tell no limit", "limits-told")
async def no_limits_on_errors(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    given = await inner(asked)
    return given.set_header("x-rate-limit-limit", None) if given.status == 404 else given


@mutant("what is left is not a number", "limits-told")
async def odd_remaining(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    given = await inner(asked)
    return (
        given.set_header("x-rate-limit-remaining", "many")
        if asked.call == "fields" and given.ok
        else given
    )


@mutant("the reset is always an hour away", "reset-ahead")
async def moving_reset(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    given = await inner(asked)
    reset = given.header("x-rate-limit-reset")
    number = asked.memory["n"] = asked.memory.get("n", 0) + 1
    return given.set_header("x-rate-limit-reset", str(int(reset) - number)) if reset else given


@mutant("the reset lies in the past", "reset-ahead")
async def past_reset(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    given = await inner(asked)
    reset = given.header("x-rate-limit-reset")
    return given.set_header("x-rate-limit-reset", str(int(reset) - 7_200)) if reset else given
