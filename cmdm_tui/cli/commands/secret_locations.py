"""Says in words where each secret of a profile lives."""

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from cmdm_tui.cli.context import CommandContext
    from cmdm_tui.config import ProfileSettings, SecretName, SecretPlace

    SecretLocation = SecretPlace | Literal["environment"]


def locate_secrets(
    context: "CommandContext", settings: "ProfileSettings"
) -> "dict[SecretName, SecretLocation]":
    """Return where each secret comes from in this context: its environment goes first."""
    from cmdm_tui.config import SECRET_NAMES, ProfileStore, find_environment_secrets

    store = ProfileStore(context.paths)
    given, _ = find_environment_secrets(settings, context.environment)
    return {
        secret: "environment" if secret in given else store.find_secret_place(settings, secret)
        for secret in SECRET_NAMES
    }


def describe_location(
    context: "CommandContext", secret: "SecretName", place: "SecretLocation"
) -> str:
    """Return where the secret lives, as a user reads it."""
    from cmdm_tui.config import PROFILE_VARIABLES

    words: dict[SecretLocation, str] = {
        "ask": "kept nowhere, asked for when it is needed",
        "keyring": "in the keyring",
        "file": f"in plain text in {context.paths.secrets}, which only you can read",
        "command": f"printed by the profile's {secret}_command",
        "environment": f"in the environment, {PROFILE_VARIABLES[secret]}",
    }
    return words[place]


def describe_secret(secret: "SecretName") -> str:
    """Return the secret's name as a user reads it."""
    return secret.replace("_", " ")
