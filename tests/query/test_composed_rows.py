"""Composed plans give the rows of a scan: drawn queries over two entities, compared with DuckDB."""

import random
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import duckdb
import pytest
from sqlglot import exp

from cmdm_tui.query.engine import Engine
from cmdm_tui.query.execution.composed_executor import ComposedExecutor
from cmdm_tui.query.parsing.query_shape import split_conjuncts, split_where
from cmdm_tui.query.planning import composed_plans, item_conditions, record_needs
from cmdm_tui.query.planning.bound_query import BoundQuery
from cmdm_tui.query.planning.plan import CandidatePlan, ComposedReads
from tests.query.small_service import SmallService, Values, open_engine

A_SAMPLE, THE_WHOLE = 60, 4_000
CITIES = ("York", "Leeds", "Bath", "", None, "Ely", "york")


def _records() -> dict[str, list[tuple[str, Values]]]:
    chance = random.Random(5)
    accounts = [f"A{n:02}" for n in range(40)]
    leads: list[tuple[str, Values]] = [
        (
            f"L{n:03}",
            {
                "Email": f"u{n % 90:02}@x.com" if n % 7 else None,
                "City": chance.choice(CITIES),
                "Account": chance.choice([*accounts, *accounts, "gone", "", None, "a01"]),
                "Parent": chance.choice([None, f"L{chance.randrange(150):03}"]),
                "Score": str(n % 25) if n % 9 else None,
            },
        )
        for n in range(150)
    ]
    return {
        "lead": leads,
        "account": [
            (
                one,
                {
                    "Name": f"Name {n % 30}",
                    "Town": chance.choice(CITIES),
                    "Size": str(n % 6) if n % 5 else None,
                },
            )
            for n, one in enumerate(accounts)
        ],
    }


RECORDS = _records()
TYPES = {
    "lead": dict.fromkeys(("Email", "City", "Account", "Parent"), "Text") | {"Score": "Number"},
    "account": dict.fromkeys(("Name", "Town"), "Text") | {"Size": "Number"},
}


class QueryMaker:
    """Draws queries that a composed plan may answer, and those that look as if it might."""

    def __init__(self, seed: int) -> None:
        self._chance = random.Random(seed)

    def query(self) -> str:
        """Return a query whose rows are the same in any order."""
        shape = self._one(
            self._join,
            self._join,
            self._semi,
            self._semi,
            self._union,
            self._named,
            self._self_join,
        )
        return shape()

    def _one(self, *choices: Any) -> Any:
        return self._chance.choice(choices)

    def _lead(self, alias: str) -> str:
        a = f"{alias}." if alias else ""
        number, of = self._chance.randrange(90), self._chance.randrange(150)
        return self._one(
            f"{a}Email = 'u{number:02}@x.com'",
            f"{a}Email = 'u{number:02}@x.com'",
            f"{a}Email IN ('u{number:02}@x.com', 'u03@x.com', 'none')",
            f"{a}ExternalID = 'L{of:03}'",
            f"{a}ExternalID IN ('L{of:03}', 'L007', 'nope')",
            f"{a}Account = 'A{of % 40:02}'",
            f"{a}Score = {of % 30} AND {a}City = 'York'",
            f"{a}Score > 23",
            f"{a}City IS NULL",
            f"({a}Email = 'u{number:02}@x.com' OR {a}Account = 'A{of % 40:02}')",
            f"({a}Score = 3 AND {a}City = 'Bath' OR {a}ExternalID = 'L{of:03}')",
            f"NOT {a}Score < 24",
            f"coalesce({a}City, 'York') = 'York'",
        )

    def _account(self, alias: str) -> str:
        a = f"{alias}." if alias else ""
        of = self._chance.randrange(40)
        return self._one(
            f"{a}Name = 'Name {of}'",
            f"{a}Name = 'Name {of}'",
            f"{a}ExternalID = 'A{of:02}'",
            f"{a}Size = {of % 7} AND {a}Town = 'Leeds'",
            f"({a}Name = 'Name {of}' OR {a}ExternalID = 'A03')",
            f"{a}Town IS NULL",
            f"{a}Name LIKE 'Name 2%'",
        )

    def _link(self) -> str:
        return self._one(
            "l.Account = a.ExternalID",
            "a.ExternalID = l.Account",
            "a.ExternalID = l.Account",
            "l.City = a.Town",
            "lower(l.City) = a.Town",
            "a.ExternalID = l.Account AND a.Town = l.City",
            "a.Size = l.Score",
            "(a.ExternalID = l.Account OR a.Town = l.City)",
        )

    def _join(self) -> str:
        kind = self._one(
            "JOIN", "JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN", "SEMI JOIN", "ANTI JOIN"
        )
        sides = [("lead l", "l", self._lead), ("account a", "a", self._account)]
        self._chance.shuffle(sides)
        (left, near, near_where), (right, far, far_where) = sides
        if kind == "RIGHT JOIN" and self._chance.random() < 0.6:
            near, far, near_where, far_where = far, near, far_where, near_where
        on = [self._link()]
        if self._chance.random() < 0.4:
            on.append(self._one(near_where(near), far_where(far)))
        where = [near_where(near)] if self._chance.random() < 0.7 else []
        is_half = kind in {"SEMI JOIN", "ANTI JOIN"}
        if not is_half and self._chance.random() < 0.4:
            where.append(self._one(far_where(far), f"{far}.ExternalID IS NULL"))
        shown = f"{near}.ExternalID" if is_half else "l.ExternalID, a.ExternalID, l.City"
        sql = f"SELECT {shown} FROM {left} {kind} {right} ON {' AND '.join(on)}"
        if self._chance.random() < 0.15:
            sql = f"SELECT count(*) FROM {left} {kind} {right} ON {' AND '.join(on)}"
        return sql + _where(where)

    def _semi(self) -> str:
        negated = self._one("", "", "NOT ")
        inner = self._one(self._account(""), self._account(""), "true")
        outer = [self._lead("l")] if self._chance.random() < 0.5 else []
        test = self._one(
            f"l.Account {negated}IN (SELECT ExternalID FROM account WHERE {inner})",
            f"l.City {negated}IN (SELECT Town FROM account WHERE {inner})",
            (
                f"{negated}EXISTS (SELECT 1 FROM account a WHERE {self._link()} "
                f"AND {self._account('a')})"
            ),
            f"l.Account = (SELECT max(ExternalID) FROM account WHERE {inner})",
            f"l.Score >= (SELECT max(Size) FROM account WHERE {inner})",
            "l.Account IN (SELECT ExternalID FROM account ORDER BY Name, ExternalID LIMIT 3)",
            (
                "l.Email IN (SELECT m.Email FROM lead m JOIN account b "
                f"ON b.ExternalID = m.Account WHERE {self._account('b')})"
            ),
        )
        if self._chance.random() < 0.3:
            where = [f"a.ExternalID {negated}IN (SELECT Account FROM lead WHERE {self._lead('')})"]
            return "SELECT a.ExternalID, a.Name FROM account a" + _where(where)
        if self._chance.random() < 0.2:
            counted = f"(SELECT count(*) FROM account a WHERE {self._link()}) AS n"
            return f"SELECT l.ExternalID, {counted} FROM lead l" + _where([self._lead("l")])
        return "SELECT l.ExternalID FROM lead l" + _where([test, *outer])

    def _union(self) -> str:
        inner = f"Account IN (SELECT ExternalID FROM account WHERE {self._account('')})"
        other = self._one(inner, self._lead(""))
        where = [f"({self._lead('')} OR {other})"]
        if self._chance.random() < 0.3:
            where.append("Score < 20")
        return "SELECT ExternalID, City FROM lead" + _where(where)

    def _named(self) -> str:
        inner = f"SELECT ExternalID, Account, City FROM lead{_where([self._lead('')])}"
        if self._chance.random() < 0.3:
            inner = f"{inner} ORDER BY ExternalID LIMIT 2"
        body = self._one(
            "SELECT w.ExternalID, a.Name FROM w LEFT JOIN account a ON a.ExternalID = w.Account",
            "SELECT a.Name, w.City FROM account a JOIN w ON w.Account = a.ExternalID",
            "SELECT count(*), min(City) FROM w",
            "SELECT v.ExternalID FROM w, w AS v WHERE v.City = w.City",
            "SELECT Name FROM account WHERE ExternalID NOT IN (SELECT w.Account FROM w)",
            (
                "SELECT l.ExternalID FROM lead l JOIN w ON w.Account = l.Account "
                f"WHERE {self._lead('l')}"
            ),
            (
                "SELECT w.ExternalID, a.ExternalID, l.ExternalID FROM w "
                f"{self._one('', 'RIGHT ', 'FULL ')}JOIN account a ON a.ExternalID = w.Account "
                f"{self._one('', 'LEFT ', 'RIGHT ')}JOIN lead l ON l.City = w.City AND "
                f"{self._lead('l')} WHERE {self._one(self._lead('l'), self._account('a'))}"
            ),
            (
                f"SELECT a.Name, v.City FROM account a NATURAL {self._one('', 'LEFT ', 'RIGHT ')}"
                f"JOIN (SELECT Account AS ExternalID, City FROM w) v WHERE {self._account('a')}"
            ),
        )
        if self._chance.random() < 0.5 and body.count("w") and "w AS v" not in body:
            return body.replace("FROM w", f"FROM ({inner}) w").replace(
                "JOIN w", f"JOIN ({inner}) w"
            )
        return f"WITH w AS ({inner}) {body}"

    def first_rows(self) -> str:
        """Return a join whose order leaves no choice but of equal rows."""
        kind = self._one("JOIN", "LEFT JOIN", "RIGHT JOIN")
        field, way = self._one("l.ExternalID", "l.Score", "a.Size"), self._one("", " DESC")
        link = self._one("a.ExternalID = l.Account", "a.Town = l.City")
        sql = f"SELECT {field} FROM lead l {kind} account a ON {link}"
        if self._chance.random() < 0.4:
            sql += _where([self._one(self._lead("l"), self._account("a"), "l.Score > 8")])
        sql += f" ORDER BY {field}{way}"
        limit = self._one(1, 3, 10, 1_000)
        offset = self._one("", "", f" OFFSET {self._one(1, 5, 60)}")
        return f"{sql} LIMIT {limit}{offset}"

    def _self_join(self) -> str:
        kind = self._one("JOIN", "LEFT JOIN", "JOIN")
        on = self._one("p.ExternalID = l.Parent", "p.Parent = l.ExternalID", "p.Email = l.Email")
        where = [self._lead("l")]
        if self._chance.random() < 0.3:
            where.append("p.Score > 5")
        third = self._one("", "", " JOIN account a ON a.ExternalID = p.Account")
        shown = "l.ExternalID, p.ExternalID" + (", a.Name" if third else "")
        return f"SELECT {shown} FROM lead l {kind} lead p ON {on}{third}" + _where(where)


def _where(conditions: Sequence[str]) -> str:
    return f" WHERE {' AND '.join(conditions)}" if conditions else ""


def reference() -> duckdb.DuckDBPyConnection:
    """Return DuckDB with the same records as tables."""
    connection = duckdb.connect()
    for entity, types in TYPES.items():
        kinds = {"Text": "TEXT", "Number": "DECIMAL(38,9)"}
        columns = ", ".join(f"{name} {kinds[kind]}" for name, kind in types.items())
        connection.execute(f"CREATE TABLE {entity} (ExternalID TEXT, {columns})")
        rows = [(key, *(values[name] for name in types)) for key, values in RECORDS[entity]]
        marks = ", ".join("?" * (len(types) + 1))
        connection.executemany(f"INSERT INTO {entity} VALUES ({marks})", rows)
    return connection


async def find_wrong(seeds: Sequence[int], most: int) -> tuple[list[str], int]:
    """Return what was wrong, a query a seed, and how many queries a composed plan answered.

    It stops where it has found `most` wrong ones.
    """
    plain, wrong, composed = reference(), list[str](), 0
    service = SmallService(RECORDS, TYPES, page=4)
    async with open_engine(service) as engine:
        for seed in seeds:
            sql = QueryMaker(seed).query()
            said = await _compare(engine, service, plain, sql)
            composed += said is not None
            if said:
                wrong.append(f"{seed}: {said}: {sql}")
            if len(wrong) == most:
                break
    return wrong, composed


async def _compare(
    engine: Engine, service: SmallService, plain: duckdb.DuckDBPyConnection, sql: str
) -> str | None:
    """Return what was wrong, nothing where it was right; None where the plan was another."""
    prepared = await engine.prepare(sql)
    before = len(service.calls)
    with await engine.run(prepared) as result:
        rows, stats = result.rows, result.stats
    made = len(service.calls) - before + prepared.plan.calls_made
    expected = plain.execute(sql).fetchall()
    said = ""
    if sorted(map(_shown, rows)) != sorted(map(_shown, expected)):
        said = f"{len(rows)} rows and not {len(expected)}"
    elif stats.calls_used != made or not stats.calls_low <= made <= stats.calls_high:
        said = f"{made} calls, {stats.calls_low} to {stats.calls_high}, {stats.calls_used} told"
    return said if said or isinstance(prepared.plan.step, ComposedReads) else None


def _shown(row: Sequence[object]) -> str:
    return repr(["" if one is None else str(one) + "!" for one in row])


@pytest.mark.timeout(3_600)
async def test_rows_are_those_of_duckdb(*, runs_whole: bool) -> None:
    wrong, composed = await find_wrong(range(THE_WHOLE if runs_whole else A_SAMPLE), 8)
    assert not wrong, "\n".join(wrong)
    assert composed > A_SAMPLE // 3


@pytest.mark.timeout(3_600)
async def test_the_first_rows_of_a_join_are_those_of_a_scan(
    monkeypatch: pytest.MonkeyPatch, *, runs_whole: bool
) -> None:
    composed = 0
    async with open_engine(SmallService(RECORDS, TYPES, page=4)) as engine:
        for seed in range(400 if runs_whole else 20):
            sql = QueryMaker(seed).first_rows()
            prepared = await engine.prepare(sql)
            step = prepared.plan.step
            composed += isinstance(step, ComposedReads) and step.wanted_rows > 0
            with await engine.run(prepared) as result:
                rows, stats = result.rows, result.stats
            assert stats.calls_used <= stats.calls_high
            with monkeypatch.context() as without:
                without.setattr(composed_plans, "list_composed_plans", _list_no_plans)
                with await engine.run(await engine.prepare(sql)) as result:
                    assert rows == result.rows, sql
    assert composed > 3


async def test_a_join_with_too_few_first_rows_would_be_noticed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sql = (
        "SELECT l.ExternalID FROM lead l JOIN account a ON a.ExternalID = l.Account "
        "AND a.Size > 4 ORDER BY l.ExternalID LIMIT 12"
    )

    async def enough(_: ComposedExecutor) -> int:
        return 1_000

    async with open_engine(SmallService(RECORDS, TYPES, page=4)) as engine:
        prepared = await engine.prepare(sql)
        assert isinstance(prepared.plan.step, ComposedReads)
        with await engine.run(prepared) as result:
            assert len(result.rows) == 12
            assert result.rows == reference().execute(sql).fetchall()
        monkeypatch.setattr(ComposedExecutor, "_count_rows", enough)
        with await engine.run(await engine.prepare(sql)) as result:
            assert len(result.rows) < 12


def _list_no_plans(query: BoundQuery) -> Iterator[CandidatePlan]:
    del query
    yield from ()


def _conditions_of_any_side(item: exp.Expr, select: exp.Select) -> Iterator[exp.Expr]:
    del item
    yield from split_where(select)
    for join in select.args.get("joins") or ():
        if isinstance(on := join.args.get("on"), exp.Expr):
            yield from split_conjuncts(on)


def _is_never(join: exp.Join, item: exp.Expr) -> bool:
    return join is item


def _is_always(join: exp.Join, item: exp.Expr) -> bool:
    return join is not item


BROKEN: dict[str, tuple[str, Callable[..., Any]]] = {
    "the sides of an outer join are like others": ("conditions_on", _conditions_of_any_side),
    "no join makes a side optional": ("makes_optional", _is_never),
    "every join restricts both sides": ("restricts", _is_always),
}


@pytest.mark.parametrize("fault", BROKEN)
async def test_a_condition_too_many_would_be_noticed(
    fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (item_conditions, record_needs):
        monkeypatch.setattr(module, *BROKEN[fault])
    wrong, _ = await find_wrong(range(THE_WHOLE), 1)
    assert wrong
