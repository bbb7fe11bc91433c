"""Blocks the network in this process: whatever tries to reach it is refused, with the reason.

Only outgoing traffic is refused (connecting, sending a datagram, looking up a name), so a
server in a thread continues to accept connections. Hosts can be let through.
"""

import ipaddress
import socket
import sys
import threading
from collections.abc import Collection, Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

_TO_ADDRESS = frozenset({"socket.connect", "socket.sendto", "socket.sendmsg"})
_LOOK_UPS = frozenset({"socket.getaddrinfo", "socket.gethostbyname"})
_LOCAL_NAME = "localhost"
_DEFAULT_PORTS = {"http": 80, "https": 443}


class NetworkBlocked(OSError):
    """Something tried to reach the network where it is blocked."""


@dataclass(frozen=True, slots=True)
class _Exceptions:
    """Hosts that may be reached, and the servers on them, as host and port, that may not."""

    hosts: frozenset[str] = frozenset()
    refused: frozenset[tuple[str, int]] = frozenset()
    addresses: set[str] = field(default_factory=set[str])

    def allow(self, event: str, arguments: tuple[Any, ...]) -> bool:
        """Return whether this is let through."""
        if not self.hosts:
            return False
        if event in _LOOK_UPS:
            host = _normalize(arguments[0])
            return host in self.hosts or _is_address(host)
        target: Any = arguments[1]
        if not isinstance(target, tuple):
            # A socket of this machine: a path in its file system.
            return _LOCAL_NAME in self.hosts
        host, port = _normalize(target[0]), int(target[1])  # pyright: ignore[reportUnknownArgumentType]
        if (host, port) in self.refused:
            return False
        return host in self.hosts or host in self._resolve()

    def _resolve(self) -> set[str]:
        """Return the addresses of the hosts that are named, looked up when first needed."""
        if not self.addresses:
            self.addresses.add("")
            for host in self.hosts:
                with suppress(OSError):
                    for found in socket.getaddrinfo(host, None):
                        self.addresses.add(_normalize(found[4][0]))
        return self.addresses


class _NetworkBlock:
    """Counts the blocks that are entered, and hooks into the interpreter once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._entered: list[_Exceptions] = []
        self._is_hooked = False

    def enter(self, exceptions: _Exceptions) -> None:
        with self._lock:
            self._entered.append(exceptions)
            if not self._is_hooked:
                # An audit hook (PEP 578) stays for good, and sees what no patch of a class would.
                sys.addaudithook(self._refuse)
                self._is_hooked = True

    def leave(self, exceptions: _Exceptions) -> None:
        with self._lock:
            self._entered = [one for one in self._entered if one is not exceptions]

    def _refuse(self, event: str, arguments: tuple[Any, ...]) -> None:
        if not self._entered or event not in _TO_ADDRESS | _LOOK_UPS:
            return
        if all(one.allow(event, arguments) for one in self._entered):
            return
        message = f"The network is blocked while cassettes are replayed ({event})."
        raise NetworkBlocked(message)


_block = _NetworkBlock()


@contextmanager
def block_network(
    *, allowed: Collection[str] = (), refused: Collection[str] = ()
) -> Generator[None]:
    """Block the network in all threads of this process while the block runs.

    The hosts of `allowed`, names or IP addresses, may be reached; with localhost, so may
    sockets in the file system. The servers of `refused`, given by their addresses
    (`http://127.0.0.1:8765`), may not, on whatever host they are.
    """
    hosts = frozenset(map(_normalize, allowed))
    exceptions = _Exceptions(hosts, frozenset(map(_find_server, refused)))
    _block.enter(exceptions)
    try:
        yield
    finally:
        _block.leave(exceptions)


def _find_server(address: str) -> tuple[str, int]:
    parts = urlsplit(address)
    return _normalize(parts.hostname), parts.port or _DEFAULT_PORTS.get(parts.scheme, 0)


def _is_address(host: str) -> bool:
    """Return whether this is an IP address, for which no name server is asked."""
    return host[-1:].isdigit() or ":" in host


def _normalize(host: object) -> str:
    """Return a host as it is compared: in lower case, an IP address in its usual spelling."""
    text = host.decode("latin-1") if isinstance(host, bytes) else str(host or _LOCAL_NAME)
    with suppress(ValueError):
        return str(ipaddress.ip_address(text.partition("%")[0]))
    return text.lower().rstrip(".")
