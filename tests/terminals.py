"""What a program that a test starts in a terminal finds there."""

import signal


def restore_interrupts() -> None:
    """Let Ctrl-C end the program, though whatever started the tests may ignore it."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
