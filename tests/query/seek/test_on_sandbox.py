"""Seeks over a real service, in each of the ways in which one may sort, page and answer."""

from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from cmdm_tui.api import Client, Credentials, Page, SecretStr
from cmdm_tui.query.model import Column, ColumnKind
from cmdm_tui.query.seek import (
    Direction,
    SeekFailed,
    count_matches,
    count_values,
    extract_predicates,
    find_column_orders,
    find_first,
    find_largest,
    find_records,
    not_null,
)
from cmdm_tui.query.seek.column_predicate import engine_key
from cmdm_tui.query.seek.field_values import OddValue, read_value
from cmdm_tui.sandbox import RunningInfo, Sandbox, SandboxConfig
from tests.query.seek.test_predicates import where
from tests.sandbox.control_client import ControlPlaneClient
from tests.services import copy_records

COLUMNS = {
    "City": Column("City"),
    "Status": Column("Status", ColumnKind.TEXT, "Picklist"),
    "Score": Column("Score", ColumnKind.NUMBER, "Number"),
    "EstimatedValue": Column("EstimatedValue", ColumnKind.NUMBER, "Currency"),
    "LastContacted": Column("LastContacted", ColumnKind.DATE, "Date"),
    "OptIn": Column("OptIn", ColumnKind.BOOLEAN, "Boolean"),
}
STATUSES = ("New", "Contacted", "Qualified", "Unqualified", "Converted")
BEHAVIOURS: list[dict[str, str]] = [
    {},
    {"collation": "binary"},
    {"collation": "locale"},
    {"collation": "numeric-as-text"},
    {"nulls": "last"},
    {"nulls": "always-last"},
    {"ties": "unstable"},
    {"order": "unstable"},
    {"page_cap": "7"},
    {"page_cap": "3", "collation": "binary"},
    {"past_the_end": "404"},
    {"totals": "numbers"},
    {"list_key": "entity"},
    {"external_ids": "odd"},
    {"values": "json"},
    {"values": "nested"},
]
CONDITIONS = [
    "City = 'Leeds'", "City > 'm'", "Status IN ('New', 'Qualified')",
    "Score BETWEEN 5 AND 50", "Score = 7", "EstimatedValue < 1000.50",
        "LastContacted >= DATE '2026-01-01'", "NOT OptIn",
]  # fmt: skip


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningInfo]:
    folder = tmp_path_factory.mktemp("sandbox")
    config = SandboxConfig(data=folder, port=0, records=100, control=True, rate_limit=10**9)
    copy_records(config)
    with Sandbox.embedded(config) as info:
        yield info


@pytest.fixture
async def client(running: RunningInfo) -> AsyncIterator[Client]:
    told = running.credentials
    credentials = Credentials(
        SecretStr(told.client_id),
        SecretStr(told.client_secret),
        told.username,
        SecretStr(told.password),
    )
    async with Client(running.url, credentials) as one:
        yield one


def behave(running: RunningInfo, behaviour: dict[str, str]) -> None:
    control = ControlPlaneClient.of(running)
    with control.http:
        control.behave(**behaviour)


@dataclass
class Leads:
    """The leads as `seek` asks for them."""

    client: Client
    calls: int = 0

    async def page(
        self,
        number: int,
        *,
        sort_by: str,
        sort_order: Direction,
        fields: Sequence[str],
        per_page: int,
        fresh: bool = False,
    ) -> Page:
        self.calls += 1
        return await self.client.page(
            "lead", fields=fields, per_page=per_page, page=number,
            sort_by=sort_by, sort_order=sort_order,
        )  # fmt: skip


def value_of(column: Column, raw: object) -> Any:
    try:
        return read_value(column.kind, raw)
    except OddValue:
        return None


@pytest.mark.parametrize("behaviour", BEHAVIOURS, ids=str)
async def test_a_seek_finds_what_a_scan_does_however_the_service_sorts(
    running: RunningInfo, client: Client, behaviour: dict[str, str], *, runs_whole: bool
) -> None:
    behave(running, behaviour)
    answered = 0
    records = [
        record
        async for page in client.pages("lead", per_page=50, sort_by="ExternalID")
        for record in page.records
    ]
    # Each condition is tried on every other behaviour; all are where few can be answered.
    is_sample = "unstable" not in behaviour.values() and not runs_whole
    for condition in CONDITIONS[BEHAVIOURS.index(behaviour) % 2 :: 2] if is_sample else CONDITIONS:
        predicate = extract_predicates(where(condition), COLUMNS)[0]
        column = predicate.column
        options = STATUSES if column.name == "Status" else ()
        how = find_column_orders(column, None, options)
        assert how is not None
        values = [value_of(column, record.properties[column.name]) for record in records]
        kept = [value for value in values if predicate.is_exact and predicate.keeps(value)]
        leads = Leads(client)
        pages = -(-len(records) // min(8, int(behaviour.get("page_cap", "8"))))
        try:
            found = await find_records(leads, predicate, how, fields=["City"], per_page=8)
            counted = await count_matches(leads, predicate, how, per_page=8)
            most = await find_largest(leads, not_null(column), how, per_page=8)
            ahead = await find_first(leads, how, descending=True, count=5, fields=[], per_page=8)
        except SeekFailed:
            assert leads.calls <= 4 * (pages + 3)
            continue
        answered += 1
        ids = [
            record.external_id
            for record, value in zip(records, values, strict=True)
            if predicate.keeps(value)
        ]
        assert set(ids) <= {record.external_id for record in found.records}
        assert counted.count == len(kept)
        filled = sorted((value for value in values if value is not None), key=place, reverse=True)
        assert most.value == filled[0]
        got = [value_of(column, record.properties[column.name]) for record in ahead.records]
        assert got == filled[:5]
    assert answered >= 2


def place(value: Any) -> Any:
    return engine_key(value) if isinstance(value, str) else value


@pytest.mark.parametrize("behaviour", BEHAVIOURS, ids=str)
async def test_groups_are_a_scan_s_however_the_service_sorts(
    running: RunningInfo, client: Client, behaviour: dict[str, str]
) -> None:
    behave(running, behaviour)
    records = [
        record
        async for page in client.pages("lead", per_page=50, sort_by="ExternalID")
        for record in page.records
    ]
    for name, options in (("Status", STATUSES), ("OptIn", ()), ("City", ())):
        how = find_column_orders(COLUMNS[name], None, options)
        assert how is not None
        try:
            found = await count_values(Leads(client), how, per_page=8)
        except SeekFailed:
            continue
        values = [value_of(COLUMNS[name], record.properties[name]) for record in records]
        assert dict(found.counts) == dict(Counter(values))
