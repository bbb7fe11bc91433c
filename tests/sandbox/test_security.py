"""What keeps others out, each check with a broken twin that proves the check can fail."""

import asyncio
import contextlib
import hashlib
import hmac
import json
import os
import socket
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from cmdm_tui.sandbox import SandboxError, auth, data_folder, routes, wire_types
from cmdm_tui.sandbox import credentials as accounts
from cmdm_tui.sandbox import data_folder as data_module
from cmdm_tui.sandbox.auth import TokenIssuer
from cmdm_tui.sandbox.credentials import AccountCredentials, CredentialHashes, SignInCheck
from cmdm_tui.sandbox.data_folder import hold_folder, load_credentials
from cmdm_tui.sandbox.http import requests, server_errors, strict_http
from cmdm_tui.sandbox.rate_limit import CallLimiter
from cmdm_tui.sandbox.storage.sqlite.data_file import create_data_file
from cmdm_tui.sandbox.storage.sqlite.store import SqliteStore

if TYPE_CHECKING:
    from tests.sandbox.conftest import ManualClock, Running, Start

Patch = pytest.MonkeyPatch


def fails(check: Callable[[], object]) -> None:
    """Assert that a check notices what has been broken."""
    with pytest.raises(AssertionError):
        check()


def given(credentials: AccountCredentials) -> dict[str, str]:
    return {
        "client_id": credentials.client_id,
        "client_secret": credentials.client_secret,
        "username": credentials.username,
        "password": credentials.password,
    }


def always(*_values: object) -> bool:
    """What a check becomes when it is broken."""
    return True


# Sign-in


def wrong_values_are_refused(running: "Running") -> None:
    for name in given(running.info.credentials):
        headers = given(running.info.credentials) | {name: "wrong"}
        answer = running.anonymous("POST", "/authenticate", headers)
        assert answer.status_code == 401


def test_wrong_values_are_refused(shared: "Running", monkeypatch: Patch) -> None:
    wrong_values_are_refused(shared)
    monkeypatch.setattr(accounts, "compare_digest", always)
    fails(lambda: wrong_values_are_refused(shared))


def every_value_is_hashed_and_compared_whichever_is_wrong(monkeypatch: Patch) -> None:
    credentials = AccountCredentials("id", "secret", "user", "password")
    account = CredentialHashes.of(credentials)
    compared: list[tuple[str, str]] = []
    stretched: list[bytes] = []
    scrypt, compare = hashlib.scrypt, accounts.compare_digest

    def counting_compare(one: str, other: str) -> bool:
        compared.append((one, other))
        return compare(one, other)

    def counting_scrypt(password: bytes, **settings: Any) -> bytes:
        stretched.append(password)
        return scrypt(password, **settings)

    with monkeypatch.context() as patch:
        patch.setattr(accounts, "compare_digest", counting_compare)
        patch.setattr(hashlib, "scrypt", counting_scrypt)
        assert not account.matches(b"wrong", b"secret", b"user", b"password")
        assert not account.matches(b"id", b"secret", b"user", b"wrong")
        assert account.matches(b"id", b"secret", b"user", b"password")
    assert len(compared) == 12
    assert len(stretched) == 3


def test_every_value_is_hashed_and_compared_whichever_is_wrong(monkeypatch: Patch) -> None:
    every_value_is_hashed_and_compared_whichever_is_wrong(monkeypatch)

    def hasty(self: CredentialHashes, *values: bytes) -> bool:
        for name, value in zip(("client_id", "client_secret", "username"), values, strict=False):
            if not accounts.compare_digest(accounts._digest(value), getattr(self, name)):
                return False
        salt = bytes.fromhex(self.salt)
        return accounts.compare_digest(accounts._hash_password(values[3], salt), self.password)

    monkeypatch.setattr(CredentialHashes, "matches", hasty)
    fails(lambda: every_value_is_hashed_and_compared_whichever_is_wrong(monkeypatch))


def only_the_right_values_are_known_again(monkeypatch: Patch) -> None:
    right = (b"k1ent", b"s3cret", b"us3r", b"passw0rd")
    wrong = [
        (b"k1en", b"ts3cret", *right[2:]),
        (*right[:3], b"passw0r"),
        (b"K1ENT", *right[1:]),
        (b"", b"", b"", b"".join(right)),
    ]
    credentials = AccountCredentials(*(value.decode() for value in right))
    check = SignInCheck(CredentialHashes.of(credentials))
    stretched: list[bytes] = []
    scrypt = hashlib.scrypt

    def counting_scrypt(password: bytes, **settings: Any) -> bytes:
        stretched.append(password)
        return scrypt(password, **settings)

    async def sign_in() -> None:
        for values in (right, *wrong, right, *wrong, right):
            assert await check.matches(*values) is (values == right)

    with monkeypatch.context() as patch:
        patch.setattr(hashlib, "scrypt", counting_scrypt)
        asyncio.run(sign_in())
    # Of the right ones once, of the others each time they come.
    assert stretched == [values[3] for values in (right, *wrong, *wrong)]
    assert not [value for value in right if value in repr(vars(check)).encode()]


def test_only_the_right_values_are_known_again(monkeypatch: Patch) -> None:
    only_the_right_values_are_known_again(monkeypatch)

    def run_together(self: SignInCheck, values: Iterable[bytes]) -> bytes:
        return hmac.digest(self._key, b"".join(values), "sha256")

    def forget(_self: SignInCheck, _values: object) -> bytes:
        return os.urandom(32)

    for broken in (run_together, forget):
        monkeypatch.setattr(SignInCheck, "_digest_all", broken)
        fails(lambda: only_the_right_values_are_known_again(monkeypatch))


def the_account_holds_no_plain_value() -> None:
    credentials = AccountCredentials.random()
    account = repr(CredentialHashes.of(credentials))
    assert not [value for value in given(credentials).values() if value in account]
    assert CredentialHashes.of(credentials).password != CredentialHashes.of(credentials).password


def test_the_account_holds_no_plain_value(monkeypatch: Patch) -> None:
    the_account_holds_no_plain_value()
    monkeypatch.setattr(accounts, "_digest", bytes.decode)
    fails(the_account_holds_no_plain_value)


# Tokens

PATHS = [
    "/lead",
    "/lead/ZZZZZZZZ",
    "/lead/fields",
    "/authenticate/x",
    "/%61ccount",
    "/lead%2Fx",
    "",
]


def every_path_but_the_sign_in_takes_a_token(running: "Running") -> None:
    for path in PATHS:
        for method in ("GET", "POST", "PUT", "DELETE"):
            answer = running.anonymous(method, path)
            assert answer.status_code == 401, (method, path)


def test_every_path_but_the_sign_in_takes_a_token(shared: "Running", monkeypatch: Patch) -> None:
    every_path_but_the_sign_in_takes_a_token(shared)

    def careless(segments: tuple[str, ...] | None) -> bool:
        return segments is not None and "authenticate" in segments

    monkeypatch.setattr(auth, "is_sign_in", careless)
    fails(lambda: every_path_but_the_sign_in_takes_a_token(shared))


def only_issued_tokens_are_good(running: "Running") -> None:
    issued = running.http.headers["authorization"]
    for wrong in ("Bearer x", issued[:-1], issued + "x", issued.swapcase(), f"Basic {issued[7:]}"):
        answer = running.anonymous("GET", "/lead/fields", {"Authorization": wrong})
        assert answer.status_code == 401, wrong
    twice = [("Authorization", issued), ("Authorization", issued)]
    answer = running.anonymous("GET", "/lead/fields", twice)
    assert answer.status_code == 401


def test_only_issued_tokens_are_good(shared: "Running", monkeypatch: Patch) -> None:
    only_issued_tokens_are_good(shared)

    async def any_end(_self: SqliteStore, _digest: str) -> int:
        return 10**11

    monkeypatch.setattr(SqliteStore, "get_token_end", any_end)
    fails(lambda: only_issued_tokens_are_good(shared))


def a_token_ends(start: "Start", clock: "ManualClock") -> None:
    with start(clock=clock, token_ttl=60) as running:
        clock.time += 60
        assert running.http.get("/lead/fields").status_code == 401


def test_a_token_ends(start: "Start", clock: "ManualClock", monkeypatch: Patch) -> None:
    a_token_ends(start, clock)

    async def timeless(self: TokenIssuer, authorization: bytes | None) -> int | None:
        token = (authorization or b"").partition(b" ")[2]
        return await self.store.get_token_end(auth._digest(token))

    monkeypatch.setattr(TokenIssuer, "get_end", timeless)
    fails(lambda: a_token_ends(start, clock))


def the_data_file_holds_no_token(start: "Start") -> None:
    with start() as running:
        token = running.sign_in().json()["token"].encode()
        files = [path.read_bytes() for path in running.data.iterdir()]
    assert not [content for content in files if token in content]


def test_the_data_file_holds_no_token(start: "Start", monkeypatch: Patch) -> None:
    the_data_file_holds_no_token(start)
    monkeypatch.setattr(auth, "_digest", bytes.decode)
    fails(lambda: the_data_file_holds_no_token(start))


def the_credentials_file_is_private(data: Path) -> None:
    data.mkdir()
    load_credentials(data)
    assert (data / "credentials.json").stat().st_mode & 0o077 == 0


def test_the_credentials_file_is_private(tmp_path: Path, monkeypatch: Patch) -> None:
    the_credentials_file_is_private(tmp_path / "one")
    original = os.open

    def for_all(path: Path, flags: int, _mode: int) -> int:
        return original(path, flags, 0o644)

    monkeypatch.setattr(data_module.os, "open", for_all)
    fails(lambda: the_credentials_file_is_private(tmp_path / "other"))


def a_failure_is_logged_without_a_secret(
    running: "Running", monkeypatch: Patch, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken(*_values: object) -> None:
        raise ZeroDivisionError

    caplog.clear()
    with monkeypatch.context() as patch:
        patch.setattr(SqliteStore, "get", broken)
        answer = running.http.get(f"/lead/{running.info.password}")
    assert answer.status_code == 500
    assert "GET /api/v1/lead/" in caplog.text
    assert running.info.password not in caplog.text


def test_a_failure_is_logged_without_a_secret(
    shared: "Running", monkeypatch: Patch, caplog: pytest.LogCaptureFixture
) -> None:
    a_failure_is_logged_without_a_secret(shared, monkeypatch, caplog)

    def all_of_it(path: bytes, _query: bytes, _secrets: object) -> str:
        return path.decode()

    monkeypatch.setattr(server_errors, "redact_target", all_of_it)
    fails(lambda: a_failure_is_logged_without_a_secret(shared, monkeypatch, caplog))


def the_folder_makes_no_file_elsewhere(data: Path) -> None:
    data.mkdir()
    elsewhere = data.with_name(f"{data.name}-elsewhere")
    for name in ("lock", "credentials.json.new", "sandbox.sqlite.new"):
        (data / name).symlink_to(elsewhere)
    with contextlib.suppress(SandboxError):
        load_credentials(data)
        create_data_file(data / "sandbox.sqlite", {}, 0)
        with hold_folder(data):
            pass
    assert not elsewhere.exists()


def test_the_folder_makes_no_file_elsewhere(tmp_path: Path, monkeypatch: Patch) -> None:
    the_folder_makes_no_file_elsewhere(tmp_path / "one")
    monkeypatch.setattr(data_folder, "FileLock", FollowingLock)
    fails(lambda: the_folder_makes_no_file_elsewhere(tmp_path / "other"))


class FollowingLock:
    """A lock whose file is made wherever a link in its place points."""

    def __init__(self, path: Path, **_: object) -> None:
        self._path = path

    def acquire(self, **_: object) -> None:
        self._path.touch()

    def release(self) -> None:
        pass


# Limits


def a_limit_holds(start: "Start") -> None:
    with start(rate_limit=3) as running:
        statuses = [running.http.get("/lead/fields").status_code for _ in range(4)]
    assert statuses == [200, 200, 429, 429]


def test_a_limit_holds(start: "Start", monkeypatch: Patch) -> None:
    a_limit_holds(start)
    admit: Callable[[CallLimiter, int | None], Awaitable[object]] = CallLimiter.count_call

    async def generous(self: CallLimiter, token_end: int | None) -> object:
        return await admit(CallLimiter(self.store, self.clock, self.per_hour + 1, 10**9), token_end)

    monkeypatch.setattr(CallLimiter, "count_call", generous)
    fails(lambda: a_limit_holds(start))


def a_huge_body_is_refused_before_it_arrives(running: "Running") -> None:
    with socket.create_connection(running.address, timeout=1) as connection:
        request = (
            f"POST /api/v1/lead HTTP/1.1\r\nHost: {running.host}\r\nContent-Length: 99999999999\r\n"
            f"Authorization: {running.http.headers['authorization']}\r\n\r\n"
        )
        connection.sendall(request.encode())
        try:
            answer = connection.recv(64)
        except TimeoutError:
            answer = b""
    assert answer.startswith(b"HTTP/1.1 413")


def test_a_huge_body_is_refused_before_it_arrives(shared: "Running", monkeypatch: Patch) -> None:
    a_huge_body_is_refused_before_it_arrives(shared)
    monkeypatch.setattr(routes, "refuse_declared_size", always)
    fails(lambda: a_huge_body_is_refused_before_it_arrives(shared))


def a_huge_body_without_a_length_is_refused(running: "Running") -> None:
    pieces = (b" " * 65_536 for _ in range(20))
    assert running.http.post("/lead", content=pieces).status_code == 413


def test_a_huge_body_without_a_length_is_refused(shared: "Running", monkeypatch: Patch) -> None:
    a_huge_body_without_a_length_is_refused(shared)
    monkeypatch.setattr(requests, "MAX_BODY_BYTES", 10**9)
    fails(lambda: a_huge_body_without_a_length_is_refused(shared))


def waiting_for_100(running: "Running", length: int, *, path: str = "/lead") -> bytes:
    """Return the head of a request whose body the client holds back until it is asked for."""
    return (
        f"POST /api/v1{path} HTTP/1.1\r\nHost: {running.host}\r\nContent-Length: {length}\r\n"
        "Expect: 100-continue\r\n"
        f"Authorization: {running.http.headers['authorization']}\r\n\r\n"
    ).encode()


def a_client_that_waits_for_100_is_told_at_once(running: "Running") -> None:
    too_large = waiting_for_100(running, 2_000_000)
    for message, status in (
        (too_large, b"413"),
        (waiting_for_100(running, 30, path="/nothing"), b"404"),
        (waiting_for_100(running, 30, path="/lead/fields"), b"405"),
        (waiting_for_100(running, 30).replace(b"Bearer ", b"Bearer x"), b"401"),
        (waiting_for_100(running, 30).replace(b"Host: ", b"Host: x"), b"421"),
    ):
        answer = b""
        with socket.create_connection(running.address, timeout=1) as connection:
            connection.sendall(message)
            try:
                while piece := connection.recv(4096):
                    answer += piece
            except TimeoutError:
                answer += b"and the connection stays open"
        assert answer.startswith(b"HTTP/1.1 " + status)
        # Whether the body comes all the same nobody can know: what follows is no request.
        assert b"connection: close" in answer.lower()
        assert answer.endswith(b"}")


def test_a_client_that_waits_for_100_is_told_at_once(shared: "Running", monkeypatch: Patch) -> None:
    a_client_that_waits_for_100_is_told_at_once(shared)
    with monkeypatch.context() as patch:
        patch.setattr(routes, "refuse_declared_size", always)
        fails(lambda: a_client_that_waits_for_100_is_told_at_once(shared))
    monkeypatch.setattr(strict_http, "_with_close", as_it_is)
    fails(lambda: a_client_that_waits_for_100_is_told_at_once(shared))


def as_it_is(answer: object) -> object:
    """Leave open whether the body comes all the same."""
    return answer


def a_client_that_waits_for_100_is_asked_for_the_body(running: "Running") -> None:
    body = b'{"LastName": "Held back"}'
    with socket.create_connection(running.address, timeout=3) as connection:
        connection.sendall(waiting_for_100(running, len(body)))
        try:
            answer = connection.recv(4096)
        except TimeoutError:
            answer = b""
        assert answer == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(body)
        assert connection.recv(4096).startswith(b"HTTP/1.1 201")


def test_a_client_that_waits_for_100_is_asked_for_the_body(
    shared: "Running", monkeypatch: Patch
) -> None:
    a_client_that_waits_for_100_is_asked_for_the_body(shared)
    waits = "they_are_waiting_for_100_continue"
    monkeypatch.setattr(strict_http.StrictHttpConnection, waits, value=False)
    fails(lambda: a_client_that_waits_for_100_is_asked_for_the_body(shared))


# Values


def half_a_surrogate_pair_is_no_server_error(running: "Running") -> None:
    body = json.dumps({"LastName": "\ud800"}).encode()
    assert running.http.post("/lead", content=body).status_code == 400


def test_half_a_surrogate_pair_is_no_server_error(shared: "Running", monkeypatch: Patch) -> None:
    half_a_surrogate_pair_is_no_server_error(shared)
    monkeypatch.setattr(requests, "_is_encodable", always)
    fails(lambda: half_a_surrogate_pair_is_no_server_error(shared))


def read_only_fields_cannot_be_written(running: "Running") -> None:
    body = {"LastName": "x", "AccountExternalID": "ABC1D2E3"}
    assert running.http.post("/lead", json=body).status_code == 400


def test_read_only_fields_cannot_be_written(shared: "Running", monkeypatch: Patch) -> None:
    read_only_fields_cannot_be_written(shared)
    fields = routes.ENTITIES["lead"].by_name
    lookup = fields["AccountExternalID"]
    object.__setattr__(lookup, "read_only", False)
    try:
        fails(lambda: read_only_fields_cannot_be_written(shared))
    finally:
        object.__setattr__(lookup, "read_only", True)


def wrongly_typed_values_are_refused(running: "Running") -> None:
    body = {"LastName": "x", "Score": "many"}
    assert running.http.post("/lead", json=body).status_code == 400


def test_wrongly_typed_values_are_refused(shared: "Running", monkeypatch: Patch) -> None:
    wrongly_typed_values_are_refused(shared)
    monkeypatch.setattr(wire_types, "_FORMS", {})
    monkeypatch.setattr(wire_types, "decimal_key", str)
    fails(lambda: wrongly_typed_values_are_refused(shared))
