"""`$name` in SQL is a value, whatever it holds; the planner searches for it as for a literal."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlglot import exp

from cmdm_tui.query.engine import Engine
from cmdm_tui.query.errors import SqlError
from cmdm_tui.query.parsing import parameters as binding
from cmdm_tui.query.parsing.dialect import DIALECT
from cmdm_tui.query.parsing.parameters import ParameterValue
from cmdm_tui.query.parsing.statement import Select, parse
from tests.query.small_service import SmallService, open_engine

TYPES = {
    "Name": "Text", "Score": "Number", "Born": "Date", "Seen": "DateTime", "OptIn": "Boolean",
}  # fmt: skip
COUNT = 60
RECORDS = [
    (
        f"P{place:03}",
        {
            "Name": f"n{place:03}",
            "Score": str(place),
            "Born": (date(2000, 1, 1) + timedelta(place)).isoformat(),
            "Seen": f"2026-01-01T00:00:{place:02}Z",
            "OptIn": "true" if place % 2 else "false",
        },
    )
    for place in range(COUNT)
]


@pytest.fixture
async def engine() -> AsyncIterator[Engine]:
    service = SmallService({"person": RECORDS, "task": []}, {"person": TYPES}, page=3)
    async with open_engine(service) as opened:
        yield opened


async def rows(engine: Engine, sql: str, **parameters: ParameterValue) -> list[tuple[Any, ...]]:
    prepared = await engine.prepare(sql, parameters=parameters)
    with await engine.run(prepared) as result:
        return result.rows


def literal_of(value: str) -> str:
    """Return the text that a query shows for a parameter, through the SQL that DuckDB gets."""
    statement = parse("SELECT $x", {"x": value})
    assert isinstance(statement, Select)
    again = parse(statement.tree.sql(dialect=DIALECT))
    assert isinstance(again, Select)
    return again.tree.expressions[0].unalias().name


ODD_TEXTS = [
    "O'Neill", "'", "''", '"', "\\", "\\'", "a\nb", "a\r\nb", "\t", "--", "/* */", ";", "$x", "?",
    "'; DROP TABLE lead; --", "é", "\U0001f600", "\u202e", "\x01", "", " ", "$$a$$", "{}", "%_",
]  # fmt: skip


@given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])))
def test_every_text_arrives_unchanged(text: str) -> None:
    assert literal_of(text) == text


@pytest.mark.parametrize("text", ODD_TEXTS)
async def test_odd_texts_are_values(engine: Engine, text: str) -> None:
    sql = "SELECT $x, $x = $y, count(*) FROM person WHERE Name = $x"
    assert await rows(engine, sql, x=text, y=text) == [(text, True, 0)]


def test_a_value_in_the_text_of_the_sql_would_be_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    def splice(_name: str, text: str) -> exp.Expr:
        return exp.Var(this=f"'{text}'")

    monkeypatch.setattr(binding, "_text_literal", splice)
    assert not all(is_unchanged(text) for text in ODD_TEXTS)


def is_unchanged(text: str) -> bool:
    try:
        return literal_of(text) == text
    except SqlError:
        return False


NOON = datetime(2026, 1, 1, 0, 0, 7, tzinfo=UTC)


@pytest.mark.parametrize(
    ("condition", "value", "found"),
    [
        ("Name = $x", "n007", ["P007"]),
        ("Score = $x", "7", ["P007"]),
        ("Score = $x", 7, ["P007"]),
        ("Score = $x", Decimal("7.0"), ["P007"]),
        ("Score < $x", 1.5, ["P000", "P001"]),
        ("Score < $x", "1.5", ["P000", "P001"]),
        ("Score * $x = 14", "2", ["P007"]),
        ("-$x = Score", "-7", ["P007"]),
        ("Born = $x", "2000-01-08", ["P007"]),
        ("Born = $x", date(2000, 1, 8), ["P007"]),
        ("Seen = $x", "2026-01-01T00:00:07Z", ["P007"]),
        ("Seen = $x", NOON, ["P007"]),
        ("Seen = $x", NOON.astimezone(timezone(timedelta(hours=9))), ["P007"]),
        ("OptIn = $x AND Score < 2", True, ["P001"]),
        ("OptIn = $x AND Score < 2", "true", ["P001"]),
        ("Name IN $x", ["n007", "n001"], ["P001", "P007"]),
        ("Name IN ($x)", ("n007",), ["P007"]),
        ("Name IN ('n001', $x)", ["n007"], ["P001", "P007"]),
        ("Score IN $x", [7, 1, -3], ["P001", "P007"]),
        ("Name IN $x", [], []),
        ("Score < 1 AND Name NOT IN $x", [], ["P000"]),
        ("Name = $x", None, []),
        ("Name IS NOT DISTINCT FROM $x", "n007", ["P007"]),
        ("ExternalID = $x", "P007", ["P007"]),
        ("list_contains($x, Name)", ["n007"], ["P007"]),
        ("Name BETWEEN $x AND 'n008'", "n007", ["P007", "P008"]),
        ("Name LIKE $x", "n05%", [f"P05{n}" for n in range(10)]),
    ],
)
async def test_values_compare_as_their_column_does(
    engine: Engine, condition: str, value: ParameterValue, found: list[str]
) -> None:
    sql = f"SELECT ExternalID FROM person WHERE {condition} ORDER BY ExternalID"
    assert [one for (one,) in await rows(engine, sql, x=value)] == found


@pytest.mark.parametrize(
    ("condition", "value"),
    [("Name = $x", "n007"), ("Score = $x", "7"), ("Born = $x", date(2000, 1, 8)),
     ("Seen = $x", NOON), ("Name IN $x", ["n007", "n001"])],
)  # fmt: skip
async def test_the_planner_searches_for_a_value(
    engine: Engine, condition: str, value: ParameterValue
) -> None:
    sql = f"SELECT * FROM person WHERE {condition}"
    planned = await engine.prepare(sql, parameters={"x": value})
    assert planned.plan.plan_class == "seek"


async def test_a_number_of_rows_may_be_text(engine: Engine) -> None:
    sql = "SELECT ExternalID FROM person LIMIT $n OFFSET $m"
    assert await rows(engine, sql, n="1", m="2") == [("P002",)]
    assert await rows(engine, sql, n=1, m=2) == [("P002",)]


async def test_names_may_be_numbers_and_words(engine: Engine) -> None:
    assert await rows(engine, "SELECT $1, $select, $é", **{"1": "a", "select": 2, "é": None}) == [
        ("a", 2, None)
    ]


async def test_the_column_keeps_the_text_that_was_written(engine: Engine) -> None:
    prepared = await engine.prepare("SELECT $secret || 'x'", parameters={"secret": "hush"})
    assert [one.name for one in prepared.columns] == ["$secret || 'x'"]


async def test_explain_takes_parameters(engine: Engine) -> None:
    sql = "EXPLAIN SELECT * FROM person WHERE ExternalID = $x"
    assert (await rows(engine, sql, x="P007"))[0] == ("plan     get: each record by its id",)


NO_NAME = "$x is used as a name, but a parameter is a value. A date is written CAST($x AS DATE)."
NO_VALUE = (
    "No value is given for $x. Write the value itself, or give it with --param x=VALUE, in Python "
    "with parameters={'x': …}."
)
NO_KIND = (
    "$x is of a kind that SQL has no literal for: bytes. Give text, a number, a date, true or "
    "false, or a list of these."
)


@pytest.mark.parametrize(
    ("sql", "values", "sentence"),
    [
        ("SELECT $nmae", {"name": 1}, "No value is given for $nmae. $name has one."),
        ("SELECT $x", {}, NO_VALUE),
        ("SELECT $a", {"a": 1, "b": 2}, "The SQL has no $b. It has $a."),
        ("SELECT 1", {"b": 2}, "The SQL has no $b. It has no parameter."),
        ("SHOW ENTITIES", {"b": 2}, "The SQL has no $b. It has no parameter."),
        ("DESCRIBE lead", {"b": 2}, "The SQL has no $b. It has no parameter."),
        ("SELECT ?", {}, "A parameter needs a name: ? has none. Write the value itself, or $name."),
        ("SELECT DATE $x", {"x": "2026-01-01"}, NO_NAME),
        ("SELECT * FROM $x", {"x": "lead"}, NO_NAME),
        ("SELECT lead.$x FROM lead", {"x": "City"}, NO_NAME),
        ("SELECT $x", {"x": "a\0b"}, "$x holds a NUL character, which SQL cannot write."),
        ("SELECT $x", {"x": "\udcff"}, "$x is not UTF-8."),
        ("SELECT $x", {"x": b"ab"}, NO_KIND),
    ],
)  # fmt: skip
def test_what_cannot_be_bound_is_told(sql: str, values: dict[str, Any], sentence: str) -> None:
    with pytest.raises(SqlError) as error:
        parse(sql, values)
    assert str(error.value) == sentence


def test_a_dollar_in_text_is_no_parameter() -> None:
    parse("SELECT '$x', \"$y\", $$ $z $$ -- $w")
