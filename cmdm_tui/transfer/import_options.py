"""What a user can say about a file: how to read it, and what to do with its records."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Literal, Self, cast

from cmdm_tui.text import one_line
from cmdm_tui.transfer.errors import ImportFileError, ImportQuestion

ImportMode = Literal["create", "update", "upsert"]
BlankRule = Literal["leave", "clear"]
EscapeRule = Literal["none", "backslash"]

_NO_MAPPING: Mapping[str, str | None] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """How to read a file and what to do with its records; None means: detect it, or ask.

    `dates` is a format such as `dd/mm/yyyy`, `decimal` is `.` or `,`, `zone` names the time zone of
    times that carry none (`UTC`, `Europe/London`). `quote` is the quote of delimited text, or
    `none`; `escape` says whether backslashes are escapes in it, as in the TSV of this program.
    `header` is the line of the header. `mapping` takes a header, or `#3` for the third column, to a
    field; None leaves the column out. `blank` says what a blank cell does to a record that exists.
    """

    mode: ImportMode = "create"
    key: str | None = None
    dates: str | None = None
    decimal: str | None = None
    zone: str | None = None
    quote: str = '"'
    escape: EscapeRule | None = None
    delimiter: str | None = None
    encoding: str | None = None
    sheet: str | None = None
    header: int | None = None
    blank: BlankRule = "leave"
    mapping: Mapping[str, str | None] = field(default_factory=lambda: _NO_MAPPING)

    def __post_init__(self) -> None:
        if self.decimal not in {None, ".", ","}:
            raise ImportFileError(
                f"The decimal mark {self.decimal!r} is neither a point nor a comma"
            )
        if self.header is not None and self.header < 1:
            raise ImportFileError("The line of the header counts from 1")
        if self.delimiter is not None and len(self.delimiter) != 1:
            raise ImportFileError("The delimiter is one character")
        if self.delimiter is not None and self.delimiter in '"\r\n':
            raise ImportFileError("A quote or a line end cannot be the delimiter")
        if self.quote not in {"none", ""} and (len(self.quote) != 1 or self.quote in "\r\n"):
            raise ImportFileError("The quote is one character, or none")

    @property
    def quote_mark(self) -> str:
        """The quote of delimited text; empty where quotes are plain characters."""
        return "" if self.quote == "none" else self.quote

    def with_answer(self, question: ImportQuestion, answer: str) -> Self:
        """Return the options with the answer to a question; an empty one leaves a column out."""
        match question.option:
            case "map":
                mapping = {**self.mapping, question.subject: answer or None}
                return replace(self, mapping=MappingProxyType(mapping))
            case "header":
                if not answer.strip().isdecimal():
                    raise ImportFileError("The line of the header is a whole number")
                return replace(self, header=int(answer))
            case option:
                return replace(self, **{option: answer})


def load_mapping(path: Path) -> Mapping[str, str | None]:
    """Return the mapping that a file keeps: a JSON object of headers to fields, or null.

    Raises ImportFileError where it is anything else, OSError where it cannot be read.
    """
    name = one_line(path.name, 100)
    try:
        content: object = json.loads(path.read_text("utf-8-sig"))
    except (ValueError, RecursionError):
        raise ImportFileError(f"The mapping file {name} is not JSON") from None
    if not isinstance(content, dict):
        raise ImportFileError(f"The mapping file {name} is not a JSON object of headers to fields")
    mapping: dict[str, str | None] = {}
    for header, target in cast("dict[str, object]", content).items():
        if not (target is None or isinstance(target, str)):
            raise ImportFileError(
                f"The mapping file {name} has neither a field nor null for {one_line(header, 60)}"
            )
        mapping[header] = target
    return MappingProxyType(mapping)


def dump_mapping(mapping: Mapping[str, str | None]) -> str:
    """Return a mapping as the text of its file."""
    return json.dumps(dict(mapping), ensure_ascii=False, indent=2) + "\n"
