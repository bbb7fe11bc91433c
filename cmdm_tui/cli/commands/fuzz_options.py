"""What the options of `cmdm fuzz` name: phases, calls, classes of input, checks, known failures."""

from collections.abc import Callable
from difflib import get_close_matches
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from cmdm_tui.cli.exit_codes import CommandFailure, ExitCode
from cmdm_tui.text import one_line

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cmdm_tui.harness.oracle import Check

ClickCommand = TypeVar("ClickCommand", bound=Callable[..., object])

KNOWN_FAILURES_FILE = "failures.txt"
"""Where a run lists its failures, for the baseline of the next one."""

_LARGEST_BASELINE = 1_000_000


def checks_option(command: ClickCommand) -> ClickCommand:
    """Give a command the option that names files of a user's checks."""
    return click.option(
        "--checks",
        "check_files",
        multiple=True,
        type=click.Path(path_type=Path, dir_okay=False),
        metavar="FILE",
        help="Check every answer by the functions of this Python file too; may be repeated.",
    )(command)


def parse_only(names: tuple[str, ...], checks: "Iterable[Check]") -> frozenset[str]:
    """Return the phases, calls and checks named. Raises CommandFailure for an unknown name."""
    from cmdm_tui.harness.exchange import CALLS

    known = {"stateless", "stateful", *CALLS, *(check.name for check in checks)}
    for name in names:
        if name not in known:
            shown = one_line(name, 60)
            near = get_close_matches(name, known, n=1)
            hint = f"Did you mean {near[0]}? " if near else ""
            message = (
                f"--only {shown}: there is no phase, call or check of that name. {hint}The phases "
                f"are stateless and stateful, the calls {', '.join(CALLS)}; cmdm fuzz "
                "--list-checks prints the checks."
            )
            raise CommandFailure(message, ExitCode.USAGE)
    return frozenset(names)


def parse_excluded(names: tuple[str, ...], checks: "Iterable[Check]") -> frozenset[str]:
    """Return the calls, checks and classes of input named, groups and patterns spelled out.

    Raises CommandFailure for a name that fits none of them.
    """
    from cmdm_tui.harness.exchange import CALLS
    from cmdm_tui.harness.inputs import CLASSES

    single = {*CALLS, *(check.name for check in checks)}
    found: set[str] = set()
    for name in names:
        classes = {
            one.full_name
            for one in CLASSES
            if one.group == name or fnmatchcase(one.full_name, name)
        }
        meant = classes | (single & {name})
        if not meant:
            message = (
                f"--exclude {one_line(name, 60)}: there is no call, check or class of input of "
                "that name; cmdm fuzz --list-checks prints the checks, cmdm cases list the classes."
            )
            raise CommandFailure(message, ExitCode.USAGE)
        found |= meant
    return frozenset(found)


def read_baseline(baseline: "Path | None") -> frozenset[str]:
    """Return the failures that a file lists. Raises CommandFailure for another file."""
    if baseline is None:
        return frozenset()
    from cmdm_tui.config.bounded_files import read_bounded

    shown = one_line(str(baseline), 200)
    try:
        text = read_bounded(baseline, _LARGEST_BASELINE).decode("utf-8")
    except OSError as error:
        raise CommandFailure(f"{shown} cannot be read: {error.strerror}.", ExitCode.USAGE) from None
    except UnicodeDecodeError:
        message = f"{shown} is not UTF-8; give the {KNOWN_FAILURES_FILE} that an earlier run wrote."
        raise CommandFailure(message, ExitCode.USAGE) from None
    lines = [line.partition("#")[0].strip() for line in text.splitlines()]
    for number, line in enumerate(lines, 1):
        if line and len(line.split()) != 2:
            message = f"{shown}, line {number}: give a check and a call, such as own-entity get."
            raise CommandFailure(message, ExitCode.USAGE)
    return frozenset(" ".join(line.split()) for line in lines if line)
