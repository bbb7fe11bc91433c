"""Makes a query compare text as the account does: by `casefold()`, then by code point (`api.md`).

DuckDB compares text by bytes. Wherever a query orders values, the tree is rewritten to compare
them through the macros of `MACROS`, which DuckDB resolves by type: text by its key in the account's
order, everything else as it is. Equality stays exact.
"""

from collections.abc import Iterator
from functools import cache, reduce

from sqlglot import exp

from cmdm_tui.query.dialect import DIALECT
from cmdm_tui.query.errors import SqlError

_COMPARED = {
    exp.LT: "text_less_than",
    exp.LTE: "text_at_most_than",
    exp.GT: "text_more_than",
    exp.GTE: "text_at_least_than",
}
_SQL = {
    "text_less_than": "<",
    "text_at_most_than": "<=",
    "text_more_than": ">",
    "text_at_least_than": ">=",
}
_JOINED = frozenset({"listagg", "string_agg", "group_concat"})
_LAST_CASED = 0x20000
"""No character from here on has a casefold of its own."""


def in_account_order(tree: exp.Expr, aggregates: frozenset[str] = frozenset()) -> exp.Expr:
    """Return a copy of the query that orders text as the account does.

    `aggregates` are the names of the aggregate functions that sqlglot does not know.
    """
    tree = named_projections(tree.copy())
    for select in list(tree.find_all(exp.Select)):
        _write_out_grouping(select, aggregates)
    for query in list(tree.find_all(exp.Query)):
        _resolve_positions(query)
    return _rewritten(_ordered_from_outside(tree))


def named_projections(tree: exp.Expr) -> exp.Expr:
    """Name each computed column of the query as it is written, whatever it is rewritten to."""
    for select in list(tree.find_all(exp.Select)):
        _name_projections(select)
    return tree


def _rewritten(node: exp.Expr) -> exp.Expr:
    """Rewrite from the leaves up, so that what is built is not rewritten again."""
    for child in list(node.iter_expressions()):
        new = _rewritten(child)
        if new is not child:
            child.replace(new)
    return _replacement(node) or node


def _replacement(node: exp.Expr) -> exp.Expr | None:
    match node:
        case exp.LT() | exp.LTE() | exp.GT() | exp.GTE():
            return _comparison(node)
        case exp.Between() if not node.args.get("symmetric"):
            return _call("text_between_than", node.this, node.args["low"], node.args["high"])
        case exp.Min() | exp.Max():
            return _extreme(node)
        case exp.ArgMin() | exp.ArgMax():
            node.set("expression", _key(node.expression))
        case exp.Greatest() | exp.Least():
            name = "text_greater_than" if isinstance(node, exp.Greatest) else "text_lesser_than"
            return reduce(lambda a, b: _call(name, a, b), [node.this, *node.expressions])
        case exp.Ordered() if _is_keyed(node):
            node.set("this", _key(node.this))
        case _:
            pass
    return None


def _comparison(node: exp.Expr) -> exp.Expr | None:
    left, right = node.args["this"], node.args["expression"]
    if _is_number(left) or _is_number(right) or _is_asof(node):
        return None
    if isinstance(right, exp.Any | exp.All):
        values = right.this
        query = values.this if isinstance(values, exp.Subquery) else values
        if isinstance(query, exp.Query):
            keys = exp.select(_key(exp.column("value"))).from_(
                exp.Subquery(
                    this=query.copy(),
                    alias=exp.TableAlias(
                        this=exp.to_identifier("compared"), columns=[exp.to_identifier("value")]
                    ),
                )
            )
            right.set("this", exp.Subquery(this=keys))
            node.set("this", _key(left))
        return None
    if isinstance(left, exp.Tuple) and isinstance(right, exp.Tuple):
        return _by_parts(node, left.expressions, right.expressions)
    return _call(_COMPARED[type(node)], left, right)


def _by_parts(node: exp.Expr, left: list[exp.Expr], right: list[exp.Expr]) -> exp.Expr:
    """Compare rows value by value, the later ones where the earlier are equal."""
    if len(left) != len(right):
        raise SqlError("Rows of different lengths cannot be compared")
    name = _COMPARED[type(node)]
    if len(left) == 1:
        return _call(name, left[0], right[0])
    strict = name.replace("at_most", "less").replace("at_least", "more")
    rest = _by_parts(node, left[1:], right[1:])
    equal = exp.EQ(this=left[0].copy(), expression=right[0].copy())
    return exp.paren(
        exp.or_(_call(strict, left[0].copy(), right[0].copy()), exp.and_(equal, rest)), copy=False
    )


def _extreme(node: exp.Expr) -> exp.Expr:
    value = node.this
    if isinstance(value, exp.Distinct):
        value = value.expressions[0]
    kind = exp.ArgMin if isinstance(node, exp.Min) else exp.ArgMax
    found = kind(this=value.copy(), expression=_key(value.copy()))
    counts = node.args.get("expressions") or []
    if counts:
        found.set("count", counts[0])
    return found


def _is_keyed(node: exp.Ordered) -> bool:
    if isinstance(node.this, exp.Var | exp.Collate | exp.Literal):
        return False
    group = node.find_ancestor(exp.WithinGroup, exp.Query)
    if isinstance(group, exp.WithinGroup):
        return type(group.this).__name__ in {"GroupConcat"} or group.this.name.lower() in _JOINED
    return True


def _is_number(node: exp.Expr) -> bool:
    node = node.unnest()
    if isinstance(node, exp.Neg):
        node = node.this
    return isinstance(node, exp.Interval) or (
        isinstance(node, exp.Literal) and not node.args.get("is_string")
    )


def _is_asof(node: exp.Expr) -> bool:
    join = node.find_ancestor(exp.Join, exp.Query)
    return isinstance(join, exp.Join) and join.method == "ASOF"


def _name_projections(select: exp.Select) -> None:
    """Name each computed column as it was written, which rewriting would change."""
    for projection in select.expressions:
        named = (exp.Column, exp.Alias, exp.Star, exp.Columns, exp.Aliases, exp.Subquery)
        if not isinstance(projection, named) and not projection.find(exp.Columns, exp.Unnest):
            if isinstance(projection, exp.Dot | exp.Bracket | exp.Explode):
                continue
            name = projection.sql(dialect=DIALECT, normalize_functions="lower")
            projection.replace(exp.alias_(projection.copy(), name, quoted=True))


def _write_out_grouping(select: exp.Select, aggregates: frozenset[str]) -> None:
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


def _has_aggregate(node: exp.Expr, aggregates: frozenset[str]) -> bool:
    return any(
        isinstance(one, exp.AggFunc)
        or (isinstance(one, exp.Anonymous) and one.name.casefold() in aggregates)
        for one in node.walk()
    )


def _ordered_from_outside(tree: exp.Expr) -> exp.Expr:
    """Order by position or ALL around a query whose star hides what those are."""
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
    """Write the columns that an ORDER BY gives by position, or as ALL, by what they are."""
    order = query.args.get("order")
    if not isinstance(order, exp.Order):
        return
    columns = list(_output(query))
    resolved: list[exp.Expr] = []
    for ordered in order.expressions:
        what = ordered.this
        if isinstance(what, exp.Var) and what.name.upper() == "ALL" and columns:
            for column in columns:
                copy = ordered.copy()
                copy.set("this", column.copy())
                resolved.append(copy)
            continue
        if isinstance(what, exp.Literal) and not what.is_string and columns:
            position = int(what.name) if what.name.isdigit() else 0
            if not 1 <= position <= len(columns):
                raise SqlError(
                    f"ORDER BY {what.name} is none of the query's {len(columns)} columns"
                )
            ordered.set("this", columns[position - 1].copy())
        resolved.append(ordered)
    order.set("expressions", resolved)


def _output(query: exp.Expr) -> Iterator[exp.Expr]:
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
            yield exp.column(exp.to_identifier(one.alias, quoted=True)) if is_set else one.this
        elif is_set:
            yield exp.column(exp.to_identifier(one.alias_or_name, quoted=True))
        else:
            yield one


def _key(value: exp.Expr) -> exp.Expr:
    return _call("order_key", value)


def _call(name: str, *arguments: exp.Expr) -> exp.Expr:
    return exp.Anonymous(this=name, expressions=[argument.copy() for argument in arguments])


@cache
def macros() -> tuple[str, ...]:
    """Return the statements that make DuckDB know the account's order.

    A key is the casefold, an end that is less than any character, and the text itself.
    """
    nul, one = "chr(0)", "chr(1)"
    key = f"replace(casefold(x), {nul}, {nul} || {one}) || {nul} || {nul} || x"
    statements = [
        f"CREATE MACRO casefold(x) AS {_casefold()}",
        f"CREATE MACRO order_key(x VARCHAR) AS {key}, (x) AS x",
    ]
    statements += [
        f"CREATE MACRO {name}(a VARCHAR, b VARCHAR) AS order_key(a) {sign} order_key(b), "
        f"(a, b) AS a {sign} b"
        for name, sign in _SQL.items()
    ]
    keys = "order_key(x) BETWEEN order_key(a) AND order_key(b)"
    statements.append(
        f"CREATE MACRO text_between_than(x VARCHAR, a VARCHAR, b VARCHAR) AS {keys}, "
        "(x, a, b) AS x BETWEEN a AND b"
    )
    for name, sign, plain in (
        ("text_greater_than", ">=", "greatest"),
        ("text_lesser_than", "<=", "least"),
    ):
        chosen = (
            f"CASE WHEN a IS NULL THEN b WHEN b IS NULL THEN a "
            f"WHEN order_key(a) {sign} order_key(b) THEN a ELSE b END"
        )
        statements.append(
            f"CREATE MACRO {name}(a VARCHAR, b VARCHAR) AS {chosen}, (a, b) AS {plain}(a, b)"
        )
    return tuple(statements)


def _casefold() -> str:
    """Return `str.casefold` in SQL: what lower() does otherwise is put right afterwards."""
    folded = {one: one.casefold() for one in map(chr, range(_LAST_CASED)) if one.casefold() != one}
    longer = {one: fold for one, fold in folded.items() if len(fold) > 1}
    # Cherokee alone folds to capitals, which lower() would undo.
    capitals = {fold for one, fold in folded.items() if len(fold) == 1 and fold.lower() != fold}
    changed = {one: fold for one, fold in folded.items() if one.lower() != fold and len(fold) == 1}
    changed |= {capital.lower(): capital for capital in capitals}
    special = "".join(sorted({*longer, *changed, *capitals}))
    text = reduce(lambda sql, one: f"replace({sql}, '{one}', '{longer[one]}')", longer, "x")
    text = f"translate(lower({text}), '{''.join(changed)}', '{''.join(changed.values())}')"
    return f"CASE WHEN regexp_matches(x, '[{special}]') THEN {text} ELSE lower(x) END"
