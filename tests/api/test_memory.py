"""What a long reading keeps in memory: a few bytes a record, however many come."""

import asyncio
import json
import sys
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cmdm_tui.api.id_set import IdSet
from tests.api.conftest import Request, ScriptedServer, http
from tests.api.memory_reader import PER_PAGE

_WHOLE, _SAMPLE = 1_000_000, 60_000
_BYTES_A_RECORD, _PAGES_UNDER_WAY = 12, 2_000_000
"""Bounds of the growth: some 9 bytes tell a record apart; how many pages are held is chance."""

_CITY = '"City":"York","Company":"Jones & Co","Email":"ada@example.com","Notes":null'


def page_of(number: int, total: int) -> bytes:
    """Return a page of leads as the service writes it."""
    first = (number - 1) * PER_PAGE
    rows = ",".join(
        f'{{"ExternalID":"R{row:07}","Properties":{{"LastName":"Lead {row}",{_CITY}}}}}'
        for row in range(first, min(first + PER_PAGE, total))
    )
    pages = -(-total // PER_PAGE)
    return f'{{"Total Records":"{total}","Total Pages":"{pages}","Entity":[{rows}]}}'.encode()


async def stays_flat(server: ScriptedServer, total: int, kept: str) -> bool:
    """Return whether the last nine tenths of the records added no more than the bounds."""

    def script(request: Request) -> bytes:
        number = int(parse_qs(urlsplit(request.path).query)["page"][0])
        return http(200, page_of(number, total))

    server.script = script
    words = ["-m", "tests.api.memory_reader", server.url, kept]
    child = await asyncio.create_subprocess_exec(
        sys.executable, *words, stdout=asyncio.subprocess.PIPE
    )
    told, _ = await child.communicate()
    found: dict[str, int] = json.loads(told)
    assert found["count"] == total
    return found["late"] - found["early"] < _PAGES_UNDER_WAY + _BYTES_A_RECORD * total


async def test_memory_stays_flat_however_many_records_come(
    server: ScriptedServer, runs_whole: bool
) -> None:
    total = _WHOLE if runs_whole else _SAMPLE
    assert await stays_flat(server, total, "nothing")


async def test_a_reading_that_keeps_its_ids_would_be_caught(server: ScriptedServer) -> None:
    assert not await stays_flat(server, _SAMPLE, "ids")


@settings(deadline=None)
@given(st.lists(st.lists(st.text(max_size=2), max_size=30), max_size=8))
def test_ids_are_told_apart_as_a_set_tells_them(pages: list[list[str]]) -> None:
    seen, known = IdSet(), set[str]()
    for page in pages:
        new = [page[place] for place in seen.add(page)]
        assert new == list(dict.fromkeys(text for text in page if text not in known))
        known.update(page)
        assert len(seen) == len(known)


@pytest.mark.parametrize("external_id", ["", "Ω" * 5_000, "\ud800", "\0"])
def test_any_text_is_an_id(external_id: str) -> None:
    seen = IdSet()
    assert seen.add([external_id, external_id]) == [0]
    assert seen.add([external_id]) == []
