"""What a query will do: its class, the calls it makes of each entity, and what they cost."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from cmdm_tui.query.model import Column, Cost, FirstPage, Table
from cmdm_tui.query.seek import ColumnOrders, ColumnPredicate


class PlanClass(StrEnum):
    """How a query comes by its records; `local` makes no call."""

    COUNT = "count"
    GET = "get"
    SEEK = "seek"
    STREAM = "stream"
    MATERIALISE = "materialise"
    LOCAL = "local"


@dataclass(frozen=True)
class NoFetch:
    """No record is needed."""


@dataclass(frozen=True)
class CountRecords:
    """The total that every page tells is the answer."""

    table: Table


@dataclass(frozen=True)
class GetRecords:
    """A few records by their ids, one call each."""

    table: Table
    columns: tuple[Column, ...]
    ids: tuple[str, ...]


@dataclass(frozen=True)
class Scan:
    """Every page of the entities, each once, read side by side.

    `order` says how the first entity's pages are sorted where a page of them was read already.
    """

    tables: tuple[Table, ...]
    columns: dict[str, tuple[Column, ...]]
    first_pages: dict[str, FirstPage]


@dataclass(frozen=True)
class JoinLookup:
    """An entity's records, then those of another that they name, one call each.

    The near side is read whole, or by `ids` where the query names them; `scan` says how. Where its
    keys turn out to be no fewer than the far side's pages, those are read.
    """

    scan: Scan
    near: Table
    far: Table
    near_columns: tuple[Column, ...]
    far_columns: tuple[Column, ...]
    key: Column
    ids: tuple[str, ...] | None


@dataclass(frozen=True)
class SeekRecords:
    """The records that a condition on one field encloses, found by binary search."""

    table: Table
    columns: tuple[Column, ...]
    predicate: ColumnPredicate
    orders: ColumnOrders


@dataclass(frozen=True, slots=True)
class TotalAggregate:
    """A count of all records, which every page states. `node` is its index among the aggregates."""

    node: int


@dataclass(frozen=True, slots=True)
class BoundaryAggregate:
    """One aggregate to answer from boundaries. `node` is its index among the query's aggregates."""

    node: int
    measure: Literal["count", "smallest", "largest"]
    predicate: ColumnPredicate
    orders: ColumnOrders


@dataclass(frozen=True)
class BoundaryAggregates:
    """Compute counts, minima and maxima from the places where values begin and end."""

    table: Table
    columns: tuple[Column, ...]
    aggregates: tuple[TotalAggregate | BoundaryAggregate, ...]


@dataclass(frozen=True)
class CountValues:
    """Count how often each value of a field occurs, by skipping from value to value."""

    table: Table
    column: Column
    orders: ColumnOrders


@dataclass(frozen=True)
class SeekFirst:
    """Find the first `count` records in the order of a field."""

    table: Table
    columns: tuple[Column, ...]
    orders: ColumnOrders
    descending: bool
    count: int


@dataclass(frozen=True)
class Stream:
    """Read pages in order until there are enough rows. `max_records` limits the records to read."""

    table: Table
    columns: tuple[Column, ...]
    limit: int | None
    offset: int
    max_records: int | None


SeekStep = SeekRecords | BoundaryAggregates | CountValues | SeekFirst
"""The steps that rely on the order of pages, and give no row before they end."""

Step = NoFetch | CountRecords | GetRecords | Scan | JoinLookup | Stream | SeekStep


@dataclass(frozen=True)
class CandidatePlan:
    """One way to answer the query. `likely` calls are what it is chosen by."""

    plan_class: PlanClass
    step: Step
    cost: Cost
    likely: float
    first_page: FirstPage | None = None
    order: str = ""
    """What the pages are sorted by, in words; empty where it does not matter."""


@dataclass(frozen=True)
class EntityPlan:
    """What is asked of one entity, as EXPLAIN shows it."""

    entity: str
    total: int | None
    fields: tuple[str, ...]
    order: str


@dataclass(frozen=True)
class Plan:
    """The way chosen. `cost` is of the whole: `made` calls were made in planning already.

    `likely` are the calls of a search where the service sorts as it is taken to; of anything else
    the most that it takes.
    """

    plan_class: PlanClass
    step: Step
    cost: Cost
    likely: int
    entities: tuple[EntityPlan, ...]
    calls_made: int = 0
    first_page: FirstPage | None = None
