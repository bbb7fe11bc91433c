"""The options of every command that changes records: how to look, confirm, send and keep."""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from cmdm_tui.cli.commands.query import FORMATS

if TYPE_CHECKING:
    from cmdm_tui.cli.commands.change_run import ChangeOptions

Command = TypeVar("Command", bound=Callable[..., Any])

_FILE = click.Path(path_type=Path, dir_okay=False)

_FILES = (
    ("results", "--results", False),
    ("refused", "--refused", True),
    ("saved_as", "--save", True),
)
"""The files that are written of changes: name, option, and whether it replaces no file."""
NO_FILES: Mapping[str, Path] = {}

_LOOKING = (
    click.option("-n", "--dry-run", is_flag=True, help="Show the changes; send nothing."),
    click.option("--all", "shows_all", is_flag=True, help="Show every change, not the first 10."),
    click.option(
        "--save", "saved_as", type=_FILE, metavar="FILE",
        help="Keep the changes in FILE for cmdm apply; send nothing.",
    ),
)  # fmt: skip

_READING = (
    click.option(
        "--check-lookups", is_flag=True,
        help="Read the records that lookups and parents name, and leave out what names none.",
    ),
    click.option(
        "--allow-partial", is_flag=True,
        help="Send the changes also where not every record that may be meant could be read.",
    ),
)  # fmt: skip

_RESULTS = (
    click.option(
        "-o", "--output-format", "name", type=click.Choice(FORMATS), metavar="FORMAT",
        help=f"How to write what is shown: {', '.join(FORMATS)}.",
    ),
    click.option(
        "--results", type=_FILE, metavar="FILE",
        help="Write what became of each change to FILE, with the ids of new records.",
    ),
    click.option(
        "--refused", type=_FILE, metavar="FILE",
        help="Keep the changes that were not done in FILE, with reasons, for cmdm apply.",
    ),
)  # fmt: skip

_SENDING = (
    click.option("-y", "--yes", is_flag=True,
        help="Send the changes without a question, also where the profile's confirm asks one.",
    ),
    click.option(
        "--max-writes", type=click.IntRange(0), metavar="N", help="Refuse more than N changes.",
    ),
    click.option(
        "--no-recheck", is_flag=True,
        help="Do not read each record again before it is changed: half the calls, and what others "
        "have changed meanwhile is overwritten.",
    ),
    click.option(
        "--stop-on-error", is_flag=True, help="Stop at the first change that is not done.",
    ),
    click.option(
        "--no-wait", is_flag=True, help="Stop where the hour's calls are used up; do not wait.",
    ),
)  # fmt: skip


def looking_options(command: Command) -> Command:
    """Add the options that show or keep the changes and send none."""
    for option in reversed(_LOOKING):
        command = option(command)
    return command


def reading_options(command: Command) -> Command:
    """Add the options on what is read before changes are shown."""
    for option in reversed(_READING):
        command = option(command)
    return command


def sending_options(command: Command) -> Command:
    """Add the options that say how changes are confirmed and sent, and what is written of them."""
    for option in reversed((*_SENDING, *_RESULTS)):
        command = option(command)
    return command


def result_options(command: Command) -> Command:
    """Add the options that say what is written of changes, of a run that was begun before."""
    for option in reversed(_RESULTS):
        command = option(command)
    return command


def read_change_options(
    given: dict[str, Any],
    *,
    inputs: Iterable[Path] = (),
    outputs: Mapping[str, Path] = NO_FILES,
) -> "ChangeOptions":
    """Return what the options of the functions above say; try the files that they name.

    `inputs` are the files that the command reads, `outputs` those that it writes besides, by
    option. Raises what `check_output_files` does, before anything is sent.
    """
    from cmdm_tui.changes.apply_events import ApplyOptions
    from cmdm_tui.cli.commands.change_files import OutputFile, check_output_files
    from cmdm_tui.cli.commands.change_run import ChangeOptions
    from cmdm_tui.cli.commands.query_output import choose_format

    results = given.get("results")
    if results is not None:
        choose_format(None, results)
    files = [OutputFile(option, path) for option, path in outputs.items()]
    for name, option, is_new in _FILES:
        if (path := given.get(name)) is not None:
            files.append(OutputFile(option, path, is_new=is_new))
    check_output_files(files, inputs)
    return ChangeOptions(
        apply=ApplyOptions(
            rechecks=not given.get("no_recheck"),
            stops_on_error=bool(given.get("stop_on_error")),
            waits_for_reset=not given.get("no_wait"),
        ),
        is_confirmed=bool(given.get("yes")),
        max_writes=given.get("max_writes"),
        is_dry_run=bool(given.get("dry_run")),
        shows_all=bool(given.get("shows_all")),
        format=choose_format(given.get("name"), None),
        saved_as=given.get("saved_as"),
        results=results,
        refused=given.get("refused"),
        checks_lookups=bool(given.get("check_lookups")),
        allows_partial=bool(given.get("allow_partial")),
        max_calls=given.get("max_calls"),
    )
