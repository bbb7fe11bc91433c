"""Checks of children, conversions and closed tasks."""

from collections.abc import Iterator

from cmdm_tui.harness.exchange import Call
from cmdm_tui.harness.oracle.check import HELD, READS, Check, Verdict, documented, ours
from cmdm_tui.harness.oracle.check_context import CheckContext
from cmdm_tui.harness.oracle.record_model import Contradiction

_CONVERT = frozenset[Call]({"convert"})


def child_names_parent(context: CheckContext) -> Iterator[Verdict]:
    """A task or an opportunity of a record names it, and stays when it is deleted."""
    if context.has_compared("parent"):
        yield HELD
    for contradiction in context.contradictions:
        if contradiction.cause == "parent":
            words = (
                "Its parent is not named"
                if contradiction.name
                else "A record's child does not stay"
            )
            yield ours(f"{words}: {contradiction}.", *contradiction.quotes)


def converts_once(context: CheckContext) -> Iterator[Verdict]:
    """A lead is converted once."""
    intent, known = context.intent, context.record
    if intent.call != "convert" or known is None or not known.converted_account:
        return
    if intent.authorization != "good" or not context.exchange.status:
        return
    yield HELD
    if context.is_success:
        yield ours(f"lead {intent.external_id} was converted a second time.")


def conversion_makes_account(context: CheckContext) -> Iterator[Verdict]:
    """The account of a conversion exists; that it is a new one is our own law."""
    account = context.answer.created_id if context.intent.call == "convert" else ""
    is_compared = context.has_compared("converted", entity="account", of_field=False)
    is_counted = context.intent.entity == "account" and "converted" in context.counted
    if account or is_compared or is_counted:
        yield HELD
    for contradiction in context.contradictions:
        if (
            contradiction.cause == "converted"
            and contradiction.entity == "account"
            and not contradiction.name
        ):
            yield documented(f"After a conversion: {contradiction}.", *contradiction.quotes)
    for miscount in context.miscounts:
        if miscount.cause == "converted" and miscount.entity == "account":
            yield ours(f"After a conversion: {miscount}.")
    if account:
        entity = context.model.entity_of(account)
        if entity is not None:
            yield ours(f"The account of a conversion is {account}, which was a {entity} before.")


def conversion_fills_account(context: CheckContext) -> Iterator[Verdict]:
    """The account of a conversion has the company's name, and what the body gave it."""
    if context.has_compared("converted", entity="account", of_field=True):
        yield HELD
    for contradiction in context.contradictions:
        if (
            contradiction.cause == "converted"
            and contradiction.entity == "account"
            and contradiction.name
        ):
            yield ours(f"After a conversion: {contradiction}.", *contradiction.quotes)


def conversion_marks_lead(context: CheckContext) -> Iterator[Verdict]:
    """A converted lead stays, is marked and names its account; its person becomes a contact."""
    is_counted = context.intent.entity != "account" and "converted" in context.counted
    if is_counted or context.has_compared("converted", entity="lead"):
        yield HELD
    for contradiction in context.contradictions:
        if contradiction.cause == "converted" and contradiction.entity == "lead":
            yield ours(f"After its conversion: {contradiction}.", *contradiction.quotes)
    for miscount in context.miscounts:
        if miscount.cause == "converted" and miscount.entity != "account":
            yield ours(f"After a conversion: {miscount}.")


def closed_stays_closed(context: CheckContext) -> Iterator[Verdict]:
    """A closed task is closed, has a date of closing, and closing it again changes nothing.

    Another check says that it stays so after an update of other fields.
    """
    if context.has_compared("closed", entity="task"):
        yield HELD
    for contradiction in context.contradictions:
        if _is_closed_task(context, contradiction):
            yield ours(f"The task was closed: {contradiction}.", *contradiction.quotes)


def _is_closed_task(context: CheckContext, contradiction: Contradiction) -> bool:
    if contradiction.entity != "task" or contradiction.cause in {"updated", "others"}:
        return False
    known = context.model.find_record(contradiction.entity, contradiction.external_id)
    is_about_it = contradiction.name in {"Status", "ClosedDate"}
    status = known.values.get("Status") if known is not None else None
    return contradiction.cause == "closed" or (
        is_about_it and status is not None and status.value == "Closed"
    )


def close_again(context: CheckContext) -> Iterator[Verdict]:
    """Closing a closed task is accepted."""
    intent, known = context.intent, context.record
    if intent.call != "close" or intent.authorization != "good" or known is None:
        return
    status = known.values.get("Status")
    is_closed = known.exists and status is not None and status.value == "Closed"
    answered = context.exchange.status
    if not is_closed or intent.input_class != "valid" or not answered:
        return
    yield HELD
    if answered in {400, 404, 405}:
        yield ours(f"Closing the closed task {intent.external_id} was answered {answered}.")


CHECKS = (
    Check("child-names-parent", "parent of a task or opportunity: RelatedEntity and "
          "RelatedExternalID name it; delete: its tasks and opportunities stay", "ours",
          child_names_parent, READS),
    Check("converts-once", "convert a lead: again: 400", "ours", converts_once, _CONVERT),
    Check("conversion-makes-account", "convert a lead: 200 {\"Account ExternalID\": …}",
          "documented", conversion_makes_account, READS | _CONVERT),
    Check("conversion-fills-account", "convert a lead: makes an account from the lead's company "
          "fields; the body may override account fields", "ours",
          conversion_fills_account, READS),
    Check("conversion-marks-lead", "convert a lead: the lead stays, with Status = Converted and "
          "AccountExternalID; a contact from its person fields", "ours",
          conversion_marks_lead, READS),
    Check("closed-stays-closed", "close a task: Status = Closed, ClosedDate set", "ours",
          closed_stays_closed, READS),
    Check("close-again", "close a task: again: 200, nothing changes", "ours", close_again,
          frozenset({"close"})),
)  # fmt: skip
