"""What can be wrong with what was typed."""


class ReplError(Exception):
    """A statement cannot be run: one safe line that says what, where, and what to do."""
