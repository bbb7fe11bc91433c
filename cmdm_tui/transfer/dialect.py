"""Finds out how a text is delimited: by a first line `sep=;`, else by which reading has headers.

The fields are known, so the delimiter under which the most headers are found is the right one. The
shape of the first rows decides where no header is known.
"""

import itertools
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from cmdm_tui.transfer.delimited import DelimitedDialect, scan_rows
from cmdm_tui.transfer.import_options import ImportOptions
from cmdm_tui.transfer.source_table import SourceRow

_CANDIDATES = (",", ";", "\t", "|")
_SEPARATOR_LINE = re.compile(r'"?sep=([^"\r\n])"?(?:\r\n|\r|\n|$)', re.IGNORECASE)
_SAMPLE_ROWS = 40
_SAMPLE_SIZE = 100_000
_ANY_BACKSLASH = re.compile(r"\\(.?)", re.DOTALL)
_DRIVE_PATH = re.compile(r"(?<![^\W_])[A-Za-z]:\\(?!\\)")
"""The start of a path on a drive; our own TSV would have two backslashes there."""

DELIMITER_NAMES = {",": "comma", ";": "semicolon", "\t": "tab", "|": "pipe"}


@dataclass(frozen=True, slots=True)
class FoundDialect:
    """A dialect, the text that it applies to, and what was noticed on the way."""

    dialect: DelimitedDialect
    text: str
    first_line: int = 1
    notes: tuple[str, ...] = ()


def find_dialect(
    text: str,
    options: ImportOptions,
    count_headers: Callable[[Sequence[str]], int],
    *,
    prefers_tabs: bool,
) -> FoundDialect:
    """Return how a text is delimited; `count_headers` says how many cells are headers of fields.

    `prefers_tabs` is true of a file that is named `.tsv` or `.tab`.
    """
    notes: list[str] = []
    first_line, delimiter = 1, options.delimiter
    if named := _SEPARATOR_LINE.match(text):
        text, first_line = text[named.end() :], 2
        delimiter = delimiter or named[1]
        notes.append("The first line names the delimiter and is not a record")
    quote = options.quote_mark
    if delimiter is None:
        candidates = ("\t", *_CANDIDATES) if prefers_tabs else _CANDIDATES
        delimiter = _choose(text, candidates, quote, count_headers)
    has_escapes = options.escape == "backslash"
    if options.escape is None and delimiter == "\t" and prefers_tabs:
        has_escapes = _has_our_escapes(text)
        if has_escapes:
            notes.append(
                r"Backslashes are read as escapes (\t, \n, \r, \\), as our own TSV has them; "
                "--escape none keeps them"
            )
        elif "\\" in text:
            notes.append(
                "Backslashes are kept as they are; --escape backslash reads them as escapes"
            )
    dialect = DelimitedDialect(delimiter, quote, has_escapes)
    return FoundDialect(dialect, text, first_line, tuple(notes))


def _choose(
    text: str,
    candidates: Sequence[str],
    quote: str,
    count_headers: Callable[[Sequence[str]], int],
) -> str:
    sample = text[:_SAMPLE_SIZE]

    def score(candidate: str) -> tuple[int, int, int]:
        rows = _sample_rows(sample, candidate, quote)
        counts = [count_headers(_texts(row)) for row in rows]
        matches = max(counts, default=0)
        widths = Counter(len(row.cells) for row in rows)
        if matches:
            # One column is none too few, where all records have it.
            width = len(rows[counts.index(matches)].cells)
            return matches, widths[width], width
        widths.pop(1, None)
        width, count = max(widths.items(), key=lambda pair: pair[::-1], default=(0, 0))
        return 0, count, width

    return max(candidates, key=score)


def _sample_rows(text: str, delimiter: str, quote: str) -> list[SourceRow]:
    rows = scan_rows(text, DelimitedDialect(delimiter, quote))
    return list(itertools.islice(rows, _SAMPLE_ROWS))


def _texts(row: SourceRow) -> list[str]:
    return [str(cell.value) for cell in row.cells if cell is not None]


def _has_our_escapes(text: str) -> bool:
    r"""Return whether a text has backslashes, and each is an escape that our own TSV writes.

    A path on a drive, such as `C:\temp`, has none of ours unless the file is an export of records.
    """
    if "\r" in text:
        return False
    header = text.split("\n", 1)[0].split("\t")
    if "ExternalID" not in header and _DRIVE_PATH.search(text):
        return False
    found = _ANY_BACKSLASH.findall(text)
    # Pairs are consumed from the left, as they are written.
    return bool(found) and all(one in {"t", "n", "r", "\\"} for one in found)
