"""`cmdm sandbox`: the local server to develop and test against."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from cmdm_tui.cli.invocation import Invocation
from cmdm_tui.text import one_line

if TYPE_CHECKING:
    from cmdm_tui.sandbox import RunningInfo
    from cmdm_tui.sandbox.faults import FaultPlan


def _behaviours(
    _context: click.Context, _parameter: click.Parameter, given: tuple[str, ...]
) -> dict[str, str]:
    from cmdm_tui.sandbox.behaviours import Behaviours
    from cmdm_tui.sandbox.errors import SettingError

    choices = {name: choice for name, _, choice in (one.partition("=") for one in given)}
    try:
        Behaviours(choices)
    except SettingError as error:
        raise click.BadParameter(str(error)) from error
    return choices


def _faults(_context: click.Context, _parameter: click.Parameter, file: Path | None) -> "FaultPlan":
    from cmdm_tui.sandbox.errors import SettingError
    from cmdm_tui.sandbox.faults import FaultPlan

    try:
        return FaultPlan() if file is None else FaultPlan.read(file)
    except SettingError as error:
        raise click.BadParameter(str(error)) from error


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
@click.option("--control", is_flag=True, help="Serve a control plane for tests, under /_sandbox/.")
@click.option(
    "--behaviour",
    "behaviours",
    multiple=True,
    metavar="NAME=CHOICE",
    callback=_behaviours,
    help="Answer otherwise than documented or assumed; may be repeated. NAME alone lists choices.",
)
@click.option(
    "--faults",
    type=click.Path(path_type=Path),
    metavar="FILE",
    callback=_faults,
    help="Let go wrong what this TOML file says.",
)
@click.option("--json", "as_json", is_flag=True, help="Say address and credentials as JSON.")
@click.option("--quiet", "-q", is_flag=True, help="Do not log calls.")
@click.pass_obj
def serve(
    invocation: Invocation,
    data: Path | None,
    *,
    behaviours: dict[str, str],
    faults: "FaultPlan",
    as_json: bool,
    quiet: bool,
    **given: int | bool | None,
) -> None:
    """Serve the API on this machine until interrupted.

    The first start makes data and random credentials and keeps both. With --json, the first line on
    stdout is an object with url, client_id, client_secret, username and password, and with
    --control also control and control_token, printed when connections are accepted. Calls are
    logged on stderr.
    """
    from cmdm_tui.sandbox import Sandbox, SandboxConfig

    settings = {name: value for name, value in given.items() if value is not None}
    config = SandboxConfig(  # pyright: ignore[reportArgumentType]
        data=data or invocation.paths.sandbox,
        behaviours=behaviours,
        faults=faults,
        **settings,  # pyright: ignore[reportArgumentType]
    )
    Sandbox.serve(
        config,
        on_ready=_say_as_json if as_json else _say,
        progress=_progress,
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
    if info.control is not None:
        click.echo(f"export CMDM_CONTROL={info.control}")
        click.echo(f"export CMDM_CONTROL_TOKEN={info.control_token}")
    click.echo()


def _progress(done: int, total: int) -> None:
    import sys

    if sys.stderr.isatty():
        end = "\n" if done >= total else ""
        click.echo(f"\rMaking data: {done:,} of {total:,} records{end}", err=True, nl=False)
