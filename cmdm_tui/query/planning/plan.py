"""What a query will do: its class, the calls it makes of each entity, and what they cost."""

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Literal

from cmdm_tui.api import SortOrder
from cmdm_tui.query.model import Column, Cost, Table

if TYPE_CHECKING:
    from cmdm_tui.query.parsing.query_shape import SortField


class PlanClass(StrEnum):
    """How a query comes by its records; `local` makes no call."""

    COUNT = "count"
    GET = "get"
    SEEK = "seek"
    STREAM = "stream"
    MATERIALISE = "materialise"
    LOCAL = "local"


@dataclass(frozen=True, slots=True)
class FirstPage:
    """The page that a plan reads first: it is read while planning where the plan needs its total.

    `fields` are None for all.
    """

    entity: str
    per_page: int
    fields: tuple[str, ...] | None = None
    sort_by: str | None = None
    sort_order: SortOrder | None = None


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
    predicate: Any
    orders: Any


@dataclass(frozen=True, slots=True)
class BoundaryAggregate:
    """One aggregate that boundaries answer. `node` is its place among the query's aggregates."""

    node: int
    measure: Literal["total", "count", "smallest", "largest"]
    predicate: Any = None
    orders: Any = None


@dataclass(frozen=True)
class BoundaryAggregates:
    """Counts, minima and maxima, from the places where values begin and end."""

    table: Table
    columns: tuple[Column, ...]
    aggregates: tuple[BoundaryAggregate, ...]


@dataclass(frozen=True)
class CountValues:
    """A field's values and how often each occurs, by skipping from value to value."""

    table: Table
    column: Column
    orders: Any


@dataclass(frozen=True)
class Stream:
    """Pages in their order until there are rows enough. `most` limits the records wanted."""

    table: Table
    columns: tuple[Column, ...]
    sort_field: "SortField | None"
    limit: int | None
    offset: int
    max_records: int | None
    orders: Any = None


Step = (
    NoFetch
    | CountRecords
    | GetRecords
    | Scan
    | JoinLookup
    | SeekRecords
    | BoundaryAggregates
    | CountValues
    | Stream
)


def uses_seek(task: Step) -> bool:
    """Tell whether a task relies on the order of pages, and gives no row before it is over."""
    return isinstance(task, SeekRecords | BoundaryAggregates | CountValues) or (
        isinstance(task, Stream) and task.orders is not None
    )


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


__all__ = [
    "BoundaryAggregate",
    "BoundaryAggregates",
    "CandidatePlan",
    "CountRecords",
    "CountValues",
    "EntityPlan",
    "FirstPage",
    "GetRecords",
    "JoinLookup",
    "NoFetch",
    "Plan",
    "PlanClass",
    "Scan",
    "SeekRecords",
    "Step",
    "Stream",
    "uses_seek",
]
