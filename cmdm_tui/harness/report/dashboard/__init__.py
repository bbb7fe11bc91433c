"""The live screen of a run: rate, calls and their answers, checks, and failures as they come.

It stands in the harness and not in the explorer's layer: it shows what the harness knows and
nothing else, and the two faces do not know each other. Textual is imported when it is opened.
"""

from cmdm_tui.harness.report.dashboard.background_run import watch_run

__all__ = ["watch_run"]
