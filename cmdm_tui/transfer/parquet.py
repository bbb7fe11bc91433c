"""Reads a Parquet file through DuckDB: decimals, dates and times with their types."""

import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path

import duckdb

from cmdm_tui.formats.cells import is_number
from cmdm_tui.transfer.errors import ImportFileError
from cmdm_tui.transfer.source_table import (
    FileCell,
    SourceRow,
    SourceTable,
    SourceValue,
    Unreadable,
)

_BATCH_ROWS = 10_000
_FLOATS = {"FLOAT", "DOUBLE"}
_ZONED = "TIMESTAMP WITH TIME ZONE"
_WIDE = "DECIMAL of more than 38 digits"
"""The kind of a decimal that DuckDB can only read as a float, in place of `DOUBLE`."""
_AS_TEXT = ("VARCHAR", "UUID", "ENUM", "JSON")


@dataclass(frozen=True, slots=True)
class _Column:
    """A column as the file's schema has it; `is_decimal` is true of decimals of any width."""

    name: str
    is_decimal: bool


def read_parquet(path: Path) -> SourceTable:
    """Return the records of a Parquet file. Raises ImportFileError."""
    # DuckDB takes marks in a name for a pattern of names: it reads a link that has none of them.
    with tempfile.TemporaryDirectory(prefix="cmdm-import-") as folder:
        plain = Path(folder) / "rows.parquet"
        try:
            plain.symlink_to(path.resolve())
        except OSError:
            shutil.copyfile(path, plain)
        try:
            return _read(plain)
        except duckdb.Error:
            raise ImportFileError("The file is not a Parquet file that can be read") from None


def _read(path: Path) -> SourceTable:
    with duckdb.connect(config={"autoinstall_known_extensions": "false"}) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        source = f"read_parquet('{str(path).replace(chr(39), chr(39) * 2)}')"
        described = connection.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()  # noqa: S608
        columns = [(str(name), str(kind)) for name, kind, *_ in described]
        in_file = _read_columns(connection, path)
        kinds = [
            _WIDE if column.is_decimal and not kind.startswith("DECIMAL") else kind
            for column, (_, kind) in zip(in_file, columns, strict=True)
        ]
        picked = ", ".join(_select(name, kind) for name, kind in columns)
        result = connection.execute(f"SELECT {picked} FROM {source}")  # noqa: S608
        rows: list[SourceRow] = []
        while batch := result.fetchmany(_BATCH_ROWS):
            for values in batch:
                rows.append(SourceRow(len(rows) + 1, _make_cells(values, kinds)))
        return SourceTable("parquet", [one.name for one in in_file], rows, line_word="row")


def _select(name: str, kind: str) -> str:
    column = '"' + name.replace('"', '""') + '"'
    if kind == "DATE" or kind == "BOOLEAN" or (is_number(kind) and kind not in _FLOATS):
        return column
    if kind.startswith("TIMESTAMP"):
        return f"CAST({column} AS TIMESTAMP)"
    return f"CAST({column} AS VARCHAR)"


def _read_columns(connection: duckdb.DuckDBPyConnection, path: Path) -> list[_Column]:
    """Return the columns as the file has them: DuckDB renames one that occurs twice."""
    rows = connection.execute(
        "SELECT name, num_children, converted_type, logical_type FROM parquet_schema(?)",
        [str(path)],
    ).fetchall()
    schema = [
        (
            _Column(str(name), converted == "DECIMAL" or str(logical).startswith("DecimalType")),
            int(count or 0),
        )
        for name, count, converted, logical in rows
    ]
    children = [count for _, count in schema]
    columns: list[_Column] = []
    place = 1
    while place < len(schema):
        columns.append(schema[place][0])
        place = _skip_column(children, place)
    return columns


def _skip_column(children: Sequence[int], place: int) -> int:
    """Return the place after a column and all that is nested in it."""
    waiting = 1
    while waiting:
        waiting += children[place] - 1
        place += 1
    return place


def _make_cells(values: Sequence[object], kinds: Sequence[str]) -> list[FileCell]:
    return [
        FileCell(_to_source(value, kind), is_exact=True)
        for value, kind in zip(values, kinds, strict=True)
    ]


def _to_source(value: object, kind: str) -> SourceValue:
    match value:
        case None | bool():
            return value
        case Decimal():
            return _drop_zeros(value)
        case int():
            return Decimal(value)
        case datetime():
            return value.replace(tzinfo=UTC) if kind == _ZONED else value
        case date():
            return value
        case str() if kind == _WIDE:
            return Unreadable(
                "a decimal of more than 38 digits cannot be read exactly; save the column as text",
                f"about {value}",
            )
        case str() if kind in _FLOATS:
            return _to_decimal(value)
        case str() if kind.startswith(_AS_TEXT) and not kind.endswith("]"):
            return value
        case _:
            return Unreadable(f"a value of the type {kind[:40]}, not text", str(value)[:400])


def _drop_zeros(number: Decimal) -> Decimal:
    """Return a number without the zeros that the column's scale puts behind each of them."""
    text = f"{number:f}"
    return Decimal(text.rstrip("0").rstrip(".")) if "." in text else number


def _to_decimal(text: str) -> SourceValue:
    try:
        number = Decimal(text)
    except InvalidOperation:
        number = Decimal("NaN")
    return number if number.is_finite() else Unreadable(f"{text} is not a number", text)
