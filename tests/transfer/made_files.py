"""Makes workbooks and Parquet files for tests, with what no export of our own has in them."""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import cast

import duckdb
import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

DAY = date(1990, 2, 28)
MOMENT = datetime(1990, 2, 28, 9, 30)  # noqa: DTZ001 — as a sheet has it


@dataclass(frozen=True)
class DaySerial:
    """A number in a format of dates: days as Excel counts them, of which 1 January 1900 is 1."""

    number: float


@dataclass(frozen=True)
class Formula:
    """A formula and the result that the file has of it."""

    text: str
    result: str | int


def make_workbook(
    sheets: Mapping[str, Sequence[Sequence[object]]],
    *,
    hidden_columns: Sequence[str] = (),
    hidden_rows: Sequence[int] = (),
    merged: Sequence[str] = (),
    percent: Sequence[tuple[int, int]] = (),
    counts_from_1904: bool = False,
) -> bytes:
    """Return a workbook; what is hidden, merged or a percentage is in its first sheet."""
    sink = io.BytesIO()
    book = xlsxwriter.Workbook(sink, {"in_memory": True, "date_1904": counts_from_1904})
    day = book.add_format({"num_format": "dd/mm/yyyy"})
    moment = book.add_format({"num_format": "dd/mm/yyyy hh:mm"})
    share = book.add_format({"num_format": "0%"})
    for name, rows in sheets.items():
        sheet = book.add_worksheet(name)
        for line, row in enumerate(rows):
            for place, value in enumerate(row):
                is_share = (line, place) in percent
                form = moment if isinstance(value, datetime) else day
                write_cell(sheet, line, place, value, share if is_share else form)
    first = book.worksheets()[0]
    for columns in hidden_columns:
        first.set_column(columns, None, None, {"hidden": True})
    for row_number in hidden_rows:
        first.set_row(row_number - 1, None, None, {"hidden": True})
    for cells in merged:
        first.merge_range(cells, None)
    book.close()
    return sink.getvalue()


def write_cell(sheet: Worksheet, line: int, place: int, value: object, form: Format) -> None:
    """Write a cell: text as text; a date, a time or a percentage in its format."""
    match value:
        case datetime():
            sheet.write_datetime(line, place, value, form)
        case date():
            midnight = datetime(value.year, value.month, value.day)  # noqa: DTZ001
            sheet.write_datetime(line, place, midnight, form)
        case DaySerial():
            sheet.write_number(line, place, value.number, form)
        case Formula():
            sheet.write_formula(line, place, value.text, None, cast("int", value.result))
        case str():
            sheet.write_string(line, place, value)
        case bool() | None:
            sheet.write(line, place, value)
        case _:
            sheet.write(line, place, value, form if form.num_format == "0%" else None)


def make_parquet(query: str) -> bytes:
    """Return a Parquet file with the rows of a query."""
    with TemporaryDirectory() as folder, duckdb.connect() as connection:
        path = Path(folder) / "rows.parquet"
        connection.execute(f"COPY ({query}) TO '{path}' (FORMAT parquet)")
        return path.read_bytes()
