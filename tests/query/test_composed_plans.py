"""Plans that read each place of FROM by its condition or by keys: their rows, and their calls."""

from collections.abc import AsyncIterator, Iterator

import pytest

from cmdm_tui.query.planning import composed_plans
from cmdm_tui.query.planning.bound_query import BoundQuery
from cmdm_tui.query.planning.plan import CandidatePlan
from cmdm_tui.sandbox import RunningInfo, Sandbox, SandboxConfig
from tests.query.conftest import NO_LIMIT, OpenedEngine, open_account

JOIN = "FROM lead l JOIN account a ON a.ExternalID = l.AccountExternalID"


@pytest.fixture(scope="module")
def hundred_pages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningInfo]:
    """5,000 leads on 100 pages, and their 1,000 accounts on 20."""
    folder = tmp_path_factory.mktemp("composed") / "data"
    config = SandboxConfig(
        folder,
        port=0,
        records=5_000,
        rate_limit=NO_LIMIT,
        month_limit=NO_LIMIT,
        behaviours={"page_cap": "50"},
    )
    with Sandbox.embedded(config) as info:
        yield info


def list_no_plans(query: BoundQuery) -> Iterator[CandidatePlan]:
    """Take the place of the composed plans, so that every page is read."""
    del query
    yield from ()


@pytest.fixture
async def known(hundred_pages: RunningInfo) -> AsyncIterator[OpenedEngine]:
    """An account of which the fields and totals are known, and nothing else."""
    async with open_account(hundred_pages) as one:
        await one.know("lead", "account")
        yield one


@pytest.mark.parametrize(
    ("sql", "most"),
    [
        ("SELECT l.LastName, a.Name {JOIN} WHERE l.Email = '{email}'", 12),
        ("SELECT l.LastName, a.Name {JOIN} WHERE a.ExternalID = '{account}'", 12),
        ("SELECT l.LastName, a.Name {JOIN} WHERE a.Name = '{name}'", 16),
        (
            (
                "SELECT LastName FROM lead WHERE AccountExternalID IN "
                "(SELECT ExternalID FROM account WHERE Name = '{name}')"
            ),
            15,
        ),
        (
            (
                "SELECT Name FROM account WHERE ExternalID IN "
                "(SELECT AccountExternalID FROM lead WHERE Email = '{email}')"
            ),
            15,
        ),
        (
            (
                "SELECT LastName FROM lead l WHERE EXISTS (SELECT 1 FROM account a "
                "WHERE a.ExternalID = l.AccountExternalID AND a.Name = '{name}')"
            ),
            15,
        ),
        (
            (
                "SELECT Name FROM account a WHERE EXISTS (SELECT 1 FROM lead l "
                "WHERE a.ExternalID = l.AccountExternalID AND l.Email = '{email}')"
            ),
            12,
        ),
        ("SELECT LastName FROM lead WHERE Email = '{email}' OR LastName = 'Nobody'", 20),
        ("SELECT LastName FROM lead WHERE Email = '{email}' OR AccountExternalID = 'x'", 20),
        ("SELECT count(*) FROM (SELECT * FROM lead WHERE Email = '{email}')", 10),
        (
            (
                "WITH x AS (SELECT * FROM lead WHERE Email = '{email}') "
                "SELECT x.LastName, a.Name FROM x LEFT JOIN account a "
                "ON a.ExternalID = x.AccountExternalID"
            ),
            12,
        ),
        (
            (
                "SELECT a.Name, count(l.ExternalID) FROM account a LEFT JOIN lead l "
                "ON l.AccountExternalID = a.ExternalID WHERE a.ExternalID = '{account}' GROUP BY 1"
            ),
            12,
        ),
    ],
)
async def test_few_calls_out_of_a_hundred_pages(
    known: OpenedEngine, sql: str, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen = f"SELECT l.Email, a.ExternalID, a.Name {JOIN} WHERE l.Email LIKE '%@%' ORDER BY 1"
    ((email, account, name),) = await known.rows(f"{chosen} LIMIT 1")
    text = sql.format(JOIN=JOIN, email=email, account=account, name=str(name).replace("'", "''"))
    _, made = await known.cost_of(text)
    assert made <= most, made
    rows = await known.rows(text)
    monkeypatch.setattr(composed_plans, "list_composed_plans", list_no_plans)
    assert sorted(map(str, await known.rows(text))) == sorted(map(str, rows))
    assert rows
