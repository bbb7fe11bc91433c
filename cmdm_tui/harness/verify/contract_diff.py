"""What changed between two runs of verify: the contract as it was seen then, and as it is now.

Each case is compared with the last run before that verified it. So a run that was cut short hides
nothing: what it did not reach is compared with an older one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from cmdm_tui.harness.verify.answers import compare_observed
from cmdm_tui.harness.verify.comparison import Drift, Severity
from cmdm_tui.harness.verify.history import KeptCase, KeptRun, find_last_answers


@dataclass(frozen=True, slots=True)
class CaseChanges:
    """What changed in one case since `since`, a run; None where there is none to compare with.

    `note` says why the case was not compared; empty where it was.
    """

    key: str
    since: KeptRun | None
    changes: tuple[Drift, ...] = ()
    note: str = ""

    @property
    def is_compared(self) -> bool:
        """Whether there was an answer to compare with."""
        return not self.note

    @property
    def matters(self) -> bool:
        """Whether a change is more than something new."""
        return any(change.matters for change in self.changes)


@dataclass
class ContractDiff:
    """The changes of a run since earlier ones, the newest of which come first in `runs`."""

    runs: Sequence[KeptRun]
    cases: list[CaseChanges] = field(default_factory=list[CaseChanges])

    def add(self, key: str, name: str, now: KeptCase) -> CaseChanges:
        """Compare a case, and return what changed in it."""
        found = find_last_answers(self.runs, key)
        if found is None:
            compared = CaseChanges(key, None, note="It is verified for the first time.")
        elif found[1].case_sha256 != now.case_sha256:
            compared = CaseChanges(key, found[0], note="The case itself was changed.")
        else:
            compared = CaseChanges(key, found[0], tuple(_compare(name, found[1], now)))
        self.cases.append(compared)
        return compared

    @property
    def changes(self) -> list[Drift]:
        """Every change."""
        return [change for one in self.cases for change in one.changes]

    @property
    def compared(self) -> list[CaseChanges]:
        """The cases that were compared."""
        return [one for one in self.cases if one.is_compared]

    @property
    def notes(self) -> Mapping[str, int]:
        """Why how many cases were not compared."""
        counts: dict[str, int] = {}
        for one in self.cases:
            if one.note:
                counts[one.note] = counts.get(one.note, 0) + 1
        return counts

    @property
    def since(self) -> list[KeptRun]:
        """The runs that cases were compared with, the newest first."""
        used = {one.since.began for one in self.compared if one.since is not None}
        return [run for run in self.runs if run.began in used]


def _compare(name: str, before: KeptCase, now: KeptCase) -> list[Drift]:
    changes = [
        Drift(severity, name, number, place, message)
        for number, (was, has) in enumerate(zip(before.answers, now.answers, strict=False), 1)
        for severity, place, message in compare_observed(was, has)
    ]
    # A step that captures nothing any more ends its case.
    if len(before.answers) != len(now.answers) and not changes:
        said = f"ends after {len(now.answers)} steps, and ended after {len(before.answers)}."
        changes.append(Drift(Severity.ERROR, name, len(now.answers), "case", said))
    return changes
