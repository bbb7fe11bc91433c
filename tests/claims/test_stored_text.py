"""What the program writes of stored values: text as stored, times with their zone, all told."""

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.claims.odd_service import Answer, Call, OddService, Rows, page, serve
from tests.claims.program import Ended, run_cmdm

TEXTS = ["1.10", "1.9", "1.100", "007", "true", "2026-07-01", "nope"]
FIELDS = [
    {"Name": "Name", "Type": "Text"},
    {"Name": "Amount", "Type": "Currency"},
    {"Name": "Day", "Type": "Date"},
    {"Name": "StartsAt", "Type": "DateTime"},
]
DEALS = [
    ("D0", {"Name": "a", "Amount": "£12.00", "Day": "29/03/2026", "StartsAt": "20260701T1200Z"}),
    ("D1", {"Name": "b", "Amount": "1234.50", "Day": "2026-03-29T23:00-05", "StartsAt": "noon"}),
]


@pytest.fixture
def loose() -> Iterator[OddService]:
    """A service that declares nothing."""
    rows = [(f"T{place}", {"Subject": text}) for place, text in enumerate(TEXTS)]
    with serve(rows=rows) as service:
        yield service


@pytest.fixture
def typed() -> Iterator[OddService]:
    with serve(rows=DEALS) as service:
        service.fields = FIELDS
        yield service


def query(service: OddService, home: Path, *words: str, **extra: str) -> Ended:
    return run_cmdm("query", *words, home=home, extra={**service.environment, **extra})


def read_values(form: str, text: str) -> list[Any]:
    match form:
        case "csv" | "tsv":
            lines = csv.reader(io.StringIO(text), delimiter="\t" if form == "tsv" else ",")
            return [row[0] for row in lines][1:]
        case "json":
            return [one["Subject"] for one in json.loads(text)]
        case "jsonl":
            return [json.loads(line)["Subject"] for line in text.splitlines()]
        case "markdown":
            return [line.strip("| ") for line in text.splitlines()[2:]]
        case "vertical":
            return [line.split()[1] for line in text.splitlines() if line.startswith("Subject")]
        case _:
            return [line.strip() for line in text.splitlines()[2:]]


@pytest.mark.parametrize("form", ["csv", "tsv", "json", "jsonl", "markdown", "vertical", "table"])
def test_stored_text_comes_back_in_every_output(
    loose: OddService, tmp_path: Path, form: str
) -> None:
    ended = query(loose, tmp_path, "-o", form, "SELECT Subject FROM task")
    assert ended.code == 0, ended.err
    assert read_values(form, ended.out) == TEXTS


def test_comparing_with_a_word_is_no_error(loose: OddService, tmp_path: Path) -> None:
    ended = query(loose, tmp_path, "-o", "csv", "SELECT Subject FROM task WHERE Subject = 'x'")
    assert (ended.code, ended.out) == (0, "Subject\n")


def test_what_cannot_be_read_is_told(loose: OddService, tmp_path: Path) -> None:
    ended = query(loose, tmp_path, "-o", "csv", "SELECT Subject FROM task WHERE Subject > 1.5")
    assert ended.code == 0
    assert ended.out.split() == ["Subject", "1.9", "007"]
    assert "3 values of task.Subject cannot be read as a number" in ended.err


def test_the_stored_text_is_at_hand(typed: OddService, tmp_path: Path) -> None:
    sql = "SELECT Amount, CAST(Amount AS VARCHAR) a, CAST(Day AS VARCHAR) d FROM deal ORDER BY Name"
    ended = query(typed, tmp_path, "-o", "csv", sql)
    assert ended.out.splitlines() == [
        "Amount,a,d", ",£12.00,29/03/2026", "1234.50,1234.50,2026-03-29T23:00-05",
    ]  # fmt: skip
    assert "1 value of deal.Amount is not of the column's type" in ended.err


def test_raw_gives_every_column_as_it_is_stored(typed: OddService, tmp_path: Path) -> None:
    ended = query(typed, tmp_path, "--raw", "-o", "json", "SELECT * FROM deal ORDER BY Name")
    assert json.loads(ended.out) == [{"ExternalID": key, **values} for key, values in DEALS]
    assert "not of the column's type" not in ended.err


MOMENTS = {
    "StartsAt": "2026-07-01T12:00:00Z",
    "StartsAt AT TIME ZONE 'Europe/London'": "2026-07-01T13:00:00",
    "StartsAt AT TIME ZONE 'UTC'": "2026-07-01T12:00:00",
    "StartsAt::DATE": "2026-07-01",
    "StartsAt = '2026-07-01 12:00:00'": "true",
    "CAST(StartsAt AS VARCHAR)": "20260701T1200Z",
}


@pytest.mark.parametrize("zone", ["UTC", "Asia/Tokyo"])
def test_a_z_stands_on_utc_alone(typed: OddService, tmp_path: Path, zone: str) -> None:
    values = ", ".join(f"{value} AS c{number}" for number, value in enumerate(MOMENTS))
    sql = f"SELECT {values} FROM deal WHERE Name = 'a'"
    _, line = query(typed, tmp_path, "-o", "csv", sql, TZ=zone).out.splitlines()
    assert line.split(",") == list(MOMENTS.values())
    (row,) = json.loads(query(typed, tmp_path, "-o", "json", sql, TZ=zone).out)
    assert ["true" if value is True else value for value in row.values()] == list(MOMENTS.values())


def test_a_wide_entity_is_told_in_a_few_names(tmp_path: Path) -> None:
    wide = {f"Field number {number:04} of a wide entity": "v" for number in range(1000)}
    wide["x" * 5_000] = "v"
    with serve(rows=[("W1", wide)]) as service:
        ended = query(service, tmp_path, "-o", "csv", "SELECT * FROM lead")
    assert ended.code == 0
    assert len(ended.err.encode()) <= 2_000
    assert "996 more" in ended.err


def test_many_misfits_are_told_in_a_few_lines(tmp_path: Path) -> None:
    names = [f"Number{number:03}" for number in range(300)]
    with serve(rows=[("W1", dict.fromkeys(names, "n/a"))]) as service:
        service.fields = [{"Name": name, "Type": "Number"} for name in names]
        ended = query(service, tmp_path, "-o", "csv", "SELECT * FROM lead")
    assert len(ended.err.encode()) <= 2_000
    assert "295 more columns" in ended.err


@pytest.mark.parametrize("name", ["p.json.gz", "p.xml", "a.db", "p"])
def test_an_unknown_ending_is_refused_before_a_call(
    typed: OddService, tmp_path: Path, name: str
) -> None:
    ended = query(typed, tmp_path, "--out", name, "SELECT * FROM deal")
    assert ended.code == 2
    assert all(ending in ended.err for ending in (".csv", ".json", ".parquet", ".xlsx"))
    assert not (tmp_path / name).exists()
    assert not typed.calls


def test_a_format_that_is_named_goes_into_any_file(typed: OddService, tmp_path: Path) -> None:
    assert query(typed, tmp_path, "-o", "csv", "--out", "p.xml", "SELECT Name FROM deal").code == 0
    assert (tmp_path / "p.xml").read_text() == "Name\na\nb\n"


def test_out_may_be_stdout(typed: OddService, tmp_path: Path) -> None:
    ended = query(typed, tmp_path, "-o", "csv", "--out", "-", "SELECT Name FROM deal")
    assert (ended.code, ended.out) == (0, "Name\na\nb\n")
    assert not (tmp_path / "-").exists()


def test_a_csv_has_a_byte_order_mark_only_where_it_is_asked_for(
    typed: OddService, tmp_path: Path
) -> None:
    for words, begins in (((), b"Name"), (("--bom",), b"\xef\xbb\xbfName")):
        query(typed, tmp_path, *words, "--out", "p.csv", "SELECT Name FROM deal")
        assert (tmp_path / "p.csv").read_bytes().startswith(begins)
    ended = query(typed, tmp_path, "-o", "csv", "SELECT Name FROM deal")
    assert ended.out.startswith("Name")


def test_a_workbook_is_one(typed: OddService, tmp_path: Path) -> None:
    pytest.importorskip("xlsxwriter")
    assert query(typed, tmp_path, "--out", "p.xlsx", "SELECT * FROM deal").code == 0
    assert (tmp_path / "p.xlsx").read_bytes().startswith(b"PK\x03\x04")


def test_export_refuses_an_unknown_ending(typed: OddService, tmp_path: Path) -> None:
    lines = b"SELECT Name FROM deal;\n\\export p.xml\n\\export p.csv\n"
    ended = run_cmdm("repl", home=tmp_path, extra=typed.environment, stdin=lines)
    assert ".parquet" in ended.all
    assert not (tmp_path / "p.xml").exists()


def test_records_that_are_counted_and_never_come_make_a_result_partial(tmp_path: Path) -> None:
    rows = list(Rows(3))

    def ever_the_same(call: Call) -> Any:
        return page(rows, 3_000, 1_000) if call.is_list else None

    with serve(ever_the_same) as service:
        ended = query(service, tmp_path, "-y", "--stats", "-o", "csv", "SELECT * FROM lead")
        assert service.count("GET") <= 10
    assert ended.code == 8
    assert len(ended.out.splitlines()) == 4
    assert "partial: 3 of the 3,000 records of lead" in ended.err


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT City, count(*) FROM lead GROUP BY City",
        "SELECT LastName FROM lead ORDER BY City, LastName",
        "SELECT a.LastName FROM lead a JOIN lead b USING (City) LIMIT 1",
        "SELECT LastName FROM lead LIMIT 8",
    ],
)
def test_a_count_above_what_comes_is_told_under_every_plan(tmp_path: Path, sql: str) -> None:
    rows = list(Rows(7))

    def counts_more(call: Call) -> Any:
        if not call.is_list:
            return None
        size, number = int(call.query.get("per_page", 7)), int(call.query.get("page", 1))
        return page(rows[(number - 1) * size : number * size], 9_000, 9)

    with serve(counts_more) as service:
        ended = query(service, tmp_path, "-y", "-o", "csv", sql)
        assert service.count("GET") <= 12
    assert ended.code == 8, ended.err
    assert "partial" in ended.err


def test_a_true_count_is_not_told(tmp_path: Path) -> None:
    with serve(rows=list(Rows(7))) as service:
        ended = query(service, tmp_path, "-o", "csv", "SELECT LastName FROM lead")
    assert ended.code == 0
    assert "partial" not in ended.err


def test_a_query_that_the_hours_limit_ends_exits_with_5(tmp_path: Path) -> None:
    rows = list(Rows(6))

    def limited(call: Call) -> Any:
        if not call.is_list:
            return None
        if call.query.get("page") != "1":
            ends = {"Retry-After": "3000", "x-rate-limit-remaining": "0"}
            return Answer.of({"Message": "Used up."}, 429, **ends)
        return page(rows[:2], 6, 3)

    with serve(limited) as service:
        ended = query(service, tmp_path, "-y", "-o", "csv", "SELECT LastName, City FROM lead")
    assert ended.code == 5, ended.err
    assert len(ended.out.splitlines()) == 3
    assert "partial" in ended.err
