"""What can be wrong with the configuration."""


class ConfigurationError(Exception):
    """The configuration cannot be used: one safe line that says what, where, and what to do."""
