"""The command line: `cmdm`, its commands and exit codes."""

from cmdm_tui.cli.main import main

__all__ = ["main"]
