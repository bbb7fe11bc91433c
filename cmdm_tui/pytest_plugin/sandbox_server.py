"""The sandbox of a test session: its address, its credentials, and its control."""

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from cmdm_tui.api import Client, Credentials, SecretStr
from cmdm_tui.harness.control_client import ControlClient
from cmdm_tui.sandbox import Sandbox, SandboxConfig


@dataclass(frozen=True, slots=True)
class SandboxServer:
    """A running sandbox.

    `url` is the address before `/api/v1`. The four values sign in there. `control`
    changes its clock, limits, faults and behaviours, which are all restored before the next test.
    """

    url: str
    client_id: str
    client_secret: str = field(repr=False)
    username: str
    password: str = field(repr=False)
    control: ControlClient = field(repr=False)

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
        """Return an asynchronous client, to be used with `async with`."""
        credentials = Credentials(
            SecretStr(self.client_id),
            SecretStr(self.client_secret),
            self.username,
            SecretStr(self.password),
        )
        return Client(self.url, credentials)


@contextmanager
def run_sandbox(folder: Path, records: int) -> Generator[SandboxServer]:
    """Run a sandbox while the block runs: `records` leads, and other records in proportion."""
    config = SandboxConfig(folder, port=0, records=records, control=True, lasting=False)
    with Sandbox.embedded(config) as info:
        control = ControlClient(info.control or "", info.control_token or "")
        try:
            yield SandboxServer(
                info.url, info.client_id, info.client_secret, info.username, info.password, control
            )
        finally:
            control.close()
