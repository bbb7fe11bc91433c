"""Where a service describes no fields, what some records show is not taken for all there is."""

from collections.abc import Sequence

import pytest

from cmdm_tui.query.engine import Engine
from cmdm_tui.query.errors import UnknownName
from cmdm_tui.query.result import QueryResult
from tests.query.small_service import SmallService, Values, open_engine, run_query


def serve(values: Sequence[Values], *, page: int = 1_000) -> SmallService:
    return SmallService(
        {"task": [(f"T{n:03}", one) for n, one in enumerate(values)]}, {}, page=page
    )


async def execute(engine: Engine, sql: str) -> QueryResult:
    return await engine.run(await engine.prepare(sql))


LATE = [{"Subject": f"s{n}"} | ({"Rare": f"r{n}"} if n > 5 else {}) for n in range(9)]
VERY_LATE = [{"Subject": f"s{n}"} | ({"Rare": "r"} if n == 149 else {}) for n in range(150)]


async def test_a_field_that_the_first_page_does_not_show_is_found_without_a_call_more() -> None:
    service = serve(LATE, page=3)
    async with open_engine(service) as engine:
        rows = await run_query(engine, "SELECT rare FROM task WHERE rare IS NOT NULL ORDER BY 1")
    assert rows == [("r6",), ("r7",), ("r8",)]
    # The fields, of which there are none, and the three pages.
    assert service.calls == ["task/fields", "task", "task", "task"]


async def test_a_field_of_a_subquery_is_found_too() -> None:
    service = serve(LATE, page=3)
    sql = "SELECT count(*) FROM task WHERE 'r7' IN (SELECT t.RARE FROM task t)"
    async with open_engine(service) as engine:
        assert await run_query(engine, sql) == [(9,)]


async def test_an_unknown_column_of_a_subquery_is_named() -> None:
    async with open_engine(serve(LATE)) as engine:
        with pytest.raises(UnknownName, match=r"no column 'Rate'\. Did you mean Rare"):
            await run_query(engine, "SELECT 1 FROM task WHERE 1 IN (SELECT t.Rate FROM task t)")


async def test_what_the_first_hundred_records_do_not_show_is_not_said_to_be_missing() -> None:
    service = serve(VERY_LATE, page=50)
    async with open_engine(service) as engine:
        with pytest.raises(UnknownName) as error:
            await run_query(engine, "SELECT Subjetc FROM task")
        assert str(error.value) == (
            "No column 'Subjetc' is known: the service does not describe the fields of task, and "
            "the 100 of 150 records that were read have none. Did you mean Subject? A name in "
            "double quotes, spelled exactly, is read all the same."
        )
        assert service.calls == ["task/fields", "task", "task"]
        exact = await run_query(engine, 'SELECT count("Rare"), max(t."Rare") FROM task t')
    assert exact == [(1, "r")]


async def test_a_name_is_wrong_where_all_records_were_read() -> None:
    async with open_engine(serve(LATE)) as engine:
        for name in ("Rate", '"rate"'):
            with pytest.raises(UnknownName, match=r"There is no column '[Rr]ate'"):
                await run_query(engine, f"SELECT {name} FROM task")


async def test_an_entity_without_records_and_descriptions_has_any_column() -> None:
    async with open_engine(serve([])) as engine:
        rows = await run_query(engine, "SELECT Some, count(other) FROM task t GROUP BY t.Some")
    assert rows == []


async def test_fields_that_a_star_does_not_show_are_named_and_known_from_then_on() -> None:
    async with open_engine(serve(LATE, page=3)) as engine:
        first = await execute(engine, "SELECT * FROM task")
        [message] = first.notes.messages
        assert message == (
            "Later records of task have fields that the first ones do not show: Rare. "
            "Run the query again to see them."
        )
        again = await execute(engine, "SELECT * FROM task")
    assert [one.name for one in first.columns] == ["ExternalID", "Subject"]
    assert [one.name for one in again.columns] == ["ExternalID", "Subject", "Rare"]
    assert not again.notes.messages


async def test_a_record_that_lacks_a_field_does_not_say_that_there_is_none() -> None:
    async with open_engine(serve(LATE)) as engine:
        rows = await run_query(engine, "SELECT Rare FROM task WHERE ExternalID = 'T001'")
    assert rows == [(None,)]


async def test_a_field_that_a_subquery_does_not_give_is_sought_once() -> None:
    async with open_engine(serve(VERY_LATE, page=50)) as engine:
        with pytest.raises(UnknownName, match=r"There is no column 'Subject'"):
            await run_query(engine, "SELECT Subject FROM (SELECT ExternalID FROM task) q")


async def test_a_repeated_page_is_not_taken_for_all_records() -> None:
    service = serve(LATE, page=3)
    service.records = {"task": [("T000", LATE[0])] * 150}
    async with open_engine(service) as engine:
        with pytest.raises(UnknownName, match=r"the 1 of 150 records that were read"):
            await run_query(engine, "SELECT Rate FROM task")
