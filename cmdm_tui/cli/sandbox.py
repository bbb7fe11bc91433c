"""`cmdm sandbox`: the local server to develop and test against."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from cmdm_tui.cli.invocation import Invocation
from cmdm_tui.cli.progress import progress_on_terminal
from cmdm_tui.text import one_line

if TYPE_CHECKING:
    from cmdm_tui.sandbox import RunningInfo


@click.group(short_help="Serve the API locally, with realistic data.")
def sandbox() -> None:
    """Serve the API locally: a sandbox with realistic data, on this machine only."""


@sandbox.command(short_help="Serve until interrupted.")
@click.option("--port", type=click.IntRange(0, 65_535), metavar="N", help="0 takes a free port.")
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    help="Keep data and credentials here, not in the user's data folder.",
)
@click.option("--reset", is_flag=True, help="Start with fresh data; the credentials stay.")
@click.option(
    "--records",
    type=click.IntRange(0, 10_000_000),
    metavar="N",
    help="Leads in fresh data, the other entities in proportion.",
)
@click.option("--rate-limit", type=click.IntRange(1), metavar="N", help="Calls an hour.")
@click.option("--month-limit", type=click.IntRange(1), metavar="N", help="Calls a month.")
@click.option("--token-ttl", type=click.IntRange(1), metavar="SECONDS", help="A token's life.")
@click.option(
    "--database",
    metavar="URL",
    envvar="CMDM_SANDBOX_DATABASE",
    help="Keep data in PostgreSQL: postgresql://user@host/name. A password is better in PGPASSWORD "
    "or ~/.pgpass than on the command line.",
)
@click.option(
    "--workers",
    type=click.IntRange(1, 64),
    metavar="N",
    help="Serve from N processes, which takes --database.",
)
@click.option("--json", "as_json", is_flag=True, help="Say address and credentials as JSON.")
@click.option("--quiet", "-q", is_flag=True, help="Do not log calls.")
@click.pass_obj
def serve(
    invocation: Invocation,
    data: Path | None,
    database: str | None,
    workers: int | None,
    *,
    as_json: bool,
    quiet: bool,
    **given: int | bool | None,
) -> None:
    """Serve the API on this machine until interrupted.

    The first start makes data and random credentials and keeps both. A database keeps the data in a
    schema of its own, cmdm_sandbox, for any number of processes. With --json, the first line on
    stdout is an object with url, client_id, client_secret, username and password, printed when
    connections are accepted. Calls are logged on stderr.
    """
    from cmdm_tui.sandbox import Sandbox, SandboxConfig

    if workers is not None and workers > 1 and database is None:
        raise click.UsageError("--workers takes --database: processes cannot share a file.")
    settings = {name: value for name, value in given.items() if value is not None}
    config = SandboxConfig(  # pyright: ignore[reportArgumentType]
        data=data or invocation.paths.sandbox,
        database=database,
        workers=workers or 1,
        **settings,  # pyright: ignore[reportArgumentType]
    )
    Sandbox.serve(
        config,
        on_ready=_say_as_json if as_json else _say,
        progress=progress_on_terminal(),
        on_call=None if quiet else lambda line: click.echo(one_line(str(line)), err=True),
    )


def _say_as_json(info: "RunningInfo") -> None:
    click.echo(info.json_line())


def _say(info: "RunningInfo") -> None:
    click.echo(
        f"The sandbox serves {info.url}/api/v1 until Ctrl-C. To use it from another shell:\n"
    )
    for name in ("url", "client_id", "client_secret", "username", "password"):
        click.echo(f"export CMDM_{name.upper()}={getattr(info, name)}")
    click.echo()
