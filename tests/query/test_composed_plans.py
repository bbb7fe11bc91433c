"""Plans that read each place of FROM by its condition or by keys: their rows, and their calls."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator

import httpx
import pytest

from cmdm_tui.query.call_allowance import Allowance, allow_unasked
from cmdm_tui.query.planning import composed_plans
from cmdm_tui.query.planning.bound_query import BoundQuery
from cmdm_tui.query.planning.plan import CandidatePlan, ComposedReads
from cmdm_tui.sandbox import RunningInfo, Sandbox, SandboxConfig
from tests.query.conftest import NO_LIMIT, OpenedEngine, open_account
from tests.query.small_service import SmallService, open_engine
from tests.query.test_composed_rows import RECORDS, TYPES
from tests.services import copy_records

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
    copy_records(config)
    with Sandbox.embedded(config) as info:
        yield info


@pytest.fixture(scope="module")
def few_pages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningInfo]:
    """The same records on six pages, for what reads every page."""
    folder = tmp_path_factory.mktemp("whole") / "data"
    config = SandboxConfig(folder, port=0, records=5_000, rate_limit=NO_LIMIT, month_limit=NO_LIMIT)
    copy_records(config)
    with Sandbox.embedded(config) as info:
        yield info


@pytest.fixture(scope="module")
def chosen(few_pages: RunningInfo) -> tuple[str, str, str]:
    """The e-mail address of a lead, its account's id, and that account's name."""
    sql = f"SELECT l.Email, a.ExternalID, a.Name {JOIN} WHERE l.Email LIKE '%@%' ORDER BY 1 LIMIT 1"

    async def choose() -> tuple[str, str, str]:
        async with open_account(few_pages) as one:
            ((email, account, name),) = await one.rows(sql)
        return str(email), str(account), str(name).replace("'", "''")

    return asyncio.run(choose())


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
        (
            (
                "SELECT l.Score FROM lead l LEFT JOIN account a "
                "ON a.ExternalID = l.AccountExternalID ORDER BY l.Score DESC LIMIT 5"
            ),
            8,
        ),
        ("SELECT l.Score {JOIN} ORDER BY l.Score DESC LIMIT 5", 30),
        (
            (
                "SELECT l.Score FROM account a RIGHT JOIN lead l "
                "ON a.ExternalID = l.AccountExternalID WHERE l.Email = '{email}'"
            ),
            12,
        ),
        (
            (
                "SELECT l.Score FROM lead l LEFT JOIN account a ON a.ExternalID = "
                "l.AccountExternalID WHERE l.City <> 'x' ORDER BY l.Score DESC LIMIT 5"
            ),
            22,
        ),
    ],
)
async def test_few_calls_out_of_a_hundred_pages(
    known: OpenedEngine,
    few_pages: RunningInfo,
    chosen: tuple[str, str, str],
    sql: str,
    most: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    email, account, name = chosen
    # A query before this one has shown how large the pages are.
    await known.rows("SELECT ExternalID FROM lead LIMIT 60")
    text = sql.format(JOIN=JOIN, email=email, account=account, name=name)
    _, made = await known.cost_of(text)
    assert made <= most, made
    result = await known.run(text)
    assert not result.mark
    rows = result.rows
    monkeypatch.setattr(composed_plans, "list_composed_plans", list_no_plans)
    async with open_account(few_pages) as one:
        assert sorted(map(str, await one.rows(text))) == sorted(map(str, rows))
    assert rows


FILTERED = (
    "SELECT l.ExternalID, a.Name FROM lead l JOIN account a ON a.ExternalID = l.Account "
    "WHERE l.Email = 'u03@x.com' ORDER BY 1"
)


async def test_explain_shows_the_steps_as_a_tree() -> None:
    async with open_engine(SmallService(RECORDS, TYPES, page=4)) as engine:
        prepared = await engine.prepare(f"EXPLAIN {FILTERED}")
        (last,) = prepared.plan.steps
        assert (last.entity, [one.entity for one in last.after]) == ("account", ["lead"])
        lines = [one for one in prepared.explain_text().splitlines() if one.startswith("step")]
        assert lines[0].startswith("step     account by the ids that the steps below give (0 to ")
        assert lines[1].startswith("step        lead by a search by Email (")
        (first,) = last.after
        assert first.cost.low <= first.likely <= first.cost.high
        assert first.cost.high + last.cost.high <= prepared.plan.cost.high
        told = json.dumps(prepared.explain_json()["steps"])
        assert f'"calls_likely": {first.likely}, "calls_high": {first.cost.high}' in told
        either = await engine.prepare(
            "EXPLAIN SELECT * FROM lead WHERE Email = 'u03@x.com' OR Account = 'A07'"
        )
        (step,) = either.plan.steps
        assert [one.what for one in step.after] == [
            "by a search by Email",
            "by a search by Account",
        ]
        alone = await engine.prepare("EXPLAIN SELECT * FROM lead WHERE Email = 'u03@x.com'")
        assert alone.plan.steps == ()


class UnsortedLeads(SmallService):
    """A service that sorts no leads, whatever is asked."""

    def _page(self, entity: str, asked: httpx.QueryParams) -> httpx.Response:
        if entity == "lead" and asked.get("sort_by") == "Email":
            asked = asked.set("sort_by", "Account")
        return super()._page(entity, asked)


async def test_where_a_search_fails_that_entity_alone_is_read_whole() -> None:
    service = UnsortedLeads(RECORDS, TYPES, page=4)
    async with open_engine(SmallService(RECORDS, TYPES, page=4)) as engine:
        with await engine.run(await engine.prepare(FILTERED)) as result:
            expected = result.rows
    async with open_engine(service) as engine:
        prepared = await engine.prepare(FILTERED)
        with await engine.run(prepared) as result:
            assert result.rows == expected
            assert expected
            assert any("instead of a search" in one for one in result.notes.sentences)
            assert result.stats.calls_used <= result.stats.calls_high
            assert result.notes.source == "live"
    pages = sum(call == "account" for call in service.calls)
    assert pages <= 1  # it was read by ids


@pytest.mark.parametrize("more", [1, 3, 6])
async def test_a_run_out_of_calls_is_partial_and_can_be_resumed(more: int) -> None:
    async with open_engine(SmallService(RECORDS, TYPES, page=4)) as engine:
        with await engine.run(await engine.prepare(FILTERED)) as result:
            expected, whole = result.rows, result.stats.calls_used
    async with open_engine(SmallService(RECORDS, TYPES, page=4)) as engine:
        prepared = await engine.prepare(FILTERED)
        result = await engine.run(prepared, max_calls=prepared.plan.calls_made + more)
        assert result.notes.source == "partial"
        assert set(result.rows) <= set(expected)
        resumed = await engine.resume(result, max_calls=whole)
        assert resumed.rows == expected
        assert resumed.notes.source == "live"
        assert resumed.stats.calls_used <= whole


async def test_what_is_likely_cheap_begins_unasked_and_stops_before_a_scan() -> None:
    async with open_engine(SmallService(RECORDS, TYPES, page=4)) as engine:
        with await engine.run(await engine.prepare(FILTERED)) as result:
            expected = result.rows
    async with open_engine(UnsortedLeads(RECORDS, TYPES, page=4)) as engine:
        prepared = await engine.prepare(FILTERED)
        likely, high = prepared.plan.likely, prepared.plan.cost.high
        assert likely < high
        assert allow_unasked(prepared, likely - 1) is None
        allowance = allow_unasked(prepared, likely)
        assert allowance is not None
        assert allowance == Allowance(likely, is_guard=True)
        result = await engine.stream(prepared, max_calls=likely, stops_before_scan=True).finish()
        assert allowance.has_stopped(result)
        assert result.stats.calls_used <= likely
        assert result.notes.source == "partial"
        assert (await engine.resume(result)).rows == expected


@pytest.mark.parametrize(
    ("left", "said"),
    [
        (8, "The query may make"),
        (40, "before every page was read: a search would take as many calls."),
        (52, None),
    ],
)
async def test_keys_for_which_a_scan_is_cheaper_stop_before_it_as_well(
    left: int, said: str | None
) -> None:
    sql = (
        "SELECT l.ExternalID, a.Name FROM lead l JOIN account a ON a.ExternalID = l.Account "
        "WHERE l.Email LIKE 'u0%' ORDER BY 1"
    )
    async with open_engine(SmallService(RECORDS, TYPES, page=4)) as engine:
        prepared = await engine.prepare(sql)
        assert isinstance(prepared.plan.step, ComposedReads)
        made = prepared.plan.calls_made
        result = await engine.stream(
            prepared, max_calls=made + left, stops_before_scan=True
        ).finish()
        assert result.stats.calls_used <= made + left
        assert (result.notes.source == "partial") is (said is not None)
        assert said is None or said in " ".join(result.notes.sentences)
        if said is not None:
            result = await engine.resume(result)
        with await engine.run(await engine.prepare(f"{sql} LIMIT 1000")) as whole:
            assert result.rows == whole.rows
