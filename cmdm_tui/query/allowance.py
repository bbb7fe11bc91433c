"""How many calls a query may make before a person is asked, or a script must have allowed them."""

from dataclasses import dataclass

from cmdm_tui.query.execution.executor import Resumption
from cmdm_tui.query.planning.plan import SeekStep
from cmdm_tui.query.planning.prepared_query import PreparedQuery
from cmdm_tui.query.result import QueryResult


@dataclass(frozen=True, slots=True)
class Allowance:
    """The calls that a run may make, None for as many as it takes.

    One that `is_guard` holds for a search that is likely to take fewer, and ends it where it would
    take more: then nothing of it is a result, and it may be gone on with.
    """

    max_calls: int | None
    is_guard: bool = False

    def has_stopped(self, result: QueryResult) -> bool:
        """Tell whether the guard has ended the run, so that its rows are none of the query's."""
        left = result.resumption
        return self.is_guard and isinstance(left, Resumption) and left.is_out_of_calls


def allow_unasked(prepared: PreparedQuery, most: int) -> Allowance | None:
    """Return what a query may do when no more than `most` calls are made unasked; None: ask first.

    A search mostly takes a few calls, and a scan's where the service sorts in no known order.
    """
    if prepared.verdict == "exceeds":
        return None
    if prepared.plan.cost.high <= most:
        return allow_cost(prepared, most)
    if isinstance(prepared.plan.step, SeekStep) and prepared.plan.likely <= most:
        return Allowance(most, is_guard=True)
    return None


def allow_cost(prepared: PreparedQuery, more: int) -> Allowance:
    """Return what a query may do that is allowed: not many more calls than were said."""
    return Allowance(prepared.plan.cost.high + more)
