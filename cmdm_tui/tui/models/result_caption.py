"""What is said of a run: its progress, and afterwards its rows, calls, seconds and doubts."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from time import monotonic

from cmdm_tui.api import CallFinished, Event, SignInStarted
from cmdm_tui.formats.value_text import format_counted
from cmdm_tui.query.planning.plan import PlanClass
from cmdm_tui.query.result import QueryResult
from cmdm_tui.tui.models.row_source import SortKey, Tone

_LEAST_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class ResultCaption:
    """The line below a result, and the sentences that a reader must know; both are safe."""

    line: str
    tone: Tone = Tone.NORMAL
    sentences: tuple[str, ...] = ()


@dataclass
class RunProgress:
    """A run that is under way: `most_calls` are the most that its plan takes, None at first."""

    most_calls: int | None = None
    calls: int = 0
    began: float = field(default_factory=monotonic)
    is_stopping: bool = False
    _sign_ins: set[int] = field(default_factory=set[int])

    def note(self, event: Event) -> None:
        """Count a call that was answered, unless it was a sign-in."""
        if isinstance(event, SignInStarted):
            self._sign_ins.add(event.call.number)
        elif isinstance(event, CallFinished) and event.call.number not in self._sign_ins:
            self.calls += 1

    @property
    def calls_in_words(self) -> str:
        """How many calls it has made, of how many at most."""
        of = "" if self.most_calls is None else f" of at most {self.most_calls:,}"
        return f"{self.calls:,}{of} {'call' if (self.most_calls or self.calls) == 1 else 'calls'}"

    def describe(self, rows: int) -> ResultCaption:
        """Return how far it has come, and how it is stopped."""
        ends = "stopping; esc again ends it at once" if self.is_stopping else "esc stops it"
        seconds = f"{monotonic() - self.began:,.1f} s"
        parts = (
            f"Running: {format_counted(rows, 'row')} so far",
            self.calls_in_words,
            seconds,
            ends,
        )
        return ResultCaption(" · ".join(parts), Tone.CHANGED)


def describe_result(
    result: QueryResult,
    *,
    order: Sequence[SortKey] = (),
    is_interrupted: bool = False,
    is_declined: bool = False,
) -> ResultCaption:
    """Return what a result is worth: rows, calls, seconds, plan; partial or unsure, and why."""
    stats = result.stats
    seconds = (
        f"{stats.ms / 1000:,.1f} s" if stats.ms / 1000 >= _LEAST_SECONDS else f"{stats.ms:.0f} ms"
    )
    parts = [
        format_counted(result.count, "row"),
        format_counted(stats.calls_used, "call"),
        seconds,
        _describe_plan(stats.plan),
    ]
    if is_interrupted:
        parts.append("stopped")
    if is_declined:
        parts.append("not finished: these are not the rows of the query")
    if result.mark and not is_declined:
        parts.append(result.mark)
    if order:
        keys = ", ".join(f"{one.column} {'▼' if one.is_descending else '▲'}" for one in order)
        parts.append(f"sorted here by {keys}")
    tone = Tone.WARNING if result.mark or is_declined else Tone.GOOD
    return ResultCaption(" · ".join(parts), tone, tuple(result.notes.sentences))


def _describe_plan(plan: str) -> str:
    return PlanClass(plan).words if plan in set(PlanClass) else plan
