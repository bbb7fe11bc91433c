"""The first rows of a field are a search also where the query wants nulls at the other end."""

from decimal import Decimal

import pytest

from tests.query.small_service import SmallService, open_engine

PAGE, PAGES = 20, 100
RECORDS = PAGE * PAGES
TYPES = {"Name": "Text", "Score": "Number"}


def make_service(nulls: int) -> SmallService:
    """Return a service whose first `nulls` records have no score; the others count up from 0."""
    records = [
        (
            f"P{number:05}",
            {"Name": f"n{number % 7}", "Score": None if number < nulls else str(number - nulls)},
        )
        for number in range(RECORDS)
    ]
    return SmallService({"person": records}, {"person": TYPES}, page=PAGE)


@pytest.mark.parametrize("nulls", [0, 3, 700, RECORDS - 50, RECORDS])
@pytest.mark.parametrize(
    ("sql", "kind"),
    [
        ("SELECT Score FROM person ORDER BY Score NULLS LAST LIMIT 3", "up"),
        ("SELECT Score FROM person WHERE Score IS NOT NULL ORDER BY Score LIMIT 3", "values up"),
        ("SELECT Score FROM person WHERE NOT Score IS NULL ORDER BY 1 DESC LIMIT 3", "values down"),
        ("SELECT Score FROM person ORDER BY Score DESC NULLS FIRST LIMIT 3", "nulls down"),
    ],
)
async def test_the_rows_are_right_and_few_pages_are_read(nulls: int, sql: str, kind: str) -> None:
    values = [Decimal(number) for number in range(RECORDS - nulls)]
    filled = values[::-1] if "down" in kind else values
    empty = [None] * nulls
    right = {"up": filled + empty, "nulls down": empty + filled}.get(kind, filled)[:3]
    service = make_service(nulls)
    async with open_engine(service) as engine:
        with await engine.run(await engine.prepare(sql)) as result:
            assert [row[0] for row in result.rows] == right
            assert not result.mark
            assert result.stats.plan == "stream"
            assert result.stats.calls_used <= result.stats.calls_high
    # Without any null, or any value, nothing shows where nulls would be, or that there is an order.
    assert len(service.calls) <= 13 or nulls in {0, RECORDS}


@pytest.mark.parametrize(
    "condition",
    ["Score IS NOT NULL AND Name = 'n1'", "Name IS NOT NULL AND Score > 5", "Score > 5"],
)
async def test_another_condition_is_not_left_out(condition: str) -> None:
    sql = f"SELECT Score FROM person WHERE {condition} ORDER BY Score LIMIT 2"
    lowest = {"n1": [1, 8]}.get(condition[-3:-1], [6, 7])
    async with open_engine(make_service(0)) as engine:
        with await engine.run(await engine.prepare(sql)) as result:
            assert [row[0] for row in result.rows] == lowest
