"""Checks of the form of answers."""

from collections.abc import Iterator

from cmdm_tui.harness.oracle.check import Check
from cmdm_tui.harness.oracle.check_context import CheckContext

_CREATED = {"create", "create-task", "create-opportunity"}


def documented_shape(context: CheckContext) -> Iterator[str]:
    """A success has the keys and types that the table of calls shows."""
    if context.answer.fault:
        yield f"The answer to {context.intent.call} {context.answer.fault}."


def says_json(context: CheckContext) -> Iterator[str]:
    """A success says that it is JSON."""
    if context.is_success and "json" not in (context.exchange.header("content-type") or ""):
        yield "The answer does not say that it is JSON."


def success_status(context: CheckContext) -> Iterator[str]:
    """A create is answered 201, and everything else 200."""
    call, status = context.intent.call, context.exchange.status
    if call != "other" and context.is_success and (status == 201) != (call in _CREATED):
        yield f"{call} was answered {status}."


def values_are_text(context: CheckContext) -> Iterator[str]:
    """Values are strings, or null."""
    if context.intent.call not in {"get", "list"}:
        return
    for row in context.answer.rows:
        for name, value in row.properties.items():
            if not isinstance(value, str | None):
                yield f"{name} of {row.external_id} is neither text nor null."
                return


def external_id_form(context: CheckContext) -> Iterator[str]:
    """An ExternalID is 8 capitals and digits."""
    ids = [row.external_id for row in context.answer.rows] + [context.answer.created_id]
    for external_id in filter(None, ids):
        if len(external_id) != 8 or not external_id.isalnum() or external_id != external_id.upper():
            yield f"{external_id[:40]!r} is not 8 capitals and digits."
            return


CHECKS = (
    Check("documented-shape", "Calls: the column of successes", "documented", documented_shape),
    Check("says-json", "All bodies are JSON", "documented", says_json),
    Check("success-status", "Calls: create 201, all else 200", "documented", success_status),
    Check("values-are-text", "values: strings, or null where a field has none", "ours",
          values_are_text),
    Check("external-id-form", "ExternalID: 8 upper-case letters and digits", "ours",
          external_id_form),
)  # fmt: skip
