"""Rewrites a query to compare text as the account does: by `casefold()`, then by code point.

DuckDB compares text by bytes. Wherever a query orders values, the tree is rewritten to order them
by `folded(x)` and then by x, or to compare them through macros that do the same (`api.md`,
collation). `folded` is the casefold of text and NULL for everything else: DuckDB decides by type
when it binds the query, so no types are needed here. Equality stays exact.
"""

from collections.abc import Container, Iterator
from functools import reduce

from sqlglot import exp

from cmdm_tui.query.collation.list_order import (
    rewrite_list_comparison,
    rewrite_list_extreme,
    rewrite_list_sort,
)
from cmdm_tui.query.collation.macros import FULL_SUFFIX, MACROS
from cmdm_tui.query.errors import SqlError
from cmdm_tui.query.parsing.column_titles import needs_title
from cmdm_tui.query.parsing.dialect import DIALECT
from cmdm_tui.query.parsing.query_shape import extreme_count

_COMPARISON_MACROS: dict[type[exp.Expr], str] = {
    exp.LT: "text_less_than",
    exp.LTE: "text_at_most_than",
    exp.GT: "text_more_than",
    exp.GTE: "text_at_least_than",
}
_STRING_AGGREGATES = frozenset({"listagg", "string_agg", "group_concat"})
_RANDOM_FUNCTIONS = frozenset({"random", "uuidv4", "uuidv7"})


def apply_account_order(
    tree: exp.Expr,
    aggregates: Container[str] = frozenset(),
    *,
    fully: bool = True,
    in_place: bool = False,
) -> exp.Expr:
    """Return a copy of the query, or itself `in_place`, that orders text as the account does.

    `aggregates` are the names of the aggregate functions that sqlglot does not know. Without
    `fully`, the result holds only where no text has one of `special_characters()`; it binds a
    hundred times as fast.
    """
    tree = title_projections(tree if in_place else tree.copy())
    for select in list(tree.find_all(exp.Select)):
        _write_out_grouping(select, aggregates)
    for query in list(tree.find_all(exp.Query)):
        _resolve_positions(query)
    tree = _rewrite(_order_from_outside(tree))
    if fully:
        for call in tree.find_all(exp.Anonymous):
            if call.name in MACROS:
                call.set("this", call.name + FULL_SUFFIX)
    return tree


def title_projections(tree: exp.Expr) -> exp.Expr:
    """Name each computed column by its original text, whatever it is rewritten to."""
    for select in list(tree.find_all(exp.Select)):
        for projection in list(select.expressions):
            if needs_title(projection):
                name = projection.sql(dialect=DIALECT, normalize_functions="lower", comments=False)
                projection.replace(exp.alias_(projection.copy(), name, quoted=True))
    return tree


def _rewrite(node: exp.Expr) -> exp.Expr:
    """Rewrite from the leaves up, so that rewritten nodes are not rewritten again."""
    for child in list(node.iter_expressions()):
        new = _rewrite(child)
        if new is not child:
            child.replace(new)
    return _replacement(node) or node


def _replacement(node: exp.Expr) -> exp.Expr | None:
    match node:
        case exp.LT() | exp.LTE() | exp.GT() | exp.GTE():
            return _rewrite_comparison(node)
        case exp.Between():
            return _rewrite_between(node)
        case exp.Min() | exp.Max():
            return _rewrite_extreme(node)
        case exp.ArgMin(expression=exp.Expr()) | exp.ArgMax(expression=exp.Expr()):
            node.set("expression", _order_key(node.expression))
        case exp.Greatest() | exp.Least():
            name = "text_greater_than" if isinstance(node, exp.Greatest) else "text_lesser_than"
            return reduce(lambda a, b: _macro_call(name, a, b), [node.this, *node.expressions])
        case exp.ArrayMin() | exp.ArrayMax():
            return rewrite_list_extreme(node)
        case exp.Anonymous():
            return rewrite_list_sort(node)
        case exp.Order():
            node.set(
                "expressions", [one for item in node.expressions for one in _order_items(item)]
            )
        case _:
            pass
    return None


def _rewrite_between(node: exp.Between) -> exp.Expr:
    value, low, high = node.this, node.args["low"], node.args["high"]
    found = _macro_call("text_between_than", value, low, high)
    if node.args.get("symmetric"):
        return exp.paren(
            exp.or_(found, _macro_call("text_between_than", value, high, low)), copy=False
        )
    return found


def _rewrite_comparison(node: exp.Expr) -> exp.Expr | None:
    left, right = node.args["this"], node.args["expression"]
    with_list = rewrite_list_comparison(node)
    if with_list is not None:
        return with_list
    if _is_number_literal(left) or _is_number_literal(right) or _is_in_asof_join(node):
        return None
    if isinstance(right, exp.Any | exp.All):
        values = right.this
        query = values.this if isinstance(values, exp.Subquery) else values
        if isinstance(query, exp.Query):
            keys = exp.select(_order_key(exp.column("value"))).from_(
                exp.Subquery(
                    this=query.copy(),
                    alias=exp.TableAlias(
                        this=exp.to_identifier("compared"), columns=[exp.to_identifier("value")]
                    ),
                )
            )
            right.set("this", exp.Subquery(this=keys))
            node.set("this", _order_key(left))
        return None
    if isinstance(left, exp.Tuple) and isinstance(right, exp.Tuple):
        return _compare_rows(node, left.expressions, right.expressions)
    return _macro_call(_COMPARISON_MACROS[type(node)], left, right)


def _compare_rows(node: exp.Expr, left: list[exp.Expr], right: list[exp.Expr]) -> exp.Expr:
    """Compare rows value by value: later values decide where the earlier ones are equal."""
    if len(left) != len(right):
        raise SqlError("Rows of different lengths cannot be compared")
    name = _COMPARISON_MACROS[type(node)]
    if len(left) == 1:
        return _macro_call(name, left[0], right[0])
    strict = name.replace("at_most", "less").replace("at_least", "more")
    rest = _compare_rows(node, left[1:], right[1:])
    equal = exp.EQ(this=left[0].copy(), expression=right[0].copy())
    return exp.paren(
        exp.or_(_macro_call(strict, left[0].copy(), right[0].copy()), exp.and_(equal, rest)),
        copy=False,
    )


def _rewrite_extreme(node: exp.Expr) -> exp.Expr | None:
    value = node.this
    if isinstance(value, exp.Distinct):
        value = value.expressions[0]
    count = extreme_count(node)
    if not isinstance(value, exp.Expr) or isinstance(value, exp.Star):
        return None
    if count is not None and count.find(exp.Column):
        return None
    kind = exp.ArgMin if isinstance(node, exp.Min) else exp.ArgMax
    found = kind(this=value.copy(), expression=_order_key(value.copy()))
    found.set("count", count)
    return found


def _order_items(item: exp.Expr) -> list[exp.Expr]:
    """Return the items that sort one ORDER BY item in the account's order: mostly two."""
    if not isinstance(item, exp.Ordered) or not _needs_key(item):
        return [item]
    if isinstance(item.this, exp.Tuple):
        # What is given a name may be sorted by, but not within an expression: so each is a key.
        parts = [item.copy() for _ in item.this.expressions]
        for part, value in zip(parts, item.this.expressions, strict=True):
            part.set("this", _order_key(value))
        return list(parts)
    if isinstance(item.this, exp.Anonymous) and item.this.find(exp.Star):
        item.set("this", _order_key(item.this))
        return [item]
    folded = item.copy()
    folded.set("this", _macro_call("folded", item.this))
    return [folded, item]


def _needs_key(node: exp.Ordered) -> bool:
    if isinstance(node.this, exp.Var | exp.Collate | exp.Literal) or _is_folded(node.this):
        return False
    spec = node.find_ancestor(exp.Window, exp.Query)
    if isinstance(spec, exp.Window) and (_has_range_frame(spec) or _fills_gaps(spec)):
        return False
    group = node.find_ancestor(exp.WithinGroup, exp.Query)
    if isinstance(group, exp.WithinGroup):
        return (
            isinstance(group.this, exp.GroupConcat) or group.this.name.lower() in _STRING_AGGREGATES
        )
    return True


def _is_folded(node: exp.Expr) -> bool:
    return isinstance(node, exp.Anonymous) and node.name == "folded"


def _fills_gaps(window: exp.Window) -> bool:
    """Return whether a window fills gaps between numbers, which takes one key and no text."""
    return isinstance(window.this, exp.Anonymous) and window.this.name.casefold() == "fill"


def _has_range_frame(window: exp.Window) -> bool:
    """Return whether a window frame spans a numeric range, which needs a single numeric key."""
    spec = window.args.get("spec")
    if not isinstance(spec, exp.WindowSpec) or spec.args.get("kind") != "RANGE":
        return False
    return any(isinstance(spec.args.get(end), exp.Expr) for end in ("start", "end"))


def _is_number_literal(node: exp.Expr) -> bool:
    node = node.unnest()
    if isinstance(node, exp.Neg):
        node = node.this
    return isinstance(node, exp.Interval) or (
        isinstance(node, exp.Literal) and not node.args.get("is_string")
    )


def _is_in_asof_join(node: exp.Expr) -> bool:
    join = node.find_ancestor(exp.Join, exp.Query)
    return isinstance(join, exp.Join) and join.method == "ASOF"


def _write_out_grouping(select: exp.Select, aggregates: Container[str]) -> None:
    """Write GROUP BY ALL as the columns it means, which an ORDER BY can then compute with."""
    group = select.args.get("group")
    if not isinstance(group, exp.Group) or not group.args.get("all"):
        return
    if any(one.is_star or one.find(exp.Columns) for one in select.expressions):
        return
    columns = [
        one.unalias().copy() for one in select.expressions if not _has_aggregate(one, aggregates)
    ]
    select.set("group", exp.Group(expressions=columns) if columns else None)


def _has_aggregate(node: exp.Expr, aggregates: Container[str]) -> bool:
    return any(
        isinstance(one, exp.AggFunc)
        or (isinstance(one, exp.Anonymous) and one.name.casefold() in aggregates)
        for one in node.walk()
    )


def _order_from_outside(tree: exp.Expr) -> exp.Expr:
    """Move ORDER BY position or ALL outside a query whose star hides the columns."""
    order = tree.args.get("order")
    if not isinstance(order, exp.Order) or isinstance(tree, exp.Subquery):
        return tree
    is_hidden = [
        isinstance(one.this, exp.Literal | exp.Var) and not one.this.is_string
        for one in order.expressions
    ]
    if not all(is_hidden):
        return tree
    outer = exp.select("*").from_(
        exp.Subquery(this=tree, alias=exp.TableAlias(this=exp.to_identifier("hidden")))
    )
    for part in ("order", "limit", "offset"):
        outer.set(part, tree.args.get(part))
        tree.set(part, None)
    for one in order.expressions:
        if isinstance(one.this, exp.Var):
            every = exp.Anonymous(this="columns", expressions=[exp.Star()])
            one.set("this", every)
        else:
            one.set("this", exp.PositionalColumn(this=one.this.copy()))
    return outer


def _resolve_positions(query: exp.Expr) -> None:
    """Put the folded value before each column that an ORDER BY gives by position, name or ALL.

    A name that the query gives comes before a column's own name, but not within an expression: so
    the folded value is written out, and the item itself is left unchanged.
    """
    order = query.args.get("order")
    if not isinstance(order, exp.Order):
        return
    columns, named = list(_output_columns(query)), _named_expressions(query)
    resolved = [item for one in order.expressions for item in _resolve_item(one, columns, named)]
    order.set("expressions", resolved)
    if not resolved:
        query.set("order", None)


def _resolve_item(
    ordered: exp.Expr, columns: list[exp.Expr], named: dict[str, exp.Expr]
) -> Iterator[exp.Expr]:
    what = ordered.this
    if isinstance(what, exp.Var) and what.name.upper() == "ALL" and columns:
        for position, column in enumerate(columns, 1):
            yield from _fold_first(ordered, column, exp.Literal.number(position))
    elif isinstance(what, exp.Literal) and not what.is_string and columns:
        position = int(what.name) if what.name.isdigit() else 0
        if not 1 <= position <= len(columns):
            raise SqlError(f"ORDER BY {what.name} is not one of the query's {len(columns)} columns")
        yield from _fold_first(ordered, columns[position - 1], what)
    elif isinstance(what, exp.Column) and not what.table and what.name.casefold() in named:
        name = exp.var(what.this.sql(dialect=DIALECT))
        yield from _fold_first(ordered, named[what.name.casefold()], name)
    else:
        yield ordered


def _fold_first(ordered: exp.Expr, value: exp.Expr, name: exp.Expr) -> Iterator[exp.Expr]:
    """Yield the folded value and the item itself; neither for a constant, which orders nothing."""
    if _is_constant(value):
        return
    folded, itself = ordered.copy(), ordered.copy()
    folded.set("this", _macro_call("folded", value))
    itself.set("this", name.copy())
    if not _is_random(value):
        yield folded
    yield itself


def _named_expressions(query: exp.Expr) -> dict[str, exp.Expr]:
    """Return the expressions that a SELECT names, by casefolded name; the first of equal names."""
    named: dict[str, exp.Expr] = {}
    for one in query.expressions if isinstance(query, exp.Select) else ():
        if isinstance(one, exp.Alias):
            named.setdefault(one.alias.casefold(), one.unalias())
    return named


def _is_constant(node: exp.Expr) -> bool:
    """Return whether an expression is a constant, which orders nothing."""
    node = node.unnest()
    if isinstance(node, exp.Neg):
        node = node.this
    return isinstance(node, exp.Literal | exp.Null | exp.Boolean)


def _is_random(node: exp.Expr) -> bool:
    """Return whether an expression may have another value when it is computed again."""
    return any(
        isinstance(one, exp.Rand | exp.Uuid)
        or (isinstance(one, exp.Anonymous) and one.name.casefold() in _RANDOM_FUNCTIONS)
        for one in node.walk()
    )


def _output_columns(query: exp.Expr) -> Iterator[exp.Expr]:
    """Yield the query's columns as an ORDER BY can name them; none where a star hides them."""
    is_set = isinstance(query, exp.SetOperation)
    first = query
    while isinstance(first, exp.SetOperation):
        first = first.this.unnest()
    if not isinstance(first, exp.Select):
        return
    if any(one.is_star or isinstance(one, exp.Columns) for one in first.expressions):
        return
    for one in first.expressions:
        if isinstance(one, exp.Alias):
            yield _output_name(one) if is_set else one.unalias()
        else:
            yield _output_name(one) if is_set else one


def _output_name(projection: exp.Expr) -> exp.Expr:
    return exp.column(exp.to_identifier(projection.alias_or_name, quoted=True))


def _order_key(value: exp.Expr) -> exp.Expr:
    return _macro_call("order_key", value)


def _macro_call(name: str, *arguments: exp.Expr) -> exp.Expr:
    return exp.Anonymous(this=name, expressions=[argument.copy() for argument in arguments])
