"""What each format writes: exact for programs, safe and readable for a terminal."""

import csv
import io
import json
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from cmdm_tui.formats import (
    FORMATS,
    PROGRAM_STYLE,
    Format,
    OutputRow,
    OutputStyle,
    create_writer,
)
from cmdm_tui.formats.fitted import FittedWriter
from cmdm_tui.text import visible


@dataclass(frozen=True)
class Named:
    name: str
    type: str = "VARCHAR"


TERMINAL = OutputStyle(is_terminal=True, width=80)
COLUMNS = (
    Named("Name"), Named("Value", "DECIMAL(38,6)"), Named("Day", "DATE"),
    Named("Moment", "TIMESTAMP"), Named("Is", "BOOLEAN"), Named("Count", "BIGINT"),
)  # fmt: skip

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
ROWS = st.lists(
    st.tuples(
        st.none() | TEXTS,
        st.none() | st.decimals(-(10**30), 10**30, places=6),
        st.none() | st.dates(),
        st.none() | st.datetimes(),
        st.none() | st.booleans(),
        st.none() | st.integers(-(2**63), 2**63 - 1),
    ),
    max_size=4,
)


def written(
    name: Format,
    rows: Sequence[OutputRow],
    columns: Sequence[Named] = COLUMNS,
    look: OutputStyle = PROGRAM_STYLE,
    *,
    raw_csv: bool = False,
) -> bytes:
    """Return what is written of rows that come one at a time."""
    sink = io.BytesIO()
    writing = create_writer(name, sink, look, raw_csv=raw_csv)
    writing.begin(columns)
    for row in rows:
        writing.write_rows([row])
    writing.end()
    return sink.getvalue()


def from_json(text: bytes | str) -> Any:
    return json.loads(text, parse_float=Decimal)


def as_objects(rows: Sequence[OutputRow]) -> list[dict[str, object]]:
    return [dict(zip((one.name for one in COLUMNS), map(plain, row), strict=True)) for row in rows]


def plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    return value.isoformat() if isinstance(value, date) else value


# For programs


@settings(deadline=None)
@given(ROWS)
def test_json_is_one_document_that_loses_nothing(rows: list[OutputRow]) -> None:
    assert from_json(written("json", rows)) == as_objects(rows)


@settings(deadline=None)
@given(ROWS)
def test_json_lines_are_a_row_each_and_lose_nothing(rows: list[OutputRow]) -> None:
    lines = written("jsonl", rows).splitlines()
    assert [from_json(line) for line in lines] == as_objects(rows)


def test_a_row_of_json_lines_is_there_before_the_next_one() -> None:
    sink = io.BytesIO()
    writing = create_writer("jsonl", sink)
    writing.begin([Named("a")])
    writing.write_rows([["x"]])
    assert sink.getvalue() == b'{"a": "x"}\n'


def test_json_keeps_every_digit_of_a_decimal() -> None:
    text = written(
        "json", [[Decimal("12345678901234567890.123456")]], [Named("a", "DECIMAL(38,6)")]
    )
    assert b"12345678901234567890.123456" in text


def test_json_writes_a_decimal_without_an_exponent() -> None:
    numbers = [[Decimal("0.000000000")], [Decimal("0.0000001")], [Decimal("1E+3")]]
    text = written("jsonl", numbers, [Named("a", "DECIMAL(38,9)")])
    assert text.split() == [b'{"a":', b"0.000000000}", b'{"a":', b"0.0000001}", b'{"a":', b"1000}"]


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_no_number_is_null_in_json(value: float) -> None:
    assert json.loads(written("json", [[value]], [Named("a", "DOUBLE")])) == [{"a": None}]


def test_columns_of_one_name_stay_apart() -> None:
    columns = [Named("City"), Named("City"), Named("City_2"), Named("city")]
    assert json.loads(written("json", [["a", "b", "c", "d"]], columns)) == [
        {"City": "a", "City_2": "b", "City_2_2": "c", "city": "d"}
    ]


@settings(deadline=None)
@given(ROWS)
def test_raw_csv_is_read_back(rows: list[OutputRow]) -> None:
    text = written("csv", rows, raw_csv=True).decode()
    names, *lines = csv.reader(io.StringIO(text, newline=""), strict=True)
    assert names == [one.name for one in COLUMNS]
    assert lines == [["" if one is None else in_words(one) for one in row] for row in rows]


def in_words(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:f}" if isinstance(value, Decimal) else str(plain(value))


def test_csv_tells_null_from_empty_text() -> None:
    columns = [Named("a"), Named("b")]
    assert written("csv", [["", None]], columns) == b'a,b\n"",\n'
    assert written("csv", [[None]], columns[:1]) == b'a\n""\n'


def test_tsv_tells_null_from_empty_text_and_from_blanks() -> None:
    columns = [Named("a"), Named("b"), Named("c"), Named("d")]
    assert written("tsv", [["", None, " ", '"x']], columns) == b'a\tb\tc\td\n""\t\t" "\t"""x"\n'


@pytest.mark.parametrize("name", ["csv", "tsv"])
def test_what_looks_guarded_is_guarded_once_more(name: Format) -> None:
    texts = ["=x", "'=x", "'" * 2 + "=x", "'Tis", "+447700900123", "-12.5"]
    lines = written(name, [[text] for text in texts], [Named("a")]).decode().split("\n")[1:-1]
    assert lines[:3] == ["'=x", "'" * 2 + "=x", "'" * 3 + "=x"]
    assert lines[3:] == ["'Tis", "'+447700900123", "-12.5"]


FORMULAS = ["=1+1", "+1+1", "-1+1", "@SUM(1)", "\t=1", "\r=1", "＝1"]


@pytest.mark.parametrize("formula", FORMULAS)
@pytest.mark.parametrize("name", ["csv", "tsv"])
def test_a_formula_is_no_formula(formula: str, name: Format) -> None:
    cells = written(name, [[formula, "x"]], [Named(formula), Named("b")]).decode().split("\n", 1)
    assert all(line.startswith(("'", "\"'")) for line in cells)


@pytest.mark.parametrize("name", ["csv", "tsv"])
def test_a_raw_formula_stays_one(name: Format) -> None:
    assert written(name, [["=1+1"]], [Named("a")], raw_csv=True) == b"a\n=1+1\n"


def test_numbers_of_our_own_are_never_taken_for_formulas() -> None:
    rows = [[Decimal("-1.50"), -3]]
    columns = [Named("a", "DECIMAL(9,2)"), Named("b", "BIGINT")]
    assert written("csv", rows, columns) == b"a,b\n-1.50,-3\n"


@settings(deadline=None)
@given(st.lists(st.tuples(TEXTS, TEXTS), max_size=4))
def test_tsv_has_a_row_a_line_and_a_cell_between_tabs(rows: list[tuple[str, str]]) -> None:
    text = written("tsv", rows, [Named("a"), Named("b")], raw_csv=True).decode()
    assert text.endswith("\n")
    lines = text[:-1].split("\n")[1:]
    assert [tuple(map(unescaped, line.split("\t"))) for line in lines] == rows


def unescaped(cell: str) -> str:
    if cell.startswith('"'):
        cell = cell[1:-1].replace('""', '"')
    marks = {"\\t": "\t", "\\n": "\n", "\\r": "\r", "\\\\": "\\"}
    found, place = "", 0
    while place < len(cell):
        pair = cell[place : place + 2]
        found += marks.get(pair, cell[place])
        place += 2 if pair in marks else 1
    return found


@pytest.mark.parametrize("text", ["a|b", "a\nb", "`x`", "[x](http://y)", "<script>", "\\|", "*b*"])
def test_a_cell_of_markdown_neither_ends_nor_formats(text: str) -> None:
    heading, rule, row = written("markdown", [[text]], [Named(text)]).decode().splitlines()
    assert rule == "| --- |"
    for line in (heading, row):
        inside = line.removeprefix("| ").removesuffix(" |")
        assert "|" not in inside.replace("\\\\", "").replace("\\|", "")
        assert "<script" not in inside


@settings(deadline=None, max_examples=20)
@given(ROWS)
def test_parquet_is_read_back_with_its_types(tmp_path_factory: Any, rows: list[OutputRow]) -> None:
    file = Path(tmp_path_factory.mktemp("parquet")) / "rows.parquet"
    file.write_bytes(written("parquet", rows))
    with duckdb.connect() as connection:
        result = connection.execute("SELECT * FROM read_parquet(?)", [str(file)])
        names = [(name, str(kind)) for name, kind, *_ in result.description]
        assert names == [(one.name, one.type) for one in COLUMNS]
        assert result.fetchall() == [tuple(row) for row in rows]


def test_parquet_keeps_whole_numbers_that_are_wide() -> None:
    columns = [Named("n", "HUGEINT"), Named("l", "INTEGER[]"), Named('q"', "VARCHAR")]
    content = written("parquet", [[10**30, [1, 2], "x"]], columns)
    assert content.startswith(b"PAR1")
    assert content.endswith(b"PAR1")


def test_parquet_keeps_whole_numbers_that_no_decimal_holds_as_text(tmp_path: Path) -> None:
    columns = [Named("h", "HUGEINT"), Named("i", "HUGEINT")]
    file = tmp_path / "rows.parquet"
    file.write_bytes(written("parquet", [[2**127 - 1, 5], [None, None]], columns))
    with duckdb.connect() as connection:
        result = connection.execute("SELECT h, i FROM read_parquet(?)", [str(file)])
        assert result.fetchall() == [(str(2**127 - 1), Decimal(5)), (None, None)]


# For people

HOSTILE = (
    "\x1b[2J", "\x1b]0;owned\x07", "\x9b31m", "a\x00b", "safe\rrm -rf", "\u202egnp.exe", "a\u2028b",
    "\u200b", "\x7f",
)  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("name", [one for one in FORMATS if one not in {"parquet", "xlsx"}])
def test_a_terminal_gets_nothing_that_it_acts_on(name: Format, text: str) -> None:
    out = written(name, [[text, [text]]], [Named(text), Named("b", "VARCHAR[]")], TERMINAL)
    for line in out.decode().split("\n"):
        assert visible(line.replace("\t", "")) == line.replace("\t", "")


def test_the_check_of_what_a_terminal_gets_can_fail() -> None:
    out = written("csv", [["\x1b[2J"]], [Named("a")])
    assert visible(out.decode().split("\n")[1]) != out.decode().split("\n")[1]


@settings(deadline=None)
@given(ROWS, st.integers(12, 200))
def test_text_in_a_table_never_makes_a_line_wider_than_the_terminal(
    rows: list[OutputRow], width: int
) -> None:
    texts = [[row[0], row[2], row[4]] for row in rows]
    columns = [COLUMNS[0], COLUMNS[2], COLUMNS[4]]
    out = written("table", texts, columns, OutputStyle(is_terminal=True, width=width))
    assert all(cell_len(line) <= width for line in out.decode().splitlines())


def test_a_table_is_aligned_and_numbers_stand_to_the_right() -> None:
    rows = [["日本", Decimal("1250.00")], ["Leeds", Decimal("5.00")], [None, None]]
    out = written("table", rows[:1], [Named("City"), Named("Sum", "DECIMAL(18,2)")])
    assert out.decode().splitlines() == [
        "City      Sum",
        "────  ───────",
        "日本  1250.00",
    ]
    writing_all = io.BytesIO()
    writing = create_writer("table", writing_all)
    writing.begin([Named("City"), Named("Sum", "DECIMAL(18,2)")])
    writing.write_rows(rows)
    writing.end()
    assert writing_all.getvalue().decode().splitlines()[2:] == [
        "日本   1250.00",
        "Leeds     5.00",
        "null      null",
    ]


def test_a_number_is_never_cut() -> None:
    number = Decimal("123456789012345678.90")
    look = OutputStyle(is_terminal=True, width=20)
    out = written("table", [["x" * 30, number]], [Named("a"), Named("b", "DECIMAL(38,2)")], look)
    assert str(number) in out.decode() or "b" not in out.decode().splitlines()[0]


def test_a_later_value_is_cut_only_where_there_is_no_room_for_it() -> None:
    rows = [["Bath", "x"], ["Stow-on-the-Wold", "x"], ["Llanfairpwllgwyngyllgogerychwyrn", "x"]]
    out = written("table", rows, [Named("a"), Named("b")], OutputStyle(is_terminal=True, width=24))
    assert out.decode().splitlines()[3:] == ["Stow-on-the-Wold  x", "Lla…  x"]


def test_columns_that_do_not_fit_are_told() -> None:
    sink = io.BytesIO()
    writing = create_writer("table", sink, OutputStyle(is_terminal=True, width=30))
    writing.begin([Named(f"column{number}") for number in range(9)])
    writing.write_rows([["some text here"] * 9])
    writing.end()
    assert writing.notes == ("2 of 9 columns fit; the format vertical shows all of them.",)


def fitted(columns: Sequence[Named], rows: Sequence[OutputRow], width: int) -> list[str]:
    sink = io.BytesIO()
    writing = FittedWriter(sink, OutputStyle(is_terminal=True, width=width))
    writing.begin(columns)
    writing.write_rows(rows)
    writing.end()
    assert writing.notes == ()
    return sink.getvalue().decode().splitlines()


@given(
    st.lists(st.lists(st.none() | TEXTS, min_size=7, max_size=7), min_size=1, max_size=4),
    st.integers(24, 100),
)
def test_rows_are_turned_only_where_a_column_would_be_left_out(
    rows: list[list[str | None]], width: int
) -> None:
    columns = [Named(f"column {number}") for number in range(7)]
    lines = fitted(columns, rows, width)
    assert all(cell_len(line) <= width for line in lines)
    sink = io.BytesIO()
    table = create_writer("table", sink, OutputStyle(is_terminal=True, width=width))
    table.begin(columns)
    table.write_rows(rows)
    is_turned = lines[0] == "── 1 ──"
    assert is_turned == bool(table.notes)
    if is_turned:
        assert sum(line.startswith("── ") for line in lines) >= len(rows)


def test_a_number_that_would_stick_out_turns_its_row() -> None:
    columns = [Named("a"), Named("n", "DECIMAL(38,0)")]
    assert fitted(columns, [["x", Decimal("9" * 30)]], 24)[0] == "── 1 ──"
    assert fitted(columns, [["x" * 30, Decimal(9)]], 24)[0].startswith("a ")
    assert fitted(columns, [], 24)[0].startswith("a ")


def test_a_table_without_rows_has_its_heading() -> None:
    assert written("table", []).decode().startswith("Name  Value")


def test_vertical_cuts_no_value() -> None:
    text = "word " * 60
    out = written("vertical", [[text, None]], [Named("Notes"), Named("City")], TERMINAL).decode()
    assert "".join(out.split()).count("word") == 60
    assert "City   null" in out
    assert all(cell_len(line) <= 80 for line in out.splitlines())


def test_a_moment_with_a_zone_is_told_in_utc() -> None:
    moment = datetime(2026, 3, 31, 9, 30, tzinfo=UTC)
    columns = [Named("t", "TIMESTAMP WITH TIME ZONE")]
    assert written("csv", [[moment]], columns) == b"t\n2026-03-31T09:30:00Z\n"
    assert "2026-03-31 09:30:00\n" in written("table", [[moment]], columns).decode()


@pytest.mark.parametrize("form", ["csv", "tsv", "json", "jsonl"])
def test_a_z_stands_on_utc_alone(form: Format) -> None:
    moments = [
        datetime(2026, 7, 1, 12, tzinfo=UTC),
        datetime(2026, 7, 1, 14, tzinfo=timezone(timedelta(hours=2))),
        datetime(2026, 7, 1, 13),  # noqa: DTZ001 — a local time
    ]
    text = written(form, [[moment] for moment in moments], [Named("a", "TIMESTAMP")]).decode()
    assert re.findall(r"2026-07-01T[0-9:]+Z?", text) == [
        "2026-07-01T12:00:00Z", "2026-07-01T12:00:00Z", "2026-07-01T13:00:00",
    ]  # fmt: skip
