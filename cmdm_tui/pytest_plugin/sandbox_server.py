"""The sandbox of a test session: its address, its credentials, its control, and its calls."""

import os
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from cmdm_tui.api import Client, Credentials, SecretStr
from cmdm_tui.harness.control_client import ControlClient
from cmdm_tui.pytest_plugin.sandbox_calls import ReceivedCalls
from cmdm_tui.sandbox import Sandbox, SandboxConfig
from cmdm_tui.sandbox.http.call_journal import SETUP_HEADER, CallJournal

_LOCAL_NAMES = ("localhost", "127.0.0.1", "::1")


class SetupTransport(httpx.AsyncHTTPTransport):
    """The network of `cmdm_client`, whose calls are not those of the program under test."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request, marked."""
        request.headers[SETUP_HEADER.decode()] = "1"
        return await super().handle_async_request(request)


@dataclass(frozen=True, slots=True)
class SandboxServer:
    """A running sandbox.

    `url` is the address before `/api/v1`. The four values sign in there. `control`
    changes its clock, limits, faults and behaviours, which `reset` restores.
    """

    url: str
    client_id: str
    client_secret: str = field(repr=False)
    username: str
    password: str = field(repr=False)
    control: ControlClient = field(repr=False)
    journal: CallJournal = field(repr=False, default_factory=CallJournal)

    @property
    def calls(self) -> ReceivedCalls:
        """The calls received since the last reset, without those of `cmdm_client`."""
        return ReceivedCalls.of(self.journal)

    @property
    def sign_in_headers(self) -> dict[str, str]:
        """The four headers of `POST /authenticate`."""
        return {
            "client_id": self.client_id,
            "client_secret": self.client_secret,
            "username": self.username,
            "password": self.password,
        }

    @property
    def environment(self) -> Mapping[str, str]:
        """The variables that point `cmdm`, or an integration that reads them, to the sandbox."""
        named = {f"CMDM_{name.upper()}": value for name, value in self.sign_in_headers.items()}
        return {"CMDM_URL": self.url, **named}

    def client(self) -> Client:
        """Return an asynchronous client, to be used with `async with`; its calls are in `calls`."""
        return Client(self.url, self._credentials)

    def setup_client(self) -> Client:
        """Return an asynchronous client whose calls are not in `calls`."""
        return Client(self.url, self._credentials, transport=SetupTransport(verify=False))

    def reset(self) -> None:
        """Restore records, clock, limits, faults and behaviours, and forget the calls."""
        self.control.reset()
        self.journal.clear()

    @property
    def _credentials(self) -> Credentials:
        return Credentials(
            SecretStr(self.client_id),
            SecretStr(self.client_secret),
            self.username,
            SecretStr(self.password),
        )


@contextmanager
def run_sandbox(folder: Path, records: int) -> Generator[SandboxServer]:
    """Run a sandbox while the block runs: `records` leads, and other records in proportion.

    Meanwhile, a proxy that the environment names is not used for this machine.
    """
    config = SandboxConfig(folder, port=0, records=records, control=True, lasting=False)
    journal = CallJournal()
    with _reach_directly(), Sandbox.embedded(config, journal=journal) as info:
        control = ControlClient(info.control or "", info.control_token or "")
        try:
            yield SandboxServer(
                info.url,
                info.client_id,
                info.client_secret,
                info.username,
                info.password,
                control,
                journal,
            )
        finally:
            control.close()


@contextmanager
def _reach_directly() -> Generator[None]:
    """Add this machine's names to the variables that say which hosts need no proxy."""
    given = os.environ.get("no_proxy") or os.environ.get("NO_PROXY") or ""
    names = [name.strip() for name in given.split(",") if name.strip()]
    if "*" not in names:
        names += [name for name in _LOCAL_NAMES if name not in names]
    with pytest.MonkeyPatch.context() as patch:
        for variable in ("no_proxy", "NO_PROXY"):
            patch.setenv(variable, ",".join(names))
        yield
