"""The store: its order against a plain model, its transactions, and what it keeps."""

import asyncio
import random
import sqlite3
from collections.abc import Callable, Coroutine
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cmdm_tui.sandbox import seed
from cmdm_tui.sandbox.datafile import build
from cmdm_tui.sandbox.sqlite import SqliteStore
from cmdm_tui.sandbox.store import Order, Usage
from cmdm_tui.sandbox.values import decimal_key, sort_key
from cmdm_tui.sandbox.windows import Windows

if TYPE_CHECKING:
    from tests.sandbox.conftest import ManualClock, Start

T = TypeVar("T")
Run = Callable[[Coroutine[Any, Any, T]], T]

TEXTS = st.one_of(
    st.sampled_from(
        [None, "", "a", "A", "b", "ß", "ss", "SS", "é", "\x00", "\x00a", "a\x00b", "İ"]
    ),
    st.text(max_size=4),
)
NUMBERS = st.one_of(
    st.none(),
    st.sampled_from(["0", "-0", "0.0", "1", "1.0", "01", "-1", "10", "9", "0.1", "0.01", "-0.10"]),
    st.from_regex(r"-?[0-9]{1,12}(\.[0-9]{1,12})?", fullmatch=True),
)
DATES = st.one_of(st.none(), st.dates().map(str))
RECORDS = st.lists(st.tuples(TEXTS, NUMBERS, DATES), max_size=25)
WINDOWS = st.lists(st.tuples(st.integers(0, 30), st.integers(1, 12)), min_size=1, max_size=8)
FIELDS = ("Name", "Stock", "LaunchDate", None)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Any:
    path = tmp_path_factory.mktemp("store") / "sandbox.sqlite"
    build(path, {}, 0)
    with closing(SqliteStore(path)) as opened:
        yield opened


def model_order(records: list[tuple[str, Any]], descending: bool) -> list[str]:
    """Sort as api.md says, in plain Python that shares nothing with the store."""
    nulls = [name for name, value in records if value is None]
    others = [(name, value) for name, value in records if value is not None]
    others.sort(key=lambda one: one[1], reverse=descending)
    names = [name for name, _ in others]
    return names + nulls if descending else nulls + names


async def fill(store: SqliteStore, records: list[tuple[Any, Any, Any]]) -> list[str]:
    total = (await store.page("product", Order(), 0, 1)).total
    old = await store.page("product", Order(), 0, total) if total else None
    async with store.writing() as transaction:
        for record in old.records if old else []:
            await transaction.delete("product", record.external_id.decode())
        return [
            await transaction.insert(
                "product", {"Name": name, "Stock": stock, "LaunchDate": launched}
            )
            for name, stock, launched in records
        ]


@settings(deadline=None, max_examples=80)
@given(records=RECORDS, windows=WINDOWS, field=st.sampled_from(FIELDS), descending=st.booleans())
def test_any_window_of_any_order_is_the_models(
    store: SqliteStore,
    records: list[tuple[Any, Any, Any]],
    windows: list[tuple[int, int]],
    field: str | None,
    descending: bool,
) -> None:
    async def check() -> None:
        ids = await fill(store, records)
        keys: dict[str | None, list[Any]] = {
            None: list(range(len(records))),
            "Name": [text if text is None else text.casefold() for text, _, _ in records],
            "Stock": [number if number is None else Decimal(number) for _, number, _ in records],
            "LaunchDate": [day for _, _, day in records],
        }
        expected = model_order(list(zip(ids, keys[field], strict=True)), descending)
        for offset, limit in windows:
            # The page that follows begins at the boundary that the first one left behind.
            for start in (offset, offset + limit):
                page = await store.page("product", Order(field, descending), start, limit)
                found = [record.external_id.decode() for record in page.records]
                assert (page.total, found) == (len(ids), expected[start : start + limit])
        async with store.snapshot("product", Order(field, descending)) as snapshot:
            streamed = [
                record.external_id.decode()
                async for batch in snapshot.batches()
                for record in batch
            ]
        assert streamed == expected

    asyncio.run(check())


@settings(deadline=None, max_examples=300)
@given(*[st.from_regex(r"-?[0-9]{1,15}(\.[0-9]{1,15})?", fullmatch=True)] * 2)
def test_decimal_keys_stand_as_the_values_do(one: str, other: str) -> None:
    keys, values = (decimal_key(one), decimal_key(other)), (Decimal(one), Decimal(other))
    assert (keys[0] < keys[1]) == (values[0] < values[1])
    assert (keys[0] == keys[1]) == (values[0] == values[1])


def test_a_float_would_lose_the_order_that_decimal_keys_keep() -> None:
    one, other = "12345678901234567890.01", "12345678901234567890.02"
    assert float(one) == float(other)
    assert decimal_key(one) < decimal_key(other)


def test_the_order_law_notices_ties_in_the_wrong_direction(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The broken twin: a plain backwards read, ties and all."""
    forwards = Windows.read

    def backwards(self: Windows, entity: str, order: Order, offset: int, limit: int) -> Any:
        if not order.descending:
            return forwards(self, entity, order, offset, limit)
        every = forwards(self, entity, Order(order.field), 0, 1_000)[::-1]
        return every[offset : offset + limit]

    monkeypatch.setattr(Windows, "read", backwards)
    with pytest.raises(AssertionError):
        test_any_window_of_any_order_is_the_models.hypothesis.inner_test(  # pyright: ignore[reportFunctionMemberAccess]
            store, [("a", None, None), ("A", None, None)], [(0, 2)], "Name", True
        )


def test_a_boundary_is_forgotten_when_a_record_changes(store: SqliteStore) -> None:
    async def check() -> None:
        ids = await fill(store, [(name, None, None) for name in "bdfh"])
        order = Order("Name")
        await store.page("product", order, 0, 2)
        async with store.writing() as transaction:
            await transaction.insert("product", {"Name": "a"})
        page = await store.page("product", order, 2, 2)
        assert [record.external_id.decode() for record in page.records] == ids[1:3]

    asyncio.run(check())


def test_a_snapshot_does_not_see_what_is_written_while_it_is_read(store: SqliteStore) -> None:
    async def check() -> None:
        ids = await fill(store, [(str(number), None, None) for number in range(1_200)])
        async with store.snapshot("product", Order()) as snapshot:
            seen: list[str] = []
            async for batch in snapshot.batches():
                seen += [record.external_id.decode() for record in batch]
                async with store.writing() as transaction:
                    await transaction.insert("product", {"Name": "late"})
                    await transaction.delete("product", ids[-1])
            assert (snapshot.total, seen) == (len(ids), ids)
        await fill(store, [])

    asyncio.run(check())


def test_a_transaction_that_raises_changes_nothing(store: SqliteStore) -> None:
    async def check() -> None:
        (kept,) = await fill(store, [("kept", None, None)])

        async def fail() -> None:
            async with store.writing() as transaction:
                await transaction.insert("product", {"Name": "lost"})
                await transaction.replace("product", kept, {"Name": "lost"})
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            await fail()
        page = await store.page("product", Order("Name"), 0, 10)
        assert page.total == 1
        assert [record.external_id.decode() for record in page.records] == [kept]
        assert b'"kept"' in page.records[0].properties

    asyncio.run(check())


def test_parallel_transactions_lose_no_update(store: SqliteStore) -> None:
    async def check() -> None:
        (external_id,) = await fill(store, [("counter", "0", None)])

        async def add_one() -> None:
            async with store.writing() as transaction:
                record = await transaction.get("product", external_id)
                assert record is not None
                # Others get their turn in the middle of the change, and must wait for its end.
                await asyncio.sleep(0)
                record["Stock"] = str(int(record["Stock"] or "0") + 1)
                await transaction.replace("product", external_id, record)

        await asyncio.gather(*(add_one() for _ in range(50)))
        record = await store.get("product", external_id)
        assert record is not None
        assert b'"Stock":"50"' in record.properties

    asyncio.run(check())


def test_reads_go_through_indexes(store: SqliteStore) -> None:
    """A page sorted by a field must not sort the table."""
    statements: list[str] = []
    with closing(sqlite3.connect(store._path)) as connection:
        connection.create_function("sort_key", 3, lambda *_: "", deterministic=True)
        store._reader.set_trace_callback(statements.append)
        try:
            for descending in (False, True):
                for field in ("Name", "ExternalID", None):
                    for offset in (0, 3):
                        store._windows.read("product", Order(field, descending), offset, 2)
        finally:
            store._reader.set_trace_callback(None)
        assert statements
        for statement in statements:
            plan = connection.execute(f"EXPLAIN QUERY PLAN {statement}").fetchall()
            assert not [step for *_, step in plan if "B-TREE" in step], (statement, plan)


def test_counts_start_anew_with_the_hour_and_the_month(store: SqliteStore) -> None:
    async def check() -> None:
        hour, month = 3_600.0, 31 * 86_400.0
        store._calls = {}
        assert await store.count_call(0.0) == Usage(1, 1)
        assert await store.count_call(hour - 1) == Usage(2, 2)
        assert await store.count_call(hour) == Usage(1, 3)
        assert await store.count_call(month) == Usage(1, 1)

    asyncio.run(check())


def test_the_quota_is_exact_under_concurrency(start: "Start") -> None:
    async def check(url: str, headers: dict[str, str]) -> list[int]:
        async with httpx.AsyncClient(base_url=url, headers=headers) as http:
            answers = await asyncio.gather(
                *(http.get("/api/v1/lead?per_page=1&page=1") for _ in range(60))
            )
        assert sorted(answer.status_code for answer in answers) == [200] * 39 + [429] * 21
        return [int(answer.headers["x-rate-limit-remaining"]) for answer in answers]

    with start(rate_limit=40) as running:
        headers = {"Authorization": running.http.headers["authorization"]}
        remaining = asyncio.run(check(running.info.url, headers))
    assert sorted(remaining) == [0] * 22 + list(range(1, 39))


def test_records_tokens_and_counts_are_kept_between_starts(
    start: "Start", clock: "ManualClock"
) -> None:
    with start(clock=clock) as running:
        created = running.http.post("/lead", json={"LastName": "Kept"}).json()["ExternalID"]
        before = running.http.get(f"/lead/{created}")
        credentials, authorization = running.info.credentials, running.http.headers["authorization"]
        data = running.data
    with start(clock=clock, data=data) as running:
        assert running.info.credentials == credentials
        running.http.headers["authorization"] = authorization
        after = running.http.get(f"/lead/{created}")
        assert after.json() == before.json()
        # Signing in anew and this call are the two that came on top.
        remaining = [int(one.headers["x-rate-limit-remaining"]) for one in (before, after)]
        assert remaining[1] == remaining[0] - 2


def test_ids_are_never_given_twice_and_creation_order_outlives_deletion(
    store: SqliteStore,
) -> None:
    async def check() -> None:
        first = await fill(store, [(str(number), None, None) for number in range(50)])
        second = await fill(store, [(str(number), None, None) for number in range(50)])
        assert len({*first, *second}) == 100
        page = await store.page("product", Order(), 0, 50)
        assert [record.external_id.decode() for record in page.records] == second

    asyncio.run(check())


def test_the_file_holds_no_second_copy_of_the_sort_keys(tmp_path: Path) -> None:
    path = tmp_path / "sandbox.sqlite"
    build(path, seed.generate(20), sum(seed.sizes(20).values()))
    with closing(sqlite3.connect(path)) as connection:
        columns = [row[1] for row in connection.execute('PRAGMA table_info("lead")')]
        assert columns == ["position", "external_id", "record"]
        (mode,) = connection.execute("PRAGMA journal_mode").fetchone()
        assert mode == "wal"


@pytest.mark.parametrize("sample", [random.Random(7).randbytes(12).hex() for _ in range(3)])
def test_text_keys_fold_case(sample: str) -> None:
    from cmdm_tui.sandbox.schema import FieldType

    assert sort_key(FieldType.TEXT, sample.upper()) == sort_key(FieldType.EMAIL, sample)
