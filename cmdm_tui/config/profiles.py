"""Profiles: a server, a user and where the secrets are."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from cmdm_tui.config.errors import ConfigurationError
from cmdm_tui.config.files import read_toml, write_toml
from cmdm_tui.config.paths import Paths
from cmdm_tui.config.secret import Credentials, SecretStr
from cmdm_tui.text import one_line

_VARIABLES = {
    "url": "CMDM_URL",
    "client_id": "CMDM_CLIENT_ID",
    "client_secret": "CMDM_CLIENT_SECRET",
    "username": "CMDM_USERNAME",
    "password": "CMDM_PASSWORD",
}
_SECRETS = ("client_secret", "password")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}")


@dataclass(frozen=True, slots=True)
class Profile:
    """One server as one user. `catalog` names the file of what is known of that server."""

    name: str
    url: str
    credentials: Credentials
    catalog: str
    entities: tuple[str, ...] = ()
    """Custom entities that are known from the start."""


class NoProfile(ConfigurationError):
    """No profile is set up, or none was chosen among several."""


class MissingSecrets(ConfigurationError):
    """The profile's secrets are kept nowhere: they must be asked for. `missing` names them."""

    def __init__(self, message: str, *, profile: str, missing: tuple[str, ...]) -> None:
        super().__init__(message)
        self.profile = profile
        self.missing = missing


def environment_profile(environment: Mapping[str, str]) -> Profile | None:
    """Return the profile that the `CMDM_…` variables make, None where `CMDM_URL` is not set.

    Raises ConfigurationError where some of the five are missing.
    """
    if not environment.get("CMDM_URL"):
        return None
    values = {name: environment.get(variable, "") for name, variable in _VARIABLES.items()}
    missing = [_VARIABLES[name] for name, value in values.items() if not value]
    if missing:
        raise ConfigurationError(
            f"CMDM_URL is set, but {_listed(missing)} {'are' if len(missing) > 1 else 'is'} not. "
            "Set all five, or unset CMDM_URL to use a profile."
        )
    return Profile(
        name="environment",
        url=values["url"],
        credentials=_credentials(values),
        catalog=re.sub(r"[^A-Za-z0-9.-]+", "_", values["url"])[:100],
    )


class ProfileStore:
    """The profiles on disk: `profiles.toml`, and `secrets.toml` for secrets asked to be kept."""

    def __init__(self, paths: Paths) -> None:
        self._profiles = paths.profiles
        self._secrets = paths.secrets

    def names(self) -> list[str]:
        """Return the names of all profiles, in the file's order."""
        return list(_tables(read_toml(self._profiles), self._profiles))

    def chosen(self, name: str | None = None) -> str:
        """Return the name of the profile to use: `name`, else the default, else the only one.

        Raises NoProfile where there is none of that name, or none to choose.
        """
        content = read_toml(self._profiles)
        names = list(_tables(content, self._profiles))
        wanted = name or content.get("default")
        if wanted in names:
            return str(wanted)
        if wanted is not None:
            known = f"there are {_listed(names)}" if names else "there is none yet"
            raise NoProfile(
                f"There is no profile named {one_line(str(wanted), 60)}; {known}. "
                "Run cmdm to set one up."
            )
        if len(names) == 1:
            return names[0]
        if names:
            raise NoProfile(f"Choose a profile with --profile: {_listed(names)}.")
        raise NoProfile(
            "No profile is set up yet. Run cmdm to sign in or to see the demo, or set CMDM_URL, "
            "CMDM_CLIENT_ID, CMDM_CLIENT_SECRET, CMDM_USERNAME and CMDM_PASSWORD."
        )

    def load(self, name: str, given: Mapping[str, str] | None = None) -> Profile:
        """Return a profile with its secrets: those `given`, else those kept.

        Raises MissingSecrets where one is neither given nor kept.
        """
        table = _tables(read_toml(self._profiles), self._profiles).get(name, {})
        kept = _tables({"profiles": read_toml(self._secrets)}, self._secrets).get(name, {})
        values = {key: _text(table, key, self._profiles) for key in _VARIABLES if key in table}
        values |= {key: _text(kept, key, self._secrets) for key in _SECRETS if key in kept}
        values |= {key: value for key, value in (given or {}).items() if value}
        for key in ("url", "client_id", "username"):
            if not values.get(key):
                message = f"The profile {name} in {self._profiles} has no {key}. Add it there."
                raise ConfigurationError(message)
        missing = tuple(key for key in _SECRETS if not values.get(key))
        if missing:
            words = _listed([key.replace("_", " ") for key in missing])
            variables = _listed([_VARIABLES[key] for key in missing])
            raise MissingSecrets(
                f"The profile {name} keeps no {words}. Run this in a terminal to be asked, or set "
                f"{variables}.",
                profile=name,
                missing=missing,
            )
        entities = table.get("entities", [])
        return Profile(
            name=name,
            url=values["url"],
            credentials=_credentials(values),
            catalog=name,
            entities=tuple(str(item) for item in cast("list[object]", entities))
            if isinstance(entities, list)
            else (),
        )

    def save(self, name: str, url: str, credentials: Credentials, *, keep_secrets: bool) -> None:
        """Keep a profile, as the default if it is the first; its secrets only if asked to.

        Raises ConfigurationError for a name that is not letters, digits, `-` and `_`.
        """
        if not _NAME.fullmatch(name):
            shown = one_line(name, 60) or "(nothing)"
            message = f"{shown} is no name for a profile: use letters, digits, - and _, 40 at most."
            raise ConfigurationError(message)
        content = read_toml(self._profiles)
        tables = _tables(content, self._profiles)
        secrets = read_toml(self._secrets)
        secrets.pop(name, None)
        if keep_secrets:
            secrets[name] = {
                "client_secret": credentials.client_secret.reveal(),
                "password": credentials.password.reveal(),
            }
        if keep_secrets or self._secrets.exists():
            write_toml(self._secrets, secrets)
        tables[name] = {
            **tables.get(name, {}),
            "url": url,
            "client_id": credentials.client_id.reveal(),
            "username": credentials.username,
        }
        content.setdefault("default", name)
        write_toml(self._profiles, {**content, "profiles": tables})


def _tables(content: Mapping[str, Any], path: Path) -> dict[str, dict[str, Any]]:
    tables = content.get("profiles", {})
    if isinstance(tables, dict):
        found = cast("dict[str, Any]", tables)
        if all(isinstance(table, dict) for table in found.values()):
            return dict(found)
    message = f"{path} holds no table of profiles. Mend it, or move it away to start anew."
    raise ConfigurationError(message)


def _text(table: Mapping[str, Any], key: str, path: Path) -> str:
    value = table[key]
    if not isinstance(value, str):
        raise ConfigurationError(f"{key} in {path} is not text. Write it in quotes.")
    return value


def _credentials(values: Mapping[str, str]) -> Credentials:
    return Credentials(
        client_id=SecretStr(values["client_id"]),
        client_secret=SecretStr(values["client_secret"]),
        username=values["username"],
        password=SecretStr(values["password"]),
    )


def _listed(words: list[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
