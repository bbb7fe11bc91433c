"""Traits are kept beside the catalog, each with evidence and date, and read again or not at all."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cmdm_tui.catalog import Catalog, DefaultPage, Trait, Traits
from cmdm_tui.catalog.traits import (
    clean_evidence,
    read_traits,
    traits_file,
    traits_json,
    write_traits,
)
from tests.catalog.configurable_service import ConfigurableService

MORNING = datetime(2026, 3, 31, 9, 30, tzinfo=UTC)
LEARNT = Traits(server="https://service.example/api/v1").with_findings(
    {
        "largest_page": Trait(500, "500 of 2,000 records came.", MORNING),
        "default_page": Trait(DefaultPage(50, is_complete=False), "50 of 200.", MORNING),
        "collation": Trait(("casefold", "locale"), "90 pairs agree.", MORNING),
        "nulls_first": Trait(False, "Nulls come last.", MORNING),
        "past_end": Trait(None, "No total came.", MORNING),
    }
)


def test_traits_are_read_as_they_were_written(tmp_path: Path) -> None:
    file = traits_file(tmp_path / "folder" / "acme.corp.json")
    assert file.name == "acme.corp.traits.json"
    write_traits(file, LEARNT)
    assert read_traits(file, LEARNT.server) == LEARNT
    assert file.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in file.parent.iterdir()] == [file.name]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"\xff",
        b'{"server": 3}',
        b'{"server": "\xff"}',
        b'{"server": "https://service.example/api/v1", "largest_page": {"value": "many"}}',
        b"[" * 100_000,
    ],
)
def test_a_broken_file_counts_as_none(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "acme.traits.json"
    file.write_bytes(content)
    assert read_traits(file, LEARNT.server) == Traits(server=LEARNT.server)


def test_the_traits_of_another_server_count_as_none(tmp_path: Path) -> None:
    file = tmp_path / "acme.traits.json"
    write_traits(file, LEARNT)
    assert read_traits(file, "https://other.example/api/v1").learnt is None


def test_what_nobody_probed_is_unknown() -> None:
    trait = Traits().collation
    assert (trait.value, trait.is_known, trait.learnt) == (None, False, None)
    assert trait.evidence == "Not probed yet."
    assert Traits().learnt is None
    assert LEARNT.nulls_first.is_known
    assert LEARNT.learnt == MORNING


def test_the_json_tells_value_evidence_and_date_of_each() -> None:
    told = json.loads(traits_json(LEARNT))
    assert set(told) == {"server", *Traits.names()}
    assert told["default_page"] == {
        "value": {"records": 50, "is_complete": False},
        "evidence": "50 of 200.",
        "learnt": "2026-03-31T09:30:00Z",
    }
    assert told["totals"] == {"value": None, "evidence": "Not probed yet.", "learnt": None}


def test_evidence_is_one_safe_line() -> None:
    shown = clean_evidence("a\x1b[2J\n\u202eb" + "x" * 1_000)
    assert shown.startswith("a␛[2J <U+202E>b")
    assert len(shown) < 450


async def test_a_catalog_gives_the_traits_without_a_call(tmp_path: Path) -> None:
    service = ConfigurableService()
    file = tmp_path / "acme.json"
    async with service.client() as client:
        catalog = Catalog(client, file=file)
        assert catalog.traits == Traits(server=LEARNT.server)
        catalog.store_traits(LEARNT)
        assert Catalog(client, file=file).traits == LEARNT
        assert Catalog(client, file=None).traits.learnt is None
    assert service.calls == []
