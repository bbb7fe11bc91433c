"""Replaces people in what is recorded: learns what their fields hold, then finds it everywhere.

What is sure: a value in a field that is known to be a person's (`person_fields`) is replaced, also
one that is not written as its kind is (`12 March 1980`, `ask Ann`); so is every mail address. In
free text, addresses of requests and headers, a known value is replaced where it is a whole word or
number. What no field shows, such as a name that is only in a note, stays. `LeakScanner` then
searches for known mail addresses, phones and full names that are left in any encoding.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import cast
from unicodedata import normalize
from urllib.parse import quote, quote_plus, unquote, unquote_plus

from cmdm_tui.redaction.leak_scanner import LeakScanner, SecretLeak
from cmdm_tui.redaction.people.json_strings import JsonText, iterate_texts, replace_texts
from cmdm_tui.redaction.people.person_fields import PersonFields, PersonKind
from cmdm_tui.redaction.people.redaction_hook import RedactionHook
from cmdm_tui.redaction.people.stand_ins import (
    StandIns,
    find_mails,
    is_mail,
    word_pattern,
)
from cmdm_tui.redaction.people.text_index import TextIndex
from cmdm_tui.text import one_line

_PAGING = frozenset({"fields", "sort_by", "sort_order", "per_page", "page"})
_ACTIONS = frozenset({"fields", "convert", "close", "task", "opportunity", "authenticate"})
_NOT_TEXT = frozenset({"", "true", "false", "null"})
_SHORTEST_SEARCHED = 9
"""Characters of the shortest value that is searched for in every encoding."""

Keeps = Callable[[str], bool]


class PersonLeft(SecretLeak):
    """A known person is left in what was to be written, in some encoding, so nothing was."""

    def _describe(self, place: str, way: str) -> str:
        return (
            f"A person's mail address, phone or full name is still in {one_line(place, 200)} "
            f"({way}), so nothing was written. Replace that field by a function of yours "
            "(--people-hook), or keep people as they are (--keep-people)."
        )


class PersonRedactor:
    """Replaces the people of a recording by stand-ins. First `learn_…` all of it, then `redact_…`.

    `hook` is asked first, for every text. A value for which `keeps` is true is never replaced: what
    a case itself says. Raises RedactionHookFailed where the hook fails.
    """

    def __init__(
        self,
        stand_ins: StandIns,
        fields: PersonFields | None = None,
        hook: RedactionHook | None = None,
        keeps: Keeps = lambda _: False,
    ) -> None:
        self.fields = fields or PersonFields()
        self._stand_ins = stand_ins
        self._hook = hook
        self._keeps = keeps
        self._index = TextIndex(stand_ins, keeps)
        self._accepted: set[tuple[PersonKind, str]] = set()
        self._originals: dict[PersonKind, set[str]] = {}
        self._seen: dict[PersonKind, set[str]] = {}
        self._scanner: LeakScanner | None = None

    @property
    def counts(self) -> dict[PersonKind, int]:
        """How many different values of each kind were learned, by those that it made too."""
        return {kind: len(values) for kind, values in self._seen.items()}

    @property
    def fingerprint(self) -> str:
        """What tells the key of its stand-ins from others."""
        return self._stand_ins.fingerprint

    def keeping(self, keeps: Keeps) -> "PersonRedactor":
        """Return a redactor of the same key, rules and hook that has learned no one yet."""
        made = PersonRedactor(self._stand_ins, PersonFields(self.fields.rules), self._hook, keeps)
        made._seen = self._seen
        return made

    # Learning

    def learn_body(self, entity: str, body: str) -> None:
        """Learn the people in a JSON body about an entity; what is not JSON teaches nothing."""
        self._read_body(entity, body, self._learn_value)

    def learn_values(self, entity: str, values: Mapping[str, str]) -> None:
        """Learn the people in the texts of a record."""
        for field, value in values.items():
            self._learn_value(entity, field, value)
        self._add_full_name({field.casefold(): value for field, value in values.items()})

    def accept_body(self, entity: str, body: str) -> None:
        """Take the values of a body for stand-ins that were made before, and leave them alone."""
        self._read_body(entity, body, self._accept_value)

    def learn_query(self, entity: str, query: str) -> None:
        """Learn the people in a query, or in a form."""
        for field, value in _split_query(query):
            self._learn_value(entity, field, value)

    def _read_body(self, entity: str, body: str, take: Callable[[str, str, str], None]) -> None:
        groups: dict[int, dict[str, str]] = {}
        try:
            for text in iterate_texts(body):
                take(entity, text.key, text.value)
                groups.setdefault(text.group, {})[text.key.casefold()] = text.value
        except (ValueError, RecursionError):
            return
        for group in groups.values():
            self._add_full_name(group)

    def _add_full_name(self, group: dict[str, str]) -> None:
        """Add first and last name together: each may be too short to be known alone."""
        first, last = group.get("firstname"), group.get("lastname")
        if first and last:
            for whole in (f"{first} {last}", f"{last} {first}"):
                if not self._keeps(first) and not self._keeps(last):
                    self._index.add_words(self._stand_ins.replace_words(whole))

    def _learn_value(self, entity: str, field: str, value: str) -> None:
        if self._hook is not None and not self._keeps(value):
            chosen = self._hook.ask(entity, field, value, self._make_named)
            if chosen is not None:
                if chosen != value and chosen == self._replace_words(value):
                    self._index.add_words(chosen)
                return
        kind = self._find_kind(entity, field, value)
        replaced = value if kind is None else self._make(kind, value)
        if kind is None or replaced == value:
            return
        folded = normalize("NFC", value).casefold()
        if (kind, folded) in self._accepted:
            return
        has_form = self._has_form(kind, value)
        self._seen.setdefault(kind if has_form else "words", set()).add(folded)
        if not has_form:
            return  # such as `unknown` for a phone: in other texts it names no one
        self._originals.setdefault(kind, set()).add(folded)
        self._scanner = None
        if kind == "phone":
            self._index.add_phone(value)
        else:
            self._note(kind, value, replaced)

    def _accept_value(self, entity: str, field: str, value: str) -> None:
        kind = self._find_kind(entity, field, value)
        if kind is not None:
            self._accepted.add((kind, normalize("NFC", value).casefold()))
            self._note(kind, value, value)

    def _note(self, kind: PersonKind, value: str, replaced: str) -> None:
        match kind:
            case "name":
                self._index.add_name(value, replaced)
            case "phone":
                self._index.add_phone_stand_in(replaced)
            case "user" | "address" | "words":
                self._index.add_words(replaced)
            case _:
                pass

    def learn_types(self, entity: str, body: str) -> None:
        """Learn the types of an entity's fields, as the service lists them."""
        groups: dict[int, dict[str, str]] = {}
        try:
            for text in iterate_texts(body):
                groups.setdefault(text.group, {})[text.key.casefold()] = text.value
        except (ValueError, RecursionError):
            return
        for group in groups.values():
            if "name" in group and "type" in group:
                self.fields.learn_type(entity, group["name"], group["type"])

    # Replacing

    def redact_body(self, entity: str, body: str) -> str:
        """Return a body about an entity with its people replaced, and nothing else changed."""

        def replace(text: JsonText) -> str:
            if text.is_number:
                return self._redact_number(entity, text)
            return self.redact_value(entity, text.key, text.value)

        try:
            return replace_texts(body, replace)
        except (ValueError, RecursionError):
            return self.redact_text(body)

    def redact_value(self, entity: str, field: str, value: str) -> str:
        """Return the value of a field with its people replaced."""
        if value in _NOT_TEXT or self._keeps(value):
            return value
        if self._hook is not None:
            chosen = self._hook.ask(entity, field, value, self._make_named)
            if chosen is not None:
                return chosen
        if self.fields.find_rule(entity, field) == "keep":
            return value
        kind = self._find_kind(entity, field, value)
        if kind is not None and (kind, normalize("NFC", value).casefold()) in self._accepted:
            return value
        if kind is not None:
            return self._make(kind, value)
        # A choice, such as Call, may be a person's name by chance.
        fewest = 2 if self.fields.is_structural(entity, field) else 1
        return self._index.replace_known(value, fewest_words=fewest)

    def redact_text(self, text: str) -> str:
        """Return free text with its mail addresses, and the people learned, replaced."""
        return self._index.replace_known(text)

    def redact_label(self, text: str) -> str:
        """Return words of ours, or a field's name: mail addresses and full names are replaced."""
        return self._index.replace_known(text, fewest_words=2)

    def redact_field_list(self, body: str) -> str:
        """Return a list of an entity's fields: only mail addresses and full names are replaced."""
        try:
            return replace_texts(body, lambda text: self.redact_label(text.value))
        except (ValueError, RecursionError):
            return self.redact_text(body)

    def redact_query(self, entity: str, query: str) -> str:
        """Return a query, or a form, with the people in its values replaced."""
        parts: list[str] = []
        for part in query.split("&"):
            name, equals, value = part.partition("=")
            plain = unquote_plus(value)
            replaced = plain
            if unquote_plus(name).casefold() not in _PAGING:
                replaced = self.redact_value(entity, unquote_plus(name), plain)
            if replaced != plain:
                write = quote_plus if "+" in value else quote
                value = write(replaced, safe="")
            parts.append(f"{name}{equals}{value}")
        return "&".join(parts)

    def redact_path(self, path: str) -> str:
        """Return a path after the API's own, the people in its ids replaced."""
        entity, *segments = path.split("/")
        return "/".join((entity, *(self._redact_segment(segment) for segment in segments)))

    def _redact_segment(self, segment: str) -> str:
        plain = unquote(segment)
        if plain.casefold() in _ACTIONS or self._keeps(plain):
            return segment
        replaced = self.redact_text(plain)
        return segment if replaced == plain else quote(replaced, safe="")

    def _redact_number(self, entity: str, text: JsonText) -> str:
        if self._keeps(text.value):
            return text.value
        is_person = self.fields.find_rule(entity, text.key) in {"phone", "birth date"}
        return self._stand_ins.replace_words(text.value) if is_person else text.value

    # Searching

    def check(self, content: bytes, place: str) -> None:
        """Raise PersonLeft where a known mail, phone or full name is left, in any encoding."""
        if self._scanner is None:
            self._scanner = LeakScanner(self._list_searched())
        try:
            self._scanner.check(content, place)
        except SecretLeak as leak:
            raise PersonLeft(place, leak.way) from None

    def _list_searched(self) -> Iterable[str]:
        for kind in ("mail", "phone", "name"):
            for value in self._originals.get(kind, ()):
                is_full = kind != "name" or len(word_pattern().findall(value)) > 1
                if is_full and len(value) >= _SHORTEST_SEARCHED and not self._keeps(value):
                    yield value

    # One value

    def _find_kind(self, entity: str, field: str, value: str) -> PersonKind | None:
        """Return what a value is of a person: by its field, and a mail address by its form."""
        if value.casefold() in _NOT_TEXT or self._keeps(value):
            return None
        rule = self.fields.find_rule(entity, field)
        if rule == "keep":
            return None
        if is_mail(value.strip()):
            return "mail"
        is_worded = rule in {"name", "user", "words", "address"}
        if is_worded and rule != "address" and not any(one.isalpha() for one in value):
            return None
        return rule

    def _has_form(self, kind: PersonKind, value: str) -> bool:
        """Return whether a value is written as one of its kind is."""
        match kind:
            case "mail":
                return is_mail(value.strip())
            case "phone":
                return self._stand_ins.replace_phone(value) is not None
            case "birth date":
                return self._stand_ins.replace_date(value) is not None
            case _:
                return True

    def _make(self, kind: PersonKind, value: str) -> str:
        """Return the stand-in of a value; without the form of its kind, it is replaced by words."""
        made: str | None = None
        if kind == "birth date":
            made = self._stand_ins.replace_date(value)
        elif kind == "phone":
            made = self._stand_ins.replace_phone(value)
            made = None if made is None else self._stand_ins.replace_letters(made)
        return self._replace_words(value) if made is None else made

    def _replace_words(self, value: str) -> str:
        """Return a name or an address with its words replaced, a mail address in it as one."""
        pieces: list[str] = []
        position = 0
        for start, end in find_mails(value):
            pieces += (
                self._stand_ins.replace_words(value[position:start]),
                self._stand_ins.replace_mail(value[start:end]),
            )
            position = end
        return "".join((*pieces, self._stand_ins.replace_words(value[position:])))

    def _make_named(self, kind: str, value: str) -> str:
        """Return the stand-in of a value for a hook, of whatever kind it names."""
        return self._make(cast("PersonKind", kind), value)


def _split_query(query: str) -> Iterable[tuple[str, str]]:
    for part in query.split("&"):
        name, _, value = part.partition("=")
        field = unquote_plus(name)
        if field.casefold() not in _PAGING:
            yield field, unquote_plus(value)
