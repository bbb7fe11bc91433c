"""Values that every part of the query engine shares: columns, tables, costs, first pages."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from functools import cached_property
from typing import Self

from msgspec import Struct
from msgspec.structs import replace

from cmdm_tui.api import SortOrder

EXTERNAL_ID = "ExternalID"
"""The column that every entity has: its records' external ids (`api.md`)."""

CREATED_DATE = "CreatedDate"
"""The field with the time at which a record was created (`api.md`, system fields)."""

CASE_MARK = "\x02"
"""Ends the name of a column where another column's name differs from it by case alone."""

LARGEST_PAGE = 1000
"""The most records to request in one page; a server may grant fewer (`api.md`, per_page)."""


Value = str | Decimal | date | datetime | bool
"""A column's value as the engine searches it: DateTime values have no zone and are in UTC."""


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


def kind_word(kind: ColumnKind) -> str:
    """Return the word for a value of a kind."""
    return "time" if kind is ColumnKind.DATETIME else kind.value


class Column(Struct, frozen=True):
    """One column of an entity: `name` as the service writes it, `type` as the catalog has it.

    `is_inferred` is true where no one declared the type: then it is what some records look like,
    and the column is text all the same. `reads` is the column that this one reads as another kind,
    under a name that only the engine has; see `planning.readings`. `of_field` is the field, where
    its name is not the column's. With `is_hidden` no query sees it: what cannot be read is counted.
    """

    name: str
    kind: ColumnKind = ColumnKind.TEXT
    type: str = "Text"
    is_inferred: bool = False
    reads: "Column | None" = None
    of_field: str = ""
    is_hidden: bool = False

    @property
    def field(self) -> str:
        """The name of the field whose values the column shows, as the service writes it."""
        return self.of_field or self.name

    @property
    def is_searchable(self) -> bool:
        """Whether a service sorts the field as the kind that the column is of, as far as known."""
        is_itself = self.reads is None and self.name == self.field
        return is_itself and ColumnKind.of_type(self.type) is self.kind


class Table(Struct, frozen=True, dict=True):
    """One entity as a table. `columns` begin with ExternalID, then the described fields.

    `total` is the number of records, None where it is not known; `largest_page` the most records
    that one page of the entity grants, of which `page_overlap` repeat the end of the page before
    (none of the first page). `unnamed` are the fields that SQL cannot name. With
    `is_inferred` the fields are those that some records have: others may have more.
    """

    entity: str
    columns: tuple[Column, ...]
    total: int | None = None
    largest_page: int = LARGEST_PAGE
    unnamed: tuple[str, ...] = ()
    is_inferred: bool = False
    page_overlap: int = 0

    @cached_property
    def by_name(self) -> Mapping[str, Column]:
        """The columns by their casefolded names."""
        return {column.name.casefold(): column for column in self.columns}

    @cached_property
    def _by_field(self) -> Mapping[str, Column]:
        """The columns by the exact names of their fields; of several, the first."""
        return {column.field: column for column in reversed(self.columns)}

    def column(self, name: str) -> Column | None:
        """Return the column of this name; case does not matter unless two names need it."""
        return self._by_field.get(name) or self.by_name.get(name.casefold())

    def with_readings(self, columns: Iterable[Column]) -> Self:
        """Return the table with those of `columns` that read its fields as another kind."""
        readings = tuple(one for one in columns if one.reads is not None and not one.is_hidden)
        return replace(self, columns=(*self.columns, *readings)) if readings else self

    @property
    def pages(self) -> int | None:
        """The number of pages that hold all records: at least one, for an empty one too."""
        return None if self.total is None else self.count_pages(self.total, self.largest_page)

    def count_pages(self, records: int, per_page: int) -> int:
        """Return how many pages hold the first `records`: at least one, for none too."""
        news = max(per_page - self.page_overlap, 1)
        return 1 + max(-(-(records - per_page) // news), 0)


class Cost(Struct, frozen=True):
    """What a plan costs, in calls: at least `low` and at most `high`.

    It is a prediction, from the totals and page sizes that the service has stated.
    """

    low: int
    high: int

    def __add__(self, other: "Cost") -> "Cost":
        return Cost(self.low + other.low, self.high + other.high)

    def __str__(self) -> str:
        return f"{self.low:,}" if self.low == self.high else f"{self.low:,} to {self.high:,}"


class FirstPage(Struct, frozen=True):
    """The first page that a plan reads. Planning reads it already where the plan needs its total.

    `fields` is None for all fields.
    """

    entity: str
    per_page: int
    fields: tuple[str, ...] | None = None
    sort_by: str | None = None
    sort_order: SortOrder | None = None


def shown_name(name: str) -> str:
    """Return a column's name without the mark that keeps it apart; see `CASE_MARK`."""
    return name.rstrip(CASE_MARK)


class ResultColumn(Struct, frozen=True):
    """One result column: its name in the query, and its DuckDB type, such as DECIMAL(18,2)."""

    name: str
    type: str
