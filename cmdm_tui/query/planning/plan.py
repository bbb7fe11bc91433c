"""The steps of a plan, and what each of them costs in calls."""

from enum import StrEnum
from typing import Literal

from msgspec import Struct

from cmdm_tui.query.model import Column, Cost, FirstPage, Table
from cmdm_tui.query.seek import ColumnOrders, ColumnPredicate


class PlanClass(StrEnum):
    """How a query gets its records; `local` makes no call."""

    COUNT = "count"
    GET = "get"
    SEEK = "seek"
    STREAM = "stream"
    MATERIALISE = "materialise"
    LOCAL = "local"

    @property
    def words(self) -> str:
        """The name, and what it means in plain words: `stream (reads page by page)`."""
        return f"{self.value} ({_PLAIN_WORDS[self]})"


_PLAIN_WORDS = {
    PlanClass.COUNT: "reads the total",
    PlanClass.GET: "reads records by id",
    PlanClass.SEEK: "searches sorted pages",
    PlanClass.STREAM: "reads page by page",
    PlanClass.MATERIALISE: "reads every page",
    PlanClass.LOCAL: "reads no page",
}


class NoFetch(Struct, frozen=True):
    """No record is needed."""


class CountRecords(Struct, frozen=True):
    """Count the records of an entity: every page states the total."""

    table: Table


class GetRecords(Struct, frozen=True):
    """Fetch a few records by their ids, one call each."""

    table: Table
    columns: tuple[Column, ...]
    ids: tuple[str, ...]


class Scan(Struct, frozen=True):
    """Read every page of the entities once, side by side.

    `first_pages` says how the pages are sorted; a page that planning has read is used again.
    """

    tables: tuple[Table, ...]
    columns: dict[str, tuple[Column, ...]]
    first_pages: dict[str, FirstPage]


class JoinLookup(Struct, frozen=True):
    """Read one entity's records, then look up the records of another entity that they name.

    The near side is read whole, or by `ids` where the query names them; `scan` is the plan for
    reading both sides. If the near side names no fewer records than the far side has pages, the far
    side is scanned.
    """

    scan: Scan
    near: Table
    far: Table
    near_columns: tuple[Column, ...]
    far_columns: tuple[Column, ...]
    key: Column
    ids: tuple[str, ...] | None


class SeekRecords(Struct, frozen=True):
    """Find the records that match a condition on one field by binary search."""

    table: Table
    columns: tuple[Column, ...]
    predicate: ColumnPredicate
    orders: ColumnOrders


class TotalAggregate(Struct, frozen=True):
    """A count of all records, which every page states. `node` is its index among the aggregates."""

    node: int


class BoundaryAggregate(Struct, frozen=True):
    """One aggregate to answer from boundaries. `node` is its index among the query's aggregates."""

    node: int
    measure: Literal["count", "smallest", "largest"]
    predicate: ColumnPredicate
    orders: ColumnOrders


class BoundaryAggregates(Struct, frozen=True):
    """Compute counts, minima and maxima from the places where values begin and end."""

    table: Table
    columns: tuple[Column, ...]
    aggregates: tuple[TotalAggregate | BoundaryAggregate, ...]


class CountValues(Struct, frozen=True):
    """Count how often each value of a field occurs, by skipping from value to value."""

    table: Table
    column: Column
    orders: ColumnOrders


class Stream(Struct, frozen=True):
    """Read pages in order until there are enough rows. `max_records` limits the records to read."""

    table: Table
    columns: tuple[Column, ...]
    limit: int | None
    offset: int
    max_records: int | None


class SeekFirst(Struct, frozen=True):
    """Find the first `count` records in the order of a field, nulls where the query wants them."""

    table: Table
    columns: tuple[Column, ...]
    orders: ColumnOrders
    descending: bool
    count: int
    nulls_first: bool


class ReadWhole(Struct, frozen=True):
    """Read every page of one entity."""

    table: Table
    columns: tuple[Column, ...]
    first_page: FirstPage


class ReadByKeys(Struct, frozen=True):
    """Read the records whose `key` has one of the values that `sql` gives of what was read before.

    They are fetched each by its id, or searched for, or the entity is read whole: whichever takes
    the fewest calls for as many values as there are. Without `orders` they cannot be searched for.
    """

    table: Table
    columns: tuple[Column, ...]
    key: Column
    sql: str
    orders: ColumnOrders | None


class ReadAny(Struct, frozen=True):
    """Read the records that any of several accesses finds."""

    table: Table
    columns: tuple[Column, ...]
    accesses: tuple["Access", ...]


Access = GetRecords | SeekRecords | SeekFirst | ReadByKeys | ReadAny | ReadWhole
"""A way to get the records of one place in FROM."""


class PlannedRead(Struct, frozen=True):
    """One read of a composed plan, and its calls; `after` are the reads whose values it needs.

    `parts` are the accesses of a `ReadAny`, each with its calls and its likely calls.
    """

    access: Access
    cost: Cost
    likely: float
    first_page: FirstPage | None = None
    after: frozenset[int] = frozenset()
    parts: tuple[tuple[Access, Cost, float], ...] = ()


class ComposedReads(Struct, frozen=True):
    """Read what each place in FROM needs, one after the other; then run the query on all of it.

    `record_needs` says why that is enough. Where a search fails, its entity is read whole. With
    `wanted_rows`, the first read brings the first records in the order of the query: if they give
    fewer rows before LIMIT and OFFSET, it is read whole.
    """

    reads: tuple[PlannedRead, ...]
    wanted_rows: int = 0


SeekStep = SeekRecords | BoundaryAggregates | CountValues | SeekFirst
"""The steps that rely on the order of pages, and give no row before they end."""

Step = NoFetch | CountRecords | GetRecords | Scan | JoinLookup | ComposedReads | Stream | SeekStep


class CandidatePlan(Struct, frozen=True):
    """One way to answer the query.

    The planner chooses by `likely`, the expected number of calls.
    """

    plan_class: PlanClass
    step: Step
    cost: Cost
    likely: float
    first_page: FirstPage | None = None
    order: str = ""
    """What the pages are sorted by, in words; empty where it does not matter."""


class EntityPlan(Struct, frozen=True):
    """What a plan reads of one entity, as EXPLAIN shows it."""

    entity: str
    total: int | None
    fields: tuple[str, ...]
    order: str


class FilePlan(Struct, frozen=True):
    """The local files of one place in FROM, as EXPLAIN shows them: their names, and their rows."""

    names: tuple[str, ...]
    rows: int


class PlanStep(Struct, frozen=True):
    """A step of a composed plan, as EXPLAIN shows it; `after` are the steps that it waits for."""

    what: str
    entity: str
    cost: Cost
    likely: int
    after: tuple["PlanStep", ...] = ()


class Plan(Struct, frozen=True):
    """The chosen plan. `cost` includes the `calls_made` while planning.

    `likely` is the number of calls that a seek takes if the service sorts as expected; for any
    other plan it is the most that the plan takes.
    """

    plan_class: PlanClass
    step: Step
    cost: Cost
    likely: int
    entities: tuple[EntityPlan, ...]
    calls_made: int = 0
    first_page: FirstPage | None = None
    files: tuple[FilePlan, ...] = ()
    steps: tuple[PlanStep, ...] = ()
    """The last steps of a composed plan, each with those before it; empty for other plans."""
