"""Checks of signing in: that credentials are looked at, each of them, to the last character."""

from collections.abc import Iterator

from cmdm_tui.harness.exchange import Call
from cmdm_tui.harness.oracle.check import HELD, Check, Verdict, documented, ours
from cmdm_tui.harness.oracle.check_context import CheckContext

_SIGN_IN = frozenset[Call]({"authenticate"})
_UNAUTHORISED = 401
_BEFORE_ALL = {0, 429}
_SERVER_ERROR = 500
_WORDS = {"other-case": "in other capitals", "cut": "cut short"}
_OTHER_CASE = "authorization:other-case-"


def _is_changed(context: CheckContext) -> bool:
    intent = context.intent
    return intent.call == "authenticate" and intent.input_class.startswith("authorization:")


def _gives_token(context: CheckContext) -> bool:
    content = context.exchange.json
    token = content.get("token") if isinstance(content, dict) else None  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
    return context.is_success or (isinstance(token, str) and bool(token))


def _is_looked_at(context: CheckContext) -> bool:
    status = context.exchange.status
    return status not in _BEFORE_ALL and status < _SERVER_ERROR


def _describe(context: CheckContext) -> str:
    """Return in words what was changed: `the password cut`, say."""
    kind, _, name = context.intent.input_class.partition(":")[2].rpartition("-")
    if name in {"id", "secret"}:
        kind, name = kind.removesuffix("-client"), f"client_{name}"
    return f"the {name} {_WORDS.get(kind, kind)}"


def credentials_looked_at(context: CheckContext) -> Iterator[Verdict]:
    """A sign-in with a credential that is missing, empty, cut, extended or wrong gives no token."""
    is_in_other_case = context.intent.input_class.startswith(_OTHER_CASE)
    if not _is_changed(context) or is_in_other_case or not _is_looked_at(context):
        return
    yield HELD
    if _gives_token(context):
        yield documented(f"A sign-in with {_describe(context)} was given a token.")


def credentials_match_exactly(context: CheckContext) -> Iterator[Verdict]:
    """A sign-in with a credential in other capitals gives no token.

    Whether case matters in a name or a password is not documented.
    """
    is_in_other_case = context.intent.input_class.startswith(_OTHER_CASE)
    if not _is_changed(context) or not is_in_other_case or not _is_looked_at(context):
        return
    yield HELD
    if _gives_token(context):
        yield ours(f"A sign-in with {_describe(context)} was given a token.")


def sign_in_status(context: CheckContext) -> Iterator[Verdict]:
    """A sign-in that lacks a header is answered 400, one with a wrong value 401."""
    status, allowed = context.exchange.status, context.intent.expected
    if not _is_changed(context) or not _is_looked_at(context) or context.is_success:
        return
    yield HELD
    if allowed and status not in allowed:
        wanted = " or ".join(str(one) for one in sorted(allowed))
        yield ours(
            f"A sign-in with {_describe(context)} was answered {status}, "
            f"where {wanted} is expected."
        )


def sign_in_refusals_alike(context: CheckContext) -> Iterator[Verdict]:
    """Every sign-in with a wrong value is refused in the same words: none says which is wrong."""
    before, exchange = context.model.sign_in_refusal, context.exchange
    if context.intent.call != "authenticate" or exchange.status != _UNAUTHORISED or before is None:
        return
    yield HELD
    if before != exchange.body:
        yield ours(f"Refused with {_describe(context)}, a sign-in has other words than before.")


CHECKS = (
    Check("credentials-looked-at", "authenticate: headers client_id, client_secret, username, "
          "password; 401 authentication failed", "documented", credentials_looked_at, _SIGN_IN),
    Check("credentials-match-exactly", "authenticate: wrong values: 401", "ours",
          credentials_match_exactly, _SIGN_IN),
    Check("sign-in-status", "one of the four authenticate headers missing: 400 naming it; wrong "
          "values: 401", "ours", sign_in_status, _SIGN_IN),
    Check("sign-in-refusals-alike", "wrong values: 401, one message for all", "ours",
          sign_in_refusals_alike, _SIGN_IN),
)  # fmt: skip
