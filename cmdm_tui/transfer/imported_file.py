"""What came of a file: the records to write, those refused with the reason, and what to show."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from cmdm_tui.api.models import Field
from cmdm_tui.text import one_line
from cmdm_tui.transfer.import_options import BlankRule, ImportMode

_NO_TEXTS: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class ImportedRow:
    """One record of a file that can be written: `properties` are wire values by field.

    A field that is neither there nor in `blanks` is not in the file. `key` is the value of the key
    field, None where it is blank or no key is wanted. `number` counts the file's records, from 0.
    `texts` are the cells of the columns that are linked with another file, by header, and `awaited`
    the fields that get the id of a record of that file.
    """

    line: int
    properties: Mapping[str, str]
    blanks: frozenset[str] = frozenset()
    key: str | None = None
    number: int = 0
    texts: Mapping[str, str] = field(default_factory=lambda: _NO_TEXTS)
    awaited: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """One record of a file that is not written, and why.

    `column` is the header at fault, None where no one column is; `cells` are its texts by header.
    """

    line: int
    column: str | None
    reason: str
    cells: Mapping[str, str] = field(default_factory=lambda: _NO_TEXTS)


@dataclass(frozen=True, slots=True)
class DetectedForm:
    """How the file was read. `columns` takes each header to its field, None for one left out."""

    format: str
    header_line: int | None = None
    encoding: str | None = None
    delimiter: str | None = None
    quote: str | None = None
    line_end: str | None = None
    sheet: str | None = None
    columns: Mapping[str, str | None] = field(
        default_factory=lambda: MappingProxyType(dict[str, str | None]())
    )


@dataclass(frozen=True, slots=True)
class ImportedFile:
    """A file read to its end, in its own order. `told` are the sentences of its preview.

    `line_word` is what `line` counts: lines of a text, rows of a sheet or of Parquet.
    """

    entity: str
    name: str
    mode: ImportMode
    blank: BlankRule
    fields: tuple[Field, ...]
    rows: tuple[ImportedRow, ...]
    refused: tuple[RefusedRow, ...]
    detected: DetectedForm
    told: tuple[str, ...]
    key: str | None = None
    line_word: str = "line"
    is_named: bool = False
    """Whether a line of it is named with the file, as several files are imported together."""
    line_names: Mapping[int, str] = field(default_factory=dict[int, str])
    """The names of records that come from no file, by line."""

    def name_line(self, line: int) -> str:
        """Return where a record comes from, as in `line 3` or `contact.csv line 3`."""
        if line in self.line_names:
            return self.line_names[line]
        of = f"{one_line(self.name, 60)} " if self.is_named else ""
        return f"{of}{self.line_word} {line}"
