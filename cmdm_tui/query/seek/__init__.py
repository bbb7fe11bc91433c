"""Finds records in an API that has no filter, by binary search over sorted pages.

A service sorts by one field and pages the sorted records, so every field is a sorted array. Its
order is not known for certain: text may be sorted with case or without, numbers by their digits. So
every order that no page contradicts stays a candidate, and a page is left unread only where no
candidate order can hide on it what would change the answer. Pages that fit no order end the seek,
and a scan takes over. `column_orders` lists the orders; a service that sorts in another one, and
shows it on none of the pages read, is not detected: the notes of a result say how many pages were
checked.

Other central files: `region`, `results`, `order_kinds`, `sorted_pages`, `column_predicate`,
`errors`, `bisect`, `order_proof`. Public: `ColumnOrders`, `FEW_PAGES`, `ColumnPredicate`,
`SeekFailed`, `NoTotal`, `OrderContradicted`, `SeekResult`, `count_matches`.
"""

from cmdm_tui.query.seek.bisect import FEW_PAGES
from cmdm_tui.query.seek.column_orders import (
    ColumnOrders,
    bounds_matches,
    find_column_orders,
    with_known_traits,
)
from cmdm_tui.query.seek.column_predicate import ColumnPredicate, not_null
from cmdm_tui.query.seek.errors import (
    NoTotal,
    NullsUnplaced,
    OrderContradicted,
    OrderUndecided,
    OtherFieldsMayTell,
    RecordsMoved,
    SeekFailed,
    TooManyGroups,
)
from cmdm_tui.query.seek.estimate import (
    MAX_NULL_FIELDS,
    MAX_TEXT_FIELDS,
    SeekEstimate,
    SeekTask,
    estimate_seek,
    max_probes,
)
from cmdm_tui.query.seek.extremes import find_first, find_largest, find_smallest
from cmdm_tui.query.seek.order_proof import show_order
from cmdm_tui.query.seek.page_views import Direction, PageSource
from cmdm_tui.query.seek.predicates import extract_predicates
from cmdm_tui.query.seek.results import (
    AnyResult,
    ExtremeValue,
    FoundRecords,
    MatchCount,
    SeekResult,
    ValueCounts,
)
from cmdm_tui.query.seek.search import count_matches, find_records
from cmdm_tui.query.seek.value_counts import count_values

__all__ = [
    "FEW_PAGES",
    "MAX_NULL_FIELDS",
    "MAX_TEXT_FIELDS",
    "AnyResult",
    "ColumnOrders",
    "ColumnPredicate",
    "Direction",
    "ExtremeValue",
    "FoundRecords",
    "MatchCount",
    "NoTotal",
    "NullsUnplaced",
    "OrderContradicted",
    "OrderUndecided",
    "OtherFieldsMayTell",
    "PageSource",
    "RecordsMoved",
    "SeekEstimate",
    "SeekFailed",
    "SeekResult",
    "SeekTask",
    "TooManyGroups",
    "ValueCounts",
    "bounds_matches",
    "count_matches",
    "count_values",
    "estimate_seek",
    "extract_predicates",
    "find_column_orders",
    "find_first",
    "find_largest",
    "find_records",
    "find_smallest",
    "max_probes",
    "not_null",
    "show_order",
    "with_known_traits",
]
