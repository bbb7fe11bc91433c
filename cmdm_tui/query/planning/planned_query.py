"""A planned query: its plan, its columns, and what planning has read for it."""

from dataclasses import dataclass, field
from datetime import datetime

from msgspec import Struct

from cmdm_tui.api import Quota
from cmdm_tui.catalog import KnownQuota
from cmdm_tui.query.database.duckdb_session import QueryDatabase
from cmdm_tui.query.fetching.page_cache import PageCache
from cmdm_tui.query.fetching.trait_learner import TraitLearner
from cmdm_tui.query.model import ResultColumn
from cmdm_tui.query.parsing.statement import Statement
from cmdm_tui.query.planning import explain
from cmdm_tui.query.planning.bound_query import BoundQuery
from cmdm_tui.query.planning.plan import Plan


class PlanningReads(Struct):
    """What planning has read; the first run starts with it."""

    pages: dict[str, PageCache]
    learner: TraitLearner


@dataclass(frozen=True)
class PlannedQuery:
    """A query that is bound and planned; `plan.cost` includes the calls made while planning.

    `read_since` is the time of the oldest page of a checkpoint; None without one. `columns` are the
    names and DuckDB types of the rows, as far as they are known before a row was read: the digits
    of a DECIMAL are known afterwards. `known_quota` is as the last response stated it, of this
    run or, until its reset, of an earlier one.
    """

    statement: Statement
    plan: Plan
    columns: tuple[ResultColumn, ...]
    known_quota: KnownQuota
    bound: BoundQuery | None = field(default=None, repr=False)
    reads: list[PlanningReads] = field(default_factory=list[PlanningReads], repr=False)
    read_since: datetime | None = None
    trusts_order: bool = False
    """Whether a search may rest on the likely order of text, where others are possible."""
    database: QueryDatabase | None = field(default=None, repr=False)
    """The database that holds the local files of the query; None where it names none."""

    @property
    def quota(self) -> Quota:
        """The hour's limit, as far as it is known."""
        return self.known_quota.quota

    @property
    def verdict(self) -> explain.QuotaVerdict:
        """Whether the remaining calls fit into the quota left, as far as that is known."""
        return explain.quota_verdict(self.plan, self.known_quota)

    def explain_text(self) -> str:
        """Return the plan as lines of text."""
        return explain.as_text(self.plan, self.known_quota)

    def explain_json(self) -> dict[str, object]:
        """Return the plan as an object that JSON can hold."""
        return explain.as_json(self.plan, self.columns, self.known_quota)
