"""What an export holds comes back from it unchanged, in every format that can be imported."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cmdm_tui.formats import Format, OutputRow, create_writer
from cmdm_tui.text import escape_formula, remove_formula_guard
from cmdm_tui.transfer import read_import
from cmdm_tui.transfer.imported_file import ImportedFile
from tests.transfer.schema_fields import fields_of


@dataclass(frozen=True)
class ExportedColumn:
    name: str
    type: str = "VARCHAR"


COLUMNS = (
    ExportedColumn("ExternalID"),
    ExportedColumn("LastName"),
    ExportedColumn("Company"),
    ExportedColumn("Phone"),
    ExportedColumn("Score", "DECIMAL(38,6)"),
    ExportedColumn("EstimatedValue", "DECIMAL(38,2)"),
    ExportedColumn("LastContacted", "DATE"),
    ExportedColumn("OptIn", "BOOLEAN"),
    ExportedColumn("Notes"),
)

HOSTILE = st.text(
    st.sampled_from("'\"=+-@\t\r\n,;|\\ \u00a0\u2028\x00\x01\ufeff＝_x0A1né🐉{}[]tnr"), max_size=8
)
TEXTS = HOSTILE | st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
PHONES = st.sampled_from(
    ["+447700900123", "+44 20 7946 0123", "01632 960123", "01632960123", "(0161) 496 0123 ext 4"]
)
ROWS = st.lists(
    st.tuples(
        st.just("A1B2C3D4"),
        TEXTS.filter(lambda text: bool(text.strip())),
        st.none() | TEXTS,
        st.none() | PHONES,
        st.none() | st.decimals(-(10**20), 10**20, places=6),
        st.none() | st.decimals(-(10**12), 10**12, places=2),
        st.none() | st.dates(),
        st.none() | st.booleans(),
        st.none() | TEXTS,
    ),
    min_size=1,
    max_size=4,
)


def export(form: Format, rows: Sequence[OutputRow], columns: Sequence[ExportedColumn]) -> bytes:
    sink = io.BytesIO()
    writer = create_writer(form, sink)
    writer.begin(columns)
    writer.write_rows(rows)
    writer.end()
    return sink.getvalue()


def import_again(
    form: Format, rows: Sequence[OutputRow], columns: Sequence[ExportedColumn], entity: str
) -> ImportedFile:
    with TemporaryDirectory() as folder:
        path = Path(folder) / f"export.{form}"
        path.write_bytes(export(form, rows, columns))
        return read_import(path, entity, fields_of(entity))


def on_the_wire(value: object) -> object:
    """Return a value as the service has it; numbers by their value."""
    match value:
        case bool():
            return str(value).lower()
        case datetime():
            return value.isoformat().replace("+00:00", "Z")
        case date():
            return value.isoformat()
        case _:
            return value


def as_stored(
    rows: Sequence[OutputRow], columns: Sequence[ExportedColumn]
) -> list[dict[str, object]]:
    return [
        {
            column.name: on_the_wire(value)
            for column, value in zip(columns, row, strict=True)
            if value is not None and column.name != "ExternalID"
        }
        for row in rows
    ]


def as_read(imported: ImportedFile, columns: Sequence[ExportedColumn]) -> list[dict[str, object]]:
    assert imported.refused == ()
    numbers = {column.name for column in columns if column.type.startswith("DECIMAL")}
    return [
        {
            name: Decimal(value) if name in numbers else value
            for name, value in row.properties.items()
        }
        for row in imported.rows
    ]


ODD_ROWS: list[OutputRow] = [
    ("A", "=x", "'=x", "+447700900123", Decimal("-1.5"), None, None, True, ""),
    ("A", "''=x", "'", None, None, Decimal("0.10"), date(1, 1, 1), None, None),
    ("A", '"', "", None, None, None, None, False, " "),
    ("A", 'a"b', r"C:\temp\new", None, None, None, None, None, r"\\server\n"),
    ("A", "a\r\nb", "\t", None, None, None, None, None, '""'),
    ("A", '="x"', "'\t", None, None, None, None, None, "\r=1"),
    ("A", "_x0041_", "_x005F_", None, None, None, None, None, "a\rb"),
]


@pytest.mark.parametrize("form", ["csv", "tsv", "json", "jsonl"])
@settings(deadline=None, max_examples=60)
@example(ODD_ROWS)
@given(rows=ROWS)
def test_an_export_as_text_comes_back_unchanged(form: Format, rows: list[OutputRow]) -> None:
    imported = import_again(form, rows, COLUMNS, "lead")
    assert as_read(imported, COLUMNS) == as_stored(rows, COLUMNS)


@pytest.mark.parametrize("form", ["xlsx", "parquet"])
@settings(deadline=None, max_examples=15)
@example(ODD_ROWS)
@given(rows=ROWS)
def test_an_export_with_types_comes_back_unchanged(form: Format, rows: list[OutputRow]) -> None:
    imported = import_again(form, rows, COLUMNS, "lead")
    assert as_read(imported, COLUMNS) == as_stored(rows, COLUMNS)


EVENT = (
    ExportedColumn("Title"),
    ExportedColumn("StartsAt", "TIMESTAMP WITH TIME ZONE"),
    ExportedColumn("Capacity", "BIGINT"),
)


@pytest.mark.parametrize("form", ["csv", "tsv", "json", "jsonl", "xlsx", "parquet"])
def test_times_in_utc_come_back_as_they_were(form: Format) -> None:
    rows: list[OutputRow] = [
        ("Fair", datetime(2026, 3, 31, 9, 30, tzinfo=UTC), 40),
        ("Midnight", datetime(2026, 4, 1, tzinfo=UTC), None),
        ("First", datetime(1900, 1, 1, 5, tzinfo=UTC), 1),
        ("Old", datetime(1850, 1, 2, 3, 4, 5, tzinfo=UTC), 0),
        ("None", None, 10**14),
    ]
    columns = [*EVENT]
    imported = import_again(form, rows, columns, "event")
    stored = [{name: str(value) for name, value in row.items()} for row in as_stored(rows, columns)]
    assert as_read(imported, columns) == stored


@pytest.mark.parametrize("form", ["csv", "tsv"])
def test_a_column_alone_comes_back_whatever_marks_it_holds(form: Format) -> None:
    rows: list[OutputRow] = [("a;b",), ("c;d",), ("e|f",), ("g,h",), ("i\tj",)]
    columns = [ExportedColumn("LastName")]
    imported = import_again(form, rows, columns, "lead")
    assert as_read(imported, columns) == as_stored(rows, columns)


@given(TEXTS)
@example("'=x")
@example("''+44")
@example("+447700900123")
def test_a_guard_is_taken_off_as_it_was_put_on(text: str) -> None:
    assert remove_formula_guard(escape_formula(text)) == text


def test_the_check_of_guards_can_fail() -> None:
    def escape_once(text: str) -> str:
        return "'" + text if text.startswith("=") else text

    assert escape_once("'=x") == escape_once("=x")
    assert escape_formula("'=x") != escape_formula("=x")
