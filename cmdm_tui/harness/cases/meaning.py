"""What a step means: which documented call it is, of what and with what, for the oracle."""

import json
from collections.abc import Mapping
from typing import Any, cast
from urllib.parse import unquote

from cmdm_tui.harness.cases.format import TOKEN_PREFIX, Case, CaseStep
from cmdm_tui.harness.exchange import VALID_INPUT, Call, Exchange, Intent

_CHILDREN: Mapping[str, Call] = {"task": "create-task", "opportunity": "create-opportunity"}
_OF_A_RECORD: Mapping[str, Call] = {"GET": "get", "PUT": "update", "DELETE": "delete"}
_OF_AN_ENTITY: Mapping[str, Call] = {"GET": "list", "POST": "create"}
_PARAMETERS = frozenset({"fields", "per_page", "page", "sort_by", "sort_order"})
_BODIED: frozenset[Call] = frozenset(
    {"create", "create-task", "create-opportunity", "update", "convert"}
)
_STILL_MEANT = "body:other-content-type"


def meant(
    case: Case, step: CaseStep, exchange: Exchange, base: str, *, token: str = TOKEN_PREFIX
) -> Intent:
    """Return what the step meant by its request, which came to `exchange`; `base` is cut off.

    `token` is the name of the token received last.
    """
    route, _, query = exchange.path.removeprefix(base).partition("?")
    call, entity, external_id = _call(exchange.method, route)
    is_last = step is case.steps[-1]
    if is_last and case.endpoint == "other":
        call = "other"  # a route that was made odd, though it reads as another
    input_class = case.input_class if is_last else VALID_INPUT
    is_odd = input_class.startswith("body:") and input_class != _STILL_MEANT
    return Intent(
        call,
        entity,
        external_id,
        input_class=input_class,
        expected=frozenset(step.expect.statuses),
        authorization=_authorization(step, call, token),
        given=_given(call, exchange.sent_body) if not is_odd else None,
        query=_query(query) if call in {"list", "fields"} else None,
    )


def _call(method: str, route: str) -> tuple[Call, str, str]:
    parts = [unquote(part) for part in route.strip("/").split("/")]
    words = [part.casefold() for part in parts]
    match method, words:
        case "POST", ["authenticate"]:
            return "authenticate", "", ""
        case (("GET" | "POST"), [entity]):
            return _OF_AN_ENTITY[method], entity, ""
        case "GET", [entity, "fields"]:
            return "fields", entity, ""
        case (("GET" | "PUT" | "DELETE"), [entity, _]):
            return _OF_A_RECORD[method], entity, parts[1]
        case "PUT", ["lead", "convert", _]:
            return "convert", "lead", parts[2]
        case "PUT", ["task", "close", _]:
            return "close", "task", parts[2]
        case "POST", [entity, _, child] if child in _CHILDREN:
            return _CHILDREN[child], entity, parts[1]
        case _:
            return "other", "", ""


def _authorization(step: CaseStep, call: Call, token: str) -> str:
    if call == "authenticate":
        return "sign-in"
    if step.anonymous:
        return "none"
    return "good" if step.authorization == f"Bearer ${{{token}}}" else "other"


def _given(call: Call, body: bytes) -> Mapping[str, Any] | None:
    if call not in _BODIED:
        return None
    try:
        value: object = json.loads(body or b"{}")
    except (ValueError, RecursionError):
        return None
    return cast("dict[str, Any]", value) if isinstance(value, dict) else None


def _query(query: str) -> Mapping[str, str] | None:
    """Return the parameters, None where they are not what they should be."""
    pairs = [part.partition("=") for part in query.split("&") if part]
    known = [(name, unquote(value)) for name, _, value in pairs if name in _PARAMETERS]
    found = dict(known)
    numbers = [found[name] for name in ("per_page", "page") if name in found]
    is_plain = (
        len(found) == len(known)
        and all(found.values())
        and len(numbers) != 1
        and all(one.isascii() and one.isdigit() and one.strip("0") for one in numbers)
        and found.get("sort_order", "asc") in {"asc", "desc"}
    )
    return found if is_plain else None
