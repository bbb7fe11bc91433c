"""The pytest plug-in: tests an integration against a fresh sandbox, or against cassettes.

`cmdm_sandbox` is a server on a real socket, restored before each test; `cmdm_client` is a blocking
client of it, to set up a test and to check afterwards; `cmdm_cassette` answers from recorded
sessions with the network blocked. Nothing but pytest is imported before one of them is used.

Files: `blocking_client`, `cassette`, `sandbox_server`.
"""

from typing import TYPE_CHECKING, Any, cast

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cmdm_tui.pytest_plugin.blocking_client import BlockingClient
    from cmdm_tui.pytest_plugin.cassette import Cassette
    from cmdm_tui.pytest_plugin.sandbox_server import SandboxServer

_RECORDS_SETTING = "cmdm_records"
_CASSETTES_SETTING = "cmdm_cassettes"
_MARKER = "cmdm_cassette"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the two settings of the ini file."""
    parser.addini(
        _RECORDS_SETTING, "how many leads the sandbox of cmdm_sandbox has (100)", default="100"
    )
    parser.addini(
        _CASSETTES_SETTING,
        "the folder, seen from the root folder, of the cassettes that tests name",
        default="cassettes",
    )  # fmt: skip


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker."""
    config.addinivalue_line(
        "markers",
        f"{_MARKER}(name, ...): answer from these cassettes: names, or files next to the test",
    )


@pytest.fixture(scope="session")
def _cmdm_server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> "Iterator[SandboxServer]":
    """Run the sandbox that all tests of this process use, one after the other."""
    from cmdm_tui.pytest_plugin.sandbox_server import run_sandbox

    given = str(request.config.getini(_RECORDS_SETTING))
    if not (given.isascii() and given.isdigit()):
        message = (
            f"{_RECORDS_SETTING} is {given!r} in the ini file; give a whole number, such as 100."
        )
        raise pytest.UsageError(message)
    with run_sandbox(tmp_path_factory.mktemp("cmdm") / "sandbox", int(given)) as server:
        yield server


@pytest.fixture
def cmdm_sandbox(_cmdm_server: "SandboxServer") -> "SandboxServer":
    """Return a sandbox on a real socket, its records, clock and limits as at its start."""
    _cmdm_server.control.reset()
    return _cmdm_server


@pytest.fixture
def cmdm_client(cmdm_sandbox: "SandboxServer") -> "Iterator[BlockingClient]":
    """Yield a blocking client of the sandbox: to set up a test, and to check afterwards."""
    from cmdm_tui.pytest_plugin.blocking_client import BlockingClient

    with BlockingClient(cmdm_sandbox.client()) as client:
        yield client


@pytest.fixture
def cmdm_cassette(request: pytest.FixtureRequest) -> "Iterator[Cassette]":
    """Answer every httpx client of the test from recorded sessions, and block the network."""
    from cmdm_tui.pytest_plugin.cassette import Cassette, CassetteMissing, play_cassette

    folder = request.config.rootpath / str(request.config.getini(_CASSETTES_SETTING))
    try:
        cassette = Cassette.of(_cassette_names(request), beside=request.path.parent, folder=folder)
    except CassetteMissing as error:
        pytest.fail(str(error), pytrace=False)
    with play_cassette(cassette):
        yield cassette


def _cassette_names(request: pytest.FixtureRequest) -> tuple[str, ...]:
    """Return the cassettes that the test names: by parameter, else by the nearest marker."""
    parameter: object = getattr(request, "param", None)
    if parameter is not None:
        return (str(parameter),)
    test = cast("pytest.Item", cast("Any", request).node)
    marker = test.get_closest_marker(_MARKER)
    names = tuple(str(name) for name in marker.args) if marker is not None else ()
    if not names:
        message = (
            f"{test.name} uses cmdm_cassette and names none. "
            f"Say @pytest.mark.{_MARKER}('get-lead'), or give it as an indirect parameter."
        )
        pytest.fail(message, pytrace=False)
    return names
