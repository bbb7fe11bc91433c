"""The live screen of a run: rate, calls and their answers, checks, and failures as they are found.

`watch_run` opens it. It is part of the reports and not of the explorer, which it does not know:
it shows the results of a run and nothing else. Textual is imported when the screen is opened.

Central files: `state` (what it says, without a screen), `app`, `widgets`, `failure_screen` (one
failure in full), `background_run` (the run, in a thread).
"""

from cmdm_tui.harness.report.dashboard.background_run import watch_run

__all__ = ["watch_run"]
