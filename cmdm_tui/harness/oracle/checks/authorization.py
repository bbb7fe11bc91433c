"""Checks of who may call, and for how long."""

from collections.abc import Iterator

from cmdm_tui.api.quota import parse_whole_number
from cmdm_tui.harness.oracle.check import Check
from cmdm_tui.harness.oracle.check_context import CheckContext
from cmdm_tui.harness.oracle.service_limits import has_moved

_UNAUTHORISED = 401
_REFUSALS = {_UNAUTHORISED, 400, 403, 0}
"""What may be answered to a token that has ended, 0 being no answer at all."""
_SECRETS = (b"$CMDM_TOKEN", b"$CMDM_PASSWORD", b"$CMDM_CLIENT_SECRET")


def authentication_first(seen: CheckContext) -> Iterator[str]:
    """Whatever a request asks for, without a good token it is answered 401."""
    authorization, status = seen.intent.authorization, seen.exchange.status
    if authorization in {"good", "sign-in"} or not status:
        return
    if status != _UNAUTHORISED and status < 500:
        yield f"A request with the authorization {authorization} was answered {status}."


def refused_without_effect(seen: CheckContext) -> Iterator[str]:
    """What was refused for want of a token has changed nothing."""
    for clash in (*seen.contradictions, *seen.miscounts):
        if clash.cause == "unauthorised":
            yield f"After a request without a good token: {clash}."


def token_good_until_reset(seen: CheckContext) -> Iterator[str]:
    """A token is good until its reset, which does not move."""
    exchange, ledger = seen.exchange, seen.model
    if seen.intent.authorization != "good" or seen.intent.call == "authenticate":
        return
    ends = ledger.token_ends
    told = parse_whole_number(exchange.header("x-token-reset"))
    if ends is None:
        return
    if exchange.status == _UNAUTHORISED and seen.latest is not None:
        if seen.latest < ends:
            yield f"The token was refused {ends - seen.latest:.0f} seconds before its reset."
    elif told is not None and has_moved(ends, told):
        yield f"The end of the token moved from {ends} to {told}."


def token_refused_after_reset(seen: CheckContext) -> Iterator[str]:
    """From its reset on, a token is refused."""
    exchange, ends = seen.exchange, seen.model.token_ends
    if seen.intent.authorization != "good" or seen.intent.call == "authenticate" or ends is None:
        return
    earliest = seen.earliest
    if earliest is not None and earliest >= ends and exchange.status not in _REFUSALS:
        yield f"The token was accepted {earliest - ends:.0f} seconds after its reset."


def token_ahead(seen: CheckContext) -> Iterator[str]:
    """The end of a token lies ahead, and is told."""
    exchange = seen.exchange
    if not seen.is_success or seen.intent.authorization not in {"good", "sign-in"}:
        return
    told = parse_whole_number(exchange.header("x-token-reset"))
    if told is None:
        yield "The header x-token-reset is missing, or no number."
    elif seen.earliest is not None and told < seen.earliest:
        yield "The header x-token-reset lies in the past."


def no_secret_told(seen: CheckContext) -> Iterator[str]:
    """No answer repeats the token or a credential, but for the one that hands the token out."""
    exchange = seen.exchange
    if seen.intent.call == "authenticate" and seen.is_success:
        return
    headers = [value.encode() for _, value in exchange.headers]
    if any(secret in text for text in (exchange.body, *headers) for secret in _SECRETS):
        yield "The answer repeats a secret of the request."


CHECKS = (
    Check("authentication-first", "Every call but authenticate carries Authorization; 401 "
          "authentication failed", "documented", authentication_first),
    Check("unauthorised-without-effect", "401 authentication failed", "documented",
          refused_without_effect),
    Check("token-good-until-reset", "x-token-reset: Unix time at which the token ends",
          "documented", token_good_until_reset),
    Check("token-refused-after-reset", "x-token-reset: Unix time at which the token ends",
          "documented", token_refused_after_reset),
    Check("token-ahead", "rate-limit and token headers: on every answer to an identified user",
          "ours", token_ahead),
    Check("no-secret-told", "Calls: only authenticate answers with a token", "ours",
          no_secret_told),
)  # fmt: skip
