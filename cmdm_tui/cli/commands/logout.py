"""`cmdm logout`: forgets what signs in, and leaves the profile."""

import click

from cmdm_tui.cli.commands.secret_locations import (
    describe_location,
    describe_secret,
    locate_secrets,
)
from cmdm_tui.cli.context import CommandContext
from cmdm_tui.cli.exit_codes import CommandFailure, ExitCode
from cmdm_tui.text import one_line


@click.command(short_help="Forget a profile's secrets and token.")
@click.argument("name", required=False)
@click.pass_obj
def logout(invocation: CommandContext, name: str | None) -> None:
    """Forget the secrets and the token kept of the profile NAME; the profile itself stays.

    Without NAME, of the profile that would be used. The service is not called: it knows no
    sign-out, and a token that another program holds stays good until its end.
    """
    from cmdm_tui.config import ProfileStore

    store = ProfileStore(invocation.paths)
    chosen = name or invocation.profile_name
    if chosen is None and invocation.environment.get("CMDM_URL"):
        _forget_environment_token(invocation)
        return
    chosen = store.choose(chosen)
    forgotten = store.log_out(chosen)
    for what in forgotten.removed:
        click.echo(one_line(f"Removed {what}."))
    if not forgotten.removed and not forgotten.trouble:
        click.echo(f"Nothing was kept of {chosen}.")
    for secret, place in locate_secrets(invocation, store.load_settings(chosen)).items():
        if place in {"command", "environment"}:
            where = describe_location(invocation, secret, place)
            click.echo(one_line(f"The {describe_secret(secret)} is still {where}."))
    if forgotten.trouble:
        raise CommandFailure(forgotten.trouble, ExitCode.FAILED)


def _forget_environment_token(invocation: CommandContext) -> None:
    from cmdm_tui.config import ENVIRONMENT_PROFILE, delete_tokens

    if delete_tokens(invocation.paths.tokens, ENVIRONMENT_PROFILE):
        click.echo("Removed the token.")
    click.echo("The secrets are in the environment: unset CMDM_CLIENT_SECRET and CMDM_PASSWORD.")
