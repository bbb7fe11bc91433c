"""Reads INSERT, UPDATE and DELETE from their syntax trees, and refuses what is not run."""

from collections.abc import Iterable, Iterator, Sequence

from sqlglot import exp

from cmdm_tui.query.errors import QueryRefused, SqlError
from cmdm_tui.query.parsing.unquoted_text import advise_quotes
from cmdm_tui.query.parsing.write_clauses import (
    PartCheck,
    read_returning,
    read_target,
    refuse_hidden_target,
    refuse_other_parts,
)
from cmdm_tui.query.parsing.write_parts import (
    Assignment,
    DeleteStatement,
    InsertStatement,
    Target,
    UpdateStatement,
    WrittenName,
)
from cmdm_tui.text import count_noun, one_line

_NAMES_FIELDS = "Write INSERT INTO lead (FirstName, LastName) VALUES ('Siân', 'Jones')"


def read_insert(tree: exp.Insert, check: PartCheck) -> InsertStatement:
    """Return what an INSERT says. Raises SqlError or QueryRefused."""
    refuse_other_parts(tree, {"this", "expression", "returning", "with_"}, "INSERT")
    schema = tree.this
    if isinstance(schema, exp.Table):
        raise SqlError("The INSERT does not name its fields", hint=_NAMES_FIELDS)
    if not isinstance(schema, exp.Schema):
        read_target(schema, "INSERT")
    target = read_target(schema.this, "INSERT")
    refuse_hidden_target(tree, target)
    fields = tuple(_read_field(one) for one in schema.expressions)
    returning = read_returning(tree, target)
    source, with_ = tree.expression, tree.args.get("with_")
    if isinstance(source, exp.Values):
        if with_ is not None:
            raise QueryRefused("INSERT of VALUES takes no WITH", hint="Write INSERT … SELECT")
        rows = _read_rows(source, len(fields), check)
        return InsertStatement(check.script, target, fields, rows, returning=returning)
    query = source.unnest() if isinstance(source, exp.Subquery) else source
    if not isinstance(query, exp.Query):
        raise SqlError("The INSERT has neither VALUES nor a query", hint=_NAMES_FIELDS)
    query = query.copy()
    if with_ is not None:
        _add_with(query, with_)
    check.check(query)
    shown = query.selects
    if not any(one.is_star for one in shown) and len(shown) != len(fields):
        raise SqlError(
            f"The query has {count_noun(len(shown), 'column')}, and "
            f"{count_noun(len(fields), 'field')} {'is' if len(fields) == 1 else 'are'} named"
        )
    return InsertStatement(check.script, target, fields, query=query, returning=returning)


def read_update(tree: exp.Update, check: PartCheck) -> UpdateStatement:
    """Return what an UPDATE says. Raises SqlError or QueryRefused."""
    allowed = {"this", "expressions", "from_", "where", "returning", "with_"}
    refuse_other_parts(tree, allowed, "UPDATE")
    target = read_target(tree.this, "UPDATE")
    refuse_hidden_target(tree, target)
    assignments = tuple(_read_assignments(tree.expressions, target))
    if not assignments:
        raise SqlError(
            "The UPDATE sets nothing", hint="Write UPDATE lead SET City = 'York' WHERE …"
        )
    from_ = tree.args.get("from_")
    sources = () if from_ is None else (from_.this.copy(),)
    where = _condition_of(tree)
    _check_parts([one.value for one in assignments], where, sources, tree, check)
    return UpdateStatement(
        check.script,
        target,
        assignments,
        where,
        sources,
        _copy_with(tree),
        read_returning(tree, target),
    )


def read_delete(tree: exp.Delete, check: PartCheck) -> DeleteStatement:
    """Return what a DELETE says. Raises SqlError or QueryRefused."""
    refuse_other_parts(tree, {"this", "using", "where", "returning", "with_"}, "DELETE")
    target = read_target(tree.this, "DELETE")
    refuse_hidden_target(tree, target)
    sources = tuple(one.copy() for one in tree.args.get("using") or ())
    where = _condition_of(tree)
    _check_parts([], where, sources, tree, check)
    return DeleteStatement(
        check.script, target, where, sources, _copy_with(tree), read_returning(tree, target)
    )


def _read_field(node: exp.Expr) -> WrittenName:
    if not isinstance(node, exp.Identifier):
        raise SqlError(f"{one_line(node.sql(), 60)} is not the name of a field", hint=_NAMES_FIELDS)
    return WrittenName(node)


def _read_rows(
    values: exp.Values, width: int, check: PartCheck
) -> tuple[tuple[exp.Expr, ...], ...]:
    if values.args.get("alias"):
        raise SqlError(
            f"{one_line(values.alias, 40)!r} follows the VALUES", hint="Separate rows by commas"
        )
    rows: list[tuple[exp.Expr, ...]] = []
    for number, row in enumerate(values.expressions, 1):
        cells = tuple(one.copy() for one in row.expressions)
        if len(cells) != width:
            raise SqlError(
                f"Row {number:,} has {count_noun(len(cells), 'value')}, and "
                f"{count_noun(width, 'field')} {'is' if width == 1 else 'are'} named"
            )
        for cell in cells:
            if not isinstance(cell, exp.Literal | exp.Null | exp.Boolean):
                _check_cell(cell, number, check)
        rows.append(cells)
    return tuple(rows)


def _check_cell(cell: exp.Expr, number: int, check: PartCheck) -> None:
    for column in cell.find_all(exp.Column, exp.Var):
        is_default = column is cell and isinstance(column, exp.Var)
        if is_default or (
            isinstance(column, exp.Column) and column.find_ancestor(exp.Select) is None
        ):
            raise _refuse_name(column, f"row {number:,}")
    check.check(exp.Select(expressions=[cell.copy()]))


def _refuse_name(column: exp.Expr, where: str) -> SqlError:
    name = column.name
    place = column.this.meta if isinstance(column.this, exp.Identifier) else {}
    line, end = place.get("line"), place.get("col")
    length = place.get("end", 0) - place.get("start", 0)
    start = None if end is None else max(end - length, 1)
    if name.casefold() == "default":
        return SqlError(
            f"DEFAULT in {where}: the service does not say what its defaults are",
            hint="Leave the field out, or write NULL",
            line=line,
            column=start,
        )
    return SqlError(
        f"{one_line(name, 60)} in {where} is a name, not a value",
        hint=advise_quotes(name),
        line=line,
        column=start,
    )


def _read_assignments(nodes: Iterable[exp.Expr], target: Target) -> Iterator[Assignment]:
    for node in nodes:
        if not isinstance(node, exp.EQ):
            raise _not_an_assignment(node)
        left, value = node.this, node.expression
        if not isinstance(left, exp.Tuple):
            yield _read_assignment(left, value, target)
            continue
        if not isinstance(value, exp.Tuple) or len(value.expressions) != len(left.expressions):
            raise QueryRefused(
                "SET of several fields at once takes a value for each in brackets",
                hint="Write each field with its own value: SET City = …, Country = …",
            )
        for one, each in zip(left.expressions, value.expressions, strict=True):
            yield _read_assignment(one, each, target)


def _read_assignment(left: exp.Expr, value: exp.Expr, target: Target) -> Assignment:
    if not isinstance(left, exp.Column) or not isinstance(left.this, exp.Identifier):
        raise _not_an_assignment(left)
    if len(left.parts) > 1 and (len(left.parts) > 2 or left.table.casefold() != target.qualifier):
        raise SqlError(
            f"SET {one_line(left.sql(), 60)} names no field of the entity that is changed",
            hint="Write the field's name alone",
        )
    if isinstance(value, exp.And | exp.Or | exp.EQ):
        word = "=" if isinstance(value, exp.EQ) else value.key.upper()
        raise SqlError(
            f"SET {one_line(left.name, 60)} is followed by a condition with {word}",
            hint="Fields are separated by commas; a condition as a value goes in brackets",
        )
    if isinstance(value, exp.Column) and value.name.casefold() == "default" and not value.table:
        raise _refuse_name(value, "SET")
    return Assignment(WrittenName(left.this), value.copy())


def _not_an_assignment(node: exp.Expr) -> SqlError:
    return SqlError(
        f"SET {one_line(node.sql(), 60)} gives no field a value",
        hint="Write SET City = 'York', Country = 'England'",
    )


def _condition_of(tree: exp.Expr) -> exp.Expr | None:
    where = tree.args.get("where")
    return where.this.copy() if isinstance(where, exp.Where) else None


def _copy_with(tree: exp.Expr) -> exp.With | None:
    with_ = tree.args.get("with_")
    return with_.copy() if isinstance(with_, exp.With) else None


def _add_with(query: exp.Query, with_: exp.With) -> None:
    """Put the common table expressions before those that the query has."""
    own = query.args.get("with_")
    if isinstance(own, exp.With):
        is_recursive = bool(own.args.get("recursive") or with_.args.get("recursive"))
        joined = exp.With(
            expressions=[one.copy() for one in (*with_.expressions, *own.expressions)],
            recursive=is_recursive,
        )
        query.set("with_", joined)
    else:
        query.set("with_", with_.copy())


def _check_parts(
    values: Sequence[exp.Expr],
    where: exp.Expr | None,
    sources: Sequence[exp.Expr],
    tree: exp.Expr,
    check: PartCheck,
) -> None:
    """Raise QueryRefused where a part does more than read."""
    probe = exp.Select(expressions=[one.copy() for one in values] or [exp.Literal.number(1)])
    if where is not None:
        probe.set("where", exp.Where(this=where.copy()))
    if sources:
        probe.set("from_", exp.From(this=sources[0].copy()))
        probe.set("joins", [exp.Join(this=one.copy()) for one in sources[1:]])
    with_ = _copy_with(tree)
    if with_ is not None:
        probe.set("with_", with_)
    check.check(probe)
