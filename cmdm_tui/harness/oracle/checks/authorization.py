"""Checks of tokens: who may call, and for how long."""

from collections.abc import Iterator

from cmdm_tui.api.quota import parse_whole_number
from cmdm_tui.harness.oracle.check import HELD, READS, Check, Verdict, breach_of, documented, ours
from cmdm_tui.harness.oracle.check_context import CheckContext
from cmdm_tui.harness.oracle.contract import ENTITY_WITHOUT_FIELD_LIST
from cmdm_tui.harness.oracle.service_limits import has_moved

_UNAUTHORISED = 401
_REFUSALS = {_UNAUTHORISED, 400, 403, 0}
"""What may be answered to a token that has ended, 0 being no answer at all."""
_OTHER_ORDER = {0, 404, 405, 413, 414, 415, 429, 431}
"""What a service may find out of a request before it looks at its token."""
_WELL_FORMED = {"none", "garbage", "cut", "flipped", "doubled", "ended"}
"""Authorizations that are missing or invalid, as the documentation has it, and not malformed."""
_MAY_BE_GOOD = {"two-headers"}
"""What holds a good token all the same."""
_SECRETS = (b"$CMDM_TOKEN", b"$CMDM_PASSWORD", b"$CMDM_CLIENT_SECRET")
_CLOCK_SECONDS = 60
"""Seconds by which the clocks of a service may differ."""


def authentication_first(context: CheckContext) -> Iterator[Verdict]:
    """A request without a good token is answered 401, whatever it asks for.

    That an unknown path is too, before it is looked for, is not documented; nor is what becomes of
    a header that is malformed.
    """
    intent, status = context.intent, context.exchange.status
    if intent.authorization in {"good", "sign-in"} or not status or status >= 500:
        return
    yield HELD
    if status == _UNAUTHORISED:
        return
    message = f"A request with the authorization {intent.authorization} was answered {status}."
    if context.is_success and intent.authorization not in _MAY_BE_GOOD:
        yield documented(message) if _is_documented_call(context) else ours(message)
        return
    is_refused_otherwise = status in _OTHER_ORDER or intent.authorization not in _WELL_FORMED
    is_clear = _is_documented_call(context) and not is_refused_otherwise
    yield documented(message) if is_clear else ours(message)


def _is_documented_call(context: CheckContext) -> bool:
    intent = context.intent
    is_undocumented = intent.call == "fields" and intent.entity == ENTITY_WITHOUT_FIELD_LIST
    return intent.call != "other" and not is_undocumented


def refused_without_effect(context: CheckContext) -> Iterator[Verdict]:
    """A request that was refused because it had no good token has changed nothing."""
    if context.has_compared("unauthorised") or "unauthorised" in context.counted:
        yield HELD
    for contradiction in (*context.contradictions, *context.miscounts):
        if contradiction.cause == "unauthorised":
            yield breach_of(contradiction, "After a request without a good token")


def token_good_until_reset(context: CheckContext) -> Iterator[Verdict]:
    """A token is good until its reset; that its reset does not move is not documented."""
    exchange, model = context.exchange, context.model
    if context.intent.authorization != "good" or context.intent.call == "authenticate":
        return
    ends, latest = model.token_ends, context.latest
    token_ends = parse_whole_number(exchange.header("x-token-reset"))
    if ends is None or not exchange.status or (latest is not None and latest >= ends):
        return
    yield HELD
    if exchange.status == _UNAUTHORISED and latest is not None:
        message = f"The token was refused {ends - latest:.0f} seconds before its reset."
        is_early = latest + _CLOCK_SECONDS <= ends and context.is_dated
        yield documented(message) if is_early else ours(message)
    elif token_ends is not None and has_moved(ends, token_ends):
        yield ours(f"The end of the token moved from {ends} to {token_ends}.")


def token_refused_after_reset(context: CheckContext) -> Iterator[Verdict]:
    """From its reset on, a token is refused."""
    exchange, ends = context.exchange, context.model.token_ends
    if (
        context.intent.authorization != "good"
        or context.intent.call == "authenticate"
        or ends is None
    ):
        return
    earliest = context.earliest
    if earliest is None or earliest < ends:
        return
    yield HELD
    if exchange.status not in _REFUSALS:
        message = f"The token was accepted {earliest - ends:.0f} seconds after its reset."
        is_late = earliest >= ends + _CLOCK_SECONDS and context.is_success and context.is_dated
        yield documented(message) if is_late else ours(message)


def token_ahead(context: CheckContext) -> Iterator[Verdict]:
    """The end of a token is in the answer, and lies ahead."""
    exchange = context.exchange
    if not context.is_success or context.intent.authorization not in {"good", "sign-in"}:
        return
    yield HELD
    token_ends = parse_whole_number(exchange.header("x-token-reset"))
    if token_ends is None:
        yield ours("The header x-token-reset is missing, or no number.")
    elif context.earliest is not None and token_ends < context.earliest:
        yield ours("The header x-token-reset lies in the past.")


def no_secret_told(context: CheckContext) -> Iterator[Verdict]:
    """No answer repeats the token or a credential, except for the one that hands the token out."""
    exchange = context.exchange
    if not exchange.status or (context.intent.call == "authenticate" and context.is_success):
        return
    yield HELD
    headers = [value.encode() for _, value in exchange.headers]
    if any(secret in text for text in (exchange.body, *headers) for secret in _SECRETS):
        yield ours("The answer repeats a secret of the request.")


CHECKS = (
    Check("authentication-first", "Every call but authenticate carries Authorization; 401 "
          "authentication failed", "documented", authentication_first),
    Check("unauthorised-without-effect", "401 authentication failed", "documented",
          refused_without_effect, READS),
    Check("token-good-until-reset", "x-token-reset: Unix time at which the token ends",
          "documented", token_good_until_reset),
    Check("token-refused-after-reset", "x-token-reset: Unix time at which the token ends",
          "documented", token_refused_after_reset),
    Check("token-ahead", "rate-limit and token headers: on every answer to an identified user",
          "ours", token_ahead),
    Check("no-secret-told", "Calls: only authenticate answers with a token", "ours",
          no_secret_told),
)  # fmt: skip
