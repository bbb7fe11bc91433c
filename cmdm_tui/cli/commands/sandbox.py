"""`cmdm sandbox`: the local server to develop and test against."""

import sys
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cmdm_tui.cli.command_group import SuggestingGroup, examples
from cmdm_tui.cli.context import CommandContext
from cmdm_tui.cli.progress import open_records_progress

if TYPE_CHECKING:
    from cmdm_tui.sandbox import AccountCredentials, RunningInfo
    from cmdm_tui.sandbox.faults.plan import FaultPlan
    from cmdm_tui.sandbox.http.access_log import LoggedCall


_FAULT_KEYS = """
Each fault is a [[faults]] in the file: a kind, and either rate (0 to 1) or nth (which of the calls
that match, from 1). It may also have method and path, which are patterns: /lead is the list and the
create, /lead/* is each record. times is how often it strikes at most. seconds, drop and calls
belong to the kinds above."""


def _parse_behaviours(
    _context: click.Context, _parameter: click.Parameter, given: tuple[str, ...]
) -> dict[str, str]:
    from cmdm_tui.sandbox.errors import SettingError
    from cmdm_tui.sandbox.variants.choices import BehaviourChoices

    choices = {name: choice for name, _, choice in (one.partition("=") for one in given)}
    try:
        BehaviourChoices(choices)
    except SettingError as error:
        raise click.BadParameter(str(error)) from error
    return choices


def _read_faults(
    _context: click.Context, _parameter: click.Parameter, file: Path | None
) -> "FaultPlan":
    from cmdm_tui.sandbox.errors import SettingError
    from cmdm_tui.sandbox.faults.plan import FaultPlan

    try:
        return FaultPlan() if file is None else FaultPlan.read(file)
    except SettingError as error:
        raise click.BadParameter(str(error)) from error


def _list_behaviours(context: click.Context, _parameter: click.Parameter, is_given: bool) -> None:
    """Print the behaviours, and end, where the option is given."""
    if not is_given:
        return
    from cmdm_tui.sandbox.variants.choices import BEHAVIOURS

    click.echo("Of each behaviour, the sandbox's own choice is the first.\n")
    for one in BEHAVIOURS.values():
        click.echo(f"{one.name:24}{one.accepted_choices}")
    context.exit()


def _list_faults(context: click.Context, _parameter: click.Parameter, is_given: bool) -> None:
    """Print the kinds of faults, and end, where the option is given."""
    if not is_given:
        return
    from cmdm_tui.sandbox.faults.plan import FAULT_KINDS

    for kind, description in FAULT_KINDS.items():
        click.echo(f"{kind:20}{description}")
    click.echo(_FAULT_KEYS)
    context.exit()


@click.group(
    cls=SuggestingGroup,
    epilog=examples(
        "cmdm sandbox serve --port 0",
    ),
)
def sandbox() -> None:
    """Serve the API locally: a sandbox with realistic data, on this machine only."""


@sandbox.command(
    short_help="Serve until interrupted.",
    epilog=examples(
        "cmdm sandbox serve",
        "cmdm sandbox serve --json --port 0 --records 200",
    ),
)
@click.option("--host", metavar="ADDRESS", help="Outside this machine, with TLS, for others.")
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
@click.option("--certfile", type=click.Path(path_type=Path), metavar="FILE", help="For TLS: PEM.")
@click.option("--keyfile", type=click.Path(path_type=Path), metavar="FILE", help="For TLS: PEM.")
@click.option(
    "--credentials",
    "credentials_file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Take the credentials of this JSON file, not random ones.",
)
@click.option("--control", is_flag=True, help="Serve a control plane for tests, under /_sandbox/.")
@click.option(
    "--behaviour",
    "behaviours",
    multiple=True,
    metavar="NAME=CHOICE",
    callback=_parse_behaviours,
    help="Answer differently from what is documented or assumed; may be repeated.",
)
@click.option(
    "--list-behaviours",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_list_behaviours,
    help="List the behaviours with their choices.",
)
@click.option(
    "--faults",
    type=click.Path(path_type=Path),
    metavar="FILE",
    callback=_read_faults,
    help="Cause the faults that this TOML file lists.",
)
@click.option(
    "--list-faults",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_list_faults,
    help="List the kinds of faults, and what a faults file says of one.",
)
@click.option("--json", "as_json", is_flag=True, help="Say address and credentials as JSON.")
@click.option(
    "--log",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Log calls to this file, not on stderr.",
)
@click.option("--quiet", "-q", is_flag=True, help="Do not log calls.")
@click.pass_obj
def serve(
    context: CommandContext,
    data: Path | None,
    database: str | None,
    workers: int | None,
    *,
    credentials_file: Path | None,
    as_json: bool,
    log: Path | None,
    quiet: bool,
    **given: Any,
) -> None:
    """Serve the API on this machine until interrupted.

    The first start makes data and random credentials and keeps both. A database keeps the data
    in its own schema, cmdm_sandbox, for any number of processes. With --json, the first line
    on stdout is an object with url, client_id, client_secret, username and password, and with
    --control also control and control_token, printed when connections are accepted. Calls are
    logged on stderr.

    Others than this machine's programs are served with --host, which takes --certfile, --keyfile
    and your own credentials: from --credentials, a JSON object that only you can read, or from
    CMDM_CLIENT_ID, CMDM_CLIENT_SECRET, CMDM_USERNAME and CMDM_PASSWORD.
    """
    from cmdm_tui.sandbox import Sandbox, SandboxConfig
    from cmdm_tui.sandbox.http.exposure import LOOPBACK

    if workers is not None and workers > 1 and database is None:
        raise click.UsageError("--workers takes --database: processes cannot share a file.")
    settings = {name: value for name, value in given.items() if value is not None}
    host = settings.get("host", LOOPBACK)
    own = _choose_credentials(credentials_file, context.environment, host)
    config = SandboxConfig(
        data=data or context.paths.sandbox,
        database=database,
        workers=workers or 1,
        credentials=own,
        **settings,
    )
    with _open_call_log(log, quiet=quiet) as on_call:
        Sandbox.serve(
            config,
            on_ready=_print_json
            if as_json
            else partial(_print_instructions, is_own=own is not None),
            progress=open_records_progress(),
            on_call=on_call,
        )


def _choose_credentials(
    file: Path | None, environment: Mapping[str, str], host: str
) -> "AccountCredentials | None":
    """Return the user's own credentials, None for the sandbox's.

    The environment's are used where it takes one's own: on this machine they may be another
    service's, set up for the commands that are run against it.
    """
    from cmdm_tui.sandbox.credentials import read_credentials, read_environment_credentials
    from cmdm_tui.sandbox.http.exposure import is_loopback

    if file is not None:
        return read_credentials(file)
    return None if is_loopback(host) else read_environment_credentials(environment)


@contextmanager
def _open_call_log(
    file: Path | None, *, quiet: bool
) -> "Generator[Callable[[LoggedCall], None] | None]":
    """Yield what to call with each line of the access log."""
    if quiet and file is None:
        yield None
    elif file is None:
        from cmdm_tui.sandbox.http.log_writer import get_stderr_writer

        writer = get_stderr_writer()
        if writer is None:
            yield lambda line: click.echo(str(line), err=True)
        else:
            yield lambda line: writer.write(str(line))
    else:
        from cmdm_tui.sandbox.http.access_log import open_log

        with open_log(file) as write:
            yield write


def _print_json(info: "RunningInfo") -> None:
    import json

    from cmdm_tui.cli.json_documents import make_document

    # JSON is UTF-8, whatever the terminal's encoding.
    document = make_document("cmdm-sandbox", json.loads(info.json_line()))
    _print_without_waiting(json.dumps(document, ensure_ascii=False).encode())


def _print_instructions(info: "RunningInfo", *, is_own: bool) -> None:
    lines = [
        f"The sandbox serves {info.url}/api/v1 until Ctrl-C. To use it from another shell:\n",
        f"export CMDM_URL={info.url}",
    ]
    for name in ("client_id", "client_secret", "username", "password"):
        shown = "your own" if is_own else getattr(info, name)
        lines.append(f"export CMDM_{name.upper()}={shown}")
    if info.control is not None:
        lines.append(f"export CMDM_CONTROL={info.control}")
        lines.append(f"export CMDM_CONTROL_TOKEN={info.control_token}")
    _print_without_waiting("\n".join([*lines, ""]))


def _print_without_waiting(text: str | bytes) -> None:
    """Print to stdout; what its reader has no room for now is printed by a thread.

    It is called by the server's own thread, which must not wait.
    """
    from cmdm_tui.sandbox.http.log_writer import LogWriter, wait_until_ready

    try:
        descriptor = sys.stdout.fileno()
    except (OSError, ValueError):
        descriptor = None
    if descriptor is None or wait_until_ready(descriptor, 0):
        click.echo(text)
    else:
        LogWriter(descriptor).write(text if isinstance(text, str) else text.decode())
