"""Checks of tokens: who may call, and for how long."""

from collections.abc import Iterator

from cmdm_tui.api.quota import parse_whole_number
from cmdm_tui.harness.oracle.check import Check
from cmdm_tui.harness.oracle.check_context import CheckContext
from cmdm_tui.harness.oracle.service_limits import has_moved

_UNAUTHORISED = 401
_REFUSALS = {_UNAUTHORISED, 400, 403, 0}
"""What may be answered to a token that has ended, 0 being no answer at all."""
_SECRETS = (b"$CMDM_TOKEN", b"$CMDM_PASSWORD", b"$CMDM_CLIENT_SECRET")


def authentication_first(context: CheckContext) -> Iterator[str]:
    """A request without a good token is answered 401, whatever it asks for."""
    authorization, status = context.intent.authorization, context.exchange.status
    if authorization in {"good", "sign-in"} or not status:
        return
    if status != _UNAUTHORISED and status < 500:
        yield f"A request with the authorization {authorization} was answered {status}."


def refused_without_effect(context: CheckContext) -> Iterator[str]:
    """A request that was refused because it had no good token has changed nothing."""
    for contradiction in (*context.contradictions, *context.miscounts):
        if contradiction.cause == "unauthorised":
            yield f"After a request without a good token: {contradiction}."


def token_good_until_reset(context: CheckContext) -> Iterator[str]:
    """A token is good until its reset, which does not move."""
    exchange, model = context.exchange, context.model
    if context.intent.authorization != "good" or context.intent.call == "authenticate":
        return
    ends = model.token_ends
    token_ends = parse_whole_number(exchange.header("x-token-reset"))
    if ends is None:
        return
    if exchange.status == _UNAUTHORISED and context.latest is not None:
        if context.latest < ends:
            yield f"The token was refused {ends - context.latest:.0f} seconds before its reset."
    elif token_ends is not None and has_moved(ends, token_ends):
        yield f"The end of the token moved from {ends} to {token_ends}."


def token_refused_after_reset(context: CheckContext) -> Iterator[str]:
    """From its reset on, a token is refused."""
    exchange, ends = context.exchange, context.model.token_ends
    if (
        context.intent.authorization != "good"
        or context.intent.call == "authenticate"
        or ends is None
    ):
        return
    earliest = context.earliest
    if earliest is not None and earliest >= ends and exchange.status not in _REFUSALS:
        yield f"The token was accepted {earliest - ends:.0f} seconds after its reset."


def token_ahead(context: CheckContext) -> Iterator[str]:
    """The end of a token is in the answer, and lies ahead."""
    exchange = context.exchange
    if not context.is_success or context.intent.authorization not in {"good", "sign-in"}:
        return
    token_ends = parse_whole_number(exchange.header("x-token-reset"))
    if token_ends is None:
        yield "The header x-token-reset is missing, or no number."
    elif context.earliest is not None and token_ends < context.earliest:
        yield "The header x-token-reset lies in the past."


def no_secret_told(context: CheckContext) -> Iterator[str]:
    """No answer repeats the token or a credential, except for the one that hands the token out."""
    exchange = context.exchange
    if context.intent.call == "authenticate" and context.is_success:
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
