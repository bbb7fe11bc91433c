"""What the plug-in's tests share: pytest in a process of its own, with the wheel unpacked."""

import json
import os
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Generator
from pathlib import Path

import pytest

from tests.pytest_plugin import warm_pytest

ROOT = Path(__file__).parents[2]

Runs = Callable[..., pytest.RunResult]
Forks = Callable[[Path, list[str]], pytest.RunResult]


def environment_of(installed: Path) -> dict[str, str]:
    """Return an environment where what is installed is found, and pytest is told nothing."""
    left_out = ("PYTEST_", "COV_", "CMDM_", "PYTHONDONTWRITEBYTECODE")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(left_out)}
    return {**kept, "PYTHONPATH": str(installed)}


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


@pytest.fixture(scope="session")
def forks(installed: Path) -> Generator[Forks]:
    """Run pytest by a fork of a process that has it loaded: in half the time of a start."""
    environment = environment_of(installed)
    with subprocess.Popen(
        [sys.executable, warm_pytest.__file__],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=environment,
    ) as server:
        given, answers = server.stdin, server.stdout
        assert given is not None
        assert answers is not None

        def run(folder: Path, words: list[str]) -> pytest.RunResult:
            out, err = folder / "stdout", folder / "stderr"
            search = os.pathsep.join([str(folder), environment["PYTHONPATH"]])
            asked = {
                "words": words,
                "folder": str(folder),
                "environment": {**environment, "PYTHONPATH": search},
                "out": str(out),
                "err": str(err),
            }
            started = time.monotonic()
            given.write(json.dumps(asked).encode() + b"\n")
            given.flush()
            code = int(answers.readline())
            seconds = time.monotonic() - started
            told, failed = (one.read_text(encoding="utf-8") for one in (out, err))
            sys.stdout.write(told + failed)
            return pytest.RunResult(code, told.splitlines(), failed.splitlines(), seconds)

        yield run
        given.close()


@pytest.fixture
def starts(pytester: pytest.Pytester, installed: Path, monkeypatch: pytest.MonkeyPatch) -> Forks:
    """Run pytest in a process that is started for it."""

    def run(_folder: Path, words: list[str]) -> pytest.RunResult:
        with monkeypatch.context() as patch:
            for name in os.environ.keys() - environment_of(installed).keys():
                patch.delenv(name)
            patch.setenv("PYTHONPATH", str(installed))
            return pytester.runpytest_subprocess(*words)

    return run


@pytest.fixture
def runs(pytester: pytest.Pytester, forks: Forks) -> Runs:
    """Run pytest on a file, found by its entry point and nothing else; warnings are errors."""
    return make_runs(pytester, forks)


@pytest.fixture
def runs_anew(pytester: pytest.Pytester, starts: Forks) -> Runs:
    """Run pytest as `runs` does, in a process that is started for it."""
    return make_runs(pytester, starts)


def make_runs(pytester: pytest.Pytester, way: Forks) -> Runs:
    """Return what writes a file of tests, and has pytest run it in that way."""
    pytester.makeini("[pytest]\nfilterwarnings = error\n")

    def run(source: str, *arguments: str) -> pytest.RunResult:
        pytester.makepyfile(source)
        # What else is installed here takes longer to load than a test to run.
        loaded = ("schemathesis", "cacheprovider", "hypothesispytest", "textual-snapshot")
        others = [*(f"-pno:{name}" for name in loaded), "-W", "error"]
        temporary = f"--basetemp={pytester.path / 'temporary'}"
        return way(pytester.path, [*others, temporary, "--strict-markers", *arguments])

    return run
