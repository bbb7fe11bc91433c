"""Takes the rows of a sheet or a delimited text apart: title lines, header, empty lines, records.

A record whose cells do not lie under their headers is a fault, whatever its values are.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from cmdm_tui.text import one_line
from cmdm_tui.transfer.errors import ImportFileError
from cmdm_tui.transfer.field_matcher import FieldMatcher
from cmdm_tui.transfer.source_table import FileCell, RowFault, SourceRow, source_text

_MOST_TITLE_LINES = 60
_FEW_CELLS = 2
_CELLS_SHOWN = 4
_TOTAL = re.compile(
    r"(grand |sub)?(totals?|sum|summe|gesamt|gesamtsumme|totaal|totale|somme|suma)"
    r"( (of|for|in)\b.*|\s*[:=(\d].*)?|\d+ (records?|rows?|entries|items)",
    re.IGNORECASE,
)
"""The first cell of a line of totals."""
_SHOWN = 40


@dataclass(frozen=True, slots=True)
class ShapedRows:
    """Rows taken apart: the headers, where they are, and the records below them."""

    headers: tuple[str, ...]
    header_line: int
    records: tuple[SourceRow, ...]
    notes: tuple[str, ...]


def shape_rows(
    rows: Sequence[SourceRow], matcher: FieldMatcher, wanted_line: int | None, line_word: str
) -> ShapedRows:
    """Return the rows as headers and records.

    Raises ImportFileError where there is no row, or the line wanted for the header has none.
    """
    place = _find_header(rows, matcher, wanted_line, line_word)
    header = rows[place]
    if header.fault is not None:
        raise ImportFileError(f"The header cannot be read: {header.fault.reason}", line=header.line)
    headers = tuple(source_text(cell.value) if cell else "" for cell in header.cells)
    notes: list[str] = []
    if place and wanted_line is None:
        above = [row.line for row in rows[:place]]
        lines = (
            f"{line_word} {above[0]} is not a record"
            if len(above) == 1
            else f"{line_word}s {above[0]} to {header.line - 1} are not records"
        )
        notes.append(f"The header is in {line_word} {header.line}; {lines}")
    records = [row for row in rows[place + 1 :] if row.fault or not _is_empty(row)]
    empty = len(rows) - place - 1 - len(records)
    if empty:
        notes.append(f"{empty:,} empty {line_word}{'' if empty == 1 else 's'} skipped")
    checked = tuple(_check_shape(row, headers) for row in records)
    notes += _describe_last(checked, headers, line_word)
    return ShapedRows(headers, header.line, checked, tuple(notes))


def _find_header(
    rows: Sequence[SourceRow], matcher: FieldMatcher, wanted: int | None, line_word: str
) -> int:
    if wanted is not None:
        for place, row in enumerate(rows):
            if row.line == wanted:
                return place
        raise ImportFileError(f"No row of the file begins in {line_word} {wanted}", line=wanted)
    places = [place for place, row in enumerate(rows) if not _is_empty(row)]
    if not places:
        raise ImportFileError("The file is empty: it has no header and no record")
    best, most = places[0], 0
    for place in places[:_MOST_TITLE_LINES]:
        texts = [source_text(cell.value) if cell else "" for cell in rows[place].cells]
        matches = matcher.count_matches(texts)
        filled = sum(1 for text in texts if text.strip())
        # Values may be named like fields: a line is a header by half of its cells, or by three.
        if matches > most and (matches * 2 >= filled or matches > 2):
            best, most = place, matches
    return best


def _is_empty(row: SourceRow) -> bool:
    return all(cell is None or cell.is_blank for cell in row.cells)


def _check_shape(row: SourceRow, headers: Sequence[str]) -> SourceRow:
    """Return a row with exactly one cell a header, or with the fault of its shape."""
    if row.fault is not None:
        return row
    cells, width = row.cells, len(headers)
    named = max((place + 1 for place, header in enumerate(headers) if header.strip()), default=0)
    if len(cells) < named:
        known = sum(1 for header in headers if header.strip())
        of = f"{width}" if known == width else f"{width} ({known} named)"
        count = f"{len(cells)} cell{'' if len(cells) == 1 else 's'}"
        return replace(row, fault=RowFault(f"{count} where the header has {of}"))
    beyond = [place for place in range(width, len(cells)) if _has_value(cells[place])]
    if beyond:
        reason = (
            f"cell {beyond[0] + 1} ({_show(cells[beyond[0]])}) is to the right of the last header: "
            "the cells may not be under their headers"
        )
        return replace(row, fault=RowFault(reason))
    if [source_text(cell.value).strip() if cell else "" for cell in cells[:width]] == [
        header.strip() for header in headers
    ]:
        return replace(row, fault=RowFault("the header again"))
    padding = [FileCell(None)] * (width - len(cells))
    return replace(row, cells=[*cells[:width], *padding])


def find_unnamed_values(
    headers: Sequence[str], records: Sequence[SourceRow]
) -> dict[int, list[int]]:
    """Return the columns without a name that hold values: their places, and the rows' indexes."""
    found: dict[int, list[int]] = {}
    unnamed = [place for place, header in enumerate(headers) if not header.strip()]
    if unnamed:
        for index, row in enumerate(records):
            for place in unnamed:
                if row.fault is None and _has_value(row.cells[place]):
                    found.setdefault(place, []).append(index)
    return found


def _has_value(cell: FileCell | None) -> bool:
    return cell is not None and not cell.is_blank and cell.value != ""


def _show(cell: FileCell | None) -> str:
    return repr(one_line(source_text(cell.value), _SHOWN)) if cell else ""


def _describe_last(
    records: Sequence[SourceRow], headers: Sequence[str], line_word: str
) -> list[str]:
    """Return a note where the last record looks like a line with a total: by its word, or short."""
    if len(records) < 2 or records[-1].fault is not None:
        return []

    def filled(row: SourceRow) -> list[FileCell]:
        return [cell for cell in row.cells if cell is not None and _has_value(cell)]

    last = filled(records[-1])
    named = sum(1 for header in headers if header.strip())
    is_short = named > len(last) + 1 and len(last) <= _FEW_CELLS
    is_shortest = is_short and all(len(filled(row)) > len(last) for row in records[:-1])
    if not last or not (is_shortest or _TOTAL.fullmatch(source_text(last[0].value).strip())):
        return []
    where = f"{line_word} {records[-1].line}"
    shown = ", ".join(map(_show, last[:_CELLS_SHOWN]))
    only = "only " if is_shortest else ""
    return [f"The last record, in {where}, holds {only}{shown}: is it a record?"]
