"""Sandboxes to test: on real sockets, with a few dozen seeded records, cheap to start anew."""

import itertools
import shutil
from collections.abc import Callable, Generator, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from cmdm_tui.sandbox import Credentials, RunningInfo, Sandbox, SandboxConfig
from cmdm_tui.sandbox.clock import Clock

RECORDS = 40
MORNING = 1_774_948_800.0  # 2026-03-31T09:20:00Z


HeaderTypes = dict[str, str] | list[tuple[bytes, bytes]] | list[tuple[str, str]]


@dataclass(frozen=True)
class Running:
    """A running sandbox and a signed-in HTTP client whose base is `{url}/api/v1`."""

    info: RunningInfo
    http: httpx.Client
    data: Path

    @property
    def address(self) -> tuple[str, int]:
        url = httpx.URL(self.info.url)
        return url.host, url.port or 0

    def sign_in(self) -> httpx.Response:
        headers = sign_in_headers(self.info.credentials)
        return self.anonymous("POST", "/authenticate", headers=headers)

    def anonymous(
        self, method: str, path: str, headers: HeaderTypes | None = None
    ) -> httpx.Response:
        """Send a request without the client's token."""
        # Loading certificates takes longer than the call, which needs none.
        with httpx.Client(base_url=f"{self.info.url}/api/v1", verify=False) as http:
            return http.request(method, path, headers=headers)


Start = Callable[..., AbstractContextManager[Running]]


class ManualClock:
    """A clock that stands until it is moved."""

    def __init__(self, now: float) -> None:
        self.time = now

    def now(self) -> float:
        return self.time


def sign_in_headers(credentials: Credentials) -> dict[str, str]:
    return {
        "client_id": credentials.client_id,
        "client_secret": credentials.client_secret,
        "username": credentials.username,
        "password": credentials.password,
    }


@contextmanager
def running(config: SandboxConfig, clock: Clock | None = None) -> Generator[Running]:
    with (
        Sandbox.embedded(config, clock=clock) as info,
        httpx.Client(base_url=f"{info.url}/api/v1", timeout=20, verify=False) as http,
    ):
        started = Running(info, http, config.data)
        token = started.sign_in().json()["token"]
        http.headers["Authorization"] = f"Bearer {token}"
        yield started


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with `RECORDS` leads, to be copied."""
    folder = tmp_path_factory.mktemp("template") / "data"
    with Sandbox.embedded(SandboxConfig(data=folder, port=0, records=RECORDS)):
        pass
    return folder


@pytest.fixture
def start(template: Path, tmp_path: Path) -> Start:
    """Start a sandbox of its own: `with start(rate_limit=3) as running`."""
    numbers = itertools.count()

    def started(
        clock: Clock | None = None,
        data: Path | None = None,
        *,
        reset: bool = False,
        port: int = 0,
        **settings: int,
    ) -> AbstractContextManager[Running]:
        if data is None:
            data = tmp_path / f"data-{next(numbers)}"
            shutil.copytree(template, data)
        config = SandboxConfig(data, port=port, reset=reset, **settings)
        # On a clock that stands, no hour ends in the middle of a test.
        return running(config, clock or ManualClock(MORNING))

    return started


@pytest.fixture(scope="session")
def shared(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """One sandbox for all tests that only read, or that only touch records of their own."""
    folder = tmp_path_factory.mktemp("shared") / "data"
    shutil.copytree(template, folder)
    with running(SandboxConfig(data=folder, port=0, rate_limit=10**9, month_limit=10**9)) as one:
        yield one


@pytest.fixture
def http(shared: Running) -> httpx.Client:
    """A signed-in client of the shared sandbox."""
    return shared.http


@pytest.fixture
def clock() -> ManualClock:
    """A clock at twenty past nine on a morning in March."""
    return ManualClock(MORNING)


@pytest.fixture
def headers() -> Callable[[Credentials], dict[str, str]]:
    """Make the headers of a sign-in."""
    return sign_in_headers
