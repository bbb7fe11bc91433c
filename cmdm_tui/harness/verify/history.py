"""The runs of verify on one service, kept so that a later one can say what changed since."""

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, time
from pathlib import Path
from typing import Literal

import msgspec

from cmdm_tui.config.bounded_files import LARGEST_INPUT, read_bounded
from cmdm_tui.harness.cases.files import case_bytes
from cmdm_tui.harness.cases.format import Case
from cmdm_tui.harness.errors import HarnessError
from cmdm_tui.harness.verify.answers import ObservedAnswer
from cmdm_tui.redaction.leak_scanner import LeakScanner
from cmdm_tui.text import one_line

SCHEMA = "cmdm-verify-run"
VERSION = 1
MOST_RUNS = 100
"""Runs that are kept of a service; the oldest ones go."""

_SUFFIX = ".json"
_TIME_IN_NAME = "%Y%m%dT%H%M%S.%fZ"
_NOT_IN_NAME = re.compile(r"[^a-z0-9.-]+")


class HistoryError(HarnessError):
    """The runs that are kept cannot be read, or do not go back so far; a sentence."""


class KeptCase(msgspec.Struct, frozen=True, kw_only=True):
    """A case as a run verified it: the hash of its file, and the answer to each step."""

    case_sha256: str
    answers: tuple[ObservedAnswer, ...]


class KeptRun(msgspec.Struct, frozen=True, kw_only=True):
    """One run: when it began (UTC), of what service, and what each case was answered.

    `cases` has the cases by their keys. `is_complete` says that every case was sent; where it was
    not, `reason` says why. `has_ended` says that it was not killed or interrupted, but ended by
    itself, and has reported what it found.
    """

    schema: Literal["cmdm-verify-run"] = SCHEMA
    version: Literal[1] = VERSION
    began: datetime
    target: str
    program: str
    is_complete: bool
    has_ended: bool = True
    reason: str
    cases: dict[str, KeptCase]

    @property
    def name(self) -> str:
        """When it began, to be shown."""
        return f"{self.began.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def hash_case(case: Case) -> str:
    """Return the SHA-256 of a case as its file has it."""
    return hashlib.sha256(case_bytes(case)).hexdigest()


def parse_since(text: str) -> datetime | None:
    """Return the last moment of a run to compare with; None for `last`.

    `text` is `last`, a day (all of it counts) or a time, in UTC where it names no zone. Raises
    HistoryError for another text.
    """
    if text.casefold() == "last":
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        message = (
            f"--since {one_line(text, 60)}: give last, a day such as 2026-11-30, or a time such as "
            "2026-11-30T02:00."
        )
        raise HistoryError(message) from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    is_day = "T" not in text.upper() and ":" not in text
    return datetime.combine(moment.date(), time.max, UTC) if is_day else moment


@dataclass
class RunHistory:
    """The runs of one service below `root`, a file each. `unreadable` are those that are none.

    `unended` are runs that did not end: no one has seen what they found, and nothing is compared
    with them.

    Raises HistoryError where a file cannot be written.
    """

    root: Path
    target: str
    unreadable: list[Path] = field(default_factory=list[Path], init=False)
    unended: list[KeptRun] = field(default_factory=list[KeptRun], init=False)

    @property
    def folder(self) -> Path:
        """The folder of this service's runs."""
        readable = _NOT_IN_NAME.sub("-", self.target.partition("://")[2].casefold()).strip("-.")
        digest = hashlib.sha256(self.target.encode("utf-8", "surrogatepass")).hexdigest()
        return self.root / f"{readable[:60]}-{digest[:8]}"

    def read_runs(self, until: datetime | None = None) -> list[KeptRun]:
        """Return the runs that have ended, and began by `until`, the newest first."""
        runs = sorted(self._read_each(), key=lambda run: run.began, reverse=True)
        runs = [run for run in runs if until is None or run.began <= until]
        self.unended[:] = [run for run in runs if not run.has_ended]
        return [run for run in runs if run.has_ended]

    def write(self, run: KeptRun, scanner: LeakScanner) -> Path:
        """Write a run, or write it again with more cases; return its file. Raises SecretLeak."""
        name = run.began.astimezone(UTC).strftime(_TIME_IN_NAME) + _SUFFIX
        path = self.folder / name
        scanner.write_file(path, msgspec.json.encode(run) + b"\n")
        return path

    def remove_oldest(self) -> None:
        """Remove the oldest runs, where there are more than are kept."""
        for path in sorted(self.folder.glob(f"*{_SUFFIX}"), reverse=True)[MOST_RUNS:]:
            path.unlink(missing_ok=True)

    def _read_each(self) -> Iterator[KeptRun]:
        self.unreadable.clear()
        for path in sorted(self.folder.glob(f"*{_SUFFIX}")):
            try:
                run = msgspec.json.decode(read_bounded(path, LARGEST_INPUT), type=KeptRun)
            except (OSError, msgspec.MsgspecError, UnicodeDecodeError):
                self.unreadable.append(path)
                continue
            if run.target == self.target:
                yield run


def find_last_answers(runs: Iterable[KeptRun], key: str) -> tuple[KeptRun, KeptCase] | None:
    """Return the newest of the runs, newest first, that verified a case, and what it saw."""
    return next(((run, run.cases[key]) for run in runs if key in run.cases), None)
