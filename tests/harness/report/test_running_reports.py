"""Reports are written while a run goes on, and say that it is not finished."""

import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from cmdm_tui.harness.fuzz.events import FuzzEvent, Progress
from cmdm_tui.harness.report import ResultCollector, json_report, running_reports
from cmdm_tui.harness.report.results import NOT_FINISHED
from cmdm_tui.harness.report.running_reports import RunningReports
from cmdm_tui.harness.report.writers import write_reports
from cmdm_tui.redaction.leak_scanner import LeakScanner
from tests.harness.report.events import BEGAN, ended, exchange, failure, made, results_of, started

FILES = {"junit.xml", "report.json", "report.html"}


@dataclass
class Run:
    """A run whose events a test sends, and whose time it moves."""

    folder: Path
    wanted: bool = True
    scanner: LeakScanner = field(default_factory=LeakScanner)
    now: float = 0.0

    def __post_init__(self) -> None:
        self.collector = ResultCollector("cmdm fuzz", began=BEGAN)
        self.reports = RunningReports(
            self.collector, self.folder, self.scanner, wanted=self.wanted, clock=lambda: self.now
        )

    def send(self, *events: FuzzEvent) -> None:
        for event in events:
            self.collector(event)
            self.reports(event)

    @property
    def requests(self) -> int | None:
        """What the report says of the requests made so far; None where there is no report."""
        path = self.folder / "report.json"
        run = json_report.decode(path.read_bytes()).run if path.is_file() else None
        return None if run is None else run.requests


def progress(requests: int) -> Progress:
    return Progress(requests, 1, 1.0, "stateless")


def test_a_run_that_is_killed_leaves_reports_that_say_so(tmp_path: Path) -> None:
    run = Run(tmp_path)
    run.send(started(), made(exchange(1)))
    assert {path.name for path in tmp_path.iterdir()} == FILES
    whole = ElementTree.fromstring((tmp_path / "junit.xml").read_bytes())
    (error,) = whole.iter("error")
    assert (error.get("type"), error.get("message")) == ("not-finished", NOT_FINISHED)
    assert whole.get("errors") == "1"
    document = json_report.decode((tmp_path / "report.json").read_bytes())
    assert document.run is not None
    assert document.run.reason is None
    assert NOT_FINISHED in (tmp_path / "report.html").read_text()


def test_a_run_that_has_ended_says_nothing_of_the_kind() -> None:
    from cmdm_tui.harness.report import junit_report

    whole = ElementTree.fromstring(junit_report.write(results_of(started(), ended())))
    assert list(whole.iter("error")) == []


def test_they_are_written_now_and_then(tmp_path: Path) -> None:
    run = Run(tmp_path)
    run.send(started(), made(exchange(1)), progress(1))
    assert run.requests == 0
    run.now = 9.9
    run.send(progress(1))
    assert run.requests == 0
    run.now = 10.0
    run.send(progress(1))
    assert run.requests == 1


def test_writing_them_takes_a_twentieth_of_the_time_at_most(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def write_slowly(*values: Any) -> object:
        run.now += 2.0
        return write_reports(*values)

    monkeypatch.setattr(running_reports, "write_reports", write_slowly)
    run = Run(tmp_path)
    run.send(started(), made(exchange(1)))
    run.now += 39.9
    run.send(progress(1))
    assert run.requests == 0
    run.now += 0.1
    run.send(progress(1))
    assert run.requests == 1


def test_without_a_folder_of_their_own_they_begin_with_the_first_failure(tmp_path: Path) -> None:
    run = Run(tmp_path, wanted=False)
    run.now = 100.0
    run.send(started(), made(exchange(1)), progress(1))
    assert list(tmp_path.iterdir()) == []
    run.send(*failure())
    assert {path.name for path in tmp_path.iterdir()} == FILES


def test_a_secret_stops_the_reports_and_not_the_run(tmp_path: Path) -> None:
    run = Run(tmp_path, scanner=LeakScanner(["hunter2-hunter2"]))
    run.send(started())
    run.send(*failure("The password is hunter2-hunter2."))
    assert "hunter2" not in (tmp_path / "report.json").read_text()
    run.now = 100.0
    run.send(progress(1))
    assert run.requests == 0


def test_a_folder_that_cannot_be_written_stops_no_run(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    Run(tmp_path / "file" / "reports").send(started(), progress(1))
