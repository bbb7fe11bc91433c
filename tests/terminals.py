"""What a program that a test starts in a terminal finds there."""

import signal


def restore_interrupts() -> None:
    """Let Ctrl-C end the program, though whatever started the tests may ignore it."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def restore_signals() -> None:
    """Let every signal that ends a program do so, as `restore_interrupts` does for Ctrl-C."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
