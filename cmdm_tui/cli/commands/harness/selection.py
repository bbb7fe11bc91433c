"""Which cases a command means, and which of them its service can be given."""

from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from cmdm_tui.cli.context import note
from cmdm_tui.cli.exit_codes import CommandFailure, ExitCode
from cmdm_tui.cli.service import ChosenService, report_run_failures
from cmdm_tui.text import one_line

if TYPE_CHECKING:
    from cmdm_tui.harness.cassettes.library import LibraryEntry
    from cmdm_tui.harness.cassettes.manifest import ManifestEntry
    from cmdm_tui.harness.service import Service

ClickCommand = TypeVar("ClickCommand", bound=Callable[..., object])


_CONTROL_HINT = (
    "; set CMDM_CONTROL and CMDM_CONTROL_TOKEN, which cmdm sandbox serve --control prints"
)


def folder_option(command: ClickCommand) -> ClickCommand:
    """Give a command the option that names a folder of cases."""
    return click.option(
        "--from",
        "folder",
        type=click.Path(path_type=Path, file_okay=False),
        metavar="FOLDER",
        help="Take cases and cassettes from here, not those that come with cmdm.",
    )(command)


def exclude_option(command: ClickCommand) -> ClickCommand:
    """Give a command the option that leaves cases out."""
    return click.option(
        "--exclude",
        "excluded",
        multiple=True,
        metavar="NAME",
        help="Leave out this case, pattern, kind, call, class of input or check; may be repeated.",
    )(command)


@contextmanager
def report_case_failures() -> Generator[None]:
    """End a command on cases that could not run with exit code 2 and a sentence."""
    with report_run_failures():
        try:
            yield
        except FileNotFoundError as error:
            message = f"There is no {error.filename}. Record it with cmdm record."
            raise CommandFailure(message, ExitCode.USAGE) from None


def select_cases(
    folder: Path | None,
    names: tuple[str, ...],
    *,
    excluded: tuple[str, ...] = (),
    live: bool | None = None,
) -> "list[LibraryEntry]":
    """Return the cases named in the folder, all where none is, without those excluded.

    What was recorded of a live service is for it alone: with `live` those cases are meant, if there
    are any; where `live` is False they are left out.
    """
    from cmdm_tui.harness.cassettes.library import (
        KINDS,
        LIVE,
        built_in_folder,
        describe_without_case,
        exclude_entries,
        list_cassettes_without_case,
        list_entries,
        select_entries,
    )

    root = folder or built_in_folder()
    has_live = any((root / LIVE).glob("*.toml"))
    kinds = [kind for kind in KINDS if live is None or (kind == LIVE) == (live and has_live)]
    alone = [path for path in list_cassettes_without_case(root) if path.stem in names]
    if alone:
        raise CommandFailure(describe_without_case(alone), ExitCode.USAGE)
    return exclude_entries(select_entries(list_entries(root, kinds), names), excluded)


def select_recorded(
    found: "list[LibraryEntry]", manifest: "Mapping[str, ManifestEntry]"
) -> "list[LibraryEntry]":
    """Return the cases that have a cassette, or should have one by the manifest.

    Raises CommandFailure where none has.
    """
    recorded = [entry for entry in found if entry.cassette.is_file() or entry.key in manifest]
    if not recorded:
        message = "None of these cases is recorded. Record them with cmdm record."
        raise CommandFailure(message, ExitCode.USAGE)
    return recorded


def select_runnable(
    found: "list[LibraryEntry]", chosen: ChosenService
) -> "tuple[list[LibraryEntry], Mapping[str, int]]":
    """Return the cases that the service can be given, and why how many others cannot."""
    kept: list[LibraryEntry] = []
    left_out: dict[str, int] = {}
    for entry in found:
        reason = reason_to_leave_out(entry, chosen)
        if reason:
            left_out[reason] = left_out.get(reason, 0) + 1
        else:
            kept.append(entry)
    return kept, left_out


def count_cases(count: int) -> str:
    """Return how many cases, in words."""
    return f"{count} {'case' if count == 1 else 'cases'}"


def describe_service(chosen: ChosenService) -> str:
    """Return what the chosen service is, to be shown."""
    return "a fresh sandbox" if chosen.profile is None else one_line(chosen.name, 100)


def report_left_out(left_out: Mapping[str, int]) -> None:
    """Write to stderr which cases are left out, and why."""
    for reason, count in left_out.items():
        note(f"{count_cases(count)} left out: {reason}.")


def require_nothing_left(service: "Service") -> None:
    """Raise CommandFailure where a run could not delete what it made."""
    if service.undeleted:
        for one in service.undeleted:
            note(f"left on the service: {one}")
        count, mark = len(service.undeleted), service.mark
        raise CommandFailure(f"{count} records stay on the service; their names hold {mark}.")


def reason_to_leave_out(entry: "LibraryEntry", chosen: ChosenService) -> str:
    """Return why the service cannot be given a case; empty where it can."""
    case = entry.case
    if chosen.can_be_restored:
        return ""
    if case.needs_control:
        return "they need a control plane" + ("" if chosen.is_live else _CONTROL_HINT)
    read_only = chosen.profile is not None and chosen.profile.read_only
    unless = "and the profile is read-only" if read_only else "--writes runs them too"
    if case.is_mutating and not chosen.may_write:
        return f"they change something{',' if read_only else ';'} {unless}"
    if case.changes_others:
        return "they would change records that they did not make"
    if case.may_lock_an_account and not chosen.may_write:
        return f"a wrong sign-in may lock an account{',' if read_only else ';'} {unless}"
    return ""
