"""Imports many modules at once without the garbage collector: modules are no garbage."""

import gc
import sys
from collections.abc import Generator
from contextlib import contextmanager
from importlib import import_module


@contextmanager
def frozen_modules() -> Generator[None]:
    """Keep what is there, and what `load_modules` imports in the block, from the collector.

    It looks at all of it again behind the block: DuckDB prints what it finds left at the exit.
    """
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def load_modules(*names: str) -> None:
    """Import modules; in a block of `frozen_modules` the collector never looks at what they made.

    That is much, and it would look at it several times.
    """
    if all(name in sys.modules for name in names):
        return
    is_frozen, was_enabled = gc.get_freeze_count() > 0, gc.isenabled()
    if is_frozen:
        gc.disable()
    try:
        for name in names:
            import_module(name)
    finally:
        if is_frozen:
            gc.freeze()
        if was_enabled:
            gc.enable()
