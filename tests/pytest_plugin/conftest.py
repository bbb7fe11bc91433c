"""What the plug-in's tests share: pytest in a process of its own, with the wheel unpacked."""

import os
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

Runs = Callable[..., pytest.RunResult]


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that holds what `pip install` would put beside other packages."""
    folder = tmp_path_factory.mktemp("installed")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder / "dist")]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = (folder / "dist").glob("*.whl")
    with zipfile.ZipFile(wheel) as packed:
        packed.extractall(folder / "site")
    return folder / "site"


@pytest.fixture
def runs(pytester: pytest.Pytester, installed: Path, monkeypatch: pytest.MonkeyPatch) -> Runs:
    """Run pytest on a file, found by its entry point and nothing else; warnings are errors."""
    for name in [name for name in os.environ if name.startswith(("PYTEST_", "COV_", "CMDM_"))]:
        monkeypatch.delenv(name)
    monkeypatch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
    monkeypatch.setenv("PYTHONPATH", str(installed))
    pytester.makeini("[pytest]\nfilterwarnings = error\n")

    def run(source: str, *arguments: str) -> pytest.RunResult:
        pytester.makepyfile(source)
        # What else is installed here takes longer to load than a test to run.
        loaded = ("schemathesis", "cacheprovider", "hypothesispytest", "textual-snapshot")
        others = (*(f"-pno:{name}" for name in loaded), "-W", "error")
        return pytester.runpytest_subprocess(*others, "--strict-markers", *arguments)

    return run
