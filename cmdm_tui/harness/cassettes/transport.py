"""An httpx transport that answers from cassettes: by an index, from memory, for many at once."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Self

import httpx

from cmdm_tui.harness.cassettes.canonical_yaml import CallKey, RecordedAnswer
from cmdm_tui.harness.cassettes.format import ADDRESS
from cmdm_tui.harness.cassettes.player import (
    CassettePlayer,
    PlayedOutCall,
    UnrecordedCall,
    UnusedAnswers,
)
from cmdm_tui.harness.cassettes.reader import read_cassette


class NotInCassette(httpx.ConnectError):
    """A call that was never recorded: nothing is sent instead."""


class Exhausted(NotInCassette):
    """A call that was recorded, but fewer times."""


class IndexedTransport(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """Answers calls to `ADDRESS` from recorded interactions, for sync and async clients.

    A call is found by its method, whole address and raw body, in constant time. Equal calls are
    answered in the order they were recorded, each once; with `repeats`, the last answer is given
    again. May be used by several clients, tasks and threads.

    `restate` gives a call that was not recorded another form, in which it is looked for: with its
    people replaced, as they were in the recording (`people.redact_key`).
    """

    def __init__(
        self,
        recordings: Iterable[RecordedAnswer],
        *,
        repeats: bool = False,
        restate: Callable[[CallKey], CallKey] | None = None,
    ) -> None:
        self._player = CassettePlayer(recordings, most_plays=None if repeats else 1)
        self._restate = restate

    @classmethod
    def of(cls, *paths: Path, repeats: bool = False) -> Self:
        """Return a transport that answers from these cassettes, in this order.

        Raises OSError where one cannot be read, CassetteUnreadable where it is not a cassette.
        """
        return cls((one for path in paths for one in read_cassette(path)), repeats=repeats)

    def __len__(self) -> int:
        return len(self._player)

    @property
    def left(self) -> int:
        """How many interactions have not been played."""
        return self._player.left

    def list_unused(self) -> list[UnusedAnswers]:
        """Return the calls whose answers have not all been played, in the order recorded."""
        return self._player.list_unused()

    def rewind(self) -> None:
        """Begin again."""
        self._player.rewind()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Answer a call of a sync client."""
        return self._answer(request, request.read())

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Answer a call of an async client."""
        return self._answer(request, await request.aread())

    def _answer(self, request: httpx.Request, body: bytes) -> httpx.Response:
        call = (request.method, _recorded_address(request), body)
        try:
            answer = self._play(call)
        except PlayedOutCall as error:
            raise Exhausted(str(error), request=request) from None
        except UnrecordedCall as error:
            raise NotInCassette(str(error), request=request) from None
        return httpx.Response(
            answer.status,
            headers=answer.headers,
            stream=httpx.ByteStream(answer.body),
            extensions={"reason_phrase": answer.reason},
            request=request,
        )

    def _play(self, call: CallKey) -> RecordedAnswer:
        try:
            return self._player.play(call)
        except PlayedOutCall:
            raise
        except UnrecordedCall:
            if self._restate is None:
                raise
            return self._player.play(self._restate(call))


def _recorded_address(request: httpx.Request) -> str:
    target = request.extensions.get("target")
    return str(request.url) if target is None else ADDRESS + target.decode("ascii", "replace")
