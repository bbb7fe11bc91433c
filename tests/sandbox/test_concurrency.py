"""Several clients, each a process with several calls at once, changing the same records."""

import json
import subprocess
import sys
from collections import defaultdict
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from tests.sandbox.conftest import sign_in_headers
from tests.sandbox.processes import serving

if TYPE_CHECKING:
    from tests.sandbox.backends import Backend

RECORDS = 100
CLIENTS = {
    "one": ["FirstName", "LastName"],
    "two": ["Company", "JobTitle", "City"],
    "three": ["PostCode", "Country"],
    "four": ["Owner", "Notes", "Mobile"],
}
UPDATES = RECORDS * sum(map(len, CLIENTS.values()))

CLIENT = """
import asyncio, json, sys
import httpx

url, token, fields, ids = json.loads(sys.stdin.read())

async def update(http, field):
    told = []
    for number, external_id in enumerate(ids):
        value = f"01 {number}" if field == "Mobile" else f"{field} {number}"
        answer = await http.put(f"/lead/{external_id}", json={field: value})
        names = ("remaining", "reset")
        numbers = [int(answer.headers[f"x-rate-limit-{name}"]) for name in names]
        told.append([answer.status_code, *numbers])
    return told

async def main():
    headers = {"Authorization": f"Bearer {token}"}
    base = f"{url}/api/v1"
    async with httpx.AsyncClient(base_url=base, headers=headers, timeout=60, verify=False) as http:
        told = await asyncio.gather(*(update(http, field) for field in fields))
    print(json.dumps(sum(told, [])))

asyncio.run(main())
"""


def updated_by_all(url: str, token: str, ids: list[str]) -> list[tuple[int, int, int]]:
    """Let every client write its fields of every record; return each answer's status and quota."""
    with ExitStack() as stack:
        clients = [
            stack.enter_context(
                subprocess.Popen(
                    [sys.executable, "-c", CLIENT],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    text=True,
                )
            )
            for _ in CLIENTS
        ]
        for client, fields in zip(clients, CLIENTS.values(), strict=True):
            assert client.stdin is not None
            client.stdin.write(json.dumps([url, token, fields, ids]))
            client.stdin.close()
        answers: list[tuple[int, int, int]] = []
        for client in clients:
            assert client.stdout is not None
            answers += [tuple(one) for one in json.loads(client.stdout.read())]
    return answers


def quota_is_exact(answers: list[tuple[int, int, int]], before: int, reset: int) -> bool:
    """Say whether every call took exactly one from what remained, hour by hour."""
    by_hour: dict[int, list[int]] = defaultdict(list)
    for _, remaining, hour in answers:
        by_hour[hour].append(remaining)
    return all(
        sorted(found, reverse=True) == list(range(max(found), max(found) - len(found), -1))
        and (hour != reset or max(found) == before - 1)
        for hour, found in by_hour.items()
    )


@pytest.mark.parametrize("backend", ["sqlite", "postgres"], indirect=True)
def test_a_thousand_parallel_updates_lose_none_and_count_each(
    backend: "Backend", tmp_path: Path
) -> None:
    data = tmp_path / "data"
    database = backend.database_of(data)
    workers = ["--workers", "3"] if database else []
    options = ["--records", str(RECORDS), "--rate-limit", "1000000", *workers]
    with (
        serving(data, *options, database=database) as (_, info),
        httpx.Client(base_url=f"{info.url}/api/v1", verify=False) as http,
    ):
        signed_in = http.post("/authenticate", headers=sign_in_headers(info.credentials))
        token = signed_in.json()["token"]
        http.headers["Authorization"] = f"Bearer {token}"
        first = http.get(f"/lead?per_page={RECORDS}&page=1")
        ids: list[str] = [record["ExternalID"] for record in first.json()["Entity"]]
        answers = updated_by_all(info.url, token, ids)
        every = http.get("/lead").json()["Entity"]

    assert len(answers) == UPDATES == 1_000
    assert {status for status, _, _ in answers} == {200}
    names = ("remaining", "reset")
    before, reset = (int(first.headers[f"x-rate-limit-{name}"]) for name in names)
    assert quota_is_exact(answers, before, reset)
    by_id: dict[str, Any] = {record["ExternalID"]: record["Properties"] for record in every}
    for number, external_id in enumerate(ids):
        record = by_id[external_id]
        for field in (field for fields in CLIENTS.values() for field in fields):
            expected = f"01 {number}" if field == "Mobile" else f"{field} {number}"
            assert record[field] == expected, (external_id, field)
        assert record["CreatedDate"] < record["ModifiedDate"]
    backend.drop(data)


def test_a_count_that_is_taken_twice_is_noticed() -> None:
    """The broken twin of the quota's check."""
    assert quota_is_exact([(200, 8, 1), (200, 9, 1)], 10, 1)
    assert not quota_is_exact([(200, 9, 1), (200, 9, 1)], 10, 1)
    assert not quota_is_exact([(200, 9, 1), (200, 7, 1)], 10, 1)
    assert not quota_is_exact([(200, 7, 1), (200, 8, 1)], 10, 1)
