"""Delimited text is read cell by cell as Python's csv writes it, and faults are named by line."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmdm_tui.transfer.delimited import DelimitedDialect, scan_rows
from cmdm_tui.transfer.source_table import SourceRow

CELLS = st.text(
    st.sampled_from("ab \"',;\t\r\n\u2028\x00é") | st.characters(exclude_categories=["Cs"]),
    max_size=6,
)
TABLES = st.lists(st.lists(CELLS, min_size=2, max_size=4), min_size=1, max_size=5)


def texts(rows: list[SourceRow]) -> list[list[object]]:
    return [[cell.value for cell in row.cells if cell is not None] for row in rows]


@given(TABLES, st.sampled_from(",;\t|"), st.sampled_from(["\r\n", "\n", "\r"]))
def test_what_csv_writes_is_read(table: list[list[str]], delimiter: str, end: str) -> None:
    sink = io.StringIO(newline="")
    # It quotes a line end of its own kind alone where it may choose.
    quoting = csv.QUOTE_MINIMAL if end == "\r\n" else csv.QUOTE_ALL
    csv.writer(sink, delimiter=delimiter, lineterminator=end, quoting=quoting).writerows(table)
    rows = list(scan_rows(sink.getvalue(), DelimitedDialect(delimiter)))
    assert texts(rows) == table
    assert all(row.fault is None for row in rows)


@given(TABLES)
def test_lines_are_counted_as_an_editor_does(table: list[list[str]]) -> None:
    sink = io.StringIO(newline="")
    csv.writer(sink, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows(table)
    text = sink.getvalue()
    line = 1
    for row, cells in zip(scan_rows(text, DelimitedDialect(",")), table, strict=True):
        assert row.line == line
        plain = (cell.replace("\r\n", "\n").replace("\r", "\n") for cell in cells)
        line += sum(cell.count("\n") for cell in plain) + 1


@given(st.text(st.sampled_from('ab",\r\n'), max_size=40))
def test_no_text_is_too_odd_to_be_read(text: str) -> None:
    rows = list(scan_rows(text, DelimitedDialect(",")))
    assert [row.line for row in rows] == sorted({row.line for row in rows})
    if '"' not in text:
        assert all(row.fault is None for row in rows)


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        ('a,b\nc,"d" e\n', 2, 1),
        ('a,b\n"c,d\ne,f\n', 2, 0),
        ('a,b\nc,"d\ne",f"\n"x" y,z\n', 4, 0),
    ],
)
def test_a_fault_of_quotes_is_named_where_it_begins(text: str, line: int, column: int) -> None:
    faulty = [row for row in scan_rows(text, DelimitedDialect(",")) if row.fault is not None]
    assert [(row.line, row.fault.column) for row in faulty if row.fault] == [(line, column)]


def test_blanks_after_a_closing_quote_are_not_a_fault() -> None:
    (row,) = scan_rows('"a" ,b', DelimitedDialect(","))
    assert (row.fault, texts([row])) == (None, [["a", "b"]])


def test_escapes_are_read_where_the_dialect_has_them() -> None:
    text = r"a\tb\\n" + "\t" + r'"\n"'
    assert texts(list(scan_rows(text, DelimitedDialect("\t", has_escapes=True)))) == [
        ["a\tb\\n", "\n"]
    ]
    assert texts(list(scan_rows(text, DelimitedDialect("\t")))) == [[r"a\tb\\n", r"\n"]]
