"""A sandbox on a real socket, an account on it that counts its calls, and a terminal of text."""

import io
from collections.abc import AsyncGenerator, Callable, Generator

import httpx
import pytest

from cmdm_tui.api.retry import RetryPolicy
from cmdm_tui.catalog import Account
from cmdm_tui.config import Credentials, Profile, SecretStr
from cmdm_tui.sandbox import RunningInfo, Sandbox, SandboxConfig
from tests.services import CountedNetwork, profile_of


class Terminal(io.StringIO):
    """Text that takes itself for a terminal of 80 columns."""

    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def waits_are_short(monkeypatch: pytest.MonkeyPatch) -> None:
    """What failed is sent again at once: how long that waits is the client's test."""
    eager = RetryPolicy(first_wait=0.001, longest_wait=0.002)
    monkeypatch.setattr("cmdm_tui.api.client.RetryPolicy", lambda: eager)


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Generator[RunningInfo]:
    data = tmp_path_factory.mktemp("sandbox")
    with Sandbox.embedded(SandboxConfig(data=data, port=0, records=30)) as running:
        yield running


@pytest.fixture
def transport() -> CountedNetwork:
    return CountedNetwork()


@pytest.fixture
def calls(transport: CountedNetwork) -> list[str]:
    """Every request that went out, sign-ins included."""
    return transport.requests


@pytest.fixture
async def account(sandbox: RunningInfo, transport: CountedNetwork) -> AsyncGenerator[Account]:
    profile = profile_of(sandbox, "acme", ())
    async with Account.open(profile, catalogs=None, transport=transport) as opened:
        yield opened


@pytest.fixture
def answering() -> Callable[[Callable[[httpx.Request], httpx.Response]], Account]:
    """Make an account of a service that answers as the function given does, signed in at once."""

    def make(answer: Callable[[httpx.Request], httpx.Response]) -> Account:
        def handle(request: httpx.Request) -> httpx.Response:
            if request.url.path.endswith("/authenticate"):
                return httpx.Response(200, json={"token": "t"})
            return answer(request)

        secret = SecretStr("secret")
        profile = Profile(
            "odd", "http://localhost", Credentials(secret, secret, "u", secret), "odd"
        )
        return Account.open(profile, catalogs=None, transport=httpx.MockTransport(handle))

    return make


@pytest.fixture
def terminal() -> Callable[[], io.StringIO]:
    return Terminal
