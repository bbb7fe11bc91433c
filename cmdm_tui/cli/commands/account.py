"""`cmdm whoami` and `cmdm logout`: who calls are made as, where secrets are kept, removing them."""

import json
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from cmdm_tui.cli.command_group import examples
from cmdm_tui.cli.commands.secret_locations import (
    describe_location,
    describe_secret,
    locate_secrets,
)
from cmdm_tui.cli.completion.values import complete_profiles
from cmdm_tui.cli.context import CommandContext, note
from cmdm_tui.cli.exit_codes import CommandFailure, ExitCode
from cmdm_tui.text import one_line

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cmdm_tui.api import Client, Quota
    from cmdm_tui.catalog import StoredToken
    from cmdm_tui.cli.commands.secret_locations import SecretLocation
    from cmdm_tui.config import SecretName


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a call would be made as. `token` is the one that the next call would use, if known."""

    profile: str
    url: str
    username: str
    locations: "Mapping[SecretName, SecretLocation]"
    token: "StoredToken | None"


@click.command(
    epilog=examples(
        "cmdm whoami",
        "cmdm whoami --check --json",
    ),
)
@click.option("--check", is_flag=True, help="Sign in, to see whether the service accepts it.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def whoami(context: CommandContext, *, check: bool, as_json: bool) -> None:
    """Show which server is called, as whom, where each secret is and whether a token is kept.

    Nothing is sent, and neither the keyring nor a command is asked, except with --check, which
    signs in again and shows how many calls are left.
    """
    quota = context.run(lambda account: _sign_in(account.client)) if check else None
    identity = _read_identity(context, notes=not check)
    if as_json:
        from cmdm_tui.cli.json_documents import make_document

        document = make_document("cmdm-whoami", _identity_json(identity, quota))
        click.echo(json.dumps(document, indent=2))
        return
    rows = [
        ("profile", identity.profile),
        ("address", identity.url),
        ("user name", identity.username),
        *(
            (describe_secret(secret), describe_location(context, secret, place))
            for secret, place in identity.locations.items()
        ),
        ("token", _describe_token(identity.token)),
        ("calls left", _describe_quota(quota)),
    ]
    for label, words in rows:
        click.echo(one_line(f"{label:<13}  {words}"))


async def _sign_in(client: "Client") -> "Quota":
    await client.sign_in()
    return client.quota


def _read_identity(context: CommandContext, *, notes: bool) -> Identity:
    """Return who signs in; with `notes`, what is odd in the profile is written to stderr."""
    from cmdm_tui.catalog.token_cache import TokenFile, load_stored_token
    from cmdm_tui.config import (
        SECRET_NAMES,
        ProfileStore,
        find_environment_secrets,
        load_environment_profile,
    )

    paths = context.paths
    if context.profile_name is None:
        profile = load_environment_profile(context.environment, paths.tokens)
        if profile is not None:
            here: dict[SecretName, SecretLocation] = dict.fromkeys(SECRET_NAMES, "environment")
            tokens = TokenFile.of_profile(profile)
            token = None if tokens is None else tokens.load()
            return Identity(profile.name, profile.url, profile.credentials.username, here, token)
    store = ProfileStore(paths)
    settings = store.load_settings(store.choose(context.profile_name))
    _, odd = find_environment_secrets(settings, context.environment)
    for warning in (*settings.warnings, odd) if notes else ():
        note(warning)
    found = locate_secrets(context, settings)
    if set(found.values()) <= {"environment", "file"}:
        tokens = TokenFile.of_profile(context.load_profile())
        token = None if tokens is None else tokens.load()
    else:
        token = load_stored_token(
            paths.tokens, settings.name, settings.url, settings.client_id, settings.username
        )
    return Identity(settings.name, settings.url, settings.username, found, token)


def _describe_token(token: "StoredToken | None") -> str:
    if token is None:
        return "none is kept: the next call signs in"
    left = token.seconds_left
    if left is None:
        return "kept; when it ends is not known"
    return f"kept, good for {_format_duration(left)} (until {_format_time(time.time() + left)})"


def _describe_quota(quota: "Quota | None") -> str:
    if quota is None:
        return "not known without a call; --check makes one"
    if quota.remaining is None:
        return "the service does not say"
    of = f" of {quota.limit:,}" if quota.limit is not None else ""
    until = f", the count starts again at {_format_time(quota.reset)}" if quota.reset else ""
    return f"{quota.remaining:,}{of} this hour{until}"


def _identity_json(identity: Identity, quota: "Quota | None") -> dict[str, object]:
    token = identity.token
    return {
        "profile": identity.profile,
        "url": identity.url,
        "username": identity.username,
        "secrets": dict(identity.locations),
        "token": {
            "kept": token is not None,
            "seconds_left": None if token is None else token.seconds_left,
        },
        "quota": None
        if quota is None
        else {"limit": quota.limit, "remaining": quota.remaining, "reset": quota.reset},
    }


def _format_duration(seconds: float) -> str:
    minutes = int(seconds // 60)
    if minutes < 1:
        return "less than a minute"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"


def _format_time(unix_time: float) -> str:
    try:
        return datetime.fromtimestamp(unix_time, UTC).strftime("%Y-%m-%d %H:%M UTC")
    except (ValueError, OverflowError, OSError):
        return "a time out of range"


@click.command(
    epilog=examples(
        "cmdm logout acme",
    ),
)
@click.argument("name", required=False, shell_complete=complete_profiles)
@click.pass_obj
def logout(context: CommandContext, name: str | None) -> None:
    """Forget the secrets and the token kept of the profile NAME; the profile itself stays.

    Without NAME, of the profile that would be used. The service is not called: it knows no
    sign-out, and a token that another program holds stays good until its end.
    """
    from cmdm_tui.config import ProfileStore

    store = ProfileStore(context.paths)
    chosen = name or context.profile_name
    if chosen is None and context.environment.get("CMDM_URL"):
        _forget_environment_token(context)
        return
    chosen = store.choose(chosen)
    forgotten = store.log_out(chosen)
    for what in forgotten.removed:
        click.echo(one_line(f"Removed {what}."))
    if not forgotten.removed and not forgotten.trouble:
        click.echo(f"Nothing was kept of {chosen}.")
    for secret, place in locate_secrets(context, store.load_settings(chosen)).items():
        if place in {"command", "environment"}:
            where = describe_location(context, secret, place)
            click.echo(one_line(f"The {describe_secret(secret)} is still {where}."))
    if forgotten.trouble:
        raise CommandFailure(forgotten.trouble, ExitCode.FAILED)


def _forget_environment_token(context: CommandContext) -> None:
    from cmdm_tui.config import ENVIRONMENT_PROFILE, ProfileStore

    if ProfileStore(context.paths).remove_tokens(ENVIRONMENT_PROFILE):
        click.echo("Removed the token.")
    click.echo("The secrets are in the environment: unset CMDM_CLIENT_SECRET and CMDM_PASSWORD.")
