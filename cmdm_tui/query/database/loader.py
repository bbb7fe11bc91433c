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
from cmdm_tui.query.database.iso_times import are_plain
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
    DuckDB casts, nested values become JSON text. Columns of equal values may be the same list.
    """
    records = tuple(records)
    known: dict[str, list[str | None]] = {}
    lists: list[list[str | None]] = []
    for column in columns:
        values = known.get(column.field)
        if values is None:
            values = known[column.field] = _field_texts(records, column.field)
        if column.kind is ColumnKind.NUMBER and _may_have_exponents(values):
            values = [_write_out_exponent(value) for value in values]
        elif column.kind in {ColumnKind.DATE, ColumnKind.DATETIME}:
            are_moments = column.kind is ColumnKind.DATETIME
            if not are_plain(values, are_moments=are_moments):
                values = [plain_text(column.kind, value) for value in values]
        lists.append(values)
    return lists


def _field_texts(records: Sequence[Record], name: str) -> list[str | None]:
    if name == EXTERNAL_ID:
        values: list[Any] = [record.external_id for record in records]
    else:
        values = [record.properties.get(name) for record in records]
    if not set(map(type, values)) <= _TEXT_TYPES:
        values = [value_text(value) for value in values]
    return values


def _may_have_exponents(values: Iterable[str | None]) -> bool:
    together = "".join(filter(None, values))
    return "e" in together or "E" in together


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
    """Loads the records of one entity into a session's table, and measures their values.

    The stored text of a number column is not stored twice, as long as the two are the same.
    """

    def __init__(self, session: DuckDBSession, table: Table, columns: Sequence[Column]) -> None:
        self._session = session
        self._table = table
        self.columns = tuple(columns)
        self.values = LoadedValues()
        self.rows = 0
        self.holds_special = False
        places = {column.name: place for place, column in enumerate(self.columns)}
        self._shared: dict[int, int] = {}
        """The places of columns of text that the number columns at these places hold too."""
        for place, column in enumerate(self.columns):
            if column.kind is ColumnKind.NUMBER:
                self.values.digits[column.name] = Digits()
            read = column.reads
            if read is None or read.name not in places:
                continue
            if (column.kind, read.kind) == (ColumnKind.TEXT, ColumnKind.NUMBER):
                self._shared[place] = places[read.name]

    def load(self, lists: Sequence[Sequence[str | None]]) -> None:
        """Add records, given as columns of text; call it on the session's thread."""
        self.rows += len(lists[0])
        self._divide([one for one, other in self._shared.items() if lists[one] is not lists[other]])
        if len(lists[0]) <= _FEW_ROWS:
            try:
                self._load_few(lists)
            except SqlError:
                self._load_many(lists)
        else:
            self._load_many(lists)

    def _divide(self, places: Iterable[int]) -> None:
        """Store the text at these places on its own from now on."""
        for place in places:
            text = quote_identifier(self.columns[place].name)
            number = quote_identifier(self.columns[self._shared.pop(place)].name)
            where = f"{SCHEMA}.{storage_name(self._table)}"
            self._session.execute(f"UPDATE {where} SET {text} = {number}")

    def _load_few(self, lists: Sequence[Sequence[str | None]]) -> None:
        """Add a few records: their values are read here, in no statement of an expression each.

        DuckDB compiles each expression, which takes longer than to read a few values. Raises
        SqlError, and adds none, where it does not take what fits.
        """
        fitting = list(lists)
        measured: list[tuple[Column, int, int, int]] = []
        misfits = set[int]()
        for place, column in enumerate(self.columns):
            if column.kind is ColumnKind.TEXT:
                continue
            there = [text for text in lists[place] if text is not None]
            good = {text for text in there if parse_value(column.kind, text) is not None}
            failed = sum(text not in good for text in there)
            if failed:
                fitting[place] = [text if text in good else None for text in lists[place]]
                misfits.add(place)
            measured.append((column, failed, *Digits.measure(good)))
        self._divide([one for one, other in self._shared.items() if other in misfits])
        stored = [place for place in range(len(lists)) if place not in self._shared]
        self._insert(stored, _unnested(stored), [self._encode([fitting[one] for one in stored])])
        for each in measured:
            self._add_measures(*each)

    def _load_many(self, lists: Sequence[Sequence[str | None]]) -> None:
        held = dict(self._shared)
        given = [place for place in range(len(lists)) if place not in held]
        self._session.execute(
            f"CREATE OR REPLACE TEMP TABLE {BATCH_TABLE} AS {_unnested(given)}",
            [self._encode([lists[place] for place in given])],
        )
        typed = [place for place in given if self.columns[place].kind is not ColumnKind.TEXT]
        misfits = set[int]()
        for start in range(0, len(typed), _MEASURED_AT_ONCE):
            misfits |= self._measure_columns(typed[start : start + _MEASURED_AT_ONCE])
        self._divide([one for one, other in self._shared.items() if other in misfits])
        stored = [place for place in range(len(lists)) if place not in self._shared]
        values = (
            storage_sql(self.columns[place].kind, f"c{held.get(place, place)}") for place in stored
        )
        self._insert(stored, f"SELECT {', '.join(values)} FROM {BATCH_TABLE}")

    def _insert(self, places: Sequence[int], sql: str, parameters: Sequence[str] = ()) -> None:
        names = ", ".join(quote_identifier(self.columns[place].name) for place in places)
        where = f"{SCHEMA}.{storage_name(self._table)}"
        self._session.execute(f"INSERT INTO {where} ({names}) {sql}", parameters)

    def _encode(self, lists: Sequence[Sequence[str | None]]) -> str:
        """Return the columns to load as JSON, and note the special characters in them."""
        content = _encode(lists)
        if not self.holds_special and not content.isascii():
            self.holds_special = _special_pattern().search(content) is not None
        return content

    def show_loaded(self, since: int | None = None) -> None:
        """Show the loaded rows in the entity's view, from an index on; for the session's thread."""
        self._count_long_numbers()
        shared = {
            self.columns[text].name: self.columns[number].name
            for text, number in self._shared.items()
        }
        self._session.show_loaded(
            self._table, self.columns, self.values, shared=shared, since=since
        )

    def _count_long_numbers(self) -> None:
        """Count the numbers that have too many digits for the DECIMAL of their column."""
        for name, digits in self.values.digits.items():
            if not digits.holds_all:
                counted = digits.count_misfits_sql(quote_identifier(name))
                where = f"{SCHEMA}.{storage_name(self._table)}"
                ((self.values.too_long[name],),) = self._session.execute(
                    f"SELECT {counted} FROM {where}"
                )

    def _measure_columns(self, places: Sequence[int]) -> set[int]:
        """Count the values that do not fit their type, and the digits of the numbers.

        Returns the places of columns with values that do not fit. DuckDB takes quadratic time for
        very many expressions in one statement.
        """
        values: list[str] = []
        measures: list[str] = []
        for place in places:
            kind = self.columns[place].kind
            values.append(f"{storage_sql(kind, f'c{place}')} AS v{place}")
            measures.append(f"count(c{place}) - count(v{place})")
            is_number = kind is ColumnKind.NUMBER
            measures += Digits.measure_sql(f"v{place}") if is_number else ("0", "0")
        (found,) = self._session.execute(
            f"SELECT {', '.join(measures)} FROM (SELECT *, {', '.join(values)} FROM {BATCH_TABLE})"
        )
        for index, place in enumerate(places):
            self._add_measures(self.columns[place], *found[3 * index : 3 * index + 3])
        return {place for index, place in enumerate(places) if found[3 * index]}

    def _add_measures(
        self, column: Column, failed: int, before: int | None, after: int | None
    ) -> None:
        if failed:
            name = column.name
            self.values.failed_casts[name] = self.values.failed_casts.get(name, 0) + failed
        if column.kind is ColumnKind.NUMBER:
            self.values.digits[column.name].widen(before, after)


def _unnested(places: Sequence[int]) -> str:
    """Return the SQL that makes rows of the columns that its parameter holds as JSON."""
    texts = ", ".join(f"unnest(r[{n}]) AS c{place}" for n, place in enumerate(places, 1))
    return f"""SELECT {texts} FROM (SELECT from_json($1, '[["VARCHAR"]]') AS r)"""


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
