"""Seeks records in an API that has no filter: sorted pages are halved until a predicate is decided.

A service sorts by one field and pages what it sorts, so that every field is a sorted array. In
which order is not known for certain: text may be sorted with case or without, numbers by their
digits. So each order that nothing seen excludes stays possible, and a page is left unread only
where no such order can hide on it what would change the answer. Pages that fit no order end the
seek, and a scan takes over. Which orders are thought of is in `possible`; a service that sorts in
yet another one, and shows it on none of the pages read, is beyond this: the findings' notes say
how many pages that was.
"""

from cmdm_tui.query.seek.candidates import Candidate, present
from cmdm_tui.query.seek.cost import Estimate, Task, cost, most_probes
from cmdm_tui.query.seek.errors import (
    NoTotal,
    OrderContradicted,
    RecordsMoved,
    SeekFailed,
    TooManyGroups,
)
from cmdm_tui.query.seek.findings import Counted, Extreme, Finding, Found, Grouped
from cmdm_tui.query.seek.groups import groups
from cmdm_tui.query.seek.halving import FEW_PAGES
from cmdm_tui.query.seek.leading import first, largest, middle, smallest
from cmdm_tui.query.seek.pages import Direction, Pages
from cmdm_tui.query.seek.possible import Ordering, ordering
from cmdm_tui.query.seek.predicates import extract
from cmdm_tui.query.seek.search import count_in, search

__all__ = [
    "FEW_PAGES",
    "Candidate",
    "Counted",
    "Direction",
    "Estimate",
    "Extreme",
    "Finding",
    "Found",
    "Grouped",
    "NoTotal",
    "OrderContradicted",
    "Ordering",
    "Pages",
    "RecordsMoved",
    "SeekFailed",
    "Task",
    "TooManyGroups",
    "cost",
    "count_in",
    "extract",
    "first",
    "groups",
    "largest",
    "middle",
    "most_probes",
    "ordering",
    "present",
    "search",
    "smallest",
]
