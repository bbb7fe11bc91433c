"""What all tests share: `--all` runs the long proofs whole, `--postgres` those of PostgreSQL."""

import functools
import gc
import hashlib
import importlib
import os
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from cmdm_tui.config import credentials as credentials_module
from cmdm_tui.sandbox import RunningInfo, Sandbox, SandboxConfig, credentials
from tests.fake_keyring import FakeKeyring, KeyringMode
from tests.query.makes.tally import Tally
from tests.services import copy_records

KeyringFactory = Callable[[KeyringMode], FakeKeyring]

# One with which a sandbox starts, and is signed in to, in no time.
CHEAP_HASH = 2**4
USUAL_HASH = credentials._SCRYPT["n"]

SKIPPED_COUNT = pytest.StashKey[int]()

LONGEST_FILES = (
    "test_examples.py",
    "query/test_composed_rows.py",
    "query/test_stored_outputs.py",
    "sandbox/test_openapi.py",
    "cli/test_query.py",
    "claims/test_shared_sign_in.py",
    "harness/fuzz/test_runner.py",
    "claims/test_interrupts.py",
    "tui/test_query.py",
    "tui/test_random_keys.py",
    "tui/test_every_key.py",
    "claims/test_systems.py",
    "claims/test_time_limits.py",
    "claims/test_tls.py",
    "query/test_local_files.py",
    "claims/test_sandbox_snapshots.py",
    "changes/test_kills.py",
    "tui/test_edit.py",
    "tui/test_changes_screen.py",
    "tui/test_hostile_places.py",
    "tui/test_browse_panes.py",
    "tui/test_walk.py",
    "tui/test_errors.py",
    "sandbox/test_concurrency.py",
    "sandbox/test_store.py",
    "sandbox/test_durability.py",
    "query/makes/test_broken_makes.py",
    "pytest_plugin/test_plugin.py",
    "sandbox/test_postgres.py",
    "sandbox/test_control.py",
    "query/differential/test_broken_engines.py",
    "harness/mutants/test_mutants.py",
    "claims/test_editor.py",
    "query/test_composed_plans.py",
    "test_wheel.py",
    "claims/test_signals.py",
    "tui/test_snapshots.py",
    "claims/test_wide_records.py",
    "claims/test_call_bounds.py",
    "tui/test_account_opener.py",
)
"""These begin first, the longest of all at the head, lest one runs alone at the end."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--all", action="store_true", help="run the long proofs whole")
    parser.addoption(
        "--postgres",
        metavar="URL",
        help="test PostgreSQL too: the postgresql:// address of a server to make databases on",
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Put the longest files first, and leave out the tests of PostgreSQL where there is none."""
    tests = Path(__file__).parent
    places = {tests / name: place for place, name in enumerate(LONGEST_FILES)}
    items.sort(key=lambda item: places.get(item.path, len(places)))
    if config.getoption("--postgres") is None:
        left_out = [item for item in items if _needs_postgres(item)]
        config.stash[SKIPPED_COUNT] = len(left_out)
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if not _needs_postgres(item)]


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    left_out = config.stash.get(SKIPPED_COUNT, 0)
    if left_out:
        terminalreporter.write_line(
            f"{left_out} tests of PostgreSQL were skipped: scripts/test --postgres runs them too."
        )
    if config.getoption("--all"):
        for line in _tally_makes(terminalreporter).lines:
            terminalreporter.write_line(line)


def _tally_makes(terminalreporter: pytest.TerminalReporter) -> Tally:
    """Return what came of the queries on services of many makes."""
    tally = Tally()
    for report in terminalreporter.stats.get("passed", []):
        for name, value in getattr(report, "user_properties", ()):
            if name == "makes" and report.when == "call":
                tally.add(Tally.of_plain(value))
    return tally


def _needs_postgres(item: pytest.Item) -> bool:
    of_function = getattr(item, "callspec", None)
    backend = of_function.params.get("backend") if of_function is not None else None
    return backend == "postgres" or "postgres" in getattr(item, "fixturenames", ())


def pytest_configure(config: pytest.Config) -> None:
    """Draw a sample of examples, and twenty times as many where the long proofs run whole.

    How long one takes says more of the machine than of the code.
    """
    settings.register_profile("sample", settings(), deadline=None, max_examples=25)
    settings.register_profile("whole", settings(), deadline=None, max_examples=1_000)
    settings.load_profile("whole" if config.getoption("--all") else "sample")

    # The same password with the same salt has the same hash: it is computed once.
    hashlib.scrypt = functools.cache(hashlib.scrypt)

    # A shell starts what runs in the background with these ignored, and a program inherits that.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
        signal.signal(signal.SIGHUP, signal.SIG_DFL)


def pytest_collectstart() -> None:
    """Look for no garbage among modules and tests: they all stay, and it takes a third longer."""
    gc.disable()


def pytest_collection_finish() -> None:
    """Let the search for garbage leave out the modules and the tests, and come less often."""
    gc.enable()
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 10, 10)


@pytest.fixture(autouse=True)
def forget_secrets() -> None:
    """Let no test conceal what another has held as a secret: a process has one user otherwise."""
    credentials_module.forget_secrets()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Let the hash of a password cost little, but in the sandbox's own tests."""
    is_of_sandbox = Path(__file__).with_name("sandbox") in item.path.parents
    credentials._SCRYPT["n"] = USUAL_HASH if is_of_sandbox else CHEAP_HASH


@pytest.fixture
def runs_whole(request: pytest.FixtureRequest) -> bool:
    """Tell whether long proofs are to run whole, not on a sample."""
    return bool(request.config.getoption("--all"))


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[RunningInfo]:
    """A sandbox of its own on a real socket, with a hundred leads and their like."""
    config = SandboxConfig(tmp_path / "sandbox", port=0, records=100, lasting=False)
    copy_records(config)
    with Sandbox.embedded(config) as running:
        yield running


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home: no profile, no data, nothing in the environment."""
    folder = tmp_path / "home"
    for name in [name for name in os.environ if name.startswith("CMDM_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(folder / "config"))
    monkeypatch.setenv("XDG_DATA_HOME", str(folder / "data"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder / "cache"))
    return folder


@pytest.fixture
def keyring(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[KeyringFactory]:
    """Put a keyring of the temper asked for in the place of the system's."""
    with monkeypatch.context() as patch:

        def of(temper: KeyringMode) -> FakeKeyring:
            fake = FakeKeyring(tmp_path / "keyring", temper)
            patch.syspath_prepend(str(fake.folder))
            sys.modules.pop("keyring", None)
            importlib.invalidate_caches()
            return fake

        yield of
    sys.modules.pop("keyring", None)
