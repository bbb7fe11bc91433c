"""Queries whose shape tempts an engine to take less than all of what they say."""

import pytest

from tests.query.small import Small, engine_of, rows_of

STATES = ("New", "Open", None)


@pytest.fixture
def grouped() -> Small:
    """Return a service of 300 pages of a field of two options, a third of its records null."""
    records = [(f"R{n:05}", {"State": STATES[n % 3], "Yes": "true"}) for n in range(900)]
    types = {"State": "Picklist", "Yes": "Boolean"}
    return Small({"thing": records}, {"thing": types}, {"State": "New;Open"}, page=3)


@pytest.mark.parametrize(
    ("counted", "expected"),
    [
        ("count(*)", [(None, 300), ("New", 300), ("Open", 300)]),
        ("count(State)", [(None, 0), ("New", 300), ("Open", 300)]),
        ("count(upper(State))", [(None, 0), ("New", 300), ("Open", 300)]),
        ("count(CASE WHEN State = 'New' THEN 1 END)", [(None, 0), ("New", 300), ("Open", 0)]),
        ("count(State = 'New' OR NULL)", [(None, 0), ("New", 300), ("Open", 0)]),
        ("count(NULL)", [(None, 0), ("New", 0), ("Open", 0)]),
    ],
)
async def test_skipping_from_value_to_value_counts_what_is_computed_of_them(
    grouped: Small, counted: str, expected: list[tuple[object, ...]]
) -> None:
    async with engine_of(grouped) as engine:
        sql = f"SELECT State, {counted} FROM thing GROUP BY State ORDER BY State"
        assert (await engine.prepare(sql)).plan == "seek"
        assert await rows_of(engine, sql) == expected
        assert len(grouped.calls) < 300
