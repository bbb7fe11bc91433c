"""Checks that a value comes back as it was written: text by character, numbers by digit."""

from collections.abc import Collection, Iterator
from decimal import Decimal, InvalidOperation
from unicodedata import normalize

from cmdm_tui.harness.oracle.check import HELD, READS, Check, Verdict, ours
from cmdm_tui.harness.oracle.check_context import CheckContext
from cmdm_tui.harness.oracle.record_model import Cause, Contradiction

_WRITTEN: set[Cause] = {"created", "updated", "again", "converted"}
_NUMERIC = {"Number", "Currency"}


def _written_texts(context: CheckContext) -> Iterator[tuple[str, Contradiction, str, str]]:
    """Yield the type of each field that was written and came back as another text, and both."""
    for one in context.contradictions:
        expected, answered = one.expected, one.answered
        rule = context.model.fields_of(one.entity).get(one.name)
        if one.cause not in _WRITTEN or rule is None:
            continue
        if isinstance(expected, str) and isinstance(answered, str):
            yield rule.type, one, expected, answered


def _has_written(context: CheckContext, kinds: Collection[str]) -> bool:
    """Return whether a field of one of these types was written, and is in the answer."""
    if not context.is_record_read:
        return False
    model, entity = context.model, context.intent.entity
    rules = model.fields_of(entity)
    for row in context.answer.rows:
        known = model.records.get((entity, row.external_id))
        if known is None:
            continue
        for name in known.values.keys() & row.properties.keys():
            fact, rule = known.values[name], rules.get(name)
            is_written = fact.source in _WRITTEN and isinstance(fact.value, str)
            if is_written and rule is not None and rule.type in kinds:
                return True
    return False


def text_kept_exactly(context: CheckContext) -> Iterator[Verdict]:
    """Text comes back as it was written: as long, and in the same characters."""
    if _has_written(context, {"Text"}):
        yield HELD
    for kind, contradiction, expected, answered in _written_texts(context):
        if kind == "Text":
            yield ours(
                f"{_describe_change(expected, answered)}: {contradiction}.", *contradiction.quotes
            )


def _describe_change(expected: str, answered: str) -> str:
    if normalize("NFC", expected) == normalize("NFC", answered):
        return "The same letters came back in another Unicode form"
    if answered and expected.startswith(answered):
        return f"Of {len(expected)} characters, {len(answered)} came back"
    if expected.casefold() == answered.casefold():
        return "The text came back in other capitals"
    return "Another text came back"


def numbers_kept_exactly(context: CheckContext) -> Iterator[Verdict]:
    """A number comes back with the value it was written with, to the last digit."""
    if _has_written(context, _NUMERIC):
        yield HELD
    for kind, contradiction, expected, answered in _written_texts(context):
        if kind in _NUMERIC and not _is_same_number(expected, answered):
            yield ours(
                f"The number came back with another value: {contradiction}.", *contradiction.quotes
            )


def _is_same_number(first: str, second: str) -> bool:
    try:
        return Decimal(first) == Decimal(second)
    except InvalidOperation:
        return False


CHECKS = (
    Check("text-kept-exactly", "create, update: 400, or the value is stored; retrieve one", "ours",
          text_kept_exactly, READS),
    Check("numbers-kept-exactly", "On the wire: Number and Currency decimal text", "ours",
          numbers_kept_exactly, READS),
)  # fmt: skip
