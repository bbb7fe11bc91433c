"""Ctrl-C ends local work, DuckDB's or the writing of a file, within a second and quietly."""

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pytest

from cmdm_tui.formats import parquet
from tests.claims.odd_service import OddService, Rows, serve
from tests.claims.program import ForkedProgram

FOR_AN_HOUR = "range(1000000000) a, range(1000000) b WHERE a.range * b.range = -1"
ENDLESS = (
    "SELECT count(*) FROM lead, range(1000000000) a, range(1000000) b "
    "WHERE a.range * b.range = length(LastName) - 1000"
)
MANY = "SELECT LastName, range FROM lead, range(1000000)"
SOME = "SELECT LastName, range FROM lead, range(60000)"
MILLIONS = 7
SECONDS = 1.5
"""The second that is promised, and what it takes to start and end a process on a loaded machine."""


@pytest.fixture
def service() -> Iterator[OddService]:
    with serve(rows=list(Rows(MILLIONS))) as service:
        yield service


def wait_until(is_so: Callable[[], object]) -> None:
    end = time.monotonic() + 30
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.01)


def unfinished(home: Path) -> list[Path]:
    """Return the temporary files of results that have something in them."""
    return [one for one in home.glob(".*rows*") if one.stat().st_size]


def start(
    words: Sequence[str], home: Path, service: OddService, code: str | None = None
) -> subprocess.Popen[bytes]:
    temporary = home / "tmp"
    temporary.mkdir(exist_ok=True)
    extra = {**service.environment, "TMPDIR": str(temporary)}
    return ForkedProgram(words, home, extra, code=code)


def allowed_seconds() -> float:
    """Return how long a process may take to end."""
    # On a machine with more to do than it has processors everything takes as much longer.
    return SECONDS * max(os.getloadavg()[0] / (os.cpu_count() or 1), 1)


def interrupt(process: subprocess.Popen[bytes]) -> tuple[float, str]:
    """Interrupt the program; return how many seconds it took to end, and what it said.

    One that has long had its time is killed, and takes no more.
    """
    began = time.monotonic()
    process.send_signal(signal.SIGINT)
    try:
        _, errors = process.communicate(timeout=allowed_seconds() + 0.5)
    except subprocess.TimeoutExpired:
        process.kill()
        _, errors = process.communicate()
    return time.monotonic() - began, errors.decode()


def assert_ended_quietly(
    process: subprocess.Popen[bytes], ended: tuple[float, str], home: Path
) -> None:
    seconds, errors = ended
    assert process.returncode == 130
    assert "cmdm: Interrupted." in errors
    assert "Traceback" not in errors
    assert "never retrieved" not in errors
    assert "destroyed" not in errors
    assert seconds < allowed_seconds()
    assert [one.name for one in home.glob("*rows*")] == []
    assert list((home / "tmp").iterdir()) == []


def computes(service: OddService) -> Callable[[], bool]:
    """Return whether all pages have been answered for a while."""
    return lambda: bool(service.calls) and time.monotonic() - service.calls[-1].at > 0.6


def test_a_computation_ends(tmp_path: Path, service: OddService) -> None:
    with start(["query", "--yes", ENDLESS], tmp_path, service) as process:
        wait_until(computes(service))
        assert_ended_quietly(process, interrupt(process), tmp_path)


@pytest.mark.parametrize("name", ["rows.csv", "rows.json", "rows.md"])
def test_the_writing_of_a_file_ends(tmp_path: Path, service: OddService, name: str) -> None:
    with start(["query", "--yes", "--out", name, MANY], tmp_path, service) as process:
        wait_until(lambda: unfinished(tmp_path))
        assert_ended_quietly(process, interrupt(process), tmp_path)


def test_the_rows_of_parquet_end(tmp_path: Path, service: OddService) -> None:
    with start(["query", "--yes", "--out", "rows.parquet", MANY], tmp_path, service) as process:
        rows = (tmp_path / "tmp").glob
        wait_until(lambda: sum(one.stat().st_size for one in rows("cmdm-parquet-*/rows")))
        assert_ended_quietly(process, interrupt(process), tmp_path)


def test_a_sort_for_a_file_ends(tmp_path: Path, service: OddService) -> None:
    sql = f"{MANY} ORDER BY range DESC, LastName"
    with start(["query", "--yes", "--out", "rows.csv", sql], tmp_path, service) as process:
        wait_until(computes(service))
        assert_ended_quietly(process, interrupt(process), tmp_path)


SCRIPTS = {
    "computes": (f"{ENDLESS};\n", None),
    "exports": (f"\\o csv\n{SOME};\n\\export rows.csv\n", "rows"),
}


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_at_the_prompt_ends(tmp_path: Path, service: OddService, name: str) -> None:
    script, file = SCRIPTS[name]
    with start(["repl"], tmp_path, service) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(script.encode())
        process.stdin.flush()
        if file is None:
            wait_until(computes(service))
        else:
            os.set_blocking(process.stdout.fileno(), False)
            output = process.stdout
            wait_until(lambda: (output.read(1_000_000), unfinished(tmp_path))[1])
        assert_ended_quietly(process, interrupt(process), tmp_path)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_what_writes_parquet_is_interrupted(number: signal.Signals) -> None:
    with duckdb.connect() as connection, raise_in(0.3, number), pytest.raises(KeyboardInterrupt):
        parquet._execute_interruptibly(connection, "SELECT count(*) FROM " + FOR_AN_HOUR, [])


@contextmanager
def raise_in(seconds: float, number: signal.Signals) -> Generator[None]:
    """Send this process a signal after so many seconds, and have it raise KeyboardInterrupt."""
    before = signal.signal(number, signal.default_int_handler)
    timer = threading.Timer(seconds, os.kill, (os.getpid(), number))
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        signal.signal(number, before)


# What the checks above notice


BROKEN = {
    "deaf while rows are written": (
        """
import types
from cmdm_tui.operations import query
async def never_waits(_): pass
query.asyncio = types.SimpleNamespace(sleep=never_waits)
""",
        ["query", "--yes", "--out", "rows.csv", f"SELECT * FROM ({MANY}) LIMIT 500000"],
    ),
    "an outcome that nobody takes": (
        """
from cmdm_tui.query.database import duckdb_session
duckdb_session._take_outcome = lambda _: None
""",
        ["query", "--yes", ENDLESS],
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_program_that_ends_badly_is_noticed(
    tmp_path: Path, service: OddService, name: str
) -> None:
    code, words = BROKEN[name]
    program = f"{code}\nimport importlib\nimportlib.import_module('cmdm_tui.cli.main').main()"
    with start(words, tmp_path, service, code=program) as process:
        wait_until(lambda: unfinished(tmp_path) if "--out" in words else computes(service)())
        ended = interrupt(process)
        with pytest.raises(AssertionError):
            assert_ended_quietly(process, ended, tmp_path)
