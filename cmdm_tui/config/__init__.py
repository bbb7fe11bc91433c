"""Profiles, paths and secrets: which server, as whom, and what is kept where."""

from cmdm_tui.config.credentials import SECRET_NAMES, Credentials, SecretName, SecretStr
from cmdm_tui.config.errors import ConfigurationError, KeyringFailed, MissingSecrets, NoProfile
from cmdm_tui.config.paths import Paths
from cmdm_tui.config.profile import (
    ENVIRONMENT_PROFILE,
    PROFILE_VARIABLES,
    Profile,
    check_profile_name,
    load_environment_profile,
)
from cmdm_tui.config.profile_store import ProfileStore
from cmdm_tui.config.secrets.password_command import run_secret_command
from cmdm_tui.config.secrets.secret_store import RemovedSecrets
from cmdm_tui.config.settings import (
    COLOURS,
    SECRET_PLACES,
    SETTING_KEYS,
    ProfileSettings,
    SecretPlace,
    command_key,
)
from cmdm_tui.config.tokens import (
    StoredToken,
    TokenCache,
    delete_tokens,
    is_sendable,
    load_stored_token,
)

__all__ = [
    "COLOURS",
    "ENVIRONMENT_PROFILE",
    "PROFILE_VARIABLES",
    "SECRET_NAMES",
    "SECRET_PLACES",
    "SETTING_KEYS",
    "ConfigurationError",
    "Credentials",
    "KeyringFailed",
    "MissingSecrets",
    "NoProfile",
    "Paths",
    "Profile",
    "ProfileSettings",
    "ProfileStore",
    "RemovedSecrets",
    "SecretName",
    "SecretPlace",
    "SecretStr",
    "StoredToken",
    "TokenCache",
    "check_profile_name",
    "command_key",
    "delete_tokens",
    "is_sendable",
    "load_environment_profile",
    "load_stored_token",
    "run_secret_command",
]
