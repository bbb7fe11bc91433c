"""The pytest plug-in: tests an integration against a fresh sandbox, or against cassettes.

`cmdm_sandbox` is a server on a real socket, restored before each test; `cmdm_client` is a blocking
client of it, to set up a test and to check afterwards; `cmdm_cassette` answers from recorded
sessions with the network blocked, or records them. Nothing but pytest is imported before one of
them is used.

Files: `blocking_client`, `cassette`, `cassette_options`, `sandbox_server`, `sandbox_calls`.
"""

import sys
from typing import TYPE_CHECKING, Any, cast

import pytest

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Mapping
    from pathlib import Path

    from cmdm_tui.pytest_plugin.blocking_client import BlockingClient
    from cmdm_tui.pytest_plugin.cassette import Cassette, Playback
    from cmdm_tui.pytest_plugin.sandbox_server import SandboxServer

_RECORDS_SETTING = "cmdm_records"
_CASSETTES_SETTING = "cmdm_cassettes"
_SERVICE_SETTING = "cmdm_service"
_REQUIRE_SETTING = "cmdm_require_all"
_RECORD_OPTION = "--cmdm-record-mode"
_FIXTURE = _MARKER = "cmdm_cassette"
_MODES = ("none", "once", "new_episodes", "all", "rewrite")
_HAS_PASSED = pytest.StashKey[bool]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the settings of the ini file, and the option."""
    parser.addini(
        _RECORDS_SETTING, "how many leads the sandbox of cmdm_sandbox has (100)", default="100"
    )
    parser.addini(
        _CASSETTES_SETTING,
        "the folder, seen from the root folder, of the cassettes that tests name",
        default="cassettes",
    )  # fmt: skip
    parser.addini(
        _SERVICE_SETTING,
        "the address before /api/v1 that the tested program calls, where that is not the sandbox",
        default="",
    )
    parser.addini(
        _REQUIRE_SETTING,
        "fail a test that passes without every recorded call of its cassettes (false)",
        type="bool",
        default=False,
    )
    parser.getgroup("cmdm").addoption(
        _RECORD_OPTION,
        choices=_MODES,
        default=None,
        help="what cmdm_cassette records: none (as if not given), once, new_episodes, all, rewrite",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker."""
    config.addinivalue_line(
        "markers",
        f"{_MARKER}(name, ..., **options): answer from these cassettes: names, or files next to "
        "the test; options are record_mode, order_free, pass_hosts, allow_unused, require_all, "
        "keep_people, people_hook and vcrpy's",
    )


def pytest_itemcollected(item: pytest.Item) -> None:
    """Let a marker that names a cassette be enough for it to be used."""
    names = getattr(item, "fixturenames", None)
    if names is None or _FIXTURE in names:
        return
    if any(marker.args for marker in item.iter_markers(_MARKER)):
        names.append(_FIXTURE)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> None:
    """Note whether the test itself has passed: what it left behind is judged only then."""
    if call.when == "call":
        item.stash[_HAS_PASSED] = call.excinfo is None
    is_loaded = "cmdm_tui.harness.cassettes.vcr_playback" in sys.modules
    is_wanted = item.config.getoption("fulltrace") or item.config.getoption("usepdb")
    if call.excinfo is not None and is_loaded and not is_wanted:
        from cmdm_tui.pytest_plugin.cassette import hide_foreign_frames

        hide_foreign_frames(call.excinfo)


@pytest.fixture(scope="session")
def _cmdm_server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> "Generator[SandboxServer]":
    """Run the sandbox that all tests of this process use, one after the other."""
    yield from _run_server(request, tmp_path_factory)


@pytest.fixture(scope="session")
def _cmdm_module_server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> "Generator[SandboxServer]":
    """Run the sandbox that all modules of this process use, one after the other."""
    yield from _run_server(request, tmp_path_factory)


@pytest.fixture
def cmdm_sandbox(_cmdm_server: "SandboxServer") -> "SandboxServer":
    """Return a sandbox on a real socket, its records, clock and limits as at its start."""
    _cmdm_server.reset()
    return _cmdm_server


@pytest.fixture(scope="module")
def cmdm_sandbox_module(_cmdm_module_server: "SandboxServer") -> "SandboxServer":
    """Return a sandbox that is as at its start when the first test of a module uses it."""
    _cmdm_module_server.reset()
    return _cmdm_module_server


@pytest.fixture(scope="session")
def cmdm_sandbox_session(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> "Generator[SandboxServer]":
    """Yield a sandbox that is never reset: one for all tests of this process."""
    yield from _run_server(request, tmp_path_factory)


@pytest.fixture
def cmdm_client(cmdm_sandbox: "SandboxServer") -> "Generator[BlockingClient]":
    """Yield a blocking client of the sandbox: to set up a test, and to check afterwards."""
    yield from _open_client(cmdm_sandbox)


@pytest.fixture(scope="module")
def cmdm_client_module(cmdm_sandbox_module: "SandboxServer") -> "Generator[BlockingClient]":
    """Yield a blocking client of the module's sandbox."""
    yield from _open_client(cmdm_sandbox_module)


@pytest.fixture(scope="session")
def cmdm_client_session(cmdm_sandbox_session: "SandboxServer") -> "Generator[BlockingClient]":
    """Yield a blocking client of the session's sandbox."""
    yield from _open_client(cmdm_sandbox_session)


@pytest.fixture
def cmdm_record_mode(request: pytest.FixtureRequest) -> str:
    """Return when cassettes are recorded; the fixture `record_mode` where there is one."""
    return cast("str", _find_fixture(request, "record_mode") or "none")


@pytest.fixture
def cmdm_vcr_config(request: pytest.FixtureRequest) -> "Mapping[str, Any]":
    """Return the options of cassettes; the fixture `vcr_config` where there is one."""
    return cast("Mapping[str, Any]", _find_fixture(request, "vcr_config") or {})


@pytest.fixture
def cmdm_cassette_dir(request: pytest.FixtureRequest) -> "str | Path":
    """Return the folder of cassettes, seen from the root folder: that of the ini file."""
    return str(request.config.getini(_CASSETTES_SETTING))


@pytest.fixture
def cmdm_cassette(
    request: pytest.FixtureRequest,
    cmdm_record_mode: str,
    cmdm_vcr_config: "Mapping[str, Any]",
    cmdm_cassette_dir: "str | Path",
) -> "Iterator[Cassette]":
    """Answer the clients of the test from recorded sessions with the network blocked, or record."""
    from cmdm_tui.pytest_plugin.cassette import (
        CassetteFailed,
        CassetteFolders,
        CassetteMissing,
        find_faults,
        make_playback,
        play_cassette,
    )
    from cmdm_tui.pytest_plugin.cassette_options import InvalidOption, merge_options

    node = _get_node(request)
    folder = request.config.rootpath / cmdm_cassette_dir
    markers = [marker.kwargs for marker in node.iter_markers(_MARKER)]
    fault = ""
    try:
        options = merge_options(
            cmdm_vcr_config,
            reversed(markers),
            default_mode=cmdm_record_mode,
            forced_mode=cast("str | None", request.config.getoption(_RECORD_OPTION)),
            require_all=bool(request.config.getini(_REQUIRE_SETTING)),
        )
        folders = CassetteFolders(request.path.parent, folder)
        playback = make_playback(_cassette_names(request), folders, options, _get_service(request))
        url, headers = _choose_service(request, playback)
        with play_cassette(playback, options, url, headers) as cassette:
            yield cassette
            has_passed = node.stash.get(_HAS_PASSED, False)
            playback.is_kept = has_passed or options.records_failures
        if has_passed:
            fault = find_faults(cassette, options, node.name)
    except (CassetteMissing, CassetteFailed, InvalidOption) as error:
        fault = str(error)
    if fault:
        pytest.fail(fault, pytrace=False)


def _run_server(
    request: pytest.FixtureRequest, folders: pytest.TempPathFactory
) -> "Generator[SandboxServer]":
    from cmdm_tui.pytest_plugin.sandbox_server import run_sandbox

    given = str(request.config.getini(_RECORDS_SETTING))
    if not (given.isascii() and given.isdigit()):
        message = (
            f"{_RECORDS_SETTING} is {given!r} in the ini file; give a whole number, such as 100."
        )
        raise pytest.UsageError(message)
    with run_sandbox(folders.mktemp("cmdm") / "sandbox", int(given)) as server:
        yield server


def _open_client(server: "SandboxServer") -> "Generator[BlockingClient]":
    from cmdm_tui.pytest_plugin.blocking_client import BlockingClient

    with BlockingClient(server.setup_client()) as client:
        yield client


def _find_fixture(request: pytest.FixtureRequest, name: str) -> object:
    """Return the value of a fixture of the project or of another plug-in; None without one."""
    try:
        return request.getfixturevalue(name)
    except pytest.FixtureLookupError as error:
        if error.argname != name:
            raise
        return None


def _get_node(request: pytest.FixtureRequest) -> pytest.Item:
    return cast("pytest.Item", cast("Any", request).node)


def _get_service(request: pytest.FixtureRequest) -> str:
    """Return the address that the tested program calls, as the ini file says; "" for none."""
    from cmdm_tui.pytest_plugin.cassette import CassetteFailed

    given = str(request.config.getini(_SERVICE_SETTING)).strip()
    if given and not given.startswith(("http://", "https://")):
        message = f"{_SERVICE_SETTING} is {given!r}; give an address, such as https://crm.example."
        raise CassetteFailed(message)
    return given.rstrip("/").removesuffix("/api/v1")


def _choose_service(
    request: pytest.FixtureRequest, playback: "Playback"
) -> "tuple[str, Mapping[str, str]]":
    """Return the address and the sign-in for the test; to record of the sandbox, its own."""
    from cmdm_tui.harness.saved_state import CASE_TIME
    from cmdm_tui.pytest_plugin.cassette import REPLAYED_HEADERS, read_environment_headers

    if playback.target is None:
        return playback.service, REPLAYED_HEADERS
    if _get_service(request):
        return playback.service, read_environment_headers()
    server = cast("SandboxServer", request.getfixturevalue("cmdm_sandbox"))
    server.control.freeze_clock(CASE_TIME)
    playback.service = server.url
    return server.url, server.sign_in_headers


def _cassette_names(request: pytest.FixtureRequest) -> tuple[str, ...]:
    """Return the cassettes that the test names: by parameter, else by the nearest marker."""
    parameter: object = getattr(request, "param", None)
    if parameter is not None:
        several = isinstance(parameter, list | tuple)
        return tuple(map(str, cast("list[object]", parameter) if several else [parameter]))
    test = _get_node(request)
    for marker in test.iter_markers(_MARKER):
        if marker.args:
            return tuple(str(name) for name in marker.args)
    message = (
        f"{test.name} uses cmdm_cassette and names none. "
        f"Say @pytest.mark.{_MARKER}('get-lead'), or give it as an indirect parameter."
    )
    pytest.fail(message, pytrace=False)
