"""Checks of versions: Python, this program, and the packages that it needs."""

import re
import sys
from importlib import metadata

from cmdm_tui import __version__
from cmdm_tui.cli.commands.doctor.check import DoctorCheck, ok, problem, warning

_DISTRIBUTION = "cmdm-tui"
_OLDEST = (3, 11)
_REQUIREMENT = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*)\s*(?:\[[^\]]*\])?([^;]*)")
_AT_LEAST = re.compile(r">=\s*([0-9.]+)")


def check_versions() -> list[DoctorCheck]:
    """Check Python's version and each required package's."""
    shown = ".".join(map(str, sys.version_info[:3]))
    python = ok("Python", f"{shown} runs cmdm {__version__}")
    if sys.version_info[:2] < _OLDEST:
        python = problem("Python", f"It is {shown}", "Install Python 3.11 or newer.")
    return [python, _check_packages(installed_requirements())]


def installed_requirements() -> list[str] | None:
    """Return what the installed program requires, None where it is not installed."""
    try:
        return metadata.requires(_DISTRIBUTION) or []
    except metadata.PackageNotFoundError:
        return None


def _check_packages(required: list[str] | None) -> DoctorCheck:
    name = "packages"
    if required is None:
        advice = "Install it with pipx or pip to have its packages looked after."
        return warning(name, "The program runs from a folder, not installed", advice)
    wanted = [line for line in required if "extra ==" not in line]
    wrong = [fault for line in wanted if (fault := _package_fault(line)) is not None]
    if wrong:
        return problem(name, "; ".join(wrong), f"Install {_DISTRIBUTION} again.")
    return ok(name, f"All {len(wanted)} are there, none too old")


def _package_fault(requirement: str) -> str | None:
    matched = _REQUIREMENT.match(requirement)
    if matched is None:
        return None
    package, bounds = matched.groups()
    try:
        version = metadata.version(package)
    except metadata.PackageNotFoundError:
        return f"{package} is missing"
    least = _AT_LEAST.search(bounds)
    if least is not None and _version_numbers(version) < _version_numbers(least[1]):
        return f"{package} is {version}, and {least[1]} is needed"
    return None


def _version_numbers(version: str) -> tuple[int, ...]:
    found = re.match(r"[0-9]+(?:\.[0-9]+)*", version)
    return tuple(map(int, found[0].split("."))) if found else ()
