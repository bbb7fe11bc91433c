"""Queries whose shape tempts an engine to take less than all of what they say."""

import asyncio
import random

import pytest

from tests.query.small_service import SmallService, open_engine, run_query

STATES = ("New", "Open", None)


@pytest.fixture
def grouped() -> SmallService:
    """Return a service of 300 pages of a field of two options, a third of its records null."""
    records = [(f"R{n:05}", {"State": STATES[n % 3], "Yes": "true"}) for n in range(900)]
    types = {"State": "Picklist", "Yes": "Boolean"}
    return SmallService({"thing": records}, {"thing": types}, {"State": "New;Open"}, page=3)


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
    grouped: SmallService, counted: str, expected: list[tuple[object, ...]]
) -> None:
    async with open_engine(grouped) as engine:
        sql = f"SELECT State, {counted} FROM thing GROUP BY State ORDER BY State"
        assert (await engine.prepare(sql)).plan.plan_class.value == "seek"
        assert await run_query(engine, sql) == expected
        assert len(grouped.calls) < 300


async def test_a_count_that_is_stopped_is_partial(grouped: SmallService) -> None:
    async with open_engine(grouped) as engine:
        streaming = engine.stream(await engine.prepare("SELECT count(*) FROM thing"))

        async def stop() -> None:
            streaming.stop()
            await asyncio.Event().wait()

        grouped.meanwhile = stop
        result = await streaming.finish()
        assert result.partial
        assert result.rows == [(0,)]


async def test_a_count_that_the_limit_ends_is_partial(grouped: SmallService) -> None:
    grouped.most_calls = 0
    async with open_engine(grouped) as engine:
        result = await engine.run(await engine.prepare("SELECT count(*) FROM thing"))
        assert result.partial
        assert any("stopped early" in sentence for sentence in result.notes.sentences)


@pytest.mark.parametrize("is_anew", [False, True], ids=["in-hand", "from-a-file"])
@pytest.mark.parametrize(
    "sql",
    [
        "SELECT count(*) FROM thing WHERE Score > 50",
        "SELECT max(Score), min(Score) FROM thing WHERE Score < 200",
        "SELECT ExternalID FROM thing WHERE Score = 7",
    ],
)
async def test_a_search_gets_on_with_a_call_at_a_time(sql: str, *, is_anew: bool) -> None:
    chance = random.Random(5)
    records = [(f"R{n:03}", {"Score": str(chance.randint(0, 300))}) for n in range(430)]
    service = SmallService({"thing": records}, {"thing": {"Score": "Number"}}, page=20)
    async with open_engine(service) as engine:
        await run_query(engine, "DESCRIBE thing")
        await run_query(engine, "SELECT ExternalID FROM thing LIMIT 100")
        before = len(service.calls)
        whole = await run_query(engine, sql)
        needed = len(service.calls) - before
        result = await engine.run(await engine.prepare(sql), max_calls=1)
        for _ in range(needed - 1):
            if not is_anew:
                result = await engine.resume(result, max_calls=1)
                continue
            reading = engine.make_checkpoint(result, sql)
            prepared = await engine.prepare(sql, checkpoint=reading, max_calls=1)
            result = await engine.run(prepared, max_calls=1)
        assert not result.partial
        assert result.rows == whole
        assert len(service.calls) - before == 2 * needed


async def test_a_record_that_is_found_by_two_ids_is_one_row() -> None:
    records = [("ABC", {"Name": "x"}), *((f"Z{n}", {"Name": "z"}) for n in range(40))]
    service = SmallService({"thing": records}, {"thing": {"Name": "Text"}}, page=2, folds_ids=True)
    async with open_engine(service) as engine:
        sql = "SELECT * FROM thing WHERE ExternalID IN ('abc', 'ABC', 'Abc')"
        assert await run_query(engine, sql) == [("ABC", "x")]
        assert (await engine.prepare(sql)).plan.plan_class.value == "get"


@pytest.mark.parametrize("odd", ["..", ".", "Fields"])
async def test_an_id_that_no_path_carries_is_looked_for_on_the_pages(odd: str) -> None:
    near = [("N1", {"Key": odd}), ("N2", {"Key": "F3"}), (odd, {"Key": None})]
    far = [(odd, {"Name": "odd"}), *((f"F{n}", {"Name": f"far {n}"}) for n in range(40))]
    types = {"near": {"Key": "Text"}, "far": {"Name": "Text"}}
    async with open_engine(SmallService({"near": near, "far": far}, types, page=2)) as engine:
        joined = "FROM near n LEFT JOIN far f ON f.ExternalID = n.Key"
        for sql in (
            f"SELECT Name FROM far WHERE ExternalID = '{odd}'",
            f"SELECT Name FROM far WHERE ExternalID IN ('{odd}', '{odd}')",
            f"SELECT 'odd' {joined} WHERE n.ExternalID = '{odd}'",
        ):
            assert await run_query(engine, sql) == [("odd",)]
        # No plan foresees that the records name such an id: a number of calls allows for the pages.
        prepared = await engine.prepare(
            "SELECT f.Name FROM near n JOIN far f ON f.ExternalID = n.Key ORDER BY 1 DESC LIMIT 1"
        )
        with await engine.run(prepared) as stopped:
            assert not stopped.partial or stopped.stats.calls_used == prepared.plan.cost.high
        with await engine.run(prepared, max_calls=50) as allowed:
            assert (allowed.rows, allowed.partial) == ([("odd",)], False)


@pytest.mark.parametrize("kind", ["Text", "Number"])
async def test_a_join_by_a_field_that_is_no_text_gives_the_same_rows(kind: str) -> None:
    near = [("N1", {"Key": "7"}), ("N2", {"Key": "400"}), ("N3", {"Key": None})]
    far = [(str(n), {"Name": f"far {n}"}) for n in range(100)]
    types = {"near": {"Key": kind}, "far": {"Name": "Text"}}
    async with open_engine(SmallService({"near": near, "far": far}, types, page=5)) as engine:
        await run_query(engine, "SELECT count(*) FROM near")
        await run_query(engine, "SELECT count(*) FROM far")
        sql = "SELECT f.Name FROM near n JOIN far f ON f.ExternalID = n.Key"
        assert await run_query(engine, sql) == [("far 7",)]
