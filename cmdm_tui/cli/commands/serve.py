"""`cmdm serve`: the explorer in a browser."""

import asyncio
import os
import sys
from contextlib import ExitStack, suppress

import click

from cmdm_tui.cli.command_group import examples
from cmdm_tui.cli.context import CommandContext, note
from cmdm_tui.cli.exit_codes import CommandFailure, ExitCode

_LOOPBACK = "127.0.0.1"
_PORT = 8_000


@click.command(
    epilog=examples(
        "cmdm serve --demo",
        "cmdm serve --port 0",
    ),
)
@click.option("--demo", "on_demo", is_flag=True, help="Explore an embedded sandbox.")
@click.option(
    "--host",
    metavar="ADDRESS",
    default=_LOOPBACK,
    help="The IP address to listen on; any other than 127.0.0.1 and ::1 lets other machines in.",
)
@click.option(
    "--port",
    type=click.IntRange(0, 65_535),
    metavar="N",
    default=_PORT,
    help=f"{_PORT} by default; 0 takes a free one.",
)
@click.pass_obj
def serve(context: CommandContext, *, on_demo: bool, host: str, port: int) -> int:
    """Serve the explorer to browsers on this machine until interrupted.

    The first line on stdout names the address to open. It has a random token in it: whoever knows
    the address can do in the explorer what you can. Each page has its own explorer.

    It needs the extra serve: pipx install 'cmdm-tui[serve]'.
    """
    from cmdm_tui.cli.event_loop import run_async

    if context.names_service and not on_demo:
        context.load_url()  # what is wrong with the profile is said here, not in every page
    _check_exposure(host)
    with ExitStack() as running:
        environment: dict[str, str] = {}
        if on_demo:
            from cmdm_tui.cli.embedded_sandbox import DEMO_VARIABLE, run_demo_sandbox

            demo = running.enter_context(run_demo_sandbox(context.paths))
            environment[DEMO_VARIABLE] = demo.json_line()
        command = _explorer_command(context, on_demo=on_demo)
        with suppress(KeyboardInterrupt):  # as is said next to the address
            run_async(_serve(command, environment, host, port))
    return ExitCode.DONE


def _check_exposure(host: str) -> None:
    """Warn of an address that other machines reach. Raises CommandFailure for no address."""
    try:
        from cmdm_tui.cli.web.access import is_loopback
    except ModuleNotFoundError as error:
        message = f"This needs {error.name}: pipx install 'cmdm-tui[serve]' brings it."
        raise CommandFailure(message, ExitCode.USAGE) from None
    try:
        is_private = is_loopback(host)
    except ValueError:
        message = f"The host is not an IP address; give one of this machine, such as {_LOOPBACK}."
        raise CommandFailure(message, ExitCode.USAGE) from None
    if not is_private:
        note(
            f"Warning: other machines can reach {host}, and nothing is encrypted. Whoever reads "
            "the network sees the address with its token, and all records. From another machine, "
            "ssh -L to 127.0.0.1 is safe."
        )


def _explorer_command(context: CommandContext, *, on_demo: bool) -> list[str]:
    """Return the words that start an explorer; there is no secret among them."""
    words = [sys.executable, "-P", "-m", "cmdm_tui"]
    if context.profile_name is not None:
        words += ["--profile", context.profile_name]
    if context.timeout is not None:
        words += ["--timeout", str(context.timeout)]
    if context.log_file is not None:
        words += ["--log-file", os.fspath(context.log_file)]
    return [*words, "demo"] if on_demo else words


async def _serve(command: list[str], environment: dict[str, str], host: str, port: int) -> None:
    """Serve until this is cancelled."""
    from cmdm_tui.cli.web.server import ExplorerServer

    server = ExplorerServer(command, environment, note)
    async with server.listen(host, port) as address:
        click.echo(f"The explorer is at {address} until Ctrl-C.")
        await asyncio.Event().wait()
