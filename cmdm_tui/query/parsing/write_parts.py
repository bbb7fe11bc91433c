"""The statements that change records, as frozen values: parts of a syntax tree that was checked."""

import enum
from typing import Self

from msgspec import Struct
from sqlglot import exp

from cmdm_tui.query.parsing.statement_forms import ScriptStatement


class WrittenName(Struct, frozen=True):
    """A name as it was written, and where: `node` is its identifier."""

    node: exp.Identifier

    @classmethod
    def of(cls, name: str) -> Self:
        """Return a name that is written nowhere."""
        return cls(exp.to_identifier(name, quoted=True))

    @property
    def name(self) -> str:
        """The name, without quotes."""
        return self.node.name

    @property
    def is_quoted(self) -> bool:
        """Whether it was in double quotes."""
        return bool(self.node.args.get("quoted"))

    @property
    def line(self) -> int | None:
        """The line, from 1."""
        return self.node.meta.get("line")

    @property
    def column(self) -> int | None:
        """The column in which it begins, from 1."""
        end, place = self.node.meta.get("col"), self.node.meta
        length = place.get("end", 0) - place.get("start", 0)
        return None if end is None else max(end - length, 1)


class Target(Struct, frozen=True):
    """The entity whose records are changed; `alias` is what the statement calls them."""

    entity: WrittenName
    alias: exp.Identifier | None = None

    @property
    def qualifier(self) -> str:
        """The casefolded name that qualifies its fields."""
        return (self.alias or self.entity.node).name.casefold()


class Assignment(Struct, frozen=True):
    """One field and its new value, of an UPDATE."""

    field: WrittenName
    value: exp.Expr


class ReturnedColumn(Struct, frozen=True):
    """A column of RETURNING: a field under a title; None for a star."""

    field: WrittenName | None
    title: str


class InsertStatement(Struct, frozen=True):
    """INSERT: either `rows` of values, or a `query`; both in the order of `fields`."""

    script: ScriptStatement
    target: Target
    fields: tuple[WrittenName, ...]
    rows: tuple[tuple[exp.Expr, ...], ...] = ()
    query: exp.Expr | None = None
    returning: tuple[ReturnedColumn, ...] = ()


class UpdateStatement(Struct, frozen=True):
    """UPDATE; `sources` are the items of its FROM."""

    script: ScriptStatement
    target: Target
    assignments: tuple[Assignment, ...]
    where: exp.Expr | None = None
    sources: tuple[exp.Expr, ...] = ()
    with_: exp.With | None = None
    returning: tuple[ReturnedColumn, ...] = ()

    @property
    def is_of_all(self) -> bool:
        """Whether every record is meant, as it has no WHERE."""
        return self.where is None


class DeleteStatement(Struct, frozen=True):
    """DELETE; `sources` are the items of its USING."""

    script: ScriptStatement
    target: Target
    where: exp.Expr | None = None
    sources: tuple[exp.Expr, ...] = ()
    with_: exp.With | None = None
    returning: tuple[ReturnedColumn, ...] = ()

    @property
    def is_of_all(self) -> bool:
        """Whether every record is meant, as it has no WHERE."""
        return self.where is None


class Procedure(enum.Enum):
    """What CALL can do, and the entity whose records it takes."""

    CONVERT_LEAD = "lead"
    CLOSE_TASK = "task"

    @property
    def entity(self) -> str:
        """The entity."""
        return self.value


class CallStatement(Struct, frozen=True):
    """CALL of a procedure, with external ids, or with a query that gives them."""

    script: ScriptStatement
    procedure: Procedure
    ids: tuple[str, ...] = ()
    query: exp.Expr | None = None
    returning: tuple[ReturnedColumn, ...] = ()
