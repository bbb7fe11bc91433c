"""Profiles, paths and secrets: which server, as which user, and what is stored where.

`ProfileStore` (`profile_store`) reads and writes the profiles; a `Profile` (`profile`) is one of
them with its `Credentials` (`credentials`), and `settings` lists what it may say. `Paths` (`paths`)
names the folders. `secrets/` holds the places where secrets live: a file, the keyring, a command.

Under them: `bounded_files` (reads a file that may be a pipe or have no end), `trusted_files`
(refuses a configuration that others may write), `toml_files` (changes a file and keeps its
comments), `private_files`, `folder_lock`, `process_start` (when this process was started).
Also public: `ConfigurationError` (`errors`), `SecretStr`, `MissingSecrets`, `SecretPlace`.
"""

from cmdm_tui.config.credentials import (
    PROFILE_VARIABLES,
    SECRET_NAMES,
    Credentials,
    SecretName,
    SecretStr,
    is_sendable,
)
from cmdm_tui.config.errors import (
    ConfigurationError,
    KeyringFailed,
    MissingSecrets,
    NoProfile,
    UnusableFile,
)
from cmdm_tui.config.paths import Paths
from cmdm_tui.config.profile import (
    ENVIRONMENT_PROFILE,
    PeopleRules,
    Profile,
    check_profile_name,
    find_environment_secrets,
    load_environment_profile,
)
from cmdm_tui.config.profile_store import ProfileStore
from cmdm_tui.config.secrets.password_command import run_secret_command
from cmdm_tui.config.secrets.secret_store import RemovedSecrets
from cmdm_tui.config.settings import (
    COLOURS,
    FIELD_RULES,
    SECRET_PLACES,
    SETTING_KEYS,
    ConfirmRule,
    FieldRule,
    ProfileSettings,
    SecretPlace,
    command_key,
)

__all__ = [
    "COLOURS",
    "ENVIRONMENT_PROFILE",
    "FIELD_RULES",
    "PROFILE_VARIABLES",
    "SECRET_NAMES",
    "SECRET_PLACES",
    "SETTING_KEYS",
    "ConfigurationError",
    "ConfirmRule",
    "Credentials",
    "FieldRule",
    "KeyringFailed",
    "MissingSecrets",
    "NoProfile",
    "Paths",
    "PeopleRules",
    "Profile",
    "ProfileSettings",
    "ProfileStore",
    "RemovedSecrets",
    "SecretName",
    "SecretPlace",
    "SecretStr",
    "UnusableFile",
    "check_profile_name",
    "command_key",
    "find_environment_secrets",
    "is_sendable",
    "load_environment_profile",
    "run_secret_command",
]
