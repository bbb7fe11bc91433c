"""`cmdm query`: results on stdout in every format, all else on stderr, the calls kept in sight."""

import csv
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Generator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pexpect
import pyarrow.parquet as pq
import pytest

from cmdm_tui.sandbox import FaultPlan, RunningInfo, Sandbox, SandboxConfig
from cmdm_tui.sandbox.faults.plan import Fault, FaultKind
from tests.claims.program import ForkedProgram
from tests.cli.conftest import Command
from tests.cli.test_prompts import Spawn, answer, ended, seen_in, spawn
from tests.services import copy_records

__all__ = ["spawn"]

pytestmark = pytest.mark.usefixtures("signed_in")

PAGE = 2
RECORDS = 210
"""Records that need more calls, at two a page, than are made without asking."""

Starved = Callable[..., RunningInfo]


@pytest.fixture
def small_pages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Generator[Callable[..., RunningInfo]]:
    """Start a sandbox of small pages that waits from a call on, and make it the profile."""
    running: list[Generator[RunningInfo]] = []

    def start(
        *, waits_from: int | None = None, fails_from: int | None = None, **behaviours: str
    ) -> RunningInfo:
        faults: list[Fault] = []
        if fails_from is not None:
            numbers = list(range(fails_from, fails_from + 200))
            faults = [Fault(FaultKind.ERROR_500, path="/lead", nth=numbers)]
        if waits_from is not None:
            numbers = list(range(waits_from, waits_from + 40))
            faults = [Fault(FaultKind.LATENCY, path="/lead", nth=numbers, seconds=60)]
        config = SandboxConfig(
            data=tmp_path / "small",
            port=0,
            records=RECORDS,
            behaviours={"page_cap": str(PAGE), **behaviours},
            faults=FaultPlan(faults=faults),
        )
        copy_records(config)
        opened = Sandbox.embedded(config)
        info = opened.__enter__()
        running.append(opened)  # pyright: ignore[reportArgumentType]
        for name in ("url", "client_id", "client_secret", "username", "password"):
            monkeypatch.setenv(f"CMDM_{name.upper()}", getattr(info, name))
        return info

    yield start
    for opened in running:
        opened.__exit__(None, None, None)  # pyright: ignore[reportAttributeAccessIssue]


# Results


def test_a_result_goes_to_stdout_as_one_json_document(cmdm: Command) -> None:
    done = cmdm("query", "SELECT count(*) AS n FROM lead")
    assert (done.code, done.json, done.err) == (0, [{"n": 100}], "")


@pytest.mark.parametrize("name", ["json", "jsonl", "csv", "tsv", "markdown", "table", "vertical"])
def test_every_format_has_every_row(cmdm: Command, name: str) -> None:
    done = cmdm("query", "-o", name, "SELECT ExternalID FROM lead")
    ids = [one["ExternalID"] for one in cmdm("query", "SELECT ExternalID FROM lead").json]
    assert done.code == 0
    assert len(ids) == 100
    assert all(one in done.out.decode() for one in ids)


def test_sql_comes_from_a_file_or_stdin(cmdm: Command, tmp_path: Path) -> None:
    file = tmp_path / "count.sql"
    file.write_bytes(b"\xef\xbb\xbf-- how many\nSELECT count(*) AS n\nFROM lead;\n")
    assert cmdm("query", "-f", str(file)).json == [{"n": 100}]
    assert cmdm("query", "-", stdin=b"SELECT 1 AS n FROM lead LIMIT 1").json == [{"n": 1}]
    assert cmdm("query", stdin=b"SELECT 2 AS n FROM lead LIMIT 1").json == [{"n": 2}]


def test_a_file_gets_the_format_of_its_name(cmdm: Command, tmp_path: Path) -> None:
    sql = "SELECT ExternalID, Score, CreatedDate FROM lead ORDER BY ExternalID"
    for name in ("out.csv", "out.parquet", "out.json"):
        done = cmdm("query", "--out", str(tmp_path / name), sql)
        assert (done.code, done.out) == (0, b"")
    rows = json.loads((tmp_path / "out.json").read_text())
    lines = list(csv.DictReader((tmp_path / "out.csv").read_text().splitlines()))
    with duckdb.connect() as connection:
        typed = connection.execute(
            "SELECT ExternalID FROM read_parquet(?)", [str(tmp_path / "out.parquet")]
        ).fetchall()
    assert len(rows) == 100
    assert [one["ExternalID"] for one in rows] == [one["ExternalID"] for one in lines]
    assert [one["ExternalID"] for one in rows] == [one for (one,) in typed]


def test_a_query_that_fails_leaves_the_file_as_it_was(cmdm: Command, tmp_path: Path) -> None:
    file = tmp_path / "out.csv"
    file.write_text("before")
    assert cmdm("query", "--out", str(file), "SELECT Nope FROM lead").code == 2
    assert file.read_text() == "before"
    assert list(tmp_path.glob(".out*")) == []


def test_a_file_that_cannot_be_written_is_named(cmdm: Command, tmp_path: Path) -> None:
    done = cmdm("query", "--out", str(tmp_path / "no" / "out.csv"), "SELECT 1 FROM lead LIMIT 1")
    assert done.code == 1
    assert "cannot be written: No such file or directory" in done.err


def test_csv_is_safe_for_a_spreadsheet_unless_it_is_to_be_raw(cmdm: Command) -> None:
    sql = "SELECT '=1+1' AS f FROM lead LIMIT 1"
    assert cmdm("query", "-o", "csv", sql).out == b"f\n'=1+1\n"
    assert cmdm("query", "-o", "csv", "--raw-csv", sql).out == b"f\n=1+1\n"


def test_stats_are_one_line_of_json_on_stderr(cmdm: Command) -> None:
    done = cmdm("query", "--stats", "SELECT count(*) FROM lead")
    stats = json.loads(done.err)
    assert {"plan", "calls_low", "calls_high", "calls_used", "rows", "ms"} <= set(stats)
    assert stats["calls_low"] <= stats["calls_used"] <= stats["calls_high"]
    assert stats["rows"] == 1


def test_entities_and_their_columns_are_told(cmdm: Command) -> None:
    assert b"opportunity" in cmdm("query", "SHOW ENTITIES").out
    assert b"EstimatedValue" in cmdm("query", "describe lead").out


# Cost


def test_a_plan_is_explained_as_text_or_as_json(cmdm: Command) -> None:
    sql = "SELECT max(Score) FROM lead"
    assert b"calls" in cmdm("query", "--explain", sql).out
    plan = cmdm("query", "--explain", "--json", sql).json
    assert plan["calls_low"] <= plan["calls_high"]
    assert plan["verdict"] == "fits"


def test_a_script_is_not_given_many_calls_unasked(cmdm: Command, small_pages: Starved) -> None:
    small_pages()
    done = cmdm("query", "SELECT City, Score FROM lead ORDER BY City, Score")
    assert (done.code, done.out) == (8, b"")
    assert "no more than 100 calls are made without asking" in done.err
    assert "--yes" in done.err
    allowed = cmdm("query", "--yes", "SELECT City, Score FROM lead ORDER BY City, Score")
    assert allowed.code == 0
    assert len(allowed.json) == RECORDS


TIED = "SELECT ExternalID, Score FROM lead WHERE City = 'Bath' ORDER BY ExternalID"
"""A search that mostly takes few calls, and all where tied records change places."""


def test_a_search_that_is_likely_to_be_short_is_not_asked_about(
    cmdm: Command, small_pages: Starved
) -> None:
    small_pages()
    plan = cmdm("query", "--explain", "--json", TIED).json
    assert plan["calls_likely"] < 100 < plan["calls_high"]
    done = cmdm("query", "--stats", TIED)
    assert done.code == 0
    assert json.loads(done.err.splitlines()[-1])["calls_used"] < 20
    assert done.json == cmdm("query", "--yes", TIED).json


def test_a_search_that_turns_out_long_stops_before_it_reads_every_page(
    cmdm: Command, small_pages: Starved, tmp_path: Path
) -> None:
    small_pages(ties="unstable")
    kept = tmp_path / "kept"
    words = ("query", "--stats", "--resume", str(kept), TIED)
    done = cmdm(*words)
    assert (done.code, done.out) == (8, b"")
    assert "have not been enough for the search" in done.err
    assert "--yes" in done.err
    used = int(done.err.rpartition("cmdm: ")[2].partition(" ")[0])
    assert used < 30
    assert kept.exists()
    every = cmdm("query", "--yes", TIED)
    assert every.code == 0
    assert cmdm("query", "--yes", *words[1:]).json == every.json != []


@pytest.mark.parametrize("reply", ["y", "n"])
def test_a_person_is_asked_whether_a_long_search_is_to_go_on(
    spawn: Spawn, small_pages: Starved, reply: str
) -> None:
    small_pages(ties="unstable")
    terminal = spawn("query", "--stats", TIED)
    shown = seen_in(terminal)
    answer(terminal, "Go on? [y/N]: ", reply)
    assert ended(terminal) == (0 if reply == "y" else 8)
    assert ("calls (seek)" in "".join(shown)) == (reply == "y")


def test_max_calls_ends_a_query_with_what_came(cmdm: Command, small_pages: Starved) -> None:
    small_pages()
    cmdm("query", "DESCRIBE lead")
    done = cmdm("query", "--max-calls", "10", "--stats", "SELECT LastName FROM lead")
    *notes, stats = done.err.splitlines()
    assert done.code == 8
    assert json.loads(stats)["calls_used"] <= 10
    *rows, mark = done.json
    assert 0 < len(rows) <= 10 * PAGE
    assert mark == "cmdm:result: partial"
    assert "partial" in " ".join(notes)


MARKED = ("-o", "json"), ("-o", "jsonl"), ("-o", "table"), ("-o", "markdown"), ("-o", "vertical")
LARGEST = "SELECT max(City) AS largest FROM lead"
"""What no page decides for text: whether signs or accents are ignored."""


@pytest.mark.parametrize("form", MARKED, ids=str)
def test_a_result_that_trusts_an_order_is_marked(
    cmdm: Command, small_pages: Starved, form: tuple[str, str]
) -> None:
    small_pages()
    cmdm("query", "DESCRIBE lead")
    done = cmdm("query", "--trust-order", "--stats", *form, LARGEST)
    assert done.code == 8
    assert json.loads(done.err.splitlines()[-1])["calls_used"] < 20
    assert "unsure" in done.err
    assert b"unsure" in done.out.splitlines()[-2 if form[1] == "json" else -1]
    certain = cmdm("query", "--yes", *form, LARGEST)
    assert certain.code == 0
    assert b"unsure" not in certain.out
    assert "unsure" not in certain.err


def test_what_the_pages_decide_is_sure_also_where_the_order_is_trusted(
    cmdm: Command, small_pages: Starved
) -> None:
    small_pages()
    done = cmdm("query", "--trust-order", TIED)
    assert done.code == 0
    assert done.json == cmdm("query", TIED).json


OF_PART = {
    "json": b'[\n"cmdm:result: partial"\n]\n',
    "jsonl": b'{"cmdm:result": "partial"}\n',
    "csv": b"a\n",
    "tsv": b"a\n",
}


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT avg(Score + 1) AS a FROM lead",
        "SELECT City AS a FROM lead GROUP BY City HAVING count(*) > 0",
        "SELECT row_number() OVER (ORDER BY City) AS a FROM lead",
    ],
)
def test_what_is_computed_over_part_of_the_records_is_no_clean_number(
    cmdm: Command, small_pages: Starved, tmp_path: Path, sql: str
) -> None:
    small_pages()
    cmdm("query", "DESCRIBE lead")
    for form, shown in OF_PART.items():
        done = cmdm("query", "--max-calls", "10", "-o", form, sql)
        assert (done.code, done.out) == (8, shown)
        assert "No row is written" in done.err
    done = cmdm("query", "--max-calls", "10", "-o", "table", sql)
    assert (done.code, len(done.out.splitlines()) > 2) == (8, True)
    assert done.out.splitlines()[-1].startswith(b"partial")
    file = tmp_path / "part.parquet"
    assert cmdm("query", "--max-calls", "10", "--out", str(file), sql).code == 8
    assert pq.read_table(file).num_rows == 0


def test_rows_that_each_come_of_one_record_are_written_and_marked(
    cmdm: Command, small_pages: Starved
) -> None:
    small_pages()
    cmdm("query", "DESCRIBE lead")
    words = ("query", "--max-calls", "10", "SELECT LastName FROM lead WHERE Score + 1 > 3")
    *rows, mark = cmdm(*words).json
    assert rows
    assert all(row["LastName"] for row in rows)
    assert mark == "cmdm:result: partial"
    assert len(cmdm(*words, "-o", "csv").out.splitlines()) == len(rows) + 1


def test_max_calls_holds_whatever_is_allowed(cmdm: Command, small_pages: Starved) -> None:
    small_pages()
    cmdm("query", "DESCRIBE lead")
    done = cmdm("query", "--yes", "--max-calls", "5", "--stats", "SELECT LastName FROM lead")
    assert done.code == 8
    assert json.loads(done.err.splitlines()[-1])["calls_used"] == 5


def test_the_same_command_goes_on_where_its_calls_ended(
    cmdm: Command, small_pages: Starved, tmp_path: Path
) -> None:
    small_pages()
    cmdm("query", "DESCRIBE lead")
    kept = tmp_path / "kept"
    sql = "SELECT LastName, Score FROM lead ORDER BY Score, LastName, ExternalID"
    words = ("query", "--max-calls", "40", "--resume", str(kept), "--stats", sql)
    first, second = cmdm(*words), cmdm(*words)
    assert first.code == second.code == 8
    assert "keeps what 40 calls have read" in first.err
    assert "keeps what 80 calls have read" in second.err
    assert kept.stat().st_mode & 0o077 == 0
    last, once = cmdm(*words), cmdm("query", "--yes", "--stats", sql)
    assert (last.code, kept.exists()) == (0, False)
    assert last.json == once.json
    assert len(last.json) == RECORDS
    rest, every = (json.loads(done.err.splitlines()[-1]) for done in (last, once))
    assert rest["calls_low"] <= rest["calls_used"] <= rest["calls_high"]
    assert 80 + rest["calls_used"] == every["calls_used"]


def test_the_age_of_what_is_gone_on_with_is_told(
    cmdm: Command, small_pages: Starved, tmp_path: Path
) -> None:
    small_pages()
    cmdm("query", "DESCRIBE lead")
    kept = tmp_path / "kept"
    words = ("query", "--max-calls", "3", "--resume", str(kept), "SELECT LastName FROM lead")
    assert "ago" not in cmdm(*words).err
    reading = json.loads(kept.read_text())
    since = datetime.now(UTC) - timedelta(hours=2, minutes=5)
    kept.write_text(json.dumps({**reading, "since": since.isoformat()}))
    for _ in range(2):
        assert f"2 hours ago, at {since:%Y-%m-%d %H:%M} UTC" in cmdm(*words).err


def test_what_is_kept_is_of_one_query_of_one_account(
    cmdm: Command, small_pages: Starved, tmp_path: Path
) -> None:
    small_pages()
    cmdm("query", "DESCRIBE lead")
    kept = tmp_path / "kept"
    words = ("query", "--max-calls", "5", "--resume", str(kept))
    assert cmdm(*words, "SELECT LastName FROM lead").code == 8
    before = kept.read_bytes()
    other = cmdm(*words, "SELECT City FROM lead")
    assert (other.code, other.out) == (1, b"")
    assert "another query" in other.err
    elsewhere = cmdm(*words, "SELECT LastName FROM lead", CMDM_USERNAME="someone.else")
    assert "another account" in elsewhere.err
    assert kept.read_bytes() == before
    kept.write_text('{"no": "reading"}')
    assert "is not the checkpoint of a query" in cmdm(*words, "SELECT LastName FROM lead").err


@pytest.mark.parametrize("reply", ["y", "n"])
def test_a_person_is_asked_first(spawn: Spawn, small_pages: Starved, reply: str) -> None:
    small_pages()
    terminal = spawn("query", "SELECT count(DISTINCT City) AS n FROM lead WHERE Score + 1 > 0")
    shown = seen_in(terminal)
    answer(terminal, "Run it? [y/N]: ", reply)
    assert ended(terminal) == (0 if reply == "y" else 8)
    assert ("calls (materialise)" in "".join(shown)) == (reply == "y")


def test_a_terminal_sees_a_table_and_what_it_cost(spawn: Spawn) -> None:
    terminal = spawn("query", "SELECT count(*) AS n FROM lead")
    shown = seen_in(terminal)
    assert ended(terminal) == 0
    text = "".join(shown)
    assert "1 row · 1 call (count)" in text
    assert "calls left" in text


def test_parquet_is_refused_on_a_terminal(spawn: Spawn) -> None:
    terminal = spawn("query", "-o", "parquet", "SELECT 1 FROM lead")
    terminal.expect_exact("Parquet is not for a terminal")
    assert ended(terminal) == 2


# Stopping


def started(*words: str) -> "subprocess.Popen[bytes]":
    # What is read ahead would be lost to `communicate`.
    return ForkedProgram(
        ["query", *words], Path.cwd(), os.environ, stdin=subprocess.DEVNULL, bufsize=0
    )


def test_rows_are_there_before_the_last_page_and_ctrl_c_keeps_them(
    home: Path, small_pages: Starved
) -> None:
    small_pages(waits_from=12)
    with started("-o", "jsonl", "--yes", "SELECT LastName FROM lead") as process:
        assert process.stdout is not None
        first = process.stdout.readline()
        process.send_signal(signal.SIGINT)
        rest, errors = process.communicate(timeout=30)
    rows = [json.loads(line) for line in [first, *rest.splitlines()]]
    assert 0 < len(rows) < RECORDS
    assert process.returncode == 130
    assert b"Traceback" not in errors


def test_ctrl_c_leaves_a_whole_json_document(home: Path, small_pages: Starved) -> None:
    small_pages(waits_from=12)
    with started("--yes", "SELECT LastName FROM lead") as process:
        assert process.stdout is not None
        first = process.stdout.readline() + process.stdout.readline()
        process.send_signal(signal.SIGINT)
        rest, _ = process.communicate(timeout=30)
    assert 0 < len(json.loads(first + rest)) < RECORDS
    assert process.returncode == 130


def test_ctrl_c_ends_a_long_computation_too(spawn: Spawn, small_pages: Starved) -> None:
    small_pages()
    heavy = "lead, range(1000000000) a, range(1000000) b WHERE a.range * b.range = Score - 1"
    terminal = spawn("query", "--yes", f"SELECT count(*) FROM {heavy}")
    terminal.expect_exact("Fetching [")
    while terminal.expect([pexpect.TIMEOUT, pexpect.EOF], timeout=0.2) == 0:
        terminal.sendintr()
    # One more may have come while the interpreter was about to end.
    assert ended(terminal) == 130 or terminal.signalstatus == signal.SIGINT


def test_a_reader_that_has_gone_ends_it_quietly(home: Path) -> None:
    with started("-o", "jsonl", "SELECT * FROM lead") as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.stdout.close()
        _, errors = process.communicate(timeout=30) if process.stderr is None else (b"", b"")
        errors = process.stderr.read() if process.stderr is not None else errors
        # It may have written all before that.
        assert process.wait(timeout=30) in {0, 141}
    assert errors == b""


def test_a_reader_that_has_gone_ends_it_quietly_between_pages(
    home: Path, small_pages: Starved
) -> None:
    small_pages()
    with started("-o", "jsonl", "--yes", "SELECT * FROM lead") as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(timeout=30) == 141


FULL = "The output cannot be written: No space left on device"


@pytest.mark.parametrize("form", ["table", "json", "csv", "parquet"])
def test_a_full_disk_is_told_in_a_line(home: Path, form: str) -> None:
    words = ["query", "-o", form, "SELECT * FROM lead LIMIT 5"]
    with (
        Path("/dev/full").open("wb") as full,
        ForkedProgram(
            words, Path.cwd(), os.environ, stdin=subprocess.DEVNULL, stdout=full
        ) as program,
    ):
        _, errors = program.communicate(timeout=30)
    assert program.returncode == 1
    assert errors.decode() == f"cmdm: {FULL}. Write it elsewhere.\n"


@pytest.mark.parametrize("closed", [">&-", "<&-", "2>&-"])
def test_a_stream_that_is_closed_is_none_to_write_to(home: Path, closed: str) -> None:
    command = f"exec {sys.executable} -m cmdm_tui query 'SELECT 1 AS x' {closed}"
    done = subprocess.run(["sh", "-c", command], capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout == (b"" if closed == ">&-" else b'[\n{"x": 1}\n]\n')


def test_what_is_no_file_is_written_to_and_stays(cmdm: Command, tmp_path: Path) -> None:
    pipe, link, target = tmp_path / "pipe", tmp_path / "link.csv", tmp_path / "target.csv"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    assert cmdm("query", "-o", "csv", "--out", str(pipe), "SELECT 1 AS x").code == 0
    assert os.read(reader, 100) == b"x\n1\n"
    os.close(reader)
    assert pipe.is_fifo()
    target.touch()
    link.symlink_to(target)
    assert cmdm("query", "--out", str(link), "SELECT 1 AS x").code == 0
    assert link.is_symlink()
    assert target.read_text() == "x\n1\n"


def test_a_file_that_cannot_keep_the_rest_is_told_before_a_call(
    cmdm: Command, tmp_path: Path
) -> None:
    kept = tmp_path / "nowhere" / "kept"
    done = cmdm("query", "--resume", str(kept), "--max-calls", "1", "SELECT City FROM lead")
    assert (done.code, done.out) == (1, b"")
    assert "its folder is not there" in done.err


# What cannot be run

BAD: dict[str, tuple[list[str], int, str]] = {
    "an unknown entity": (["SELECT * FROM leed"], 4, "Did you mean lead"),
    "an unknown column": (["SELECT Cty FROM lead"], 2, "Did you mean City"),
    "no SQL": (["SELEC 1"], 2, "cannot be read"),
    "nothing": ([""], 2, "no SQL"),
    "two statements": (["SELECT 1; SELECT 2"], 2, "more than one statement"),
    "a change": (["DELETE FROM lead"], 2, "Only SELECT"),
    "a file of this machine": (["SELECT * FROM read_csv('/etc/passwd')"], 2, "read_csv"),
    "both kinds of SQL": (["SELECT 1", "-f", "x.sql"], 2, "not both"),
    "a missing file": (["-f", "nothing.sql"], 2, "nothing.sql cannot be read"),
    "two formats": (["--json", "-o", "csv", "SELECT 1"], 2, "not both"),
    "no such format": (["-o", "xml", "SELECT 1"], 2, "xml"),
    "no calls": (["--max-calls", "0", "SELECT 1"], 2, "max-calls"),
    "a control character": (['SELECT * FROM "\x1b[2J"'], 4, "x1b[2J"),
}


@pytest.mark.parametrize("case", BAD)
def test_what_cannot_be_run_is_told_in_a_line(cmdm: Command, case: str) -> None:
    words, code, named = BAD[case]
    done = cmdm("query", *words)
    assert (done.code, done.out) == (code, b"")
    first, *_ = done.err.splitlines()
    assert first.startswith("cmdm: ")
    assert named in first
    assert "Traceback" not in done.err
    assert "\x1b" not in done.err


def test_a_caret_stands_where_the_sql_is_wrong(cmdm: Command) -> None:
    lines = cmdm("query", "SELECT 1\nFROM lead WHER City = 'x'").err.splitlines()
    sentence, excerpt, caret = lines
    assert sentence.startswith("cmdm: ")
    assert excerpt == "  2: FROM lead WHER City = 'x'"
    assert excerpt[caret.index("^") :].startswith(("WHER", "R City", "City", "y =", "="))


def test_no_network_ends_with_6(cmdm: Command) -> None:
    done = cmdm("query", "SELECT * FROM lead", CMDM_URL="http://127.0.0.1:1")
    assert (done.code, done.out) == (6, b"")


def test_a_service_that_fails_midway_is_told_in_a_line(cmdm: Command, small_pages: Starved) -> None:
    small_pages(fails_from=12)
    done = cmdm("query", "--yes", "SELECT City, Score FROM lead ORDER BY Score, City")
    assert (done.code, done.out) == (1, b"")
    assert done.err.count("\n") == 1
    assert "The server failed" in done.err


def test_help_imports_neither_engine_nor_network(home: Path) -> None:
    code = (
        "import sys; from cmdm_tui.cli.main import run; run(['query', '--help']);"
        "print('\\n@', *{name.partition('.')[0] for name, module in sys.modules.items() if module})"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    modules = set(done.stdout.rpartition("\n@ ")[2].split())
    assert modules.isdisjoint({"sqlglot", "duckdb", "httpx", "rich"})
