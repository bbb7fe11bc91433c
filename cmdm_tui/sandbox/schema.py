"""The sandbox's entities and their fields, as data (api.md, "The sandbox's entities")."""

import hashlib
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

EXTERNAL_ID = "ExternalID"
ID_LENGTH = 8
ID_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


class WireType(StrEnum):
    """What kind of value a field holds; the value is the word used on the wire."""

    TEXT = "Text"
    NUMBER = "Number"
    CURRENCY = "Currency"
    DATE = "Date"
    DATETIME = "DateTime"
    BOOLEAN = "Boolean"
    EMAIL = "Email"
    PHONE = "Phone"
    URL = "URL"
    PICKLIST = "Picklist"
    LOOKUP = "Lookup"


_MAX_LENGTHS = {
    WireType.TEXT: 255,
    WireType.NUMBER: 32,
    WireType.CURRENCY: 32,
    WireType.EMAIL: 254,
    WireType.PHONE: 40,
    WireType.URL: 2_000,
}
LONG_TEXT = 4_000


@dataclass(frozen=True, slots=True)
class FieldSchema:
    """One field of an entity. `max_length` is in characters, None where the type sets the form."""

    name: str
    type: WireType = WireType.TEXT
    required: bool = False
    read_only: bool = False
    max_length: int | None = None
    options: tuple[str, ...] = ()
    lookup_entity: str = ""

    @property
    def label(self) -> str:
        """The name in words: `Annual revenue` for `AnnualRevenue`, `Account external ID`."""
        words = re.findall(r"[A-Z]+(?![a-z])|[A-Z][a-z]+", self.name)
        return " ".join(
            word if index == 0 or word.isupper() else word.lower()
            for index, word in enumerate(words)
        )

    def describe(self) -> dict[str, str]:
        """Return the field's description as the wire has it: all strings (api.md)."""
        return {
            "Name": self.name,
            "Label": self.label,
            "Type": str(self.type),
            "Required": str(self.required).lower(),
            "ReadOnly": str(self.read_only).lower(),
            "MaxLength": "" if self.max_length is None else str(self.max_length),
            "Options": ";".join(self.options),
            "LookupEntity": self.lookup_entity,
        }


@dataclass(frozen=True, slots=True)
class EntitySchema:
    """One kind of record. `has_field_list`: task has none, as the documentation leaves it out."""

    name: str
    fields: tuple[FieldSchema, ...]
    has_field_list: bool = True
    by_name: Mapping[str, FieldSchema] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        names = {field.name: field for field in self.fields}
        object.__setattr__(self, "by_name", MappingProxyType(names))

    def get_field_id(self, field: FieldSchema) -> str:
        """Return the external id of a field: the same one in every sandbox."""
        digest = hashlib.sha256(f"{self.name}.{field.name}".encode()).digest()
        return "".join(ID_ALPHABET[byte % len(ID_ALPHABET)] for byte in digest[:ID_LENGTH])


def _text(name: str, *, required: bool = False, read_only: bool = False) -> FieldSchema:
    return FieldSchema(name, WireType.TEXT, required, read_only, _MAX_LENGTHS[WireType.TEXT])


def _long_text(name: str) -> FieldSchema:
    return FieldSchema(name, max_length=LONG_TEXT)


def _typed_fields(kind: WireType, *names: str, read_only: bool = False) -> list[FieldSchema]:
    length = _MAX_LENGTHS.get(kind)
    return [FieldSchema(name, kind, read_only=read_only, max_length=length) for name in names]


def _texts(*names: str) -> list[FieldSchema]:
    return [_text(name) for name in names]


def _picklist(name: str, options: str) -> FieldSchema:
    return FieldSchema(name, WireType.PICKLIST, options=tuple(options.split(";")))


def _account_lookup(*, read_only: bool = False) -> FieldSchema:
    return FieldSchema(
        "AccountExternalID", WireType.LOOKUP, read_only=read_only, lookup_entity="account"
    )


def _related() -> list[FieldSchema]:
    return [
        _text("RelatedEntity", read_only=True),
        _text("RelatedExternalID", read_only=True),
    ]


def _entity(name: str, *fields: FieldSchema, has_field_list: bool = True) -> EntitySchema:
    system = _typed_fields(WireType.DATETIME, "CreatedDate", "ModifiedDate", read_only=True)
    return EntitySchema(name, (*fields, *system), has_field_list)


INDUSTRIES = (
    "Agriculture;Construction;Education;Energy;Engineering;Finance;Food and drink;Healthcare;"
    "Hospitality;Legal;Logistics;Manufacturing;Media;Property;Public sector;Retail;Technology"
)
CATEGORIES = "Consumables;Furniture;Hire;Lighting;Services;Signage;Software;Staging"

_T = WireType
_ALL = (
    _entity(
        "account",
        _text("Name", required=True),
        _picklist("Industry", INDUSTRIES),
        *_typed_fields(_T.PHONE, "Phone"),
        *_typed_fields(_T.EMAIL, "Email"),
        *_typed_fields(_T.URL, "Website"),
        *_texts("Address", "City", "County", "PostCode", "Country"),
        *_typed_fields(_T.NUMBER, "Employees"),
        *_typed_fields(_T.CURRENCY, "AnnualRevenue"),
        _picklist("Rating", "Hot;Warm;Cold"),
        _text("Owner"),
        _long_text("Description"),
    ),
    _entity(
        "lead",
        _text("FirstName"),
        _text("LastName", required=True),
        *_texts("Company", "JobTitle"),
        *_typed_fields(_T.EMAIL, "Email"),
        *_typed_fields(_T.PHONE, "Phone", "Mobile"),
        *_texts("City", "PostCode", "Country"),
        _picklist("Source", "Web;Referral;Event;Email;Phone;Partner"),
        _picklist("Status", "New;Contacted;Qualified;Unqualified;Converted"),
        *_typed_fields(_T.NUMBER, "Score"),
        *_typed_fields(_T.CURRENCY, "EstimatedValue"),
        *_typed_fields(_T.BOOLEAN, "OptIn"),
        *_typed_fields(_T.DATE, "LastContacted"),
        _text("Owner"),
        _long_text("Notes"),
        _account_lookup(read_only=True),
    ),
    _entity(
        "contact",
        _text("FirstName"),
        _text("LastName", required=True),
        _text("JobTitle"),
        *_typed_fields(_T.EMAIL, "Email"),
        *_typed_fields(_T.PHONE, "Phone", "Mobile"),
        _account_lookup(),
        *_texts("City", "PostCode", "Country"),
        *_typed_fields(_T.DATE, "Birthday"),
        *_typed_fields(_T.BOOLEAN, "OptIn"),
        _text("Owner"),
        _long_text("Notes"),
    ),
    _entity(
        "task",
        _text("Subject", required=True),
        _picklist("Type", "Call;Email;Meeting;To do"),
        _picklist("Status", "Open;In progress;Closed"),
        _picklist("Priority", "Low;Normal;High"),
        *_typed_fields(_T.DATE, "DueDate"),
        *_typed_fields(_T.DATETIME, "ClosedDate", read_only=True),
        *_related(),
        _text("Owner"),
        _long_text("Notes"),
        has_field_list=False,
    ),
    _entity(
        "opportunity",
        _text("Name", required=True),
        _picklist("Stage", "Prospecting;Proposal;Negotiation;Won;Lost"),
        *_typed_fields(_T.CURRENCY, "Amount"),
        *_typed_fields(_T.NUMBER, "Probability"),
        *_typed_fields(_T.DATE, "CloseDate"),
        *_related(),
        _text("Owner"),
        _long_text("Notes"),
    ),
    _entity(
        "event",
        _text("Title", required=True),
        *_texts("Venue", "City"),
        *_typed_fields(_T.DATETIME, "StartsAt", "EndsAt"),
        *_typed_fields(_T.NUMBER, "Capacity"),
        *_typed_fields(_T.CURRENCY, "Price"),
        *_typed_fields(_T.BOOLEAN, "Online"),
    ),
    _entity(
        "product",
        _text("Name", required=True),
        _text("SKU", required=True),
        _picklist("Category", CATEGORIES),
        *_typed_fields(_T.CURRENCY, "Price"),
        *_typed_fields(_T.NUMBER, "Stock"),
        *_typed_fields(_T.BOOLEAN, "Discontinued"),
        *_typed_fields(_T.DATE, "LaunchDate"),
        *_typed_fields(_T.URL, "URL"),
    ),
)

ENTITIES: Mapping[str, EntitySchema] = MappingProxyType({entity.name: entity for entity in _ALL})


def make_external_id() -> str:
    """Return a random external id of the sandbox's form; the store sees that it is a new one."""
    return "".join(secrets.choice(ID_ALPHABET) for _ in range(ID_LENGTH))
