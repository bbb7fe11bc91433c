"""What can be wrong with what was typed."""


class ReplError(Exception):
    """A statement cannot be run as it stands: one safe line that says what, where, what to do."""
