"""How many calls a query may make before someone must confirm it."""

from msgspec import Struct

from cmdm_tui.query.execution.executor import Resumption
from cmdm_tui.query.parsing.statement import Explain
from cmdm_tui.query.planning.plan import ComposedReads, SeekStep
from cmdm_tui.query.planning.planned_query import PlannedQuery
from cmdm_tui.query.result import QueryResult


class Allowance(Struct, frozen=True):
    """The calls that a run may make, None for those of its plan.

    With `is_guard`, a search that is likely to take few calls stops where it would take more: its
    rows are then not the query's, and it can be resumed.
    """

    max_calls: int | None
    is_guard: bool = False

    def has_stopped(self, result: QueryResult) -> bool:
        """Return whether the guard has stopped the run, so that its rows are not the query's."""
        left = result.resumption
        return self.is_guard and isinstance(left, Resumption) and left.is_out_of_calls


def allow_unasked(prepared: PlannedQuery, most: int) -> Allowance | None:
    """Return the allowance of a query that needs no confirmation; None where it must be confirmed.

    EXPLAIN needs none, whatever the query that it explains would take. A search mostly takes few
    calls, but as many as a scan if the service sorts in no known order.
    """
    if isinstance(prepared.statement, Explain):
        return Allowance(None)  # it fetches nothing of what it explains
    if prepared.verdict == "exceeds":
        return None
    if prepared.plan.cost.high <= most:
        return Allowance(None)
    is_search = isinstance(prepared.plan.step, SeekStep | ComposedReads)
    if is_search and prepared.plan.likely <= most:
        return Allowance(most, is_guard=True)
    return None
