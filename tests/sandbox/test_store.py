"""Every store: its order against a plain model, its transactions, and what it keeps."""

import asyncio
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import httpx
import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cmdm_tui.sandbox.storage.store import CallCounts, Properties, RecordOrder, RecordPage, Store

if TYPE_CHECKING:
    from tests.sandbox.backends import Backend
    from tests.sandbox.conftest import ManualClock, OpenStore, Start

pytestmark = pytest.mark.parametrize("backend", ["sqlite", "postgres"], indirect=True)

# Longer than PostgreSQL's indexes take: what is cut off decides all the same.
LONG = "x" * 2_500
TEXTS = st.one_of(
    st.sampled_from(
        [None, "", "a", "A", "b", "ß", "ss", "SS", "é", "\x00", "\x00a", "a\x00b", "İ"]
    ),
    st.text(max_size=4),
    st.sampled_from([LONG, LONG + "a", LONG + "B", LONG + "é", LONG.upper(), "é" * 1_400]),
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


def model_order(records: list[tuple[str, Any]], descending: bool) -> list[str]:
    """Sort as api.md says, in plain Python that shares nothing with the store."""
    nulls = [name for name, value in records if value is None]
    others = [(name, value) for name, value in records if value is not None]
    others.sort(key=lambda one: one[1], reverse=descending)
    names = [name for name, _ in others]
    return names + nulls if descending else nulls + names


async def fill(store: Store, records: list[tuple[Any, Any, Any]]) -> list[str]:
    total = (await store.page("product", RecordOrder(), 0, 1)).total
    old = await store.page("product", RecordOrder(), 0, total) if total else None
    async with store.transaction() as transaction:
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
    opened: "OpenStore",
    records: list[tuple[Any, Any, Any]],
    windows: list[tuple[int, int]],
    field: str | None,
    descending: bool,
) -> None:
    store = opened.store

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
                page = await store.page("product", RecordOrder(field, descending), start, limit)
                found = [record.external_id.decode() for record in page.records]
                assert (page.total, found) == (len(ids), expected[start : start + limit])
        async with store.stream("product", RecordOrder(field, descending)) as snapshot:
            streamed = [
                record.external_id.decode()
                async for batch in snapshot.batches()
                for record in batch
            ]
        assert streamed == expected

    opened.run(check())


def test_the_order_law_notices_ties_in_the_wrong_direction(
    opened: "OpenStore", backend: "Backend", monkeypatch: pytest.MonkeyPatch
) -> None:
    """The broken twin: a plain backwards read, ties and all."""
    forwards = backend.store_class.page

    async def backwards(
        self: Store, entity: str, order: RecordOrder, offset: int, limit: int
    ) -> RecordPage:
        if not order.descending:
            return await forwards(self, entity, order, offset, limit)
        every = await forwards(self, entity, RecordOrder(order.field), 0, 1_000)
        return RecordPage(every.total, every.records[::-1][offset : offset + limit])

    monkeypatch.setattr(backend.store_class, "page", backwards)
    with pytest.raises(AssertionError):
        test_any_window_of_any_order_is_the_models.hypothesis.inner_test(  # pyright: ignore[reportFunctionMemberAccess]
            opened, [("a", None, None), ("A", None, None)], [(0, 2)], "Name", True
        )


async def every_order(store: Store) -> list[RecordPage]:
    orders = [RecordOrder(field, is_down) for field in FIELDS for is_down in (False, True)]
    return [await store.page("product", order, 0, 100) for order in orders]


@settings(deadline=None, max_examples=40)
@given(before=RECORDS, after=RECORDS, kept=st.integers(0, 25), later=RECORDS)
def test_restoring_undoes_whatever_was_done(
    opened: "OpenStore",
    before: list[tuple[Any, Any, Any]],
    after: list[tuple[Any, Any, Any]],
    kept: int,
    later: list[tuple[Any, Any, Any]],
) -> None:
    store = opened.store

    async def check() -> None:
        ids = await fill(store, before)
        await store.save_snapshot("before")
        was = await every_order(store)
        for changes in (after, later):
            async with store.transaction() as transaction:
                for external_id in ids[kept:]:
                    await transaction.delete("product", external_id)
                for external_id, (name, stock, _) in zip(ids[:kept], changes, strict=False):
                    values: Properties = {"Name": name, "Stock": stock, "LaunchDate": None}
                    await transaction.replace("product", external_id, values)
                for name, stock, launched in changes:
                    values = {"Name": name, "Stock": stock, "LaunchDate": launched}
                    await transaction.insert("product", values)
            await every_order(store)
            await store.restore_snapshot("before")
            assert await every_order(store) == was

    opened.run(check())


def test_the_restoring_law_notices_what_is_not_put_back(
    opened: "OpenStore", backend: "Backend", monkeypatch: pytest.MonkeyPatch
) -> None:
    """The broken twin: nothing is."""

    async def nothing(_store: Store, _name: str) -> None:
        pass

    monkeypatch.setattr(backend.store_class, "restore_snapshot", nothing)
    one: list[tuple[Any, Any, Any]] = [("a", None, None)]
    for before, after, kept in (([], one, 0), (one, [], 0), (one, [("b", None, None)], 1)):
        with pytest.raises(AssertionError):
            test_restoring_undoes_whatever_was_done.hypothesis.inner_test(  # pyright: ignore[reportFunctionMemberAccess]
                opened, before, after, kept, []
            )


def test_names_of_any_length_are_told_apart(opened: "OpenStore") -> None:
    store = opened.store
    names = ["s" * 63 + end for end in "abc"]

    async def check() -> None:
        for name in names:
            await fill(store, [(name, None, None)])
            await store.save_snapshot(name)
        assert store.snapshot_names[-3:] == names
        for name in names:
            await store.restore_snapshot(name)
            (record,) = (await store.page("product", RecordOrder(), 0, 9)).records
            assert f'"{name}"'.encode() in record.properties
        # What is saved anew under a name takes the old one's place, and becomes the newest.
        await store.save_snapshot(names[0])
        assert store.snapshot_names[-3:] == [names[1], names[2], names[0]]
        await store.restore_snapshot(names[0])
        (record,) = (await store.page("product", RecordOrder(), 0, 9)).records
        assert f'"{names[2]}"'.encode() in record.properties

    opened.run(check())


@settings(deadline=None, max_examples=60)
@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=40))
@example("a\x00b")
@example('"\\\x00\u2028')
def test_a_text_comes_back_as_it_was_stored(opened: "OpenStore", text: str) -> None:
    store = opened.store

    async def check() -> None:
        (external_id,) = await fill(store, [(text, None, None)])
        record = await store.get("product", external_id)
        assert record is not None
        stored: Properties = {"Name": text, "Stock": None, "LaunchDate": None}
        assert record.properties == msgspec.json.encode(stored)

    opened.run(check())


def test_a_boundary_is_forgotten_when_a_record_changes(opened: "OpenStore") -> None:
    store = opened.store

    async def check() -> None:
        ids = await fill(store, [(name, None, None) for name in "bdfh"])
        order = RecordOrder("Name")
        await store.page("product", order, 0, 2)
        async with store.transaction() as transaction:
            await transaction.insert("product", {"Name": "a"})
        page = await store.page("product", order, 2, 2)
        assert [record.external_id.decode() for record in page.records] == ids[1:3]

    opened.run(check())


def test_a_snapshot_does_not_see_what_is_written_while_it_is_read(opened: "OpenStore") -> None:
    store = opened.store

    async def check() -> None:
        ids = await fill(store, [(str(number), None, None) for number in range(1_200)])
        async with store.stream("product", RecordOrder()) as snapshot:
            seen: list[str] = []
            async for batch in snapshot.batches():
                seen += [record.external_id.decode() for record in batch]
                async with store.transaction() as transaction:
                    await transaction.insert("product", {"Name": "late"})
                    await transaction.delete("product", ids[-1])
            assert (snapshot.total, seen) == (len(ids), ids)
        await fill(store, [])

    opened.run(check())


def test_a_transaction_that_raises_changes_nothing(opened: "OpenStore") -> None:
    store = opened.store

    async def check() -> None:
        (kept,) = await fill(store, [("kept", None, None)])

        async def fail() -> None:
            async with store.transaction() as transaction:
                await transaction.insert("product", {"Name": "lost"})
                await transaction.replace("product", kept, {"Name": "lost"})
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            await fail()
        page = await store.page("product", RecordOrder("Name"), 0, 10)
        assert page.total == 1
        assert [record.external_id.decode() for record in page.records] == [kept]
        assert b'"kept"' in page.records[0].properties

    opened.run(check())


def test_parallel_transactions_lose_no_update(opened: "OpenStore") -> None:
    store = opened.store

    async def check() -> None:
        (external_id,) = await fill(store, [("counter", "0", None)])

        async def add_one() -> None:
            async with store.transaction() as transaction:
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

    opened.run(check())


def test_counts_start_anew_with_the_hour_and_the_month(opened: "OpenStore") -> None:
    store = opened.store

    async def check() -> None:
        hour, month = 3_600.0, 31 * 86_400.0
        assert await store.count_call(0.0) == CallCounts(1, 1)
        assert await store.count_call(hour - 1) == CallCounts(2, 2)
        assert await store.count_call(hour) == CallCounts(1, 3)
        assert await store.count_call(month) == CallCounts(1, 1)

    opened.run(check())


def test_the_quota_is_exact_under_concurrency(start: "Start") -> None:
    async def check(url: str, headers: dict[str, str]) -> list[int]:
        async with httpx.AsyncClient(base_url=url, headers=headers, verify=False) as http:
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
    opened: "OpenStore",
) -> None:
    store = opened.store

    async def check() -> None:
        first = await fill(store, [(str(number), None, None) for number in range(50)])
        second = await fill(store, [(str(number), None, None) for number in range(50)])
        assert len({*first, *second}) == 100
        page = await store.page("product", RecordOrder(), 0, 50)
        assert [record.external_id.decode() for record in page.records] == second

    opened.run(check())
