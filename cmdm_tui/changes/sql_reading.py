"""Makes the SELECT that reads what a statement changes, so that the engine plans it as any query.

Its columns are, in this order: ExternalID; the stored text of the fields that are kept as they were
(`old 0`, `old 1`, …); of an UPDATE the new values (`new 0`, …), and for each whether a value that
it is computed from cannot be read (`unread 0`, …). The WHERE stays as it was written, so what can
be searched for is searched for.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import sqlglot
from sqlglot import exp

from cmdm_tui.api.models import Field
from cmdm_tui.changes.entity_fields import EntityFields, kind_of
from cmdm_tui.query.model import EXTERNAL_ID, ColumnKind
from cmdm_tui.query.parsing.dialect import DIALECT
from cmdm_tui.query.parsing.write_parts import (
    Assignment,
    CallStatement,
    DeleteStatement,
    InsertStatement,
    Procedure,
    Target,
    UpdateStatement,
)
from cmdm_tui.query.parsing.write_statement import WriteStatement

_OVER_RECORDS = (
    exp.AggFunc, exp.Window, exp.Group, exp.Having, exp.Qualify, exp.Distinct, exp.Limit,
    exp.Offset, exp.SetOperation, exp.With,
)  # fmt: skip
"""What makes one row of several records, or chooses among them."""


@dataclass(frozen=True, slots=True)
class ReadColumns:
    """What the columns of the SELECT hold: how many of each kind there are."""

    old: tuple[Field, ...]
    new: tuple[Field, ...] = ()


def select_changed(
    statement: UpdateStatement | DeleteStatement, known: EntityFields, columns: ReadColumns
) -> str:
    """Return the SELECT of the records that an UPDATE or DELETE changes."""
    qualifier = _qualifier_of(statement.target, known)
    shown = [_column(EXTERNAL_ID, qualifier), *_old_columns(columns.old, qualifier)]
    if isinstance(statement, UpdateStatement):
        shown += _new_columns(statement.assignments, known, statement.target, qualifier)
    select = exp.Select(expressions=shown, from_=exp.From(this=_table(statement.target, known)))
    if statement.sources:
        select.set("joins", [exp.Join(this=one.copy()) for one in statement.sources])
    if statement.where is not None:
        select.set("where", exp.Where(this=statement.where.copy()))
    if statement.with_ is not None:
        select.set("with_", statement.with_.copy())
    return _write(select)


def select_called(statement: CallStatement, known: EntityFields, columns: ReadColumns) -> str:
    """Return the SELECT of the records that a CALL names, or that its query gives."""
    query = statement.query
    plain = None if query is None else _as_condition(query, statement.procedure)
    select = exp.Select()
    if plain is not None:
        table, where = plain
        qualifier = exp.to_identifier(table.alias_or_name, quoted=True)
        source = _named(known.entity, table.args.get("alias"))
        if not source.args.get("alias"):
            qualifier = exp.to_identifier(known.entity, quoted=True)
        with_ = None if query is None else query.args.get("with_")
        select.set("with_", with_.copy() if isinstance(with_, exp.With) else None)
    else:
        source = _named(known.entity, None)
        qualifier = exp.to_identifier(known.entity, quoted=True)
        external_id = _column(EXTERNAL_ID, qualifier)
        if query is not None:
            where = exp.In(this=external_id, query=exp.Subquery(this=query.copy()))
        elif len(statement.ids) == 1:
            where = exp.EQ(this=external_id, expression=exp.Literal.string(statement.ids[0]))
        else:
            items = [exp.Literal.string(one) for one in statement.ids]
            where = exp.In(this=external_id, expressions=items)
    shown = [_column(EXTERNAL_ID, qualifier), *_old_columns(columns.old, qualifier)]
    select.set("expressions", shown)
    select.set("from_", exp.From(this=source))
    if where is not None:
        select.set("where", exp.Where(this=where))
    return _write(select)


def select_inserted(statement: InsertStatement) -> str | None:
    """Return the SELECT of an INSERT: its query, or one row of the values that are computed.

    None where all of its values are written out.
    """
    if statement.query is not None:
        return _write(statement.query)
    cells = [one for row in statement.rows for one in row if not is_constant(one)]
    if not cells:
        return None
    shown = [exp.alias_(one.copy(), f"new {n}", quoted=True) for n, one in enumerate(cells)]
    return _write(exp.Select(expressions=shown))


def can_be_partial(statement: WriteStatement, read_sql: str) -> bool:
    """Return whether a part of the records leads to a part of the changes, and to no other ones.

    That is so where each record is looked at alone. `NOT IN (SELECT …)`, a count or a LIMIT over a
    part of the records finds others than over all; and of an id that a CALL names, a part does not
    show that there is no such record.
    """
    if isinstance(statement, CallStatement) and statement.ids:
        return False
    tree = sqlglot.parse_one(read_sql, dialect=DIALECT)
    return len(list(tree.find_all(exp.Table))) == 1 and tree.find(*_OVER_RECORDS) is None


def is_constant(cell: exp.Expr) -> bool:
    """Return whether a value is written out: text, a number, true, false or NULL."""
    inner = cell.unnest()
    if isinstance(inner, exp.Neg):
        inner = inner.this
        return isinstance(inner, exp.Literal) and not inner.is_string
    return isinstance(inner, exp.Literal | exp.Boolean | exp.Null)


def _write(tree: exp.Expr) -> str:
    return tree.sql(dialect=DIALECT, comments=False)


def _qualifier_of(target: Target, known: EntityFields) -> exp.Identifier:
    return exp.to_identifier(target.alias.name if target.alias else known.entity, quoted=True)


def _table(target: Target, known: EntityFields) -> exp.Table:
    return _named(known.entity, None if target.alias is None else target.alias.name)


def _named(entity: str, alias: object) -> exp.Table:
    table = exp.Table(this=exp.to_identifier(entity, quoted=True))
    name = alias.name if isinstance(alias, exp.Expr) else alias
    if isinstance(name, str) and name:
        table.set("alias", exp.TableAlias(this=exp.to_identifier(name, quoted=True)))
    return table


def _column(name: str, qualifier: exp.Identifier) -> exp.Column:
    return exp.Column(this=exp.to_identifier(name, quoted=True), table=qualifier.copy())


def _stored(field: Field, qualifier: exp.Identifier) -> exp.Expr:
    column = _column(field.name, qualifier)
    return column if kind_of(field) is ColumnKind.TEXT else exp.cast(column, "VARCHAR")


def _old_columns(fields: Sequence[Field], qualifier: exp.Identifier) -> list[exp.Expr]:
    return [
        exp.alias_(_stored(field, qualifier), f"old {n}", quoted=True)
        for n, field in enumerate(fields)
    ]


def _new_columns(
    assignments: Sequence[Assignment],
    known: EntityFields,
    target: Target,
    qualifier: exp.Identifier,
) -> Iterator[exp.Expr]:
    for n, one in enumerate(assignments):
        yield exp.alias_(exp.paren(one.value.copy(), copy=False), f"new {n}", quoted=True)
    for n, one in enumerate(assignments):
        unread = [_is_unread(field, qualifier) for field in _typed_fields(one.value, known, target)]
        found = exp.or_(*unread, dialect=DIALECT) if unread else exp.false()
        yield exp.alias_(exp.paren(found, copy=False), f"unread {n}", quoted=True)


def _typed_fields(value: exp.Expr, known: EntityFields, target: Target) -> list[Field]:
    """Return the fields of the changed record whose values, as numbers or times, make a value."""
    named: dict[str, Field] = {}
    for column in value.find_all(exp.Column):
        is_own = not column.table or column.table.casefold() == target.qualifier
        if not is_own or column.find_ancestor(exp.Select) is not None:
            continue
        for field in known.readable:
            if (
                field.name.casefold() == column.name.casefold()
                and kind_of(field) is not ColumnKind.TEXT
            ):
                named[field.name] = field
    return list(named.values())


def _is_unread(field: Field, qualifier: exp.Identifier) -> exp.Expr:
    """Return the condition that a value is stored which is none of the field's type."""
    is_null = exp.Is(this=_column(field.name, qualifier), expression=exp.null())
    text = _stored(field, qualifier)
    return exp.and_(is_null, exp.NEQ(this=text, expression=exp.Literal.string("")), dialect=DIALECT)


def _as_condition(
    query: exp.Expr, procedure: Procedure
) -> tuple[exp.Table, exp.Expr | None] | None:
    """Return the entity and the WHERE of a query that only picks records of the procedure's entity.

    Its rows can be read as they are; any other query gives ids to look for.
    """
    if not isinstance(query, exp.Select):
        return None
    parts = {part for part, value in query.args.items() if value}
    from_, shown = query.args.get("from_"), query.expressions[0]
    if parts - {"expressions", "from_", "where", "with_"} or not isinstance(from_, exp.From):
        return None
    table, column = from_.this, shown.unalias()
    is_plain = isinstance(table, exp.Table) and isinstance(table.this, exp.Identifier)
    if not is_plain or {part for part, value in table.args.items() if value} - {"this", "alias"}:
        return None
    if table.name.casefold() != procedure.entity or not isinstance(column, exp.Column):
        return None
    alias = table.args.get("alias")
    if column.name.casefold() != EXTERNAL_ID.casefold() or (alias and alias.args.get("columns")):
        return None
    with_ = query.args.get("with_")
    if with_ and any(one.alias.casefold() == procedure.entity for one in with_.expressions):
        return None
    where = query.args.get("where")
    return table, where.this.copy() if isinstance(where, exp.Where) else None
