"""Reads a sheet of an xlsx workbook through python-calamine, with what calamine leaves out.

calamine comes with the extra `xlsx`. `workbook_xml` adds errors, empty texts and what is hidden.
"""

import io
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from cmdm_tui.text import one_line
from cmdm_tui.transfer.errors import (
    ImportFileError,
    ImportQuestion,
    ImportQuestions,
    MissingReader,
)
from cmdm_tui.transfer.field_matcher import FieldMatcher
from cmdm_tui.transfer.import_options import ImportOptions
from cmdm_tui.transfer.source_table import (
    FileCell,
    SourceRow,
    SourceTable,
    SourceValue,
    Unreadable,
)
from cmdm_tui.transfer.table_shape import shape_rows
from cmdm_tui.transfer.workbook_xml import (
    CellTrait,
    OddWorkbook,
    SheetTraits,
    column_letters,
    read_sheet_traits,
)

if TYPE_CHECKING:
    from python_calamine import CalamineWorkbook

_SAMPLE_ROWS = 60
_KEPT_DIGITS = 15
_LARGEST_EXACT = 10**_KEPT_DIGITS
_SHOWN = 60
_FEW = 5

RawCell = int | float | str | bool | time | date | datetime | timedelta


def read_spreadsheet(
    path: Path, matcher: FieldMatcher, options: ImportOptions, required: Sequence[str]
) -> SourceTable:
    """Return the records of a sheet; `required` are the headers' fields without which it is none.

    Raises ImportQuestions where more than one sheet may be meant, MissingReader without calamine,
    and ImportFileError for what is not a workbook.
    """
    book = _open(path)
    sheets = _list_sheets(book)
    name = _choose_sheet(book, sheets, matcher, options, required)
    try:
        traits = read_sheet_traits(path, name)
    except OddWorkbook:
        raise ImportFileError("The file is not an xlsx workbook that can be read") from None
    rows = [
        SourceRow(line, _make_cells(line, row, traits))
        for line, row in enumerate(_read_rows(book, name), 1)
    ]
    shaped = shape_rows(rows, matcher, options.header, "row")
    notes = [*_describe_sheets(name, sheets), *shaped.notes]
    notes += _describe_hidden(shaped.headers, shaped.records, traits)
    notes += _describe_merged(book, name, shaped.header_line)
    return SourceTable(
        "xlsx",
        shaped.headers,
        shaped.records,
        shaped.header_line,
        "row",
        {"sheet": name},
        tuple(notes),
    )


def _open(path: Path) -> "CalamineWorkbook":
    try:
        import python_calamine
    except ImportError:
        raise MissingReader(
            "To read xlsx needs python-calamine, which is not installed",
            "pip install 'cmdm-tui[xlsx]'",
        ) from None
    try:
        return python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(path.read_bytes()))
    except python_calamine.PasswordError:
        raise ImportFileError(
            "The workbook is protected by a password", "Save it without one"
        ) from None
    except (python_calamine.CalamineError, OSError, ValueError):
        raise ImportFileError("The file is not an xlsx workbook that can be read") from None


def _list_sheets(book: "CalamineWorkbook") -> dict[str, bool]:
    """Return the names of the worksheets, and whether each is visible."""
    import python_calamine

    return {
        sheet.name: sheet.visible == python_calamine.SheetVisibleEnum.Visible
        for sheet in book.sheets_metadata
        if sheet.typ == python_calamine.SheetTypeEnum.WorkSheet
    }


def _read_rows(book: "CalamineWorkbook", name: str, most: int | None = None) -> list[list[RawCell]]:
    import python_calamine

    try:
        sheet = book.get_sheet_by_name(name)
        return sheet.to_python(skip_empty_area=False, nrows=most)
    except (python_calamine.CalamineError, OSError, ValueError):
        raise ImportFileError(f"The sheet {one_line(name, _SHOWN)} cannot be read") from None


def _choose_sheet(
    book: "CalamineWorkbook",
    sheets: dict[str, bool],
    matcher: FieldMatcher,
    options: ImportOptions,
    required: Sequence[str],
) -> str:
    shown = ", ".join(one_line(name, _SHOWN) for name in sheets)
    if options.sheet is not None:
        wanted = options.sheet.strip().casefold()
        exact = [name for name in sheets if name == options.sheet]
        near = exact or [name for name in sheets if name.strip().casefold() == wanted]
        if len(near) != 1:
            raise ImportFileError(
                f"There is no sheet {options.sheet!r} in the workbook", f"Its sheets are {shown}"
            )
        return near[0]
    filled = [name for name, visible in sheets.items() if visible and _read_rows(book, name, 1)]
    filled = filled or [name for name in sheets if _read_rows(book, name, 1)]
    if not filled:
        raise ImportFileError("The workbook is empty: no sheet has a value")
    if len(filled) == 1:
        return filled[0]
    likely = [
        name
        for name in filled
        if _has_header(_read_rows(book, name, _SAMPLE_ROWS), matcher, required)
    ]
    if len(likely) == 1:
        return likely[0]
    raise ImportQuestions(
        [
            ImportQuestion(
                "sheet",
                f"The workbook has the sheets {shown}: which one is meant?",
                suggestions=tuple(likely or filled),
            )
        ]
    )


def _has_header(
    rows: Sequence[Sequence[RawCell]], matcher: FieldMatcher, required: Sequence[str]
) -> bool:
    """Return whether a row names every required field, or two fields where none is required."""
    for row in rows:
        texts = [cell if isinstance(cell, str) else "" for cell in row]
        matches = [matcher.match(text, place).field for place, text in enumerate(texts)]
        found = {field.name for field in matches if field is not None}
        if found and found.issuperset(required) and (required or len(found) > 1):
            return True
    return False


def _make_cells(line: int, row: Sequence[RawCell], traits: SheetTraits) -> list[FileCell]:
    cells: list[FileCell] = []
    for column, raw in enumerate(row, 1):
        trait = traits.cells.get((line, column))
        if trait == "error":
            text = traits.errors.get((line, column), "")
            value: SourceValue = Unreadable(f"an error of the spreadsheet ({text})", text)
        elif (line, column) in traits.sixties and isinstance(raw, date) and raw.year == 1900:
            # A workbook that counts from 1904 has a day 60 like any other.
            value = Unreadable("29 February 1900 is not a day of the calendar", "1900-02-29")
        else:
            value = _to_source(raw, trait)
        cells.append(FileCell(value, is_exact=True))
    return cells


def _to_source(raw: RawCell, trait: CellTrait | None) -> SourceValue:
    match raw:
        case "":
            if trait == "no result":
                return Unreadable("a formula whose result is not in the file")
            return "" if trait == "empty text" else None
        case str() | bool():
            return raw
        case datetime():
            return raw.replace(tzinfo=UTC) if trait == "utc" else raw
        case date() if trait in {"utc", "time"}:
            return datetime.combine(raw, time(), UTC if trait == "utc" else None)
        case date():
            return raw
        case int() | float():
            if trait == "percent":
                return Unreadable(f"a percentage: {raw} or {raw * 100:.12g}?", str(raw))
            return _to_decimal(raw)
        case time() if trait is None and raw == time():
            return Unreadable("day 0 of January 1900 is not a day of the calendar", "1900-01-00")
        case _:
            return Unreadable("a time of day", str(raw))


def _to_decimal(number: float) -> SourceValue:
    """Return a number with the 15 digits that a spreadsheet shows of it."""
    if number == int(number) and abs(number) < _LARGEST_EXACT:
        return Decimal(int(number))
    text = f"{number:.{_KEPT_DIGITS}g}"
    if abs(number) >= _LARGEST_EXACT and float(text) != number:
        return Unreadable("a number of more than 15 digits, which a spreadsheet rounds", text)
    return Decimal(text)


def _describe_sheets(name: str, sheets: dict[str, bool]) -> list[str]:
    if len(sheets) == 1:
        return []
    others = [
        one_line(other, _SHOWN) + ("" if visible else " (hidden)")
        for other, visible in sheets.items()
        if other != name
    ]
    word = "sheet" if len(others) == 1 else "sheets"
    return [f"Sheet {one_line(name, _SHOWN)} read, {word} {', '.join(others)} not"]


def _describe_merged(book: "CalamineWorkbook", name: str, header_line: int) -> list[str]:
    """Return a note on cells of records that are merged: the first one alone has the value."""
    ranges = [
        f"{column_letters(left + 1)}{top + 1}:{column_letters(right + 1)}{bottom + 1}"
        for (top, left), (bottom, right) in book.get_sheet_by_name(name).merged_cell_ranges or ()
        if bottom >= header_line
    ]
    if not ranges:
        return []
    shown = ", ".join(ranges[:_FEW]) + (" …" if len(ranges) > _FEW else "")
    return [f"Merged cells hold their value in the first of them alone, the others none: {shown}"]


def _describe_hidden(
    headers: Sequence[str], records: Sequence[SourceRow], traits: SheetTraits
) -> list[str]:
    notes = [
        f"The hidden column {column_letters(place)} ({one_line(header, 40)}) is among the fields"
        for place, header in enumerate(headers, 1)
        if place in traits.hidden_columns and header.strip()
    ]
    hidden = sum(1 for row in records if row.line in traits.hidden_rows)
    if hidden:
        notes.append(
            "1 hidden row is among the records"
            if hidden == 1
            else f"{hidden:,} hidden rows are among the records"
        )
    return notes
