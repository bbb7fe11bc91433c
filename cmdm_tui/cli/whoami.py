"""`cmdm whoami`: which server, as whom, and what is kept where."""

import json
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from cmdm_tui.cli.invocation import Invocation, note
from cmdm_tui.cli.places import place_in_words, places, secret_in_words
from cmdm_tui.text import one_line

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cmdm_tui.api import Client, Quota
    from cmdm_tui.cli.places import Place
    from cmdm_tui.config import SecretName, StoredToken


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a call would be made as. `token` is the one that the next call would use, if known."""

    profile: str
    url: str
    username: str
    places: "Mapping[SecretName, Place]"
    token: "StoredToken | None"


@click.command(short_help="Tell which profile is used, and where its secrets live.")
@click.option("--check", is_flag=True, help="Sign in, to see whether the service accepts it.")
@click.option("--json", "as_json", is_flag=True, help="Tell it as JSON.")
@click.pass_obj
def whoami(invocation: Invocation, *, check: bool, as_json: bool) -> None:
    """Tell which server is called, as whom, where each secret lives and whether a token is kept.

    Nothing is sent, and neither the keyring nor a command is asked, except with --check, which
    signs in anew and tells how many calls are left.
    """
    quota = invocation.run(lambda account: _signed_in(account.client)) if check else None
    identity = _identity(invocation)
    if as_json:
        click.echo(json.dumps(_as_json(identity, quota), indent=2))
        return
    rows = [
        ("profile", identity.profile),
        ("address", identity.url),
        ("user name", identity.username),
        *(
            (secret_in_words(secret), place_in_words(invocation, secret, place))
            for secret, place in identity.places.items()
        ),
        ("token", _token_in_words(identity.token)),
        ("calls left", _quota_in_words(quota)),
    ]
    for label, words in rows:
        click.echo(one_line(f"{label:<13}  {words}"))


async def _signed_in(client: "Client") -> "Quota":
    await client.sign_in()
    return client.quota


def _identity(invocation: Invocation) -> Identity:
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
            token = profile.token_cache.load() if profile.token_cache else None
            return Identity(profile.name, profile.url, profile.credentials.username, here, token)
    store = ProfileStore(paths)
    settings = store.load_settings(store.choose(invocation.profile_name))
    for warning in settings.warnings:
        note(warning)
    found = places(invocation, settings)
    if set(found.values()) <= {"environment", "file"}:
        tokens = invocation.profile().token_cache
        token = tokens.load() if tokens else None
    else:
        token = load_stored_token(
            paths.tokens, settings.name, settings.url, settings.client_id, settings.username
        )
    return Identity(settings.name, settings.url, settings.username, found, token)


def _token_in_words(token: "StoredToken | None") -> str:
    if token is None:
        return "none is kept: the next call signs in"
    left = token.seconds_left
    if left is None:
        return "kept; when it ends is not known"
    return f"kept, good for {_span(left)} (until {_moment(time.time() + left)})"


def _quota_in_words(quota: "Quota | None") -> str:
    if quota is None:
        return "not known without a call; --check makes one"
    if quota.remaining is None:
        return "the service does not tell"
    of = f" of {quota.limit:,}" if quota.limit is not None else ""
    until = f", the count starts anew at {_moment(quota.reset)}" if quota.reset else ""
    return f"{quota.remaining:,}{of} this hour{until}"


def _as_json(identity: Identity, quota: "Quota | None") -> dict[str, object]:
    token = identity.token
    return {
        "profile": identity.profile,
        "url": identity.url,
        "username": identity.username,
        "secrets": dict(identity.places),
        "token": {
            "kept": token is not None,
            "seconds_left": None if token is None else token.seconds_left,
        },
        "quota": None
        if quota is None
        else {"limit": quota.limit, "remaining": quota.remaining, "reset": quota.reset},
    }


def _span(seconds: float) -> str:
    minutes = int(seconds // 60)
    if minutes < 1:
        return "less than a minute"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"


def _moment(unix_time: float) -> str:
    try:
        return datetime.fromtimestamp(unix_time, UTC).strftime("%Y-%m-%d %H:%M UTC")
    except (ValueError, OverflowError, OSError):
        return "a time out of range"
