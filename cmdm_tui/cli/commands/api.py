"""`cmdm api`: any call at all, its answer unchanged."""

from typing import TYPE_CHECKING

import click

from cmdm_tui.cli.arguments import read_source
from cmdm_tui.cli.command_group import examples
from cmdm_tui.cli.completion.values import complete_entities, complete_file, complete_methods
from cmdm_tui.cli.context import CommandContext
from cmdm_tui.cli.encodings import decode_text
from cmdm_tui.cli.output import write_json, write_text
from cmdm_tui.cli.prompts import require_confirmation
from cmdm_tui.text import one_line

if TYPE_CHECKING:
    from cmdm_tui.api import Response
    from cmdm_tui.catalog import Account


@click.command(
    epilog=examples(
        "cmdm api GET 'lead?per_page=5&page=1&sort_by=LastName'",
        'cmdm api POST lead --data \'{"LastName": "Jones"}\'',
    ),
)
@click.argument("method", shell_complete=complete_methods)
@click.argument("path", shell_complete=complete_entities)
@click.option("--data", metavar="TEXT", help="Send this body, as it is.")
@click.option(
    "--json",
    "source",
    metavar="FILE",
    shell_complete=complete_file,
    help="Send FILE as it is, or stdin for -.",
)
@click.option("-i", "--include", is_flag=True, help="Print the status and headers before the body.")
@click.option("--curl", is_flag=True, help="Print the call as curl instead of making it.")
@click.option("-y", "--yes", is_flag=True, help="Send a change without a question.")
@click.pass_obj
def api(
    context: CommandContext,
    method: str,
    path: str,
    data: str | None,
    source: str | None,
    include: bool,
    curl: bool,
    yes: bool,
) -> None:
    """Make the call METHOD PATH, signed in; PATH is below the profile's address.

    The body of the answer goes to stdout, that of an error too; the exit code distinguishes them.
    """
    content = _read_content(data, source)
    if curl:
        _print_as_curl(context, method.upper(), path, content)
        return
    once = method.upper() == "POST" or "convert" in path.casefold()
    from cmdm_tui.api import StatusError

    async def made(account: "Account") -> "Response":
        await _require_confirmation(account, method, path, is_confirmed=yes)
        return await account.client.request(method, path, content=content)

    try:
        answer = context.run(made, once=once)
        error = None
    except StatusError as status_error:
        if status_error.response is None:
            raise
        answer, error = status_error.response, status_error
    head, body = "", answer.body
    if include:
        lines = [f"{answer.status}", *(f"{k}: {v}" for k, v in answer.headers.items()), "", ""]
        head = "\n".join(lines)
    if error is not None and error.call is not None:
        # The service's words, in which it may repeat what it was sent.
        redact = error.call.redact
        head = redact(head)
        body = redact(body.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")
    write_text(head.encode("utf-8"))
    write_json(body)
    if error is not None:
        raise error


def _read_content(data: str | None, source: str | None) -> bytes | None:
    """Return the body to send, None for none. Raises UsageError for two."""
    if data is not None and source is not None:
        message = "Give either --data or --json, not both."
        raise click.UsageError(message)
    if source is not None:
        where = "The standard input" if source == "-" else source
        return decode_text(read_source(source), where).encode("utf-8")
    return None if data is None else data.encode("utf-8", "surrogateescape")


async def _require_confirmation(
    account: "Account", method: str, path: str, *, is_confirmed: bool
) -> None:
    """Ask before a call that changes something, as the profile has it."""
    from cmdm_tui.operations.confirmation import is_change, is_destructive

    if is_change(method):
        what = f"{method.upper()} {one_line(account.client.redact(path), 100)}"
        is_lossy = is_destructive(method, path)
        await require_confirmation(
            account, what, is_destructive=is_lossy, is_confirmed=is_confirmed
        )


def _print_as_curl(context: CommandContext, method: str, path: str, content: bytes | None) -> None:
    """Print the call as curl, with `$CMDM_TOKEN` for the token, and on stderr how to get one."""
    from cmdm_tui.api.curl import format_curl, format_sign_in_curl
    from cmdm_tui.api.urls import join_path, parse_base_url

    base = parse_base_url(context.load_profile_asking().url)
    click.echo(f"# {format_sign_in_curl(join_path(base, 'authenticate'))}", err=True)
    click.echo(format_curl(method, join_path(base, path), content))
