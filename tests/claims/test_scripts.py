"""`cmdm query -f FILE` with several statements: results in order, to the first error."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.claims.odd_service import OddService, serve
from tests.claims.program import Ended, run_cmdm

SCRIPT = """-- Two counts; and a list
SELECT count(*) AS n FROM lead WHERE LastName = $name;

SELECT LastName FROM lead WHERE LastName <> ';' ORDER BY LastName LIMIT 2;
"""


@pytest.fixture
def service() -> Iterator[OddService]:
    rows = [(f"L{place}", {"LastName": name}) for place, name in enumerate(["a", "b", "b"])]
    with serve(rows=rows) as running:
        yield running


def query(service: OddService, home: Path, *words: str, stdin: str = "") -> Ended:
    extra = service.environment
    return run_cmdm("query", *words, home=home, extra=extra, stdin=stdin.encode())


def test_results_come_one_after_another(service: OddService, tmp_path: Path) -> None:
    (tmp_path / "s.sql").write_text(SCRIPT)
    ended = query(service, tmp_path, "-o", "csv", "--param", "name=b", "-f", "s.sql")
    assert (ended.code, ended.out) == (0, "n\n2\n\nLastName\na\nb\n"), ended.err
    piped = query(service, tmp_path, "-o", "jsonl", "--param", "name=b", stdin=SCRIPT)
    assert [json.loads(line) for line in piped.out.splitlines()] == [
        {"n": 2}, {"LastName": "a"}, {"LastName": "b"},
    ]  # fmt: skip


def test_the_first_error_ends_it_and_names_its_line(service: OddService, tmp_path: Path) -> None:
    script = "SELECT 1 AS a;\n\n  SELECT 2 +\n   nope(3) AS b;\nSELECT 4 AS c;"
    ended = query(service, tmp_path, "-o", "csv", stdin=script)
    assert (ended.code, ended.out) == (2, "a\n1\n")
    assert "cmdm: Stopped at line 3: SELECT 2 + nope(3) AS b\n" in ended.err
    wrong = query(service, tmp_path, "-o", "csv", stdin="SELECT 1;\nSELECT 2;\nSELECT )")
    assert "in line 3, column 8" in wrong.err
    assert "  3: SELECT )\n" in wrong.err


def test_nothing_runs_where_a_value_has_no_place(service: OddService, tmp_path: Path) -> None:
    words = ["-o", "csv", "--param", "x=1", "--param", "y=2"]
    ended = query(service, tmp_path, *words, stdin="SELECT $x; SELECT 2")
    assert (ended.code, ended.out) == (2, "")
    assert ended.err == "cmdm: The SQL has no $y. It has $x.\n"


def test_a_file_holds_all_results_or_is_left_alone(service: OddService, tmp_path: Path) -> None:
    (tmp_path / "s.sql").write_text("SELECT 1 AS a; SELECT 2 AS b")
    out = tmp_path / "x.csv"
    assert query(service, tmp_path, "-f", "s.sql", "--out", "x.csv").code == 0
    assert out.read_text().split() == ["a", "1", "b", "2"]
    (tmp_path / "s.sql").write_text("SELECT 3 AS a; SELECT nope")
    assert query(service, tmp_path, "-f", "s.sql", "--out", "x.csv").code == 2
    assert out.read_text().startswith("a\n1\n")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["-o", "xlsx", "--out", "x.xlsx"], "xlsx holds one result"),
        (["-o", "parquet", "--out", "x.parquet"], "parquet holds one result"),
        (["--resume", "kept"], "--resume continues one query"),
    ],
)
def test_what_takes_one_statement_says_so(
    service: OddService, tmp_path: Path, words: list[str], sentence: str
) -> None:
    if "xlsx" in words:
        pytest.importorskip("xlsxwriter")
    ended = query(service, tmp_path, *words, stdin="SELECT 1; SELECT 2")
    assert (ended.code, ended.out) == (2, "")
    assert sentence in ended.err


def test_calls_are_limited_for_all_statements_together(service: OddService, tmp_path: Path) -> None:
    script = "SELECT count(*) FROM lead; SELECT count(*) FROM task; SELECT count(*) FROM contact"
    ended = query(service, tmp_path, "-o", "csv", "--max-calls", "2", stdin=script)
    assert ended.code == 8
    assert len(service.calls) == 2
    assert "Stopped at line 1: SELECT count(*) FROM contact" in ended.err


def test_one_statement_may_end_with_semicolons(service: OddService, tmp_path: Path) -> None:
    ended = query(service, tmp_path, "-o", "json", stdin=";SELECT 1 AS a;;\n-- the end;\n")
    assert (ended.code, json.loads(ended.out)) == (0, [{"a": 1}])


def test_summarize_and_pivot_are_statements(service: OddService, tmp_path: Path) -> None:
    script = "SUMMARIZE lead; PIVOT lead ON LastName USING count(*) GROUP BY ExternalID ORDER BY 1;"
    ended = query(service, tmp_path, "-o", "jsonl", stdin=script)
    rows = [json.loads(line) for line in ended.out.splitlines()]
    assert [row.get("column_name") for row in rows[:2]] == ["ExternalID", "LastName"]
    assert rows[2] == {"ExternalID": "L0", "a": 1, "b": 0}
    prompt = run_cmdm("repl", home=tmp_path, extra=service.environment, stdin=b"SUMMARIZE lead;\n")
    assert prompt.code == 0, prompt.err
    assert json.loads(prompt.out)[1]["column_name"] == "LastName"
