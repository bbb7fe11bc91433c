"""Records and replays cassettes under vcrpy: canonical bytes, free of secrets."""

import gzip
import zlib
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import vcr  # pyright: ignore[reportMissingTypeStubs]
import vcr.cassette  # pyright: ignore[reportMissingTypeStubs]
from vcr.errors import (  # pyright: ignore[reportMissingTypeStubs]
    CannotOverwriteExistingCassetteException,
)
from vcr.persisters.filesystem import (  # pyright: ignore[reportMissingTypeStubs]
    CassetteNotFoundError,
    FilesystemPersister,
)
from vcr.request import Request  # pyright: ignore[reportMissingTypeStubs]
from vcr.serialize import serialize  # pyright: ignore[reportMissingTypeStubs, reportUnknownVariableType]
from vcr.serializers import yamlserializer  # pyright: ignore[reportMissingTypeStubs]

from cmdm_tui.harness.cassettes.format import (
    ADDRESS,
    REQUEST_HEADERS,
    IdAliases,
    Interaction,
    from_exchange,
    make_canonical,
    select_headers,
    shorten_body,
)
from cmdm_tui.harness.cassettes.people import redact_interactions
from cmdm_tui.harness.cassettes.rerecording import is_answered_as_before
from cmdm_tui.harness.errors import HarnessError
from cmdm_tui.harness.exchange import Exchange, OutgoingRequest, join_path
from cmdm_tui.harness.service import CASE_MARK
from cmdm_tui.redaction.leak_scanner import LeakScanner
from cmdm_tui.redaction.people.person_redactor import PersonRedactor
from cmdm_tui.text import one_line

MAX_INTERACTIONS = 50
"""Replay by vcrpy takes quadratic time, so a cassette is short."""

_GZIP_START, _ZLIB_START = b"\x1f\x8b", b"\x78"

NotRecorded = CannotOverwriteExistingCassetteException


class UndecodableBody(HarnessError):
    """A body is not in the coding that its answer says, or in one that is not read; a sentence."""


class RecordingSession:
    """A recording in progress: the exact target of the last request, and the ids created so far.

    `mark` is the mark of the run. With `keeps_unchanged`, a cassette that is there stays as it is
    where the answers differ from it in times and counts alone.
    """

    def __init__(self, mark: str = CASE_MARK, *, keeps_unchanged: bool = False) -> None:
        self.aliases = IdAliases(mark)
        self.keeps_unchanged = keeps_unchanged
        self.is_kept = True
        self.error: Exception | None = None
        self._last_target: str | None = None

    def discard(self) -> None:
        """Write no cassette of this session."""
        self.is_kept = False

    def note_request(self, outgoing: OutgoingRequest) -> None:
        """Note what is sent next: httpx would write its target differently."""
        self._last_target = join_path(outgoing.target, is_from_root=outgoing.is_from_root)

    def cassette_uri(self, uri: str, url: str) -> str:
        """Return a request's address for the cassette; `url` is the service's own."""
        if self._last_target is not None:
            return ADDRESS + self._last_target
        return ADDRESS + uri.removeprefix(url)


@contextmanager
def record_cassette(
    path: Path,
    *,
    url: str,
    scanner: LeakScanner,
    mark: str = CASE_MARK,
    keeps_unchanged: bool = False,
    people: PersonRedactor | None = None,
) -> Generator[RecordingSession]:
    """Record what the block sends to `url` into a new cassette at `path`.

    `mark` is in what the block creates. With `keeps_unchanged`, the cassette that is there stays
    where only times and counts differ from it. `people` replaces the people in it.

    Raises SecretLeak, and writes nothing, where one of the scanner's secrets or a token received
    would get out. Where the block fails, nothing is written either.
    """
    session = RecordingSession(mark, keeps_unchanged=keeps_unchanged)
    recorder = _make_recorder(lambda uri: session.cassette_uri(uri, url), shortens=False)
    recorder.register_persister(_make_persister(session, scanner, people))
    with recorder.use_cassette(str(path), record_mode="all", record_on_exception=False):
        yield session
    if session.error is not None:
        raise session.error


@contextmanager
def replay_with_vcrpy(path: Path, *, session: RecordingSession | None = None) -> Generator[None]:
    """Answer what the block sends to `ADDRESS` from the cassette at `path`, each answer once.

    Method, whole address and raw body must match. Raises NotRecorded for a call that
    is not in it, AssertionError where the block ends with interactions left over.
    """
    if not path.is_file():
        message = f"There is no cassette {path}. Record it with cmdm record."
        raise FileNotFoundError(message)
    playing = session or RecordingSession()
    recorder = _make_recorder(lambda uri: playing.cassette_uri(uri, ADDRESS))
    with recorder.use_cassette(str(path), record_mode="none") as cassette:
        yield
        left = len(cassette) - cassette.play_count
        if left:
            message = f"{left} of {len(cassette)} interactions in {path.name} were not replayed"
            raise AssertionError(message)


def write_cassette(
    path: Path,
    exchanges: Iterable[Exchange],
    scanner: LeakScanner,
) -> None:
    """Write a cassette from exchanges. Those without an answer are left out.

    Their people are replaced already, where they are to be. Raises SecretLeak, and writes nothing,
    where a secret would get out.
    """
    interactions = [from_exchange(exchange) for exchange in exchanges if exchange.status]
    made = make_recording(interactions, IdAliases(), scanner)
    scanner.write_file(path, encode_recording(made, place=str(path)))


def make_recording(
    interactions: Iterable[Interaction],
    aliases: IdAliases,
    scanner: LeakScanner,
    people: PersonRedactor | None = None,
) -> list[Interaction]:
    """Return what was recorded as a cassette holds it, its people replaced by `people`.

    Raises RedactionHookFailed where a user's function fails.
    """
    if people is None:
        return make_canonical(interactions, aliases, scanner)
    redact = partial(redact_interactions, people=people)
    return make_canonical(interactions, aliases, scanner, redact)


def encode_recording(
    made: list[Interaction], people: PersonRedactor | None = None, *, place: str
) -> bytes:
    """Return what `make_recording` has returned as the bytes of a cassette.

    Raises PersonLeft where a person is left in it, which names `place`, and ValueError for a
    recording that is too long.
    """
    content = encode_cassette(made)
    if people is not None:
        people.check(content, place)
    return content


def encode_cassette(interactions: list[Interaction]) -> bytes:
    """Return the bytes of a cassette. Raises ValueError for one that is too long."""
    if len(interactions) > MAX_INTERACTIONS:
        message = f"{len(interactions)} interactions are too many for one cassette; split the case."
        raise ValueError(message)
    return serialize_with_vcrpy(interactions)


def load_with_vcrpy(path: Path) -> Any:
    """Return the cassette as vcrpy opens it."""
    cassette: Any = vcr.cassette.Cassette
    return cassette.load(path=str(path))


def serialize_with_vcrpy(interactions: list[Interaction]) -> bytes:
    """Return the bytes that vcrpy writes for these interactions."""
    requests = [
        Request(one.method, one.uri, one.request_body, one.request_headers) for one in interactions
    ]
    responses = [
        {
            "status": {"code": one.status, "message": one.reason},
            "headers": one.headers,
            "body": {"string": one.body},
        }
        for one in interactions
    ]
    content: Any = {"requests": requests, "responses": responses}
    return serialize(content, yamlserializer).encode("utf-8")


def _make_recorder(address: Callable[[str], str], *, shortens: bool = True) -> Any:
    def before_record(request: Any) -> Any:
        request.uri = address(request.uri)
        request.headers = select_headers(
            {name: [value] for name, value in request.headers.items()}, REQUEST_HEADERS
        )
        # A recording shortens bodies last, when what is in them has been replaced.
        request.body = shorten_body(request.body or b"") if shortens else request.body or b""
        return request

    recorder: Any = vcr.VCR(
        match_on=("method", "uri", "raw_body"),
        before_record_request=before_record,
        serializer="yaml",
    )
    return recorder


def _make_persister(
    session: RecordingSession, scanner: LeakScanner, people: PersonRedactor | None
) -> type[FilesystemPersister]:
    class GuardedPersister(FilesystemPersister):
        """Writes a cassette whole or not at all, and never with a secret in it."""

        @classmethod
        def load_cassette(cls, cassette_path: Any, serializer: Any) -> Any:
            """Find nothing: every recording starts from nothing."""
            del cassette_path, serializer
            raise CassetteNotFoundError

        @staticmethod
        def save_cassette(cassette_path: Any, cassette_dict: Any, serializer: Any) -> None:
            """Write what was recorded."""
            del serializer
            if not session.is_kept:
                return
            pairs = zip(cassette_dict["requests"], cassette_dict["responses"], strict=True)
            try:
                recorded = [from_vcrpy(request, response) for request, response in pairs]
                path = Path(cassette_path)
                made = make_recording(recorded, session.aliases, scanner, people)
                content = encode_recording(made, people, place=str(path))
                scanner.check(content, str(path))
                if not (
                    session.keeps_unchanged and is_answered_as_before(path, made, encode_cassette)
                ):
                    scanner.write_file(path, content)
            except Exception as error:  # noqa: BLE001 — raised again when the block is left
                # Raised here, it would keep vcrpy from removing its patches, and they would be
                # removed in the middle of a later recording.
                session.error = error

    return GuardedPersister


def from_vcrpy(request: Any, response: Any) -> Interaction:
    """Return an interaction of vcrpy, not yet canonical; its body without its compression.

    Raises UndecodableBody.
    """
    headers = {name.lower(): values for name, values in response["headers"].items()}
    return Interaction(
        request.method,
        request.uri,
        {name: [value] for name, value in request.headers.items()},
        request.body or b"",
        response["status"]["code"],
        response["status"]["message"],
        headers,
        _decompress(response["body"].get("string") or b"", headers.get("content-encoding", [])),
    )


def _decompress(body: bytes, codings: list[str]) -> bytes:
    """Return a body without its compression, whose header is not recorded.

    A client may have removed the compression, and not the header. Raises UndecodableBody.
    """
    for coding in reversed(",".join(codings).replace(" ", "").lower().split(",")):
        shown = one_line(coding, 40)
        try:
            if coding in {"gzip", "x-gzip"}:
                body = gzip.decompress(body) if body.startswith(_GZIP_START) else body
            elif coding == "deflate":
                body = zlib.decompress(body) if body[:1] == _ZLIB_START else body
            elif coding not in {"", "identity"} and not _is_text(body):
                message = f"A body in the coding {shown} cannot be recorded: it is not read here."
                raise UndecodableBody(message)
        except (OSError, EOFError, zlib.error):
            message = f"A body cannot be recorded: it is not the {shown} that its answer says."
            raise UndecodableBody(message) from None
    return body


def _is_text(body: bytes) -> bool:
    try:
        body.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
