"""Plays cassettes: the answer to each call, by an index, from memory, for many at once."""

import threading
from collections.abc import Iterable
from dataclasses import dataclass

from cmdm_tui.harness.cassettes.canonical_yaml import CallKey, RecordedAnswer
from cmdm_tui.harness.cassettes.matching import (
    MakeKey,
    describe_nearest,
    describe_target,
    make_exact_key,
)


class UnrecordedCall(Exception):
    """A call that was never recorded; the message says which recorded one is nearest to it."""


class PlayedOutCall(UnrecordedCall):
    """A call that was recorded, but fewer times than it was made."""


@dataclass(frozen=True, slots=True)
class UnusedAnswers:
    """A recorded call that was made fewer times than it was recorded, by `count`."""

    call: CallKey
    count: int

    def __str__(self) -> str:
        times = f" ({self.count} times)" if self.count > 1 else ""
        return f"{describe_target(self.call)}{times}"


class CassettePlayer:
    """Recorded answers, each found by its call in constant time, and given once.

    Equal calls, by `make_key`, are answered in the order in which they were recorded. The last one
    of them is given `most_plays` times; without a limit where that is None. May be used by several
    threads.
    """

    def __init__(
        self,
        recordings: Iterable[RecordedAnswer],
        *,
        make_key: MakeKey = make_exact_key,
        most_plays: int | None = 1,
    ) -> None:
        self._lock = threading.Lock()
        self._make_key = make_key
        self._most_plays = most_plays
        self._answers: dict[CallKey, list[RecordedAnswer]] = {}
        self._played_counts: dict[CallKey, int] = {}
        self._count = 0
        for recording in recordings:
            self._answers.setdefault(make_key(recording.key), []).append(recording)
            self._count += 1

    def __len__(self) -> int:
        return self._count

    @property
    def left(self) -> int:
        """How many interactions have not been played."""
        with self._lock:
            return self._count - sum(
                min(played, len(self._answers[key])) for key, played in self._played_counts.items()
            )

    def list_unused(self) -> list[UnusedAnswers]:
        """Return the calls whose answers have not all been played, in the order recorded."""
        with self._lock:
            return [
                UnusedAnswers(answers[0].key, left)
                for key, answers in self._answers.items()
                if (left := len(answers) - self._played_counts.get(key, 0)) > 0
            ]

    def rewind(self) -> None:
        """Begin again."""
        with self._lock:
            self._played_counts.clear()

    def play(self, call: CallKey) -> RecordedAnswer:
        """Return the answer to a call. Raises UnrecordedCall where there is none, or none left."""
        key = self._make_key(call)
        with self._lock:
            answers = self._answers.get(key)
            if answers is not None:
                played = self._played_counts.get(key, 0)
                if self._most_plays is None or played < len(answers) - 1 + self._most_plays:
                    self._played_counts[key] = played + 1
                    return answers[min(played, len(answers) - 1)]
                times = "once" if played == 1 else f"{played:,} times"
                message = f"{_describe_call(call)} more than {times}."
                raise PlayedOutCall(message)
        recorded = (answers[0].key for answers in self._answers.values())
        raise UnrecordedCall(f"{_describe_call(call)}. {describe_nearest(call, recorded)}")


def _describe_call(call: CallKey) -> str:
    body = call[2]
    sent = f" with a body of {len(body):,} bytes" if body else ""
    return f"{describe_target(call)}{sent} was not recorded"
