"""Imports many modules at once, while the garbage collector waits: modules are no garbage."""

import gc
import sys
from collections.abc import Generator
from contextlib import contextmanager
from importlib import import_module


def load_modules(*names: str) -> None:
    """Import modules; the collector never looks at what they made, which is much.

    Nothing happens where all of them are there.
    """
    if all(name in sys.modules for name in names):
        return
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        for name in names:
            import_module(name)
    finally:
        gc.freeze()
        if was_enabled:
            gc.enable()


@contextmanager
def collected_at_the_end() -> Generator[None]:
    """Let the collector look at all modules again: DuckDB prints what it finds left at the exit."""
    try:
        yield
    finally:
        gc.unfreeze()
