"""A probe that may write makes one scratch lead and deletes it again, whatever happens."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from cmdm_tui.api import Client, NetworkError, OutcomeUnknown
from cmdm_tui.api.errors import ReadOnly
from cmdm_tui.api.retry import NO_RETRIES
from cmdm_tui.catalog import Traits
from cmdm_tui.catalog.probe import WRITE_CALLS, ProbeResult, ScratchNotDeleted, run_write_probe
from cmdm_tui.sandbox import RunningInfo
from tests.catalog.configurable_service import CREDENTIALS
from tests.catalog.test_probe import client_of

FIELDS = [
    {"Name": "LastName", "Type": "Text", "Required": "true"},
    {"Name": "FirstName", "Type": "Text"},
    {"Name": "Score", "Type": "Number"},
    {"Name": "Id", "Type": "Text", "ReadOnly": "true"},
]


@dataclass
class Leads:
    """A service of leads that can be written, which differs as it is told."""

    replaces: bool = False
    unknown: str = "refused"
    second_delete: int = 404
    numbers_back: bool = False
    fields: list[dict[str, str]] | None = field(default_factory=lambda: list(FIELDS))
    records: dict[str, dict[str, Any]] = field(default_factory=dict[str, dict[str, Any]])
    calls: list[str] = field(default_factory=list[str])
    created: int = 0
    before: Callable[[httpx.Request], httpx.Response | None] = lambda _: None

    def client(self, **options: Any) -> Client:
        return Client(
            "https://service.example",
            CREDENTIALS,
            transport=httpx.MockTransport(self.answer),
            policy=NO_RETRIES,
            **options,
        )

    def answer(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path.removeprefix("/api/v1/")
        if path == "authenticate":
            return httpx.Response(200, json={"token": "t"})
        self.calls.append(f"{request.method} {path}")
        return self.before(request) or self.answered(request.method, path, request.content)

    def answered(self, method: str, path: str, content: bytes) -> httpx.Response:
        _, _, external_id = path.partition("/")
        if external_id == "fields":
            if self.fields is None:
                return httpx.Response(404)
            return httpx.Response(200, json={"Field": [{"Properties": row} for row in self.fields]})
        if method == "GET" and not external_id:
            rows = [{"ExternalID": key, "Properties": row} for key, row in self.records.items()]
            return httpx.Response(200, json={"Total Records": str(len(rows)), "Entity": rows})
        if method == "POST":
            return self.made(json.loads(content))
        if external_id not in self.records:
            return httpx.Response(self.second_delete if method == "DELETE" else 404)
        if method == "PUT":
            return self.changed(external_id, json.loads(content))
        if method == "DELETE":
            del self.records[external_id]
            return httpx.Response(200, json={"Message": "Record deleted."})
        shown = {"ExternalID": external_id, "Properties": self.records[external_id]}
        return httpx.Response(200, json=shown)

    def made(self, properties: dict[str, Any]) -> httpx.Response:
        if "Score" in properties and self.numbers_back:
            properties["Score"] = int(properties["Score"])
        self.created += 1
        self.records[f"NEW{self.created}"] = properties
        return httpx.Response(201, json={"ExternalID": f"NEW{self.created}"})

    def changed(self, external_id: str, properties: dict[str, Any]) -> httpx.Response:
        known = {str(row["Name"]) for row in FIELDS}
        if set(properties) - known and self.unknown == "refused":
            return httpx.Response(400, json={"Message": "No such field."})
        if self.unknown == "dropped":
            properties = {name: value for name, value in properties.items() if name in known}
        kept = {} if self.replaces else self.records[external_id]
        self.records[external_id] = {**kept, **properties}
        return httpx.Response(200, json={"Message": "Record updated."})


async def written(service: Leads, **options: Any) -> tuple[ProbeResult, list[Traits]]:
    kept: list[Traits] = []
    async with service.client() as client:
        course = await run_write_probe(client, traits=Traits(), keep=kept.append, **options)
    return course, kept


async def test_the_sandbox_merges_refuses_and_forgets(sandbox: RunningInfo) -> None:
    async with client_of(sandbox) as client:
        before = (await client.page("lead", per_page=1, page=1)).total_records
        course = await run_write_probe(client, traits=Traits(), keep=lambda _: None)
        assert (await client.page("lead", per_page=1, page=1)).total_records == before
    traits = course.traits
    assert traits.update_merges.value is True
    assert traits.unknown_field_written.value == "refused"
    assert traits.deleting_twice.value == 404
    assert traits.values_kept.value is True
    assert course.calls == 9 <= WRITE_CALLS


@pytest.mark.parametrize(
    ("service", "findings"),
    [
        (Leads(), (True, "refused", 404, True)),
        (Leads(replaces=True), (False, "refused", 404, True)),
        (Leads(unknown="dropped"), (True, "dropped", 404, True)),
        (Leads(unknown="kept"), (True, "kept", 404, True)),
        (Leads(second_delete=200), (True, "refused", 200, True)),
        (Leads(numbers_back=True), (True, "refused", 404, False)),
    ],
)
async def test_a_service_that_differs_is_found_out(
    service: Leads, findings: tuple[bool, str, int, bool]
) -> None:
    course, kept = await written(service)
    traits = course.traits
    assert (
        traits.update_merges.value,
        traits.unknown_field_written.value,
        traits.deleting_twice.value,
        traits.values_kept.value,
    ) == findings
    assert course.calls == len(service.calls) <= WRITE_CALLS
    assert (service.created, service.records) == (1, {})
    assert kept == [traits]


async def test_a_service_that_describes_no_field_is_written_as_its_records_are() -> None:
    service = Leads(fields=None)
    service.records["OLD"] = {"LastName": "Jones", "City": "Cardiff", "Score": None}
    course, _ = await written(service)
    assert course.traits.update_merges.value is True
    assert list(service.records) == ["OLD"]


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
@pytest.mark.parametrize("nth", [1, 2])
async def test_the_lead_is_deleted_after_an_error(method: str, nth: int) -> None:
    service = Leads()
    failed: list[str] = []

    def breaks(request: httpx.Request) -> httpx.Response | None:
        is_of_the_lead = request.url.path.endswith("NEW1")
        if request.method == method and is_of_the_lead and len(failed) < nth:
            failed.append(method)
            if len(failed) == nth:
                raise httpx.ReadError("gone")
        return None

    service.before = breaks
    with pytest.raises(NetworkError):
        await written(service)
    assert (service.created, service.records) == (1, {})


@pytest.mark.parametrize("amid", ["POST lead", "GET lead/NEW1", "PUT lead/NEW1"])
async def test_the_lead_is_deleted_after_an_interrupt(amid: str) -> None:
    service = Leads()
    reached, released = asyncio.Event(), asyncio.Event()

    class Slow(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            await request.aread()
            answer = service.answer(request)
            if service.calls[-1:] == [amid] and not reached.is_set():
                reached.set()
                await released.wait()
            return answer

    async with Client("https://service.example", CREDENTIALS, transport=Slow()) as client:
        task = asyncio.create_task(
            run_write_probe(client, traits=Traits(), keep=lambda _: None)
        )  # fmt: skip
        await reached.wait()
        task.cancel()
        await asyncio.sleep(0)
        released.set()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert (service.created, service.records) == (1, {})


async def test_a_lead_that_may_exist_is_told_with_how_to_find_it() -> None:
    service = Leads()

    def loses(request: httpx.Request) -> httpx.Response | None:
        if request.method == "POST":
            service.made(json.loads(request.content))
            raise httpx.ReadError("gone")
        return None

    service.before = loses
    with pytest.raises(OutcomeUnknown) as caught:
        await written(service)
    marker = service.records["NEW1"]["LastName"]
    assert marker.startswith("cmdm probe ")
    assert f"whose LastName is {marker}" in str(caught.value)
    assert service.calls[-1] == "POST lead"


async def test_a_lead_that_cannot_be_deleted_is_named() -> None:
    service = Leads()
    service.before = lambda request: httpx.Response(500) if request.method == "DELETE" else None
    with pytest.raises(ScratchNotDeleted, match="cmdm delete lead NEW1"):
        await written(service)


async def test_a_create_that_is_refused_teaches_nothing() -> None:
    service = Leads()
    service.before = lambda request: httpx.Response(400) if request.method == "POST" else None
    course, _ = await written(service)
    assert not course.traits.update_merges.is_known
    assert "refused" in course.traits.update_merges.evidence
    assert service.calls[-1] == "POST lead"


@pytest.mark.parametrize("fields", [[], [{"Name": "Score", "Type": "Number"}], [
    *FIELDS, {"Name": "Owner", "Type": "Lookup", "Required": "true"},
]])  # fmt: skip
async def test_no_lead_is_made_where_nobody_knows_how(fields: list[dict[str, str]]) -> None:
    service = Leads(fields=fields)
    course, _ = await written(service)
    assert course.calls == 2
    assert "required fields are not known" in course.traits.values_kept.evidence
    assert service.created == 0


async def test_no_lead_is_made_with_too_few_calls_left() -> None:
    service = Leads()
    course, _ = await written(service, most=WRITE_CALLS - 1)
    assert course.stopped is not None
    assert (course.calls, service.calls) == (0, [])


async def test_a_client_that_is_read_only_writes_nothing() -> None:
    service = Leads()
    async with service.client(read_only=True) as client:
        with pytest.raises(ReadOnly):
            await run_write_probe(client, traits=Traits(), keep=lambda _: None)
    assert service.created == 0
