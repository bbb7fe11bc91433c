"""The headless parts: columns, what is related, and the quota in words."""

import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmdm_tui.api import Client, Field, Quota, Record
from cmdm_tui.api.quota import format_reset
from cmdm_tui.tui.models.columns import choose_columns
from cmdm_tui.tui.models.quota_text import QuotaText
from cmdm_tui.tui.models.related_index import RecordLink, RelatedIndex, find_links, find_owner
from tests.tui.scripted_service import CREDENTIALS, RESET, TOKEN_RESET, URL, ScriptedService

NOW = RESET - 1_800.0


def record(external_id: str = "A", entity: str = "lead", **properties: Any) -> Record:
    return Record(entity, external_id, properties)


def test_columns_are_the_external_id_then_what_the_records_hold() -> None:
    columns = choose_columns([record(Name="x"), record(City="y", Name="z")])
    assert [column.name for column in columns] == ["ExternalID", "Name", "City"]


def test_fields_that_are_known_set_the_order_and_the_types() -> None:
    fields = [Field("Price", type="Currency"), Field("Name", type="Text"), Field("Unused")]
    columns = choose_columns([record(Name="12", Price="n/a", Extra=1)], fields)
    assert [column.name for column in columns] == ["ExternalID", "Price", "Name", "Extra"]
    assert [column.is_number for column in columns] == [False, True, False, True]


def test_a_property_called_as_the_external_id_is_no_trouble() -> None:
    columns = choose_columns([record("REAL", ExternalID="another")])
    assert [column.value(record("REAL", ExternalID="another")) for column in columns] == [
        "REAL",
        "another",
    ]


@given(st.lists(st.dictionaries(st.text(), st.none() | st.text() | st.integers()), max_size=5))
def test_columns_fit_within_bounds_whatever_the_records(rows: list[dict[str, Any]]) -> None:
    records = [Record("lead", str(place), row) for place, row in enumerate(rows)]
    columns = choose_columns(records)
    assert all(5 <= column.width <= 30 for column in columns)
    names = {name for row in rows for name in row}
    assert sorted(column.name for column in columns[1:]) == sorted(names)


def test_a_record_names_those_it_belongs_to() -> None:
    task = record(RelatedEntity="Account", RelatedExternalID="A1", AccountExternalID="A2")
    assert find_owner(task) == ("Account", "A1")
    assert find_links(task) == (
        RecordLink("RelatedExternalID", "Account", "A1"),
        RecordLink("AccountExternalID", "account", "A2"),
    )
    assert find_links(record(AccountExternalID=None, RelatedExternalID=7)) == ()


async def test_the_index_finds_what_belongs_to_a_record(service: ScriptedService) -> None:
    index = RelatedIndex()
    async with Client(URL, CREDENTIALS, transport=service) as client:
        assert index.count_calls_left({"task": 2, "opportunity": 1_001}, client.page_sizes) == 3
        assert index.count_calls_left({"task": 2}, client.page_sizes) is None
        steps = [window.entity async for window in index.read(client)]
    assert steps == ["task", "opportunity"]
    assert index.is_complete
    assert index.count_calls_left({}, client.page_sizes) == 0
    assert index.calls_made == 2
    found = index.find(record("ID000001", "account"))
    assert [entry.record.external_id for entry in found] == ["TASK0001", "OPPO0001"]
    assert [entry.title for entry in found] == ["Ring Ada", "New roof"]
    assert [entry.state for entry in found] == ["Open", "Won"]
    assert len(index.find(record("ID000002", "ACCOUNT"))) == 1
    assert index.find(record("id000001", "account")) == ()


async def test_an_index_of_small_pages_tells_what_is_left(service: ScriptedService) -> None:
    service.cap = 1
    index = RelatedIndex()
    async with Client(URL, CREDENTIALS, transport=service) as client:
        async for _ in index.read(client):
            assert index.count_calls_left({"task": 2, "opportunity": 1}, client.page_sizes) in {
                2,
                1,
                0,
            }
    assert service.calls == [
        "task?per_page=1000&page=1", "task?per_page=1000&page=2",
        "opportunity?per_page=1&page=1",
    ]  # fmt: skip


async def test_values_of_any_kind_make_no_trouble(service: ScriptedService) -> None:
    odd = {"Subject": {"a": 1}, "Status": ["x"], "RelatedEntity": 5, "RelatedExternalID": "A"}
    service.entities["task"] = [("T", odd), ("U", {"RelatedExternalID": ["A"]})]
    index = RelatedIndex()
    async with Client(URL, CREDENTIALS, transport=service) as client:
        async for _ in index.read(client):
            pass
    assert [entry.title for entry in index.find(record("A", "lead"))] == ["T"]


def test_the_quota_in_words() -> None:
    quota = Quota(limit=5_000, remaining=4_990, reset=RESET + 60, token_reset=TOKEN_RESET)
    told = QuotaText.of(quota, 60.0, NOW)
    assert told == QuotaText("4,990/5,000 calls", "resets 14:00", "token until 14:49", False)


def test_calls_that_run_out_are_marked() -> None:
    assert QuotaText.of(Quota(limit=100, remaining=10), 0.0, NOW).is_low
    assert not QuotaText.of(Quota(limit=100, remaining=11), 0.0, NOW).is_low


@pytest.mark.parametrize("quota", [Quota(), Quota(limit=5), Quota(reset=None)])
def test_what_a_service_does_not_tell_is_left_out(quota: Quota) -> None:
    assert QuotaText.of(quota, 0.0, NOW) == QuotaText("", "", "", False)


def test_remaining_calls_need_no_limit() -> None:
    assert QuotaText.of(Quota(remaining=7), 0.0, NOW).calls == "7 calls left"


@given(st.floats(0, 253_402_300_799), st.floats(-1e12, 1e12))
def test_any_time_a_service_tells_is_shown_or_left_out(reset: float, offset: float) -> None:
    assert isinstance(QuotaText.of(Quota(reset=reset), offset, NOW).reset, str)


def test_times_have_their_zone_whatever_the_local_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Asia/Kolkata")
    time.tzset()
    quota = Quota(remaining=1, reset=RESET, token_reset=TOKEN_RESET)
    told = QuotaText.of(quota, 0.0, NOW)
    assert told.times == "resets 14:00, token until 14:50 UTC"
    assert quota.reset_at is not None
    assert format_reset(quota.reset_at) == "14:00 UTC", "the previews say the same"
    assert QuotaText.of(Quota(reset=RESET), 0.0, NOW).times == "resets 14:00 UTC"
    assert QuotaText.of(Quota(), 0.0, NOW).times == ""


def test_a_time_on_another_day_has_its_date() -> None:
    assert QuotaText.of(Quota(reset=RESET), 0.0, RESET - 100).reset == "resets 14:00"
    assert QuotaText.of(Quota(reset=RESET), 0.0, RESET - 100_000).reset == "resets 01 Jan 14:00"


async def test_an_index_costs_as_many_calls_as_pages_of_the_size_granted(
    service: ScriptedService,
) -> None:
    async with Client(URL, CREDENTIALS, transport=service) as client:
        client.page_sizes.set_probed_source(lambda: 2)
        index = RelatedIndex()
        assert index.count_calls_left({"task": 2, "opportunity": 5}, client.page_sizes) == 4
        _ = [window async for window in index.read(client)]
    assert service.calls == ["task?per_page=2&page=1", "opportunity?per_page=2&page=1"]
