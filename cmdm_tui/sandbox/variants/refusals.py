"""Variants of refusals: their statuses, and the bodies of errors."""

from http import HTTPStatus

import msgspec

from cmdm_tui.sandbox.openapi.editor import DescriptionEditor, refer_to_refusal
from cmdm_tui.sandbox.openapi.schemas import Schema, exact_object
from cmdm_tui.sandbox.variants.behaviour import Behaviour, Choices

BEHAVIOURS = (
    Behaviour(
        "error_body", "body of an error", ("json", "html", "text", "empty", "other-json", "array")
    ),
    Behaviour(
        "sign_in_header_missing", "one of the four authenticate headers missing", ("400", "401")
    ),
    Behaviour("token_refused", "token missing, malformed, unknown, ended", ("401", "400", "403")),
    Behaviour("unknown", "unknown entity, record, path", ("404", "400")),
    Behaviour("other_method", "known path, other method", ("405", "404")),
)

# No behaviour changes a refusal before the API; an error may come from there or from the API.
_NEVER_CHANGED = frozenset({"403", "421"})
_OF_BOTH_KINDS = frozenset({"403", "500"})
_TEXT: Schema = {"type": "string"}


def rewrite_status(choices: Choices, status: int, *, is_sign_in: bool) -> int:
    """Return the status of a refusal for which the sandbox's own is `status`."""
    match status:
        case 401 if not is_sign_in:
            return int(choices["token_refused"])
        case 400 if is_sign_in:
            return int(choices["sign_in_header_missing"])
        case 404:
            return int(choices["unknown"])
        case 405:
            return int(choices["other_method"])
        case _:
            return status


def rewrite_body(choices: Choices, status: int, body: bytes, headers: dict[str, str]) -> bytes:
    """Return the body of an error, and put its type into `headers`."""
    words = f"{status} {HTTPStatus(status).phrase}"
    match choices["error_body"]:
        case "html":
            headers["content-type"] = "text/html; charset=utf-8"
            return f"<!DOCTYPE html>\n<title>{words}</title>\n<h1>{words}</h1>\n".encode()
        case "text":
            headers["content-type"] = "text/plain; charset=utf-8"
            return words.encode()
        case "empty":
            headers.pop("content-type", None)
            return b""
        case "other-json":
            error = {"code": status, "details": [{"reason": _get_message(body)}]}
            return msgspec.json.encode({"error": error, "success": False})
        case "array":
            return msgspec.json.encode([_get_message(body), None, 1.5])
        case _:
            return body


def _get_message(body: bytes) -> str:
    return msgspec.json.decode(body)["Message"]


_REASON = exact_object({"reason": _TEXT})
_ERROR = exact_object({"code": {"type": "integer"}, "details": {"type": "array", "items": _REASON}})
_OTHER_JSON = exact_object({"error": _ERROR, "success": {"enum": [False]}})
_ARRAY: Schema = {"type": "array", "items": {"type": ["string", "null", "number"]}}
_BODY_SCHEMAS: dict[str, Schema] = {
    "html": {"text/html": {"schema": _TEXT}},
    "text": {"text/plain": {"schema": _TEXT}},
    "empty": {},
    "other-json": {"application/json": {"schema": _OTHER_JSON}},
    "array": {"application/json": {"schema": _ARRAY}},
}


def describe(choices: Choices, editor: DescriptionEditor) -> None:
    """Change the description of refusals: those that the other groups have left."""
    is_403_a_token = rewrite_status(choices, 401, is_sign_in=False) == 403
    _describe_statuses(choices, editor)
    if is_403_a_token:
        editor.refusals["403"]["description"] += " Or the token is missing, unknown or ended."
    content = _BODY_SCHEMAS.get(choices["error_body"])
    if content is None:
        return
    for status, answer in editor.refusals.items():
        if status in _OF_BOTH_KINDS and (status != "403" or is_403_a_token):
            answer["content"] = _describe_either(answer["content"], content)
        elif status not in _NEVER_CHANGED:
            answer["content"] = content


def _describe_statuses(choices: Choices, editor: DescriptionEditor) -> None:
    for path, item in editor.paths.items():
        is_sign_in = path.endswith("/authenticate")
        for method in item.keys() - {"parameters"}:
            answers: Schema = {}
            for status, answer in item[method]["responses"].items():
                other = str(rewrite_status(choices, int(status), is_sign_in=is_sign_in))
                answers[other] = answer if other == status else refer_to_refusal(other)
            item[method]["responses"] = answers


def _describe_either(one: Schema, other: Schema) -> Schema:
    both = {**one, **other}
    for kind in one.keys() & other.keys():
        both[kind] = {"schema": {"anyOf": [one[kind]["schema"], other[kind]["schema"]]}}
    return both
