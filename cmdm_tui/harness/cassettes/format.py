"""What a cassette holds of an exchange: the same bytes whenever and wherever it was recorded.

The address is always `ADDRESS`, headers come from a short list, a sign-in is synthetic, the ids of
created records are numbered, the mark of a run is the one of every replay, and a long request body
is replaced by its hash.
"""

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any, cast
from urllib.parse import quote, quote_plus

import msgspec

from cmdm_tui.harness.exchange import API_PATH, Exchange
from cmdm_tui.harness.service import CASE_MARK
from cmdm_tui.redaction.leak_scanner import LeakScanner

ADDRESS = "http://127.0.0.1:8765"
"""The address in every cassette, for a replaying client to use."""

RECORDED_TOKEN = "recorded-token"  # noqa: S105 — it replaces every token
VARIABLE_PREFIX = "$CMDM_"
"""The names that replace secrets in exchanges begin so."""

REQUEST_HEADERS = frozenset({"content-type"})
RESPONSE_HEADERS = frozenset({
    "allow", "content-type", "date", "location", "retry-after", "x-rate-limit-limit",
    "x-rate-limit-remaining", "x-rate-limit-reset", "x-token-reset",
})  # fmt: skip

_MAX_BODY_BYTES = 16 * 1024
_MIN_ID_LENGTH = 4
_ALIAS = re.compile(r"\bNEW([0-9]{5,})\b")
_ORIGIN = re.compile(r"(?i)^https?://[^/?#]*")
_PLAIN_ID = re.compile(r"[A-Za-z0-9]+")
_TOKEN_IN_BODY = re.compile(rb'("token"\s*:\s*")((?:[^"\\]|\\.)*)(")')

HeaderLists = dict[str, list[str]]


@dataclass(frozen=True, slots=True)
class Interaction:
    """A request and its answer in a cassette; header names are in lower case."""

    method: str
    uri: str
    request_headers: HeaderLists
    request_body: bytes
    status: int
    reason: str
    headers: HeaderLists
    body: bytes

    @property
    def is_sign_in(self) -> bool:
        """Whether this is a call of authenticate."""
        route = self.uri.partition("?")[0].removeprefix(ADDRESS + API_PATH)
        return route.strip("/").casefold() == "authenticate"

    @property
    def content(self) -> bytes:
        """All of its texts one after another, for a search: what its YAML stands for.

        YAML folds and escapes long bodies: to search what they stand for takes a fifth of the time.
        """
        lines = [self.method, self.uri, self.reason]
        for headers in (self.request_headers, self.headers):
            lines += (f"{name}: {value}" for name, values in headers.items() for value in values)
        head = "\0".join(lines).encode("utf-8", "surrogatepass")
        return b"\0".join((head, self.request_body, self.body))


class IdAliases:
    """The ids of the records made while recording, numbered in their order of appearance.

    `mark` is in the names of those records; it becomes `CASE_MARK`, which a replay sends. The
    numbers go on after `first`, the last one that was given before.
    """

    def __init__(self, mark: str = CASE_MARK, *, first: int = 0) -> None:
        self._marks = {
            spelled(mark): spelled(CASE_MARK) for spelled in (str, quote, quote_plus)
        } if mark != CASE_MARK else {}  # fmt: skip
        self._first = first
        self._names: dict[str, str] = {}
        self._odd_spellings: dict[str, str] = {}
        self._pattern: re.Pattern[str] | None = None

    @classmethod
    def after(cls, interactions: Iterable[Interaction]) -> "IdAliases":
        """Return aliases whose numbers follow those that a cassette holds already."""
        texts = (f"{one.uri} {one.body.decode('utf-8', 'replace')}" for one in interactions)
        return cls(first=find_highest_alias(texts))

    def learn(self, external_id: str) -> None:
        """Give an id its number. A very short one stays unchanged: it could mean anything."""
        if len(external_id) < _MIN_ID_LENGTH or external_id in self._names:
            return
        if _ALIAS.fullmatch(external_id):
            return
        name = self._names[external_id] = f"NEW{self._first + len(self._names) + 1:05}"
        if _PLAIN_ID.fullmatch(external_id):
            return
        escaped = json.dumps(external_id)[1:-1]
        unescaped = json.dumps(external_id, ensure_ascii=False)[1:-1]
        for spelling in (external_id, quote(external_id, safe=""), escaped, unescaped):
            self._odd_spellings[spelling] = name
        longest_first = sorted(self._odd_spellings, key=lambda spelling: (-len(spelling), spelling))
        either = "|".join(re.escape(spelling) for spelling in longest_first)
        self._pattern = re.compile(f"(?<![A-Za-z0-9])(?:{either})(?![A-Za-z0-9])")

    def learn_from(self, interaction: Interaction) -> None:
        """Give numbers to the ids that an answer says the call created."""
        if interaction.method not in {"POST", "PUT"} or interaction.status not in {200, 201}:
            return
        for name in ("ExternalID", "Account ExternalID"):
            value = parse_object(interaction.body).get(name)
            if isinstance(value, str):
                self.learn(value)

    def replace_in_text(self, text: str) -> str:
        """Return `text` with the ids replaced by their numbers, and the mark by `CASE_MARK`."""
        for mark, stand_in in self._marks.items():
            text = text.replace(mark, stand_in)
        if not self._names:
            return text
        if self._pattern is not None:
            text = self._pattern.sub(lambda found: self._odd_spellings[found[0]], text)
        # Almost every id is letters and digits: looked up, however many there are.
        return _PLAIN_ID.sub(lambda found: self._names.get(found[0], found[0]), text)

    def replace_in_bytes(self, content: bytes) -> bytes:
        """Return bytes with ids and mark replaced; what is not UTF-8 stays unchanged."""
        try:
            return self.replace_in_text(content.decode("utf-8")).encode("utf-8")
        except UnicodeDecodeError:
            return content


RedactInteractions = Callable[[list[Interaction]], list[Interaction]]
"""Replaces the people in the calls of a recording (`people.redact_interactions`)."""


def find_highest_alias(texts: Iterable[str]) -> int:
    """Return the highest number of a record that was made, in the texts of cassettes; else 0."""
    numbers = (int(found[1]) for text in texts for found in _ALIAS.finditer(text))
    return max(numbers, default=0)


def make_canonical(
    interactions: Iterable[Interaction],
    aliases: IdAliases,
    scanner: LeakScanner,
    redact: RedactInteractions = list,
) -> list[Interaction]:
    """Return interactions as a cassette holds them. The scanner learns the tokens received.

    `redact` replaces the people in them.
    """
    found: list[Interaction] = []
    for interaction in interactions:
        aliases.learn_from(interaction)
        teach_tokens(interaction.body, scanner)
        if interaction.is_sign_in:
            body = anonymize_sign_in(interaction, scanner)
        else:
            body = _TOKEN_IN_BODY.sub(rb"\1" + RECORDED_TOKEN.encode() + rb"\3", interaction.body)
        found.append(
            replace(
                interaction,
                uri=aliases.replace_in_text(interaction.uri),
                request_headers=select_headers(interaction.request_headers, REQUEST_HEADERS),
                request_body=aliases.replace_in_bytes(interaction.request_body),
                headers=_select_response_headers(interaction.headers, aliases),
                body=aliases.replace_in_bytes(body),
            )
        )
    return [replace(one, request_body=shorten_body(one.request_body)) for one in redact(found)]


def from_exchange(exchange: Exchange) -> Interaction:
    """Return an exchange as an interaction at `ADDRESS`, not yet canonical."""
    headers: dict[str, list[str]] = {}
    for name, value in exchange.headers:
        headers.setdefault(name, []).append(value)
    reason = ""
    with suppress(ValueError):
        reason = HTTPStatus(exchange.status).phrase
    return Interaction(
        exchange.method,
        ADDRESS + exchange.path,
        {name: [value] for name, value in exchange.sent_headers},
        exchange.sent_body,
        exchange.status,
        reason,
        headers,
        exchange.body,
    )


def select_headers(headers: Mapping[str, list[str]], names: frozenset[str]) -> HeaderLists:
    """Return the headers that a cassette may hold."""
    lowered = {name.lower(): values for name, values in headers.items()}
    return {name: list(lowered[name]) for name in sorted(lowered) if name in names}


def _select_response_headers(headers: Mapping[str, list[str]], aliases: IdAliases) -> HeaderLists:
    found = select_headers(headers, RESPONSE_HEADERS)
    if "location" in found:
        addresses = [_ORIGIN.sub(ADDRESS, value) for value in found["location"]]
        found["location"] = [aliases.replace_in_text(value) for value in addresses]
    return found


def shorten_body(body: bytes) -> bytes:
    """Return a request's body; of a long one, its hash and its size."""
    if len(body) <= _MAX_BODY_BYTES:
        return body
    return f"sha256:{hashlib.sha256(body).hexdigest()} of {len(body)} bytes".encode()


def teach_tokens(body: bytes, scanner: LeakScanner) -> None:
    """Add the tokens in an answer to the scanner's secrets."""
    for text in find_tokens(body):
        scanner.add_secret(text)


def find_tokens(body: bytes) -> list[str]:
    """Return the tokens in an answer, as its JSON writes them; stand-ins are left out."""
    found = [token.decode("utf-8", "replace") for _, token, _ in _TOKEN_IN_BODY.findall(body)]
    return [text for text in found if not _is_stand_in(text)]


def _is_stand_in(text: str) -> bool:
    return text == RECORDED_TOKEN or text.startswith(VARIABLE_PREFIX)


def anonymize_sign_in(interaction: Interaction, scanner: LeakScanner) -> bytes:
    """Return the body of a sign-in's answer with every value replaced.

    A refusal stays, and so does what is not a JSON object. The scanner learns the values.
    """
    answer = parse_object(interaction.body)
    if interaction.status >= 400 or not answer:
        return interaction.body
    try:
        whole = {name: _anonymize(name, answer[name], scanner) for name in answer}
    except RecursionError:
        whole = {"token": RECORDED_TOKEN}
    return msgspec.json.encode(whole)


def _anonymize(name: str, value: object, scanner: LeakScanner) -> object:
    match value:
        case str():
            stand_in = f"recorded-{name.casefold()}"
            if value != stand_in and not _is_stand_in(value):
                scanner.add_secret(value)
            return stand_in
        case dict():
            inner = cast("dict[str, object]", value)
            return {key: _anonymize(key, item, scanner) for key, item in inner.items()}
        case list():
            return [_anonymize(name, item, scanner) for item in cast("list[object]", value)]
        case bool() | None:
            return value
        case _:
            return 0


def parse_object(body: bytes) -> dict[str, Any]:
    """Return a body's JSON object, an empty one where it is none."""
    try:
        value: Any = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}
