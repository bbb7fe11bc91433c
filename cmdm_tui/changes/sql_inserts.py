"""Makes creates of the rows of an INSERT: of values written out, computed or read; pure."""

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import Any

from sqlglot import exp

from cmdm_tui.api.models import Field, Parent
from cmdm_tui.api.value_match import is_empty
from cmdm_tui.changes.change_set import (
    OWNED_ENTITIES,
    OWNER_FIELDS,
    Change,
    ChangeKind,
    Reject,
    is_owner_field,
)
from cmdm_tui.changes.entity_fields import kind_of
from cmdm_tui.changes.sql_changes import RowChanges
from cmdm_tui.changes.sql_reading import is_constant
from cmdm_tui.changes.wire_text import NoWireText, write_wire_text
from cmdm_tui.query.errors import SqlError
from cmdm_tui.query.parsing.write_parts import InsertStatement
from cmdm_tui.text import one_line


def build_inserted(
    statement: InsertStatement,
    entity: str,
    fields: Sequence[Field],
    rows: Iterable[Sequence[object]],
) -> RowChanges:
    """Return the creates; `rows` are those of the query, or the one row of computed values.

    Fields that get no value are left out. Raises SqlError where a row is not as wide as `fields`.
    """
    made = RowChanges()
    values = rows if statement.query is not None else _fill_rows(statement, rows)
    for number, row in enumerate(values, 1):
        if len(row) != len(fields):
            raise SqlError(f"The query has {len(row):,} columns, and {len(fields):,} are named")
        change = _make_create(entity, fields, row, f"row {number:,}")
        if isinstance(change, Reject):
            made.rejects.append(change)
        else:
            made.changes.append(change)
    return made


def _fill_rows(
    statement: InsertStatement, computed: Iterable[Sequence[object]]
) -> Iterator[Sequence[object]]:
    """Yield the rows of VALUES, with the computed values in their places."""
    found = iter([value for row in computed for value in row])
    for row in statement.rows:
        yield [_constant(cell) if is_constant(cell) else next(found) for cell in row]


def _constant(cell: exp.Expr) -> object:
    inner = cell.unnest()
    match inner:
        case exp.Null():
            return None
        case exp.Boolean():
            return bool(inner.this)
        case exp.Neg():
            return -Decimal(inner.this.name)
        case _ if isinstance(inner, exp.Literal) and inner.is_string:
            return inner.name
        case _:
            return Decimal(inner.name)


def _make_create(
    entity: str, fields: Sequence[Field], row: Sequence[object], origin: str
) -> Change | Reject:
    values: dict[str, Any] = {}
    for one, value in zip(fields, row, strict=True):
        try:
            written = write_wire_text(value, kind_of(one))
        except NoWireText as error:
            reason = f"{one_line(one.name, 60)} {error}"
            return Reject(reason, origin, one.name, Change(ChangeKind.CREATE, entity))
        if written is not None:
            values[one.name] = written
    parent = None
    if entity.casefold() in OWNED_ENTITIES:
        owner = {name.casefold(): values.pop(name) for name in list(values) if is_owner_field(name)}
        named = [owner.get(name.casefold()) for name in OWNER_FIELDS]
        if any(is_empty(one) for one in named) and not all(is_empty(one) for one in named):
            missing = OWNER_FIELDS[0 if is_empty(named[0]) else 1]
            reason = f"{missing} is missing: both fields name the record that it belongs to"
            return Reject(reason, origin, missing, Change(ChangeKind.CREATE, entity, None, values))
        if not is_empty(named[0]):
            parent = Parent(str(named[0]), str(named[1]))
    return Change(ChangeKind.CREATE, entity, properties=values, parent=parent, origin=origin)
