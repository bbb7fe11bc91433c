"""Ends the explorer of a browser page when the server that has started it is gone.

A server that is killed can end nothing; without it there is no page any more.
"""

import os
import signal
import threading
import time

_SECONDS_BETWEEN = 1.0
_SECONDS_TO_END = 3.0


def end_with_parent() -> None:
    """Watch the parent process from now on, and end this process once it is gone."""
    parent = os.getppid()
    threading.Thread(target=_watch, args=(parent,), name="cmdm-parent", daemon=True).start()


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_SECONDS_BETWEEN)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(_SECONDS_TO_END)
    os._exit(128 + signal.SIGTERM)
