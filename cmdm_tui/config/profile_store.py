"""The profiles on disk: found, chosen, kept, changed and removed."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

from cmdm_tui.config.credentials import SECRET_NAMES, Credentials, SecretName, SecretStr
from cmdm_tui.config.errors import ConfigurationError, MissingSecrets, NoProfile, join_words
from cmdm_tui.config.folder_lock import lock_folder
from cmdm_tui.config.paths import Paths
from cmdm_tui.config.private_files import remove_file
from cmdm_tui.config.profile import (
    PeopleRules,
    Profile,
    check_profile_name,
    find_environment_secrets,
)
from cmdm_tui.config.secrets.secret_file import SecretFile
from cmdm_tui.config.secrets.secret_store import RemovedSecrets, SecretStore
from cmdm_tui.config.settings import (
    ProfileSettings,
    SecretPlace,
    command_key,
    describe_unknown_keys,
    read_settings,
)
from cmdm_tui.config.toml_files import read_toml, write_toml
from cmdm_tui.text import one_line


class ProfileStore:
    """The profiles of one user: `profiles.toml`, and the places where their secrets live.

    Whatever changes a file reads and writes it under one lock, so that of two commands at once
    neither loses what the other wrote.
    """

    def __init__(self, paths: Paths) -> None:
        self._paths = paths
        self._profiles = paths.profiles
        self._secrets = SecretStore(SecretFile(paths.secrets))

    def list_names(self) -> list[str]:
        """Return the names of all profiles, in the file's order."""
        return list(_read_tables(read_toml(self._profiles), self._profiles))

    def find_default(self) -> str | None:
        """Return the profile that is used where none is named; None where there is none."""
        content = read_toml(self._profiles)
        names = list(_read_tables(content, self._profiles))
        wanted = content.get("default", names[0] if len(names) == 1 else None)
        return wanted if wanted in names else None

    def choose(self, name: str | None = None) -> str:
        """Return the name of the profile to use: `name`, else the default, else the only one.

        Raises NoProfile where there is none of that name, or none to choose.
        """
        content = read_toml(self._profiles)
        names = list(_read_tables(content, self._profiles))
        wanted = name or content.get("default")
        if wanted in names:
            return str(wanted)
        if wanted is not None:
            known = f"there are {join_words(names)}" if names else "there is none yet"
            raise NoProfile(
                f"There is no profile named {one_line(str(wanted), 60)}; {known}. "
                "Run cmdm to set one up."
            )
        if len(names) == 1:
            return names[0]
        if names:
            raise NoProfile(f"Choose a profile with --profile: {join_words(names)}.")
        raise NoProfile(
            "No profile is set up yet. Run cmdm to sign in or to see the demo, run cmdm login, or "
            "set CMDM_URL, CMDM_CLIENT_ID, CMDM_CLIENT_SECRET, CMDM_USERNAME and CMDM_PASSWORD."
        )

    def load_settings(self, name: str) -> ProfileSettings:
        """Return what the profile's table says: everything but its secrets.

        Raises ConfigurationError for a table that cannot be used.
        """
        check_profile_name(name)
        content = read_toml(self._profiles)
        table = _read_tables(content, self._profiles).get(name, {})
        settings = read_settings(name, table, self._profiles)
        odd = describe_unknown_keys(
            content, ("default", "profiles"), f"{self._profiles}, at the top"
        )
        return replace(settings, warnings=(*odd, *settings.warnings))

    def find_people_rules(self, settings: ProfileSettings) -> PeopleRules:
        """Return what the profile says of the people in recordings."""
        return PeopleRules(
            settings.people_fields, _find_hook(settings.people_hook, self._paths.config)
        )

    def find_secret_place(self, settings: ProfileSettings, secret: SecretName) -> SecretPlace:
        """Return where one secret of the profile lives."""
        return self._secrets.find_place(settings, secret)

    def load_stored_secrets(self, settings: ProfileSettings) -> Mapping[SecretName, SecretStr]:
        """Return the secrets that are kept of the profile, commands not asked.

        Raises KeyringFailed where the keyring is their place and does not answer.
        """
        return self._secrets.load_stored(settings)

    def load(
        self,
        name: str,
        given: Mapping[str, str] | None = None,
        *,
        environment: Mapping[str, str] | None = None,
    ) -> Profile:
        """Return a profile with its secrets: `given`, else of the environment, else kept.

        Raises MissingSecrets where one is found nowhere.
        """
        settings = self.load_settings(name)
        secrets, odd = find_environment_secrets(settings, environment or {})
        known = {**secrets, **(given or {})}
        try:
            found = self._secrets.load(
                settings, {key: SecretStr(known[key]) for key in SECRET_NAMES if known.get(key)}
            )
        except MissingSecrets as error:
            error.args = (f"{odd} {error}".lstrip(),)
            raise
        credentials = Credentials(
            settings.client_id, found["client_secret"], settings.username, found["password"]
        )
        return Profile(
            name=name,
            url=settings.url,
            credentials=credentials,
            catalog=name,
            entities=settings.entities,
            colour=settings.colour,
            read_only=settings.read_only,
            confirm=settings.confirm,
            local_files=settings.local_files,
            floor=settings.floor,
            per_page=settings.per_page,
            mark_fields=settings.mark_field,
            timeout=settings.timeout,
            secrets=settings.place,
            warnings=(*settings.warnings, odd) if odd else settings.warnings,
            people=self.find_people_rules(settings),
            tokens=self._paths.tokens,
        )

    def save(self, name: str, url: str, credentials: Credentials, *, keep_secrets: bool) -> None:
        """Store a profile, as the default if it is the first; its secrets only if asked to.

        Raises ConfigurationError for a name that is not letters, digits, `-` and `_`.
        """
        self.save_with_secrets(name, url, credentials, place="file" if keep_secrets else "ask")

    def save_with_secrets(
        self,
        name: str,
        url: str,
        credentials: Credentials,
        *,
        place: SecretPlace,
        commands: Mapping[SecretName, str] | None = None,
    ) -> RemovedSecrets:
        """Store a profile, as the default if it is the first, and its secrets in the `place`.

        `commands` print secrets, which are then stored nowhere else. Whatever else the profile's
        table says stays. What another place stored before is removed. Raises KeyringFailed, with
        nothing changed, where the keyring is the place and does not take them.
        """
        check_profile_name(name)
        commands = commands or {}
        kept: dict[SecretName, SecretStr] = {
            "client_secret": credentials.client_secret,
            "password": credentials.password,
        }
        with lock_folder(self._paths.config):
            content = read_toml(self._profiles)
            tables = _read_tables(content, self._profiles)
            before = tables.get(name, {})
            self._secrets.save(
                name, place, {key: kept[key] for key in SECRET_NAMES if key not in commands}
            )
            said = {key: value for key, value in before.items() if not key.endswith("_command")}
            tables[name] = {
                **said,
                "url": url,
                "client_id": credentials.client_id.reveal(),
                "username": credentials.username,
                "secrets": place,
                **{command_key(key): command for key, command in commands.items()},
            }
            content.setdefault("default", name)
            write_toml(self._profiles, {**content, "profiles": tables})
        if before.get("secrets") == "keyring" and place != "keyring":
            return self._secrets.remove_from_keyring(name)
        return RemovedSecrets(())

    def set_default(self, name: str) -> None:
        """Make a profile the default. Raises NoProfile where there is none of that name."""
        with lock_folder(self._paths.config):
            self.choose(name)
            write_toml(self._profiles, {**read_toml(self._profiles), "default": name})

    def log_out(self, name: str) -> RemovedSecrets:
        """Forget the profile's secrets and tokens, wherever they are kept; the profile stays.

        It keeps no secrets from then on, until a sign-in says otherwise.
        """
        with lock_folder(self._paths.config):
            has_token = self.remove_tokens(name)
            content = read_toml(self._profiles)
            tables = _read_tables(content, self._profiles)
            place = tables.get(name, {}).get("secrets")
            forgotten = self._secrets.remove(name, in_keyring=place == "keyring")
            if place in {"keyring", "file"} and not forgotten.trouble:
                tables[name] = {**tables[name], "secrets": "ask"}
                write_toml(self._profiles, {**content, "profiles": tables})
        cached = ("the token",) if has_token else ()
        return RemovedSecrets((*forgotten.removed, *cached), forgotten.trouble)

    def remove_tokens(self, name: str) -> bool:
        """Remove every token of the profile, whatever its address was; return whether any was kept.

        The environment's profile has tokens too. Raises ConfigurationError.
        """
        removed = [path for path in self._paths.find_token_files(name) if remove_file(path)]
        return any(path.suffix == ".json" for path in removed)

    def remove(self, name: str) -> RemovedSecrets:
        """Remove a profile with its secrets, tokens and drafts, and what was learnt of its server.

        Raises NoProfile.
        """
        self.choose(name)
        forgotten = self.log_out(name)
        with lock_folder(self._paths.config):
            content = read_toml(self._profiles)
            tables = _read_tables(content, self._profiles)
            tables.pop(name, None)
            if content.get("default") == name:
                del content["default"]
            write_toml(self._profiles, {**content, "profiles": tables})
            learnt = [remove_file(path) for path in self._paths.find_catalog_files(name)]
            drafts = [remove_file(path) for path in self._paths.find_draft_files(name)]
        known = ("what was learnt of its server",) if any(learnt) else ()
        known += ("what was typed and not sent",) if any(drafts) else ()
        return RemovedSecrets((*forgotten.removed, *known), forgotten.trouble)


def _find_hook(given: str | None, folder: Path) -> Path | None:
    """Return where the file is: a relative path is seen from the folder of the profiles."""
    if given is None:
        return None
    try:
        return folder / Path(given).expanduser()
    except RuntimeError:
        return folder / given


def _read_tables(content: Mapping[str, Any], path: Path) -> dict[str, dict[str, Any]]:
    tables = content.get("profiles", {})
    if isinstance(tables, dict):
        found = cast("dict[str, Any]", tables)
        if all(isinstance(table, dict) for table in found.values()):
            return dict(found)
    message = f"{path} holds no table of profiles. Fix it, or move it away to start again."
    raise ConfigurationError(message)
