"""Reads JSON Lines and JSON documents: keeps every digit, and sees a key that occurs twice."""

import json
import re
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Literal, NoReturn, cast

from cmdm_tui.formats.row_writer import MARK_NAME
from cmdm_tui.text import one_line
from cmdm_tui.transfer.errors import ImportFileError
from cmdm_tui.transfer.source_table import (
    FileCell,
    RowFault,
    SourceRow,
    SourceTable,
    SourceValue,
    Unreadable,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

_BLANKS = re.compile(r"[ \t\r\n]*+")
_LINE_END = re.compile(r"\r\n|\r|\n")
_MOST_DIGITS = 400


class _Object:
    """An object of the file, with its keys in order, those that occur twice among them."""

    def __init__(self, pairs: list[tuple[str, object]]) -> None:
        self.pairs = pairs


class _Constant(str):
    """`NaN`, `Infinity` or `-Infinity`, which Python reads though JSON does not know them."""

    __slots__ = ()


def _read_number(text: str) -> object:
    try:
        return Decimal(text) if len(text) <= _MOST_DIGITS else _Constant(text[:20] + "…")
    except InvalidOperation:
        return _Constant(text)


_DECODER = json.JSONDecoder(
    object_pairs_hook=_Object,
    parse_float=_read_number,
    parse_int=_read_number,
    parse_constant=_Constant,
)


def read_json_records(text: str, wanted: Literal["json", "jsonl"]) -> SourceTable:
    """Return the records of a text: one array of objects, one object, or an object a line.

    An object that holds one list of objects stands for that list; any other one is a record. A line
    that is not JSON is a fault of that line; a document that is not JSON is refused whole.
    Raises ImportFileError.
    """
    start = _skip_blanks(text, 0)
    is_document = wanted == "json" or not _is_line(text, start)
    if is_document and text.startswith("[", start):
        return _make_table("json", _read_array(text, start))
    if is_document and text.startswith("{", start) and _is_one_object(text, start, wanted):
        return _read_object(text, start)
    return _make_table("jsonl", _read_lines(text))


def _is_one_object(text: str, start: int, wanted: Literal["json", "jsonl"]) -> bool:
    """Return whether a text is one object and nothing more.

    Raises ImportFileError where it breaks off or is nested too deeply below its first line: read by
    lines, it would give a part of its records.
    """
    first_line = _LINE_END.search(text, start)
    first_end = len(text) if first_line is None else _skip_blanks(text, first_line.end())
    try:
        _, end = _DECODER.raw_decode(text, start)
    except RecursionError:
        if wanted == "json" and first_end < len(text) and not _is_too_deep(text[start:first_end]):
            raise ImportFileError("The document is nested too deeply") from None
        return False
    except ValueError as error:
        position = error.pos if isinstance(error, json.JSONDecodeError) else start
        # The line after one that is cut does not go on with it.
        goes_on = position > first_end or text[start:first_end].rstrip().endswith(("{", "[", ","))
        if wanted == "json" and first_end < len(text) and position >= first_end and goes_on:
            _refuse(text, position)
        return False
    is_line = wanted == "jsonl" and first_end == len(text)
    return not is_line and _skip_blanks(text, end) == len(text)


def _is_too_deep(line: str) -> bool:
    try:
        _DECODER.raw_decode(line)
    except RecursionError:
        return True
    except ValueError:
        pass
    return False


def _read_object(text: str, start: int) -> SourceTable:
    """Return the records of a document that is one object."""
    members = _read_members(text, start)
    lists = [
        (key, place)
        for key, value, place in members
        if isinstance(value, list)
        and any(isinstance(one, _Object) for one in cast("list[object]", value))
    ]
    if not lists:
        line = 1 + sum(1 for _ in _LINE_END.finditer(text, 0, start))
        value: object = _Object([(key, value) for key, value, _ in members])
        return _make_table("json", [(line, value)])
    names = [f'"{one_line(key, 40)}"' for key, _ in lists]
    if len(lists) > 1:
        raise ImportFileError(
            f"The document holds more than one list of records: {', '.join(names[:5])}",
            "Save the list that is meant as a separate file",
        )
    note = f"The records are those of {names[0]}"
    if others := [f'"{one_line(key, 40)}"' for key, _, place in members if place != lists[0][1]]:
        note += f"; what is next to them is not read: {', '.join(others[:5])}"
    return _make_table("json", _read_array(text, lists[0][1], is_whole=False), [note])


def _read_members(text: str, start: int) -> list[tuple[str, object, int]]:
    """Return the keys and values of an object that is known to be JSON, and where values begin."""
    members: list[tuple[str, object, int]] = []
    place = _skip_blanks(text, start + 1)
    while not text.startswith("}", place):
        key, place = _DECODER.raw_decode(text, place)
        begin = _skip_blanks(text, _skip_blanks(text, place) + 1)
        value, place = _DECODER.raw_decode(text, begin)
        members.append((str(key), cast("object", value), begin))
        place = _skip_blanks(text, place)
        if text.startswith(",", place):
            place = _skip_blanks(text, place + 1)
    return members


def _is_line(text: str, start: int) -> bool:
    """Return whether the first of several lines is a JSON value, as all of JSON Lines are."""
    line = _LINE_END.split(text[start:], maxsplit=1)[0]
    try:
        _DECODER.decode(line)
    except (ValueError, RecursionError):
        return False
    return len(line) < len(text[start:].rstrip())


def _read_lines(text: str) -> list[tuple[int, object]]:
    found: list[tuple[int, object]] = []
    for line, content in enumerate(_LINE_END.split(text), 1):
        if not content.strip(" \t"):
            continue
        try:
            found.append((line, _DECODER.decode(content)))
        except RecursionError:
            found.append((line, RowFault("nested too deeply")))
        except ValueError as error:
            found.append((line, RowFault(_describe(error, content))))
    return found


def _describe(error: ValueError, content: str) -> str:
    ends_early = isinstance(error, json.JSONDecodeError) and (
        error.pos >= len(content.rstrip()) or error.msg.startswith("Unterminated")
    )
    return "not JSON: the line is cut" if ends_early else "not JSON"


def _read_array(text: str, start: int, *, is_whole: bool = True) -> list[tuple[int, object]]:
    """Return the values of an array, each with its line; nothing follows one that `is_whole`."""
    found: list[tuple[int, object]] = []
    line, counted = 1, 0
    place = _skip_blanks(text, start + 1)
    if text.startswith("]", place):
        _check_end(text, place + 1)
        return found
    while True:
        line += sum(1 for _ in _LINE_END.finditer(text, counted, place))
        counted = place
        try:
            value, place = _DECODER.raw_decode(text, place)
        except RecursionError:
            raise ImportFileError("The document is nested too deeply", line=line) from None
        except ValueError as error:
            position = error.pos if isinstance(error, json.JSONDecodeError) else place
            _refuse(text, position)
        found.append((line, cast("object", value)))
        place = _skip_blanks(text, place)
        if text.startswith("]", place):
            if is_whole:
                _check_end(text, place + 1)
            return found
        if not text.startswith(",", place):
            _refuse(text, place)
        place = _skip_blanks(text, place + 1)


def _skip_blanks(text: str, place: int) -> int:
    found = _BLANKS.match(text, place)
    return place if found is None else found.end()


def _check_end(text: str, place: int) -> None:
    place = _skip_blanks(text, place)
    if place < len(text):
        _refuse(text, place)


def _refuse(text: str, place: int) -> NoReturn:
    last = len(text.rstrip())
    line = 1 + sum(1 for _ in _LINE_END.finditer(text, 0, min(place, last)))
    where = "ends too early" if place >= last else "is not JSON"
    raise ImportFileError(f"The document {where}, in line {line}", line=line)


def _make_table(
    form: Literal["json", "jsonl"], values: list[tuple[int, object]], told: Sequence[str] = ()
) -> SourceTable:
    notes = list(told)
    objects: list[tuple[int, object]] = []
    for line, value in values:
        if mark := _read_mark(value):
            notes.append(f"The file says of itself that it is {mark}: not every record is in it")
        else:
            objects.append((line, value))
    headers = list(
        dict.fromkeys(
            key for _, value in objects if isinstance(value, _Object) for key, _ in value.pairs
        )
    )
    places = {header: place for place, header in enumerate(headers)}
    rows = [_make_row(line, value, places) for line, value in objects]
    return SourceTable(form, headers, rows, notes=notes)


def _read_mark(value: object) -> str:
    """Return the mark that our own exports end with where they are partial or unsure."""
    if isinstance(value, _Object) and len(value.pairs) == 1 and value.pairs[0][0] == MARK_NAME:
        return str(value.pairs[0][1])[:20]
    if isinstance(value, str) and value.startswith(f"{MARK_NAME}: "):
        return value.removeprefix(f"{MARK_NAME}: ")[:20]
    return ""


def _make_row(line: int, value: object, places: dict[str, int]) -> SourceRow:
    if isinstance(value, RowFault):
        return SourceRow(line, [None] * len(places), value)
    cells: list[FileCell | None] = [None] * len(places)
    if not isinstance(value, _Object):
        return SourceRow(line, cells, RowFault(f"{_name_kind(value)}, not an object"))
    fault: RowFault | None = None
    for key, one in value.pairs:
        place = places[key]
        if cells[place] is not None and fault is None:
            fault = RowFault("the key occurs twice", place)
        cells[place] = FileCell(_to_source(one), is_exact=True)
    return SourceRow(line, cells, fault)


def _to_source(value: object) -> SourceValue:
    match value:
        case _Constant():
            return Unreadable(f"{value} is not a number", str(value))
        case str():
            if any("\ud800" <= character <= "\udfff" for character in value):
                return Unreadable("half of a character, which is not text")
            return value
        case None | bool() | Decimal():
            return value
        case _:
            return Unreadable(f"{_name_kind(value)}, not text", _dump(value))


def _name_kind(value: object) -> str:
    match value:
        case _Object():
            return "an object"
        case list():
            return "a list"
        case None:
            return "null"
        case bool():
            return "true or false"
        case Decimal():
            return "a number"
        case _:
            return "a text"


def _dump(value: object) -> str:
    try:
        return json.dumps(_to_plain(value), ensure_ascii=False)[:_MOST_DIGITS]
    except RecursionError:
        return ""


def _to_plain(value: object) -> object:
    match value:
        case _Object():
            return {key: _to_plain(one) for key, one in value.pairs}
        case list():
            return [_to_plain(one) for one in cast("Iterable[object]", value)]
        case Decimal():
            return str(value)
        case _:
            return value
