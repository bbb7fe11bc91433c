"""Judges whether pages show that the service sorts by the column at all.

A service that sorts otherwise than asked looks sorted where its pages hold almost only nulls, or
one value. So an answer needs pages that chance would not sort.
"""

from collections import Counter
from collections.abc import Hashable, Iterable
from math import lgamma

from cmdm_tui.query.model import ColumnKind
from cmdm_tui.query.seek.sorted_pages import MIN_ASCENTS, SortedPages

MAX_PROOF_PAGES = 8
"""The pages to read only to see an order, where there are more than a few."""


def is_order_shown(pages: SortedPages) -> bool:
    """Return whether chance would sort what was read as rarely as it sorts nine values.

    Nulls count as one value: where many are together, that shows something too. Where every page
    was read nothing needs to be shown, nor of numbers without nulls on a service that is known to
    sort numbers.
    """
    is_number = pages.ordering.column.kind is ColumnKind.NUMBER
    if not pages.gaps or (is_number and pages.ordering.is_known and not pages.has_nulls):
        return True
    return has_rare_order(
        value.casefold() if isinstance(value, str) else value
        for view in pages.views
        for value in view.values
    )


def has_rare_order(values: Iterable[Hashable]) -> bool:
    """Return whether sorted values have at least as many arrangements as nine that all differ."""
    counts = Counter(values).values()
    arrangements = lgamma(sum(counts) + 1) - sum(lgamma(count + 1) for count in counts)
    return arrangements > lgamma(MIN_ASCENTS + 2) - 1e-6
