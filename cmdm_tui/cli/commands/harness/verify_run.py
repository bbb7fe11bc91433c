"""One run of `cmdm verify`: sends the cases, keeps what came of it, and says how it ended."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any

from cmdm_tui.cli.commands.harness.selection import (
    count_cases,
    reason_to_leave_out,
    require_nothing_left,
)
from cmdm_tui.cli.commands.harness.verify_output import (
    clear_progress,
    count_drifts,
    list_drifts,
    report_drifts,
    report_in_short,
    report_progress,
    summarize_changes,
    write_report,
)
from cmdm_tui.cli.context import note
from cmdm_tui.cli.exit_codes import CommandFailure, ExitCode
from cmdm_tui.cli.service import ChosenService
from cmdm_tui.text import one_line

if TYPE_CHECKING:
    from cmdm_tui.harness.cassettes.library import LibraryEntry
    from cmdm_tui.harness.service import Service
    from cmdm_tui.harness.verify import Drift, VerifiedCase
    from cmdm_tui.harness.verify.contract_diff import CaseChanges, ContractDiff
    from cmdm_tui.harness.verify.history import KeptCase, RunHistory
    from cmdm_tui.redaction.people.person_redactor import PersonRedactor

_CASES_BETWEEN_WRITES = 25
_NOT_FINISHED = "The run is not finished, or was killed."


@dataclass(frozen=True, slots=True)
class ComparedRuns:
    """The runs that are kept of a service, and the comparison of this run with them."""

    history: "RunHistory"
    diff: "ContractDiff"


@dataclass
class VerifyRun:
    """A run that sends the cases `kept` of those `found`.

    With `earlier`, it is judged by what changed since earlier runs, and kept for later ones. What
    is kept, and the JUnit file, are written as the run goes: at first they say that it is not
    finished. `people` replaces the people in the answers as they were in the cassettes of its key,
    and `reported_people` in what is reported of other cassettes.
    """

    chosen: ChosenService
    found: "list[LibraryEntry]"
    kept: "list[LibraryEntry]"
    earlier: ComparedRuns | None = None
    junit: Path | None = None
    as_json: bool = False
    people: "PersonRedactor | None" = None
    people_keys: Mapping[str, str] = field(default_factory=dict[str, str])
    reported_people: "PersonRedactor | None" = None
    began: datetime = field(default_factory=lambda: datetime.now(UTC))
    cut: str = _NOT_FINISHED
    code: ExitCode = ExitCode.USAGE
    done: "list[VerifiedCase]" = field(default_factory=list["VerifiedCase"])
    _cases: "dict[str, KeptCase]" = field(default_factory=dict[str, "KeptCase"])
    _started: float = field(default_factory=monotonic)

    @property
    def drifts(self) -> "list[Drift]":
        """Where the service does not answer as it was recorded."""
        return [drift for one in self.done for drift in one.drifts]

    @property
    def judged(self) -> "list[VerifiedCase]":
        """The cases that had something to judge on this service."""
        return [one for one in self.done if not one.skipped]

    @property
    def drifted(self) -> int:
        """How many cases are not answered as they were recorded, new things aside."""
        return sum(one.matters for one in self.done)

    def send(self, service: "Service") -> None:
        """Send the cases and report each. Raises ServiceFailed where not even one could be sent."""
        from cmdm_tui.harness.service import LimitReached, ServiceFailed
        from cmdm_tui.harness.verify import verify

        self._write_files(service)
        try:
            people, keys, reported = self.people, self.people_keys, self.reported_people
            for one in verify(
                self.kept, service, people=people, people_keys=keys, reported_people=reported
            ):
                self._add(one, service)
            self.cut = ""
        except ServiceFailed as error:
            self.cut = str(error)
            is_limit = isinstance(error, LimitReached)
            self.code = ExitCode.RATE_LIMIT if is_limit else ExitCode.USAGE
            if not self.done:
                raise
        except KeyboardInterrupt:
            self.cut = "The run was interrupted."
            raise
        finally:
            clear_progress()
            self._write_files(service)
        if self.as_json:
            write_report(self._build_report(), service.leak_scanner)
        require_nothing_left(service)

    def finish(self) -> None:
        """Write the summary. Raises CommandFailure unless the run was whole and found nothing."""
        skipped = len(self.done) - len(self.judged)
        if skipped:
            note(f"{count_cases(skipped)} left out: nothing to judge here.")
        if skipped and not self.judged:
            raise CommandFailure(f"No case was verified. {self.cut}".rstrip(), ExitCode.USAGE)
        if self.earlier is not None:
            self._finish_comparison(self.earlier.diff)
            return
        report_in_short(self.drifts)
        cases = count_cases(len(self.judged))
        note(f"{cases} verified: {count_drifts(self.drifts, 'no drift')}.")
        if self.drifted:
            raise CommandFailure(f"{self.drifted} of {cases} drifted. {self.cut}")
        if self.cut:
            raise CommandFailure(self.cut, self.code)

    def _finish_comparison(self, diff: "ContractDiff") -> None:
        report_in_short(diff.changes)
        for why, count in diff.notes.items():
            note(f"{count_cases(count)} not compared: {why}")
        note(self._summarize(diff))
        changed = sum(one.matters for one in diff.compared)
        if changed:
            message = f"{changed} of {count_cases(len(diff.compared))} changed. {self.cut}"
            raise CommandFailure(message)
        if self.cut:
            raise CommandFailure(self.cut, self.code)

    def _summarize(self, diff: "ContractDiff") -> str:
        total = len(self.kept) - len(self.done) + len(self.judged)
        line = summarize_changes(diff, total=total, drifted=self.drifted, cut=self.cut)
        return f"verify {one_line(self.chosen.name, 100)}: {line}"

    def _add(self, one: "VerifiedCase", service: "Service") -> None:
        self.done.append(one)
        reported = one.drifts
        if one.skipped:
            clear_progress()
            note(f"{one.entry.case.name}: left out. {one.skipped}")
        elif self.earlier is not None:
            reported = self._compare(one, self.earlier.diff).changes
        if not self.as_json:
            report_drifts(reported, service.leak_scanner)
            report_progress(len(self.done), len(self.kept))
        if len(self.done) % _CASES_BETWEEN_WRITES == 0:
            self._write_files(service)

    def _compare(self, one: "VerifiedCase", diff: "ContractDiff") -> "CaseChanges":
        from cmdm_tui.harness.verify.history import KeptCase, hash_case

        key = one.entry.key
        now = KeptCase(case_sha256=hash_case(one.entry.case), answers=one.answers)
        if all(answer.status for answer in one.answers):
            # What was not answered leaves nothing to compare the next run with.
            self._cases[key] = now
        return diff.add(key, one.entry.case.name, now)

    def _write_files(self, service: "Service") -> None:
        if self.earlier is not None:
            self._write_history(self.earlier.history, service)
        if self.junit is not None:
            service.leak_scanner.write_file(self.junit, self._format_junit())

    def _write_history(self, history: "RunHistory", service: "Service") -> None:
        from cmdm_tui import __version__
        from cmdm_tui.harness.verify.history import KeptRun

        run = KeptRun(
            began=self.began,
            target=self.chosen.name,
            program=f"cmdm {__version__}",
            is_complete=not self.cut,
            reason=self.cut,
            cases=self._cases,
        )
        history.write(run, service.leak_scanner)
        history.remove_oldest()

    def _build_report(self) -> dict[str, Any]:
        content: dict[str, Any] = {
            "target": self.chosen.name,
            "complete": not self.cut,
            "reason": self.cut,
            "cases": len(self.judged),
            "drifts": list_drifts(self.drifts),
            "skipped": [
                {"case": one.entry.case.name, "reason": one.skipped}
                for one in self.done
                if one.skipped
            ],
        }
        if self.earlier is not None:
            diff = self.earlier.diff
            content |= {
                "since": [run.began.isoformat() for run in diff.since],
                "compared": len(diff.compared),
                "changes": list_drifts(diff.changes),
                "summary": self._summarize(diff),
            }
        return content

    def _format_junit(self) -> bytes:
        from cmdm_tui import __version__
        from cmdm_tui.harness.verify.junit_report import JUnitCase, format_junit

        changes = {one.key: one for one in self.earlier.diff.cases} if self.earlier else {}
        judged: dict[str, JUnitCase] = {}
        for one in self.done:
            entry, compared = one.entry, changes.get(one.entry.key)
            drifts, why = one.drifts, f"left out: {one.skipped}" if one.skipped else ""
            if compared is not None:
                drifts, why = compared.changes, compared.note
            judged[entry.key] = JUnitCase(entry.kind, entry.case.name, drifts, why)
        cases = [
            judged.get(entry.key)
            or JUnitCase(entry.kind, entry.case.name, skipped=self._why_unsent(entry))
            for entry in self.found
        ]
        return format_junit(
            "cmdm verify",
            cases,
            began=self.began,
            seconds=monotonic() - self._started,
            cut=self.cut,
            properties=(("version", __version__), ("target", self.chosen.name)),
        )

    def _why_unsent(self, entry: "LibraryEntry") -> str:
        reason = reason_to_leave_out(entry, self.chosen)
        return f"left out: {reason}" if reason else f"not reached: {self.cut}"
