"""Signing in: one at a time, renewed in time, refused once for all, and never in sight."""

import asyncio
import time
from collections.abc import Awaitable
from typing import Any

import pytest

from cmdm_tui.api import (
    ApiError,
    AuthenticationFailed,
    Client,
    Credentials,
    InvalidCall,
    MalformedResponse,
    SecretStr,
)
from cmdm_tui.api.quota import ServerClock
from cmdm_tui.api.token_state import Token
from tests.api.conftest import CREDENTIALS, Request, ScriptedServer, http

LIST: dict[str, Any] = {"Total Records": "0", "Total Pages": "0", "Entity": []}


def authorization(request: Request) -> str:
    return request.headers.get("authorization", b"").decode()


async def test_the_four_headers_go_as_utf8_and_the_token_comes_back(
    server: ScriptedServer, client: Client
) -> None:
    server.script = lambda _: http(200, LIST)
    await client.page("lead")
    sign_in, call = server.requests
    assert sign_in.method == "POST"
    assert sign_in.headers["client_id"] == b"the-client"
    assert sign_in.headers["client_secret"] == b"the-secret"
    assert sign_in.headers["username"] == "siân".encode()
    assert sign_in.headers["password"] == "pässword".encode()
    assert "authorization" not in sign_in.headers
    assert authorization(call) == "Bearer token-1"
    assert "password" not in call.headers


async def test_many_cold_requests_sign_in_once(server: ScriptedServer, client: Client) -> None:
    server.script = lambda _: http(200, LIST)
    await asyncio.gather(*(client.page("lead") for _ in range(50)))
    assert server.sign_ins == 1
    assert len(server.calls) == 50


async def test_many_refused_requests_sign_in_once_more(
    server: ScriptedServer, client: Client
) -> None:
    all_there = asyncio.Barrier(10)

    async def answer(request: Request) -> bytes:
        if authorization(request) == "Bearer token-1":
            await all_there.wait()
            return http(401, {"Message": "token ended"})
        return http(200, LIST)

    server.script = answer
    await asyncio.gather(*(client.page("lead") for _ in range(10)))
    assert server.sign_ins == 2
    assert len(server.calls) == 20


async def test_a_refused_fresh_token_is_an_error_not_a_loop(
    server: ScriptedServer, client: Client
) -> None:
    server.script = lambda _: http(401, {"Message": "no"})
    with pytest.raises(AuthenticationFailed):
        await client.page("lead")
    assert server.sign_ins == 2
    assert len(server.calls) == 2


@pytest.mark.parametrize(("status", "message"), [(403, "not yours"), (400, "bad token }")])
async def test_a_refusal_that_a_new_token_does_not_mend_is_not_tried_on_each_call(
    server: ScriptedServer, client: Client, status: int, message: str
) -> None:
    server.script = lambda _: http(status, {"Message": message})
    for _ in range(5):
        with pytest.raises(ApiError, match=message):
            await client.page("lead")
    assert (server.sign_ins, len(server.calls)) == (2, 6)
    answers = iter([http(401, {}), http(200, LIST)])
    server.script = lambda _: next(answers)
    await client.page("lead")
    assert server.sign_ins == 3


@pytest.mark.parametrize("status", [400, 401, 403])
async def test_refused_credentials_are_refused_in_words(
    server: ScriptedServer, client: Client, status: int
) -> None:
    server.sign_in = lambda _: http(status, {"Message": "no such user"})
    with pytest.raises(AuthenticationFailed, match=r"no such user.*Check the client id"):
        await client.page("lead")
    assert server.calls == []


async def test_refused_credentials_are_not_hammered(server: ScriptedServer, client: Client) -> None:
    server.sign_in = lambda _: http(401, {"Message": "no"})
    results = await asyncio.gather(
        *(client.page("lead") for _ in range(20)), return_exceptions=True
    )
    assert all(isinstance(result, AuthenticationFailed) for result in results)
    assert server.sign_ins == 1


async def test_a_cancelled_sign_in_blocks_nobody(server: ScriptedServer, client: Client) -> None:
    arrived = asyncio.Event()

    async def never(_: Request) -> None:
        arrived.set()
        await asyncio.Event().wait()

    server.sign_in = never
    first = asyncio.create_task(client.page("lead"))
    second = asyncio.create_task(client.page("lead"))
    await arrived.wait()
    first.cancel()
    server.sign_in = None
    server.script = lambda _: http(200, LIST)
    with pytest.raises(asyncio.CancelledError):
        await first
    assert (await second).records == ()


@pytest.mark.parametrize("skew", [-86_400, -3_600, 0, 3_600, 86_400])
async def test_a_token_is_renewed_before_its_end_by_the_servers_clock(
    server: ScriptedServer, skew: int
) -> None:
    local = [1_700_000_000.0]  # both clocks of this machine run alike

    def headers(life: float) -> dict[str, str]:
        now = local[0] + skew
        date = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(now))
        return {"Date": date, "x-token-reset": str(int(now + life))}

    server.script = lambda _: http(200, LIST, headers(3_600))
    server.token_headers = headers(3_600)
    clock = ServerClock(lambda: local[0], lambda: local[0])
    async with Client(server.url, CREDENTIALS, clock=clock) as client:
        await client.page("lead")
        local[0] += 3_500
        server.script = lambda _: http(200, LIST)
        await client.page("lead")
        assert server.sign_ins == 1
        local[0] += 71
        await client.page("lead")
    assert server.sign_ins == 2
    assert [authorization(call) for call in server.calls][-1] == "Bearer token-2"


@pytest.mark.parametrize("skew", [-86_400, 0, 86_400])
async def test_a_tokens_end_may_be_told_by_any_answer_and_anew(
    server: ScriptedServer, skew: int
) -> None:
    local = [1_700_000_000.0]

    def ending_in(seconds: float) -> dict[str, str]:
        now = local[0] + skew
        date = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(now))
        return {"Date": date, "x-token-reset": str(int(now + seconds))}

    kept: list[Token] = []

    class Keeper:
        def load(self) -> Token | None:
            return None

        def save(self, token: Token) -> None:
            kept.append(token)

    clock = ServerClock(lambda: local[0], lambda: local[0])
    async with Client(server.url, CREDENTIALS, clock=clock, tokens=Keeper()) as client:
        for life in (1_000, 500):
            answer = http(200, LIST, ending_in(life))
            server.script = lambda _, answer=answer: answer
            await client.page("lead")
        local[0] += 450
        server.script = lambda _: http(200, LIST)
        await client.page("lead")
        assert server.sign_ins == 1
        local[0] += 25
        await client.page("lead")
    assert server.sign_ins == 2
    assert [token.value.reveal() for token in kept] == ["token-1", "token-1", "token-2"]
    assert kept[1].renew_at == 1_700_000_000 + skew + 970


async def test_an_answer_under_an_old_token_says_nothing_of_the_new_one(
    server: ScriptedServer,
) -> None:
    local = [1_700_000_000.0]
    may_answer, arrived = asyncio.Event(), asyncio.Event()

    async def script(request: Request) -> bytes:
        if not arrived.is_set():
            arrived.set()
            await may_answer.wait()
            return http(200, LIST, {"x-token-reset": str(int(local[0]) + 10)})
        return http(200, LIST)

    server.script = script
    clock = ServerClock(lambda: local[0], lambda: local[0])
    async with Client(server.url, CREDENTIALS, clock=clock) as client:
        late = asyncio.ensure_future(client.page("lead"))
        await arrived.wait()
        await client.sign_in()
        may_answer.set()
        await late
        local[0] += 20
        await client.page("lead")
    assert server.sign_ins == 2


@pytest.mark.parametrize("bad", ["", "a\r\nx-evil: 1", "a\nb", "a\x00b", " a", "a ", "\ud800"])
async def test_a_value_no_header_carries_is_refused_before_it_is_sent(
    server: ScriptedServer, bad: str
) -> None:
    credentials = Credentials(
        CREDENTIALS.client_id, CREDENTIALS.client_secret, "siân", SecretStr(bad)
    )
    with pytest.raises(InvalidCall, match="The password"):
        Client(server.url, credentials)
    assert server.requests == []


@pytest.mark.parametrize(
    "body", [{}, *({"token": token} for token in ("", 3, "a\nb", "é", "a ")), b"<html>", b""]
)
async def test_a_sign_in_without_a_token_is_an_error(
    server: ScriptedServer, client: Client, body: object
) -> None:
    server.sign_in = lambda _: http(200, body)
    with pytest.raises(MalformedResponse, match="holds no"):
        await client.page("lead")


async def test_no_error_repeats_a_secret_that_the_service_repeats(
    server: ScriptedServer, client: Client
) -> None:
    words = "<pre>the-client:the-secret:pässword says Bearer token-1</pre> or pässword"
    for answer in (
        http(400, {"Message": words}),
        http(401, words.encode()),
        http(418, {"error": words}),
        http(200, words.encode()),
        http(200, {"x": words}),
    ):
        server.script = lambda _, answer=answer: answer
        server.sign_in = None
        for attempt in (
            lambda: client.record("lead", "A"),
            lambda: client.create("lead", {"a": "b"}),
            client.sign_in,
        ):
            if attempt == client.sign_in:
                server.sign_in = server.script
            with pytest.raises(ApiError) as raised:
                await attempt()
            error = raised.value
            shown = f"{error!r} {error} {error.message} {error.args}"
            assert not [
                secret for secret in ("the-client", "the-secret", "pässword", "token-1")
                if secret in shown
            ]  # fmt: skip
            cause = getattr(error, "cause", None)
            assert cause is None or "pässword" not in str(cause)


@pytest.mark.parametrize("cut", range(1, 10))
async def test_a_secret_that_is_cut_with_the_words_around_it_is_not_shown(
    server: ScriptedServer, client: Client, cut: int
) -> None:
    """Words are cut to 400 letters, and bodies to 200: what is left of the secret must not show."""
    for status, body in (
        (400, {"Message": "x" * (400 - cut) + "the-secret"}),
        (400, b"x" * (200 - cut) + b"the-secret"),
        (200, b"x" * (200 - cut) + b"the-secret"),
        (200, b" " * 795 + b"the-secret"),
    ):
        server.script = lambda _, status=status, body=body: http(status, body)
        with pytest.raises(ApiError) as raised:
            await client.record("lead", "A")
        assert "the-" not in raised.value.message.replace("the-client", "")
        assert "xt" not in raised.value.message


@pytest.mark.parametrize("written", ["p\\u00e4ssword", "p%C3%A4ssword"])
async def test_a_secret_is_not_shown_in_another_spelling(
    server: ScriptedServer, client: Client, written: str
) -> None:
    server.script = lambda _: http(200, f'{{"x": "{written}"}}'.encode())
    with pytest.raises(ApiError) as raised:
        await client.record("lead", "A")
    assert "ssword" not in str(raised.value)


async def test_no_error_shows_a_secret(server: ScriptedServer, client: Client) -> None:
    async def fails(work: Awaitable[object]) -> str:
        with pytest.raises(Exception, match=r".") as raised:
            await work
        return repr(raised.value) + str(raised.value)

    server.script = lambda _: None
    shown = [await fails(client.page("lead")), await fails(client.create("lead", {"a": "b"}))]
    server.sign_in = lambda _: http(401, {"Message": "no"})
    shown.append(await fails(client.sign_in()))
    for text in shown:
        assert not any(secret in text for secret in ("the-secret", "pässword", "token-1"))
