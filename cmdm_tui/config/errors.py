"""What can be wrong with the configuration."""


class ConfigurationError(Exception):
    """The configuration cannot be used: one safe line that says what, where, and what to do."""


class UnusableFile(ConfigurationError):
    """A file of the configuration is none, cannot be read, or could be written by others."""


class NoProfile(ConfigurationError):
    """No profile is set up, or none was chosen among several."""


class MissingSecrets(ConfigurationError):
    """The profile's secrets are kept nowhere: they must be asked for. `missing` names them.

    `reason` says why secrets that should be kept were not to be had, empty where none are.
    """

    def __init__(
        self, message: str, *, profile: str, missing: tuple[str, ...], reason: str = ""
    ) -> None:
        super().__init__(message)
        self.profile = profile
        self.missing = missing
        self.reason = reason


class KeyringFailed(ConfigurationError):
    """The keyring is not there, refuses, or does not answer."""


def join_words(words: list[str]) -> str:
    """Return the words as a sentence lists them."""
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
