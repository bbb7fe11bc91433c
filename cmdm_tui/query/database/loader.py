"""Loads records into DuckDB: a column of values at a time, as JSON, without a file."""

import json
import re
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Any

import msgspec

from cmdm_tui.api import Record
from cmdm_tui.query.collation.macros import special_characters
from cmdm_tui.query.database.casts import (
    Digits,
    LoadedValues,
    parse_value,
    plain_text,
    storage_sql,
)
from cmdm_tui.query.database.duckdb_session import BATCH_TABLE, DuckDBSession, storage_name
from cmdm_tui.query.errors import SqlError
from cmdm_tui.query.model import EXTERNAL_ID, Column, ColumnKind, Table
from cmdm_tui.query.parsing.identifiers import SCHEMA, quote_identifier

_TEXT_TYPES = {str, type(None)}
_MOST_DIGITS = 100
_FEW_ROWS = 200
_MEASURED_AT_ONCE = 50


def column_texts(records: Iterable[Record], columns: Sequence[Column]) -> list[list[str | None]]:
    """Return the records' values as text, column by column.

    Text is unchanged, numbers are written without an exponent, dates and times in the form that
    DuckDB casts, nested values become JSON text.
    """
    records = tuple(records)
    lists: list[list[str | None]] = []
    for column in columns:
        if column.field == EXTERNAL_ID:
            values: list[Any] = [record.external_id for record in records]
        else:
            values = [record.properties.get(column.field) for record in records]
        if not set(map(type, values)) <= _TEXT_TYPES:
            values = [value_text(value) for value in values]
        if column.kind is ColumnKind.NUMBER:
            values = [_write_out_exponent(value) for value in values]
        elif column.kind in {ColumnKind.DATE, ColumnKind.DATETIME}:
            values = [plain_text(column.kind, value) for value in values]
        lists.append(values)
    return lists


def value_text(value: Any) -> str | None:
    """Return a value of a response as text; values that are not text are written as JSON."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal) and abs(value.adjusted()) < _MOST_DIGITS:
        return format(value, "f")
    if isinstance(value, int | float | Decimal | date):
        return str(value)
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str)


def _write_out_exponent(text: str | None) -> str | None:
    if text is None or ("e" not in text and "E" not in text) or len(text) > _MOST_DIGITS:
        return text
    try:
        number = Decimal(text)
    except ArithmeticError:
        return text
    if not number.is_finite():
        return text
    # A number of so many digits fits no column.
    return format(number, "f") if abs(number.adjusted()) < _MOST_DIGITS else f"{text}?"


class RecordLoader:
    """Loads the records of one entity into a session's table, and measures their values."""

    def __init__(self, session: DuckDBSession, table: Table, columns: Sequence[Column]) -> None:
        self._session = session
        self._table = table
        self.columns = tuple(columns)
        self.values = LoadedValues()
        self.rows = 0
        self.holds_special = False
        for column in self.columns:
            if column.kind is ColumnKind.NUMBER:
                self.values.digits[column.name] = Digits()

    def load(self, lists: Sequence[Sequence[str | None]]) -> None:
        """Add records, given as columns of text; call it on the session's thread."""
        self.rows += len(lists[0])
        if len(lists[0]) <= _FEW_ROWS:
            try:
                self._load_few(lists)
            except SqlError:
                self._load_many(lists)
        else:
            self._load_many(lists)

    def _load_few(self, lists: Sequence[Sequence[str | None]]) -> None:
        """Add a few records: their values are read here, in no statement of an expression each.

        DuckDB compiles each expression, which takes longer than to read a few values. Raises
        SqlError, and adds none, where it does not take what fits.
        """
        fitting: list[Sequence[str | None]] = []
        measured: list[tuple[Column, int, int, int]] = []
        for column, texts in zip(self.columns, lists, strict=True):
            if column.kind is ColumnKind.TEXT:
                fitting.append(texts)
                continue
            there = [text for text in texts if text is not None]
            good = {text for text in there if parse_value(column.kind, text) is not None}
            failed = sum(text not in good for text in there)
            fitting.append([text if text in good else None for text in texts] if failed else texts)
            measured.append((column, failed, *Digits.measure(good)))
        self._session.execute(
            f"INSERT INTO {SCHEMA}.{storage_name(self._table)} {self._unnested}",
            [self._encode(fitting)],
        )
        for each in measured:
            self._add_measures(*each)

    def _load_many(self, lists: Sequence[Sequence[str | None]]) -> None:
        self._session.execute(
            f"CREATE OR REPLACE TEMP TABLE {BATCH_TABLE} AS {self._unnested}",
            [self._encode(lists)],
        )
        typed = [
            (n, column)
            for n, column in enumerate(self.columns, 1)
            if column.kind is not ColumnKind.TEXT
        ]
        for start in range(0, len(typed), _MEASURED_AT_ONCE):
            self._measure_columns(typed[start : start + _MEASURED_AT_ONCE])
        values = ", ".join(
            storage_sql(column.kind, f"c{n}") for n, column in enumerate(self.columns, 1)
        )
        self._session.execute(
            f"INSERT INTO {SCHEMA}.{storage_name(self._table)} SELECT {values} FROM {BATCH_TABLE}"
        )

    @property
    def _unnested(self) -> str:
        """The SQL that makes rows of the columns that its parameter holds as JSON."""
        texts = ", ".join(f"unnest(r[{n}]) AS c{n}" for n in range(1, len(self.columns) + 1))
        return f"""SELECT {texts} FROM (SELECT from_json($1, '[["VARCHAR"]]') AS r)"""

    def _encode(self, lists: Sequence[Sequence[str | None]]) -> str:
        """Return the columns to load as JSON, and note the special characters in them."""
        content = _encode(lists)
        self.holds_special = self.holds_special or _special_pattern().search(content) is not None
        return content

    def show_loaded(self, since: int | None = None) -> None:
        """Show the loaded rows in the entity's view, from an index on; for the session's thread."""
        self._count_long_numbers()
        self._session.show_loaded(self._table, self.columns, self.values, since=since)

    def _count_long_numbers(self) -> None:
        """Count the numbers that have too many digits for the DECIMAL of their column."""
        for name, digits in self.values.digits.items():
            if not digits.holds_all:
                counted = digits.count_misfits_sql(quote_identifier(name))
                where = f"{SCHEMA}.{storage_name(self._table)}"
                ((self.values.too_long[name],),) = self._session.execute(
                    f"SELECT {counted} FROM {where}"
                )

    def _measure_columns(self, typed: Sequence[tuple[int, Column]]) -> None:
        """Count the values that do not fit their type, and the digits of the numbers.

        DuckDB takes quadratic time for very many expressions in one statement.
        """
        values = [f"{storage_sql(column.kind, f'c{n}')} AS v{n}" for n, column in typed]
        measures: list[str] = []
        for n, column in typed:
            is_number = column.kind is ColumnKind.NUMBER
            measures.append(f"count(c{n}) - count(v{n})")
            measures += Digits.measure_sql(f"v{n}") if is_number else ("0", "0")
        (found,) = self._session.execute(
            f"SELECT {', '.join(measures)} FROM (SELECT *, {', '.join(values)} FROM {BATCH_TABLE})"
        )
        for index, (_, column) in enumerate(typed):
            self._add_measures(column, *found[3 * index : 3 * index + 3])

    def _add_measures(
        self, column: Column, failed: int, before: int | None, after: int | None
    ) -> None:
        if failed:
            name = column.name
            self.values.failed_casts[name] = self.values.failed_casts.get(name, 0) + failed
        if column.kind is ColumnKind.NUMBER:
            self.values.digits[column.name].widen(before, after)


@cache
def _special_pattern() -> re.Pattern[str]:
    """Return what finds the characters that `lower()` folds differently from the account's order.

    It searches a batch at once: in DuckDB, an expression a column takes a second for 2,000 of them.
    """
    return re.compile(f"[{special_characters()}]")


def _encode(lists: Sequence[Sequence[str | None]]) -> str:
    try:
        return msgspec.json.encode(lists).decode()
    except (UnicodeEncodeError, ValueError):
        whole = [
            [None if value is None else replace_surrogates(value) for value in one] for one in lists
        ]
        return msgspec.json.encode(whole).decode()


def replace_surrogates(text: str) -> str:
    """Return the text with lone surrogates replaced: DuckDB cannot store them."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
