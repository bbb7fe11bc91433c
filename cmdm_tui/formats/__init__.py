"""Writes results in each format; all writers have the same methods, see `RowWriter`.

`create_writer` returns the writer of a format, `FORMATS` names them, and `output_file` writes to a
file whose name chooses the format.

Other central files: `row_writer`, `cells`, `column_widths`, `json_text`, `json`, `table`, `csv`,
`xlsx`; `fitted` writes a table, or a field a line where it is too wide. `value_text` puts a value
into words, and `cell_text` fits them into cells.
Also public: `PROGRAM_STYLE`, `ByteSink`, `Format`, `OutputColumn`, `OutputRow`, `OutputStyle`,
`ResultMark`, `unique_names`, `MissingExtra`, `WITHHELD`, `withholds_rows`.
"""

from typing import Literal, get_args

from cmdm_tui.formats.row_writer import (
    PROGRAM_STYLE,
    WITHHELD,
    ByteSink,
    MissingExtra,
    OutputColumn,
    OutputRow,
    OutputStyle,
    ResultMark,
    RowWriter,
    unique_names,
    withholds_rows,
)

__all__ = [
    "FORMATS",
    "PROGRAM_STYLE",
    "WITHHELD",
    "ByteSink",
    "Format",
    "MissingExtra",
    "OutputColumn",
    "OutputRow",
    "OutputStyle",
    "ResultMark",
    "RowWriter",
    "create_writer",
    "unique_names",
    "withholds_rows",
]

Format = Literal["table", "vertical", "json", "jsonl", "csv", "tsv", "markdown", "parquet", "xlsx"]

FORMATS: tuple[Format, ...] = get_args(Format)
"""The names of the formats, in the order in which help lists them."""


def create_writer(
    name: Format,
    sink: ByteSink,
    style: OutputStyle = PROGRAM_STYLE,
    *,
    raw_csv: bool = False,
    has_bom: bool = False,
) -> RowWriter:
    """Return the writer of a format, writing to `sink`.

    With `raw_csv`, CSV and TSV keep text that a spreadsheet would take for a formula; with
    `has_bom` they begin with a byte order mark. Raises MissingExtra where a library is missing.
    """
    match name:
        case "table":
            from cmdm_tui.formats.table import TableWriter

            return TableWriter(sink, style)
        case "vertical":
            from cmdm_tui.formats.vertical import VerticalWriter

            return VerticalWriter(sink, style)
        case "json":
            from cmdm_tui.formats.json import JsonWriter

            return JsonWriter(sink, style)
        case "jsonl":
            from cmdm_tui.formats.jsonl import JsonLinesWriter

            return JsonLinesWriter(sink, style)
        case "csv" | "tsv":
            from cmdm_tui.formats import csv

            form = csv.csv_line if name == "csv" else csv.tsv_line
            return csv.DelimitedWriter(sink, style, form, is_raw=raw_csv, has_bom=has_bom)
        case "markdown":
            from cmdm_tui.formats.markdown import MarkdownWriter

            return MarkdownWriter(sink, style)
        case "parquet":
            from cmdm_tui.formats.parquet import ParquetWriter

            return ParquetWriter(sink)
        case "xlsx":
            from cmdm_tui.formats.xlsx import XlsxWriter

            return XlsxWriter(sink)
