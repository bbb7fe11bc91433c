"""Checks of the terminal: what it is, what it can show, and how large it is."""

import locale
import os
import shutil
import sys
from collections.abc import Mapping

from cmdm_tui.cli.commands.doctor.check import DoctorCheck, ok, skipped, warning

_COLUMNS, _LINES = 80, 24


def check_terminal(
    environment: Mapping[str, str], *, size: os.terminal_size | None
) -> list[DoctorCheck]:
    """Check the terminal that `environment` describes; `size` is None where there is none."""
    return [
        _check_kind(environment),
        _check_encoding(),
        _check_colours(environment),
        _check_size(size),
        _check_multiplexer(environment),
    ]


def measure_terminal() -> os.terminal_size | None:
    """Return the size of the terminal, None where the output is none."""
    return shutil.get_terminal_size() if sys.stdout.isatty() else None


def can_show_screens(environment: Mapping[str, str]) -> bool:
    """Return whether the terminal that `environment` describes can show more than lines."""
    return environment.get("TERM", "") not in {"", "dumb", "unknown"}


def _check_kind(environment: Mapping[str, str]) -> DoctorCheck:
    term = environment.get("TERM", "")
    if not can_show_screens(environment):
        found = f"TERM is {term}" if term else "TERM is not set"
        advice = "The explorer needs a full terminal: set TERM=xterm-256color if yours is one."
        return warning("terminal", found, advice)
    return ok("terminal", f"TERM is {term}")


def _check_encoding() -> DoctorCheck:
    encoding = locale.getpreferredencoding(do_setlocale=False)
    if encoding.casefold().replace("-", "") != "utf8":
        advice = "Set LANG to a UTF-8 locale, such as C.UTF-8, so that names show as they are."
        return warning("encoding", f"The locale's encoding is {encoding}, not UTF-8", advice)
    return ok("encoding", "The locale is UTF-8")


def _check_colours(environment: Mapping[str, str]) -> DoctorCheck:
    if environment.get("NO_COLOR"):
        return ok("colours", "NO_COLOR is set: none are used")
    if environment.get("COLORTERM", "").casefold() in {"truecolor", "24bit"}:
        return ok("colours", "16 million (COLORTERM)")
    term = environment.get("TERM", "")
    if term.endswith(("-256color", "-direct", "-kitty", "-ghostty")) or term == "alacritty":
        return ok("colours", f"256 or more ({term})")
    found = "The terminal names 16 colours at most"
    return warning("colours", found, "Set COLORTERM=truecolor if it has more, as most have.")


def _check_size(size: os.terminal_size | None) -> DoctorCheck:
    if size is None:
        return skipped("size", "The output is not a terminal")
    shown = f"{size.columns} columns by {size.lines} lines"
    if size.columns < _COLUMNS or size.lines < _LINES:
        advice = f"Widen it to {_COLUMNS} by {_LINES} or more, or use a smaller font."
        return warning("size", shown, advice)
    return ok("size", shown)


def _check_multiplexer(environment: Mapping[str, str]) -> DoctorCheck:
    name, term = "tmux and ssh", environment.get("TERM", "")
    if environment.get("TMUX") and not term.startswith(("tmux", "screen")):
        advice = 'Put set -g default-terminal "tmux-256color" into tmux.conf.'
        return warning(name, f"tmux runs, but TERM is {term or 'not set'}", advice)
    through = [
        word for word, variable in (("tmux", "TMUX"), ("ssh", "SSH_CONNECTION"))
        if environment.get(variable)
    ]  # fmt: skip
    return ok(name, f"Shown through {' and '.join(through)}" if through else "Neither is between")
