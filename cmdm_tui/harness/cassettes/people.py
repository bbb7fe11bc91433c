"""Replaces the people in recorded calls by stand-ins, before a cassette is written.

A recording does so unless it was asked not to, or the service is known to be a sandbox, whose
people are invented (`is_known_sandbox`).
"""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote, unquote_plus

import msgspec

from cmdm_tui.api.urls import is_on_this_machine
from cmdm_tui.config import FieldRule, Paths, PeopleRules, Profile
from cmdm_tui.harness.calls import parse_call
from cmdm_tui.harness.cassettes.canonical_yaml import CallKey, RecordedAnswer
from cmdm_tui.harness.cassettes.format import ADDRESS, HeaderLists, Interaction, parse_object
from cmdm_tui.harness.exchange import API_PATH, Call
from cmdm_tui.redaction.people.json_strings import iterate_texts
from cmdm_tui.redaction.people.people_key import load_people_key
from cmdm_tui.redaction.people.person_fields import PersonFields, PersonKind
from cmdm_tui.redaction.people.person_redactor import PersonRedactor
from cmdm_tui.redaction.people.redaction_hook import RedactionHook
from cmdm_tui.redaction.people.stand_ins import StandIns, find_mails, replace_mails

_PREFIX = ADDRESS + API_PATH
_FORM = "application/x-www-form-urlencoded"
_PLAIN_HEADERS = frozenset({"content-type", "date", "allow", "content-length"})
_SENT_ENTITIES: dict[Call, str] = {
    "create-task": "task",
    "create-opportunity": "opportunity",
    "convert": "account",
}

_SANDBOX_CLIENT = re.compile(r"sandbox-[0-9a-f]{12}")
_SANDBOX_USER = re.compile(r"demo-[0-9a-f]{6}@sandbox\.example")

_NOUNS: Mapping[PersonKind, tuple[str, str]] = {
    "name": ("name", "names"),
    "user": ("user", "users"),
    "mail": ("mail address", "mail addresses"),
    "phone": ("phone number", "phone numbers"),
    "address": ("part of an address", "parts of addresses"),
    "birth date": ("birth date", "birth dates"),
    "words": ("other value", "other values"),
}


class PeopleSettings(msgspec.Struct, frozen=True):
    """What is needed to replace people, for another process: the key, a profile's rules, a hook."""

    key: bytes
    fields: dict[str, FieldRule] = {}
    hook: str = ""

    def __repr__(self) -> str:
        """Show them without the key, by which stand-ins are turned back."""
        return f"PeopleSettings(fields={self.fields!r}, hook={self.hook!r})"

    def open(self) -> PersonRedactor:
        """Return what replaces the people. Raises ConfigurationError for a hook of no use."""
        hook = RedactionHook.load(Path(self.hook)) if self.hook else None
        return PersonRedactor(StandIns(self.key), PersonFields(self.fields), hook)


def is_known_sandbox(url: str, client_id: str, username: str) -> bool:
    """Return whether the service at an address is a sandbox, by the sign-in that goes with it.

    It is one where the address is on this machine, and the sign-in one that a sandbox has made up:
    no other service knows that. The address alone proves nothing, as a tunnel to a live service has
    such a one. A sandbox that was given its credentials is not known.
    """
    is_made_up = _SANDBOX_CLIENT.fullmatch(client_id) and _SANDBOX_USER.fullmatch(username)
    return bool(is_made_up) and is_on_this_machine(url)


def is_sandbox_profile(profile: Profile) -> bool:
    """Return whether the account of a profile is known to be a sandbox's."""
    given = profile.credentials
    return is_known_sandbox(profile.url, given.client_id.reveal(), given.username)


def choose_profile_people(
    profile: Profile, paths: Paths, environment: Mapping[str, str], *, keep_people: bool = False
) -> PeopleSettings | None:
    """Return what replaces the people in a recording of a profile's account.

    None where they are to be kept, or are a sandbox's own. Raises ConfigurationError.
    """
    if keep_people or is_sandbox_profile(profile):
        return None
    return load_people_settings(profile.people, paths, environment)


def load_people_settings(
    rules: PeopleRules | None,
    paths: Paths,
    environment: Mapping[str, str],
    *,
    hook: Path | None = None,
) -> PeopleSettings:
    """Return what replaces the people of a profile's service, with the key of this user.

    `hook` is a Python file whose function is asked first, by default the profile's. Raises
    ConfigurationError for a key or a file that cannot be used.
    """
    rules = rules or PeopleRules()
    file = hook or rules.hook
    key = load_people_key(paths.people_key, environment)
    settings = PeopleSettings(key, dict(rules.fields), "" if file is None else str(file.absolute()))
    settings.open()  # which refuses a hook of no use before anything is recorded
    return settings


def open_people(
    rules: PeopleRules | None,
    paths: Paths,
    environment: Mapping[str, str],
    *,
    hook: Path | None = None,
) -> PersonRedactor:
    """Return what replaces them, opened, as `load_people_settings` says."""
    return load_people_settings(rules, paths, environment, hook=hook).open()


def describe_people(people: PersonRedactor | None) -> str:
    """Return a sentence about the people of a recording, for whoever made it."""
    if people is None:
        return "People are recorded as they are, as you asked."
    found = [
        f"{count:,} {_NOUNS[kind][count > 1]}" for kind, count in people.counts.items() if count
    ]
    if not found:
        return "No field of a person was seen, so no one was replaced. Look at what was recorded."
    listed = found[0] if len(found) == 1 else f"{', '.join(found[:-1])} and {found[-1]}"
    return (
        f"People are replaced by stand-ins: {listed}. A name that only a note holds stays: look at "
        "what was recorded before you share it."
    )


def redact_interactions(
    interactions: Iterable[Interaction], people: PersonRedactor
) -> list[Interaction]:
    """Return interactions at `ADDRESS` with the people in them replaced.

    All of them are read before one is changed: a name may be in a note before its field is read.
    Raises RedactionHookFailed.
    """
    return [call.redact(people) for call in _learn_calls(interactions, people)]


def learn_interactions(interactions: Iterable[Interaction], people: PersonRedactor) -> None:
    """Let the redactor know the people in interactions at `ADDRESS`. Raises RedactionHookFailed."""
    _learn_calls(interactions, people)


def _learn_calls(
    interactions: Iterable[Interaction], people: PersonRedactor
) -> "list[_RecordedCall]":
    found = [_RecordedCall(one) for one in interactions]
    for call in found:
        call.learn_types(people)
    for call in found:
        call.learn(people)
    return found


def keep_sent_texts(
    interactions: Iterable[Interaction], people: PersonRedactor
) -> Callable[[str], bool]:
    """Return whether a text is the recorded program's own, which it sends in a replay too.

    One that names somebody whom an answer has named before is not: in a replay, the program gets
    the stand-in there, and sends that.
    """
    found = [_RecordedCall(one) for one in interactions]
    named = people.keeping(lambda _: False)
    for call in found:
        call.learn_types(named)
    own: set[str] = set()
    answered: list[str] = []
    for call in found:
        for text in call.iterate_sent_texts():
            addresses = {text[start:end] for start, end in find_mails(text)}
            own |= {one for one in addresses if not _is_in_any(one, answered)}
            if text not in own and not _is_answered(text, named, own, answered):
                own.add(text)
        call.learn_answer(named)
        answered.append(call.answer_text)
    return own.__contains__


def _is_answered(
    text: str, named: PersonRedactor, own: Collection[str], answered: Iterable[str]
) -> bool:
    """Return whether a text names somebody whom an answer named; `named` knows them all."""
    plain = replace_mails(text, lambda address: "" if address in own else address)
    return _is_in_any(f'"{text}"', answered) or named.redact_text(plain) != plain


def _is_in_any(text: str, answered: Iterable[str]) -> bool:
    return any(text.casefold() in one for one in answered)


def accept_stand_ins(recordings: Iterable[RecordedAnswer], people: PersonRedactor) -> None:
    """Let the redactor know the people of a cassette in which they were replaced already.

    It leaves their stand-ins alone, and replaces them where a new call names them.
    """
    for one in recordings:
        method, uri, body = one.key
        _, entity, _ = parse_call(method, _route_of(uri))
        people.accept_body(_sent_entity(method, uri), _decode(body)[0])
        people.accept_body(entity, _decode(one.body)[0])


def redact_key(key: CallKey, people: PersonRedactor) -> CallKey:
    """Return a call as a cassette names it, in which these people were replaced."""
    method, uri, body = key
    sent = Interaction(method, uri, {}, body, 0, "", {}, b"")
    call = _RecordedCall(sent)
    call.learn(people)
    redacted = call.redact(people)
    return method, redacted.uri, redacted.request_body


class _RecordedCall:
    """One interaction, and what of the API it calls."""

    def __init__(self, interaction: Interaction) -> None:
        self._interaction = interaction
        self._call, self._entity, _ = parse_call(interaction.method, _route_of(interaction.uri))
        self._sent_entity = _SENT_ENTITIES.get(self._call, self._entity)
        self._query = interaction.uri.partition("?")[2]
        types = interaction.request_headers.get("content-type", [])
        self._is_form = any(_FORM in value.casefold() for value in types)
        self._sent, self._sent_encoding = _decode(interaction.request_body)
        self._body, self._encoding = _decode(interaction.body)

    def learn_types(self, people: PersonRedactor) -> None:
        if self._call == "fields":
            people.learn_types(self._entity, self._body)

    @property
    def answer_text(self) -> str:
        """The answer's body without regard to case; empty where no record is in it."""
        return "" if self._is_without_records else self._body.casefold()

    @property
    def _is_without_records(self) -> bool:
        return self._call in {"fields", "authenticate"}

    def iterate_sent_texts(self) -> Iterator[str]:
        """Yield the texts in the request: of its path, its query and its body."""
        path = _route_of(self._interaction.uri)
        yield from (unquote(segment) for segment in path.split("/"))
        for query in (self._query, self._sent if self._is_form else ""):
            yield from (unquote_plus(part.partition("=")[2]) for part in query.split("&"))
        try:
            yield from (text.value for text in iterate_texts(self._sent))
        except (ValueError, RecursionError):
            yield self._sent

    def learn_answer(self, people: PersonRedactor) -> None:
        if not self._is_without_records:
            people.learn_body(self._entity, self._body)

    def learn(self, people: PersonRedactor) -> None:
        if self._is_without_records:
            return
        people.learn_query(self._entity, self._query)
        if self._is_form:
            people.learn_query(self._sent_entity, self._sent)
        else:
            people.learn_body(self._sent_entity, self._sent)
        people.learn_body(self._entity, self._body)

    def redact(self, people: PersonRedactor) -> Interaction:
        one = self._interaction
        if self._call == "authenticate" and one.status < 400 and parse_object(one.body):
            return one  # none of its values is in a recording
        redact_sent = people.redact_query if self._is_form else people.redact_body
        sent = redact_sent(self._sent_entity, self._sent)
        if self._call == "fields":
            body = people.redact_field_list(self._body)
        else:
            body = people.redact_body(self._entity, self._body)
        return replace(
            one,
            uri=self._redact_uri(people),
            request_headers=_redact_headers(one.request_headers, people),
            request_body=_encode(sent, self._sent, one.request_body, self._sent_encoding),
            headers=_redact_headers(one.headers, people),
            body=_encode(body, self._body, one.body, self._encoding),
        )

    def _redact_uri(self, people: PersonRedactor) -> str:
        path, mark, _ = self._interaction.uri.partition("?")
        if path.startswith(f"{_PREFIX}/"):
            route = path.removeprefix(f"{_PREFIX}/")
            path = f"{_PREFIX}/{people.redact_path(route)}"
        query = people.redact_query(self._entity, self._query) if mark else ""
        return f"{path}{mark}{query}"


def _route_of(uri: str) -> str:
    return uri.partition("?")[0].removeprefix(_PREFIX).strip("/")


def _sent_entity(method: str, uri: str) -> str:
    call, entity, _ = parse_call(method, _route_of(uri))
    return _SENT_ENTITIES.get(call, entity)


def _redact_headers(headers: HeaderLists, people: PersonRedactor) -> HeaderLists:
    return {
        name: values
        if name in _PLAIN_HEADERS
        else [people.redact_value("", name, value) for value in values]
        for name, values in headers.items()
    }


def _decode(body: bytes) -> tuple[str, str]:
    """Return a body as text, and in which encoding it is: any bytes are Latin-1."""
    try:
        return body.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        return body.decode("latin-1"), "latin-1"


def _encode(text: str, before: str, body: bytes, encoding: str) -> bytes:
    return body if text == before else text.encode(encoding, "replace")
