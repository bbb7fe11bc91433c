"""Reports of a run, made from the one stream of its events.

`ResultCollector` takes the events; its `results()` go to `write_reports` (JUnit XML, JSON and an
HTML page), to `format_summary` (a terminal) and to the live screen in `dashboard`. Central files:
`results` (what is known of a run), `writers` (the table of formats).

Other files: `running_reports` (the same while a run goes on), `collector` (from events to results),
`console` (lines while it runs), `summary`, `junit_report` with `junit_elements` (for verify too),
`json_report`, `html_report` with `html_elements`, `plain_text` (text for any file). Also public:
`FORMATS`, `WRITERS`, `Failure`, `ReportWriter`, `RunResults`.
"""

from cmdm_tui.harness.report.collector import ResultCollector
from cmdm_tui.harness.report.results import Failure, RunResults
from cmdm_tui.harness.report.summary import format_summary
from cmdm_tui.harness.report.writers import FORMATS, WRITERS, ReportWriter, write_reports

__all__ = [
    "FORMATS",
    "WRITERS",
    "Failure",
    "ReportWriter",
    "ResultCollector",
    "RunResults",
    "format_summary",
    "write_reports",
]
