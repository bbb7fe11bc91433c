"""The interface of every writer: it takes the columns, then rows as they arrive, then the end."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

OutputRow = Sequence[object]
"""The values of a row: str, bool, int, float, Decimal, date, datetime, None; rarely others."""


ResultMark = Literal["", "partial", "unsure"]
"""What a reader of the document must know of a result: not all came; it may be another."""

MARK_NAME = "cmdm:result"
"""What the last line of marked JSON Lines has as its key, and the last item of JSON begins with."""

_MARK_SENTENCES: dict[ResultMark, str] = {
    "partial": "partial: not every record is in it",
    "unsure": "unsure: the service may sort in another order",
}


def describe_mark(mark: ResultMark) -> str:
    """Return the line below a marked result for a person; nothing without a mark."""
    return _MARK_SENTENCES.get(mark, "")


FORMATS_FOR_PEOPLE = frozenset({"table", "vertical", "markdown"})
"""The formats in which a line below the rows says what they are worth."""

WITHHELD = (
    "No row is written, as numbers over part of the records are not the answer; "
    "a table shows them, marked."
)


class MarkedResult(Protocol):
    """A result that knows what its rows are worth."""

    @property
    def has_partial_values(self) -> bool:
        """Whether values of its rows are computed over part of the records."""
        ...


def withholds_rows(result: MarkedResult | None, form: str) -> bool:
    """Return whether a format gets no row of a result: a program would take it for the answer."""
    return result is not None and result.has_partial_values and form not in FORMATS_FOR_PEOPLE


class OutputColumn(Protocol):
    """A column of a result: its name, and DuckDB's name of its type."""

    @property
    def name(self) -> str:
        """The name as the query gives it."""
        ...

    @property
    def type(self) -> str:
        """`VARCHAR`, `DECIMAL(18,2)`, `BIGINT` and so on."""
        ...


class ByteSink(Protocol):
    """A destination of bytes: a file, a pipe, a terminal."""

    def write(self, data: bytes, /) -> object:
        """Write all of `data`."""
        ...


class MissingExtra(Exception):
    """A format needs a library that is not installed; `str()` says how to install it."""


class RowWriter(Protocol):
    """Writes one result, row after row, in one format."""

    def begin(self, columns: Sequence[OutputColumn]) -> None:
        """Write what comes before the rows. Call it once, first."""
        ...

    def write_rows(self, rows: Sequence[OutputRow]) -> None:
        """Write some rows, whole."""
        ...

    def end(self, mark: ResultMark = "") -> None:
        """Write what comes after the rows. Only now is the output a whole document.

        A format with a place for it shows the mark: JSON in a last item, text in a last line.
        """
        ...

    @property
    def notes(self) -> tuple[str, ...]:
        """Notes for a person about how it was written; read them at the end."""
        ...


@dataclass(frozen=True, slots=True)
class OutputStyle:
    """Who reads the output: a terminal of `width` columns, or a program, for which nothing is cut.

    A terminal never gets a character that it would act on, in any format.
    """

    is_terminal: bool = False
    width: int | None = None
    has_colours: bool = False


PROGRAM_STYLE = OutputStyle()


def unique_names(columns: Iterable[OutputColumn]) -> tuple[str, ...]:
    """Return the columns' names made unique: `City`, `City_2`. Names may differ by case alone."""
    taken: set[str] = set()
    names: list[str] = []
    for column in columns:
        name, number = column.name, 1
        while name in taken:
            number += 1
            name = f"{column.name}_{number}"
        taken.add(name)
        names.append(name)
    return tuple(names)
