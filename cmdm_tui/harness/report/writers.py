"""Writes reports, one file a format: each complete or not at all, and none with a secret in it."""

from collections.abc import Iterable
from pathlib import Path
from typing import Protocol, cast

from cmdm_tui.harness.report import html_report, json_report, junit_report
from cmdm_tui.harness.report.results import RunResults
from cmdm_tui.redaction.leak_scanner import LeakScanner


class ReportWriter(Protocol):
    """One format: its name, the name of its file, and a function from results to its bytes."""

    @property
    def NAME(self) -> str:  # noqa: N802, D102 — a module's constant
        ...

    @property
    def FILE(self) -> str:  # noqa: N802, D102 — a module's constant
        ...

    def write(self, results: RunResults) -> bytes:
        """Return the file's bytes."""
        ...


WRITERS: tuple[ReportWriter, ...] = tuple(
    cast("ReportWriter", one) for one in (junit_report, json_report, html_report)
)
FORMATS = tuple(writer.NAME for writer in WRITERS)


def write_reports(
    results: RunResults, folder: Path, scanner: LeakScanner, formats: Iterable[str] = FORMATS
) -> list[Path]:
    """Write the reports of `formats` into `folder`, created if needed, and return their files.

    Every file is searched by `scanner` before the first is written. Raises SecretLeak, with nothing
    written, and OSError for a folder that cannot be written.
    """
    wanted = set(formats)
    made = [
        (folder / writer.FILE, writer.write(results)) for writer in WRITERS if writer.NAME in wanted
    ]
    for path, content in made:
        scanner.check(content, str(path))
    folder.mkdir(parents=True, exist_ok=True)
    for path, content in made:
        scanner.write_file(path, content)
    return [path for path, _ in made]
