"""Blocks the network in this process: whatever tries to reach it is refused, with the reason.

Only outgoing traffic is refused (connecting, sending a datagram, looking up a name), so a
server in a thread continues to accept connections.
"""

import sys
import threading
from collections.abc import Generator
from contextlib import contextmanager

_OUTGOING_EVENTS = frozenset(
    {
        "socket.connect",
        "socket.sendto",
        "socket.sendmsg",
        "socket.getaddrinfo",
        "socket.gethostbyname",
    }
)


class NetworkBlocked(OSError):
    """Something tried to reach the network where it is blocked."""


class _NetworkBlock:
    """Counts the blocks that are entered, and hooks into the interpreter once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._depth = 0
        self._is_hooked = False

    def enter(self) -> None:
        with self._lock:
            self._depth += 1
            if not self._is_hooked:
                # An audit hook (PEP 578) stays for good, and sees what no patch of a class would.
                sys.addaudithook(self._refuse)
                self._is_hooked = True

    def leave(self) -> None:
        with self._lock:
            self._depth -= 1

    def _refuse(self, event: str, _arguments: tuple[object, ...]) -> None:
        if self._depth and event in _OUTGOING_EVENTS:
            message = f"The network is blocked while cassettes are replayed ({event})."
            raise NetworkBlocked(message)


_block = _NetworkBlock()


@contextmanager
def block_network() -> Generator[None]:
    """Block the network in all threads of this process while the block runs."""
    _block.enter()
    try:
        yield
    finally:
        _block.leave()
