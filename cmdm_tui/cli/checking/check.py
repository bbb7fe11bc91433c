"""What one check found, and what to do about it."""

from typing import Literal

import msgspec

State = Literal["ok", "warning", "problem", "skipped"]


class Check(msgspec.Struct, frozen=True):
    """One finding: a name, its state, a line that tells what was found and one on what to do."""

    name: str
    state: State
    found: str
    advice: str = ""


def ok(name: str, found: str) -> Check:
    """Return a check that found all well."""
    return Check(name, "ok", found)


def warning(name: str, found: str, advice: str) -> Check:
    """Return a check that found what may be in the way one day."""
    return Check(name, "warning", found, advice)


def problem(name: str, found: str, advice: str) -> Check:
    """Return a check that found what keeps the program from working."""
    return Check(name, "problem", found, advice)


def skipped(name: str, why: str) -> Check:
    """Return a check that was not made."""
    return Check(name, "skipped", why)
