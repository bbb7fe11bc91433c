"""What all tests share: `--all` runs the long proofs whole."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from cmdm_tui.sandbox import RunningInfo, Sandbox, SandboxConfig


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--all", action="store_true", help="run the long proofs whole")


@pytest.fixture
def runs_whole(request: pytest.FixtureRequest) -> bool:
    """Tell whether long proofs are to run whole, not on a sample."""
    return bool(request.config.getoption("--all"))


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[RunningInfo]:
    """A sandbox of its own on a real socket, with a hundred leads and their like."""
    config = SandboxConfig(data=tmp_path / "sandbox", port=0, records=100)
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
