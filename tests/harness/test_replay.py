"""Recorded sessions, replayed with the network blocked: the client makes of them what it did."""

import asyncio
import re
import socket
import sys
from pathlib import Path

import pytest

from cmdm_tui.api import NO_RETRIES, Client, Credentials, SecretStr
from cmdm_tui.harness.cassettes.format import ADDRESS
from cmdm_tui.harness.cassettes.network_block import NetworkBlocked, block_network
from cmdm_tui.harness.cassettes.reader import read_cassette
from cmdm_tui.harness.cassettes.recorder import NotRecorded, replay_with_vcrpy
from tests.harness.client_sessions import SESSIONS
from tests.harness.outcome import Outcome, load_outcome, outcome_of, save_outcome

CASSETTES = Path(__file__).parents[2] / "cassettes"
ANYBODY = Credentials(SecretStr("any"), SecretStr("any"), "any", SecretStr("any"))


def cassette_of(name: str) -> Path:
    (path,) = (path for path in CASSETTES.glob(f"*/{name}.yaml") if path.parent.name != "live")
    return path


async def replay_session(name: str, cassette: str) -> Outcome:
    with block_network(), replay_with_vcrpy(cassette_of(cassette)):
        async with Client(ADDRESS, ANYBODY, policy=NO_RETRIES) as client:
            return await outcome_of(SESSIONS[name](client), client)


def test_the_network_is_blocked() -> None:
    with block_network(), pytest.raises(NetworkBlocked):
        socket.create_connection(("127.0.0.1", 8765))
    with block_network(), pytest.raises(NetworkBlocked):
        socket.getaddrinfo("localhost", 80)


def test_the_network_is_free_again_when_no_block_is_left() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        with block_network(), block_network():
            pass
        socket.create_connection(server.getsockname()).close()


def test_a_server_in_this_process_goes_on_accepting_while_the_network_is_blocked() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.socket() as waiting:
        waiting.connect(server.getsockname())
        with block_network():
            accepted, _ = server.accept()
            accepted.close()


@pytest.mark.parametrize("name", SESSIONS)
async def test_a_session_comes_to_what_it_came_to_before(name: str) -> None:
    assert await replay_session(name, name) == load_outcome(name)


async def test_a_client_that_sends_something_else_is_noticed() -> None:
    with pytest.raises(NotRecorded):
        await replay_session("retrieve-many", "retrieve-one")


async def test_a_client_that_sends_less_is_noticed() -> None:
    with pytest.raises(AssertionError, match=r"interactions in retrieve-one\.yaml were not"):
        await replay_session("authenticate", "retrieve-one")


async def test_another_outcome_is_noticed() -> None:
    assert await replay_session("retrieve-one", "retrieve-one") != load_outcome("create")


DOCUMENTED = {
    ("POST", r"/authenticate"): {200, 401},
    ("GET", r"/\w+/[A-Z0-9]{8}"): {200, 404},
    ("GET", r"/\w+(\?.*)?"): {200, 400, 401, 404, 429, 500},
    ("GET", r"/\w+/fields(\?.*)?"): {200, 404},
    ("POST", r"/\w+"): {201, 400, 404},
    ("POST", r"/\w+/[A-Z0-9]{8}/task"): {201, 404},
    ("POST", r"/\w+/[A-Z0-9]{8}/opportunity"): {201, 404},
    ("PUT", r"/\w+/[A-Z0-9]{8}"): {200, 400, 404},
    ("PUT", r"/lead/convert/[A-Z0-9]{8}"): {200, 400, 404},
    ("PUT", r"/task/close/[A-Z0-9]{8}"): {200, 404},
    ("DELETE", r"/\w+/[A-Z0-9]{8}"): {200, 404},
}


@pytest.mark.parametrize(("method", "path"), DOCUMENTED)
def test_every_documented_call_and_its_statuses_are_recorded(method: str, path: str) -> None:
    recorded = {
        answer.status
        for name in SESSIONS
        for answer in read_cassette(cassette_of(name))
        if answer.key[0] == method
        and re.fullmatch(path, answer.key[1].removeprefix(f"{ADDRESS}/api/v1"))
    }
    assert recorded >= DOCUMENTED[method, path]


if __name__ == "__main__":
    # python -m tests.harness.test_replay NAME… keeps what the client makes of changed cassettes.
    for given in sys.argv[1:]:
        save_outcome(given, asyncio.run(replay_session(given, given)))
