"""A predicate on one column, as the regions of values that enclose its matches."""

from dataclasses import dataclass, field
from functools import cached_property

from cmdm_tui.query.model import Column, ColumnKind, Value
from cmdm_tui.query.seek.region import EVERY_VALUE, Region
from cmdm_tui.query.seek.text_stems import Stems, read_stems


@dataclass(frozen=True)
class ColumnPredicate:
    """What a WHERE says of one column: every record that it keeps has its value in the regions.

    `region` is in the engine's order: text by `engine_key`, all else by value. For text, `binary`
    is in the order of code points and `letters` by `letters_key`; None where the predicate has no
    bounds there. `is_exact` says that the whole WHERE is about this column: it keeps exactly the
    records for whose value `keeps` is true.
    """

    column: Column
    region: Region
    binary: Region | None = None
    letters: Region | None = None
    is_exact: bool = False
    is_region_exact: bool = field(default=False, kw_only=True)
    """Whether the WHERE keeps every value in `region`."""
    is_binary_exact: bool = field(default=False, kw_only=True)
    """Whether the WHERE keeps every value in `binary`."""

    @cached_property
    def stems(self) -> Stems | None:
        """What every match of a predicate on text is or begins with; None where nothing is."""
        if self.column.kind is not ColumnKind.TEXT:
            return None
        return read_stems(self.binary, self.region)

    def keeps(self, value: Value | None) -> bool:
        """Return whether an exact predicate keeps a value; for any other it may keep it."""
        exact = self.binary if self.is_binary_exact and self.binary is not None else self.region
        if value is None:
            return exact.has_null
        if isinstance(value, str):
            return exact.holds(value if exact is self.binary else engine_key(value))
        return exact.holds(value)


def engine_key(text: str) -> tuple[str, str]:
    """Return the key that text is compared by: without case, then by code point (`api.md`)."""
    return text.casefold(), text


def not_null(column: Column) -> ColumnPredicate:
    """Return the predicate `column IS NOT NULL`."""
    is_text = column.kind is ColumnKind.TEXT
    return ColumnPredicate(
        column,
        EVERY_VALUE,
        EVERY_VALUE if is_text else None,
        EVERY_VALUE if is_text else None,
        is_exact=True,
        is_region_exact=True,
        is_binary_exact=is_text,
    )
