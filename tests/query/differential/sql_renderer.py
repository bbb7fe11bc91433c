"""Writes a query as SQL, with names, keywords and blanks as varied as people type them."""

import random
from datetime import date, datetime
from decimal import Decimal

from tests.query.differential import language as q


def render_sql(query: q.Query, seed: int = 0) -> str:
    """Return the SQL of a query; the seed says how it is spelled."""
    if isinstance(query, q.Select) and random.Random(seed).random() < _SORTED_BY_NAME:
        return _SqlWriter(random.Random(seed), sorts_by_name=True).query(query)
    return _SqlWriter(random.Random(seed)).query(query)


_SORTED_BY_NAME = 0.3
"""How many queries sort by the names that they give, which then are those of other columns."""

_HIDING = ("City", "score", "NAME", "Industry", "Status", "Capacity")
"""Names of columns, given to others: each column is qualified, so that only ORDER BY finds them."""


class _SqlWriter:
    def __init__(self, chance: random.Random, *, sorts_by_name: bool = False) -> None:
        self._chance = chance
        self._sorts_by_name = sorts_by_name

    # Queries

    def query(self, query: q.Query) -> str:
        match query:
            case q.With(named, inner):
                parts = [f"{name} {self.word('as')} ({self.query(one)})" for name, one in named]
                return f"{self.word('with')} {', '.join(parts)} {self.query(inner)}"
            case q.Combined(operator, keeps_all, left, right, order, limit):
                words = self.word(f"{operator} all" if keeps_all else operator)
                sql = f"{self.query(left)} {words} {self.query(right)}"
                if order:
                    keys = [f"{place + 1} {'desc' if down else 'asc'}" for place, down in order]
                    sql += f" order by {', '.join(keys)}"
                return sql if limit is None else f"{sql} limit {limit}"
            case q.Select():
                return self._select(query)

    def _select(self, query: q.Select) -> str:
        sorts_by_name, self._sorts_by_name = self._sorts_by_name, False
        names = [one.name for one in query.items]
        if sorts_by_name:
            names = [*_HIDING[: len(names)], *names[len(_HIDING) :]]
        items = ", ".join(
            f"{self.scalar(one.value)} as {name}"
            for one, name in zip(query.items, names, strict=True)
        )
        parts = [self.word("select"), "distinct" if query.is_distinct else "", items]
        parts += [self.word("from"), self._source(query.source)]
        if query.where is not None:
            parts += [self.word("where"), self.condition(query.where)]
        if query.group:
            parts += [self.word("group by"), ", ".join(map(self.scalar, query.group))]
        if query.having is not None:
            parts += [self.word("having"), self.condition(query.having)]
        if query.order:
            given = {one.value: name for one, name in zip(query.items, names, strict=True)}
            keys = [
                self._key(one, given.get(one.value) if sorts_by_name else None)
                for one in query.order
            ]
            parts += [self.word("order by"), ", ".join(keys)]
        if query.limit is not None:
            parts.append(f"limit {query.limit}")
        if query.offset is not None:
            parts.append(f"offset {query.offset}")
        blank = self._chance.choice([" ", " ", " ", "\n", "\n  ", " /* ; -- */ "])
        return blank.join(part for part in parts if part)

    def _key(self, key: q.Key, name: str | None = None) -> str:
        sql = self.scalar(key.value) if name is None else self.name(name)
        if key.is_descending:
            sql += " desc"
        elif self._chance.random() < 0.3:
            sql += " asc"
        if key.nulls_first is not None:
            sql += f" nulls {'first' if key.nulls_first else 'last'}"
        return sql

    def _source(self, source: q.Source) -> str:
        match source:
            case q.Table(entity, alias):
                return f"{self.name(entity)} {self._as()}{alias}"
            case q.Named(name, alias):
                return f"{name} {self._as()}{alias}"
            case q.Derived(query, alias):
                return f"({self.query(query)}) {self._as()}{alias}"
            case q.Join(kind, left, right, condition):
                words = f"{self._source(left)} {self.word(f'{kind} join')} {self._source(right)}"
                return words if condition is None else f"{words} on {self.condition(condition)}"

    # Values

    def operand(self, scalar: q.Scalar, other: q.Scalar) -> str:
        """Return the SQL of what is compared with `other`, which may be text read as its kind."""
        is_read = isinstance(other, q.Reading) or (
            isinstance(other, q.Apply) and isinstance(other.arguments[0], q.Reading)
        )
        if is_read and isinstance(scalar, q.Constant) and isinstance(scalar.value, date):
            return f"date '{scalar.value}'"
        return self.scalar(scalar)

    def scalar(self, scalar: q.Scalar) -> str:
        match scalar:
            case q.Column(source, name, _):
                return f"{source}.{self.name(name)}"
            case q.Reading(column, _):
                return self.scalar(column)
            case q.Constant(value, kind):
                return self._constant(value, kind)
            case q.Apply(function, arguments, _):
                return self._applied(function, [self.scalar(one) for one in arguments])
            case q.Case(condition, then, otherwise, _):
                when = f"case when {self.condition(condition)} then {self.scalar(then)}"
                return f"{when} else {self.scalar(otherwise)} end"
            case q.Aggregate():
                return self._aggregate(scalar)
            case q.Window():
                return self._window(scalar)
            case q.ScalarQuery(query, _):
                return f"({self.query(query)})"

    def _applied(self, function: str, arguments: list[str]) -> str:
        match function:
            case "concat":
                return f"({' || '.join(arguments)})"
            case "plus":
                return f"({' + '.join(arguments)})"
            case "minus":
                return f"({' - '.join(arguments)})"
            case "negative":
                return f"(-{arguments[0]})"
            case _:
                return f"{function}({', '.join(arguments)})"

    def _aggregate(self, aggregate: q.Aggregate) -> str:
        of = "*" if aggregate.argument is None else self.scalar(aggregate.argument)
        distinct = "distinct " if aggregate.is_distinct else ""
        if aggregate.function == "joined":
            sql = f"string_agg({of}, '|' order by {of})"
        elif self._hangs_on_its_value(aggregate):
            sql = f"{of}.{self.word(aggregate.function)}()"
        else:
            sql = f"{self.word(aggregate.function)}({distinct}{of})"
        if aggregate.where is not None:
            sql += f" filter (where {self.condition(aggregate.where)})"
        return sql

    def _hangs_on_its_value(self, aggregate: q.Aggregate) -> bool:
        """Tell whether to write `City.min()`, which is `min(City)`."""
        is_extreme = aggregate.function in {"min", "max"} and aggregate.where is None
        is_column = isinstance(aggregate.argument, q.Column) and not aggregate.is_distinct
        return is_extreme and is_column and self._chance.random() < 0.2

    def _window(self, window: q.Window) -> str:
        of = "" if window.argument is None else self.scalar(window.argument)
        of = "*" if not of and window.function == "count" else of
        inside: list[str] = []
        if window.partition:
            inside.append("partition by " + ", ".join(map(self.scalar, window.partition)))
        if window.order:
            inside.append("order by " + ", ".join(map(self._key, window.order)))
        return f"{window.function}({of}) over ({' '.join(inside)})"

    def _constant(self, value: q.Value, kind: q.Kind) -> str:
        match value:
            case None:
                return "null"
            case bool():
                return self.word("true" if value else "false")
            case datetime():
                text = f"'{value:%Y-%m-%d %H:%M:%S}'"
                return self._chance.choice([text, f"timestamp {text}"])
            case date():
                return self._chance.choice([f"'{value}'", f"date '{value}'"])
            case Decimal() | int() | float():
                return f"{value}"
            case str():
                del kind
                return "'" + value.replace("'", "''") + "'"

    # Conditions

    def condition(self, condition: q.Condition) -> str:  # noqa: C901 — a line a condition
        match condition:
            case q.All(conditions):
                return self._joined(conditions, "and")
            case q.Any(conditions):
                return self._joined(conditions, "or")
            case q.Not(inner):
                return f"not ({self.condition(inner)})"
            case q.Compare(operator, left, right):
                return self._compared(operator, self.scalar(left), self.operand(right, left))
            case q.Between(value, low, high, is_negated):
                words = f"{'not ' if is_negated else ''}between"
                ends = f"{self.operand(low, value)} and {self.operand(high, value)}"
                return f"{self.scalar(value)} {words} {ends}"
            case q.Among(value, choices, is_negated):
                words = f"{'not ' if is_negated else ''}in"
                shown = ", ".join(self.operand(one, value) for one in choices)
                return f"{self.scalar(value)} {words} ({shown})"
            case q.AmongQuery(value, query, is_negated):
                words = f"{'not ' if is_negated else ''}in"
                return f"{self.scalar(value)} {words} ({self.query(query)})"
            case q.Exists(query, is_negated):
                return f"{'not ' if is_negated else ''}exists ({self.query(query)})"
            case q.Like(value, pattern, regards_case, is_negated):
                words = f"{'not ' if is_negated else ''}{'like' if regards_case else 'ilike'}"
                text = pattern.replace("'", "''")
                return f"{self.scalar(value)} {self.word(words)} '{text}'"
            case q.IsNull(value, is_negated):
                return f"{self.scalar(value)} is {'not ' if is_negated else ''}null"
            case q.Distinct(left, right, is_negated):
                words = f"is {'not ' if is_negated else ''}distinct from"
                return f"{self.scalar(left)} {words} {self.operand(right, left)}"
            case q.Truth(value):
                return self.scalar(value)

    def _compared(self, operator: str, left: str, right: str) -> str:
        turned = {"<": ">", ">": "<", "<=": ">=", ">=": "<="}
        if self._chance.random() < 0.2:
            left, right, operator = right, left, turned.get(operator, operator)
        if operator == "<>":
            operator = self._chance.choice(["<>", "!="])
        return f"{left} {operator} {right}"

    def _joined(self, conditions: tuple[q.Condition, ...], word: str) -> str:
        return "(" + f" {self.word(word)} ".join(map(self.condition, conditions)) + ")"

    # Spelling

    def word(self, word: str) -> str:
        return self._chance.choice([word, word.upper(), word.capitalize()])

    def name(self, name: str) -> str:
        spelled = self._chance.choice([name, name, name.lower(), name.upper()])
        return self._chance.choice([spelled, spelled, f'"{spelled}"'])

    def _as(self) -> str:
        return self._chance.choice(["", "as ", "AS "])
