"""`cmdm whoami`: which server, as whom, and what is kept where."""

import json
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from cmdm_tui.cli.commands.secret_locations import (
    describe_location,
    describe_secret,
    locate_secrets,
)
from cmdm_tui.cli.context import CommandContext, note
from cmdm_tui.text import one_line

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cmdm_tui.api import Client, Quota
    from cmdm_tui.cli.commands.secret_locations import Place
    from cmdm_tui.config import SecretName, StoredToken


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a call would be made as. `token` is the one that the next call would use, if known."""

    profile: str
    url: str
    username: str
    locations: "Mapping[SecretName, Place]"
    token: "StoredToken | None"


@click.command(short_help="Tell which profile is used, and where its secrets live.")
@click.option("--check", is_flag=True, help="Sign in, to see whether the service accepts it.")
@click.option("--json", "as_json", is_flag=True, help="Tell it as JSON.")
@click.pass_obj
def whoami(invocation: CommandContext, *, check: bool, as_json: bool) -> None:
    """Tell which server is called, as whom, where each secret lives and whether a token is kept.

    Nothing is sent, and neither the keyring nor a command is asked, except with --check, which
    signs in anew and tells how many calls are left.
    """
    quota = invocation.run(lambda account: _sign_in(account.client)) if check else None
    identity = _read_identity(invocation)
    if as_json:
        click.echo(json.dumps(_identity_json(identity, quota), indent=2))
        return
    rows = [
        ("profile", identity.profile),
        ("address", identity.url),
        ("user name", identity.username),
        *(
            (describe_secret(secret), describe_location(invocation, secret, place))
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


def _read_identity(invocation: CommandContext) -> Identity:
    from cmdm_tui.config import (
        SECRET_NAMES,
        ProfileStore,
        load_environment_profile,
        load_stored_token,
    )

    paths = invocation.paths
    if invocation.profile_name is None:
        profile = load_environment_profile(invocation.environment, paths.tokens)
        if profile is not None:
            here: dict[SecretName, Place] = dict.fromkeys(SECRET_NAMES, "environment")
            token = profile.token_file.load() if profile.token_file else None
            return Identity(profile.name, profile.url, profile.credentials.username, here, token)
    store = ProfileStore(paths)
    settings = store.load_settings(store.choose(invocation.profile_name))
    for warning in settings.warnings:
        note(warning)
    found = locate_secrets(invocation, settings)
    if set(found.values()) <= {"environment", "file"}:
        tokens = invocation.load_profile().token_file
        token = tokens.load() if tokens else None
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
        return "the service does not tell"
    of = f" of {quota.limit:,}" if quota.limit is not None else ""
    until = f", the count starts anew at {_format_time(quota.reset)}" if quota.reset else ""
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
