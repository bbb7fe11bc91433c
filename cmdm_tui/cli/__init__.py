"""The command line: `cmdm`, its commands and exit codes."""

from cmdm_tui.cli.entry import main

__all__ = ["main"]
