"""A profile: a server, a user, and how to treat them."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from cmdm_tui.config.credentials import (
    PROFILE_VARIABLES,
    SECRET_NAMES,
    Credentials,
    SecretName,
    SecretStr,
)
from cmdm_tui.config.errors import ConfigurationError, join_words
from cmdm_tui.config.settings import (
    ConfirmRule,
    FieldRule,
    ProfileSettings,
    SecretPlace,
    parse_mark_fields,
)
from cmdm_tui.text import one_line

ENVIRONMENT_PROFILE = "environment"
"""The name of the profile that they make."""

_MARK_VARIABLE = "CMDM_MARK_FIELD"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}")


@dataclass(frozen=True, slots=True)
class PeopleRules:
    """What a profile says of the people in recordings."""

    fields: Mapping[str, FieldRule] = field(default_factory=dict[str, FieldRule])
    """What more fields hold of people, by `Field` or `entity.Field`: recordings replace it."""
    hook: Path | None = None
    """The Python file whose function replaces values in recordings."""


@dataclass(frozen=True, slots=True)
class Profile:
    """One server as one user. `catalog` names the file of what is known of that server."""

    name: str
    url: str
    credentials: Credentials
    catalog: str
    entities: tuple[str, ...] = ()
    """Custom entities that are known from the start."""
    colour: str | None = None
    """The colour that marks the profile: a name from `COLOURS`, or `#rrggbb`."""
    read_only: bool = False
    floor: int = 0
    """Calls of the hour that background work leaves untouched."""
    per_page: int = 100
    mark_fields: Mapping[str, str] = field(default_factory=dict[str, str])
    """For an entity, or `*` for every other, the field in which each create carries its mark."""
    timeout: float | None = None
    """Seconds that a command may take; None where only silence ends it."""
    secrets: SecretPlace | None = None
    """Where the secrets live; None where that is not said, as in the environment's profile."""
    warnings: tuple[str, ...] = ()
    """What is odd in the profile's table, to be shown once."""
    tokens: Path | None = field(default=None, repr=False, compare=False)
    """The folder that keeps the profile's token between runs; None keeps none."""
    local_files: bool = True
    """Whether a query may read the local files that it names."""
    confirm: ConfirmRule | None = None
    """Which changes are asked about before they are sent; None where that is not said."""
    people: PeopleRules = PeopleRules()
    on_event: Callable[[object], None] | None = field(default=None, repr=False, compare=False)
    """Gets the events of the account's client too: a recording, say."""


def check_profile_name(name: str) -> None:
    """Raise ConfigurationError for a name that is not letters, digits, `-` and `_`."""
    if not _NAME.fullmatch(name):
        shown = one_line(name, 60) or "(nothing)"
        message = f"{shown} is not a name for a profile: use letters, digits, - and _, 40 at most."
        raise ConfigurationError(message)


def find_environment_secrets(
    settings: ProfileSettings, environment: Mapping[str, str]
) -> tuple[dict[SecretName, str], str]:
    """Return the secrets that the environment has for a stored profile, and what is odd in them.

    There are none where the environment is of another account: it names another address, client id
    or user. A password of one service must not go to another. The second value is then a sentence,
    else empty.
    """
    found: dict[SecretName, str] = {
        name: value
        for name in SECRET_NAMES
        if (value := environment.get(PROFILE_VARIABLES[name], ""))
    }
    own = {
        "url": _bare_address(settings.url),
        "client_id": settings.client_id.reveal(),
        "username": settings.username,
    }
    others = [
        PROFILE_VARIABLES[name]
        for name, value in own.items()
        if (said := environment.get(PROFILE_VARIABLES[name], ""))
        and (_bare_address(said) if name == "url" else said) != value
    ]
    if not found or not others:
        return found, ""
    unused = join_words([PROFILE_VARIABLES[name] for name in found])
    is_plural = len(found) > 1
    return {}, (
        f"{unused} in the environment {'are' if is_plural else 'is'} not used: "
        f"{join_words(others)} there {'are' if len(others) > 1 else 'is'} not that of the profile "
        f"{settings.name}."
    )


def _bare_address(url: str) -> str:
    return url.strip().casefold().rstrip("/").removesuffix("/api/v1").rstrip("/")


def load_environment_profile(
    environment: Mapping[str, str], tokens: Path | None = None
) -> Profile | None:
    """Return the profile that the `CMDM_…` variables make, None where `CMDM_URL` is not set.

    `tokens` is the folder that keeps its token between runs; `CMDM_MARK_FIELD` may name mark fields
    (`lead.Notes,task.Notes`). Raises ConfigurationError where some of the five are missing, and for
    mark fields that cannot be read.
    """
    if not environment.get("CMDM_URL"):
        return None
    missing = [variable for variable in PROFILE_VARIABLES.values() if not environment.get(variable)]
    if missing:
        raise ConfigurationError(
            f"CMDM_URL is set, but {join_words(missing)} "
            f"{'are' if len(missing) > 1 else 'is'} not. "
            "Set all five, or unset CMDM_URL to use a profile."
        )
    marks = environment.get(_MARK_VARIABLE, "")
    mark_fields = parse_mark_fields(marks.split(",")) if marks else {}
    if mark_fields is None:
        message = f"{_MARK_VARIABLE} names no field. Write it as lead.Notes, or lead.A,task.B."
        raise ConfigurationError(message)
    url = environment["CMDM_URL"]
    credentials = Credentials(
        client_id=SecretStr(environment["CMDM_CLIENT_ID"]),
        client_secret=SecretStr(environment["CMDM_CLIENT_SECRET"]),
        username=environment["CMDM_USERNAME"],
        password=SecretStr(environment["CMDM_PASSWORD"]),
    )
    return Profile(
        name=ENVIRONMENT_PROFILE,
        url=url,
        credentials=credentials,
        mark_fields=mark_fields,
        catalog=re.sub(r"[^A-Za-z0-9.-]+", "_", url)[:100],
        tokens=tokens,
    )
