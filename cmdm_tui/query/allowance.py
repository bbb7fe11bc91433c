"""How many calls a query may make before a person is asked, or a script must have allowed them."""

from dataclasses import dataclass

from cmdm_tui.query.plan import is_sought
from cmdm_tui.query.prepare import Prepared
from cmdm_tui.query.result import Result
from cmdm_tui.query.running import Resumption


@dataclass(frozen=True, slots=True)
class Allowance:
    """The calls that a run may make, None for as many as it takes.

    One that `is_guard` holds for a search that is likely to take fewer, and ends it where it would
    take more: then nothing of it is a result, and it may be gone on with.
    """

    most: int | None
    is_guard: bool = False

    def has_ended(self, result: Result) -> bool:
        """Tell whether the guard has ended the run, so that its rows are none of the query's."""
        left = result.resumption
        return self.is_guard and isinstance(left, Resumption) and left.is_out_of_calls


def unasked(prepared: Prepared, most: int) -> Allowance | None:
    """Return what a query may do when no more than `most` calls are made unasked; None: ask first.

    A search mostly takes a few calls, and a scan's where the service sorts in no known order.
    """
    if prepared.verdict == "exceeds":
        return None
    if prepared.cost.high <= most:
        return allowed(prepared, most)
    if is_sought(prepared.plan_.task) and prepared.likely <= most:
        return Allowance(most, is_guard=True)
    return None


def allowed(prepared: Prepared, more: int) -> Allowance:
    """Return what a query may do that is allowed: not many more calls than were said."""
    return Allowance(prepared.cost.high + more)
