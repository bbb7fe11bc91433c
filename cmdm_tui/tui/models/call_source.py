"""The calls of a log as rows for a grid, the newest last; a filter chooses among them."""

from collections.abc import Sequence
from dataclasses import dataclass

from cmdm_tui.operations.call_entry import CallEntry, CallState
from cmdm_tui.operations.call_log import CallLog
from cmdm_tui.text import count_noun
from cmdm_tui.tui.models.call_filter import SLOW_SECONDS, fits_filter
from cmdm_tui.tui.models.call_text import format_moment, format_seconds, format_size
from cmdm_tui.tui.models.row_source import GridRow, SortKey, SourceColumn, SourceState, Tone

LEAST_PATH = 24
"""Cells that the path has at least; it takes all the room there is."""

COLUMNS = (
    SourceColumn("time", "Time", 8),
    SourceColumn("method", "Method", 6),
    SourceColumn("path", "Path", LEAST_PATH),
    SourceColumn("status", "Status", 6, is_number=True),
    SourceColumn("seconds", "Took", 6, is_number=True),
    SourceColumn("size", "Size", 7, is_number=True),
    SourceColumn("times", "Tries", 5, is_number=True),
)
_PATH, _STATUS, _SECONDS, _TIMES = 2, 3, 4, 6
_STATES = {
    CallState.WAITING: "…",
    CallState.DELAYED: "again",
    CallState.FAILED: "none",
    CallState.LEFT: "left",
}
_REVISIONS = 1_000_000


@dataclass(frozen=True, slots=True)
class CallRow:
    """One call; `waited` are the whole seconds that its answer has been waited for."""

    call: CallEntry
    waited: int = 0

    @property
    def key(self) -> str:
        """The key of the call in its log."""
        return self.call.key

    @property
    def revision(self) -> int:
        """Another number once the call, or the seconds it is waited for, have changed."""
        return self.call.revision * _REVISIONS + self.waited

    def value(self, column: int) -> object:
        """Return the value of a column of `COLUMNS`."""
        call = self.call
        match COLUMNS[column].name:
            case "time":
                return format_moment(call.started) or None
            case "method":
                return call.method
            case "path":
                return call.path
            case "status":
                is_answered = call.state is CallState.ANSWERED
                return call.status if is_answered else _STATES[call.state]
            case "seconds":
                return f"{self.waited} s" if call.is_open else format_seconds(call.seconds) or None
            case "size":
                return format_size(call.size) or None
            case _:
                return call.times_sent or None

    def tone(self, column: int) -> Tone:
        """Return how a value is shown: what went wrong, what waits and what was slow are marked."""
        call = self.call
        if column in {_PATH, _STATUS}:
            if call.has_failed:
                return Tone.ERROR
            if call.is_open or call.state is CallState.LEFT:
                return Tone.WARNING
            return Tone.DIM if call.is_sign_in else Tone.GOOD if column == _STATUS else Tone.NORMAL
        is_slow = call.is_open or (call.seconds or 0) >= SLOW_SECONDS
        if (column == _SECONDS and is_slow) or (column == _TIMES and call.times_sent > 1):
            return Tone.WARNING
        return Tone.NORMAL


class CallSource:
    """Rows of the calls that fit a filter; `refresh` takes in what has come since."""

    def __init__(self, log: CallLog) -> None:
        self.log = log
        self.filter_words = ""
        """The words that calls must fit; empty for all."""
        self._calls: Sequence[CallEntry] = ()
        self._positions: dict[str, int] | None = None
        self._seen: tuple[int, str, int] | None = None
        self._now = 0.0
        self._revision = 0

    columns = COLUMNS
    is_count_known = True
    order: tuple[SortKey, ...] = ()
    state = SourceState.READY

    @property
    def row_count(self) -> int:
        """Calls that fit the filter."""
        return len(self._calls)

    @property
    def revision(self) -> int:
        """Another number once the rows have changed."""
        return self._revision

    @property
    def caption(self) -> str:
        """How many calls there are, how many of them are shown, and what was dropped; safe."""
        shown, total = len(self._calls), len(self.log.calls)
        words = count_noun(total, "call")
        parts = [f"{shown:,} of {words}" if self.filter_words.strip() else words]
        if self.log.dropped_count:
            parts.append(f"{self.log.dropped_count:,} older ones dropped")
        if self.log.dropped_body_count:
            parts.append(f"{self.log.dropped_body_count:,} bodies not kept")
        return " · ".join(parts)

    def refresh(self, now: float) -> bool:
        """Take in what has changed; return whether anything is to be shown. `now` is monotonic."""
        has_open = any(call.is_open for call in self._calls)
        seen = (self.log.revision, self.filter_words, int(now) if has_open else 0)
        if seen == self._seen:
            return False
        if self._seen is None or seen[:2] != self._seen[:2]:
            words = self.filter_words
            self._calls = [call for call in self.log.calls if fits_filter(call, words)]
            self._positions = None
        self._seen, self._now = seen, now
        self._revision += 1
        return True

    def rows(self, first: int, count: int) -> Sequence[GridRow]:
        """Return the rows from position `first`."""
        return [self._row(call) for call in self._calls[max(first, 0) : max(first, 0) + count]]

    def position(self, key: str) -> int | None:
        """Return the position of a call, None where it is not shown."""
        if self._positions is None:
            self._positions = {call.key: number for number, call in enumerate(self._calls)}
        return self._positions.get(key)

    def want_rows(self, first: int, count: int) -> None:
        """Do nothing: all rows are here."""

    def _row(self, call: CallEntry) -> CallRow:
        if not call.is_open or call.sent_at is None:
            return CallRow(call)
        return CallRow(call, max(int(self._now - call.sent_at), 0))
