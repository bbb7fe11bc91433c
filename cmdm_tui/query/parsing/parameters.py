"""Puts the values of parameters into a query: `$name` in the SQL becomes a literal of the tree.

The values never are part of a text that is parsed, so nothing in them is read as SQL, and the
planner sees a literal like any other: it can search for it.
"""

import math
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import chain

import msgspec
from msgspec import Struct
from sqlglot import exp

from cmdm_tui.query.errors import QueryRefused, SqlError
from cmdm_tui.query.parsing.identifiers import nearest_names

ParameterValue = (
    str | int | float | Decimal | bool | date | datetime | Sequence["ParameterValue"] | None
)
"""What a parameter may be. A text is compared with a number or a date as a literal of text is."""

Parameters = Mapping[str, ParameterValue]

_MOST_VALUES = 100_000
_HOW_TO_GIVE = (
    "Write the value itself, or give it with --param {name}=VALUE, in Python with "
    "parameters={{'{name}': …}}"
)
_NAME_PLACES = (exp.Alias, exp.Column, exp.Table, exp.TableAlias, exp.Identifier, exp.Dot, exp.CTE)
"""Nodes of which a part is a name; `SELECT DATE $x` is a column DATE that is named $x."""

_ARITHMETIC = (exp.Add, exp.Sub, exp.Mul, exp.Div, exp.IntDiv, exp.Mod, exp.Pow, exp.Neg)
_COMPARISONS = (exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE, exp.Between, exp.In)
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")
_WHOLE_NUMBER = re.compile(r"[0-9]+")


class _List(Struct, frozen=True):
    """The literals of a value that is a list."""

    items: list[exp.Expr]


def bind_parameters(tree: exp.Expr, parameters: Parameters) -> None:
    """Replace each `$name` by the value of that name.

    Raises SqlError for a name without a value, a value without a place, a value that SQL cannot
    write, and a place of a name.
    """
    used = set[str]()
    for node in list(tree.find_all(exp.Placeholder, exp.Parameter)):
        name = _name_of(node)
        if name not in parameters:
            raise _without_value(name, parameters)
        used.add(name)
        _require_value_place(node, name)
        _replace(node, _make_literals(name, parameters[name]))
    check_all_used(parameters, used)


def check_all_used(parameters: Parameters, used: set[str]) -> None:
    """Raise SqlError where a value is given that the SQL has no place for."""
    for name in parameters:
        if name in used:
            continue
        has = ", ".join(f"${one}" for one in sorted(used))
        hint = f"It has {has}" if has else "It has no parameter"
        raise SqlError(f"The SQL has no ${name}", hint=hint)


def describe_parameters(parameters: Parameters) -> str:
    """Return the parameters as one text that is equal for equal values alone."""
    return msgspec.json.encode(
        [(name, type(value).__name__, str(value)) for name, value in sorted(parameters.items())]
    ).decode()


def _name_of(node: exp.Expr) -> str:
    name = node.name if node.args.get("this") is not None else ""
    if not name:
        raise QueryRefused(
            "A parameter needs a name: ? has none", hint="Write the value itself, or $name"
        )
    return name


def _without_value(name: str, parameters: Parameters) -> QueryRefused:
    near = nearest_names(name, parameters)
    hint = f"${near[0]} has one" if near else _HOW_TO_GIVE.format(name=name)
    return QueryRefused(f"No value is given for ${name}", hint=hint)


def _require_value_place(node: exp.Expr, name: str) -> None:
    parent = node.parent
    is_value = isinstance(parent, exp.Alias | exp.Dot) and node.arg_key == "this"
    if isinstance(parent, _NAME_PLACES) and not is_value:
        raise SqlError(
            f"${name} is used as a name, but a parameter is a value",
            hint=f"A date is written CAST(${name} AS DATE)",
        )


def _replace(node: exp.Expr, value: exp.Expr | _List) -> None:
    parent = node.parent
    text = _text_of(value)
    if isinstance(parent, _ARITHMETIC) and _NUMBER.fullmatch(text):
        value = _number_literal(text)
    if isinstance(parent, _COMPARISONS) and isinstance(value, exp.Cast):
        # A time is compared in UTC, where the planner knows the type without a zone.
        value = exp.cast(value.this, "TIMESTAMP") if value.is_type("TIMESTAMPTZ") else value
    if isinstance(parent, exp.Limit | exp.Offset | exp.Fetch) and _WHOLE_NUMBER.fullmatch(text):
        value = _number_literal(text)
    if not isinstance(value, _List):
        node.replace(value)
    elif isinstance(parent, exp.In) and node.arg_key in {"field", "expressions"}:
        others = [one for one in parent.expressions if one is not node]
        items = [*others, *value.items]
        if items:
            parent.set("field", None)
            parent.set("expressions", items)
        else:
            # An empty list has no form in SQL: nothing is in it, not even null.
            parent.replace(exp.false())
    else:
        node.replace(exp.Array(expressions=value.items))


def _make_literals(name: str, value: ParameterValue) -> exp.Expr | _List:
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        if len(value) > _MOST_VALUES:
            raise SqlError(f"${name} has more than {_MOST_VALUES:,} values")
        made = [_make_literals(name, one) for one in value]
        return _List(
            list(
                chain.from_iterable(
                    [exp.Array(expressions=one.items)] if isinstance(one, _List) else [one]
                    for one in made
                )
            )
        )
    literal = _make_literal(name, value)
    if literal is None:
        raise SqlError(
            f"${name} is of a kind that SQL has no literal for: {type(value).__name__}",
            hint="Give text, a number, a date, true or false, or a list of these",
        )
    return literal


def _make_literal(name: str, value: object) -> exp.Expr | None:
    match value:
        case None:
            return exp.null()
        case bool():
            return exp.Boolean(this=value)
        case str():
            return _text_literal(name, value)
        case int():
            return _number_literal(str(value))
        case Decimal() if value.is_finite():
            return _number_literal(format(value, "f"))
        case float() if math.isfinite(value):
            return _number_literal(repr(value))
        case float() | Decimal():
            return exp.cast(exp.Literal.string(str(value)), "DOUBLE")
        case datetime():
            in_utc = value if value.tzinfo is None else value.astimezone(UTC)
            text = in_utc.replace(tzinfo=None).isoformat(" ")
            kind = "TIMESTAMP" if value.tzinfo is None else "TIMESTAMPTZ"
            return exp.cast(exp.Literal.string(text), kind)
        case date():
            return exp.cast(exp.Literal.string(value.isoformat()), "DATE")
        case _:
            return None


def _text_literal(name: str, text: str) -> exp.Expr:
    if "\0" in text:
        raise SqlError(f"${name} holds a NUL character, which SQL cannot write")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise SqlError(f"${name} is not UTF-8") from None
    return exp.Literal.string(text)


def _text_of(value: object) -> str:
    """Return the text of a literal of text; empty for anything else."""
    return value.name if isinstance(value, exp.Literal) and value.is_string else ""


def _number_literal(text: str) -> exp.Expr:
    literal = exp.Literal.number(text.removeprefix("-"))
    return exp.Paren(this=exp.Neg(this=literal)) if text.startswith("-") else literal
