"""Fields and counts are kept between runs, for a while, and for their own server alone."""

from pathlib import Path

import pytest

from cmdm_tui.api import Field
from cmdm_tui.catalog.facts import FIELDS_LAST, TOTAL_LASTS, Facts

FIELDS = (Field("Name", type="Text"), Field("Score", type="Number", inferred=True))


class Clock:
    time = 1_000_000.0

    def now(self) -> float:
        return self.time


def test_what_is_kept_is_known_to_the_next_run(tmp_path: Path) -> None:
    file = tmp_path / "catalogs" / "acme.facts.json"
    facts = Facts(file, "https://x")
    facts.learn_fields("lead", FIELDS)
    facts.learn_total("lead", 12)
    facts.learn_page(500)
    assert not file.exists()
    facts.keep()
    again = Facts(file, "https://x")
    assert (again.fields("lead"), again.total("lead"), again.longest_page) == (FIELDS, 12, 500)


def test_nothing_is_known_of_another_server(tmp_path: Path) -> None:
    file = tmp_path / "facts.json"
    facts = Facts(file, "https://x")
    facts.learn_total("lead", 12)
    facts.keep()
    assert Facts(file, "https://y").total("lead") is None


@pytest.mark.parametrize(
    "content",
    [b"", b"[]", b'{"entities": 3}', b"\xff", b'{"server": "\xff"}', b"[" * 100_000],
)
def test_a_broken_file_counts_as_empty(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "facts.json"
    file.write_bytes(content)
    assert Facts(file, "https://x").fields("lead") == ()


def test_what_was_told_long_ago_is_not_believed() -> None:
    clock = Clock()
    facts = Facts(None, "https://x", now=clock.now)
    facts.learn_fields("lead", FIELDS)
    facts.learn_total("lead", 12)
    clock.time += TOTAL_LASTS - 1
    assert facts.total("lead") == 12
    clock.time += 1
    assert (facts.total("lead"), facts.fields("lead")) == (None, FIELDS)
    clock.time += FIELDS_LAST
    assert facts.fields("lead") == ()


def test_a_folder_that_cannot_be_written_fails_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    facts = Facts(tmp_path / "file" / "facts.json", "https://x")
    facts.learn_total("lead", 12)
    facts.keep()
    assert facts.total("lead") == 12


def test_what_is_forgotten_is_kept_as_forgotten(tmp_path: Path) -> None:
    facts = Facts(tmp_path / "facts.json", "https://x")
    facts.learn_total("lead", 12)
    facts.keep()
    facts.forget("lead")
    facts.keep()
    assert Facts(tmp_path / "facts.json", "https://x").total("lead") is None
