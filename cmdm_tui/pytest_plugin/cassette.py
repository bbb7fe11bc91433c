"""Cassettes instead of the network: every httpx client of a test is answered from them."""

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import httpx
import pytest

from cmdm_tui.api import Client, Credentials, SecretStr
from cmdm_tui.harness.cassettes import IndexedTransport, NotInCassette
from cmdm_tui.harness.cassettes.format import ADDRESS, API_PATH, RECORDED_TOKEN
from cmdm_tui.harness.cassettes.library import CASSETTE_SUFFIX, KINDS, built_in_folder
from cmdm_tui.harness.cassettes.network_block import block_network

_SIGN_IN = f"{ADDRESS}{API_PATH}/authenticate"


class CassetteMissing(Exception):
    """There is no cassette that a test names; the message says where it was searched."""


class SignInTransport(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """Answers from cassettes, and lets a client sign in where they hold no sign-in."""

    def __init__(self, recorded: IndexedTransport) -> None:
        self._recorded = recorded

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Answer a call of a sync client."""
        try:
            return self._recorded.handle_request(request)
        except NotInCassette:
            if not _is_sign_in(request):
                raise
            return _answer_sign_in(request)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Answer a call of an async client."""
        try:
            return await self._recorded.handle_async_request(request)
        except NotInCassette:
            if not _is_sign_in(request):
                raise
            return _answer_sign_in(request)


@dataclass(frozen=True, slots=True)
class Cassette:
    """Recorded sessions. `url` is the address before `/api/v1`, for a client to use.

    `transport` answers sync and async clients; within a test every client uses it.
    """

    recorded: IndexedTransport
    transport: SignInTransport
    url: str = ADDRESS

    @classmethod
    def of(cls, names: Sequence[str], *, beside: Path, folder: Path) -> Self:
        """Return the cassettes of these names together, or raise CassetteMissing.

        A name is a file next to the test or in the folder of the ini file; else the name of a case
        in that folder's kinds, or of a case that comes with cmdm.
        """
        recorded = IndexedTransport.of(*(_find_cassette(name, beside, folder) for name in names))
        return cls(recorded, SignInTransport(recorded))

    @property
    def left(self) -> int:
        """How many recorded calls have not been made."""
        return self.recorded.left

    def client(self) -> Client:
        """Return an asynchronous client that is answered from here."""
        secret = SecretStr("recorded")
        credentials = Credentials(secret, secret, "recorded", secret)
        return Client(self.url, credentials, transport=self.transport)


@contextmanager
def play_cassette(cassette: Cassette) -> Generator[None]:
    """Answer every httpx client of this process from the cassette, and block the network."""

    def answer(_: object, request: httpx.Request) -> httpx.Response:
        return cassette.transport.handle_request(request)

    async def answer_later(_: object, request: httpx.Request) -> httpx.Response:
        return await cassette.transport.handle_async_request(request)

    with pytest.MonkeyPatch.context() as patch, block_network():
        patch.setattr(httpx.HTTPTransport, "handle_request", answer)
        patch.setattr(httpx.AsyncHTTPTransport, "handle_async_request", answer_later)
        yield


def _find_cassette(name: str, beside: Path, folder: Path) -> Path:
    file = name if Path(name).suffix else f"{name}{CASSETTE_SUFFIX}"
    roots = [beside, folder, *(folder / kind for kind in KINDS)]
    roots += [built_in_folder() / kind for kind in KINDS]
    for root in roots:
        if (root / file).is_file():
            return root / file
    message = (
        f"There is no cassette {file} next to the test, in {folder}, or among those of cmdm. "
        "cmdm cases list names these; cmdm record makes one."
    )
    raise CassetteMissing(message)


def _is_sign_in(request: httpx.Request) -> bool:
    return request.method == "POST" and str(request.url) == _SIGN_IN


def _answer_sign_in(request: httpx.Request) -> httpx.Response:
    return httpx.Response(200, json={"token": RECORDED_TOKEN}, request=request)
