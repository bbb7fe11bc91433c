"""The catalog knows the entities, keeps the custom ones, and asks for nothing twice."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from cmdm_tui.api import Client, Credentials, NotFound, Record, SecretStr
from cmdm_tui.catalog import DEFAULT_ENTITIES, Catalog, infer_fields

CREDENTIALS = Credentials(SecretStr("a"), SecretStr("b"), "c", SecretStr("d"))
Rows = dict[str, list[dict[str, Any]]]


class Service:
    """A service of a few records, without a socket, that counts its calls."""

    def __init__(self, rows: Rows, described: set[str]) -> None:
        self.rows = rows
        self.described = described
        self.calls: list[str] = []

    def answer(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path.removeprefix("/api/v1/")
        if path == "authenticate":
            return httpx.Response(200, json={"token": "t"})
        self.calls.append(path)
        entity, _, rest = path.partition("/")
        if entity not in self.rows or (rest == "fields" and entity not in self.described):
            return httpx.Response(404, json={"Message": f"There is no {path}."})
        rows = self.rows[entity]
        if rest == "fields":
            fields = [{"ExternalID": name, "Properties": {"Name": name}} for name in rows[0]]
            return httpx.Response(200, json={"Total Records": len(fields), "Field": fields})
        records = [{"ExternalID": f"R{n}", "Properties": row} for n, row in enumerate(rows)]
        return httpx.Response(200, json={"Total Records": str(len(rows)), "Entity": records})


@pytest.fixture
def service() -> Service:
    rows: Rows = {name: [{"Name": "x"}] for name in DEFAULT_ENTITIES}
    rows["event"] = [{"Title": "Fair", "Price": "12.50"}]
    return Service(rows, described={name for name in DEFAULT_ENTITIES if name != "task"})


@pytest.fixture
def catalog_in(service: Service) -> Callable[[Path | None], Catalog]:
    client = Client("https://x", CREDENTIALS, transport=httpx.MockTransport(service.answer))
    return lambda file: Catalog(client, file=file)


async def test_a_custom_entity_is_checked_added_and_remembered(
    catalog_in: Callable[[Path | None], Catalog], service: Service, tmp_path: Path
) -> None:
    file = tmp_path / "catalogs" / "acme.json"
    catalog = catalog_in(file)
    assert await catalog.add_entity("event") == "event"
    assert await catalog.add_entity("EVENT") == "event"
    assert await catalog.add_entity("Lead") == "lead"
    assert service.calls == ["event"]
    again = catalog_in(file)
    assert again.entities == (*DEFAULT_ENTITIES, "event")
    again.forget_entity("event")
    assert catalog_in(file).entities == DEFAULT_ENTITIES


async def test_an_entity_the_service_has_not_is_not_added(
    catalog_in: Callable[[Path | None], Catalog],
) -> None:
    catalog = catalog_in(None)
    with pytest.raises(NotFound, match="There is no evnet"):
        await catalog.add_entity("evnet")
    assert catalog.entities == DEFAULT_ENTITIES


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b'{"entities": 3}', b'["\xff"]', b'{"entities": ["\xff"]}']
)
async def test_a_broken_file_counts_as_empty(
    catalog_in: Callable[[Path | None], Catalog], tmp_path: Path, content: bytes
) -> None:
    file = tmp_path / "acme.json"
    file.write_bytes(content)
    catalog = catalog_in(file)
    assert catalog.entities == DEFAULT_ENTITIES
    await catalog.add_entity("event")
    assert json.loads(file.read_bytes())["entities"] == ["event"]


async def test_fields_are_asked_for_once(
    catalog_in: Callable[[Path | None], Catalog], service: Service
) -> None:
    catalog = catalog_in(None)
    assert catalog.cached_fields("lead") == ()
    fields = await catalog.load_fields("lead")
    assert await catalog.load_fields("lead") == fields == catalog.cached_fields("lead")
    assert [field.name for field in fields] == ["Name"]
    assert service.calls == ["lead/fields"]
    await catalog.load_fields("lead", refresh=True)
    assert service.calls == ["lead/fields"] * 2


async def test_fields_are_inferred_where_none_are_described(
    catalog_in: Callable[[Path | None], Catalog], service: Service
) -> None:
    service.rows["task"] = [{"Subject": "Call"}]
    (field,) = await catalog_in(None).load_fields("task")
    assert (field.name, field.type, field.inferred) == ("Subject", "Text", True)
    assert service.calls == ["task/fields", "task"]


async def test_the_fields_of_no_entity_are_not_found(
    catalog_in: Callable[[Path | None], Catalog],
) -> None:
    with pytest.raises(NotFound):
        await catalog_in(None).load_fields("nothing")


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (["1", "2.50", None, "-3"], "Number"),
        ([1, 2.5], "Number"),
        (["2026-03-31", None], "Date"),
        (["2026-03-31T09:30:00Z"], "DateTime"),
        (["true", "false"], "Boolean"),
        ([True], "Boolean"),
        (["a@example.com"], "Email"),
        (["https://example.com/x"], "URL"),
        (["020 7946 0000", "02079460000"], "Text"),
        (["+442079460000"], "Text"),
        (["1", "one"], "Text"),
        (["2026-03-31", "soon"], "Text"),
        ([None, ""], "Text"),
        ([{"a": 1}], "Text"),
        (["0", "0.5"], "Number"),
    ],
)
def test_a_type_is_inferred_where_every_value_has_it(values: list[Any], kind: str) -> None:
    records = [Record("task", f"R{n}", {"Field": value}) for n, value in enumerate(values)]
    (field,) = infer_fields(records)
    assert (field.name, field.type, field.inferred) == ("Field", kind, True)
