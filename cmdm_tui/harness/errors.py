"""The base of what keeps the harness from running: the service, a case or a cassette at fault."""


class HarnessError(Exception):
    """A harness command could not run; the message is one sentence that says what to do."""
