"""What a conversion is given: the field of a column, how its values are written, where to count."""

from dataclasses import dataclass, field
from datetime import tzinfo
from decimal import Decimal

from cmdm_tui.api.models import Field
from cmdm_tui.text import one_line
from cmdm_tui.transfer.date_text import ISO_DATES, DateFormat
from cmdm_tui.transfer.source_table import SourceValue, source_text

_SHOWN = 40


class RejectedValue(ValueError):
    """A cell's value cannot be one of its field; `str()` says why, as a clause."""


@dataclass
class ConversionCounts:
    """What was changed on the way to the wire, by field, so that a preview can show it."""

    spellings: dict[str, int] = field(default_factory=dict[str, int])
    """Picklist values taken in the list's own spelling."""
    taken_off: dict[str, set[str]] = field(default_factory=dict[str, set[str]])
    """Signs of currencies, and `thousands separators`, taken off numbers."""
    number_phones: dict[str, int] = field(default_factory=dict[str, int])
    """Telephone numbers that were stored as numbers."""
    outer_blanks: dict[str, int] = field(default_factory=dict[str, int])
    """Texts that begin or end with blanks, which stay."""


@dataclass(frozen=True, slots=True)
class ColumnFormat:
    """How the values of one column are written.

    `currencies` are the signs of currencies that occur in it.
    """

    dates: DateFormat = ISO_DATES
    mark: str = "."
    zone: tzinfo | None = None
    currencies: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class ColumnRule:
    """The field that a column goes to, how its values are written, and where to count them."""

    field: Field
    format: ColumnFormat
    counts: ConversionCounts

    def count(self, counts: dict[str, int]) -> None:
        """Count one value of the column."""
        counts[self.field.name] = counts.get(self.field.name, 0) + 1


def show_value(value: SourceValue) -> str:
    """Return a value in quotes for a message, safe and short."""
    text = str(value) if isinstance(value, Decimal) else source_text(value)
    return repr(one_line(text, _SHOWN))
