"""When this process was started, however long it then waited for a processor."""

import os
import time
from pathlib import Path

_START_TIME_FIELD = 19
"""The place of `starttime` in /proc/self/stat, behind the name of the program."""


def find_process_start() -> float | None:
    """Return the monotonic time at which the process was started; None where no one says (Linux).

    A shell that has become this program by `exec` counts as its start.
    """
    try:
        words = Path("/proc/self/stat").read_text("ascii", "replace").rpartition(")")[2].split()
        ticks = int(words[_START_TIME_FIELD])
        age = time.clock_gettime(time.CLOCK_BOOTTIME) - ticks / os.sysconf("SC_CLK_TCK")
    except (OSError, ValueError, IndexError, AttributeError):
        return None
    return time.monotonic() - age if age >= 0 else None
