"""What `api.md` says about entities, values and statuses, written down a second time.

The sandbox has its own table, so a mistake in either shows. What only a service's field list says
(the longest text, the options of a picklist) is learnt from it.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any, Literal
from unicodedata import normalize

from cmdm_tui.api.quota import parse_whole_number

FieldType = Literal[
    "Text", "Number", "Currency", "Date", "DateTime", "Boolean", "Email", "Phone", "URL",
    "Picklist", "Lookup",
]  # fmt: skip

DOCUMENTED_STATUSES = frozenset({200, 201, 400, 401, 404, 429, 500})
"""`api.md`, Status codes."""

OUR_STATUSES = frozenset({405, 413})
"""What the sandbox answers in addition (`api.md`, where the documentation is silent)."""

PLAIN_ID = re.compile(r"[0-9A-Z]{8}")
_DECIMAL = re.compile(r"-?[0-9]+(\.[0-9]+)?")


@dataclass(frozen=True, slots=True)
class FieldRule:
    """What a field takes; `max_length` is in characters, None where nothing is known of it.

    `is_described` says that the service itself has told its type, and that it can be written.
    """

    name: str
    type: str = "Text"
    is_required: bool = False
    is_read_only: bool = False
    options: tuple[str, ...] = ()
    max_length: int | None = None
    is_described: bool = False


_SYSTEM = "CreatedDate:DateTime!,ModifiedDate:DateTime!"
_TABLE = {
    "account": "Name*,Industry:Picklist,Phone:Phone,Email:Email,Website:URL,Address,City,County,"
    "PostCode,Country,Employees:Number,AnnualRevenue:Currency,Rating=Hot;Warm;Cold,Owner,"
    "Description",
    "lead": "FirstName,LastName*,Company,JobTitle,Email:Email,Phone:Phone,Mobile:Phone,City,"
    "PostCode,Country,Source=Web;Referral;Event;Email;Phone;Partner,Status=New;Contacted;"
    "Qualified;Unqualified;Converted,Score:Number,EstimatedValue:Currency,OptIn:Boolean,"
    "LastContacted:Date,Owner,Notes,AccountExternalID:Lookup!",
    "contact": "FirstName,LastName*,JobTitle,Email:Email,Phone:Phone,Mobile:Phone,"
    "AccountExternalID:Lookup,City,PostCode,Country,Birthday:Date,OptIn:Boolean,Owner,Notes",
    "task": "Subject*,Type=Call;Email;Meeting;To do,Status=Open;In progress;Closed,"
    "Priority=Low;Normal;High,DueDate:Date,ClosedDate:DateTime!,RelatedEntity!,"
    "RelatedExternalID!,Owner,Notes",
    "opportunity": "Name*,Stage=Prospecting;Proposal;Negotiation;Won;Lost,Amount:Currency,"
    "Probability:Number,CloseDate:Date,RelatedEntity!,RelatedExternalID!,Owner,Notes",
    "event": "Title*,Venue,City,StartsAt:DateTime,EndsAt:DateTime,Capacity:Number,Price:Currency,"
    "Online:Boolean",
    "product": "Name*,SKU*,Category:Picklist,Price:Currency,Stock:Number,Discontinued:Boolean,"
    "LaunchDate:Date,URL:URL",
}


def _rule(text: str) -> FieldRule:
    name, _, options = text.partition("=")
    name, _, kind = name.partition(":")
    marks = name[-1] + kind[-1:]
    return FieldRule(
        name.rstrip("*!"),
        "Picklist" if options else kind.rstrip("*!") or "Text",
        "*" in marks,
        "!" in marks,
        tuple(options.split(";")) if options else (),
    )


FIELD_TABLE: Mapping[str, tuple[FieldRule, ...]] = {
    entity: tuple(_rule(text) for text in f"{line},{_SYSTEM}".split(","))
    for entity, line in _TABLE.items()
}
"""The fields of the entities that the sandbox has (`api.md`, the sandbox's entities)."""

ENTITY_WITHOUT_FIELD_LIST = "task"
"""The one entity for which the documentation lists no field call."""


def merge_field_rule(
    rule_of: Mapping[str, FieldRule], described: Mapping[str, Any]
) -> FieldRule | None:
    """Return a field as a field list describes it, completed from the table; None without a name.

    `described` are the `Properties` of one field (`api.md`, a field's `Properties`).
    """
    name = described.get("Name")
    if not isinstance(name, str) or not name:
        return None
    known = rule_of.get(name, FieldRule(name))
    longest, options = described.get("MaxLength"), described.get("Options")
    size = parse_whole_number(longest) if isinstance(longest, str) else None
    return FieldRule(
        name,
        str(described.get("Type") or known.type),
        _parse_boolean(described.get("Required"), known.is_required),
        _parse_boolean(described.get("ReadOnly"), known.is_read_only),
        tuple(options.split(";")) if isinstance(options, str) and options else known.options,
        known.max_length if size is None else size,
        bool(described.get("Type")) and described.get("ReadOnly") == "false",
    )


def _parse_boolean(value: object, otherwise: bool) -> bool:
    return value == "true" if value in {"true", "false"} else otherwise


@lru_cache(maxsize=4_096)
def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return len(text) == len("2026-03-31")


@lru_cache(maxsize=4_096)
def _is_datetime(text: str) -> bool:
    try:
        datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ")  # noqa: DTZ007 — only its form matters
    except ValueError:
        return False
    return True


_FORM_CHECKS: Mapping[str, Callable[[str], object]] = {
    "Number": _DECIMAL.fullmatch,
    "Currency": _DECIMAL.fullmatch,
    "Date": _is_date,
    "DateTime": _is_datetime,
    "Boolean": lambda text: text in {"true", "false"},
    "Lookup": PLAIN_ID.fullmatch,
}


def has_form(kind: str, value: object) -> bool:
    """Return whether a value is one of a field's type (`api.md`, the sandbox's entities)."""
    if value is None:
        return True
    form = _FORM_CHECKS.get(kind)
    return isinstance(value, str) and (form is None or bool(form(value)))


def loose_key(kind: str, value: object) -> tuple[int, Any]:
    """Return a key that is the same for all values which some collation takes for equal.

    Text goes by its letters and digits, without accents.
    """
    group, key = sort_key(kind, value)
    if isinstance(key, str):
        key = "".join(filter(str.isalnum, normalize("NFKD", key))).casefold()
    return group, key


def sort_key(kind: str, value: object) -> tuple[int, Any]:
    """Return what places a value in `asc` order: null first, then as `collation` says.

    Texts that differ in case alone are ties, as are numbers that are written in different ways.
    """
    if value is None or not isinstance(value, str):
        return (0, 0) if value is None else (2, str(value))
    if kind in {"Number", "Currency"}:
        return (1, Decimal(value)) if _DECIMAL.fullmatch(value) else (2, value)
    if kind in {"Text", "Email", "Phone", "URL", "Picklist", "Lookup"}:
        return 1, value.casefold()
    return 1, value
