"""What the explorer asks of whoever starts it: a profile to explore."""

from collections.abc import Mapping
from typing import Protocol

from cmdm_tui.config import Credentials, Profile, SecretPlace


class ProfileProvider(Protocol):
    """How the explorer comes by its profile; every method may block and is called off the loop."""

    def start_demo(self) -> Profile:
        """Return the demo's profile, starting the demo where it does not run yet.

        Raises ConfigurationError where it cannot start.
        """
        ...

    def load_profile(self, secrets: Mapping[str, str]) -> Profile:
        """Return the chosen profile, with the `secrets` given on top of those that are kept.

        Raises MissingSecrets where some are neither given nor kept, NoProfile where none is chosen,
        and ConfigurationError for a configuration that cannot be read.
        """
        ...

    def save_profile(
        self, name: str, url: str, credentials: Credentials, *, place: SecretPlace
    ) -> Profile:
        """Keep a new profile whose sign-in has succeeded, its secrets in the place, and return it.

        Raises ConfigurationError for a name that is none, a file that cannot be written, or a
        keyring that does not take them.
        """
        ...
