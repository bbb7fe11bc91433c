"""The seed data: the same every time, valid, related, and harmless."""

import hashlib
import json
import re
import runpy
from datetime import datetime
from functools import cache
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

import msgspec
import pytest

from cmdm_tui.sandbox import SandboxError, seed
from cmdm_tui.sandbox.schema import ENTITIES
from cmdm_tui.sandbox.seed import record_spool
from cmdm_tui.sandbox.seed.british_names import LAST_NAMES, STREETS
from cmdm_tui.sandbox.seed.random_values import seeded_id
from cmdm_tui.sandbox.seed.record_spool import generate_in_process
from cmdm_tui.sandbox.wire_types import find_value_error

SCRIPT = Path(__file__).parents[2] / "scripts" / "build_word_lists.py"
RECORDS = 600
RESERVED = re.compile(r"(^|[@/.])([a-z0-9-]+\.)*example(/|$)")
DRAMA = re.compile(
    r"020 7946 0\d{3}|01(13|14|15|16|17|18|21|31|41|51|61) 496 0\d{3}|0191 498 0\d{3}|"
    r"028 9649 6\d{3}|029 2018 0\d{3}|01632 960\d{3}|07700 900\d{3}"
)


@cache
def seeded(records: int = RECORDS) -> dict[str, dict[str, dict[str, Any]]]:
    return {
        entity: {external_id: json.loads(record) for external_id, record in rows}
        for entity, rows in seed.generate_records(records).items()
    }


def test_the_same_size_gives_the_same_records_byte_for_byte() -> None:
    one, other = (
        [(entity, list(rows)) for entity, rows in seed.generate_records(200).items()]
        for _ in range(2)
    )
    assert one == other


def test_the_records_are_those_of_every_other_machine() -> None:
    """Pin a few: a change here changes everybody's data, and should be meant."""
    entity, rows = next(iter(seed.generate_records(200).items()))
    external_id, record = next(iter(rows))
    assert (entity, external_id) == ("account", seeded_id("account", 0))
    assert msgspec.json.decode(record)["CreatedDate"].startswith("2023-04-")


@pytest.mark.parametrize("records", [0, 1, 2, 7, RECORDS])
def test_sizes_are_what_is_generated(records: int) -> None:
    assert {entity: len(rows) for entity, rows in seeded(records).items()} == seed.count_records(
        records
    )
    assert set(seed.count_records(records)) == set(ENTITIES)


def test_every_value_is_valid_against_the_schema() -> None:
    for entity, rows in seeded().items():
        fields = ENTITIES[entity].fields
        for record in rows.values():
            assert list(record) == [field.name for field in fields]
            for field in fields:
                assert find_value_error(field, record[field.name]) is None, (entity, field, record)


def test_ids_are_unique_and_of_the_documented_form() -> None:
    for rows in seeded().values():
        assert all(re.fullmatch("[0-9A-Z]{8}", external_id) for external_id in rows)
    many = {seeded_id("lead", index) for index in range(50_000)}
    assert len(many) == 50_000


def test_references_point_at_records_that_exist() -> None:
    data = seeded()
    found = 0
    for entity in ("lead", "contact"):
        for record in data[entity].values():
            if record["AccountExternalID"] is not None:
                assert record["AccountExternalID"] in data["account"]
                found += 1
    for entity in ("task", "opportunity"):
        for record in data[entity].values():
            if record["RelatedEntity"] is not None:
                assert record["RelatedExternalID"] in data[record["RelatedEntity"]]
                found += 1
    assert found > RECORDS


def test_converted_leads_name_the_account_they_became() -> None:
    data = seeded()
    for lead in data["lead"].values():
        assert (lead["Status"] == "Converted") == (lead["AccountExternalID"] is not None)
        if lead["AccountExternalID"] is not None:
            assert data["account"][lead["AccountExternalID"]]["Name"] == lead["Company"]


def test_dates_stand_in_a_sensible_order() -> None:
    data = seeded()
    for rows in data.values():
        created = [record["CreatedDate"] for record in rows.values()]
        assert created == sorted(created)
        for record in rows.values():
            assert record["CreatedDate"] <= record["ModifiedDate"] <= "2026-03-31T09:30:00Z"
    for task in data["task"].values():
        assert (task["Status"] == "Closed") == (task["ClosedDate"] is not None)
        if task["ClosedDate"]:
            assert task["CreatedDate"] <= task["ClosedDate"] <= task["ModifiedDate"]
    for event in data["event"].values():
        if event["EndsAt"]:
            assert datetime.fromisoformat(event["StartsAt"]) < datetime.fromisoformat(
                event["EndsAt"]
            )


def test_opportunities_are_decided_as_their_stage_says() -> None:
    for opportunity in seeded()["opportunity"].values():
        decided = {"Won": "100", "Lost": "0"}
        if opportunity["Stage"] in decided:
            assert opportunity["Probability"] == decided[opportunity["Stage"]]
            assert opportunity["CloseDate"] <= "2026-03-31"


def test_nothing_reaches_a_real_person() -> None:
    for rows in seeded().values():
        for record in rows.values():
            for name in ("Email", "Website", "URL"):
                if record.get(name):
                    assert RESERVED.search(record[name]), record[name]
            for name in ("Phone", "Mobile"):
                if record.get(name):
                    assert DRAMA.fullmatch(record[name]), record[name]


def test_names_are_as_awkward_as_real_ones() -> None:
    text = json.dumps(seeded(), ensure_ascii=False)
    for name in ("O'Neill", "McDonald", "Siân", "Zoë", "van der Berg", "ÅSA", "SMITH", "ffoulkes"):
        assert name in text


def test_every_field_that_may_be_null_sometimes_is_and_mostly_is_not() -> None:
    for entity, rows in seeded().items():
        for field in ENTITIES[entity].fields:
            values = [record[field.name] for record in rows.values()]
            assert any(value is not None for value in values), (entity, field.name)
    leads = seeded()["lead"].values()
    assert any(lead["Company"] is None for lead in leads)
    assert any(lead["Notes"] is None for lead in leads)


def test_records_made_by_another_process_are_the_same(tmp_path: Path) -> None:
    records = 1_500
    with generate_in_process(records, tmp_path) as made:
        there = {entity: list(rows) for entity, rows in made.items()}
    here = {entity: list(rows) for entity, rows in seed.generate_records(records).items()}
    assert there == here
    assert list(tmp_path.iterdir()) == []


def test_a_process_that_fails_while_making_records_is_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(record_spool, "_PROGRAM", "raise SystemExit(1)")
    with (
        generate_in_process(10, tmp_path) as made,
        pytest.raises(SandboxError, match="account records failed"),
    ):
        list(made["account"])


def test_the_names_are_those_that_the_script_writes() -> None:
    script = runpy.run_path(str(SCRIPT))
    licence = distribution("mimesis").read_text("licenses/LICENSE")
    written = script["render_module"](LAST_NAMES, STREETS, licence)
    assert script["FILE"].read_text("utf-8") == written


# Of a few sizes, the digest of all ids and records: what cassettes and tests rest on.
DIGESTS = {
    1: "c5f7b0cc4afa28985f8a3123",
    100: "35e34f1bd00a1d6ecc87ce92",
    2_000: "fef5597b2435368b41e59da5",
}


@pytest.mark.parametrize(("records", "digest"), DIGESTS.items())
def test_the_records_never_change(records: int, digest: str) -> None:
    seen = hashlib.sha256()
    for entity, rows in seed.generate_records(records).items():
        for row in rows:
            seen.update(repr((entity, row)).encode())
    assert seen.hexdigest()[:24] == digest
