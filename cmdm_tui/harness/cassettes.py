"""Cassettes: recorded under vcrpy, canonical and free of secrets; replayed exactly.

A recording says nothing of where and when it was made: the address is always `ADDRESS`, headers
come from a short list, tokens are synthetic, and the ids of records made on the way are numbered.
"""

import re
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import vcr  # pyright: ignore[reportMissingTypeStubs]
import yaml
from vcr.persisters.filesystem import (  # pyright: ignore[reportMissingTypeStubs]
    FilesystemPersister,
)
from vcr.serialize import serialize  # pyright: ignore[reportMissingTypeStubs, reportUnknownVariableType]

from cmdm_tui.config.files import replace_file
from cmdm_tui.harness.guard import refuse_secrets

ADDRESS = "http://127.0.0.1:8765"
"""The address in every cassette, which a replaying client is to use."""

TOKEN = "recorded-token"  # noqa: S105 — it stands for every token
MOST_INTERACTIONS = 50
"""Replay by vcrpy takes quadratic time, so a cassette is kept short."""

_REQUEST_HEADERS = {"content-type"}
_RESPONSE_HEADERS = {
    "allow", "content-type", "date", "retry-after", "x-rate-limit-limit", "x-rate-limit-remaining",
    "x-rate-limit-reset", "x-token-reset",
}  # fmt: skip
_TOKEN_IN_BODY = re.compile(rb'("token"\s*:\s*")([^"\\]*)(")')
_NEW_ID = re.compile(r'"(?:Account )?ExternalID"\s*:\s*"([A-Z0-9]{8})"\s*\}')

Interactions = dict[str, Any]


class Tape:
    """A recording: the ids of the records made on the way, and what they are called in it."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}

    def canonical(self, text: str) -> str:
        """Return `text` with the ids of new records numbered in their order of appearance."""
        for external_id in _NEW_ID.findall(text):
            self._names.setdefault(external_id, f"NEW{len(self._names) + 1:05}")
        for external_id, name in self._names.items():
            text = text.replace(external_id, name)
        return text


@contextmanager
def recording(path: Path, *, url: str, secrets: set[str]) -> Generator[Tape]:
    """Record what the block sends to `url` into the cassette at `path`, anew.

    `secrets` are the values that must not get out; tokens received join them. Raises SecretLeak,
    and writes nothing, if one would.
    """
    known = set(secrets)
    tape = Tape()

    def without_secrets(response: dict[str, Any]) -> dict[str, Any]:
        body: bytes = response["body"]["string"]
        known.update(found[1].decode("latin-1") for found in _TOKEN_IN_BODY.findall(body))
        return {
            "status": response["status"],
            "headers": _allowed(response["headers"], _RESPONSE_HEADERS),
            "body": {"string": _TOKEN_IN_BODY.sub(rb"\1" + TOKEN.encode() + rb"\3", body)},
        }

    path.unlink(missing_ok=True)
    recorder = _recorder(_canonical_request(url))
    recorder.register_persister(_persister(tape, known))
    with recorder.use_cassette(
        str(path), record_mode="all", before_record_response=without_secrets
    ):
        yield tape


@contextmanager
def replaying(path: Path) -> Generator[None]:
    """Answer what the block sends to `ADDRESS` from the cassette at `path`: exactly, each once.

    Matched are the method, the whole address and the raw body. Raises AssertionError where the
    block ends with interactions left over.
    """
    if not path.is_file():
        message = f"There is no cassette {path}. Record it with scripts/record."
        raise FileNotFoundError(message)
    recorder = _recorder(_canonical_request(ADDRESS))
    with recorder.use_cassette(str(path), record_mode="none") as cassette:
        yield
        left = len(cassette) - cassette.play_count
        if left:
            message = f"{left} of {len(cassette)} interactions in {path.name} were not replayed"
            raise AssertionError(message)


def _recorder(canonical: Callable[[Any], Any]) -> Any:
    recorder: Any = vcr.VCR(
        match_on=("method", "uri", "raw_body"), before_record_request=canonical, serializer="yaml"
    )
    return recorder


def _canonical_request(url: str) -> Callable[[Any], Any]:
    def canonical(request: Any) -> Any:
        request.uri = ADDRESS + request.uri.removeprefix(url)
        request.headers = _allowed(request.headers, _REQUEST_HEADERS)
        return request

    return canonical


def _allowed(headers: Mapping[str, Any], names: set[str]) -> dict[str, Any]:
    return {name.lower(): headers[name] for name in sorted(headers) if name.lower() in names}


def _persister(tape: Tape, secrets: set[str]) -> type[FilesystemPersister]:
    class GuardedPersister(FilesystemPersister):
        """Writes a cassette whole or not at all, and never with a secret in it."""

        @staticmethod
        def save_cassette(cassette_path: Any, cassette_dict: Interactions, serializer: Any) -> None:
            count = len(cassette_dict["requests"])
            if count > MOST_INTERACTIONS:
                message = f"{count} interactions are too many for one cassette; split the case."
                raise ValueError(message)
            text = tape.canonical(cast("str", serialize(cassette_dict, serializer)))
            content = text.encode("utf-8")
            refuse_secrets(content, secrets, place=str(cassette_path))
            replace_file(Path(cassette_path), content)

    return GuardedPersister


def read_interactions(path: Path) -> list[tuple[str, str, int]]:
    """Return method, path and status of each interaction in a cassette."""
    content: Any = yaml.load(path.read_bytes(), Loader=yaml.CSafeLoader)
    return [
        (
            interaction["request"]["method"],
            interaction["request"]["uri"].removeprefix(ADDRESS),
            interaction["response"]["status"]["code"],
        )
        for interaction in content["interactions"]
    ]
