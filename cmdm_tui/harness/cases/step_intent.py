"""What a step of a case means: which documented call it is, of what and with what."""

from cmdm_tui.harness.calls import parse_call, parse_given, parse_query
from cmdm_tui.harness.cases.format import TOKEN_PREFIX, Case, CaseStep
from cmdm_tui.harness.exchange import VALID_INPUT, Call, Exchange, Intent

_STILL_VALID = "body:content-type-"


def read_intent(
    case: Case, step: CaseStep, exchange: Exchange, base: str, *, token: str = TOKEN_PREFIX
) -> Intent:
    """Return what the step meant by its request, whose exchange is given; `base` is cut off.

    `token` is the name of the token received last.
    """
    route, _, query = exchange.path.removeprefix(base).partition("?")
    call, entity, external_id = parse_call(exchange.method, route)
    is_last = step is case.steps[-1]
    if is_last and case.endpoint == "other":
        call = "other"  # a route that was made odd, though it reads as another
    input_class = case.input_class if is_last else VALID_INPUT
    is_odd = input_class.startswith("body:") and not input_class.startswith(_STILL_VALID)
    return Intent(
        call,
        entity,
        external_id,
        input_class=input_class,
        expected=frozenset(step.expect.statuses),
        authorization=_authorization(step, call, token),
        given=None if is_odd else parse_given(call, exchange.sent_body),
        query=parse_query(call, query),
    )


def _authorization(step: CaseStep, call: Call, token: str) -> str:
    if call == "authenticate":
        return "sign-in"
    own = sum(name.lower() == "authorization" for name, _ in step.headers)
    if own + (not step.anonymous) > 1:
        return "two-headers"
    if step.anonymous:
        return "none"
    return "good" if step.authorization == f"Bearer ${{{token}}}" else "other"
