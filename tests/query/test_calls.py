"""What a query costs: the plan chosen, and the calls that really go out, cold and warm."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from cmdm_tui.query.errors import BudgetReached, QueryError, UnknownName
from cmdm_tui.sandbox import FaultPlan, RunningInfo, Sandbox, SandboxConfig
from cmdm_tui.sandbox.clock import SystemClock, VirtualClock
from cmdm_tui.sandbox.faults.plan import Fault, FaultKind
from tests.query.conftest import OpenedEngine, open_account
from tests.services import copy_records

PAGES = 3


@pytest.mark.parametrize(
    ("sql", "plan", "calls"),
    [
        ("SELECT count(*) FROM lead", "count", 1),
        ("SELECT count(*) AS n, count(ExternalID) FROM Lead", "count", 1),
        ("SELECT ExternalID FROM lead LIMIT 10", "stream", 1),
        ("SELECT * FROM lead LIMIT 0", "stream", 1),
        ("SELECT count(*) * 2 FROM lead", "count", 1),
        ("SELECT 1 + 1", "local", 0),
        ("SHOW ENTITIES", "local", 0),
    ],
)
async def test_a_cold_catalog_costs_no_call_where_types_do_not_matter(
    opened: OpenedEngine, sql: str, plan: str, calls: int
) -> None:
    assert await opened.cost_of(sql) == (plan, calls)


async def test_a_record_by_its_id_is_one_call_and_one_for_the_types_from_a_cold_catalog(
    opened: OpenedEngine, sandbox: RunningInfo
) -> None:
    ((external_id,),) = await opened.rows("SELECT ExternalID FROM lead LIMIT 1")
    async with open_account(sandbox) as cold:
        sql = f"SELECT * FROM lead WHERE ExternalID = '{external_id}'"
        assert await cold.cost_of(sql) == ("get", 2)
        assert (await cold.rows(sql))[0][0] == external_id
        assert await cold.cost_of(sql) == ("get", 1)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM lead LIMIT 10",
        "SELECT LastName FROM lead LIMIT 10 OFFSET 5",
        "SELECT Score FROM lead ORDER BY Score DESC LIMIT 10",
    ],
)
async def test_the_first_rows_cost_one_call_more_while_the_types_are_unknown(
    opened: OpenedEngine, sql: str
) -> None:
    assert await opened.cost_of(sql) == ("stream", 2)
    assert sum("/fields" in call for call in opened.network.calls) == 1
    assert await opened.cost_of(sql) == ("stream", 1)


async def test_the_first_rows_by_text_cost_as_little_where_the_order_is_trusted(
    opened: OpenedEngine,
) -> None:
    sql = "SELECT LastName, Score FROM lead ORDER BY LastName DESC LIMIT 10"
    assert await opened.cost_of(sql, trusts_order=True) == ("stream", 2)
    assert sum("/fields" in call for call in opened.network.calls) == 1
    assert await opened.cost_of(sql, trusts_order=True) == ("stream", 1)


async def test_a_name_in_another_case_costs_no_call_that_is_refused(opened: OpenedEngine) -> None:
    await opened.cost_of("SELECT LastName FROM lead ORDER BY LASTNAME LIMIT 10")
    assert not [call for call in opened.network.calls if "LASTNAME" in call]


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("SELECT LastNam FROM lead ORDER BY LastNam LIMIT 3", "LastName"),
        ("SELECT LastNam FROM lead ORDER BY LastName LIMIT 3", "LastName"),
        ("SELECT lastname FROM lead ORDER BY lastname LIMIT 3", None),
    ],
)
async def test_names_in_the_first_rows_are_looked_up_when_cold(
    opened: OpenedEngine, sql: str, said: str | None
) -> None:
    if said is None:
        assert len(await opened.rows(sql)) == 3
        return
    with pytest.raises(UnknownName) as caught:
        await opened.rows(sql)
    assert said in caught.value.suggestions


@pytest.mark.parametrize(
    ("sql", "plan", "most"),
    [
        ("SELECT LastName FROM lead WHERE Email = 'nobody@example.com'", "seek", PAGES),
        ("SELECT max(Score) FROM lead", "seek", 2),
        ("SELECT LastName FROM lead ORDER BY Score DESC LIMIT 10", "stream", 2),
        ("SELECT City, count(*) FROM lead GROUP BY City", "materialise", PAGES),
        ("SELECT * FROM lead ORDER BY City, LastName LIMIT 5", "materialise", PAGES),
        ("SELECT ExternalID FROM lead WHERE LastName LIKE '%a%' LIMIT 3", "stream", 1),
        ("SELECT Name FROM event UNION ALL SELECT Name FROM account", "materialise", 9),
    ],
)
async def test_a_plan_costs_what_it_says(
    opened: OpenedEngine, sql: str, plan: str, most: int
) -> None:
    sql = sql.replace("Name FROM event", "Title FROM event")
    await opened.know("lead", "event", "account")
    found, made = await opened.cost_of(sql)
    assert made <= most
    assert found == plan or made <= PAGES


async def test_what_planning_reads_is_not_read_again(opened: OpenedEngine) -> None:
    await opened.account.catalog.load_fields("lead")
    before = len(opened.network.calls)
    prepared = await opened.engine.prepare("SELECT sum(Score) FROM lead")
    assert prepared.plan.calls_made == len(opened.network.calls) - before == 1
    result = await opened.engine.run(prepared)
    assert result.stats.calls_used == len(opened.network.calls) - before == PAGES


async def test_a_second_run_reads_anew(opened: OpenedEngine) -> None:
    await opened.know("lead")
    prepared = await opened.engine.prepare("SELECT sum(Score) FROM lead")
    first = await opened.engine.run(prepared)
    second = await opened.engine.run(prepared)
    assert first.stats.calls_used == second.stats.calls_used == PAGES
    assert first.rows == second.rows


async def test_several_entities_are_each_read_once(opened: OpenedEngine) -> None:
    await opened.know("lead", "account")
    sql = (
        "SELECT count(*) FROM lead l JOIN account a ON a.ExternalID = l.AccountExternalID "
        "JOIN account b ON b.Name = a.Name WHERE l.Score IS NOT NULL"
    )
    before = len(opened.network.calls)
    await opened.run(sql)
    asked = opened.network.calls[before:]
    assert len(asked) == len(set(asked))
    assert sum(call.startswith("lead?") for call in asked) == PAGES


async def test_only_the_fields_in_use_and_created_date_are_asked_for(opened: OpenedEngine) -> None:
    await opened.know("lead")
    before = len(opened.network.calls)
    await opened.run("SELECT upper(LastName) FROM lead WHERE Score + 1 > 50")
    asked = opened.network.calls[before:]
    assert all("fields=LastName%2CScore%2CCreatedDate&" in call for call in asked)


async def test_what_was_learnt_is_kept_for_the_next_process(
    sandbox: RunningInfo, tmp_path: Path
) -> None:
    async with open_account(sandbox, tmp_path) as first:
        await first.run("SELECT max(Score), min(City) FROM lead")
    async with open_account(sandbox, tmp_path) as second:
        prepared = await second.engine.prepare("SELECT avg(Score) FROM lead")
        assert second.network.calls == []
        assert prepared.plan.calls_made == 0
        assert (prepared.plan.cost.low, prepared.plan.cost.high) == (PAGES, PAGES)


async def test_a_number_of_calls_stops_a_run_and_what_came_is_given(opened: OpenedEngine) -> None:
    await opened.know("lead")
    result = await opened.run("SELECT LastName FROM lead ORDER BY City, LastName", max_calls=2)
    assert result.partial
    assert result.stats.calls_used == 2
    assert 0 < result.count < 3_000
    assert any("may make 2 calls" in sentence for sentence in result.notes.sentences)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT LastName FROM lead ORDER BY City, LastName",
        "SELECT LastName FROM lead",
        "SELECT count(Score + 1) FROM lead",
    ],
)
async def test_a_run_that_was_stopped_goes_on_where_it_was(opened: OpenedEngine, sql: str) -> None:
    await opened.know("lead")
    partial = await opened.run(sql, max_calls=2)
    assert partial.partial
    before = len(opened.network.calls)
    whole = await opened.engine.resume(partial)
    assert not whole.partial
    assert len(opened.network.calls) - before == PAGES - 2
    assert whole.stats.calls_used == PAGES
    assert whole.rows == (await opened.run(sql)).rows
    with pytest.raises(QueryError):
        await opened.engine.resume(whole)


@pytest.fixture
def failing(tmp_path: Path) -> Iterator[RunningInfo]:
    """A sandbox of six pages whose third call of leads fails."""
    faults = FaultPlan(0, [Fault(FaultKind.ERROR_500, path="/lead", nth=[3])])
    config = SandboxConfig(tmp_path / "data", 0, 30, behaviours={"page_cap": "5"}, faults=faults)
    copy_records(config)
    with Sandbox.embedded(config) as info:
        yield info


async def test_a_call_that_is_sent_again_is_counted_again(failing: RunningInfo) -> None:
    async with open_account(failing) as one:
        result = await one.run("SELECT ExternalID FROM lead")
        assert result.count == 30
        assert result.stats.calls_used == len(one.network.calls) == 7
        assert any("1 call was sent again" in note for note in result.notes.sentences)


async def test_a_number_of_calls_holds_for_those_sent_again(failing: RunningInfo) -> None:
    async with open_account(failing) as one:
        result = await one.run("SELECT ExternalID FROM lead", max_calls=4)
        assert result.partial
        assert result.stats.calls_used == len(one.network.calls) == 4


async def test_a_call_that_was_never_sent_is_not_counted(tmp_path: Path) -> None:
    config = SandboxConfig(tmp_path / "data", 0, 30, rate_limit=4, behaviours={"page_cap": "2"})
    copy_records(config)
    # At the end of an hour the rest of it would be waited for.
    clock = VirtualClock(SystemClock())
    clock.set(clock.now() // 3_600 * 3_600 + 60)
    with Sandbox.embedded(config, clock=clock) as info:
        async with open_account(info) as one:
            result = await one.run("SELECT ExternalID FROM lead")
            assert result.partial
            assert result.stats.calls_used == len(one.network.calls)


@pytest.mark.parametrize("most", range(1, 7))
async def test_planning_keeps_to_a_number_of_calls_too(opened: OpenedEngine, most: int) -> None:
    sql = "SELECT count(*) FROM lead l JOIN account a ON a.ExternalID = l.AccountExternalID"
    with pytest.raises(BudgetReached) if most < 4 else contextlib.nullcontext():
        prepared = await opened.engine.prepare(sql, max_calls=most)
        result = await opened.engine.run(prepared, max_calls=most)
        assert result.partial is (most < 6)
    assert len(opened.network.calls) == most


async def test_a_description_keeps_to_a_number_of_calls_too(opened: OpenedEngine) -> None:
    with pytest.raises(BudgetReached):
        await opened.run("DESCRIBE task", max_calls=1)
    assert len(opened.network.calls) == 1


async def test_limit_stops_fetching_at_once(opened: OpenedEngine) -> None:
    await opened.know("lead")
    plan, made = await opened.cost_of("SELECT ExternalID FROM lead WHERE Score >= 0 LIMIT 5")
    assert made == 1, plan


async def test_explain_makes_a_call_for_an_unknown_total_and_none_after(
    opened: OpenedEngine,
) -> None:
    await opened.account.catalog.load_fields("lead")
    before = len(opened.network.calls)
    result = await opened.run("EXPLAIN SELECT avg(Score) FROM lead")
    assert len(opened.network.calls) - before == 1
    text = "\n".join(row[0] for row in result.rows)
    assert "materialise" in text
    assert "calls    3" in text
    await opened.run("EXPLAIN (FORMAT JSON) SELECT avg(Score) FROM lead")
    assert len(opened.network.calls) - before == 1


async def test_a_join_looks_up_the_few_records_that_are_named(opened: OpenedEngine) -> None:
    await opened.know("lead", "account")
    sql = "SELECT ExternalID FROM lead WHERE AccountExternalID IS NOT NULL LIMIT 1"
    ((external_id,),) = await opened.rows(sql)
    join = (
        "SELECT l.LastName, a.Name FROM account a "
        f"JOIN lead l ON l.ExternalID = a.ExternalID WHERE a.ExternalID = '{external_id}'"
    )
    assert await opened.rows(join) == []
    join = (
        "SELECT a.Name FROM lead l LEFT JOIN account a ON a.ExternalID = l.AccountExternalID "
        f"WHERE l.ExternalID = '{external_id}'"
    )
    plan, made = await opened.cost_of(join)
    assert (plan, made) == ("materialise", 2)
    ((name,),) = await opened.rows(join)
    assert name is not None


async def test_a_join_gives_the_same_rows_however_its_records_come(opened: OpenedEngine) -> None:
    await opened.know("lead", "account", "opportunity")
    joined = "FROM account a JOIN lead l ON l.ExternalID = a.Owner WHERE a.City > 'm'"
    plain = f"SELECT count(*) {joined}"
    scanned = f"SELECT count(*) FROM (SELECT 1 {joined}) q"
    assert await opened.rows(plain) == await opened.rows(scanned)


async def test_a_count_is_in_the_catalog_right_after_the_query(
    sandbox: RunningInfo, tmp_path: Path
) -> None:
    sql = "SELECT count(*) FROM lead"
    async with open_account(sandbox, tmp_path) as first:
        assert first.account.catalog.cached_total("lead") is None
        [(count,)] = await first.rows(sql)
        assert first.account.catalog.cached_total("lead") == count
    async with open_account(sandbox, tmp_path) as second:
        assert second.account.catalog.cached_total("lead") == count
        assert ("lead", count) in [row[:2] for row in await second.rows("SHOW ENTITIES")]
        assert not second.network.calls
