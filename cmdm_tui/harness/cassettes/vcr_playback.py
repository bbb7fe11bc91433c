"""Plays cassettes to every client of this process, and records new ones, by vcrpy's patches.

What vcrpy does not do is added: a lost or damaged file is an error and not an empty cassette, a
call that was not recorded is counted and named with the one nearest to it, hosts are let through,
and what is written has the canonical form and no secret.
"""

import threading
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import vcr  # pyright: ignore[reportMissingTypeStubs]
import vcr.cassette  # pyright: ignore[reportMissingTypeStubs]
from vcr.errors import (  # pyright: ignore[reportMissingTypeStubs]
    CannotOverwriteExistingCassetteException,
    UnhandledHTTPRequestError,
)
from vcr.persisters.filesystem import (  # pyright: ignore[reportMissingTypeStubs]
    CassetteNotFoundError,
)
from vcr.request import Request  # pyright: ignore[reportMissingTypeStubs]

from cmdm_tui.harness.calls import CREDENTIAL_NAMES
from cmdm_tui.harness.cassettes.canonical_yaml import CallKey, RecordedAnswer
from cmdm_tui.harness.cassettes.client_patches import (
    REPLACED_PATCHERS,
    make_client_patches,
    share_resets,
)
from cmdm_tui.harness.cassettes.format import (
    ADDRESS,
    API_PATH,
    RECORDED_TOKEN,
    REQUEST_HEADERS,
    IdAliases,
    Interaction,
    select_headers,
    shorten_body,
)
from cmdm_tui.harness.cassettes.matching import (
    describe_nearest,
    describe_target,
    make_order_free_key,
)
from cmdm_tui.harness.cassettes.network_block import block_network
from cmdm_tui.harness.cassettes.people import accept_stand_ins, keep_sent_texts
from cmdm_tui.harness.cassettes.reader import read_cassette
from cmdm_tui.harness.cassettes.recorder import (
    from_vcrpy,
    make_recording,
    serialize_with_vcrpy,
)
from cmdm_tui.redaction.common_words import is_searched_for
from cmdm_tui.redaction.leak_scanner import LeakScanner
from cmdm_tui.redaction.people.person_redactor import PersonRedactor

LOCAL_HOSTS = frozenset({"localhost", "127.0.0.1", "::1", "0.0.0.0"})  # noqa: S104 — not listened on
"""The names of this machine, whose servers are let through by default."""

_SIGN_IN = f"{ADDRESS}{API_PATH}/authenticate"


class CallNotRecorded(CannotOverwriteExistingCassetteException):
    """A call that no cassette of the test holds, or none is left of; nothing was sent."""

    def __init__(self, message: str, cassette: Any, failed_request: Any) -> None:
        Exception.__init__(self, message)
        self.cassette = cassette
        self.failed_request = failed_request

    def __str__(self) -> str:
        return str(self.args[0])


@dataclass(slots=True)
class Playback:
    """What is played, and what has become of it.

    `paths` are read in this order, and new interactions go to `target`, where there is one.
    `service` is the address that clients call, without `/api/v1`; it is `ADDRESS` in the files.
    Requests with the header `passed_header` are let through. `options` are those of vcrpy's
    `use_cassette`. `people` replaces the people in what is recorded; what only the program has
    named stays.
    """

    paths: Sequence[Path]
    target: Path | None = None
    service: str = ADDRESS
    passed_hosts: frozenset[str] = LOCAL_HOSTS
    passed_header: str = ""
    is_order_free: bool = False
    options: Mapping[str, Any] = field(default_factory=dict[str, Any])
    scanner: LeakScanner = field(default_factory=LeakScanner, repr=False)
    people: PersonRedactor | None = field(default=None, repr=False)
    is_kept: bool = True
    not_recorded: list[str] = field(default_factory=list[str])
    recorded_count: int = 0
    error: Exception | None = field(default=None, repr=False)
    _counts: list[int] = field(default_factory=list[int])
    _loaded: list[RecordedAnswer] = field(default_factory=list[RecordedAnswer], repr=False)
    _cassette: "PlayedCassette | None" = field(default=None, repr=False)

    @property
    def left(self) -> int:
        """How many recorded interactions have not been played."""
        return sum(self._counts) - len(self._played())

    @property
    def played_count(self) -> int:
        """How many recorded interactions have been played."""
        return len(self._played())

    def list_unplayed(self) -> list[Path]:
        """Return the cassettes of which nothing was played."""
        played, start, found = self._played(), 0, list[Path]()
        for path, count in zip(self.paths, self._counts, strict=True):
            if not any(start <= number < start + count for number in played):
                found.append(path)
            start += count
        return found

    def list_unused(self) -> list[str]:
        """Return the recorded calls that were not made, in order."""
        played = self._played()
        calls = [one.key for number, one in enumerate(self._loaded) if number not in played]
        return [describe_target(call) for call in calls]

    def load(self) -> tuple[list[Any], list[Any]]:
        """Return requests and responses as vcrpy has them; raise CassetteUnreadable or OSError."""
        files = [read_cassette(path) for path in self.paths]
        self._counts = [len(one) for one in files]
        self._loaded = recordings = [one for each in files for one in each]
        if not recordings and not self.paths:
            raise CassetteNotFoundError
        no_headers: dict[str, str] = {}
        requests = [Request(*one.key, no_headers) for one in recordings]
        return requests, [_as_vcrpy_response(one) for one in recordings]

    def save(self, requests: Sequence[Any], responses: Sequence[Any]) -> None:
        """Write what was recorded; an error is kept, to be raised when vcrpy's patches are gone."""
        if not self.is_kept or self.target is None:
            return
        try:
            pairs = zip(requests, responses, strict=True)
            recorded = [from_vcrpy(request, response) for request, response in pairs]
            people = self._choose_people(recorded)
            made = make_recording(recorded, IdAliases.after(recorded), self.scanner, people)
            content = serialize_with_vcrpy(made)
            if people is not None:
                people.check(content, str(self.target))
            self.target.parent.mkdir(parents=True, exist_ok=True)
            self.scanner.write_file(self.target, content)
        except Exception as error:  # noqa: BLE001 — raised again when the block is left
            self.error = error

    def _choose_people(self, recorded: Sequence[Interaction]) -> PersonRedactor | None:
        if self.people is None:
            return None
        people = self.people.keeping(keep_sent_texts(recorded, self.people))
        accept_stand_ins(self._loaded, people)
        return people

    def is_passed(self, request: Any) -> bool:
        """Return whether a request is none of the cassette's business."""
        if self.passed_header and self.passed_header in request.headers:
            return True
        if is_under(request.uri, self.service) or is_under(request.uri, ADDRESS):
            return False
        return (request.host or "").lower() in self.passed_hosts

    def make_canonical_request(self, request: Any) -> Any:
        """Return a request as a cassette holds it; its secrets are known to the scanner then."""
        headers = {name.lower(): _as_text(value) for name, value in request.headers.items()}
        for name in CREDENTIAL_NAMES:
            if is_searched_for(name, headers.get(name, "")):
                self.scanner.add_secret(headers[name])
        self.scanner.add_secret(headers.get("authorization", "").partition(" ")[2])
        uri = request.uri
        if is_under(uri, self.service):
            uri = ADDRESS + uri[len(self.service) :]
        kept = select_headers({name: [text] for name, text in headers.items()}, REQUEST_HEADERS)
        body = request.body_bytes
        shown = body if isinstance(body, bytes) else b"" if body is None else str(body).encode()
        one_each = {name: values[0] for name, values in kept.items()}
        return Request(request.method, uri, shorten_body(shown), one_each)

    def start(self, cassette: "PlayedCassette") -> None:
        """Note the cassette that plays this."""
        self._cassette = cassette

    def _played(self) -> set[int]:
        if self._cassette is None:
            return set()
        counts: Mapping[int, int] = self._cassette.play_counts
        return {number for number, count in counts.items() if count and number < sum(self._counts)}


_VcrCassette = cast("Any", vcr.cassette.Cassette)


class PlayedCassette(_VcrCassette):
    """vcrpy's cassette, for a `Playback`.

    Clients may sign in as often as they like: what was recorded is given again, and where nothing
    was, a token.
    """

    custom_patches: tuple[Any, ...]

    def __init__(self, *, playback: Playback, **options: Any) -> None:
        _inherited(super()).__init__(**options)
        self._playback = playback
        self._play_lock = threading.RLock()
        self._is_loaded = False
        self.custom_patches = (*self.custom_patches, *make_client_patches(self))
        playback.start(self)

    def can_play_response_for(self, request: Any) -> bool:
        """Return whether the request is answered from here; raise CallNotRecorded if it must be."""
        __tracebackhide__ = True
        if _inherited(super()).can_play_response_for(request):
            return True
        kept = self.filter_request(request)
        if not kept:
            return False
        if self.write_protected and not _is_sign_in(kept):
            raise self._refuse(kept)
        return self.write_protected

    def play_response(self, request: Any) -> Any:
        """Return the answer to a request, each once."""
        __tracebackhide__ = True
        with self._play_lock:
            try:
                return _inherited(super()).play_response(request)
            except UnhandledHTTPRequestError:
                kept = self.filter_request(request)
                if not _is_sign_in(kept):
                    # Another thread was answered meanwhile.
                    raise self._refuse(kept) from None
                return self._sign_in()

    def append(self, request: Any, response: Any) -> None:
        """Keep an interaction; count those that are new."""
        before = len(self)
        _inherited(super()).append(request, response)
        if self._is_loaded:
            self._playback.recorded_count += len(self) - before

    def _load(self) -> None:
        """Read the cassettes: vcrpy calls this when the cassette is made."""
        read = _inherited(super())._load  # noqa: SLF001 — what vcrpy calls
        read()
        self._is_loaded = True

    def _sign_in(self) -> Any:
        for request, response in reversed(self.data):
            if _is_sign_in(request):
                return response
        return _as_vcrpy_response(
            RecordedAnswer(
                ("POST", _SIGN_IN, b""),
                200,
                [(b"content-type", b"application/json")],
                b"OK",
                None,
                b'{"token": "%s"}' % RECORDED_TOKEN.encode(),
            )
        )

    def _refuse(self, request: Any) -> CallNotRecorded:
        call = _as_key(request)
        calls = [_as_key(one) for one in self.requests]
        if any(True for _ in self._responses(request)):
            why = " more often. Allow that with allow_playback_repeats=True, or record it again."
        else:
            why = f". {describe_nearest(call, calls)}"
        message = f"{describe_target(call)} was not recorded{why}"
        self._playback.not_recorded.append(message)
        return CallNotRecorded(message, self, request)


@contextmanager
def play(playback: Playback, *, record_mode: str = "none") -> Generator[Playback]:
    """Answer every client of this process from the cassettes while the block runs.

    The network is blocked while nothing is recorded, except for the hosts that are let through.
    `record_mode` is one of vcrpy's, or `rewrite`: as if there were no cassette yet. What was
    recorded is written at the end, unless `is_kept` was set to False.

    Raises CassetteUnreadable or OSError for a cassette that cannot be read, ValueError or KeyError
    for an option that vcrpy refuses, SecretLeak where a secret would have been written.
    """
    options = _make_options(playback, record_mode)
    cassette_class: Any = PlayedCassette
    with cassette_class.use(**options, playback=playback) as cassette, share_resets():
        if cassette.write_protected:
            own = (playback.service, ADDRESS)
            with block_network(allowed=playback.passed_hosts, refused=own):
                yield playback
        else:
            yield playback
    if playback.error is not None:
        raise playback.error


def is_under(address: str, service: str) -> bool:
    """Return whether an address is one of this service."""
    return address.startswith(service) and address[len(service) :][:1] in {"", "/", "?"}


def _make_options(playback: Playback, record_mode: str) -> dict[str, Any]:
    """Return what a cassette is made with, from the options of vcrpy's `use_cassette`."""
    given = dict(playback.options)
    hooks = given.pop("before_record_request", None) or ()
    hooks = tuple(cast("Any", hooks)) if isinstance(hooks, list | tuple) else (hooks,)

    def let_pass(request: Any) -> Any:
        return None if playback.is_passed(request) else request

    class PlaybackPersister:
        """Reads and writes for one playback; vcrpy names the path, which is not needed."""

        @staticmethod
        def load_cassette(cassette_path: Any, serializer: Any) -> Any:
            """Return the interactions, as if there were none where they are to be replaced."""
            del cassette_path, serializer
            if record_mode == "rewrite":
                raise CassetteNotFoundError
            return playback.load()

        @staticmethod
        def save_cassette(cassette_path: Any, cassette_dict: Any, serializer: Any) -> None:
            """Write the interactions."""
            del cassette_path, serializer
            playback.save(cassette_dict["requests"], cassette_dict["responses"])

    def order_free(one: Any, other: Any) -> bool:
        return make_order_free_key(_as_key(one)) == make_order_free_key(_as_key(other))

    make: Any = vcr.VCR
    maker = make(record_mode="all" if record_mode == "rewrite" else record_mode)
    maker.register_persister(PlaybackPersister)
    maker.register_matcher("order_free", order_free)
    exact = ("method", "uri", "raw_body")
    given.setdefault("match_on", ("order_free",) if playback.is_order_free else exact)
    given["skip_patchers"] = (*given.get("skip_patchers", ()), *REPLACED_PATCHERS)
    given["before_record_request"] = (let_pass, *hooks, playback.make_canonical_request)
    path = playback.target or (playback.paths[0] if playback.paths else "cassette")
    merged: dict[str, Any] = maker.get_merged_config(path=str(path), **given)
    unneeded = ("path_transformer", "func_path_generator", "record_on_exception")
    return {name: value for name, value in merged.items() if name not in unneeded}


def _inherited(base: Any) -> Any:
    """Return what a class of vcrpy does, which has no types."""
    return base


def _is_sign_in(request: Any) -> bool:
    return request.method == "POST" and request.uri == _SIGN_IN


def _as_key(request: Any) -> CallKey:
    return request.method, request.uri, request.body or b""


def _as_text(value: Any) -> str:
    if isinstance(value, list | tuple):
        value = cast("Any", value)[0] if value else ""
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)


def _as_vcrpy_response(recorded: RecordedAnswer) -> dict[str, Any]:
    headers: dict[str, list[str]] = {}
    for name, value in recorded.headers:
        headers.setdefault(name.decode("latin-1"), []).append(value.decode("latin-1"))
    return {
        "status": {"code": recorded.status, "message": recorded.reason.decode("latin-1")},
        "headers": headers,
        "body": {"string": recorded.body},
    }
