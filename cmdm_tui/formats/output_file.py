"""Writes a complete result to a file, in the format that the file's name asks for."""

import contextlib
import errno
import os
import tempfile
from collections.abc import Generator, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Protocol, cast

from cmdm_tui.formats.row_writer import OutputColumn, OutputRow, ResultMark, withholds_rows
from cmdm_tui.text import one_line

if TYPE_CHECKING:
    from cmdm_tui.formats import Format

SUFFIXES: dict[str, "Format"] = {
    ".json": "json",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".csv": "csv",
    ".tsv": "tsv",
    ".tab": "tsv",
    ".md": "markdown",
    ".parquet": "parquet",
    ".txt": "table",
    ".xlsx": "xlsx",
}
"""The formats by file suffix."""

_BATCH_ROWS = 10_000


class BatchedRows(Protocol):
    """A result that can be read in batches."""

    @property
    def columns(self) -> Sequence[OutputColumn]:
        """The columns."""
        ...

    @property
    def mark(self) -> ResultMark:
        """What a reader must know of it."""
        ...

    @property
    def has_partial_values(self) -> bool:
        """Whether values of its rows are computed over part of the records."""
        ...

    def batches(self, size: int = ..., /) -> Iterator[Sequence[OutputRow]]:
        """Yield the rows, `size` at a time."""
        ...


class UnknownEnding(ValueError):
    """A file's ending names no format; `str()` is a sentence that names those known."""


def format_of_file(file: Path) -> "Format":
    """Return the format that the file's name asks for; JSON for a device or a pipe.

    Raises UnknownEnding.
    """
    form = SUFFIXES.get(file.suffix.casefold())
    if form is not None:
        return form
    if not file.suffix and file.exists() and not file.is_file() and not file.is_dir():
        return "json"
    name = one_line(file.name, 100)
    what = f"The ending of {name}" if file.suffix else f"{name} has no ending, which"
    verb = "names no format" if file.suffix else "would name the format"
    raise UnknownEnding(f"{what} {verb}: known are {', '.join(SUFFIXES)}.")


def write_result(result: BatchedRows, name: str) -> "Format":
    """Write all rows to the named file, whole or not at all; return the format used.

    See `withholds_rows` for a result that gives none.

    Raises UnknownEnding, MissingExtra, and OSError where it cannot be written.
    """
    from cmdm_tui.formats import create_writer

    file = Path(name).expanduser()
    form = format_of_file(file)
    with open_replacement(file) as sink:
        writing = create_writer(form, sink)
        writing.begin(result.columns)
        if not withholds_rows(result, form):
            for rows in result.batches(_BATCH_ROWS):
                writing.write_rows(rows)
        writing.end(result.mark)
    return form


@contextlib.contextmanager
def open_replacement(file: Path) -> Generator[BinaryIO]:
    """Open a temporary file that replaces `file` when the block succeeds and is deleted otherwise.

    A link stays, and its target is replaced; a device or a pipe is written to directly. Raises
    OSError where it cannot be written.
    """
    if file.exists() and not file.is_file():
        with file.open("wb") as sink:
            yield sink
        return
    file = file.resolve()
    with tempfile.NamedTemporaryFile(
        dir=file.absolute().parent, prefix=f".{file.name[:40]}.", delete=False
    ) as made:
        temporary = Path(made.name)
        try:
            yield cast("BinaryIO", made)
            made.close()
            _set_default_mode(temporary)
            temporary.replace(file)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise


def try_replacement(file: Path) -> None:
    """Raise OSError where `open_replacement` cannot write the file, which stays as it is."""
    if file.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(file))
    if file.exists() and not file.is_file():
        if not os.access(file, os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(file))
        return
    with tempfile.TemporaryFile(dir=file.resolve().parent):
        pass


def _set_default_mode(file: Path) -> None:
    """Give a temporary file, private to its owner, the permissions of any new file."""
    mask = os.umask(0)
    os.umask(mask)
    file.chmod(0o666 & ~mask)
