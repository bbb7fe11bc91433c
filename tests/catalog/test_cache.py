"""Fields and counts are kept between runs, for a while, and for their own server alone."""

from pathlib import Path

import pytest

from cmdm_tui.api import Field
from cmdm_tui.catalog.cache import FIELDS_MAX_AGE, TOTAL_MAX_AGE, CatalogCache, RecordCount

FIELDS = (Field("Name", type="Text"), Field("Score", type="Number", inferred=True))


class Clock:
    time = 1_000_000.0

    def now(self) -> float:
        return self.time


def test_what_is_kept_is_known_to_the_next_run(tmp_path: Path) -> None:
    file = tmp_path / "catalogs" / "acme.facts.json"
    facts = CatalogCache(file, "https://x")
    facts.store_fields("lead", FIELDS)
    facts.store_total("lead", 12)
    facts.store_page_size(500)
    assert not file.exists()
    facts.save()
    again = CatalogCache(file, "https://x")
    assert (again.fields("lead"), again.total("lead"), again.largest_page) == (FIELDS, 12, 500)


def test_nothing_is_known_of_another_server(tmp_path: Path) -> None:
    file = tmp_path / "facts.json"
    facts = CatalogCache(file, "https://x")
    facts.store_total("lead", 12)
    facts.save()
    assert CatalogCache(file, "https://y").total("lead") is None


@pytest.mark.parametrize(
    "content",
    [b"", b"[]", b'{"entities": 3}', b"\xff", b'{"server": "\xff"}', b"[" * 100_000],
)
def test_a_broken_file_counts_as_empty(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "facts.json"
    file.write_bytes(content)
    assert CatalogCache(file, "https://x").fields("lead") == ()


def test_what_was_told_long_ago_is_not_believed() -> None:
    clock = Clock()
    facts = CatalogCache(None, "https://x", now=clock.now)
    facts.store_fields("lead", FIELDS)
    facts.store_total("lead", 12)
    clock.time += TOTAL_MAX_AGE - 1
    assert facts.total("lead") == 12
    clock.time += 1
    assert (facts.total("lead"), facts.fields("lead")) == (None, FIELDS)
    clock.time += FIELDS_MAX_AGE
    assert facts.fields("lead") == ()


def test_a_count_of_any_age_is_shown_with_its_age() -> None:
    clock = Clock()
    facts = CatalogCache(None, "https://x", now=clock.now)
    assert facts.count("lead") is None
    facts.store_total("lead", 12)
    clock.time += 3 * TOTAL_MAX_AGE
    count = facts.count("lead")
    assert count is not None
    assert (count.total, count.age, count.is_recent) == (12, 3 * TOTAL_MAX_AGE, False)
    clock.time -= 4 * TOTAL_MAX_AGE
    assert facts.count("lead") is None


def test_a_change_ends_every_count_and_no_field(tmp_path: Path) -> None:
    file = tmp_path / "facts.json"
    facts = CatalogCache(file, "https://x")
    facts.store_total("lead", 12)
    facts.store_fields("lead", FIELDS)
    facts.save()
    facts.forget_totals()
    facts.save()
    again = CatalogCache(file, "https://x")
    assert (again.count("lead"), again.fields("lead")) == (None, FIELDS)


def test_a_list_of_ids_is_not_believed(tmp_path: Path) -> None:
    file = tmp_path / "facts.json"
    facts = CatalogCache(file, "https://x")
    facts.store_fields("lead", (Field("F1", external_id="F1", is_named_by_id=True),))
    facts.save()
    assert CatalogCache(file, "https://x").fields("lead") == ()


def test_a_folder_that_cannot_be_written_fails_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    facts = CatalogCache(tmp_path / "file" / "facts.json", "https://x")
    facts.store_total("lead", 12)
    facts.save()
    assert facts.total("lead") == 12


def test_what_is_forgotten_is_kept_as_forgotten(tmp_path: Path) -> None:
    facts = CatalogCache(tmp_path / "facts.json", "https://x")
    facts.store_total("lead", 12)
    facts.save()
    facts.forget_entity("lead")
    facts.save()
    assert CatalogCache(tmp_path / "facts.json", "https://x").total("lead") is None


def test_fields_that_no_file_can_hold_are_asked_for_again(tmp_path: Path) -> None:
    file = tmp_path / "facts.json"
    facts = CatalogCache(file, "https://x")
    facts.store_fields("lead", (Field("half \ud83d of a pair"),))
    facts.store_fields("account", FIELDS)
    facts.save()
    assert facts.fields("lead")
    again = CatalogCache(file, "https://x")
    assert (again.fields("lead"), again.fields("account")) == ((), FIELDS)


def test_what_was_made_here_is_told_beside_the_total_of_before() -> None:
    clock = Clock()
    facts = CatalogCache(None, "https://x", now=clock.now)
    facts.store_total("lead", 1_500)
    clock.time += 10
    for by in (1, 1, -1):
        facts.change_total("lead", by, since=clock.now())
    assert facts.last_count("lead") == RecordCount(1_500, 10, 1)
    assert facts.count("lead") is None
    assert facts.total("lead") is None
    facts.store_total("lead", 1_501)
    assert facts.last_count("lead") == RecordCount(1_501, 0)
    facts.forget_total("lead")
    assert facts.last_count("lead") is None


def test_a_total_that_may_count_what_was_made_is_forgotten() -> None:
    clock = Clock()
    facts = CatalogCache(None, "https://x", now=clock.now)
    begun = clock.now()
    facts.store_total("lead", 1_501)
    facts.change_total("lead", 1, since=begun)
    assert facts.last_count("lead") is None
    facts.change_total("contact", 1, since=begun)
    assert facts.last_count("contact") is None
