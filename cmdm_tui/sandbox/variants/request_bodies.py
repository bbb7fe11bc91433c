"""Variants of a request's body: what is refused of its form, its type and its size."""

from cmdm_tui.sandbox.errors import Refusal
from cmdm_tui.sandbox.openapi.editor import DescriptionEditor
from cmdm_tui.sandbox.variants.behaviour import Behaviour, Choices

BEHAVIOURS = (
    Behaviour(
        "malformed_body",
        "body not a JSON object, or not JSON, or not UTF-8, or a duplicate key, or `NaN`",
        ("400", "422", "500"),
    ),
    Behaviour("content_type", "`Content-Type`", ("ignored", "415")),
    Behaviour("large_body", "body over 1 MiB", ("413", "closed")),
)


def check_content_type(choices: Choices, content_type: str) -> None:
    """Raise `Refusal` 415 for a body that is not said to be JSON, where that is the choice."""
    media_type = content_type.partition(";")[0].strip().lower()
    if choices["content_type"] == "415" and media_type != "application/json":
        raise Refusal(415, "The Content-Type must be application/json.")


def rewrite_refusal(choices: Choices, refusal: Refusal) -> Refusal:
    """Return the refusal of a body, with another status where it is for the body's form."""
    status = choices["malformed_body"]
    if refusal.status != 400 or status == "400":
        return refusal
    return Refusal(int(status), refusal.message)


def closes_connection(choices: Choices, status: int) -> bool:
    """Return whether the connection is closed in place of an answer: for a body that is too big."""
    return status == 413 and choices["large_body"] == "closed"


def describe(choices: Choices, editor: DescriptionEditor) -> None:
    """Change the description of what is refused of a body."""
    if choices["malformed_body"] != "400":
        editor.add_refusal(choices["malformed_body"], "The body is malformed.")
    if choices["content_type"] == "415":
        editor.add_refusal("415", "The Content-Type is not application/json.")
    if choices["large_body"] == "closed":
        for operation in editor.operations():
            operation["responses"].pop("413", None)
