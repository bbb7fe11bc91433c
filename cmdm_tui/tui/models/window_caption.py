"""Puts a window of records into words: what is in sight of how many, and what is in doubt."""

from collections.abc import Sequence

from cmdm_tui.formats.value_text import format_counted
from cmdm_tui.text import one_line
from cmdm_tui.tui.models.record_window import RecordWindow
from cmdm_tui.tui.models.row_source import SortKey
from cmdm_tui.tui.models.window_loader import RowRange, WindowLoader

_LONGEST_NAME = 24


def describe_window(loader: WindowLoader, local_order: Sequence[SortKey] = ()) -> str:
    """Return what is shown, in words: how many of how many, in which order, what is under way.

    `local_order` is the order that the records have here, if it is not the service's.
    """
    window = loader.shown
    if window is None:
        return ""
    parts = [_describe_rows(window, loader.in_sight)]
    if window.read_count < window.row_count:
        parts.append(f"{window.read_count:,} read")
    parts += _list_doubts(window)
    if loader.reads_all and loader.error is None:
        parts.append("reading all …")
    elif loader.request is not None:
        parts.append("reading …")
    if local_order:
        parts.append(f"sorted here {describe_order(local_order)}")
    elif window.order is not None:
        key = SortKey(window.order.field, window.order.direction == "desc")
        parts.append(describe_order([key]))
    return " · ".join(parts)


def describe_order(keys: Sequence[SortKey]) -> str:
    """Return by what rows are sorted, in safe words: `by City ▲, Score ▼`."""
    names = [
        f"{one_line(key.column, _LONGEST_NAME)} {'▼' if key.is_descending else '▲'}" for key in keys
    ]
    return f"by {', '.join(names)}"


def _describe_rows(window: RecordWindow, sight: RowRange) -> str:
    count = window.row_count
    if not window.is_count_known:
        of = f"{count:,} so far"
    elif sight.first == 0 and sight.count >= count and window.is_complete:
        return format_counted(count, "record")
    else:
        of = f"{count:,}"
    first, last = min(sight.first + 1, count), min(sight.first + sight.count, count)
    return f"rows {first:,}–{last:,} of {of}"


def _list_doubts(window: RecordWindow) -> list[str]:
    """Return where the pages and the service's count of records do not agree."""
    doubts: list[str] = []
    if window.total not in {None, window.row_count}:
        doubts.append(f"{window.total:,} counted")
    if window.missing_count:
        doubts.append(f"{window.missing_count:,} not found")
    elif window.has_changed:
        doubts.append("changed meanwhile")
    if window.repeated_count:
        doubts.append(f"{window.repeated_count:,} came twice")
    return doubts
