"""What can be wrong with what was typed."""


class ReplError(Exception):
    """A statement cannot be run: one safe line that says what, where, and what to do."""


class StatementDeclined(ReplError):
    """A person was asked about a statement of a script, and said no: nothing was sent."""
