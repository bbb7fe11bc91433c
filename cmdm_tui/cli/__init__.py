"""The command line: `cmdm`, its commands and exit codes.

Public: `main` (`main.py`: runs a command; every failure becomes a line and an exit code).
`commands/` is the table of commands, `context` what each is run with, `service` which service is
meant, `exit_codes` which error ends with which.

What the commands share: `arguments` and `encodings` (read them), `prompts` (asks at the terminal),
`output` (writes results), `progress` and `call_log` (report on stderr), `crashes` (reports a fault
of cmdm), `signals` (what ends a command from outside), `event_loop` (runs asynchronous work),
`embedded_sandbox` (the demo, and sandboxes for the harness).
"""

from cmdm_tui.cli.main import main

__all__ = ["main"]
