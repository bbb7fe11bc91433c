"""A cache that cannot be written is a warning: the command gives its result, at every door.

A file stands where a folder would be made, which keeps root from writing too.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.claims.odd_service import OddService, Rows, serve
from tests.claims.program import Ended, run_cmdm
from tests.claims.test_shortfalls import told

QUERY = "SELECT LastName FROM lead WHERE LastName = 'Name 3'"

DOORS: dict[str, tuple[list[str], bytes, str]] = {
    "list": (["list", "lead"], b"", "Name 3"),
    "query": (["query", "--yes", QUERY], b"", "Name 3"),
    "scan": (["query", "--yes", "SELECT * FROM lead"], b"", "Name 3"),
    "custom": (["query", "--yes", "SELECT * FROM gadget"], b"", "Name 3"),
    "prompt": (["repl"], f"{QUERY};\n".encode(), "Name 3"),
    "probe": (["probe", "--entity", "lead"], b"", "list key"),
    "create": (["create", "lead", "LastName=Jones"], b"", "NEW00000"),
    "log": (["--log-file", "/dev/full", "list", "lead"], b"", "Name 3"),
}
PLACES = {
    "folders": ("cache", "data", "state"),
    "our folders": ("cache/cmdm", "data/cmdm", "state/cmdm"),
}


@pytest.fixture
def service() -> Iterator[OddService]:
    with serve(rows=list(Rows(5))) as service:
        yield service


def run_without_writing(service: OddService, home: Path, place: str, door: str) -> Ended:
    for name in PLACES[place]:
        (home / name).parent.mkdir(exist_ok=True)
        (home / name).write_text("in the way")
    words, stdin, _ = DOORS[door]
    return run_cmdm(*words, home=home, extra=service.environment, stdin=stdin)


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("place", PLACES)
def test_a_command_gives_its_result(
    tmp_path: Path, service: OddService, door: str, place: str, *, runs_whole: bool
) -> None:
    if place != "folders" and not runs_whole:
        return
    ended = run_without_writing(service, tmp_path, place, door)
    assert ended.code == 0, ended.err
    assert DOORS[door][2] in ended.out
    assert "not kept for the next run" in ended.err
    assert "Traceback" not in ended.err


def test_a_search_that_cannot_be_continued_keeps_its_rows(
    tmp_path: Path, service: OddService
) -> None:
    service.rows = list(Rows(2_500))
    words = ["query", "--max-calls", "2", "--resume", "/dev/full", "SELECT LastName FROM lead"]
    ended = run_cmdm(*words, home=tmp_path, extra=service.environment)
    assert "Traceback" not in ended.err
    assert ended.code in {1, 8}


FILLS_UP = """
import errno, resource, sys, tempfile
sys.dont_write_bytecode = True  # Python would keep what it could write of it
resource.setrlimit(resource.RLIMIT_FSIZE, (16_384, 16_384))
"""
LOSES_WHAT_WAS_THERE = """
from pathlib import Path
from cmdm_tui.query.fetching import checkpoint
checkpoint.replace_file = lambda path, content: Path(path).write_bytes(content)
"""


def resume(service: OddService, home: Path, planted: str = "") -> Ended:
    extra = dict(service.environment)
    if planted:
        folder = home / "planted"
        folder.mkdir(exist_ok=True)
        (folder / "sitecustomize.py").write_text(planted)
        extra["PYTHONPATH"] = str(folder)
    words = ["query", "--max-calls", "5", "--resume", "kept", "-o", "csv", "SELECT * FROM lead"]
    return run_cmdm(*words, home=home, extra=extra)


def test_a_checkpoint_that_fills_the_disk_leaves_the_one_before(
    tmp_path: Path, service: OddService
) -> None:
    service.answering = told(list(Rows(5_000)), 5_000)
    first = resume(service, tmp_path)
    kept = (tmp_path / "kept").read_bytes()
    assert first.code == 8
    assert len(kept) > 16_384
    full = resume(service, tmp_path, FILLS_UP)
    assert full.code == 8
    assert "Traceback" not in full.err
    (line,) = [line for line in full.err.splitlines() if "kept cannot be written" in line]
    assert "File too large. Make room there. What was read is not kept, but what was" in line
    assert len(full.out.splitlines()) > len(first.out.splitlines())
    assert (tmp_path / "kept").read_bytes() == kept
    assert list(tmp_path.glob(".kept*")) == []
    after = resume(service, tmp_path)
    assert after.out == full.out


def test_a_checkpoint_that_is_written_in_place_would_be_noticed(
    tmp_path: Path, service: OddService
) -> None:
    service.answering = told(list(Rows(5_000)), 5_000)
    resume(service, tmp_path)
    kept = (tmp_path / "kept").read_bytes()
    resume(service, tmp_path, LOSES_WHAT_WAS_THERE + FILLS_UP)
    assert (tmp_path / "kept").read_bytes() != kept


def test_what_is_learnt_lasts_for_the_run(tmp_path: Path, service: OddService) -> None:
    """One sign-in, and the fields asked for once, though nothing is kept of either."""
    for name in PLACES["folders"]:
        (tmp_path / name).write_text("in the way")
    script = f"{QUERY};\n{QUERY};\n".encode()
    ended = run_cmdm("repl", home=tmp_path, extra=service.environment, stdin=script)
    assert ended.code == 0, ended.err
    assert len(service.sign_ins) == 1
    assert service.count("GET", "/fields") <= 1


def test_a_catalog_that_raises_is_noticed(tmp_path: Path, service: OddService) -> None:
    """As it was: the query failed once it had what it was asked for."""
    folder = tmp_path / "broken"
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(
        "from cmdm_tui.catalog import catalog\n"
        "def store(self, traits):\n"
        "    self._traits = traits\n"
        "    catalog.write_traits(self._traits_file, traits)\n"
        "catalog.Catalog.store_traits = store\n"
    )
    for name in PLACES["folders"]:
        (tmp_path / name).write_text("in the way")
    service.rows = list(Rows(2_500))  # several pages, which show in what order they come
    words, _, _ = DOORS["scan"]
    extra = {**service.environment, "PYTHONPATH": str(folder)}
    assert run_cmdm(*words, home=tmp_path, extra=extra).code == 1
    assert run_cmdm(*words, home=tmp_path, extra=service.environment).code == 0
