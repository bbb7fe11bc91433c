"""The plain evaluation itself: beside DuckDB where they must agree, by hand where they must not."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal

import duckdb
import pytest

from tests.query.differential import language as q
from tests.query.differential.comparison import difference
from tests.query.differential.data_set import COLUMNS, make_data_set
from tests.query.differential.language import Kind, Value
from tests.query.differential.query_generator import QueryGenerator
from tests.query.differential.reference_evaluator import Outcome, Tables, evaluate
from tests.query.differential.sql_renderer import render_sql

TYPES = {
    Kind.TEXT: "VARCHAR",
    Kind.NUMBER: "DECIMAL(30,6)",
    Kind.DATE: "DATE",
    Kind.DATETIME: "TIMESTAMP",
    Kind.BOOLEAN: "BOOLEAN",
}
NULLS = "SET default_null_order = 'nulls_first_on_asc_last_on_desc'"


def lowered(tables: Tables) -> Tables:
    """Return the same rows with text that stands the same in every order."""

    def plain(value: Value) -> Value:
        if isinstance(value, datetime):
            return value.replace(tzinfo=None)
        if not isinstance(value, str):
            return value
        return "".join(one for one in value.lower() if one.isascii() and one.isprintable())

    return {
        entity: [{name: plain(value) for name, value in row.items()} for row in rows]
        for entity, rows in tables.items()
    }


def in_duckdb(tables: Tables) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.execute(NULLS)
    for entity, columns in COLUMNS.items():
        types = ", ".join(f"{name} {TYPES[kind]}" for name, kind in columns.items())
        connection.execute(f"CREATE TABLE {entity} ({types})")
        for row in tables[entity]:
            holes = ", ".join("?" for _ in columns)
            values = [row[name] for name in columns]
            connection.execute(f"INSERT INTO {entity} VALUES ({holes})", values)
    return connection


@pytest.mark.parametrize("number", range(6))
def test_it_agrees_with_duckdb_where_text_is_plain(number: int, *, runs_whole: bool) -> None:
    tables = lowered(make_data_set(number).tables({}))
    with in_duckdb(tables) as connection:
        for seed in range(400 if runs_whole else 40):
            query = QueryGenerator(seed, COLUMNS, tables, reads_text=False).query()
            sql = render_sql(query, seed)
            rows = connection.execute(sql).fetchall()
            assert difference(evaluate(query, tables), rows) is None, sql


LEADS: Tables = {
    "lead": [
        {"Name": "Zed", "Day": date(2026, 1, 1)},
        {"Name": "adam", "Day": None},
        {"Name": "Adam", "Day": date(2026, 1, 2)},
        {"Name": None, "Day": date(2026, 1, 1)},
        {"Name": "straße", "Day": None},
        {"Name": "STRASSE", "Day": None},
    ]
}
LEAD = q.Table("lead", "t")
NAME = q.Column("t", "Name", Kind.TEXT)
ITEMS = (q.Item(NAME, "n"),)


def names(query: q.Select) -> list[Value]:
    return [row[0] for row in evaluate(query, LEADS).expected_rows]


def test_text_stands_by_casefold_then_code_point_and_nulls_first() -> None:
    ordered = q.Select(ITEMS, LEAD, order=(q.Key(NAME),))
    assert names(ordered) == [None, "Adam", "adam", "STRASSE", "straße", "Zed"]
    turned = q.Select(ITEMS, LEAD, order=(q.Key(NAME, is_descending=True),))
    assert names(turned) == ["Zed", "straße", "STRASSE", "adam", "Adam", None]
    first = q.Select(ITEMS, LEAD, order=(q.Key(NAME, is_descending=True, nulls_first=True),))
    assert names(first)[0] is None


def test_equal_text_is_the_same_text() -> None:
    where = q.Compare("=", NAME, q.Constant("adam", Kind.TEXT))
    assert names(q.Select(ITEMS, LEAD, where)) == ["adam"]


def test_what_is_compared_with_null_is_neither_true_nor_false() -> None:
    nothing = q.Constant(None, Kind.TEXT)
    for is_negated in (True, False):
        among = q.Among(NAME, (q.Constant("adam", Kind.TEXT), nothing), is_negated)
        assert names(q.Select(ITEMS, LEAD, among)) == ([] if is_negated else ["adam"])
    assert names(q.Select(ITEMS, LEAD, q.Not(q.Compare("=", NAME, nothing)))) == []


OUTCOME = Outcome(("n", "k"), (Kind.NUMBER, Kind.TEXT), (
    (0, (Decimal(1), "a")), (1, (Decimal(2), "b")), (1, (Decimal(2), "c")),
    (1, (Decimal(2), "c")), (4, (Decimal(3), "d")),
))  # fmt: skip

RESULTS: Mapping[str, tuple[list[tuple[Value, ...]], bool]] = {
    "as they are": ([(1, "a"), (2, "b"), (2, "c"), (2, "c"), (3, "d")], True),
    "ties in another order": ([(1, "a"), (2, "c"), (2, "b"), (2, "c"), (3, "d")], True),
    "another scale": ([(Decimal("1.00"), "a"), (2, "b"), (2, "c"), (2, "c"), (3, "d")], True),
    "one too few": ([(1, "a"), (2, "b"), (2, "c"), (2, "c")], False),
    "one twice": ([(1, "a"), (2, "b"), (2, "b"), (2, "c"), (3, "d")], False),
    "two places exchanged": ([(2, "b"), (1, "a"), (2, "c"), (2, "c"), (3, "d")], False),
    "another type": ([("1", "a"), (2, "b"), (2, "c"), (2, "c"), (3, "d")], False),
    "a truth for a number": ([(True, "a"), (2, "b"), (2, "c"), (2, "c"), (3, "d")], False),
}


@pytest.mark.parametrize("case", RESULTS)
def test_a_result_is_compared_with_all_that_could_be(case: str) -> None:
    rows, is_right = RESULTS[case]
    assert (difference(OUTCOME, rows) is None) == is_right


@pytest.mark.parametrize(
    ("rows", "is_right"),
    [
        ([(2, "c"), (2, "b")], True),
        ([(2, "c"), (2, "c")], True),
        ([(2, "b"), (2, "b")], False),
        ([(1, "a"), (2, "b")], False),
    ],
)
def test_where_a_limit_cuts_ties_any_of_them_may_come(
    rows: list[tuple[Value, ...]], is_right: bool
) -> None:
    limited = Outcome(OUTCOME.names, OUTCOME.kinds, OUTCOME.rows, offset=1, limit=2)
    assert (difference(limited, rows) is None) == is_right
