"""What proves that a service breaks its documentation, and not only what the sandbox does.

The documentation names few laws of stored values (`api.md`). It does not say in which spelling a
value comes back, that text is not trimmed, that computed fields do not change, or that one change
has no effect on other records. So a value proves something only where it was given by this run in a
plain form, is not equal in any spelling, and nothing else was changed in between.
"""

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from unicodedata import normalize

from cmdm_tui.harness.exchange import Certainty
from cmdm_tui.harness.oracle.list_model import EntityMembers
from cmdm_tui.harness.oracle.record_model import (
    REFUSALS,
    Cause,
    KnownValue,
    MissingField,
    RecordModel,
)
from cmdm_tui.harness.oracle.service_model import ServiceModel

_PLAIN = re.compile(r"[A-Za-z0-9]+(?:[ .,:/+@-]{1,3}[A-Za-z0-9]+)*|-?[0-9]+(?:\.[0-9]+)?")
_WITHOUT_EFFECT: frozenset[Cause] = frozenset({"unauthorised", "over-limit"})
_GIVEN: frozenset[Cause] = frozenset({"created", "updated", "again"})
_TRUE, _FALSE = {"true", "1", "yes"}, {"false", "0", "no"}
_LEAST_DIFFERENCE, _LEAST_SHARE = Decimal("0.01"), Decimal("1e-6")
_MOST_OFFSET = timedelta(hours=14)
_DATE_FORMS = ("%Y-%m-%d", "%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%Y%m%d")


def value_certainty(
    model: ServiceModel,
    entity: str,
    known: RecordModel,
    name: str,
    fact: KnownValue,
    answered: object,
) -> Certainty:
    """Return whether a field's value, which is not what it should be, breaks the documentation."""
    if not _is_undisturbed(model, known):
        return "ours"
    rule, cause = model.fields_of(entity).get(name), known.cause_of(fact)
    if rule is None or is_same_value(rule.type, fact.value, answered):
        return "ours"
    if cause in _WITHOUT_EFFECT:
        # A computed field may change at any time, but not to what was refused.
        is_effect = is_plain(answered) and any(
            refused.cause == cause and (refused.given or {}).get(name) == answered
            for refused in known.refusals
        )
        return "documented" if is_effect else "ours"
    if known.is_updated and name not in (known.last_update or {}):
        return "ours"  # an update of other fields may replace the whole record
    is_given = cause in _GIVEN or (cause == "read" and name in known.written)
    is_kept = rule.is_described or (entity, name) in model.kept_fields
    if not is_given or not is_kept or rule.type == "Lookup" or not is_plain(fact.value):
        return "ours"
    return "ours" if _may_be_cut(rule.max_length, fact.value, answered) else "documented"


def absence_certainty(model: ServiceModel, known: RecordModel, cause: Cause) -> Certainty:
    """Return whether the absence of a record that was there breaks the documentation."""
    if not _is_undisturbed(model, known) or cause in {"parent", "converted", "deleted", "closed"}:
        return "ours"
    if cause in _WITHOUT_EFFECT:
        is_effect = any(one.cause == cause and one.call == "delete" for one in known.refusals)
        return "documented" if is_effect else "ours"
    return "documented"


def count_certainty(model: ServiceModel, members: EntityMembers, cause: Cause) -> Certainty:
    """Return whether a wrong number of records breaks the documentation.

    It does where one kind of thing has happened since they were counted, and to them alone.
    """
    accepted = [one for one in members.changes if one not in REFUSALS]
    is_alone = model.is_alone and len(accepted) == model.writes - members.seen_at
    is_clear = cause in {"read", "created", *_WITHOUT_EFFECT} and set(members.changes) <= {cause}
    return "documented" if is_alone and is_clear else "ours"


def is_plain(value: object) -> bool:
    """Return whether a value is text that no service has a reason to store in another form."""
    return isinstance(value, str) and _PLAIN.fullmatch(value) is not None


def is_same_value(kind: str, expected: object, answered: object) -> bool:
    """Return whether two values are the same, whatever their spelling.

    `kind` is the field's type. Null, an empty text and a field that is left out count as one.
    """
    if _is_nothing(expected) or _is_nothing(answered):
        return _is_nothing(expected) and _is_nothing(answered)
    first, second = _as_text(expected), _as_text(answered)
    if first == second:
        return True
    match kind:
        case "Number" | "Currency":
            return _is_same_number(_read_number(first), _read_number(second))
        case "Date" | "DateTime":
            is_same_day = _is_same_day(_read_moments(first), _read_moments(second))
            return is_same_day or _day_numbers(first) == _day_numbers(second)
        case "Boolean":
            return any({first.casefold(), second.casefold()} <= one for one in (_TRUE, _FALSE))
        case "Phone":
            return _only(str.isdigit, first)[-9:] == _only(str.isdigit, second)[-9:]
        case "URL":
            return _fold(first).rstrip("/") == _fold(second).rstrip("/")
        case "Email" | "Picklist" | "Lookup":
            return _fold(first) == _fold(second)
        case _:
            return _squeeze(first) == _squeeze(second)


def is_reversed(kind: str, values: Sequence[object], others: Sequence[object]) -> bool:
    """Return whether the plain values of a sorted list are the reverse of those of another.

    What is not plain may be equal to anything under a collation.
    """

    def keys(given: Sequence[object]) -> list[object]:
        plain = [value for value in given if is_plain(value)]
        if kind in {"Number", "Currency"}:
            return [_read_number(str(value)) for value in plain]
        return [_only(str.isalnum, str(value)).casefold().lstrip("0") for value in plain]

    return keys(values) == keys(others)[::-1]


def _is_undisturbed(model: ServiceModel, known: RecordModel) -> bool:
    """Return whether nothing was changed since the record was seen, nor could others change it."""
    return (known.is_own or model.is_alone) and known.seen_at == model.writes


def _may_be_cut(longest: int | None, expected: object, answered: object) -> bool:
    """Return whether a text may have been cut to a length that the service has not told."""
    is_start = isinstance(answered, str) and str(expected).startswith(answered)
    return longest is None and is_start


def _is_nothing(value: object) -> bool:
    return value is None or value == "" or isinstance(value, MissingField)


def _as_text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _read_number(text: str) -> Decimal | None:
    try:
        number = Decimal(text.replace(",", "").strip())
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _read_moments(text: str) -> set[datetime]:
    """Return the moments that a text may name: a day may be written in several orders."""
    found: set[datetime] = set()
    try:
        moment = datetime.fromisoformat(text.strip())
        found.add(moment if moment.tzinfo else moment.replace(tzinfo=UTC))
    except ValueError:
        pass
    for form in _DATE_FORMS:
        try:
            found.add(datetime.strptime(text.strip(), form).replace(tzinfo=UTC))
        except ValueError:
            continue
    return found


def _day_numbers(text: str) -> list[int]:
    """Return day, month and year in any order, the year without its century."""
    return sorted(int(number) % 100 for number in re.findall("[0-9]+", text)[:3])


def _is_same_number(first: Decimal | None, second: Decimal | None) -> bool:
    """Return whether two numbers are the same, to the precision that any service keeps."""
    if first is None or second is None:
        return False
    return abs(first - second) <= max(_LEAST_DIFFERENCE, abs(first) * _LEAST_SHARE)


def _is_same_day(first: set[datetime], second: set[datetime]) -> bool:
    """Return whether two times can be the same in two time zones that no answer names."""
    return any(abs(one - other) <= _MOST_OFFSET for one in first for other in second)


def _fold(text: str) -> str:
    return _squeeze(text).casefold()


def _squeeze(text: str) -> str:
    return " ".join(normalize("NFKC", text).split())


def _only(is_kept: Callable[[str], bool], text: str) -> str:
    return "".join(filter(is_kept, text))
