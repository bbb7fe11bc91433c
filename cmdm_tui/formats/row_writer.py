"""What every writer is: it takes the columns once, then rows as they come, then the end."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

OutputRow = Sequence[object]
"""The values of a row: str, bool, int, float, Decimal, date, datetime, None; rarely others."""


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
    """Where bytes go: a file, a pipe, a terminal."""

    def write(self, data: bytes, /) -> object:
        """Take all of `data`."""
        ...


class RowWriter(Protocol):
    """Writes one result, row after row, in one format."""

    def begin(self, columns: Sequence[OutputColumn]) -> None:
        """Write what stands before the rows. To be called once, first."""
        ...

    def write_rows(self, rows: Sequence[OutputRow]) -> None:
        """Write some rows, whole."""
        ...

    def end(self) -> None:
        """Write what stands behind the rows. What was written is a whole document only now."""
        ...

    @property
    def notes(self) -> tuple[str, ...]:
        """What a person should know of how it was written; to be asked for at the end."""
        ...


@dataclass(frozen=True, slots=True)
class OutputStyle:
    """Who reads what is written: a terminal of `width` columns, or a program, which is cut nothing.

    A terminal never gets a character that it would act on, in no format.
    """

    is_terminal: bool = False
    width: int | None = None
    has_colours: bool = False


PROGRAM_STYLE = OutputStyle()


def unique_names(columns: Iterable[OutputColumn]) -> tuple[str, ...]:
    """Return the columns' names, each once: `City`, `City_2`. Names may differ by case alone."""
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
