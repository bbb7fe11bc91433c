"""Finds, stores and removes a profile's secrets, wherever its user wants them."""

from collections.abc import Mapping
from dataclasses import dataclass

from cmdm_tui.config.credentials import (
    PROFILE_VARIABLES,
    SECRET_NAMES,
    SecretName,
    SecretStr,
)
from cmdm_tui.config.errors import KeyringFailed, MissingSecrets, join_words
from cmdm_tui.config.secrets.keyring import clear_keyring, read_keyring, write_keyring
from cmdm_tui.config.secrets.password_command import run_secret_command
from cmdm_tui.config.secrets.secret_file import SecretFile
from cmdm_tui.config.settings import ProfileSettings, SecretPlace, command_key

Secrets = Mapping[SecretName, SecretStr]


@dataclass(frozen=True, slots=True)
class RemovedSecrets:
    """What was removed; `trouble` says why something may still be there, empty where nothing is."""

    removed: tuple[str, ...]
    trouble: str = ""


class SecretStore:
    """The places where secrets live: the file, the keyring, a command, or none."""

    def __init__(self, file: SecretFile) -> None:
        self._file = file

    def find_place(self, settings: ProfileSettings, secret: SecretName) -> SecretPlace:
        """Return where one secret of the profile lives; its own command goes first.

        What is not in the file is asked for. The keyring is trusted to hold them, and not asked.
        """
        if secret in settings.commands:
            return "command"
        if settings.place in {None, "file"}:
            return "file" if secret in self._file.read(settings.name) else "ask"
        return "keyring" if settings.place == "keyring" else "ask"

    def load(self, settings: ProfileSettings, given: Secrets) -> dict[SecretName, SecretStr]:
        """Return both secrets: those `given`, else those stored.

        Raises MissingSecrets where one is neither, ConfigurationError where a command fails.
        """
        found: dict[SecretName, SecretStr] = {
            key: given[key] for key in SECRET_NAMES if given.get(key)
        }
        reason = ""
        for key in SECRET_NAMES:
            if key not in found and key in settings.commands:
                where = f"{command_key(key)} of the profile {settings.name}"
                found[key] = run_secret_command(settings.commands[key], where)
        if len(found) < len(SECRET_NAMES):
            try:
                found = {**self.load_stored(settings), **found}
            except KeyringFailed as failure:
                reason = str(failure)
        missing: tuple[SecretName, ...] = tuple(key for key in SECRET_NAMES if key not in found)
        if missing:
            raise _build_missing_error(settings.name, missing, reason)
        return found

    def load_stored(self, settings: ProfileSettings) -> dict[SecretName, SecretStr]:
        """Return the secrets that the profile's place holds. Raises KeyringFailed."""
        if settings.place == "keyring":
            return read_keyring(settings.name, SECRET_NAMES)
        return self._file.read(settings.name) if settings.place in {None, "file"} else {}

    def save(self, profile: str, place: SecretPlace, secrets: Secrets) -> None:
        """Store the secrets in the place, if it is one that stores any. Raises KeyringFailed."""
        if place == "keyring":
            write_keyring(profile, secrets)
        self._file.write(profile, secrets if place == "file" else {})

    def remove(self, profile: str, *, in_keyring: bool) -> RemovedSecrets:
        """Remove the profile's secrets from the file, and `in_keyring` from the keyring too."""
        before = self._file.write(profile, {})
        removed = tuple(f"the {_to_words(key)} in {self._file.path}" for key in before)
        if not in_keyring:
            return RemovedSecrets(removed)
        cleared = self.remove_from_keyring(profile)
        return RemovedSecrets(removed + cleared.removed, cleared.trouble)

    def remove_from_keyring(self, profile: str) -> RemovedSecrets:
        """Remove the profile's secrets from the keyring."""
        try:
            cleared = clear_keyring(profile, SECRET_NAMES)
        except KeyringFailed as failure:
            return RemovedSecrets((), f"{failure} It may still hold the secrets of {profile}.")
        return RemovedSecrets(tuple(f"the {_to_words(key)} in the keyring" for key in cleared))


def _build_missing_error(
    profile: str, missing: tuple[SecretName, ...], reason: str
) -> MissingSecrets:
    words = join_words([_to_words(key) for key in missing])
    variables = join_words([PROFILE_VARIABLES[key] for key in missing])
    message = (
        f"The profile {profile} keeps no {words}. Run this in a terminal to be asked, or set "
        f"{variables}, or keep them with cmdm login {profile}."
    )
    return MissingSecrets(
        f"{reason} {message}".lstrip(), profile=profile, missing=missing, reason=reason
    )


def _to_words(secret: SecretName) -> str:
    return secret.replace("_", " ")
