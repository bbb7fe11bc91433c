"""Opens a file by what it holds: a workbook, Parquet, JSON or delimited text."""

from collections.abc import Sequence
from pathlib import Path

from cmdm_tui.text import one_line
from cmdm_tui.transfer.delimited import find_line_end, find_swallowed_lines, scan_rows
from cmdm_tui.transfer.dialect import DELIMITER_NAMES, find_dialect
from cmdm_tui.transfer.encoding import DecodedText, decode_text
from cmdm_tui.transfer.errors import ImportFileError
from cmdm_tui.transfer.field_matcher import FieldMatcher
from cmdm_tui.transfer.import_options import ImportOptions
from cmdm_tui.transfer.json_records import read_json_records
from cmdm_tui.transfer.source_table import SourceTable
from cmdm_tui.transfer.table_shape import shape_rows

_ENCODING_NAMES = {
    "utf-8": "UTF-8",
    "utf-8-sig": "UTF-8 with a byte order mark",
    "utf-16-le": "UTF-16",
    "utf-16-be": "UTF-16",
    "windows-1252": "Windows-1252",
}
_JSON_LINES = {".jsonl", ".ndjson"}
_TABS = {".tsv", ".tab"}
_OLD_OFFICE = b"\xd0\xcf\x11\xe0"


def read_source(
    path: Path, matcher: FieldMatcher, options: ImportOptions, required: Sequence[str]
) -> SourceTable:
    """Return the records of a file, read to its end.

    Raises ImportQuestions and ImportFileError.
    """
    name, suffix = one_line(path.name, 100), path.suffix.casefold()
    try:
        with path.open("rb") as file:
            start = file.read(8)
    except OSError as error:
        reason = error.strerror or "it cannot be opened"
        raise ImportFileError(f"{name} cannot be read: {reason}") from None
    if start.startswith(b"PK\x03\x04"):
        from cmdm_tui.transfer.spreadsheet import read_spreadsheet

        return read_spreadsheet(path, matcher, options, required)
    if start.startswith(b"PAR1"):
        from cmdm_tui.transfer.parquet import read_parquet

        return read_parquet(path)
    if start.startswith(_OLD_OFFICE):
        raise ImportFileError(f"{name} is an old or protected Office file", "Save it as xlsx")
    if suffix in {".xlsx", ".xlsm", ".parquet"}:
        raise ImportFileError(f"{name} is named {suffix}, and what it holds is not")
    decoded = decode_text(path.read_bytes(), options.encoding)
    if not decoded.text.strip():
        raise ImportFileError(f"{name} is empty: it has no header and no record")
    if suffix in _JSON_LINES:
        return read_json_records(decoded.text, "jsonl")
    if suffix == ".json":
        return read_json_records(decoded.text, "json")
    return _read_delimited(decoded, matcher, options, prefers_tabs=suffix in _TABS)


def _read_delimited(
    decoded: DecodedText, matcher: FieldMatcher, options: ImportOptions, *, prefers_tabs: bool
) -> SourceTable:
    found = find_dialect(decoded.text, options, matcher.count_matches, prefers_tabs=prefers_tabs)
    dialect = found.dialect
    rows = list(scan_rows(found.text, dialect, found.first_line))
    shaped = shape_rows(rows, matcher, options.header, "line")
    notes = [*_describe(decoded, dialect.delimiter), *found.notes, *shaped.notes]
    if swallowed := find_swallowed_lines(shaped.records, dialect.delimiter, len(shaped.headers)):
        lines = ", ".join(map(str, swallowed[:5]))
        notes.append(
            f"A quoted cell of line {lines} holds lines that look like records: "
            "was a quote forgotten?"
        )
    form = "tsv" if dialect.delimiter == "\t" else "csv"
    properties = {
        "encoding": decoded.encoding,
        "delimiter": dialect.delimiter,
        "quote": dialect.quote,
        "line_end": find_line_end(decoded.text),
    }
    return SourceTable(
        form,
        shaped.headers,
        shaped.records,
        shaped.header_line,
        found=properties,
        notes=tuple(notes),
    )


def _describe(decoded: DecodedText, delimiter: str) -> list[str]:
    encoding = _ENCODING_NAMES.get(decoded.encoding, one_line(decoded.encoding, 40))
    shown = DELIMITER_NAMES.get(delimiter, one_line(delimiter))
    note = f"Encoding {encoding}, delimiter {shown}"
    return [note if decoded.is_certain else f"{note}; --encoding names another encoding"]
