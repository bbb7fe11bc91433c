"""`cmdm logout`: forgets what signs in, and leaves the profile."""

import click

from cmdm_tui.cli.exits import Exit, Failure
from cmdm_tui.cli.invocation import Invocation
from cmdm_tui.cli.places import place_in_words, places, secret_in_words
from cmdm_tui.text import one_line


@click.command(short_help="Forget a profile's secrets and token.")
@click.argument("name", required=False)
@click.pass_obj
def logout(invocation: Invocation, name: str | None) -> None:
    """Forget the secrets and the token kept of the profile NAME; the profile itself stays.

    Without NAME, of the profile that would be used. The service is not called: it knows no
    sign-out, and a token that another program holds stays good until its end.
    """
    from cmdm_tui.config import ProfileStore

    store = ProfileStore(invocation.paths)
    chosen = name or invocation.profile_name
    if chosen is None and invocation.environment.get("CMDM_URL"):
        _leave_environment(invocation)
        return
    chosen = store.choose(chosen)
    forgotten = store.log_out(chosen)
    for what in forgotten.removed:
        click.echo(one_line(f"Removed {what}."))
    if not forgotten.removed and not forgotten.trouble:
        click.echo(f"Nothing was kept of {chosen}.")
    for secret, place in places(invocation, store.load_settings(chosen)).items():
        if place in {"command", "environment"}:
            where = place_in_words(invocation, secret, place)
            click.echo(one_line(f"The {secret_in_words(secret)} is still {where}."))
    if forgotten.trouble:
        raise Failure(forgotten.trouble, Exit.FAILED)


def _leave_environment(invocation: Invocation) -> None:
    from cmdm_tui.config import ENVIRONMENT_PROFILE, delete_tokens

    if delete_tokens(invocation.paths.tokens, ENVIRONMENT_PROFILE):
        click.echo("Removed the token.")
    click.echo("The secrets are in the environment: unset CMDM_CLIENT_SECRET and CMDM_PASSWORD.")
