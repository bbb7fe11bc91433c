"""Profiles, paths and secrets: which server, as whom, and what is kept where."""

from cmdm_tui.config.errors import ConfigurationError
from cmdm_tui.config.paths import Paths
from cmdm_tui.config.profiles import (
    MissingSecrets,
    NoProfile,
    Profile,
    ProfileStore,
    environment_profile,
)
from cmdm_tui.config.secret import Credentials, SecretStr

__all__ = [
    "ConfigurationError",
    "Credentials",
    "MissingSecrets",
    "NoProfile",
    "Paths",
    "Profile",
    "ProfileStore",
    "SecretStr",
    "environment_profile",
]
