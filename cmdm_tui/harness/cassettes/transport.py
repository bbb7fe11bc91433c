"""An httpx transport that answers from cassettes: by an index, from memory, for many at once."""

import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Self

import httpx

from cmdm_tui.harness.cassettes.canonical_yaml import CallKey, RecordedAnswer
from cmdm_tui.harness.cassettes.format import ADDRESS, shorten_body
from cmdm_tui.harness.cassettes.reader import read_cassette
from cmdm_tui.text import one_line


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
        self._lock = threading.Lock()
        self._answers: dict[CallKey, list[RecordedAnswer]] = {}
        self._played_counts: dict[CallKey, int] = {}
        self._repeats = repeats
        self._restate = restate
        self._count = 0
        for recording in recordings:
            self._answers.setdefault(recording.key, []).append(recording)
            self._count += 1

    @classmethod
    def of(cls, *paths: Path, repeats: bool = False) -> Self:
        """Return a transport that answers from these cassettes, in this order.

        Raises OSError where one cannot be read, CassetteUnreadable where it is not a cassette.
        """
        return cls((one for path in paths for one in read_cassette(path)), repeats=repeats)

    def __len__(self) -> int:
        return self._count

    @property
    def left(self) -> int:
        """How many interactions have not been played."""
        with self._lock:
            return self._count - sum(
                min(played, len(self._answers[key])) for key, played in self._played_counts.items()
            )

    def rewind(self) -> None:
        """Begin again."""
        with self._lock:
            self._played_counts.clear()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Answer a call of a sync client."""
        return self._answer(request, request.read())

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Answer a call of an async client."""
        return self._answer(request, await request.aread())

    def _answer(self, request: httpx.Request, body: bytes) -> httpx.Response:
        address = _recorded_address(request)
        key = (request.method, address, shorten_body(body))
        with self._lock:
            answers = self._answers.get(key)
            if answers is None and self._restate is not None:
                method, address, sent = self._restate((request.method, address, body))
                key = (method, address, shorten_body(sent))
                answers = self._answers.get(key)
            if answers is None:
                raise NotInCassette(_describe_unrecorded(key), request=request)
            played = self._played_counts.get(key, 0)
            if played >= len(answers) and not self._repeats:
                times = "once" if played == 1 else f"{played} times"
                message = f"{_describe_unrecorded(key)} more than {times}"
                raise Exhausted(message, request=request)
            self._played_counts[key] = played + 1
            answer = answers[min(played, len(answers) - 1)]
        return httpx.Response(
            answer.status,
            headers=answer.headers,
            stream=httpx.ByteStream(answer.body),
            extensions={"reason_phrase": answer.reason},
            request=request,
        )


def _recorded_address(request: httpx.Request) -> str:
    target = request.extensions.get("target")
    return str(request.url) if target is None else ADDRESS + target.decode("ascii", "replace")


def _describe_unrecorded(key: CallKey) -> str:
    method, address, body = key
    sent = f" with a body of {len(body)} bytes" if body else ""
    return f"{method} {one_line(address.removeprefix(ADDRESS), 120)}{sent} was not recorded"
