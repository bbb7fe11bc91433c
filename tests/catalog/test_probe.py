"""A probe finds out how a service differs, within the calls that it states."""

from pathlib import Path
from typing import Any

import httpx
import pytest

from cmdm_tui.api import AuthenticationFailed, Client, Credentials, NetworkError, SecretStr
from cmdm_tui.api.retry import NO_RETRIES
from cmdm_tui.catalog import DefaultPage, Traits
from cmdm_tui.catalog.probe import ProbeResult, choose_entities, count_probe_calls, run_probe
from cmdm_tui.catalog.traits import read_traits, write_traits
from cmdm_tui.sandbox import RunningInfo, Sandbox, SandboxConfig
from tests.catalog.configurable_service import (
    ConfigurableService,
    LeadRow,
    ServiceSettings,
    mixed_rows,
)
from tests.services import copy_records

ENTITIES = ("lead", "account", "task")
EVERYTHING = (
    *("account", "lead", "contact", "task", "opportunity"),
    *("event", "product"),
)
WRITTEN = {"update_merges", "unknown_field_written", "deleting_twice", "values_kept"}


async def probed(service: ConfigurableService, **options: Any) -> ProbeResult:
    async with service.client() as client:
        return await run_probe(client, ENTITIES, traits=Traits(), keep=lambda _: None, **options)


def client_of(sandbox: RunningInfo) -> Client:
    credentials = Credentials(
        SecretStr(sandbox.client_id),
        SecretStr(sandbox.client_secret),
        sandbox.username,
        SecretStr(sandbox.password),
    )
    return Client(sandbox.url, credentials)


SANDBOX: dict[str, Any] = {
    "list_key": "Entity",
    "totals": "text",
    "collation": ("casefold",),
    "number_order": ("value",),
    "nulls_first": True,
    "nulls_first_descending": False,
    "external_id_sorts": True,
    "dates_sort": True,
    "sort_order_alone": True,
    "stable_unsorted": True,
    "stable_ties": True,
    "page_overlap": 0,
    "past_end": "empty",
    "field_metadata": (
        *("Name", "Label", "Type", "Required", "ReadOnly"),
        *("MaxLength", "Options", "LookupEntity"),
    ),
    "task_fields": False,
    "unknown_sort_field": "refused",
    "error_bodies": ("JSON with Message",),
    "rate_headers": (
        *("x-rate-limit-limit", "x-rate-limit-remaining"),
        *("x-rate-limit-reset", "x-token-reset"),
    ),
    "date_header": True,
}


async def test_every_trait_of_the_sandbox_comes_out_right(sandbox: RunningInfo) -> None:
    async with client_of(sandbox) as client:
        kept: list[Traits] = []
        course = await run_probe(client, EVERYTHING, traits=Traits(), keep=kept.append)
        assert client.quota.remaining == 5_000 - 1 - course.calls
    traits = course.traits
    assert {name: traits.trait(name).value for name in SANDBOX} == SANDBOX
    assert traits.default_page.value == DefaultPage(100, is_complete=True)
    assert traits.largest_page.value is None
    assert "There are no more records to tell" in traits.largest_page.evidence
    assert (course.calls, course.stopped, count_probe_calls(EVERYTHING)) == (26, None, 36)
    assert kept[-1] == traits
    for name in set(Traits.names()) - WRITTEN:
        assert traits.trait(name).learnt is not None
        assert traits.trait(name).evidence != "Not probed yet."


async def test_the_largest_page_of_a_large_sandbox_is_found(tmp_path: Path) -> None:
    config = SandboxConfig(data=tmp_path / "data", port=0, records=1_500)
    copy_records(config)
    with Sandbox.embedded(config) as running:
        async with client_of(running) as client:
            course = await run_probe(client, EVERYTHING, traits=Traits(), keep=lambda _: None)
    assert course.traits.largest_page.value == 1_000
    assert {name: course.traits.trait(name).value for name in SANDBOX} == SANDBOX
    assert course.calls == 33


DIFFERENT: dict[str, tuple[dict[str, Any], Any]] = {
    "collation": ({"text": "binary"}, ("binary",)),
    "collation by letter": ({"text": "locale"}, ("locale",)),
    "collation by no order known": ({"text": "length"}, ()),
    "collation where sorting is ignored": ({"sorting": "ignored"}, None),
    "collation where sorting is refused": ({"sorting": "refused"}, None),
    "number_order": ({"numbers": "text"}, ("text",)),
    "number_order of fields not described": ({"numbers": "text", "is_described": False}, None),
    "nulls_first": ({"nulls_first": False, "nulls_first_descending": True}, False),
    "nulls_first_descending": ({"nulls_first": True, "nulls_first_descending": True}, True),
    "nulls_first where sorting is ignored": ({"sorting": "ignored"}, None),
    "largest_page": ({"cap": 40}, 40),
    "largest_page, others refused": ({"cap": 100, "beyond_cap": "refused"}, 100),
    "largest_page, hardly any refused": ({"cap": 70, "beyond_cap": "refused"}, 50),
    "largest_page of few records": ({}, None),
    "default_page": ({"default_page": 50}, DefaultPage(50, is_complete=False)),
    "list_key": ({"key": "own name"}, "own name"),
    "totals": ({"totals": "number"}, "number"),
    "totals that do not come": ({"totals": "none"}, None),
    "stable_unsorted": ({"is_stable": False}, False),
    "stable_ties": ({"is_stable": False}, False),
    "sort_order_alone": ({"turns_alone": False}, False),
    "sort_order_alone, unstable": ({"is_stable": False}, None),
    "page_overlap": ({"overlap": 3}, 3),
    "page_overlap of an unstable order": ({"is_stable": False}, None),
    "past_end": ({"past_end": "404"}, "404"),
    "past_end that starts anew": ({"past_end": "records"}, "records"),
    "error_bodies": ({"errors": "HTML"}, ("HTML",)),
    "error_bodies that are empty": ({"errors": "empty"}, ("empty",)),
    "rate_headers": ({"headers": ()}, ()),
    "rate_headers in part": ({"headers": ("x-token-reset",)}, ("x-token-reset",)),
    "date_header": ({"is_dated": False}, False),
    "unknown_sort_field": ({"unknown_sort": "ignored"}, "ignored"),
    "external_id_sorts": ({"ids": "refused"}, False),
    "external_id_sorts, ignored": ({"ids": "ignored", "turns_alone": False}, False),
    "dates_sort": ({"dates": "ignored"}, False),
    "task_fields": ({"describes_task": True}, True),
    "field_metadata": ({"is_described": False}, None),
}


@pytest.mark.parametrize("case", DIFFERENT)
async def test_a_service_that_differs_is_found_out(case: str) -> None:
    said, finding = DIFFERENT[case]
    service = ConfigurableService(ServiceSettings(**said), mixed_rows(120))
    course = await probed(service)
    name = case.partition(" ")[0].rstrip(",")
    assert course.traits.trait(name).value == finding, course.traits.trait(name).evidence
    assert course.calls == len(service.calls) <= count_probe_calls(ENTITIES)
    assert all(call.startswith("GET ") for call in service.calls)


@pytest.mark.parametrize(
    ("cap", "beyond", "total", "largest"),
    [
        (None, "capped", 3_000, 3_000),
        (None, "capped", 12_000, 10_000),
        (5_000, "capped", 12_000, 5_000),
        (5_000, "refused", 12_000, 5_000),
        (3_000, "refused", 12_000, 2_000),
        (1_000, "refused", 12_000, 1_000),
    ],
)
async def test_more_than_a_thousand_is_asked_for_where_there_is_more(
    cap: int | None, beyond: Any, total: int, largest: int
) -> None:
    service = ConfigurableService(ServiceSettings(cap=cap, beyond_cap=beyond), mixed_rows(total))
    course = await probed(service)
    assert course.traits.largest_page.value == largest
    assert course.calls <= count_probe_calls(ENTITIES)


@pytest.mark.parametrize("asked", [None, 400])
async def test_pages_are_asked_for_at_the_size_that_was_learnt(asked: int | None) -> None:
    service = ConfigurableService(ServiceSettings(cap=50, beyond_cap="refused"), mixed_rows(100))
    traits = (await probed(service)).traits
    assert traits.largest_page.value == 50
    service.calls.clear()
    async with service.client() as client:
        client.page_sizes.set_probed_source(lambda: traits.largest_page.value)
        pages = [page async for page in client.pages("lead", per_page=asked)]
    assert [len(page.records) for page in pages] == [50, 50]
    assert len(service.calls) == 2


async def test_records_that_are_counted_but_not_shown_are_no_cap() -> None:
    service = ConfigurableService(ServiceSettings(), mixed_rows(30))

    def hides(request: httpx.Request) -> httpx.Response | None:
        if request.url.path != "/api/v1/lead":
            return None
        answer = service._answered("GET", "lead", dict(request.url.params))
        return httpx.Response(
            answer.status_code, content=answer.content.replace(b'"30"', b'"35"')
        )  # fmt: skip

    service.before = hides
    trait = (await probed(service)).traits.largest_page
    assert trait.value is None
    assert "Fewer records come than are counted" in trait.evidence


async def test_no_page_is_read_whole_where_that_may_be_a_million_records() -> None:
    service = ConfigurableService(ServiceSettings(cap=100), mixed_rows(5_001), accounts=0)
    course = await probed(service)
    assert not course.traits.default_page.is_known
    assert "No entity has records and at most 5,000" in course.traits.default_page.evidence


async def test_a_service_without_records_leaves_it_open() -> None:
    course = await probed(ConfigurableService(accounts=0))
    unknown = {name for name in Traits.names() if not course.traits.trait(name).is_known}
    assert unknown >= {"collation", "largest_page", "stable_unsorted", "past_end", "default_page"}
    assert course.traits.list_key.value == "Entity"


@pytest.mark.parametrize("most", range(1, 27))
async def test_no_call_is_made_beyond_those_allowed(most: int) -> None:
    service = ConfigurableService(ServiceSettings(), mixed_rows(60))
    course = await probed(service, most=most)
    assert len(service.calls) == course.calls <= most
    full = (await probed(ConfigurableService(ServiceSettings(), mixed_rows(60)))).calls
    assert (course.stopped is not None) == (most < full)
    for name in Traits.names():
        assert course.traits.trait(name).evidence


@pytest.mark.parametrize("last", [4, 10, 18])
async def test_an_interruption_keeps_what_was_learnt(tmp_path: Path, last: int) -> None:
    service = ConfigurableService(ServiceSettings(), mixed_rows(60))
    file = tmp_path / "acme.traits.json"

    def breaks(_: httpx.Request) -> httpx.Response | None:
        if len(service.calls) > last:
            raise httpx.ConnectError("gone")
        return None

    service.before = breaks
    async with service.client(policy=NO_RETRIES) as client:
        before = Traits(server=client.address)
        with pytest.raises(NetworkError):
            await run_probe(
                client, ENTITIES, traits=before, keep=lambda now: write_traits(file, now)
            )
        kept = read_traits(file, client.address)
    assert kept.list_key.value == "Entity"
    assert kept.field_metadata.is_known == (last > 4)
    assert not kept.unknown_sort_field.is_known


async def test_it_stops_when_the_service_takes_no_more_calls() -> None:
    service = ConfigurableService(ServiceSettings(headers=()), mixed_rows(60))

    def refuses(_: httpx.Request) -> httpx.Response | None:
        return httpx.Response(429, json={"Message": "Enough."}) if len(service.calls) > 7 else None

    service.before = refuses
    course = await probed(service)
    assert course.stopped is not None
    assert course.stopped.by_service
    assert "Enough." in str(course.stopped)
    assert course.calls == len(service.calls) == 8
    assert course.traits.list_key.is_known


async def test_it_stops_before_the_floor_of_the_quota() -> None:
    service = ConfigurableService(ServiceSettings(), mixed_rows(60))

    def counts(request: httpx.Request) -> httpx.Response:
        path = request.url.path.removeprefix("/api/v1/")
        answer = service._answered("GET", path, dict(request.url.params))
        answer.headers["x-rate-limit-remaining"] = str(20 - len(service.calls))
        return answer

    service.before = counts
    async with service.client(floor=10) as client:
        course = await run_probe(client, ENTITIES, traits=Traits(), keep=lambda _: None)
    assert course.stopped is not None
    assert course.stopped.by_service
    assert course.calls == len(service.calls) == 10


async def test_a_token_that_is_refused_ends_it() -> None:
    service = ConfigurableService(ServiceSettings(), mixed_rows(60))
    service.before = lambda _: httpx.Response(401)
    with pytest.raises(AuthenticationFailed):
        await probed(service)


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(500, text="<html>"),
        httpx.Response(200, content=b"\x1b[2J"),
        httpx.Response(200, json=[]),
        httpx.Response(200, json={"Entity": 3}),
    ],
)
async def test_a_service_that_answers_nonsense_teaches_nothing(answer: httpx.Response) -> None:
    service = ConfigurableService()
    service.before = lambda _: httpx.Response(answer.status_code, content=answer.content)
    course = await probed(service)
    assert course.entity == ""
    assert course.calls == len(ENTITIES)
    assert not course.traits.list_key.is_known


async def test_hostile_values_reach_no_evidence() -> None:
    rows = [LeadRow(f"\x1b]0;{n}\x07", f"\u202e{n % 7}\x1b[2J", str(n), None) for n in range(30)]
    course = await probed(ConfigurableService(ServiceSettings(key="own name"), rows))
    for name in Traits.names():
        assert not {"\x1b", "\x07", "\u202e"} & set(course.traits.trait(name).evidence)


def test_the_entities_probed_are_eight_at_most() -> None:
    assert len(choose_entities([str(number) for number in range(20)])) == 8
    assert choose_entities(["lead"], "event") == ("event",)
