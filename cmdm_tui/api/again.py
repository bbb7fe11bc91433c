"""Lets who counts calls know of those that are sent again: each is a call of its own."""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from contextvars import ContextVar

_COUNT: ContextVar[Callable[[], None] | None] = ContextVar("counts again", default=None)


@contextmanager
def counting_again(count: Callable[[], None]) -> Generator[None]:
    """Call `count` before a call made in this block is sent again; what it raises forbids that."""
    token = _COUNT.set(count)
    try:
        yield
    finally:
        _COUNT.reset(token)


def count_again() -> None:
    """Tell that a call is about to be sent again."""
    count = _COUNT.get()
    if count is not None:
        count()
