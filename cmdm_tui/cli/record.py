"""`cmdm record`: drive every case through the client against a sandbox, into cassettes."""

import asyncio
import sqlite3
import tempfile
from collections.abc import Generator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cmdm_tui.cli.exits import Exit, Failure

if TYPE_CHECKING:
    from cmdm_tui.harness import Case

_NOON = 1_774_953_000.0  # 2026-03-31T10:30:00Z, at which every recording is made
_RECORDS = 40


@click.command(short_help="Record the documented calls into cassettes.")
@click.argument("names", metavar="[CASE]...", nargs=-1)
@click.option(
    "--into",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("cassettes"),
    show_default=True,
    metavar="FOLDER",
    help="Where the cassettes go.",
)
def record(names: tuple[str, ...], into: Path) -> None:
    """Record every documented call, or the CASEs named, against a fresh sandbox.

    A cassette goes to FOLDER/contract/CASE.yaml, what the client made of it beside it, and a
    manifest to FOLDER/manifest.json. Recording again gives the same bytes.
    """
    try:
        from cmdm_tui.harness import CASES
        from cmdm_tui.harness.manifest import write_manifest
    except ModuleNotFoundError as error:
        message = f"Recording needs {error.name}: install cmdm-tui[harness]."
        raise Failure(message, Exit.USAGE) from None
    known = {case.name: case for case in CASES}
    for name in names:
        if name not in known:
            message = f"There is no case {name}. The cases are {', '.join(known)}."
            raise Failure(message, Exit.USAGE)
    for case in [known[name] for name in names] or CASES:
        record_case(case, into / "contract")
        click.echo(f"recorded {case.name}", err=True)
    write_manifest(into)


def record_case(case: "Case", folder: Path) -> None:
    """Record one case against a fresh sandbox on a real socket, with the outcome beside it."""
    from cmdm_tui.api import Client
    from cmdm_tui.cli.embedded import profile_of
    from cmdm_tui.config import Credentials, SecretStr
    from cmdm_tui.harness import outcome_of, recording
    from cmdm_tui.harness.manifest import write_outcome
    from cmdm_tui.sandbox import Sandbox, SandboxConfig

    async def driven(url: str, credentials: Credentials) -> dict[str, Any]:
        async with Client(url, credentials) as client:
            return await outcome_of(case.work(client, clock), client)

    clock = StageClock()
    path = folder / f"{case.name}.yaml"
    with tempfile.TemporaryDirectory(prefix="cmdm-record-") as data:
        config = SandboxConfig(data=Path(data), port=0, records=_RECORDS)
        if case.setting == "hour's limit":
            config = replace(config, rate_limit=2)
        elif case.setting == "month's limit":
            config = replace(config, month_limit=2)
        with Sandbox.embedded(config, clock=clock) as info, _setting(case, Path(data)):
            credentials = profile_of(info).credentials
            secrets = {info.client_id, info.client_secret, info.username, info.password}
            if case.setting == "wrong password":
                credentials = Credentials(
                    credentials.client_id,
                    credentials.client_secret,
                    credentials.username,
                    SecretStr("not-the-password"),
                )
                secrets.add("not-the-password")
            with recording(path, url=info.url, secrets=secrets) as tape:
                outcome = asyncio.run(driven(info.url, credentials))
    write_outcome(path, outcome, tape)


class StageClock:
    """A clock that stands still at one moment until a case lets time pass."""

    def __init__(self) -> None:
        self._now = _NOON

    def now(self) -> float:
        """Return the Unix time in seconds."""
        return self._now

    def advance(self, seconds: float) -> None:
        """Let `seconds` pass."""
        self._now += seconds


@contextmanager
def _setting(case: "Case", data: Path) -> Generator[None]:
    """Take the sandbox's records away where a case is about a service that fails."""
    if case.setting == "broken":
        (file,) = data.glob("*.sqlite")
        with closing(sqlite3.connect(file)) as connection:
            tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            for (name,) in tables.fetchall():
                if "lead" in name:
                    connection.execute(f'ALTER TABLE "{name}" RENAME TO "{name}_gone"')
            connection.commit()
    yield
