"""What the clipboard gets: stored values as they are, and never an empty text for rows."""

import json
from dataclasses import dataclass

from cmdm_tui.tui.models.copied_text import CopiedColumn, CopyForm, format_rows
from cmdm_tui.tui.models.row_source import SourceColumn, Tone


@dataclass(frozen=True)
class Line:
    key: str
    values: tuple[object, ...]
    revision: int = 0

    def value(self, column: int) -> object:
        return self.values[column]

    def tone(self, column: int) -> Tone:
        return Tone.NORMAL


COLUMNS = [
    CopiedColumn.of(0, SourceColumn("ExternalID", "ExternalID", 10)),
    CopiedColumn.of(2, SourceColumn("Note", "A note", 10)),
]
ROWS = [Line("A1", ("A1", "left out", "tab\tpipe|\nline")), Line("B2", ("B2", "", None))]


def test_a_cell_is_copied_as_it_is_stored() -> None:
    hostile = "\x1b]52;c;\x07\u202e"
    assert format_rows([Line("A", (hostile,))], COLUMNS[:1], CopyForm.CELL) == hostile


def test_ids_come_one_a_line() -> None:
    assert format_rows(ROWS, COLUMNS, CopyForm.ID) == "A1\nB2"


def test_rows_as_tsv_have_a_header_and_one_line_each() -> None:
    text = format_rows(ROWS, COLUMNS, CopyForm.TSV)
    assert text.split("\n") == ["ExternalID\tNote", "A1\ttab\\tpipe|\\nline", "B2\t"]


def test_a_formula_is_guarded_where_a_spreadsheet_may_get_it() -> None:
    text = format_rows([Line("A", ("=1+1", "", "x"))], COLUMNS, CopyForm.TSV)
    assert text.split("\n")[1] == "'=1+1\tx"


def test_one_row_as_json_is_an_object_and_several_are_an_array() -> None:
    assert json.loads(format_rows(ROWS[:1], COLUMNS, CopyForm.JSON)) == {
        "ExternalID": "A1",
        "Note": "tab\tpipe|\nline",
    }
    assert [row["Note"] for row in json.loads(format_rows(ROWS, COLUMNS, CopyForm.JSON))] == [
        "tab\tpipe|\nline",
        None,
    ]


def test_markdown_keeps_its_table_whatever_the_values() -> None:
    lines = format_rows(ROWS, COLUMNS, CopyForm.MARKDOWN).split("\n")
    assert lines[0] == "| ExternalID | Note |"
    assert lines[2] == "| A1 | tab pipe\\|<br>line |"
    assert len(lines) == 4


def test_nothing_is_copied_of_no_rows() -> None:
    assert all(format_rows([], COLUMNS, form) == "" for form in CopyForm)
