"""The file of secrets in plain text, for users who ask for it by name."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from cmdm_tui.config.credentials import SECRET_NAMES, SecretName, SecretStr
from cmdm_tui.config.errors import ConfigurationError
from cmdm_tui.config.private_files import is_open_to_others
from cmdm_tui.config.toml_files import read_toml, write_toml


class SecretFile:
    """`secrets.toml`: a table for each profile. Only its owner can read it (0600)."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self, profile: str) -> dict[SecretName, SecretStr]:
        """Return the profile's secrets in the file.

        Raises ConfigurationError for a file that is broken, or that others may read.
        """
        if is_open_to_others(self.path):
            message = f"{self.path} keeps secrets, and others may read it. Run chmod 600 on it."
            raise ConfigurationError(message)
        table = self._tables().get(profile, {})
        kept: dict[SecretName, SecretStr] = {
            key: self._secret(table[key], key) for key in SECRET_NAMES if key in table
        }
        return {key: secret for key, secret in kept.items() if secret}

    def write(
        self, profile: str, secrets: Mapping[SecretName, SecretStr]
    ) -> tuple[SecretName, ...]:
        """Store these secrets of the profile and no others; return those that were there before."""
        tables = self._tables()
        before = tables.pop(profile, {})
        if secrets:
            tables[profile] = {key: secret.reveal() for key, secret in secrets.items()}
        if secrets or before:
            write_toml(self.path, tables)
        return tuple(key for key in SECRET_NAMES if key in before)

    def _tables(self) -> dict[str, dict[str, Any]]:
        content = read_toml(self.path)
        if all(isinstance(table, dict) for table in content.values()):
            return cast("dict[str, dict[str, Any]]", content)
        message = f"{self.path} holds no table of profiles. Fix it, or move it away to start again."
        raise ConfigurationError(message)

    def _secret(self, value: object, key: str) -> SecretStr:
        if not isinstance(value, str):
            raise ConfigurationError(f"{key} in {self.path} is not text. Write it in quotes.")
        return SecretStr(value)
