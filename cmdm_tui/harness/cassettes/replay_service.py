"""Cassettes as a service for clients of any language: requests in, recorded answers out.

A server gives it each request and sends what it returns; it opens no connection itself.
"""

import json
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from cmdm_tui.harness.cassettes.canonical_yaml import CallKey, RecordedAnswer
from cmdm_tui.harness.cassettes.format import ADDRESS, API_PATH, RECORDED_TOKEN
from cmdm_tui.harness.cassettes.matching import (
    make_exact_key,
    make_order_free_key,
    strip_origin,
    without_origin,
)
from cmdm_tui.harness.cassettes.player import (
    CassettePlayer,
    PlayedOutCall,
    UnrecordedCall,
    UnusedAnswers,
)
from cmdm_tui.harness.http.end_to_end import RawHeaders, select_end_to_end

NOT_RECORDED = 501
"""The status for a call that no cassette holds: no recorded service answers so."""

MOST_KEPT = 1_000
"""The first calls that were not recorded are kept, up to this number, and all are counted."""

_ADDRESS = ADDRESS.encode()
_SIGN_IN = f"{API_PATH}/authenticate"
_WRITTEN_HERE = frozenset({b"content-length"})


@dataclass(frozen=True, slots=True)
class ServedAnswer:
    """An answer to be sent; `problem` says why it is not a recorded one."""

    status: int
    headers: RawHeaders
    body: bytes
    problem: str = ""


class ReplayService:
    """Answers calls by their method, path, query and body, whatever server they were recorded of.

    With `is_order_free`, parameters and JSON are compared without their order (`matching`). The
    last of equal answers is given `most_plays` times, None for no limit. Clients may sign in as
    often as they like: what was recorded is given again, and where nothing was, a token.
    """

    def __init__(
        self,
        recordings: Iterable[RecordedAnswer],
        *,
        is_order_free: bool = False,
        most_plays: int | None = 1,
    ) -> None:
        kept = list(recordings)
        make_key = make_order_free_key if is_order_free else make_exact_key
        self._player = CassettePlayer(
            kept, make_key=without_origin(make_key), most_plays=most_plays
        )
        self._is_order_free = is_order_free
        self._kept = kept
        self._lock = threading.Lock()
        self._answered = 0
        self._refused: list[str] = []
        self._refused_count = 0

    def __len__(self) -> int:
        return len(self._player)

    @property
    def answered(self) -> int:
        """How many calls have been answered as recorded, sign-ins included."""
        return self._answered

    @property
    def refused(self) -> Sequence[str]:
        """What was not recorded, a sentence a call, in order; the first `MOST_KEPT` of them."""
        return self._refused

    @property
    def refused_count(self) -> int:
        """How many calls were not recorded."""
        return self._refused_count

    def rewind(self) -> None:
        """Begin again: every recorded answer can be given again. What was refused stays counted."""
        self._player.rewind()

    def list_unused(self) -> list[UnusedAnswers]:
        """Return the recorded calls that have not been made."""
        return self._player.list_unused()

    def answer(self, method: str, target: str, body: bytes) -> ServedAnswer:
        """Return the answer to a call; `target` is its path and query as sent."""
        call = (method, target, body)
        try:
            recorded = self._player.play(call)
        except UnrecordedCall as error:
            if is_sign_in(call):
                self._count()
                return answer_sign_in(self._kept)
            return self._refuse(self._explain(error))
        if recorded.status < 200:
            return self._refuse(
                f"{method} {target} was recorded with {recorded.status}, which ends no call."
            )
        self._count()
        return _as_served(recorded)

    def _explain(self, error: UnrecordedCall) -> str:
        words = str(error)
        if isinstance(error, PlayedOutCall):
            return f"{words} --repeats lets the last answer be given again."
        if not self._is_order_free and "another order or spelling" in words:
            return f"{words} --order-free accepts that."
        return words

    def _refuse(self, problem: str) -> ServedAnswer:
        with self._lock:
            self._refused_count += 1
            if len(self._refused) < MOST_KEPT:
                self._refused.append(problem)
        return replace(_answer_json(NOT_RECORDED, {"Message": problem}), problem=problem)

    def _count(self) -> None:
        with self._lock:
            self._answered += 1


def answer_sign_in(recordings: Sequence[RecordedAnswer]) -> ServedAnswer:
    """Return the answer to a sign-in that was not recorded: the last recorded one, else a token."""
    for one in reversed(recordings):
        if is_sign_in(one.key):
            return _as_served(one)
    return _answer_json(200, {"token": RECORDED_TOKEN})


def is_sign_in(call: CallKey) -> bool:
    """Return whether a call signs in."""
    return call[0] == "POST" and strip_origin(call[1]) == _SIGN_IN


def localize_headers(headers: RawHeaders) -> RawHeaders:
    """Return recorded headers as a server of this machine sends them, without a length.

    What is at the address of all cassettes is on this server.
    """
    return [
        (name, (value.removeprefix(_ADDRESS) or b"/") if name == b"location" else value)
        for name, value in select_end_to_end(headers, without=_WRITTEN_HERE)
    ]


def _as_served(recorded: RecordedAnswer) -> ServedAnswer:
    return ServedAnswer(recorded.status, localize_headers(recorded.headers), recorded.body)


def _answer_json(status: int, content: object) -> ServedAnswer:
    headers = [(b"content-type", b"application/json")]
    return ServedAnswer(status, headers, json.dumps(content).encode())
