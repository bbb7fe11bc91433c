"""Sandboxes to test: on real sockets, with a few dozen seeded records, cheap to start again."""

import asyncio
import itertools
from collections.abc import Callable, Coroutine, Generator, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from cmdm_tui.sandbox import AccountCredentials, RunningInfo, Sandbox, SandboxConfig
from cmdm_tui.sandbox.clock import Clock
from cmdm_tui.sandbox.storage.store import Store
from tests.sandbox.backends import Backend, PostgresBackend, SqliteBackend
from tests.sandbox.control_client import ControlPlaneClient

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

    @property
    def host(self) -> str:
        """What the `Host` header of a request written by hand must say."""
        return self.info.url.partition("://")[2]

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


def sign_in_headers(credentials: AccountCredentials) -> dict[str, str]:
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
def postgres(request: pytest.FixtureRequest) -> Iterator[PostgresBackend]:
    """Data in PostgreSQL; without a server, no test that asks for it is run."""
    backend = PostgresBackend(str(request.config.getoption("--postgres")))
    yield backend
    backend.drop_all()


@pytest.fixture(scope="session")
def backend(request: pytest.FixtureRequest) -> Backend:
    """Where data is kept: in SQLite, unless a module's tests run on every backend."""
    if getattr(request, "param", "sqlite") == "postgres":
        return request.getfixturevalue("postgres")
    return SqliteBackend()


@pytest.fixture(scope="session")
def template(backend: Backend, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with `RECORDS` leads, to be copied."""
    folder = tmp_path_factory.mktemp("template") / "data"
    database = backend.database_of(folder)
    with Sandbox.embedded(SandboxConfig(folder, port=0, records=RECORDS, database=database)):
        pass
    return folder


@pytest.fixture
def start(backend: Backend, template: Path, tmp_path: Path) -> Iterator[Start]:
    """Start a sandbox of its own: `with start(rate_limit=3) as running`."""
    numbers = itertools.count()
    used: set[Path] = set()

    def started(
        clock: Clock | None = None,
        data: Path | None = None,
        *,
        reset: bool = False,
        port: int = 0,
        **settings: Any,
    ) -> AbstractContextManager[Running]:
        if data is None:
            data = tmp_path / f"data-{next(numbers)}"
            backend.copy(template, data)
        used.add(data)
        database = backend.database_of(data)
        config = SandboxConfig(data, port=port, reset=reset, database=database, **settings)
        # On a clock that stands, no hour ends in the middle of a test.
        return running(config, clock or ManualClock(MORNING))

    yield started
    for data in used:
        backend.drop(data)


@pytest.fixture(scope="session")
def shared(
    backend: Backend, template: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Running]:
    """One sandbox for all tests that only read, or that only touch records of their own."""
    folder = tmp_path_factory.mktemp("shared") / "data"
    backend.copy(template, folder)
    database = backend.database_of(folder)
    config = SandboxConfig(folder, 0, rate_limit=10**9, month_limit=10**9, database=database)
    with running(config) as one:
        yield one


@pytest.fixture(scope="session")
def controlled(
    backend: Backend, template: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Running]:
    """One sandbox with a control plane, for all tests that put it back: see `control`."""
    folder = tmp_path_factory.mktemp("controlled") / "data"
    backend.copy(template, folder)
    database = backend.database_of(folder)
    config = SandboxConfig(data=folder, port=0, control=True, database=database)
    with running(config, ManualClock(MORNING)) as one:
        yield one


@pytest.fixture
def control(controlled: Running) -> Iterator[ControlPlaneClient]:
    """The control plane of `controlled`, which is reset before and after the test."""
    control = ControlPlaneClient.of(controlled.info)
    with control.http:
        control.reset()
        # A test may have let the time pass at which the last token ended.
        controlled.http.headers["Authorization"] = f"Bearer {controlled.sign_in().json()['token']}"
        control.reset()
        yield control
        control.reset()


@pytest.fixture
def http(shared: Running) -> httpx.Client:
    """A signed-in client of the shared sandbox."""
    return shared.http


@pytest.fixture
def clock() -> ManualClock:
    """A clock at twenty past nine on a morning in March."""
    return ManualClock(MORNING)


@pytest.fixture
def headers() -> Callable[[AccountCredentials], dict[str, str]]:
    """Make the headers of a sign-in."""
    return sign_in_headers


@dataclass(frozen=True)
class OpenStore:
    """A store without records, in use on an event loop that `run` runs tests on."""

    store: Store
    run: Callable[[Coroutine[Any, Any, None]], None]


@pytest.fixture(scope="module")
def opened(backend: Backend, tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenStore]:
    """Make a store for all tests of a module."""
    data = tmp_path_factory.mktemp("store") / "data"
    store = backend.empty_store(data)
    in_use = store.open()
    with asyncio.Runner() as runner:
        runner.run(in_use.__aenter__())
        try:
            yield OpenStore(store, runner.run)
        finally:
            runner.run(in_use.__aexit__(None, None, None))
    backend.drop(data)
