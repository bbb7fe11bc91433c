"""`cmdm explore`: the explorer on an account, or offline on cassettes or a sandbox's data."""

import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cmdm_tui.cli.commands.interactive import explore as open_explorer
from cmdm_tui.cli.context import CommandContext
from cmdm_tui.cli.exit_codes import CommandFailure, ExitCode
from cmdm_tui.text import count_noun, one_line

if TYPE_CHECKING:
    from collections.abc import Generator

    from cmdm_tui.tui.account_opener import OfflineAccount

_CASSETTE_SUFFIXES = (".yaml", ".yml")
_SQLITE_HEADER = b"SQLite format 3\x00"
_NO_ADDRESS = "http://127.0.0.1"
"""An address that a client accepts; what was recorded answers in place of the network."""
_NO_SECRET = "no-secret-of-anybody"  # noqa: S105 — a sign-in to a cassette takes anything
_LARGEST_DATABASE = 2**40
_WITHOUT_LIMITS = {"counted": "nothing", "rate_headers": "missing", "token_header": "missing"}
"""Behaviours of a sandbox that tells of no limit and has none."""


@click.command(short_help="Explore an account, or cassettes or a sandbox's data offline.")
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

    Raises CommandFailure where the path holds neither, or nothing to explore.
    """
    from cmdm_tui.cli.service import report_run_failures

    with report_run_failures():
        try:
            data = _find_data_folder(path)
            cassettes = [] if data is not None else _find_cassettes(path)
            account = None if data is not None else _open_cassettes(path, cassettes)
        except OSError as error:
            reason = error.strerror or str(error)
            raise _refuse(
                Path(error.filename or path), f"cannot be read: {reason}. Check its path."
            ) from None
    if account is not None:
        yield account
    elif data is not None:
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
        raise _refuse(path, f"is a database, but not a {DATA_FILE}. Name a sandbox's data folder.")
    return path.absolute().parent


def _find_cassettes(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    found = [one for one in path.rglob("*") if one.suffix in _CASSETTE_SUFFIXES and one.is_file()]
    if not found:
        raise _refuse(path, "holds no cassettes and no sandbox's data. Name a folder that does.")
    return sorted(found)


def _open_cassettes(path: Path, cassettes: list[Path]) -> "OfflineAccount":
    from cmdm_tui.catalog import DEFAULT_ENTITIES
    from cmdm_tui.config import Credentials, Profile, SecretStr
    from cmdm_tui.harness.cassettes.recorded_service import RecordedService
    from cmdm_tui.tui.account_opener import OfflineAccount

    folder = path if path.is_dir() else None
    service = RecordedService.of(*cassettes, folder=folder)
    records = service.records
    if not records.call_count:
        raise _refuse(path, "holds no calls. Record some, or name another file.")
    if records.is_empty:
        raise _refuse(path, "shows no record and no field: no call in it read or sent one.")
    what = "cassette" if folder is None else count_noun(len(cassettes), "cassette")
    name = _name_profile(path)
    secret = SecretStr(_NO_SECRET)
    profile = Profile(
        name=name,
        url=_NO_ADDRESS,
        credentials=Credentials(secret, secret, "nobody", secret),
        catalog=name,
        entities=tuple(one for one in records.entities if one not in DEFAULT_ENTITIES),
        read_only=True,
    )
    seen = f"{what}: {count_noun(records.record_count, 'record')} seen"
    return OfflineAccount(profile, seen, service)


@contextmanager
def _run_copy(path: Path, data: Path) -> "Generator[OfflineAccount]":
    """Run a sandbox on a private copy of the data, which is removed at the end of the block."""
    from dataclasses import replace

    from cmdm_tui.cli.embedded_sandbox import profile_of_sandbox
    from cmdm_tui.cli.service import report_run_failures
    from cmdm_tui.sandbox import Sandbox, SandboxConfig
    from cmdm_tui.sandbox.data_folder import copy_data
    from cmdm_tui.tui.account_opener import OfflineAccount

    with tempfile.TemporaryDirectory(prefix="cmdm-explore-") as folder:
        copy = Path(folder) / "data"
        with report_run_failures():
            copy_data(data, copy)
        config = SandboxConfig(data=copy, port=0, lasting=False, behaviours=_WITHOUT_LIMITS)
        with Sandbox.embedded(config) as info:
            name = _name_profile(path)
            profile = replace(profile_of_sandbox(info), name=name, catalog=name, read_only=True)
            yield OfflineAccount(profile, "copy of a sandbox's data")


def _name_profile(path: Path) -> str:
    """Return a name that no profile has: it ends as the file does, or as a folder."""
    name = path.absolute().name
    return f"{name}/" if path.is_dir() else name if "." in name else f"./{name}"


def _refuse(path: Path, why: str) -> CommandFailure:
    return CommandFailure(f"{one_line(str(path), 300)} {why}", ExitCode.USAGE)
