"""What tests of several packages share.

The first records of a sandbox, the profile of one that runs, and counted calls.
"""

import tempfile
from functools import cache
from pathlib import Path

import httpx

from cmdm_tui.config import Credentials, Profile, SecretStr
from cmdm_tui.sandbox import RunningInfo, SandboxConfig, seed
from cmdm_tui.sandbox.data_folder import DATA_FILE
from cmdm_tui.sandbox.storage.sqlite.data_file import create_data_file


class CountedNetwork(httpx.AsyncHTTPTransport):
    """The network as it is, with what goes out kept, below the base address.

    `requests` are methods and paths; `calls` the paths alone, of all but the sign-ins.
    """

    def __init__(self) -> None:
        # Loading certificates takes longer than most tests do; a sandbox has none.
        super().__init__(verify=False)
        self.requests: list[str] = []
        self.calls: list[str] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        path = request.url.raw_path.decode().removeprefix("/api/v1/")
        self.requests.append(f"{request.method} {path}")
        if path != "authenticate":
            self.calls.append(path)
        return await super().handle_async_request(request)

    def taken(self) -> list[str]:
        """Return the calls since the last time, and forget them."""
        calls, self.calls = self.calls, []
        return calls


def profile_of(
    info: RunningInfo, name: str = "tried", entities: tuple[str, ...] = ("event", "product")
) -> Profile:
    """Return a profile of a running sandbox, with these custom entities."""
    credentials = Credentials(
        SecretStr(info.client_id),
        SecretStr(info.client_secret),
        info.username,
        SecretStr(info.password),
    )
    return Profile(name, info.url, credentials, name, entities=entities)


def copy_records(config: SandboxConfig) -> None:
    """Give a sandbox that is to start the records it would make: its start takes half the time."""
    config.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    file = config.data / DATA_FILE
    if not file.exists():
        file.touch(mode=0o600)
        file.write_bytes(_make_records(config.records))


@cache
def _make_records(records: int) -> bytes:
    """Return the data file that a sandbox with so many leads begins with."""
    with tempfile.TemporaryDirectory(prefix="cmdm-records-") as folder:
        file = Path(folder) / DATA_FILE
        total = sum(seed.count_records(records).values())
        create_data_file(file, seed.generate_records(records), total)
        return file.read_bytes()
