"""The command line: `cmdm`, its commands and exit codes.

Public: `main`. Central files: `main.py` (runs a command; every failure becomes a line and an exit
code), `commands/__init__.py` (the table of commands), `context.py` (what a command is run with),
`service.py` (which service a command means), `exit_codes.py`.

Other central files: `prompts`, `output`, `embedded_sandbox`.
"""

from cmdm_tui.cli.main import main

__all__ = ["main"]
