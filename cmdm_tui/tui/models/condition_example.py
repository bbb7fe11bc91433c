"""An example of a condition on the records of an entity, made of what is seen of them."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from cmdm_tui.query.completion.words import quote_name
from cmdm_tui.query.parsing.identifiers import quote_text
from cmdm_tui.text import visible
from cmdm_tui.tui.models.row_source import GridRow, SourceColumn

_MOST_COLUMNS = 60
_MOST_ROWS = 50
_WORDS = re.compile(r"[^\W\d_]+([ .&'-]+[^\W\d_]+)*")
"""A value that reads as words: no id, no date, no address."""
_LONGEST_VALUE = 24
_NUMBER = re.compile(r"-?[0-9]{1,12}(\.[0-9]{1,4})?")
_FALLBACK = "column = 'text'"


@dataclass(frozen=True, slots=True)
class KnownRecords:
    """What the records of an entity are seen to hold: fields, and a condition; both untrusted."""

    names: tuple[str, ...] = ()
    example: str = _FALLBACK

    @classmethod
    def of(cls, columns: Sequence[SourceColumn], rows: Sequence[GridRow | None]) -> "KnownRecords":
        """Return what these rows, of which the first are looked at, show."""
        return cls(tuple(column.name for column in columns), make_example(columns, rows))


def make_example(columns: Sequence[SourceColumn], rows: Sequence[GridRow | None]) -> str:
    """Return a condition on these columns with values that they hold, on one line."""
    read = [row for row in rows[:_MOST_ROWS] if row is not None]
    text, text_rank, number = "", (0, 0), ""
    for index, column in enumerate(columns[:_MOST_COLUMNS]):
        if column.is_key:
            continue
        values = [value for row in read if (value := row.value(index)) not in (None, "")]
        if column.is_number:
            number = number or _compare(column.label, values)
            continue
        found = Counter(value for value in values if _is_word(value)).most_common()
        # The best column has a few values that come again, such as cities.
        rank = (1 if len(found) > 1 else 0, found[0][1] if found else 0)
        if found and rank > text_rank:
            text_rank, text = rank, f"{quote_name(column.label)} = {quote_text(str(found[0][0]))}"
    words = " AND ".join(part for part in (text, number) if part)
    if not words:
        names = [quote_name(column.label) for column in columns if not column.is_key]
        words = f"{names[0]} IS NOT NULL" if names else _FALLBACK
    return visible(words)


def _compare(label: str, values: Sequence[object]) -> str:
    numbers = sorted((text for value in values if _NUMBER.fullmatch(text := str(value))), key=float)
    return f"{quote_name(label)} > {numbers[len(numbers) // 2]}" if numbers else ""


def _is_word(value: object) -> bool:
    return isinstance(value, str) and len(value) <= _LONGEST_VALUE and bool(_WORDS.fullmatch(value))
