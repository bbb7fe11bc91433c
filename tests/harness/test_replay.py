"""The recorded session, replayed with the network blocked: the client makes of it what it did."""

import re
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
import pytest_socket
from vcr.errors import CannotOverwriteExistingCassetteException

from cmdm_tui.api import NO_RETRIES, Client, Credentials, SecretStr
from cmdm_tui.harness import ADDRESS, CASES, Case, outcome_of, replaying
from cmdm_tui.harness.cassettes import read_interactions
from cmdm_tui.harness.manifest import read_outcome

CASSETTES = Path(__file__).parents[2] / "cassettes" / "contract"
ANYBODY = Credentials(SecretStr("any"), SecretStr("any"), "any", SecretStr("any"))
BY_NAME = {case.name: case for case in CASES}


class Standstill:
    """The surroundings of a replay: time passes only in the recording."""

    def advance(self, seconds: float) -> None:
        """Do nothing: what followed was recorded."""


@pytest.fixture
def no_network() -> Iterator[None]:
    pytest_socket.disable_socket(allow_unix_socket=True)
    yield
    pytest_socket.enable_socket()


@pytest.mark.usefixtures("no_network")
@pytest.mark.filterwarnings("ignore:A test tried to use socket")
async def test_the_network_is_blocked() -> None:
    with pytest.raises(pytest_socket.SocketBlockedError):
        socket.create_connection(("127.0.0.1", 8765))


async def replayed(case: Case, cassette: str) -> object:
    with replaying(CASSETTES / f"{cassette}.yaml"):
        async with Client(ADDRESS, ANYBODY, policy=NO_RETRIES) as client:
            return await outcome_of(case.work(client, Standstill()), client)


@pytest.mark.usefixtures("no_network")
@pytest.mark.parametrize("name", BY_NAME)
async def test_a_case_comes_to_what_it_came_to_when_it_was_recorded(name: str) -> None:
    assert await replayed(BY_NAME[name], name) == read_outcome(CASSETTES / f"{name}.yaml")


@pytest.mark.usefixtures("no_network")
async def test_a_client_that_sends_something_else_is_noticed() -> None:
    with pytest.raises(CannotOverwriteExistingCassetteException):
        await replayed(BY_NAME["retrieve-many"], "retrieve-one")


@pytest.mark.usefixtures("no_network")
async def test_a_client_that_sends_less_is_noticed() -> None:
    with pytest.raises(AssertionError, match=r"interactions in retrieve-one\.yaml were not"):
        await replayed(BY_NAME["authenticate"], "retrieve-one")


@pytest.mark.usefixtures("no_network")
async def test_another_outcome_is_noticed() -> None:
    outcome = await replayed(BY_NAME["retrieve-one"], "retrieve-one")
    assert outcome != read_outcome(CASSETTES / "create.yaml")


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
        status
        for cassette in CASSETTES.glob("*.yaml")
        for sent, target, status in read_interactions(cassette)
        if sent == method and re.fullmatch(path, target.removeprefix("/api/v1"))
    }
    assert recorded >= DOCUMENTED[method, path]
