"""Whatever a service chooses where the documentation is silent, the client's records are the same.

Each choice that the sandbox knows is tried: by the client's pages, in the service's own order and
sorted, and by one record, created, read, changed and deleted.
"""

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest

from cmdm_tui.api import ApiError, Client
from cmdm_tui.cli.embedded_sandbox import profile_of_sandbox
from cmdm_tui.sandbox import Sandbox, SandboxConfig
from cmdm_tui.sandbox.variants.choices import BEHAVIOURS

RECORDS = 60
CHOICES = [
    (name, choice)
    for name, behaviour in BEHAVIOURS.items()
    for choice in (
        *behaviour.choices[1:],
        *(("7",) if name in {"page_cap", "default_page"} else ()),
    )
]
USUAL: list[str] = []
"""The ids of the leads as the sandbox gives them; the same data is used throughout."""

IDS_OF_ITS_OWN = {"external_ids"}


@contextmanager
def client_of(data: Path, behaviours: dict[str, str]) -> Generator[Client]:
    config = SandboxConfig(data=data, port=0, records=RECORDS, behaviours=behaviours)
    with Sandbox.embedded(config) as info:
        profile = profile_of_sandbox(info)
        yield Client(profile.url, profile.credentials)


async def read(client: Client, sort_by: str | None) -> list[str]:
    pages = client.pages("lead", per_page=13, sort_by=sort_by)
    return [record.external_id async for page in pages for record in page.records]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("behaviours") / "data"


@pytest.mark.parametrize(("name", "choice"), CHOICES, ids="=".join)
@pytest.mark.parametrize("sort_by", [None, "LastName"])
async def test_the_records_are_the_same_set_and_each_once(
    data: Path, name: str, choice: str, sort_by: str | None
) -> None:
    if not USUAL:
        with client_of(data, {}) as client:
            async with client:
                USUAL.extend(await read(client, None))
    with client_of(data, {name: choice}) as client:
        async with client:
            ids = await read(client, sort_by)
    assert len(ids) == len(set(ids)) == RECORDS
    if name not in IDS_OF_ITS_OWN:
        assert set(ids) == set(USUAL)


@pytest.mark.parametrize(("name", "choice"), CHOICES, ids="=".join)
async def test_a_record_lives_from_create_to_delete(data: Path, name: str, choice: str) -> None:
    with client_of(data, {name: choice}) as client:
        async with client:
            created = await client.create("lead", {"LastName": "Jones", "City": "Leeds"})
            record = await client.record("lead", created.external_id)
            assert record.properties["LastName"] == "Jones"
            await client.update("lead", created.external_id, {"LastName": "Smith"})
            record = await client.record("lead", created.external_id)
            assert record.properties["LastName"] == "Smith"
            await client.delete("lead", created.external_id)
            with pytest.raises(ApiError) as raised:
                await client.record("lead", created.external_id)
            assert raised.value.status in {404, 400}
