"""Says which fields are a person's, by their names and the types that the service gives them.

What no name and no type shows is not known: a field `Reference` with a name in it is only free
text. A profile's `people_fields` adds fields, and takes them out.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Literal

from cmdm_tui.config.settings import FieldRule

PersonKind = Literal["name", "user", "mail", "phone", "address", "birth date", "words"]
"""What a field holds of a person: a `FieldRule` without `keep`."""

_PERSON_ENTITIES = frozenset(
    {"contact", "lead", "person", "people", "user", "employee", "customer", "member", "attendee"}
)
_OTHER_TYPES = frozenset({"picklist", "boolean", "number", "currency", "lookup", "url"})
_DATE_TYPES = frozenset({"date", "datetime"})
_OTHER_WORDS = frozenset(
    {"id", "ids", "externalid", "guid", "date", "count", "type", "status", "opt", "optin", "optout",
     "consent", "verified", "valid", "score", "source", "template", "subject", "web", "ip", "url",
     "website", "file", "product", "campaign", "company", "account", "event", "entity", "field"}
)  # fmt: skip
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")

_BIRTH = re.compile(r"dob|birth(day|date)|dateofbirth")
_MAIL = re.compile(r".*(mail|mailaddress|mail[0-9])")
_PHONE = re.compile(
    r".*(phone|phonenumber|phone[0-9]|telephone|mobile|mobilenumber|cell|cellphone|fax|faxnumber)"
    r"|tel|.*whatsapp|sms|smsnumber"
)
_NAME = re.compile(
    r"(first|last|sur|fore|given|family|middle|maiden|full|nick|preferred|legal|contact|person"
    r"|customer|display|lead|employee|partner|spouse|guest|attendee|recipient|sender)s?name"
    r"|surname|forename|initials|contactperson|attendee|salutationname"
)
_USER = re.compile(
    r"(owner|user|creator|author|manager|agent|assignee|salesperson|rep)(name)?"
    r"|(created|modified|lastmodified|updated|assigned|closed|approved)(by|to)(name)?"
)
_ADDRESS = re.compile(
    r".*(address|addressline|addressline[0-9]|address[0-9]|street|street[0-9]|streetname"
    r"|housenumber|postcode|postalcode|zip|zipcode)"
)


class PersonFields:
    """Knows which fields are a person's; `rules` are the user's own, `Field` or `entity.Field`."""

    def __init__(self, rules: Mapping[str, FieldRule] | None = None) -> None:
        self.rules: Mapping[str, FieldRule] = dict(rules or {})
        self._rules: dict[str, FieldRule] = {
            name.casefold(): rule for name, rule in self.rules.items()
        }
        self._types: dict[tuple[str, str], str] = {}

    def learn_type(self, entity: str, field: str, type_name: str) -> None:
        """Note the type that the service gives a field."""
        self._types[entity.casefold(), field.casefold()] = type_name.casefold()

    def find_rule(self, entity: str, field: str) -> FieldRule | None:
        """Return what a field holds of a person, None where no name and no type shows it."""
        entity, name = entity.casefold(), field.casefold()
        rule = self._rules.get(f"{entity}.{name}") or self._rules.get(name)
        if rule is not None:
            return rule
        return self._find_by_type(entity, field, self._types.get((entity, name), ""))

    def is_structural(self, entity: str, field: str) -> bool:
        """Return whether a field's values are chosen, counted or measured, so not free text."""
        known = self._types.get((entity.casefold(), field.casefold()), "")
        return known in _OTHER_TYPES - {"url"} or known in _DATE_TYPES

    def _find_by_type(self, entity: str, field: str, type_name: str) -> FieldRule | None:
        if type_name == "email":
            return "mail"
        if type_name == "phone":
            return "phone"
        rule = find_rule_by_name(entity, field)
        if type_name in _DATE_TYPES:
            return rule if rule == "birth date" else None
        if type_name in _OTHER_TYPES:
            return rule if rule == "phone" and type_name == "number" else None
        return rule


@lru_cache(maxsize=4_096)
def find_rule_by_name(entity: str, field: str) -> FieldRule | None:
    """Return what a field of this name holds of a person, None where the name does not say."""
    words = [word.casefold() for word in _WORD.findall(field)]
    joined = "".join(words)
    if _BIRTH.fullmatch(joined):
        return "birth date"
    if _OTHER_WORDS.intersection(words):
        return None
    if joined == "name":
        return "name" if entity.casefold() in _PERSON_ENTITIES else None
    rules: tuple[tuple[re.Pattern[str], FieldRule], ...] = (
        (_MAIL, "mail"), (_PHONE, "phone"), (_NAME, "name"), (_USER, "user"), (_ADDRESS, "address"),
    )  # fmt: skip
    return next((rule for pattern, rule in rules if pattern.fullmatch(joined)), None)
