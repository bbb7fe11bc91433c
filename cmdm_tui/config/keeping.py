"""Keeps a profile's secrets where its user wants them, finds them there, and forgets them."""

from collections.abc import Mapping
from dataclasses import dataclass

from cmdm_tui.config.errors import KeyringFailed, MissingSecrets
from cmdm_tui.config.keyrings import clear_keyring, read_keyring, write_keyring
from cmdm_tui.config.password_command import secret_of_command
from cmdm_tui.config.profile import VARIABLES, listed
from cmdm_tui.config.secret import SECRETS, SecretName, SecretStr
from cmdm_tui.config.secret_file import SecretFile
from cmdm_tui.config.settings import SecretPlace, Settings, command_key

Secrets = Mapping[SecretName, SecretStr]


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What was removed; `trouble` says why something may still be kept, empty where nothing is."""

    removed: tuple[str, ...]
    trouble: str = ""


class Keeper:
    """The places where secrets live: the file, the keyring, a command, or none."""

    def __init__(self, file: SecretFile) -> None:
        self._file = file

    def place_of(self, settings: Settings, secret: SecretName) -> SecretPlace:
        """Return where one secret of the profile lives; a command of its own goes first.

        What is not in the file is asked for. The keyring is taken at its word and not asked.
        """
        if secret in settings.commands:
            return "command"
        if settings.place in {None, "file"}:
            return "file" if secret in self._file.read(settings.name) else "ask"
        return "keyring" if settings.place == "keyring" else "ask"

    def found(self, settings: Settings, given: Secrets) -> dict[SecretName, SecretStr]:
        """Return both secrets: those `given`, else those kept.

        Raises MissingSecrets where one is neither, ConfigurationError where a command fails.
        """
        found: dict[SecretName, SecretStr] = {key: given[key] for key in SECRETS if given.get(key)}
        reason = ""
        for key in SECRETS:
            if key not in found and key in settings.commands:
                where = f"{command_key(key)} of the profile {settings.name}"
                found[key] = secret_of_command(settings.commands[key], where)
        if len(found) < len(SECRETS):
            try:
                found = {**self.kept(settings), **found}
            except KeyringFailed as failure:
                reason = str(failure)
        missing: tuple[SecretName, ...] = tuple(key for key in SECRETS if key not in found)
        if missing:
            raise _missing(settings.name, missing, reason)
        return found

    def kept(self, settings: Settings) -> dict[SecretName, SecretStr]:
        """Return the secrets that the profile's place keeps. Raises KeyringFailed."""
        if settings.place == "keyring":
            return read_keyring(settings.name, SECRETS)
        return self._file.read(settings.name) if settings.place in {None, "file"} else {}

    def keep(self, profile: str, place: SecretPlace, secrets: Secrets) -> None:
        """Keep the secrets in the place, if it is one that keeps any. Raises KeyringFailed."""
        if place == "keyring":
            write_keyring(profile, secrets)
        self._file.write(profile, secrets if place == "file" else {})

    def forget(self, profile: str, *, in_keyring: bool) -> Forgotten:
        """Remove what the file, and the keyring where it is to be asked, keep of the profile."""
        before = self._file.write(profile, {})
        removed = tuple(f"the {_words(key)} in {self._file.path}" for key in before)
        if not in_keyring:
            return Forgotten(removed)
        cleared = self.forget_in_keyring(profile)
        return Forgotten(removed + cleared.removed, cleared.trouble)

    def forget_in_keyring(self, profile: str) -> Forgotten:
        """Remove what the keyring keeps of the profile."""
        try:
            cleared = clear_keyring(profile, SECRETS)
        except KeyringFailed as failure:
            return Forgotten((), f"{failure} It may still hold the secrets of {profile}.")
        return Forgotten(tuple(f"the {_words(key)} in the keyring" for key in cleared))


def _missing(profile: str, missing: tuple[SecretName, ...], reason: str) -> MissingSecrets:
    words = listed([_words(key) for key in missing])
    variables = listed([VARIABLES[key] for key in missing])
    message = (
        f"The profile {profile} keeps no {words}. Run this in a terminal to be asked, or set "
        f"{variables}, or keep them with cmdm login {profile}."
    )
    return MissingSecrets(
        f"{reason} {message}".lstrip(), profile=profile, missing=missing, reason=reason
    )


def _words(secret: SecretName) -> str:
    return secret.replace("_", " ")
