"""The calls that searches make out of a thousand pages, cold and warm, in two orders of text.

A million records on pages of a thousand are as many; `scripts/bench calls` counts their calls.
"""

import json
import random
from collections import Counter
from decimal import Decimal
from functools import cache

import pytest

from cmdm_tui.query.database.duckdb_session import QueryDatabase
from cmdm_tui.query.seek.page_views import Gap
from cmdm_tui.sandbox import seed
from tests.query.differential.data_set import COLUMNS, DataSet
from tests.query.makes.made_service import MadeService, open_account
from tests.query.makes.make_trials import Asked
from tests.query.makes.makes import Make
from tests.query.makes.mixed_data import Flavoured

PAGES, CAP = 1_000, 5
TYPES = 1
"""The call that a cold query may make more, to learn the types of the fields."""
USED = ("Email", "Status", "EstimatedValue", "LastContacted")

MAKES = (
    Make("casefold then code point"),
    Make("real ICU"),
    Make("real ICU, then code point", nulls="last"),
)
"""The sandbox's order, MySQL's and PostgreSQL's."""

EMAIL = "SELECT ExternalID FROM lead WHERE Email = '{email}'"
MOST = "SELECT max(EstimatedValue) FROM lead"
BOUNDS = {
    "SELECT count(*) FROM lead": 1,
    "SELECT Email FROM lead WHERE ExternalID = '{external_id}'": 1,
    EMAIL: 16,
    "SELECT count(*) FROM lead WHERE LastContacted >= '{day}'": 26,
    MOST: 3,
    "SELECT Status, count(*) FROM lead GROUP BY Status": 64,
}


MOST_BEFORE_NULLS = 12
"""Where nulls come before the largest value, their border is found by halving, once."""


@cache
def make_data() -> DataSet:
    """Return the leads of a sandbox, with nothing but the fields in use."""
    leads: list[tuple[str, dict[str, str | None]]] = []
    for external_id, text in seed.generate_records(PAGES * CAP)["lead"]:
        values = json.loads(text)
        known = dict.fromkeys(COLUMNS["lead"]) | {name: values[name] for name in USED}
        leads.append((external_id, known))
    return DataSet(0, True, {"lead": tuple(leads)})


@cache
def make_service(make: Make) -> MadeService:
    return MadeService(make, make_data(), Flavoured(random.Random(0), (), {}, 0), CAP)


def fill(sql: str) -> str:
    """Return a query with the values of a lead in the middle of all."""
    leads = make_data().records["lead"]
    whole = [one for one in leads if all(one[1][name] for name in USED)]
    external_id, values = whole[len(whole) // 2]
    return sql.format(external_id=external_id, email=values["Email"], day=values["LastContacted"])


def find_answer(sql: str) -> list[str]:
    """Return the rows as text, by a plain walk over all leads."""
    leads = make_data().records["lead"]
    text = fill(sql)
    value = text.split("'")[1] if "'" in text else ""
    if sql == EMAIL:
        rows = [(external_id,) for external_id, values in leads if values["Email"] == value]
    elif "WHERE ExternalID" in sql:
        rows = [(values["Email"],) for external_id, values in leads if external_id == value]
    elif "LastContacted" in sql:
        rows = [(sum((values["LastContacted"] or "") >= value for _, values in leads),)]
    elif "max" in sql:
        rows = [(max(Decimal(values["EstimatedValue"] or 0) for _, values in leads),)]
    elif "GROUP" in sql:
        rows = list(Counter(values["Status"] for _, values in leads).items())
    else:
        rows = [(len(leads),)]
    return sorted(map(str, rows))


@pytest.mark.parametrize("sql", BOUNDS)
@pytest.mark.parametrize("make", MAKES, ids=lambda make: make.name)
async def test_few_calls_out_of_a_thousand_pages(
    make: Make, sql: str, database: QueryDatabase
) -> None:
    cold = MOST_BEFORE_NULLS if sql == MOST and make.nulls == "last" else BOUNDS[sql]
    service = make_service(make)
    assert service.most_pages == PAGES
    async with open_account(service) as account:
        asked = Asked(account, database, trusts_order=False)
        for is_cold in (True, False):
            service.begin()
            said = await asked.ask(fill(sql))
            bound = cold + TYPES if is_cold else BOUNDS[sql]
            assert len(service.calls) == said.told <= bound
            assert not said.mark
            assert sorted(map(str, said.rows)) == find_answer(sql)


async def test_a_search_that_does_not_halve_would_be_noticed(
    monkeypatch: pytest.MonkeyPatch, database: QueryDatabase
) -> None:
    """The broken twin."""
    monkeypatch.setattr(Gap, "middle", property(lambda gap: gap.first + gap.count // 16))
    with pytest.raises(AssertionError):
        await test_few_calls_out_of_a_thousand_pages(MAKES[0], EMAIL, database)
