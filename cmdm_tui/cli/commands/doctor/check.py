"""What one check found, and what to do about it."""

from typing import Literal

import msgspec

CheckState = Literal["ok", "warning", "problem", "skipped"]


class DoctorCheck(msgspec.Struct, frozen=True):
    """One finding: a name, its state, a line on what was found and one on what to do."""

    name: str
    state: CheckState
    found: str
    advice: str = ""


def ok(name: str, found: str) -> DoctorCheck:
    """Return a check that found all well."""
    return DoctorCheck(name, "ok", found)


def warning(name: str, found: str, advice: str) -> DoctorCheck:
    """Return a check that found what may be in the way one day."""
    return DoctorCheck(name, "warning", found, advice)


def problem(name: str, found: str, advice: str) -> DoctorCheck:
    """Return a check that found what keeps the program from working."""
    return DoctorCheck(name, "problem", found, advice)


def skipped(name: str, why: str) -> DoctorCheck:
    """Return a check that was not made."""
    return DoctorCheck(name, "skipped", why)
