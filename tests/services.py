"""What tests of several packages share: the profile of a running sandbox, and counted calls."""

import httpx

from cmdm_tui.config import Credentials, Profile, SecretStr
from cmdm_tui.sandbox import RunningInfo


class CountedNetwork(httpx.AsyncHTTPTransport):
    """The network as it is, with what goes out kept, below the base address.

    `requests` are methods and paths; `calls` the paths alone, of all but the sign-ins.
    """

    def __init__(self) -> None:
        super().__init__()
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
