"""A file of changes: read again as it was written, else refused in a sentence."""

import os
import stat
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmdm_tui.api.models import Parent
from cmdm_tui.changes.change_file import load_change_set, save_change_set
from cmdm_tui.changes.change_json import encode_json, read_json
from cmdm_tui.changes.change_set import Change, ChangeKind, ChangeSet, Reject
from cmdm_tui.changes.errors import ChangeFileError
from tests.changes.conftest import create, update

CHANGES = ChangeSet(
    (
        update("lead", "A", {"City": "H\u2028ull"}, City="\x1b]0;x\x07", Notes=None),
        create("account", Name="Ash"),
        Change(ChangeKind.CREATE, "contact", references={"AccountExternalID": 1}, origin="line 3"),
        Change(ChangeKind.CREATE, "task", properties={"Subject": "x"}, parent=Parent("lead", "A")),
        Change(ChangeKind.CREATE, "task", properties={"Subject": "x"}, parent_reference=1),
        Change(ChangeKind.DELETE, "lead", "B", before={"Score": Decimal("1.10")}),
        Change(ChangeKind.UPDATE, "account", references={"Owner": 2}, record_reference=1),
    ),
    "UPDATE …", "https://crm.example", "siân", 12.5, unchanged=1,
    rejects=(Reject("it is bad", "line 9", "City", create("lead", City="x")),),
    notes=("A note.",), calls_made=2, is_partial=True,
)  # fmt: skip

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters())
    | st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**9), max_value=10**9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)  # fmt: skip


def test_it_is_read_again_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "changes.jsonl"
    save_change_set(path, CHANGES)
    assert load_change_set(path) == CHANGES
    assert len(path.read_text("utf-8").split("\n")) == 10


@given(JSON)
def test_every_value_comes_back(value: Any) -> None:
    text = encode_json({"x": value})
    assert read_json(text) == {"x": value}
    assert text.isprintable() or not text.isascii()


def test_it_holds_nothing_that_a_terminal_acts_on(tmp_path: Path) -> None:
    path = tmp_path / "changes.jsonl"
    save_change_set(path, CHANGES)
    text = path.read_text("utf-8")
    assert "\x1b" not in text
    assert "\u2028" not in text
    assert "siân" in text


def test_only_its_owner_can_read_it_and_nothing_else_is_left_behind(tmp_path: Path) -> None:
    path = tmp_path / "changes.jsonl"
    before = os.umask(0)
    try:
        save_change_set(path, CHANGES)
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_that_is_there_is_kept_unless_told(tmp_path: Path) -> None:
    path = tmp_path / "changes.jsonl"
    path.write_text("precious")
    with pytest.raises(ChangeFileError, match=r"There is a file .* already"):
        save_change_set(path, CHANGES)
    assert path.read_text() == "precious"
    save_change_set(path, CHANGES, overwrite=True)
    assert load_change_set(path) == CHANGES
    assert list(tmp_path.iterdir()) == [path]


def test_reasons_stand_next_to_the_changes_and_are_ignored(tmp_path: Path) -> None:
    path = tmp_path / "changes.jsonl"
    save_change_set(path, CHANGES, reasons=["refused: no"] * 6)
    assert path.read_text("utf-8").count('"reason": "refused: no"') == 6
    assert load_change_set(path) == CHANGES


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ChangeFileError, match="cannot be written: No such file or directory"):
        save_change_set(tmp_path / "none" / "changes.jsonl", CHANGES)


@pytest.mark.parametrize(
    ("line", "content", "said"),
    [
        (1, "", "line 1: it is not JSON"),
        (1, "[]", "line 1: it is not an object"),
        (1, '{"a": 1}', "line 1: it is not a file of changes"),
        (1, '{"cmdm": "changes", "version": 2}', "line 1: it is in the form of another version"),
        (1, '{"cmdm": "changes", "version": 1}', "line 1: its title, address or username"),
        (2, "{", "line 2: it is not JSON"),
        (2, "{}", "line 2: its kind is none of create, update"),
        (2, '{"kind": "update", "id": "A"}', "line 2: its entity is not a text"),
        (2, '{"kind": "update", "entity": "lead", "id": 5}', "line 2: its id is not a text"),
        (
            2,
            '{"kind": "update", "entity": "lead", "filter": 5}',
            "line 2: a change has no 'filter'",
        ),
        (2, '{"kind": "create", "entity": "a", "properties": []}', "properties are not an object"),
        (
            2,
            '{"kind": "create", "entity": "a", "properties": {"a": 1, "a": 2}}',
            "line 2: properties: a name is given twice",
        ),
        (
            2,
            '{"kind": "create", "entity": "a", "references": {"a": -1}}',
            "line 2: a reference is not the position of a change",
        ),
        (2, '{"kind": "create", "entity": "a", "parent": ["a"]}', "line 2: its parent is not"),
        (2, '{"kind": "delete", "entity": "a"}', "change 1: it names no record"),
        (9, '{"reject": 5}', "line 9: a reject is not text"),
        (3, None, "holds 6 changes, and should hold 7"),
    ],
)
def test_anything_else_is_refused_with_its_line(
    tmp_path: Path, line: int, content: str | None, said: str
) -> None:
    path = tmp_path / "changes.jsonl"
    save_change_set(path, CHANGES)
    lines = path.read_text("utf-8").split("\n")
    lines[line - 1 : line] = [] if content is None else [content]
    path.write_text("\n".join(lines), "utf-8")
    with pytest.raises(ChangeFileError) as raised:
        load_change_set(path)
    assert said in str(raised.value)


def test_what_is_no_text_or_no_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "changes.jsonl"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ChangeFileError, match="is not text in UTF-8"):
        load_change_set(path)
    with pytest.raises(ChangeFileError, match="cannot be read: it is a folder"):
        load_change_set(tmp_path)
    with pytest.raises(ChangeFileError, match="cannot be read: No such file"):
        load_change_set(tmp_path / "none")
