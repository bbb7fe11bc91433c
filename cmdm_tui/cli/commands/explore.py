"""`cmdm explore`: the explorer on an account, or offline on cassettes or a sandbox's data."""

import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cmdm_tui.cli.command_group import examples
from cmdm_tui.cli.commands.interactive import explore as open_explorer
from cmdm_tui.cli.context import CommandContext
from cmdm_tui.cli.exit_codes import CommandFailure, ExitCode
from cmdm_tui.text import one_line

if TYPE_CHECKING:
    from collections.abc import Generator

    from cmdm_tui.tui.offline_account import OfflineAccount

_SQLITE_HEADER = b"SQLite format 3\x00"
_LARGEST_DATABASE = 2**40
_WITHOUT_LIMITS = {"counted": "nothing", "rate_headers": "missing", "token_header": "missing"}
"""Behaviours of a sandbox that tells of no limit and has none."""


@click.command(
    epilog=examples(
        "cmdm explore",
        "cmdm explore cassettes/contract",
        "cmdm explore ~/.local/share/cmdm/sandbox",
    ),
)
@click.argument("path", metavar="[PATH]", required=False, type=click.Path(path_type=Path))
@click.pass_obj
def explore(context: CommandContext, path: Path | None) -> None:
    """Open the explorer on the chosen profile, as cmdm alone does; or offline, on what PATH holds.

    PATH is a cassette, a folder of cassettes, or the data folder of a sandbox. It is only read, and
    nothing in it can be changed.

    Of cassettes, you see the records that their calls read, sent and created, as they were last
    known: the counts are of these, not of the account. No connection is opened. Several cassettes
    are read in the order of their names; ids that cmdm record has numbered end with the name of
    their cassette. A sandbox's data is copied as it is at this moment, also while the sandbox runs.

    Exit codes: 0 done, 2 PATH cannot be explored.
    """
    if path is None:
        open_explorer(context, start="profile")
        return
    with open_offline(path) as offline:
        open_explorer(context, start="profile", offline=offline)


@contextmanager
def open_offline(path: Path) -> "Generator[OfflineAccount]":
    """Yield the account of cassettes or of a sandbox's data, for the block only.

    Raises ConfigurationError, CommandFailure or SandboxError where there is nothing to explore.
    """
    from cmdm_tui.tui.cassette_account import open_cassettes, refuse_file

    try:
        data = _find_data_folder(path)
    except OSError as error:
        raise refuse_file(error, path) from None
    if data is None:
        yield open_cassettes(path)
    else:
        with _run_copy(path, data) as offline:
            yield offline


def _find_data_folder(path: Path) -> Path | None:
    """Return the data folder that a path is or has its records in, None where it is none."""
    from cmdm_tui.config.bounded_files import open_bounded
    from cmdm_tui.sandbox.data_folder import DATA_FILE

    if path.is_dir():
        return path if (path / DATA_FILE).exists() else None
    with open_bounded(path, _LARGEST_DATABASE) as file:
        is_database = file.read(len(_SQLITE_HEADER)) == _SQLITE_HEADER
    if not is_database:
        return None
    if path.name != DATA_FILE:
        shown = one_line(str(path), 300)
        message = f"{shown} is a database, but not a {DATA_FILE}. Name a sandbox's data folder."
        raise CommandFailure(message, ExitCode.USAGE)
    return path.absolute().parent


@contextmanager
def _run_copy(path: Path, data: Path) -> "Generator[OfflineAccount]":
    """Run a sandbox on a private copy of the data, which is removed at the end of the block."""
    from dataclasses import replace

    from cmdm_tui.cli.embedded_sandbox import profile_of_sandbox
    from cmdm_tui.cli.service import report_run_failures
    from cmdm_tui.sandbox import Sandbox, SandboxConfig
    from cmdm_tui.sandbox.data_folder import copy_data
    from cmdm_tui.tui.cassette_account import name_offline_profile
    from cmdm_tui.tui.offline_account import OfflineAccount

    with tempfile.TemporaryDirectory(prefix="cmdm-explore-") as folder:
        copy = Path(folder) / "data"
        with report_run_failures():
            copy_data(data, copy)
        config = SandboxConfig(data=copy, port=0, lasting=False, behaviours=_WITHOUT_LIMITS)
        with Sandbox.embedded(config) as info:
            name = name_offline_profile(path)
            profile = replace(profile_of_sandbox(info), name=name, catalog=name, read_only=True)
            yield OfflineAccount(profile, "copy of a sandbox's data")
