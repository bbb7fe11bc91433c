"""What an apply is asked to do, and what it reports: options, events and the summary."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from cmdm_tui.api.errors import ApiError
from cmdm_tui.api.reconcile import SETTLING_TIME
from cmdm_tui.changes.journal_entry import EntryState, JournalEntry


@dataclass(frozen=True, slots=True)
class ApplyOptions:
    """How changes are sent.

    With `rechecks`, a record is read again just before it is updated, deleted or converted, and not
    touched where it has changed. `stops_on_error` ends the run at the first change that is refused,
    in conflict or in doubt. `concurrency` is how many records are changed at once. Where the hour's
    calls are used up it waits for the reset, unless not `waits_for_reset`. It `keeps_floor`: the
    calls that the profile leaves to others are not taken, and it waits for the reset there too.
    `resends_unknown` sends a create or a conversion again that an earlier apply has left in doubt,
    where it is not found now. `settling_time` is how many seconds a service may go on working on a
    call whose connection broke.
    """

    rechecks: bool = True
    stops_on_error: bool = False
    concurrency: int = 4
    waits_for_reset: bool = True
    keeps_floor: bool = True
    resends_unknown: bool = False
    settling_time: float = SETTLING_TIME


@dataclass(frozen=True, slots=True)
class ChangeApplied:
    """A change has reached its state, `entry.state`, which may also be a failure.

    `finished` of `total` changes of the run are no longer open; `calls_made` counts those of this
    apply; `calls_left` is the hour's quota by the last answer, None where that is unknown.
    """

    number: int
    entry: JournalEntry
    finished: int
    total: int
    calls_made: int
    calls_left: int | None = None


@dataclass(frozen=True, slots=True)
class WaitingForReset:
    """It waits `seconds`, to the Unix time `until` (this machine's clock), for new calls.

    `reason` is a clause that says what is used up. `ChangeApplier.stop()` leaves the wait.
    """

    until: float
    seconds: float
    reason: str


@dataclass(frozen=True, slots=True)
class ResetReached:
    """The wait is over, and sending goes on."""


@dataclass(frozen=True, slots=True)
class LookingForChange:
    """It finds out whether a change was done that may have been, which takes some calls."""

    number: int
    entry: JournalEntry


ApplyEvent = ChangeApplied | WaitingForReset | ResetReached | LookingForChange
ApplyListener = Callable[[ApplyEvent], None]


DEFAULT_OPTIONS = ApplyOptions()


def ignore_apply_events(_: ApplyEvent) -> None:
    """Do nothing with an event."""


@dataclass(frozen=True, slots=True)
class ApplySummary:
    """What came of an apply: `counts` are of the whole run, `calls_made` those of this apply.

    `created_ids` are the new records, by number of the change. `stop_reason` is a clause that says
    why it ended with changes left to send, "" where it did not; `error` what the service or the
    network said then, if that was the reason.
    """

    run_id: int
    counts: Mapping[EntryState, int]
    calls_made: int
    seconds: float
    created_ids: Mapping[int, str]
    stop_reason: str = ""
    error: ApiError | None = None

    @property
    def is_complete(self) -> bool:
        """Whether nothing is left to send or to find out."""
        return not any(count for state, count in self.counts.items() if state.is_open)

    @property
    def is_in_doubt(self) -> bool:
        """Whether a change may have been done."""
        return any(count and state.is_in_doubt for state, count in self.counts.items())

    @property
    def has_failures(self) -> bool:
        """Whether a change was refused, in conflict or skipped."""
        return any(count for state, count in self.counts.items() if state.is_failed)
