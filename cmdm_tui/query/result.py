"""A query's result: typed rows, with notes and cost. Working with it makes no call."""

import itertools
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import duckdb
from msgspec import Struct, field
from msgspec.structs import replace

from cmdm_tui.api import ApiError
from cmdm_tui.query.database.duckdb_errors import describe_error
from cmdm_tui.query.database.duckdb_session import DuckDBSession, RowValues
from cmdm_tui.query.database.python_values import Described, PythonValues
from cmdm_tui.query.errors import NotInstalled, QueryError, UnknownName
from cmdm_tui.query.model import Cost, ResultColumn
from cmdm_tui.query.parsing.identifiers import nearest_names, quote_identifier
from cmdm_tui.query.row_selection import RowSelection
from cmdm_tui.text import one_line

if TYPE_CHECKING:
    import polars

RESULT_TABLE = 'temp."\x01result"'
"""The table of a result's rows; no entity has this name."""

Converted = TypeVar("Converted")

_BATCH_ROWS = 10_000
_MOST_NAMES = 5
_NAME_LENGTH = 80
_TABLE_NUMBERS = itertools.count(1)


class Stats(Struct, frozen=True):
    """What a run cost. `calls_*` count every call except sign-in; `ms` is wall-clock time.

    `calls_low` and `calls_high` are what the plan predicted from the totals that the service had
    stated. Where these, or the size of a page, have proved wrong, where a call was sent again or
    the run was stopped, they reach as far as the calls that were used.
    """

    plan: str
    calls_low: int
    calls_high: int
    calls_used: int
    rows: int
    ms: float


class Notes(Struct, frozen=True):
    """What a reader must know about a result.

    `failed_casts` counts, by `entity.column`, the values that do not fit their column's type and
    show as null; `unread` those of text that the query reads as a number, date, time or boolean and
    that are none; `inferred` names the columns whose type no one declared, so that they are text;
    `messages` are whole sentences: changes noticed, uncertainties.
    """

    source: Literal["live", "partial"] = "live"
    failed_casts: dict[str, int] = field(default_factory=dict[str, int])
    unread: dict[tuple[str, str], int] = field(default_factory=dict[tuple[str, str], int])
    """By `entity.column` and the word for what it is read as."""
    unread_values: dict[str, int] = field(default_factory=dict[str, int])
    """How often text that the query computes could not be read, by the word for that kind."""
    inferred: tuple[str, ...] = ()
    shortfalls: tuple[str, ...] = ()
    """Sentences on records that the service counts and that never came."""
    messages: tuple[str, ...] = ()
    is_unsure: bool = False
    """Whether the likely order of a field was taken for the service's, as the caller asked."""
    combines_records: bool = False
    """Whether values are computed over several records: aggregates, groups, windows."""

    @property
    def sentences(self) -> tuple[str, ...]:
        """All notes as sentences, one a line."""
        sentences: list[str] = []
        sentences += [f"The result is partial: {one}" for one in self.shortfalls]
        if self.source == "partial" and not self.shortfalls:
            sentences.append("The result is partial: the run stopped before all records were read.")
        if self.is_unsure:
            sentences.append("The result is unsure: the service may sort in another order.")
        sentences += _some(
            [
                f"{count:,} {'value' if count == 1 else 'values'} of {_shown(name)} "
                f"{'is' if count == 1 else 'are'} not of the column's type and "
                f"{'shows' if count == 1 else 'show'} as null; "
                f"CAST({_shown(name.partition('.')[2])} AS VARCHAR) gives the stored text."
                for name, count in self.failed_casts.items()
            ]
        )
        sentences += _some(
            [
                f"{count:,} {'value' if count == 1 else 'values'} of {_shown(name)} cannot be read "
                f"as a {kind}, and {'counts' if count == 1 else 'count'} as null there."
                for (name, kind), count in self.unread.items()
            ]
        )
        sentences += [
            f"Text that the query computes could not be read as a {kind} {count:,} "
            f"{'time' if count == 1 else 'times'}, and counts as null there."
            for kind, count in self.unread_values.items()
        ]
        if self.inferred:
            more = len(self.inferred) - _MOST_NAMES
            names = ", ".join(map(_shown, self.inferred[:_MOST_NAMES]))
            names += f" and {more:,} more" if more > 0 else ""
            sentences.append(f"Read as text, as no type is known: {names}.")
        return (*sentences, *self.messages)


def _shown(name: str) -> str:
    return one_line(name, _NAME_LENGTH)


def _some(sentences: list[str]) -> list[str]:
    """Return the first sentences of a kind, and one that counts the others."""
    left = len(sentences) - _MOST_NAMES
    if left <= 1:
        return sentences
    return [*sentences[:_MOST_NAMES], f"The same is so of {left:,} more columns."]


class QueryResult:
    """Rows kept in DuckDB: sorting, reformatting and exporting them costs no call.

    Values are str, Decimal, int, float, bool, date, datetime and None, or what else DuckDB
    computes, such as lists and dictionaries. A DateTime field is a datetime in UTC that says so; a
    datetime without a zone is a local time that the query asked for. Close it to free the rows.
    """

    def __init__(
        self,
        session: DuckDBSession,
        columns: Sequence[ResultColumn],
        *,
        count: int,
        notes: Notes,
        stats: Stats,
        table: str = RESULT_TABLE,
        resumption: object = None,
        limit: ApiError | None = None,
        described: Described | None = None,
    ) -> None:
        self._session = session
        self.columns = tuple(columns)
        shown = tuple((one.name, one.type) for one in self.columns)
        self._described = described or Described(shown)
        self.count = count
        self.notes = notes
        self.stats = stats
        self._table = table
        self.resumption = resumption
        """What `Engine.resume` continues with; None where the result is complete."""
        self.limit = limit
        """What the service said where the hour's or the month's limit ended the run, else None."""

    @property
    def partial(self) -> bool:
        """Whether the run stopped before all records had come, or some never came."""
        return self.notes.source == "partial"

    @property
    def has_partial_values(self) -> bool:
        """Whether values of its rows are computed over part of the records, such as a count."""
        return self.partial and self.notes.combines_records

    @property
    def unsure(self) -> bool:
        """Whether the likely order of a field was taken for the service's, as the caller asked."""
        return self.notes.is_unsure

    @property
    def mark(self) -> Literal["", "partial", "unsure"]:
        """The mark of a document that shows the result, see `cmdm_tui.formats`."""
        if self.partial:
            return "partial"
        return "unsure" if self.unsure else ""

    @property
    def cost(self) -> Cost:
        """The cost that the plan predicted, so far as what it knew has held; see `Stats`."""
        return Cost(self.stats.calls_low, self.stats.calls_high)

    @cached_property
    def rows(self) -> list[RowValues]:
        """All rows, in order."""
        return [row for batch in self.batches() for row in batch]

    def __len__(self) -> int:
        return self.count

    def __iter__(self) -> Iterator[RowValues]:
        for batch in self.batches():
            yield from batch

    def batches(self, size: int = _BATCH_ROWS) -> Iterator[list[RowValues]]:
        """Yield the rows in order, `size` at a time, without holding all of them in memory."""
        shown = self._values.shown_sql
        for rows in self._session.read_batches(self._table, shown, size):
            yield self._values.convert(rows)

    async def read_rows(self, first: int, count: int) -> list[RowValues]:
        """Return `count` rows from position `first`, fewer where the result ends; makes no call."""
        return await self.run(lambda: self._read_rows(first, count))

    async def run(self, work: Callable[[], Converted]) -> Converted:
        """Do work on the rows in their own thread, so that no other work meets it there.

        A task that is cancelled meanwhile interrupts it.
        """
        return await self._session.run(work)

    def _read_rows(self, first: int, count: int) -> list[RowValues]:
        rows = self._session.read_range(self._table, self._values.shown_sql, first, count)
        return self._values.convert(rows)

    @cached_property
    def _values(self) -> PythonValues:
        return PythonValues(self._described)

    def find_column(self, name: str) -> int:
        """Return the place of a column, from 0, in any case of its name. Raises UnknownName."""
        names = [column.name for column in self.columns]
        if name in names:
            return names.index(name)
        folded = [one.casefold() for one in names]
        if name.casefold() in folded:
            return folded.index(name.casefold())
        raise UnknownName("column", name, nearest_names(name, names), of="the result")

    def sorted_by(self, name: str, *, descending: bool = False) -> "QueryResult":
        """Return the same rows in another order, by the account's rules; makes no call.

        Raises UnknownName for a column that the result does not have.
        """
        return self._select(RowSelection(order=self.find_column(name), is_descending=descending))

    async def select(self, selection: RowSelection) -> "QueryResult":
        """Return some of the rows and columns, as `selection` says; makes no call.

        Raises SqlError for a condition that cannot be run. A task that is cancelled meanwhile ends
        it. The rows are copies, which `discard` frees.
        """
        return await self._session.run(self._select, selection)

    async def discard(self) -> None:
        """Free the rows of a result that was made of another; those of a query stay."""
        if self._table != RESULT_TABLE:
            await self._session.run(self._session.execute, f"DROP TABLE IF EXISTS {self._table}")

    def _select(self, selection: RowSelection) -> "QueryResult":
        table = f'temp."\x01selected {next(_TABLE_NUMBERS)}"'
        self._session.execute(
            f"CREATE TEMP TABLE {table} AS {selection.make_sql(self._table, self._described)}"
        )
        ((count,),) = self._session.execute(f"SELECT count(*) FROM {table}")
        places = selection.places
        made = self._copy(self.notes, table)
        made.count, made.stats = count, replace(self.stats, rows=count)
        if places is not None:
            made.columns = tuple(self.columns[place] for place in places)
            made._described = self._described.choose(places)  # noqa: SLF001 - of this class
        return made

    async def sort(self, name: str, *, descending: bool = False) -> "QueryResult":
        """Return what `sorted_by` returns; a task that is cancelled meanwhile ends the sorting."""
        return await self._session.run(partial(self.sorted_by, name, descending=descending))

    def to_arrow(self) -> Any:
        """Return a `pyarrow.Table`. Raises NotInstalled without pyarrow."""
        connection, sql = self._session.connection, self._named_sql
        return _convert(lambda: connection.sql(sql).to_arrow_table(), "pyarrow")

    def to_polars(self) -> "polars.DataFrame":
        """Return a Polars data frame. Raises NotInstalled without polars and pyarrow."""
        connection, sql = self._session.connection, self._named_sql
        return _convert(lambda: connection.sql(sql).pl(), "polars and pyarrow")

    def to_pandas(self) -> Any:
        """Return a `pandas.DataFrame`. Raises NotInstalled without pandas."""
        connection, sql = self._session.connection, self._named_sql
        return _convert(lambda: connection.sql(sql).df(), "pandas")

    def close(self) -> None:
        """Free the rows."""
        self._session.close()

    def __enter__(self) -> "QueryResult":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def _named_sql(self) -> str:
        columns = ", ".join(
            f"CAST(c{n} AS {one.type}) AS {quote_identifier(one.name)}"
            if "WITH TIME ZONE" in one.type
            else f"c{n} AS {quote_identifier(one.name)}"
            for n, one in enumerate(self.columns, 1)
        )
        return f"SELECT {columns} FROM {self._table} ORDER BY rowid"

    def _copy(self, notes: Notes, table: str) -> "QueryResult":
        return QueryResult(
            self._session,
            self.columns,
            count=self.count,
            notes=notes,
            stats=self.stats,
            table=table,
            resumption=self.resumption,
            limit=self.limit,
            described=self._described,
        )


def _convert(make: Callable[[], Converted], library: str) -> Converted:
    try:
        return make()
    except (ImportError, duckdb.InvalidInputException) as error:
        if isinstance(error, ImportError) or "ModuleNotFoundError" in str(error):
            message = f"The conversion needs {library}, which is not installed"
            raise NotInstalled(
                message, hint=f"pip install {library.split(maxsplit=1)[0]}"
            ) from None
        reason = describe_error(error).message
        raise QueryError(f"The result cannot be converted. {reason}") from error
