"""Finds how the dates and numbers of each column are written, and asks where it is not certain."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from cmdm_tui.api.models import Field
from cmdm_tui.text import one_line
from cmdm_tui.transfer.column_rules import ColumnFormat
from cmdm_tui.transfer.date_text import (
    DateFormat,
    NotADate,
    find_zone,
    looks_like_other_date,
    read_moment,
    suggest_formats,
)
from cmdm_tui.transfer.errors import ImportQuestion
from cmdm_tui.transfer.field_matcher import EXTERNAL_ID
from cmdm_tui.transfer.guards import take_off_guard
from cmdm_tui.transfer.import_options import ImportOptions
from cmdm_tui.transfer.number_text import MarkEvidence, find_currencies, find_mark_evidence
from cmdm_tui.transfer.source_table import SourceTable, SourceValue

_SHOWN = 40
_NUMBERS = {"number", "currency"}
_DATES = {"date", "datetime"}
_STAMPS = {"CreatedDate", "ModifiedDate"}


@dataclass
class _MarkCounts:
    """Which values of a column speak for which decimal mark: the first of each kind."""

    examples: dict[MarkEvidence, str] = field(default_factory=dict["MarkEvidence", str])

    def add(self, text: str) -> None:
        self.examples.setdefault(find_mark_evidence(text), text.strip())


def find_formats(
    table: SourceTable, columns: Sequence[Field | None], options: ImportOptions
) -> tuple[list[ColumnFormat], list[ImportQuestion]]:
    """Return the format of each column, and what has to be asked.

    One column has one format, and a date format or a decimal mark is asked, never guessed. Raises
    ImportFileError where an option does not exist.
    """
    dates = DateFormat(options.dates or "")
    zone = find_zone(options.zone) if options.zone else None
    marks = _find_marks(table, columns) if options.decimal is None else {}
    questions: list[ImportQuestion] = []
    formats: list[ColumnFormat] = []
    # One file has one decimal mark: what is unclear in a column, another may settle.
    point_anywhere = _is_own_export(table) or any("point" in one.examples for one in marks.values())
    for place, target in enumerate(columns):
        kind = (target.type or "").casefold() if target else ""
        currencies: set[str] = set()
        if kind == "currency":
            currencies = find_currencies(_texts(table, place))
        if kind in _DATES:
            questions += _ask_dates(table, place, options)
        if kind == "datetime" and zone is None:
            questions += _ask_zone(table, place, dates)
        if place in marks:
            questions += _ask_mark(
                table.headers[place], marks[place], point_anywhere=point_anywhere
            )
        mark = options.decimal or "."
        formats.append(ColumnFormat(dates, mark, zone, frozenset(currencies)))
    return formats, questions


def _is_own_export(table: SourceTable) -> bool:
    """Return whether a file has the headers of an export of this program, which writes points."""
    names = {header.strip() for header in table.headers}
    return EXTERNAL_ID in names and not _STAMPS.isdisjoint(names)


def _values(table: SourceTable, place: int) -> Iterable[SourceValue]:
    for row in table.rows:
        cell = row.cells[place] if place < len(row.cells) else None
        if row.fault is None and cell is not None and not cell.is_blank:
            yield cell.value


def _texts(table: SourceTable, place: int) -> list[str]:
    values = _values(table, place)
    return [take_off_guard(value.strip()).strip() for value in values if isinstance(value, str)]


def _find_marks(table: SourceTable, columns: Sequence[Field | None]) -> dict[int, _MarkCounts]:
    found: dict[int, _MarkCounts] = {}
    for place, target in enumerate(columns):
        if target is not None and (target.type or "").casefold() in _NUMBERS:
            found[place] = _MarkCounts()
            for text in _texts(table, place):
                found[place].add(text)
    return found


def _ask_mark(header: str, marks: _MarkCounts, *, point_anywhere: bool) -> list[ImportQuestion]:
    example = marks.examples.get("comma")
    if example is None:
        example = None if point_anywhere else marks.examples.get("unclear")
    if example is None:
        return []
    shown = one_line(example, _SHOWN)
    return [
        ImportQuestion(
            "decimal",
            f"The decimal mark of {one_line(header.strip(), _SHOWN)} is not known: "
            f"is it a point or a comma in {shown}?",
            about=header.strip(),
            suggestions=(",", ".") if "comma" in marks.examples else (".", ","),
        )
    ]


def _ask_dates(table: SourceTable, place: int, options: ImportOptions) -> list[ImportQuestion]:
    if options.dates is not None:
        return []
    # Where a sheet has cells of dates, a date written as text is an exception, which is refused.
    if table.format in {"xlsx", "parquet"} and any(
        not isinstance(value, str) for value in _values(table, place)
    ):
        return []
    odd = [text for text in _texts(table, place) if looks_like_other_date(text)]
    if not odd:
        return []
    header = table.headers[place].strip()
    return [
        ImportQuestion(
            "dates",
            f"The date format of {one_line(header, _SHOWN)} is not known: "
            f"which one is {one_line(odd[0], _SHOWN)}?",
            about=header,
            suggestions=suggest_formats(odd),
        )
    ]


def _ask_zone(table: SourceTable, place: int, dates: DateFormat) -> list[ImportQuestion]:
    if not any(_lacks_zone(value, dates) for value in _values(table, place)):
        return []
    header = table.headers[place].strip()
    return [
        ImportQuestion(
            "zone",
            f"The times of {one_line(header, _SHOWN)} have no zone: in which one are they?",
            about=header,
            suggestions=("UTC", "Europe/London"),
        )
    ]


def _lacks_zone(value: SourceValue, dates: DateFormat) -> bool:
    if isinstance(value, datetime):
        return value.tzinfo is None
    if not isinstance(value, str):
        return False
    try:
        moment = read_moment(value, dates)
    except NotADate:
        return False
    return moment.time is not None and moment.zone is None
