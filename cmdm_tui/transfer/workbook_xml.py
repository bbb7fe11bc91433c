"""Reads what calamine does not tell of a workbook: error cells, empty texts, hidden columns.

calamine gives an error, a formula whose result was never computed, an empty text and no cell at all
alike, as nothing. Documents with a DOCTYPE are refused, so no entity is ever expanded.
"""

import posixpath
import re
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Literal
from xml.parsers import expat

CellTrait = Literal["error", "no result", "empty text", "utc", "time", "percent"]
"""What is special in a cell; `utc` and `time` are shown with a time of day, even at midnight."""

Attributes = Mapping[str, str]

_CELL = re.compile(r"([A-Z]+)([0-9]+)")
_PERCENT_FORMATS = {9, 10}
_SIXTY = re.compile(r"60(?:\.[0-9]*)?")
_TIME_FORMATS = {18, 19, 20, 21, 22, 45, 46, 47}
_QUOTED = re.compile(r'"[^"]*"|\\.')


class OddWorkbook(Exception):
    """A part of a workbook is missing or is not as a workbook has it."""


@dataclass(frozen=True, slots=True)
class SheetTraits:
    """What is special in a sheet. Rows and columns count from 1.

    `cells` has the cells that are not as calamine gives them; `errors` their texts (`#REF!`).
    `sixties` hold the number 60: as a day it is 29 February 1900, which Excel shows and never was.
    """

    cells: Mapping[tuple[int, int], CellTrait] = field(
        default_factory=lambda: MappingProxyType(dict[tuple[int, int], CellTrait]())
    )
    errors: Mapping[tuple[int, int], str] = field(
        default_factory=lambda: MappingProxyType(dict[tuple[int, int], str]())
    )
    sixties: frozenset[tuple[int, int]] = frozenset()
    hidden_columns: frozenset[int] = frozenset()
    hidden_rows: frozenset[int] = frozenset()


def read_sheet_traits(path: Path, sheet: str) -> SheetTraits:
    """Return what is special in a sheet. Raises OddWorkbook."""
    try:
        with zipfile.ZipFile(path) as book:
            part = _find_part(book, sheet)
            empty_texts = _find_empty_strings(book)
            return _SheetReader(empty_texts, _read_styles(book)).read(book.read(part))
    except (zipfile.BadZipFile, KeyError, ValueError, expat.ExpatError, RuntimeError) as error:
        raise OddWorkbook(type(error).__name__) from None


def _parse(
    content: bytes,
    start: Callable[[str, Attributes], object],
    end: Callable[[str], object] | None = None,
    text: Callable[[str], object] | None = None,
) -> None:
    """Read XML; names of elements come without their namespace prefix."""
    parser = expat.ParserCreate()
    parser.buffer_text = True

    def refuse(*_: object) -> None:
        raise OddWorkbook("a DOCTYPE")

    parser.StartDoctypeDeclHandler = refuse
    parser.StartElementHandler = lambda name, found: start(_local(name), found)
    if end is not None:
        finish = end
        parser.EndElementHandler = lambda name: finish(_local(name))
    if text is not None:
        parser.CharacterDataHandler = text
    parser.Parse(content, True)


def _local(name: str) -> str:
    return name.rpartition(":")[2]


def _find_part(book: zipfile.ZipFile, sheet: str) -> str:
    """Return the name of the part that holds a sheet."""
    ids: dict[str, str] = {}
    targets: dict[str, str] = {}

    def see_sheet(name: str, found: Attributes) -> None:
        if name == "sheet":
            reference = [value for key, value in found.items() if _local(key) == "id"]
            ids[found.get("name", "")] = reference[-1] if reference else ""

    def see_relation(name: str, found: Attributes) -> None:
        if name == "Relationship":
            targets[found.get("Id", "")] = found.get("Target", "")

    _parse(book.read("xl/workbook.xml"), see_sheet)
    _parse(book.read("xl/_rels/workbook.xml.rels"), see_relation)
    target = targets[ids[sheet]]
    return target.lstrip("/") if target.startswith("/") else posixpath.normpath(f"xl/{target}")


def _find_empty_strings(book: zipfile.ZipFile) -> frozenset[int]:
    """Return the indexes of the shared strings that are empty."""
    if "xl/sharedStrings.xml" not in book.namelist():
        return frozenset()
    empty: set[int] = set()
    count, length = 0, 0

    def start(name: str, _: Attributes) -> None:
        nonlocal length
        if name == "si":
            length = 0

    def end(name: str) -> None:
        nonlocal count
        if name == "si":
            if not length:
                empty.add(count)
            count += 1

    def text(piece: str) -> None:
        nonlocal length
        length += len(piece)

    _parse(book.read("xl/sharedStrings.xml"), start, end, text)
    return frozenset(empty)


def _read_styles(book: zipfile.ZipFile) -> Mapping[int, CellTrait]:
    """Return the styles that make a number a percentage, a time of day, or a time in UTC.

    Our own export shows times in UTC with a `Z`.
    """
    if "xl/styles.xml" not in book.namelist():
        return {}
    formats: dict[int, str] = {}
    styles: list[int] = []
    in_cells = False

    def start(name: str, found: Attributes) -> None:
        nonlocal in_cells
        if name == "numFmt":
            formats[int(found.get("numFmtId", "0"))] = found.get("formatCode", "")
        elif name == "cellXfs":
            in_cells = True
        elif name == "xf" and in_cells:
            styles.append(int(found.get("numFmtId", "0")))

    def end(name: str) -> None:
        nonlocal in_cells
        in_cells = in_cells and name != "cellXfs"

    _parse(book.read("xl/styles.xml"), start, end)
    traits: dict[int, CellTrait] = {}
    for style, number in enumerate(styles):
        trait = _find_trait(number, formats)
        if trait is not None:
            traits[style] = trait
    return traits


def _find_trait(number: int, formats: Mapping[int, str]) -> CellTrait | None:
    code = formats.get(number, "")
    bare = _QUOTED.sub("", code).casefold()
    if '"Z"' in code:
        return "utc"
    if number in _PERCENT_FORMATS or "%" in bare:
        return "percent"
    return "time" if number in _TIME_FORMATS or "h" in bare else None


class _SheetReader:
    """Reads the cells of one sheet."""

    def __init__(self, empty_texts: frozenset[int], styles: Mapping[int, CellTrait]) -> None:
        self._empty_texts = empty_texts
        self._styles = styles
        self._cells: dict[tuple[int, int], CellTrait] = {}
        self._errors: dict[tuple[int, int], str] = {}
        self._sixties: set[tuple[int, int]] = set()
        self._columns: set[int] = set()
        self._rows: set[int] = set()
        self._row = 0
        self._column = 0
        self._attributes: Attributes = {}
        self._value = ""
        self._has_formula = False
        self._takes_text = False

    def read(self, content: bytes) -> SheetTraits:
        _parse(content, self._start, self._end, self._take_text)
        return SheetTraits(
            self._cells,
            self._errors,
            frozenset(self._sixties),
            frozenset(self._columns),
            frozenset(self._rows),
        )

    def _start(self, name: str, found: Attributes) -> None:
        match name:
            case "col" if _is_true(found.get("hidden")):
                first, last = int(found.get("min", "0")), int(found.get("max", "0"))
                # A sheet has 16,384 columns; a range to its end hides what holds nothing.
                self._columns.update(range(first, min(last, 16_384) + 1))
            case "row":
                self._row = int(found.get("r", self._row + 1))
                self._column = 0
                if _is_true(found.get("hidden")):
                    self._rows.add(self._row)
            case "c":
                self._begin_cell(found)
            case "f":
                self._has_formula = True
            case "v" | "t":
                self._takes_text = True
            case _:
                pass

    def _begin_cell(self, found: Attributes) -> None:
        self._attributes, self._value, self._has_formula = found, "", False
        place = _CELL.fullmatch(found.get("r", ""))
        if place is None:
            self._column += 1
        else:
            self._column = _column_number(place[1])
            self._row = int(place[2])

    def _end(self, name: str) -> None:
        if name in {"v", "t"}:
            self._takes_text = False
        elif name == "c":
            self._end_cell()

    def _end_cell(self) -> None:
        place, kind = (self._row, self._column), self._attributes.get("t", "n")
        if kind == "e":
            self._cells[place] = "error"
            self._errors[place] = self._value[:20]
        elif self._has_formula:
            # A text formula may well give an empty text: that is a blank.
            if not self._value and kind != "str":
                self._cells[place] = "no result"
            elif kind == "n":
                self._take_style(place)
        elif self._is_empty_text(kind):
            self._cells[place] = "empty text"
        elif kind == "n" and self._value:
            self._take_style(place)

    def _is_empty_text(self, kind: str) -> bool:
        if kind == "s":
            return self._value.strip().isdecimal() and int(self._value) in self._empty_texts
        return kind in {"inlineStr", "str"} and not self._value

    def _take_style(self, place: tuple[int, int]) -> None:
        trait = self._styles.get(int(self._attributes.get("s", "0")))
        if trait is not None:
            self._cells[place] = trait
        if _SIXTY.fullmatch(self._value.strip()):
            self._sixties.add(place)

    def _take_text(self, piece: str) -> None:
        if self._takes_text:
            self._value += piece


def _is_true(text: str | None) -> bool:
    return text in {"1", "true"}


def _column_number(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number


def column_letters(number: int) -> str:
    """Return the letters of a column: `A` for 1, `AA` for 27."""
    letters = ""
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters
