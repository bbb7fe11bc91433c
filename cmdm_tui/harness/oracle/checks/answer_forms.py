"""Checks of the form of answers."""

from collections.abc import Iterator

from cmdm_tui.harness.oracle.check import HELD, READS, Check, Verdict, documented, ours
from cmdm_tui.harness.oracle.check_context import CheckContext
from cmdm_tui.harness.oracle.quoted_value import QuotedValue

_CREATED = {"create", "create-task", "create-opportunity"}


def documented_shape(context: CheckContext) -> Iterator[Verdict]:
    """A success has the keys and types that the table of calls shows."""
    call, answer = context.intent.call, context.answer
    if not context.is_success or call == "other" or context.exchange.method == "HEAD":
        return
    yield HELD
    if answer.fault:
        yield documented(f"The answer to {call} {answer.fault}.")
    elif answer.variation:
        yield ours(f"The answer to {call} {answer.variation}.")


def says_json(context: CheckContext) -> Iterator[Verdict]:
    """A success says that it is JSON; the documentation says of the body alone that it is."""
    if not context.is_success:
        return
    yield HELD
    if "json" not in (context.exchange.header("content-type") or ""):
        yield ours("The answer does not say that it is JSON.")


def success_status(context: CheckContext) -> Iterator[Verdict]:
    """A create is answered 201, and everything else 200."""
    call, status = context.intent.call, context.exchange.status
    if call == "other" or not context.is_success:
        return
    yield HELD
    if (status == 201) != (call in _CREATED):
        yield documented(f"{call} was answered {status}.")


def values_are_text(context: CheckContext) -> Iterator[Verdict]:
    """Values are strings, or null."""
    if context.intent.call not in {"get", "list"} or not context.answer.rows:
        return
    yield HELD
    for row in context.answer.rows:
        for name, value in row.properties.items():
            if not isinstance(value, str | None):
                yield ours(f"{name} of {row.external_id} is neither text nor null.")
                return


def external_id_form(context: CheckContext) -> Iterator[Verdict]:
    """An ExternalID is 8 capitals and digits."""
    ids = [row.external_id for row in context.answer.rows]
    ids += [context.answer.created_id] if context.answer.created_id else []
    if not ids:
        return
    yield HELD
    for external_id in ids:
        if len(external_id) != 8 or not external_id.isalnum() or external_id != external_id.upper():
            quoted = QuotedValue(context.intent.entity, "ExternalID", external_id)
            yield ours(f"{quoted} is not 8 capitals and digits.", quoted)
            return


CHECKS = (
    Check("documented-shape", "Calls: the column of successes", "documented", documented_shape),
    Check("says-json", "All bodies are JSON", "ours", says_json),
    Check("success-status", "Calls: create 201, all else 200", "documented", success_status),
    Check("values-are-text", "values: strings, or null where a field has none", "ours",
          values_are_text, READS),
    Check("external-id-form", "ExternalID: 8 upper-case letters and digits", "ours",
          external_id_form),
)  # fmt: skip
