"""What cassettes saw is a service: the records as last known, read in any order, never changed."""

import json
from collections.abc import AsyncGenerator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from cmdm_tui.api import Client, NotFound
from cmdm_tui.config import Credentials, SecretStr
from cmdm_tui.harness.cassettes import CassetteUnreadable, RecordedAnswer
from cmdm_tui.harness.cassettes.format import ADDRESS
from cmdm_tui.harness.cassettes.recorded_records import RecordedRecords, find_route
from cmdm_tui.harness.cassettes.recorded_service import RecordedService

CASSETTES = Path(__file__).parents[2] / "cassettes"
Call = tuple[str, str, object, int, object]
"""Method, path and query, what was sent, the status, and the answer."""


def as_bytes(answer: object) -> bytes:
    return answer if isinstance(answer, bytes) else json.dumps(answer).encode()


def recorded(*calls: Call, base: str = f"{ADDRESS}/api/v1") -> list[RecordedAnswer]:
    return [
        RecordedAnswer(
            (method, f"{base}/{path}", b"" if sent is None else json.dumps(sent).encode()),
            status, [], b"", None, as_bytes(answer),
        )
        for method, path, sent, status, answer in calls
    ]  # fmt: skip


def row(external_id: str, **properties: object) -> dict[str, object]:
    return {"ExternalID": external_id, "Properties": properties}


def listed(*rows: object, total: int | None = None) -> dict[str, object]:
    count = len(rows) if total is None else total
    return {"Total Records": str(count), "Total Pages": "1", "Entity": rows}


def service(*calls: Call, base: str = f"{ADDRESS}/api/v1") -> RecordedService:
    records = RecordedRecords()
    records.read(recorded(*calls, base=base))
    return RecordedService(records)


@asynccontextmanager
async def client_of(transport: RecordedService) -> AsyncGenerator[Client]:
    secret = SecretStr("no-secret-of-anybody")
    credentials = Credentials(secret, secret, "nobody", secret)
    async with Client("http://127.0.0.1", credentials, transport=transport) as client:
        yield client


async def ask(transport: RecordedService, method: str, path: str) -> tuple[int, Any]:
    request = httpx.Request(method, f"http://127.0.0.1/api/v1/{path}")
    answer = await transport.handle_async_request(request)
    return answer.status_code, json.loads(answer.content)


async def ids(transport: RecordedService, path: str) -> list[str]:
    _, content = await ask(transport, "GET", path)
    return [one["ExternalID"] for one in content["Entity"]]


async def test_the_last_known_state_of_each_record_is_told() -> None:
    transport = service(
        ("GET", "lead?fields=City", None, 200,
         listed(row("A", City="Leeds"), row("B", City="York"))),
        ("GET", "lead/A", None, 200, row("A", City="Hull", Score="3")),
        ("POST", "lead", {"City": "Bath"}, 201, {"ExternalID": "C"}),
        ("PUT", "lead/B", {"City": "Ely"}, 200, {"Message": "Record updated."}),
        ("PUT", "lead/C", {"City": "Nowhere"}, 400, {"Message": "City is too nice."}),
        ("DELETE", "lead/A", None, 404, {"Message": "no"}),
        ("POST", "lead/B/task", {"Subject": "Call"}, 201, {"ExternalID": "T"}),
        ("PUT", "task/close/T", None, 200, {"Message": "Record updated."}),
        ("PUT", "lead/convert/B", {"Name": "Ltd"}, 200, {"Account ExternalID": "D"}),
    )  # fmt: skip
    assert await ask(transport, "GET", "lead/A") == (200, row("A", City="Hull", Score="3"))
    assert await ask(transport, "GET", "lead/B") == (200, row("B", City="Ely"))
    assert await ask(transport, "GET", "lead/C") == (200, row("C", City="Bath"))
    assert await ask(transport, "GET", "task/T") == (200, row("T", Subject="Call"))
    assert await ask(transport, "GET", "account/D") == (200, row("D", Name="Ltd"))
    transport.records.read(recorded(("DELETE", "LEAD/A", None, 200, {"Message": "gone"})))
    transport.records.read(recorded(("GET", "lead/C", None, 404, {"Message": "gone"})))
    assert await ids(transport, "Lead") == ["B"]
    assert (await ask(transport, "GET", "lead/A"))[0] == 404


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", "DACBE"),
        ("per_page=2&page=2", "CB"),
        ("per_page=2&page=9", ""),
        ("sort_by=Name", "EADCB"),
        ("sort_by=Name&sort_order=desc", "BDCAE"),
        ("sort_by=Score", "ACDBE"),
        ("sort_by=Score&sort_order=desc&per_page=3&page=1", "BED"),
        ("sort_by=ExternalID", "ABCDE"),
        ("sort_order=desc", "EBCAD"),
    ],
)
async def test_lists_are_paged_and_sorted_with_ties_in_order(query: str, expected: str) -> None:
    transport = service(
        ("GET", "lead", None, 200, listed(
            row("D", Name="bob", Score="9"), row("A", Name="Ann", Score=None),
            row("C", Name="bob", Score="-1.5"), row("B", Name="Zoe", Score="10"),
            row("E", Name=None, Score="10"),
            total=5_000,
        )),
    )  # fmt: skip
    assert "".join(await ids(transport, f"lead?{query}")) == expected
    _, content = await ask(transport, "GET", f"lead?{query}")
    assert content["Total Records"] == "5"


@pytest.mark.parametrize(
    ("method", "path", "status", "words"),
    [
        ("GET", "contact", 404, "The cassette has no records of contact."),
        ("GET", "product", 404, "The cassette has no records of product."),
        ("GET", "lead/NOPE", 404, "The cassette has no lead NOPE."),
        ("GET", "lead/fields", 404, "The cassette has no fields of lead."),
        ("GET", "lead?per_page=2", 400, "per_page and page are whole numbers from 1"),
        ("GET", "lead?per_page=0&page=1", 400, "per_page and page are whole numbers from 1"),
        ("GET", "lead?per_page=٣&page=1", 400, "per_page and page are whole numbers from 1"),
        ("GET", "lead?sort_by=Age", 400, "No lead in the cassette has Age."),
        ("GET", "a/b/c/d", 404, "not a call of the API"),
        ("POST", "lead", 405, "A cassette is only read"),
        ("PUT", "lead/A", 405, "A cassette is only read"),
        ("DELETE", "lead/A", 405, "A cassette is only read"),
        ("PATCH", "lead/A", 405, "A cassette is only read"),
    ],
)
async def test_what_it_does_not_have_is_refused(
    method: str, path: str, status: int, words: str
) -> None:
    # A page past the last shows that there are products, and none of them.
    transport = service(
        ("GET", "lead", None, 200, listed(row("A", Name="Ann"))),
        ("GET", "product?per_page=5&page=99", None, 200, listed(total=30)),
    )
    code, content = await ask(transport, method, path)
    assert code == status
    assert words in content["Message"]
    assert await ask(transport, "GET", "lead/A") == (200, row("A", Name="Ann"))


async def test_a_client_reads_a_committed_cassette() -> None:
    transport = RecordedService.of(CASSETTES / "contract" / "fields-lead.yaml")
    async with client_of(transport) as client:
        fields = await client.all_fields("lead")
        assert {one.name for one in fields} >= {"LastName", "Score"}
        assert len(fields) == len(transport.records.find_fields("lead") or ())
        with pytest.raises(NotFound, match="The cassette has no records of lead"):
            await client.page("lead", per_page=1, page=1)


async def test_all_committed_cassettes_are_one_service() -> None:
    paths = sorted(CASSETTES.rglob("*.yaml"))
    transport = RecordedService.of(*paths, folder=CASSETTES)
    async with client_of(transport) as client:
        page = await client.page("lead", per_page=1_000, page=1)
        assert page.total_records == len(page.records) > 40
        # Each cassette has numbered its own records from 1.
        created = await client.record("lead", "NEW00001@stateful/create")
        assert created.properties["Company"] == "Ögren & Sons"
        with pytest.raises(NotFound):
            await client.record("lead", "NEW00001")


@pytest.mark.parametrize(
    ("target", "route"),
    [
        ("http://127.0.0.1:8765/api/v1/lead/A%2FB?per_page=1", "lead/A%2FB"),
        ("https://crm.example/behind/API/v2/lead#x", "lead"),
        ("/api/v1/", ""),
        ("https://crm.example/lead", None),
        ("https://crm.example/?x=/api/v1/lead", None),
        ("https://crm.example?/api/v1/lead", None),
        ("", None),
    ],
)
def test_the_route_is_what_follows_the_version(target: str, route: str | None) -> None:
    assert find_route(target) == route


def hostile_answers() -> Iterable[object]:
    yield b"\xff\xfe not JSON"
    yield b"[" * 100_000
    yield b'{"a":' * 100_000
    yield [1, 2]
    yield None
    yield {"Entity": [None, 1, "x", {"ExternalID": None}, {"ExternalID": ""}]}
    yield {"Entity": {"ExternalID": {"a": 1}, "Properties": 3}}
    yield {"ExternalID": ["x"], "Account ExternalID": {}}
    yield b'{"Entity": [{"ExternalID": "\\ud800", "Properties": {"a": "\\udfff", "b": NaN}}]}'
    yield b'{"Entity": [{"ExternalID": "H", "Properties": {"n": 1e999999999}}]}'
    yield b'{"Entity": [{"ExternalID": "H", "Properties": {"n": 99999999999999999999999}}]}'
    yield b'{"Entity": [{"ExternalID": "\x1b]0;x\x07", "Properties": {"\\u202e": [[[1.10]]]}}]}'


@pytest.mark.parametrize("answer", hostile_answers(), ids=lambda one: repr(one)[:40])
async def test_a_hostile_cassette_breaks_nothing(answer: object) -> None:
    made: list[Call] = [
        (method, path, ["not", "properties"], status, answer)
        for method, path, status in (
            ("GET", "lead", 200), ("GET", "lead/A", 200), ("GET", "lead/fields", 200),
            ("POST", "lead", 201), ("PUT", "lead/convert/A", 200), ("DELETE", "lead/", 200),
            ("GET", "%1b%5b31m%00%ff", 200), ("GET", "../../etc", 200), ("BREW", "", 999),
        )
    ]  # fmt: skip
    good = ("GET", "account", None, 200, listed(row("GOOD", Name="Ltd")))
    transport = service(*made, good)
    assert await ids(transport, "account") == ["GOOD"]
    for entity in transport.records.entities:
        request = httpx.Request("GET", "http://127.0.0.1/api/v1/x?sort_by=ExternalID")
        request.url = request.url.copy_with(
            raw_path=b"/api/v1/" + "".join(f"%{b:02x}" for b in entity.encode()).encode()
        )
        found = await transport.handle_async_request(request)
        assert found.status_code in {200, 404}
        json.loads(found.content)


def test_a_cassette_that_breaks_off_is_named_with_its_line(tmp_path: Path) -> None:
    text = (CASSETTES / "contract" / "retrieve-many.yaml").read_text(encoding="utf-8")
    broken = tmp_path / "broken.yaml"
    broken.write_text(text[: len(text) // 2], encoding="utf-8")
    with pytest.raises(CassetteUnreadable, match=r"broken\.yaml .* line \d+"):
        RecordedService.of(broken)
