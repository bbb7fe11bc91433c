"""Values that every part of the query engine shares: columns, tables, costs, first pages."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from functools import cached_property
from typing import Self

from cmdm_tui.api import SortOrder

EXTERNAL_ID = "ExternalID"
"""The column that every entity has: its records' external ids (`api.md`)."""

LARGEST_PAGE = 1000
"""The most records to request in one page; a server may grant fewer (`api.md`, per_page)."""


Value = str | Decimal | date | datetime | bool
"""A column's value: DateTime values have no zone and are in UTC."""


class ColumnKind(StrEnum):
    """How a field's values compare: text in the account's order, the others by value."""

    TEXT = "text"
    NUMBER = "number"
    DATE = "date"
    DATETIME = "datetime"
    BOOLEAN = "boolean"

    @classmethod
    def of_type(cls, field_type: str | None) -> Self:
        """Return the kind of a field's type (`api.md`, a field's Properties); else text."""
        return cls(_KIND_BY_FIELD_TYPE.get((field_type or "").casefold(), "text"))


_KIND_BY_FIELD_TYPE = {
    "number": "number",
    "currency": "number",
    "date": "date",
    "datetime": "datetime",
    "boolean": "boolean",
}


@dataclass(frozen=True, slots=True)
class Column:
    """One column of an entity: `name` as the service writes it, `type` as the catalog has it.

    `is_inferred` is true where the type was inferred from some records: others may not fit it.
    """

    name: str
    kind: ColumnKind = ColumnKind.TEXT
    type: str = "Text"
    is_inferred: bool = False


@dataclass(frozen=True)
class Table:
    """One entity as a table. `columns` begin with ExternalID, then the described fields.

    `total` is the number of records, None where it is not known; `largest_page` the most records
    that one page of the entity grants.
    """

    entity: str
    columns: tuple[Column, ...]
    total: int | None = None
    largest_page: int = LARGEST_PAGE

    @cached_property
    def by_name(self) -> Mapping[str, Column]:
        """The columns by their casefolded names."""
        return {column.name.casefold(): column for column in self.columns}

    def column(self, name: str) -> Column | None:
        """Return the column of this name; upper and lower case do not matter."""
        exact = next((column for column in self.columns if column.name == name), None)
        return exact or self.by_name.get(name.casefold())

    @property
    def pages(self) -> int | None:
        """The number of pages that hold all records: at least one, for an empty one too."""
        return None if self.total is None else max(-(-self.total // self.largest_page), 1)


@dataclass(frozen=True, slots=True)
class Cost:
    """What a plan costs, in calls: at least `low` and at most `high`."""

    low: int
    high: int

    def __add__(self, other: "Cost") -> "Cost":
        return Cost(self.low + other.low, self.high + other.high)

    def __str__(self) -> str:
        return f"{self.low:,}" if self.low == self.high else f"{self.low:,} to {self.high:,}"


@dataclass(frozen=True, slots=True)
class FirstPage:
    """The first page that a plan reads. Planning reads it already where the plan needs its total.

    `fields` is None for all fields.
    """

    entity: str
    per_page: int
    fields: tuple[str, ...] | None = None
    sort_by: str | None = None
    sort_order: SortOrder | None = None


@dataclass(frozen=True, slots=True)
class ResultColumn:
    """One result column: its name in the query, and its DuckDB type, such as DECIMAL(18,2)."""

    name: str
    type: str
