"""`cmdm login`: tries a sign-in, and keeps it as a profile."""

from typing import TYPE_CHECKING

import click

from cmdm_tui.cli.command_group import examples
from cmdm_tui.cli.commands.secret_locations import describe_location, describe_secret
from cmdm_tui.cli.completion.values import complete_profiles
from cmdm_tui.cli.context import CommandContext, note
from cmdm_tui.text import one_line

if TYPE_CHECKING:
    from cmdm_tui.api.token_state import Token
    from cmdm_tui.cli.commands.login_form import LoginForm
    from cmdm_tui.config import ProfileStore, SecretPlace

_LOCATIONS = ("ask", "keyring", "file", "command")


@click.command(
    epilog=examples(
        "cmdm login acme --url https://crm.example.com --username ann@example.com",
    ),
)
@click.argument("name", required=False, shell_complete=complete_profiles)
@click.option("--url", metavar="URL", help="The address of the service, before /api/v1.")
@click.option("--client-id", metavar="ID", help="The client id.")
@click.option("--username", metavar="NAME", help="The user name.")
@click.option(
    "--secrets",
    "place",
    type=click.Choice(_LOCATIONS),
    help="Where the client secret and the password are to live: nowhere (ask, the default), in the "
    "system's keyring, in a file in plain text that only you can read, or with a command.",
)
@click.option("--password-command", metavar="COMMAND", help="A command that prints the password.")
@click.option(
    "--client-secret-command", metavar="COMMAND", help="A command that prints the client secret."
)
@click.option(
    "--password-stdin",
    is_flag=True,
    help="Read the password from the first line of stdin, and the client secret from the second, "
    "if there is one.",
)
@click.option("--no-check", is_flag=True, help="Keep the profile without trying the sign-in.")
@click.pass_obj
def login(
    context: CommandContext,
    name: str | None,
    place: "SecretPlace | None",
    *,
    password_stdin: bool,
    no_check: bool,
    **given: str | None,
) -> None:
    """Try a sign-in, and keep it as the profile NAME (main, unless another is the default).

    What is not given comes from the profile as it is, from the environment, or is asked for at the
    terminal. Secrets are never given as options: other users of this machine can see those. Nothing
    is kept before the service has accepted the sign-in.
    """
    from cmdm_tui.cli.commands.login_form import LoginOptions, fill_form
    from cmdm_tui.cli.event_loop import run_async
    from cmdm_tui.config import ProfileStore

    words = {key: value for key, value in given.items() if value}
    form = fill_form(
        context,
        LoginOptions(name, place, words, from_stdin=password_stdin, is_tried=not no_check),
    )
    obtained = run_async(_try_sign_in(form, context.timeout, send=not no_check))
    store = ProfileStore(context.paths)
    default_before = store.find_default()
    forgotten = store.save_with_secrets(
        form.name, form.url, form.credentials, place=form.place, commands=form.commands
    )
    note(forgotten.trouble)
    if obtained is not None:
        _keep_token(context, form, *obtained)
    user = form.credentials.username
    start = f"Signed in to {form.url} as {user}" if obtained else "The sign-in is not tried"
    click.echo(one_line(f"{start}. The profile {form.name} is in {context.paths.profiles}."))
    _report_locations(context, form, store)
    _report_default(form.name, default_before, store.find_default())


async def _try_sign_in(
    form: "LoginForm", seconds: float | None, *, send: bool
) -> "tuple[Token, float] | None":
    """Sign in with what is in the form; without `send`, see only whether it could be sent.

    Returns the token, and the seconds that the server's clock is ahead.
    """
    from cmdm_tui.catalog import Account, FreshTokens
    from cmdm_tui.config import Profile

    attempt = Profile(form.name, form.url, form.credentials, catalog=form.name, timeout=seconds)
    in_hand = FreshTokens()
    async with Account.open(attempt, catalogs=None, tokens=in_hand) as account:
        if send:
            await account.client.sign_in()
        offset = account.client.clock_offset
    return None if in_hand.token is None else (in_hand.token, offset)


def _keep_token(context: CommandContext, form: "LoginForm", token: "Token", offset: float) -> None:
    from cmdm_tui.catalog import TokenFile
    from cmdm_tui.config import ConfigurationError

    cache = TokenFile(context.paths.tokens, form.name, form.url, form.credentials)
    try:
        cache.save(token.value, token.renew_at, offset)
    except ConfigurationError as trouble:
        note(f"The token is not kept for the next run: {trouble}")


def _report_locations(context: CommandContext, form: "LoginForm", store: "ProfileStore") -> None:
    from cmdm_tui.config import SECRET_NAMES

    settings = store.load_settings(form.name)
    for secret in SECRET_NAMES:
        where = describe_location(context, secret, store.find_secret_place(settings, secret))
        click.echo(one_line(f"The {describe_secret(secret)} is {where}."))


def _report_default(name: str, before: str | None, now: str | None) -> None:
    """Say which commands use the profile."""
    if now != name:
        click.echo(f"--profile {name} uses it, cmdm profile use {name} makes it the default.")
    elif before is None:
        click.echo("It is the default profile now: what names no profile uses it.")
