"""Computes the widths of a table's columns, so that a row fits a line."""

from collections.abc import Sequence

GAP = 2
_MIN_WIDTH = 12
_DEFAULT_WIDTH = 20


def fit_widths(natural: Sequence[int], available: int) -> list[int]:
    """Return the widths of the leading columns that fit into `available`, gaps included.

    Columns get their natural width up to one cap, the widest under which all of them fit. Where
    they would become too narrow to read, the last ones are left out; the first one always stays.
    """
    for cap in range(max(available, _MIN_WIDTH), _MIN_WIDTH - 1, -1):
        widths = [min(width, cap) for width in natural]
        if sum(widths) + GAP * (len(widths) - 1) <= available:
            return widths
    kept: list[int] = []
    for width in (min(width, _DEFAULT_WIDTH) for width in natural):
        room = available - sum(kept) - GAP * len(kept)
        if kept and room < min(width, _MIN_WIDTH):
            break
        kept.append(min(width, max(room, 1)))
    return kept
