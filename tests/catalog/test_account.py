"""An account treats its server as the profile says, and its token outlives the run."""

import asyncio
import time
from contextlib import nullcontext
from dataclasses import replace
from email.utils import formatdate
from pathlib import Path
from typing import Any

import httpx
import pytest

from cmdm_tui.api import AuthenticationFailed, Credentials, SecretStr
from cmdm_tui.api.errors import QuotaFloorReached, ReadOnly
from cmdm_tui.api.quota import ServerClock
from cmdm_tui.api.token_state import Token
from cmdm_tui.catalog import Account, CachedTokens, FreshTokens, TokenFile, Trait, Traits
from cmdm_tui.config import Profile

CREDENTIALS = Credentials(SecretStr("a"), SecretStr("b"), "c", SecretStr("d"))
LIST: dict[str, Any] = {"Total Records": "0", "Total Pages": "0", "Entity": []}


class Service:
    """A service that counts its sign-ins; its clock is `ahead` seconds ahead of this machine's."""

    def __init__(self, ahead: float = 0.0) -> None:
        self.ahead = ahead
        self.sign_ins = 0
        self.accepts = True
        self.good = ""

    def __call__(self, request: httpx.Request) -> httpx.Response:
        now = time.time() + self.ahead
        headers = {
            "date": formatdate(now, usegmt=True),
            "x-token-reset": str(int(now + 3600)),
            "x-rate-limit-limit": "100",
            "x-rate-limit-remaining": "5",
            "x-rate-limit-reset": str(int(now + 1800)),
        }
        if request.url.path.endswith("/authenticate"):
            self.sign_ins += 1
            if not self.accepts:
                return httpx.Response(401, headers=headers)
            self.good = f"token-{self.sign_ins}"
            return httpx.Response(200, headers=headers, json={"token": self.good})
        if request.headers["authorization"] != f"Bearer {self.good}":
            return httpx.Response(401, headers=headers)
        return httpx.Response(200, headers=headers, json=LIST)

    @property
    def transport(self) -> httpx.MockTransport:
        return httpx.MockTransport(self)


@pytest.fixture
def profile(tmp_path: Path) -> Profile:
    tokens = tmp_path / "tokens"
    return Profile("acme", "http://localhost", CREDENTIALS, "acme", tokens=tokens)


async def list_leads(profile: Profile, service: Service) -> None:
    async with Account.open(profile, catalogs=None, transport=service.transport) as account:
        await account.client.page("lead")


@pytest.mark.parametrize("ahead", [0, 3600, -3600, 86_400, -86_400])
async def test_one_sign_in_serves_the_next_runs_whatever_the_servers_clock(
    profile: Profile, ahead: float
) -> None:
    service = Service(ahead)
    for _ in range(3):
        await list_leads(profile, service)
    assert service.sign_ins == 1


async def test_without_a_cache_each_run_signs_in(profile: Profile) -> None:
    service = Service()
    for _ in range(3):
        await list_leads(replace(profile, tokens=None), service)
    assert service.sign_ins == 3


async def test_a_kept_token_that_is_refused_is_replaced(profile: Profile) -> None:
    service = Service()
    await list_leads(profile, service)
    service.good = "revoked"
    await list_leads(profile, service)
    await list_leads(profile, service)
    assert service.sign_ins == 2


async def test_a_sign_in_that_is_tried_uses_no_kept_token(profile: Profile) -> None:
    service = Service()
    await list_leads(profile, service)
    service.accepts = False
    await list_leads(profile, service)
    in_hand = FreshTokens()
    async with Account.open(
        profile, catalogs=None, transport=service.transport, tokens=in_hand
    ) as account:
        with pytest.raises(AuthenticationFailed):
            await account.client.page("lead")
    assert in_hand.token is None


async def test_a_read_only_profile_sends_no_change(profile: Profile) -> None:
    service = Service()
    read_only = replace(profile, read_only=True)
    async with Account.open(read_only, catalogs=None, transport=service.transport) as account:
        with pytest.raises(ReadOnly):
            await account.client.delete("lead", "X")
        assert service.sign_ins == 0
        await account.client.page("lead")


async def test_the_floor_is_left_to_those_who_wait(profile: Profile) -> None:
    service = Service()
    careful = replace(profile, floor=50)
    async with Account.open(careful, catalogs=None, transport=service.transport) as account:
        await account.client.page("lead")
        with pytest.raises(QuotaFloorReached):
            await account.client.with_options(in_background=True).page("lead")


def test_a_token_that_cannot_be_kept_is_trouble_and_no_failure(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    cache = TokenFile(tmp_path / "file", "acme", "http://localhost", CREDENTIALS)
    tokens = CachedTokens(cache, ServerClock())
    tokens.save(Token(SecretStr("t"), None))
    assert "cannot be written" in str(tokens.error)


class Capped(Service):
    """A service of 250 records that grants `cap` a page, and counts its calls."""

    def __init__(self, cap: int) -> None:
        super().__init__()
        self.cap = cap
        self.asked: list[int] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        answer = super().__call__(request)
        if request.url.path.endswith("/authenticate"):
            return answer
        size, page = int(request.url.params["per_page"]), int(request.url.params["page"])
        self.asked.append(size)
        size = min(size, self.cap)
        rows: list[dict[str, Any]] = [
            {"ExternalID": f"R{row}", "Properties": {}}
            for row in range((page - 1) * size, min(page * size, 250))
        ]
        content: dict[str, Any] = {
            "Total Records": "250",
            "Total Pages": str(-(-250 // size)),
            "Entity": rows,
        }
        return httpx.Response(200, json=content)


async def read_leads(account: Account) -> int:
    return sum([len(page.records) async for page in account.client.pages("lead")])


async def test_the_largest_page_that_a_probe_learnt_is_asked_for(
    profile: Profile, tmp_path: Path
) -> None:
    service = Capped(100)
    account = Account.open(profile, catalogs=tmp_path, transport=service.transport)
    async with account:
        account.catalog.store_traits(Traits(account.client.address, Trait(100, "Seen.")))
    again = Account.open(profile, catalogs=tmp_path, transport=service.transport)
    async with again:
        assert await read_leads(again) == 250
    assert service.asked == [100, 100, 100]


async def test_a_page_size_that_was_granted_once_is_asked_for_from_then_on(
    profile: Profile,
) -> None:
    service = Capped(100)
    async with Account.open(profile, catalogs=None, transport=service.transport) as account:
        assert await read_leads(account) == 250
        assert await read_leads(account) == 250
    assert service.asked == [1_000, 100, 100, 100, 100, 100]


async def test_what_is_seen_goes_before_what_was_learnt(profile: Profile, tmp_path: Path) -> None:
    service = Capped(50)
    async with Account.open(profile, catalogs=tmp_path, transport=service.transport) as account:
        account.catalog.store_traits(Traits(account.client.address, Trait(100, "Seen.")))
        for _ in range(2):
            assert await read_leads(account) == 250
    assert service.asked == [100, *[50] * 9]


async def test_a_few_records_are_one_small_page(profile: Profile) -> None:
    service = Capped(1_000)
    async with Account.open(profile, catalogs=None, transport=service.transport) as account:
        pages = [page async for page in account.client.pages("lead", most=10)]
    assert service.asked == [10]
    assert len(pages) == 1


async def test_a_service_that_refuses_large_pages_is_asked_for_small_ones(
    profile: Profile,
) -> None:
    class Refusing(Capped):
        def __call__(self, request: httpx.Request) -> httpx.Response:
            if int(request.url.params.get("per_page", 0)) > self.cap:
                self.asked.append(int(request.url.params["per_page"]))
                return httpx.Response(400, json={"Message": "per_page is too large"})
            return super().__call__(request)

    service = Refusing(100)
    async with Account.open(profile, catalogs=None, transport=service.transport) as account:
        for _ in range(2):
            assert await read_leads(account) == 250
    assert service.asked == [1_000, 100, 100, 100, 100, 100, 100]


class Pausing(Service):
    """A service whose sign-ins wait until both clients have begun."""

    async def answer(self, request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/authenticate"):
            await asyncio.sleep(0.05)
        return self(request)

    @property
    def transport(self) -> httpx.MockTransport:
        return httpx.MockTransport(self.answer)


async def test_two_clients_of_a_profile_sign_in_once(profile: Profile) -> None:
    service = Pausing()
    await asyncio.gather(*(list_leads(profile, service) for _ in range(5)))
    assert service.sign_ins == 1


async def test_without_the_lock_each_would_sign_in(
    profile: Profile, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_lock(_: CachedTokens) -> nullcontext[None]:
        return nullcontext()

    monkeypatch.setattr(CachedTokens, "lock", no_lock)
    service = Pausing()
    await asyncio.gather(*(list_leads(profile, service) for _ in range(5)))
    assert service.sign_ins == 5


async def test_the_token_that_another_has_obtained_meanwhile_is_used(profile: Profile) -> None:
    service = Service()
    async with (
        Account.open(profile, catalogs=None, transport=service.transport) as one,
        Account.open(profile, catalogs=None, transport=service.transport) as other,
    ):
        await one.client.page("lead")
        await other.client.page("lead")
        service.good = "revoked"
        await one.client.page("lead")
        await other.client.page("lead")
    assert service.sign_ins == 2


async def test_where_that_one_is_refused_too_a_sign_in_is_made(profile: Profile) -> None:
    service = Service()
    async with (
        Account.open(profile, catalogs=None, transport=service.transport) as one,
        Account.open(profile, catalogs=None, transport=service.transport) as other,
    ):
        await one.client.page("lead")
        await other.client.page("lead")
        service.good = "revoked"
        await one.client.page("lead")
        service.good = "revoked again"
        await asyncio.gather(*(other.client.page("lead") for _ in range(3)))
    assert service.sign_ins == 3


def new_cached_tokens(profile: Profile, lock_wait: float) -> CachedTokens:
    file = TokenFile.of_profile(profile)
    assert file is not None
    return CachedTokens(file, ServerClock(), lock_wait=lock_wait)


async def test_a_lock_that_another_holds_too_long_is_done_without(profile: Profile) -> None:
    stuck, waiting = new_cached_tokens(profile, 1.0), new_cached_tokens(profile, 0.1)
    async with stuck.lock():
        async with waiting.lock():
            pass
        assert "did not wait for it" in waiting.lock_warning
    async with new_cached_tokens(profile, 0.0).lock():
        assert not stuck.lock_warning


@pytest.mark.parametrize("place", ["tokens", "lock"])
async def test_a_lock_that_cannot_be_made_is_done_without(
    profile: Profile, tmp_path: Path, place: str
) -> None:
    tokens = new_cached_tokens(profile, 0.1)
    file = TokenFile.of_profile(profile)
    assert file is not None
    if place == "tokens":
        (tmp_path / "tokens").write_text("a file")
    else:
        file.lock_path.mkdir(parents=True)
    async with tokens.lock():
        assert "cannot be used" in tokens.lock_warning
