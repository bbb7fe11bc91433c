"""Reports of a run, made from the one stream of its events.

`Gathering` is told the events; its `results()` go to `write_reports` (JUnit XML, JSON and an HTML
page) and to `summary_lines` (a terminal).
"""

from cmdm_tui.harness.report.gathering import Gathering
from cmdm_tui.harness.report.results import Failure, Results
from cmdm_tui.harness.report.summary import summary_lines
from cmdm_tui.harness.report.writers import FORMATS, WRITERS, Writer, write_reports

__all__ = [
    "FORMATS",
    "WRITERS",
    "Failure",
    "Gathering",
    "Results",
    "Writer",
    "summary_lines",
    "write_reports",
]
