"""Profiles, paths and secrets: which server, as whom, and what is kept where."""

from cmdm_tui.config.errors import ConfigurationError, KeyringFailed, MissingSecrets, NoProfile
from cmdm_tui.config.keeping import Forgotten
from cmdm_tui.config.password_command import secret_of_command
from cmdm_tui.config.paths import Paths
from cmdm_tui.config.profile import (
    ENVIRONMENT,
    VARIABLES,
    Profile,
    environment_profile,
    require_name,
)
from cmdm_tui.config.profiles import ProfileStore
from cmdm_tui.config.secret import SECRETS, Credentials, SecretName, SecretStr
from cmdm_tui.config.settings import COLOURS, KEYS, PLACES, SecretPlace, Settings, command_key
from cmdm_tui.config.tokens import KeptToken, TokenCache, forget_tokens, is_sendable, kept_for

__all__ = [
    "COLOURS",
    "ENVIRONMENT",
    "KEYS",
    "PLACES",
    "SECRETS",
    "VARIABLES",
    "ConfigurationError",
    "Credentials",
    "Forgotten",
    "KeptToken",
    "KeyringFailed",
    "MissingSecrets",
    "NoProfile",
    "Paths",
    "Profile",
    "ProfileStore",
    "SecretName",
    "SecretPlace",
    "SecretStr",
    "Settings",
    "TokenCache",
    "command_key",
    "environment_profile",
    "forget_tokens",
    "is_sendable",
    "kept_for",
    "require_name",
    "secret_of_command",
]
