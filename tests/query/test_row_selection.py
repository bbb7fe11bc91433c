"""Some rows and columns of a result in hand: typed as they were, for no call, and nothing else."""

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from cmdm_tui.query.errors import QueryError, QueryRefused, SqlError, UnknownName
from cmdm_tui.query.result import QueryResult
from cmdm_tui.query.row_selection import RowSelection
from tests.query.conftest import OpenedEngine

SQL = """
SELECT * FROM (VALUES
  ('York', 5, TIMESTAMPTZ '2026-01-02 03:04:05+00', 1.50::DECIMAL(38,9), NULL),
  ('bath', 10, TIMESTAMPTZ '2026-03-02 03:04:05+00', 2.25::DECIMAL(38,9), ''),
  ('Ely', NULL, NULL, NULL, 'x'),
  ('York', 7, TIMESTAMPTZ '2026-05-02 03:04:05+00', 1.5::DECIMAL(38,9), 'null')
) AS t(City, Score, Made, Amount, "my note")
"""


@pytest.fixture
async def result(opened: OpenedEngine) -> AsyncIterator[QueryResult]:
    with await opened.run(SQL) as made:
        opened.network.calls.clear()
        yield made
        assert not opened.network.calls


async def test_rows_are_chosen_in_the_order_that_they_have(result: QueryResult) -> None:
    for condition, cities in (
        ("Score > 5", ["bath", "York"]),
        ("city = 'York' AND score IS NOT NULL", ["York", "York"]),
        ("result.Score IS NULL", ["Ely"]),
        ("\"my note\" = ''", ["bath"]),
        ("Made >= '2026-03-02'", ["bath", "York"]),
        ("Made < TIMESTAMPTZ '2026-01-02 05:04:06+02'", ["York"]),
        ("list_contains(list_transform([Score], x -> x + 1), 8)", ["York"]),
        ("City > 'c' -- by the account's order, in which bath is first", ["York", "Ely", "York"]),
        ("Score > 100", []),
    ):
        found = await result.select(RowSelection(condition))
        assert [row[0] for row in found] == cities, condition
        assert found.count == found.stats.rows == len(cities)
        await found.discard()
    assert result.count == 4
    assert len(result.rows) == 4


async def test_values_and_columns_stay_what_they_were(result: QueryResult) -> None:
    selection = RowSelection("Score = 5", places=(3, 2, 0))
    found = await result.select(selection)
    assert [(one.name, one.type) for one in found.columns] == [
        ("Amount", "DECIMAL(38,9)"),
        ("Made", "TIMESTAMP WITH TIME ZONE"),
        ("City", "VARCHAR"),
    ]
    assert found.rows == [(Decimal("1.5"), datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), "York")]
    again = await found.select(RowSelection("amount > 1", places=(0,)))
    assert again.rows == [(Decimal("1.5"),)]


async def test_stored_digits_go_with_their_column(opened: OpenedEngine) -> None:
    with await opened.run("SELECT LastName, Score, Score AS again FROM lead LIMIT 20") as result:
        swapped = await result.select(RowSelection(order=1, is_descending=True, places=(2, 0)))
        scores = sorted((row[1] for row in result), key=lambda one: -1 if one is None else one)
        assert [row[0] for row in swapped] == scores[::-1]
        assert {str(row[0]) for row in swapped} == {str(row[1]) for row in result}


async def test_a_name_that_occurs_twice_has_a_number(opened: OpenedEngine) -> None:
    with await opened.run("SELECT * FROM (VALUES (1, 2), (2, 1)) AS t(a, b)") as result:
        twice = await result.select(RowSelection(places=(0, 1, 0)))
        assert (await twice.select(RowSelection("a_2 = 2"))).rows == [(2, 1, 2)]


@pytest.mark.parametrize(
    "condition",
    [
        "Score > (SELECT 1)", "EXISTS (SELECT 1)", "Score IN (SELECT 1)",
        "City IN (SELECT City FROM lead)", "City = (FROM lead SELECT City)",
        "1=1; DROP TABLE x", "1=1 UNION SELECT 1", "1=1) OR (1=1 ORDER BY 1", "true LIMIT 1",
        "read_text('/etc/passwd') IS NOT NULL", "'x' IN (SELECT content FROM read_text('/x'))",
        "getenv('HOME') = 'x'", "City = current_setting('x')", "nextval('s') = 1",
        "", "  ", "City =", "true QUALIFY true", "main.getenv('HOME') = 'x'",
    ],
)  # fmt: skip
async def test_a_condition_is_a_condition_and_reaches_nothing_else(
    result: QueryResult, condition: str
) -> None:
    with pytest.raises(SqlError):
        await result.select(RowSelection(condition or " "))


async def test_no_file_is_opened(result: QueryResult, tmp_path: Path) -> None:
    file = tmp_path / "x.csv"
    file.write_text("a\n1\n")
    for condition in (
        f"1 IN (SELECT a FROM '{file}')",
        f"1 IN (FROM read_csv('{file}'))",
        f"read_blob('{file}') IS NULL",
    ):
        with pytest.raises(QueryError) as refusal:
            await result.select(RowSelection(condition))
        assert isinstance(refusal.value, QueryRefused) or "not" in str(refusal.value)


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        ("Ctiy = 'x'", "Did you mean City?"),
        ("City = Leeds", "There is no column 'Leeds' of the result. Text is written in single"),
        ('City = "O\'Neill"', "Text is written in single quotes: 'O''Neill'."),
        ("City IN ('York', Scor)", "Did you mean Score? Text is written in single quotes: 'Scor'."),
        ("lead.City = 'x'", "names a table, and a result has none"),
        ("City = 5", ""),
        ("nosuch(City)", "nosuch"),
        ("count(*) > 1", ""),
        ("Score > 'abc'", ""),
    ],
)
async def test_what_is_wrong_with_a_condition_is_said(
    result: QueryResult, condition: str, words: str
) -> None:
    with pytest.raises(SqlError) as refusal:
        await result.select(RowSelection(condition))
    assert words in str(refusal.value)
    assert "\x01" not in str(refusal.value)
    assert "c1" not in str(refusal.value)


async def test_values_are_given_and_never_read_as_sql(result: QueryResult) -> None:
    hostile = "x' OR true --"
    for value, count in (("York", 2), (hostile, 0)):
        found = await result.select(RowSelection("City = $city", {"city": value}))
        assert found.count == count


@pytest.mark.parametrize("places", [(0,), (1, 0)])
async def test_columns_are_found_by_name(result: QueryResult, places: Sequence[int]) -> None:
    names = [result.columns[place].name for place in places]
    assert [result.find_column(name.upper()) for name in names] == list(places)
    with pytest.raises(UnknownName, match="City"):
        result.find_column("Ctiy")
