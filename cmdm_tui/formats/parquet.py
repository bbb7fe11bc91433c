"""Writes Parquet through DuckDB: rows are buffered in a text file and typed when it is written.

The file is temporary, so memory does not grow with the result.
"""

import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path

import duckdb
import msgspec

from cmdm_tui.formats.cells import exact_text, is_number
from cmdm_tui.formats.row_writer import (
    ByteSink,
    OutputColumn,
    OutputRow,
    ResultMark,
    unique_names,
)

_CHUNK_SIZE = 1 << 20
_SIMPLE = {"VARCHAR", "BOOLEAN", "DATE", "TIME", "TIMESTAMP", "TIMESTAMP WITH TIME ZONE", "UUID"}
_WIDE = frozenset({"HUGEINT", "UHUGEINT"})
_TOO_WIDE = 10**38
_LONGEST_ROW = 1 << 30
_SECONDS_BETWEEN_LOOKS = 0.1
"""On Windows a wait hears Ctrl-C only when it ends."""


class ParquetWriter:
    """Writes a Parquet file, whole, at the end.

    Whole numbers wider than 64 bits become DECIMAL(38,0), which Parquet knows, where all of them
    fit, else text; lists and structs become their JSON text.
    """

    def __init__(self, sink: ByteSink) -> None:
        self._sink = sink
        self._folder = tempfile.TemporaryDirectory(prefix="cmdm-parquet-")
        self._rows = Path(self._folder.name) / "rows"
        self._waiting = self._rows.open("wb")
        self._columns: list[tuple[str, str]] = []
        self._wide: list[int] = []
        """The indexes of columns whose whole numbers may be too wide for a decimal."""

    def begin(self, columns: Sequence[OutputColumn]) -> None:
        """Take the columns."""
        types = (_parquet_type(column.type) for column in columns)
        self._columns = list(zip(unique_names(columns), types, strict=True))
        self._wide = [place for place, one in enumerate(columns) if one.type in _WIDE]

    def write_rows(self, rows: Sequence[OutputRow]) -> None:
        """Buffer some rows."""
        for row in rows:
            for place in self._wide:
                self._widen(place, row[place])
            texts = [None if value is None else exact_text(value) for value in row]
            self._waiting.write(msgspec.json.encode(texts) + b"\n")

    def end(self, mark: ResultMark = "") -> None:  # noqa: ARG002 — no place for it
        """Write the file."""
        self._waiting.close()
        with self._folder:
            made = Path(self._folder.name) / "made"
            self._write_parquet(made)
            with made.open("rb") as file:
                while piece := file.read(_CHUNK_SIZE):
                    self._sink.write(piece)

    def discard(self) -> None:
        """Delete the buffered rows; nothing is written."""
        self._waiting.close()
        self._folder.cleanup()

    @property
    def notes(self) -> tuple[str, ...]:
        """No notes: nothing is left out."""
        return ()

    def _widen(self, place: int, value: object) -> None:
        if isinstance(value, int) and abs(value) >= _TOO_WIDE:
            name, _ = self._columns[place]
            self._columns[place] = (name, "VARCHAR")

    def _write_parquet(self, made: Path) -> None:
        picked = ", ".join(
            f"CAST(row[{place}] AS {kind}) AS {_quote_identifier(name)}"
            for place, (name, kind) in enumerate(self._columns, 1)
        )
        source = (
            f"read_json(?, format = 'newline_delimited', records = false, "
            f"columns = {{row: 'VARCHAR[]'}}, maximum_object_size = {_LONGEST_ROW})"
        )
        with duckdb.connect(config={"autoinstall_known_extensions": "false"}) as connection:
            connection.execute("SET TimeZone = 'UTC'")
            _execute_interruptibly(
                connection,
                f"COPY (SELECT {picked} FROM {source}) "  # noqa: S608 — names are quoted
                f"TO '{str(made).replace(chr(39), chr(39) * 2)}' (FORMAT parquet)",
                [str(self._rows)],
            )


def _execute_interruptibly(
    connection: duckdb.DuckDBPyConnection, sql: str, parameters: list[str]
) -> None:
    """Run a statement on another thread: while DuckDB works, this one would hear no Ctrl-C."""
    with ThreadPoolExecutor(1, "cmdm-parquet") as threads:
        running = threads.submit(connection.execute, sql, parameters)
        try:
            while not running.done():
                wait([running], _SECONDS_BETWEEN_LOOKS)
        except BaseException:
            connection.interrupt()
            raise
        running.result()


def _parquet_type(name: str) -> str:
    if name in _WIDE:
        return "DECIMAL(38,0)"
    return name if name in _SIMPLE or is_number(name) else "VARCHAR"


def _quote_identifier(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
