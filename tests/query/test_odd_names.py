"""Entities and fields may be named as a service likes: each name that SQL can write is found."""

import json
from collections.abc import AsyncGenerator
from decimal import Decimal
from typing import Any
from urllib.parse import unquote

import httpx
import pytest

from cmdm_tui.catalog import Account
from cmdm_tui.config import Credentials, Profile, SecretStr
from cmdm_tui.query.engine import Engine
from cmdm_tui.query.errors import UnknownName
from tests.query.small_service import SmallService, open_engine

ENTITIES = ("Site Visit", "odd;name", 'q"e', "a.b")
VALUES: list[dict[str, Any]] = [
    {"Deal Name": "x", "select": "1", "Größe": "é", 'q"uote': "z", "a.b": "dot", "city ": "t"},
    {"Deal Name": "Y", "": "empty", "\0": "null", "\ud800": "half", "Größe": None},
]


def answer(request: httpx.Request) -> httpx.Response:
    path = unquote(request.url.raw_path.decode().partition("?")[0]).rpartition("/v1/")[2]
    if path == "authenticate":
        return httpx.Response(200, json={"token": "t"})
    if path not in ENTITIES:
        return httpx.Response(404)
    records = [{"ExternalID": f"R{n}", "Properties": one} for n, one in enumerate(VALUES)]
    page = {"Total Records": "2", "Total Pages": "1", "Entity": records}
    return httpx.Response(200, content=json.dumps(page))


@pytest.fixture
async def engine() -> AsyncGenerator[Engine]:
    secret = SecretStr("s")
    credentials = Credentials(secret, secret, "u", secret)
    profile = Profile("odd", "http://localhost", credentials, "odd", entities=ENTITIES)
    transport = httpx.MockTransport(answer)
    async with Account.open(profile, catalogs=None, transport=transport) as account:
        one = Engine(account)
        yield one
        one.close()


@pytest.mark.parametrize(
    ("sql", "rows"),
    [
        ('SELECT "deal name" FROM "site visit" ORDER BY "Deal Name"', [("x",), ("Y",)]),
        ('SELECT "GRÖSSE", v."größe" FROM "Site Visit" v LIMIT 1', [("é", "é")]),
        ('SELECT max("Größe") FROM "SITE VISIT" WHERE "GRÖßE" >= \'a\'', [("é",)]),
        (
            'SELECT "select", "q""uote", "a.b", "city " FROM "odd;name" LIMIT 1',
            [("1", "z", "dot", "t")],
        ),
        ('SELECT "q""e"."select" FROM "q""e" WHERE "q""e"."select" > 0', [("1",)]),
        ('SELECT count(*) FROM "a.b" JOIN "Site Visit" s USING ("Deal Name")', [(2,)]),
    ],
)
async def test_odd_names_are_found_in_any_case(
    engine: Engine, sql: str, rows: list[tuple[Any, ...]]
) -> None:
    assert (await engine.run(await engine.prepare(sql))).rows == rows


async def test_fields_that_sql_cannot_name_leave_the_others_to_be_queried(engine: Engine) -> None:
    result = await engine.run(await engine.prepare('SELECT * FROM "Site Visit"'))
    names = [one.name for one in result.columns]
    assert names == ["ExternalID", "Deal Name", "select", "Größe", 'q"uote', "a.b", "city "]
    assert result.count == 2


async def test_an_odd_name_that_is_wrong_gets_the_nearest(engine: Engine) -> None:
    with pytest.raises(UnknownName, match="Did you mean Site Visit"):
        await engine.prepare("SELECT * FROM Site Visit")
    with pytest.raises(UnknownName, match="Did you mean Größe"):
        await engine.prepare('SELECT "Grösse" FROM "Site Visit" WHERE "Größen" = 1')


@pytest.mark.parametrize("name", ["batch", "cmdm_result", "hidden", "compared", "select", "temp"])
async def test_an_entity_may_have_a_name_of_the_engines_own(name: str) -> None:
    service = SmallService({name: [("R1", {"A": "x"}), ("R2", {"A": "Y"})]}, {name: {"A": "Text"}})
    async with open_engine(service) as engine:
        for order, expected in (("A", ["x", "Y"]), ("1 DESC", ["Y", "x"])):
            result = await engine.run(
                await engine.prepare(f'SELECT A FROM "{name}" ORDER BY {order}')
            )
            assert [one for (one,) in result.rows] == expected
            assert [one for (one,) in result.sorted_by("A", descending=True).rows] == ["Y", "x"]


ALIKE = {
    "City": "a", "city": "b", "CITY": "c", "externalID": "own", "ExternalID": "hidden", "": "empty",
    "Amount": "12.50", "amount": "7",
}  # fmt: skip


@pytest.fixture
async def alike() -> AsyncGenerator[Engine]:
    """An engine on fields whose names differ by case alone, or are those of the engine."""
    types = {name: "Number" if name.casefold() == "amount" else "Text" for name in ALIKE if name}
    async with open_engine(SmallService({"place": [("R1", ALIKE)]}, {"place": types})) as one:
        yield one


@pytest.mark.parametrize(
    ("sql", "row"),
    [
        ('SELECT "city", "City", "CITY" FROM place', ("b", "a", "c")),
        ("SELECT city, City, CITY, CiTy FROM place", ("b", "a", "c", "a")),
        ('SELECT p."city" FROM place p WHERE p."city" = \'b\' ORDER BY "city"', ("b",)),
        ('SELECT "externalID", ExternalID FROM place', ("own", "R1")),
        ('SELECT "amount" + 1, Amount + 1 FROM place', (Decimal(8), Decimal("13.5"))),
        ('SELECT CAST("amount" AS VARCHAR), CAST(Amount AS VARCHAR) FROM place', ("7", "12.50")),
        ('SELECT max("city"), count(*) FROM place GROUP BY "CITY"', ("b", 1)),
        ('SELECT x FROM (SELECT "city" AS x FROM place) q', ("b",)),
    ],
)
async def test_names_that_differ_by_case_alone_are_each_found(
    alike: Engine, sql: str, row: tuple[Any, ...]
) -> None:
    assert (await alike.run(await alike.prepare(sql))).rows == [row]


async def test_no_field_vanishes_without_a_word(alike: Engine) -> None:
    result = await alike.run(await alike.prepare("SELECT * FROM place"))
    names = [one.name for one in result.columns]
    assert names == ["ExternalID", "City", "city", "CITY", "externalID", "Amount", "amount"]
    assert "SQL cannot name 1 field of place: 'ExternalID'." in result.notes.sentences


async def test_fields_without_a_name_are_told(engine: Engine) -> None:
    result = await engine.run(await engine.prepare('SELECT * FROM "Site Visit"'))
    assert any(
        note.startswith("SQL cannot name 3 fields of Site Visit") for note in result.notes.sentences
    )
