"""The secrets of recorded calls: found where calls carry them, and replaced by stand-ins.

A recorder learns the credentials from the sign-ins and tokens that it sees. Each is
replaced by the value that it has in a replay, so the calls that name it still match.
"""

import base64
import json
import re
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import parse_qsl, quote, quote_plus

import msgspec

from cmdm_tui.harness.calls import CREDENTIAL_NAMES
from cmdm_tui.harness.cassettes.format import REQUEST_HEADERS, RESPONSE_HEADERS
from cmdm_tui.harness.cassettes.offline_replay import RECORDED_VALUES
from cmdm_tui.harness.recording.observed_call import ObservedCall, read_header_text
from cmdm_tui.redaction.common_words import is_searched_for
from cmdm_tui.redaction.decodings import SearchLimitExceeded
from cmdm_tui.redaction.secret_matcher import (
    SHORTEST_SECRET,
    SecretMatcher,
    written_piece_length,
)

_OTHER = "secret"
_STAND_INS = {**RECORDED_VALUES, _OTHER: "recorded-secret"}
_TOKEN_NAMES = frozenset({"token", "access_token", "refresh_token", "id_token", "bearer"})
_OTHER_NAMES = frozenset({"api_key", "apikey", "x_api_key", "secret", "signature", "session"})
_COOKIE_HEADERS = frozenset({"cookie", "set-cookie"})
_SECRET_HEADERS = frozenset({"x-api-key", "api-key", "x-auth-token", "proxy-authorization"})

_SHORTEST_TOKEN = 8
_MOST_TOKENS = 32
"""Tokens that are searched for in every encoding; of older ones, the plain spelling is."""

_MOST_PASSES = 8
_TOKEN_RUN = re.compile(rb"[A-Za-z0-9._~+/=-]{8,}")
_SEPARATOR = re.compile(rb"[/=]")
"""What is before a token in a path or a query, and in the middle of some."""

_AFTER_TOKEN = b"/=."
_FIXED_TEXT = " ".join(
    (
        "interactions request body headers method uri response string status code message version",
        "http://127.0.0.1:8765/api/v1/authenticate application/json charset utf-8 null binary",
        "steps expect capture externalid account properties entity field total records pages",
        *_STAND_INS.values(), *REQUEST_HEADERS, *RESPONSE_HEADERS, *CREDENTIAL_NAMES,
    )
).lower()  # fmt: skip
"""Words of the files themselves: a secret that is one of them is replaced as a whole value only."""


@dataclass(frozen=True, slots=True)
class _Secret:
    kind: str
    value: str

    @property
    def is_searchable(self) -> bool:
        """Whether it means something in any text, and not only as a whole value."""
        is_of_files = self.value.lower() in _FIXED_TEXT
        return is_searched_for(self.kind, self.value) and not is_of_files


class SessionSecrets:
    """The secrets seen so far. `learn` from each call before `conceal` replaces what it holds.

    A user name that is a common word, and a secret that is a word of the files, are replaced where
    they are a whole value; a secret of less than four characters is not.
    """

    def __init__(self) -> None:
        self._known: dict[str, _Secret] = {}
        self._tokens: deque[str] = deque()
        self._ended: set[bytes] = set()
        self._ended_sizes: set[int] = set()
        self._stand_ins: dict[bytes, bytes] = {}
        self._pattern: re.Pattern[bytes] | None = None
        self._words: re.Pattern[bytes] | None = None
        self._matcher: SecretMatcher | None = None

    def add(self, kind: str, value: str) -> bool:
        """Add a secret: its name in a sign-in, `token` or `secret`. Return whether it is new."""
        if len(value) < SHORTEST_SECRET or value in self._known or value in _STAND_INS.values():
            return False
        raw = value.encode("utf-8", "surrogatepass")
        is_new = raw not in self._ended
        self._ended.discard(raw)
        self._known[value] = _Secret(kind, value)
        if kind == "token":
            self._tokens.append(value)
            if len(self._tokens) > _MOST_TOKENS:
                self._end_token(self._tokens.popleft())
        self._pattern = self._words = self._matcher = None
        return is_new

    def _end_token(self, value: str) -> None:
        """Search for a token's plain spelling alone; for all, where it has other characters too."""
        raw = value.encode("utf-8", "surrogatepass")
        if _TOKEN_RUN.fullmatch(raw):
            del self._known[value]
            self._ended.add(raw)
            self._ended_sizes.add(len(raw))

    def learn(self, call: ObservedCall) -> bool:
        """Learn the secrets that a call carries.

        Return whether one is new that earlier calls may hold: any but a token just given out.
        """
        is_new = False
        for kind, value in find_sent_secrets(call):
            is_new |= self.add(kind, value)
        for kind, value in _find_given_secrets(call):
            self.add(kind, value)
        return is_new

    def conceal(self, call: ObservedCall) -> ObservedCall:
        """Return the call with the usual spellings of its secrets replaced."""
        return self._replace_parts(call, self.conceal_bytes)

    def conceal_deeply(self, call: ObservedCall) -> ObservedCall:
        """Return the call with its secrets replaced in every encoding that is searched."""
        return self._replace_parts(self.conceal(call), self._conceal_located)

    def conceal_bytes(self, content: bytes) -> bytes:
        """Return content with the usual spellings of the secrets replaced."""
        if self._pattern is None:
            self._compile()
        if self._pattern is not None:
            content = self._pattern.sub(self._stand_in, content)
        if self._words is not None:
            content = self._words.sub(self._stand_in, content)
        if self._ended:
            content = _TOKEN_RUN.sub(self._conceal_ended, content)
        return content

    def _conceal_ended(self, found: re.Match[bytes]) -> bytes:
        """Return a run of a token's characters with the ended tokens in it replaced."""
        run, position = found[0], 0
        pieces: list[bytes] = []
        for start in (0, *(one.end() for one in _SEPARATOR.finditer(run))):
            if start < position:
                continue
            for size in self._ended_sizes:
                end = start + size
                is_whole = end == len(run) or (end < len(run) and run[end] in _AFTER_TOKEN)
                if is_whole and run[start:end] in self._ended:
                    pieces += (run[position:start], _STAND_INS["token"].encode())
                    position = end
                    break
        return b"".join((*pieces, run[position:]))

    def holds_secret(self, content: bytes) -> bool:
        """Return whether a secret is in content, in whatever encoding, or may be."""
        try:
            return self._get_matcher().find(content) is not None
        except SearchLimitExceeded:
            return True

    def holds_plain_secret(self, content: bytes) -> bool:
        """Return whether a whole secret is in content as it is, in no further encoding."""
        return self._get_matcher().holds_plainly(content)

    def _conceal_located(self, content: bytes) -> bytes:
        stand_in = _STAND_INS[_OTHER].encode()
        for _ in range(_MOST_PASSES):
            try:
                spans = self._get_matcher().locate(content)
            except SearchLimitExceeded:
                break
            if not spans:
                break
            for start, end in reversed(spans):
                content = content[:start] + stand_in + content[end:]
        return content

    def _get_matcher(self) -> SecretMatcher:
        if self._matcher is None:
            searched = (one.value for one in self._known.values() if one.is_searchable)
            self._matcher = SecretMatcher(searched, written_piece_length)
        return self._matcher

    def _compile(self) -> None:
        whole: set[bytes] = set()
        words: set[bytes] = set()
        self._stand_ins = {}
        for secret in self._known.values():
            for spelling in _spell(secret.value):
                self._stand_ins[spelling.lower()] = _STAND_INS.get(secret.kind, "").encode()
                (whole if secret.is_searchable else words).add(spelling)
        self._pattern = _match_any(whole, rb"(?i:%s)")
        self._words = _match_any(words, rb"(?:(?<==)|(?<=:\")|(?<=: \"))(?:%s)(?=[\"&]|\Z)")

    def _stand_in(self, found: re.Match[bytes]) -> bytes:
        return self._stand_ins[found[0].lower()]

    @staticmethod
    def _replace_parts(call: ObservedCall, replace: Any) -> ObservedCall:
        def in_text(text: str) -> str:
            return replace(text.encode("latin-1", "replace")).decode("latin-1")

        def in_headers(lines: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
            return tuple((name, in_text(value)) for name, value in lines)

        return msgspec.structs.replace(
            call,
            target=in_text(call.target),
            request_headers=in_headers(call.request_headers),
            request_body=replace(call.request_body),
            reason=in_text(call.reason),
            headers=in_headers(call.headers),
            body=replace(call.body),
        )


def find_sent_secrets(call: ObservedCall) -> Iterator[tuple[str, str]]:
    """Yield the secrets that a request carries, each with its kind."""
    for name, value in call.request_headers:
        yield from _read_secret_header(name, read_header_text(value))
    path, _, query = call.target.partition("?")
    for name, value in parse_qsl(query, encoding="utf-8", errors="replace"):
        yield from _read_named(name, value)
    if is_sign_in_path(path):
        yield from _find_in_body(call.request_body)


def is_sign_in_path(path: str) -> bool:
    """Return whether a path is that of authenticate."""
    return path.rstrip("/").rpartition("/")[2].casefold() == "authenticate"


def _find_given_secrets(call: ObservedCall) -> Iterator[tuple[str, str]]:
    for name, value in call.headers:
        yield from _read_secret_header(name, read_header_text(value))
    if is_sign_in_path(call.target.partition("?")[0]) and call.status < 400:
        for name, value in _iterate_texts(_parse_json(call.body)):
            is_named = "token" in name or "secret" in name or "password" in name
            if is_named and len(value) >= SHORTEST_SECRET:
                yield "token", value


def _read_secret_header(name: str, value: str) -> Iterator[tuple[str, str]]:
    if name == "authorization":
        yield from _read_authorization(value)
    elif name in _COOKIE_HEADERS:
        for part in value.split(";")[: 1 if name == "set-cookie" else None]:
            text = part.partition("=")[2].strip().strip('"')
            if len(text) >= _SHORTEST_TOKEN:
                yield _OTHER, text
    elif name in _SECRET_HEADERS:
        yield _OTHER, value.rpartition(" ")[2]
    else:
        yield from _read_named(name, value)


def _read_authorization(value: str) -> Iterator[tuple[str, str]]:
    scheme, _, rest = value.strip().partition(" ")
    rest = rest.strip()
    yield "token", rest or scheme
    if scheme.casefold() == "basic":
        try:
            user, _, password = base64.b64decode(rest).decode("utf-8").partition(":")
        except ValueError:
            return
        yield "username", user
        yield "password", password


def _read_named(name: str, value: str) -> Iterator[tuple[str, str]]:
    plain = name.casefold().replace("-", "_")
    if plain in CREDENTIAL_NAMES:
        yield plain, value
    elif plain in _TOKEN_NAMES:
        yield "token", value
    elif plain in _OTHER_NAMES:
        yield _OTHER, value


def _find_in_body(body: bytes) -> Iterator[tuple[str, str]]:
    parsed = _parse_json(body)
    if parsed is None:
        pairs = parse_qsl(body.decode("utf-8", "replace"))
    else:
        pairs = list(_iterate_texts(parsed))
    for name, value in pairs:
        yield from _read_named(name, value)


def _parse_json(body: bytes) -> object:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _iterate_texts(value: object, name: str = "") -> Iterator[tuple[str, str]]:
    """Yield the texts in a parsed body, each with the name it has, in lower case."""
    waiting = [(name, value)]
    while waiting:
        name, one = waiting.pop()
        if isinstance(one, str):
            yield name.casefold(), one
        elif isinstance(one, dict):
            waiting += cast("dict[str, object]", one).items()
        elif isinstance(one, list):
            waiting += [(name, item) for item in cast("list[object]", one)]


def _match_any(spellings: set[bytes], frame: bytes) -> re.Pattern[bytes] | None:
    if not spellings:
        return None
    longest_first = sorted(spellings, key=lambda one: (-len(one), one))
    return re.compile(frame.replace(b"%s", b"|".join(map(re.escape, longest_first))))


def _spell(value: str) -> set[bytes]:
    """Return the bytes of a secret as paths, queries, forms, JSON and headers usually write it."""
    raw = value.encode("utf-8", "surrogatepass")
    texts = {
        quote(raw, safe=""), quote(raw, safe="@:+"), quote_plus(raw),
        json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1],
        base64.b64encode(raw).decode().rstrip("="),
    }  # fmt: skip
    return {raw, *(text.encode("utf-8", "surrogatepass") for text in texts)}
