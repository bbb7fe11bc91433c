"""`cmdm probe` says what it costs, keeps what it learns, and prints it for people or scripts."""

import json
from pathlib import Path

import pytest

from cmdm_tui.sandbox import RunningInfo
from tests.cli.conftest import Command

pytestmark = pytest.mark.usefixtures("signed_in")


def kept(home: Path) -> Path:
    (file,) = (home / "data").rglob("*.traits.json")
    return file


def test_it_says_its_calls_first_and_keeps_the_traits(cmdm: Command, home: Path) -> None:
    ended = cmdm("probe", "--json")
    assert ended.code == 0
    assert "with at most 34 calls that read." in ended.err
    assert ended.err.endswith("24 calls made.\n")
    assert ended.json["collation"]["value"] == ["casefold"]
    assert ended.json["collation"]["learnt"].endswith("Z")
    document = ended.json
    assert (document.pop("schema"), document.pop("version")) == ("cmdm-traits", 1)
    assert json.loads(kept(home).read_bytes()) == document
    shown = cmdm("probe", "--show", "--json")
    assert (shown.json, shown.err) == (ended.json, "")


def test_a_pipe_gets_a_line_a_trait(cmdm: Command) -> None:
    ended = cmdm("probe", "--entity", "contact")
    rows = [line.split("\t") for line in ended.out.decode().splitlines()]
    assert all(len(row) == 3 for row in rows)
    found = {row[0]: row[1] for row in rows}
    assert found["nulls first"] == "yes"
    assert found["default page"] == "45 records, all there are"
    assert found["update merges"] == "unknown"
    assert "with at most 30 calls that read." in ended.err


def test_fewer_calls_learn_less(cmdm: Command, home: Path) -> None:
    ended = cmdm("probe", "--json", "--max-calls", "7")
    assert ended.code == 0
    assert "7 are allowed in all" in ended.err
    assert "Stopped early: The 7 calls allowed are spent." in ended.err
    assert ended.json["list_key"]["value"] == "Entity"
    assert ended.json["collation"]["value"] is None
    assert kept(home).exists()


def test_what_was_not_reached_stays_as_it_was(cmdm: Command) -> None:
    before = cmdm("probe", "--json").json
    after = cmdm("probe", "--json", "--max-calls", "5").json
    assert after["collation"] == before["collation"]


def test_writing_leaves_no_record_behind(cmdm: Command) -> None:
    ended = cmdm("probe", "--writes", "--json")
    assert "and at most 10 that make, change and delete a scratch lead" in ended.err
    assert ended.json["update_merges"]["value"] is True
    assert ended.err.endswith("33 calls made.\n")
    assert cmdm("list", "lead", "--per-page", "1", "--page", "1").json["Total Records"] == "100"


def test_a_broken_file_is_learnt_anew(cmdm: Command, home: Path) -> None:
    cmdm("probe")
    kept(home).write_bytes(b"{")
    assert cmdm("probe", "--show", "--json").json["collation"]["value"] is None
    assert cmdm("probe", "--json").json["collation"]["value"] == ["casefold"]


def test_an_entity_that_is_none_teaches_nothing(cmdm: Command) -> None:
    ended = cmdm("probe", "--entity", "no\x1bsuch")
    assert (ended.code, ended.out) == (4, b"")
    assert "no list came of no␛such" in ended.err
    assert "\x1b" not in ended.err


@pytest.mark.parametrize("words", [["--max-calls", "0"], ["--max-calls", "x"], ["lead"]])
def test_bad_options_are_usage_errors(cmdm: Command, words: list[str]) -> None:
    assert cmdm("probe", *words).code == 2


def test_wrong_credentials_end_with_3(cmdm: Command, sandbox: RunningInfo) -> None:
    ended = cmdm("probe", CMDM_PASSWORD="wrong-secret")
    assert (ended.code, ended.out) == (3, b"")
    assert "wrong-secret" not in ended.err
    assert sandbox.client_secret not in ended.err


def test_no_network_ends_with_6(cmdm: Command) -> None:
    assert cmdm("probe", CMDM_URL="http://127.0.0.1:1").code == 6
