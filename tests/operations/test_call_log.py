"""The log of calls: what it keeps, how much of it, and that no secret is in what it gives back."""

import json
from collections.abc import Callable

import httpx
import pytest

from cmdm_tui.api import (
    ApiError,
    CallFailed,
    CallFinished,
    CallInfo,
    CallSent,
    Client,
    Credentials,
    NetworkError,
    QuotaWait,
    Response,
    RetryPolicy,
    RetryScheduled,
    SecretStr,
)
from cmdm_tui.operations.call_entry import CallState, hide_named_secrets
from cmdm_tui.operations.call_log import CallLog
from cmdm_tui.operations.call_use import CallUse
from cmdm_tui.operations.kept_bodies import BodyStore

CANARIES = {
    "client id": "canary-client-id-81f2",
    "client secret": "canary-Secret-77c0/+=",
    "user name": "canary-user-name-55aa",
    "password": 'canary-"pässword-3\\b',
    "token": "canary.Token-9d1e.abcdefghijkl",
}
GET = CallInfo(1, "GET", "/lead")


class EchoingService(httpx.AsyncBaseTransport):
    """Repeats every secret it was sent or has given, in headers and bodies and however encoded."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("authenticate"):
            words = {"token": CANARIES["token"], "again": [*CANARIES.values()]}
            return httpx.Response(200, json=words, headers={"X-Token": CANARIES["token"]})
        headers = {
            "X-Echo": request.headers["authorization"],
            "Set-Cookie": f"sid={CANARIES['token']}",
            "X-Secret": "short",
        }
        hidden = {name: value for name, value in CANARIES.items() if name != "user name"}
        content = json.dumps({"Message": hidden, "Header": request.headers["authorization"]})
        status = 400 if "fail" in request.url.path else 200
        return httpx.Response(status, content=content.encode(), headers=headers)


async def log_of_calls(log: CallLog) -> CallLog:
    """Make calls that hold secrets everywhere: in a path, a body, a header, a failure."""
    credentials = Credentials(
        SecretStr(CANARIES["client id"]),
        SecretStr(CANARIES["client secret"]),
        CANARIES["user name"],
        SecretStr(CANARIES["password"]),
    )
    client = Client(
        "https://crm.example",
        credentials,
        transport=EchoingService(),
        policy=RetryPolicy(attempts=1),
        listener=log.add_event,
    )
    async with client:
        secret, token = CANARIES["client secret"], CANARIES["token"]
        body = json.dumps({"Notes": [secret, token, CANARIES["password"]]}).encode()
        path = f"lead/{CANARIES['client id']}?x={token}"
        await client.request("GET", path)
        await client.request("PUT", "lead/A", content=body)
        for path in ("lead/fail", f"lead/fail/{token}"):
            with pytest.raises(ApiError):
                await client.request("GET", path)
    return log


def everything_shown(log: CallLog) -> str:
    """Return all that the log gives back, as text with its JSON escapes undone."""
    shown: list[str] = []
    for call in log.calls:
        shown += [call.path, call.failure, *call.notes]
        made = log.read_details(call.key)
        for name, value in (*made.request_headers, *made.response_headers):
            shown.append(f"{name}: {value}")
        for body in (made.request_body, made.response_body):
            text = body.content.decode("utf-8", "replace")
            shown += [text, body.note, text.encode().decode("unicode_escape", "replace")]
    return "\n".join(shown)


async def test_no_secret_is_in_what_the_log_gives_back() -> None:
    shown = everything_shown(await log_of_calls(CallLog()))
    assert "Message" in shown
    assert "Notes" in shown
    for name, canary in CANARIES.items():
        assert canary not in shown, name
        assert canary[:12] not in shown, name


async def test_the_search_for_secrets_can_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the redaction switched off, the same search finds each of them."""

    def keep(content: bytes, redact: Callable[[str], str]) -> object:
        from cmdm_tui.operations.call_entry import LoggedBody

        return LoggedBody(content)

    monkeypatch.setattr("cmdm_tui.operations.call_log.redact_content", keep)
    shown = everything_shown(await log_of_calls(CallLog()))
    assert CANARIES["token"] in shown
    assert CANARIES["client secret"] in shown
    assert CANARIES["client id"] in shown


async def test_the_names_of_headers_say_which_are_secret() -> None:
    log = await log_of_calls(CallLog())
    made = log.read_details(log.calls[1].key)
    assert ("authorization", "Bearer …") in [
        (name.lower(), value) for name, value in made.request_headers
    ]
    assert dict(made.response_headers)["set-cookie"] == "…"
    assert dict(made.response_headers)["x-secret"] == "…"
    assert hide_named_secrets([
        ("Authorization", "Basic eA=="), ("client_secret", "x"), ("Password", "y"),
        ("x-token-reset", "17"), ("X-Api-Key", "k"), ("x-rate-limit-limit", "5"),
    ]) == (
        ("Authorization", "…"), ("client_secret", "…"), ("Password", "…"),
        ("x-token-reset", "17"), ("X-Api-Key", "…"), ("x-rate-limit-limit", "5"),
    )  # fmt: skip


async def test_a_path_that_held_a_secret_cannot_be_sent_again() -> None:
    log = await log_of_calls(CallLog())
    gets = [call for call in log.calls if call.method == "GET"]
    assert [call.is_path_whole for call in gets] == [False, True, False]
    assert not log.read_details(log.calls[2].key).request_body.is_whole


async def test_a_sign_in_is_a_call_whose_answer_is_not_kept() -> None:
    log = await log_of_calls(CallLog())
    sign_in = log.calls[0]
    assert (sign_in.is_sign_in, sign_in.path, sign_in.status) == (True, "/authenticate", 200)
    made = log.read_details(sign_in.key)
    assert made.response_body.content == b""
    assert made.response_body.note == "It holds the token, and is not kept."


def sent(info: CallInfo, content: bytes | None = None) -> CallSent:
    return CallSent(info, 1, httpx.Request(info.method, "https://x", content=content))


def finished(info: CallInfo, body: bytes, status: int = 200) -> CallFinished:
    answer = Response(info.number, info.method, info.path, status, httpx.Headers(), body, 0.1)
    return CallFinished(info, status, 0.1, len(body), answer)


def test_calls_and_bodies_are_bounded_and_say_so() -> None:
    log = CallLog(most_calls=10, bodies=BodyStore(most_bytes=3_500, largest=2_000))
    for number in range(1, 26):
        info = CallInfo(number, "GET", f"/lead/{number}")
        log.add_event(sent(info))
        log.add_event(finished(info, b"x" * (3_000 if number == 20 else 1_000)))
    assert len(log.calls) == 10
    assert log.dropped_count == 15
    assert log.calls[-1].path == "/lead/25"
    bodies = [log.read_details(call.key).response_body for call in log.calls]
    assert [bool(body.content) for body in bodies] == [False] * 7 + [True] * 3
    assert bodies[4].note == "The 3,000 bytes are not kept: too many were sent and received."
    assert log.dropped_body_count > 0


def test_the_body_that_is_looked_at_stays_longest() -> None:
    store = BodyStore(most_bytes=30, largest=20)
    store.store(("1", "sent"), b"x" * 10)
    store.store(("2", "sent"), b"x" * 10)
    assert store.load(("1", "sent")) is not None
    store.store(("3", "sent"), b"x" * 15)
    assert store.load(("1", "sent")) is not None
    assert store.load(("2", "sent")) is None
    assert (store.byte_count, store.dropped_count) == (25, 1)
    store.store(("1", "sent"), b"y")
    store.remove(("3", "sent"))
    store.remove(("none", "sent"))
    assert store.byte_count == 1


def test_a_call_that_is_tried_again_says_what_became_of_each_attempt() -> None:
    log = CallLog()
    lost = NetworkError("gone \x1b[2J")
    for event in (
        sent(GET), RetryScheduled(GET, 1, 0.5, lost), sent(GET), QuotaWait(GET, 30.0), sent(GET),
    ):  # fmt: skip
        log.add_event(event)
    call = log.calls[0]
    assert (call.state, call.times_sent, call.is_open) == (CallState.WAITING, 3, True)
    assert call.notes == (
        "attempt 1 failed: gone ␛[2J; again after 0.5 s",
        "waited 30 s for the reset of the quota",
    )
    log.add_event(CallFailed(GET, lost))
    assert log.calls[0].state is CallState.FAILED
    assert log.calls[0].failure.startswith("gone ␛[2J")
    log.add_event(CallFailed(GET, None))
    assert log.calls[0].state is CallState.FAILED, "it had ended before"


@pytest.mark.parametrize(
    ("method", "words"),
    [
        ("GET", "It was not waited for."),
        ("PUT", "It was not waited for. The change may have been made, or not."),
    ],
)
def test_nothing_is_claimed_of_a_change_that_was_left(method: str, words: str) -> None:
    log, info = CallLog(), CallInfo(4, method, "/lead/A")
    log.add_event(sent(info))
    log.add_event(CallFailed(info, None))
    assert (log.calls[0].state, log.calls[0].failure) == (CallState.LEFT, words)


def test_the_use_of_an_hour_is_counted_by_the_minute() -> None:
    now = 0.0
    use = CallUse(lambda: now)
    for minute in range(200):
        now = minute * 60.0
        use.count()
        use.count()
    assert use.list_counts(12) == [10] * 12
    assert len(use._counts) <= 61
    now += 30 * 60.0
    assert use.list_counts(2) == [60, 0]
    assert use.list_counts(60)[29:31] == [2, 0]


def test_what_was_sent_and_lost_counts_once() -> None:
    now = 0.0
    log = CallLog(clock=lambda: now)
    lost = NetworkError("gone")
    never = NetworkError("no connection", was_sent=False)
    log.add_event(sent(GET))
    log.add_event(RetryScheduled(GET, 1, 1.0, lost))  # counted: it was sent
    log.add_event(sent(GET))
    log.add_event(RetryScheduled(GET, 2, 1.0, never))  # not counted
    log.add_event(sent(GET))
    log.add_event(finished(GET, b"", 500))  # counted
    log.add_event(RetryScheduled(GET, 3, 1.0, lost))  # that answer
    log.add_event(CallFailed(GET, None))
    assert log.use.list_counts(1) == [2]
