"""Rows written to a file: those that were read, as they are shown, whole or not at all."""

import asyncio
import csv
import json
import os
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from textual.widgets import Input

from cmdm_tui.formats import Format, OutputRow
from cmdm_tui.tui import Explorer
from cmdm_tui.tui.models import exported_rows
from cmdm_tui.tui.models.copied_text import CopiedColumn
from cmdm_tui.tui.models.exported_rows import (
    ExportedRows,
    ExportFailed,
    ExportStopped,
    check_file,
    collect_rows,
    suggest_file,
    write_rows,
)
from cmdm_tui.tui.models.marks import Marks
from cmdm_tui.tui.models.row_source import SourceColumn
from cmdm_tui.tui.screens.dialogs.choice import ChoiceScreen
from cmdm_tui.tui.screens.dialogs.export import ExportScreen
from tests.tui.driver import (
    FixedProfiles,
    browse,
    notice_text,
    press,
    screen_words,
    wait_until_settled,
)
from tests.tui.lines_source import Lines
from tests.tui.scripted_service import ScriptedService, profile

COLUMNS = [
    CopiedColumn.of_text(place, SourceColumn(name, name, 5, is_number=True))
    for place, name in ((0, "a"), (2, "c"))
]
HOSTILE = "\x1b[2J\u202e"
ROWS = [["007", "-", HOSTILE], None, ["=1+1", "-", None], ["x", "-", {"b": [1]}]]


def marked(*keys: str) -> Marks:
    marks = Marks()
    marks.mark(keys)
    return marks


def rows_read() -> ExportedRows:
    return collect_rows(Lines(ROWS), COLUMNS, Marks())


def test_only_rows_that_were_read_are_collected_and_that_is_said() -> None:
    rows = rows_read()
    assert len(rows) == 3
    assert rows.description == "3 of 4 rows: those that were read"
    assert rows.mark == "partial"
    assert rows.advice == "Text, JSON and Markdown files say so too."
    hinted = collect_rows(Lines(ROWS), COLUMNS, Marks(), "SQL has all.")
    assert hinted.advice == f"{rows.advice} SQL has all."
    whole = collect_rows(Lines([["1", "2", "3"]] * 2), COLUMNS, Marks())
    assert (whole.description, whole.mark, whole.advice) == ("all 2 rows", "", "")


def test_marked_rows_are_collected_in_the_order_of_the_rows() -> None:
    rows = collect_rows(Lines(ROWS), COLUMNS, marked("K3", "K0"))
    assert [row[0] for batch in rows.batches() for row in batch] == ["007", "x"]
    assert (rows.description, rows.mark) == ("2 marked rows", "")
    lacking = collect_rows(Lines(ROWS), COLUMNS, marked("K3", "K1"))
    assert lacking.description == "1 marked row; 1 more are marked, but not read now"
    assert lacking.mark == "partial"


@pytest.mark.parametrize("ending", ["csv", "tsv", "json", "jsonl", "md", "txt", "parquet", "xlsx"])
def test_every_format_is_written(tmp_path: Path, ending: str) -> None:
    file = tmp_path / f"rows.{ending}"
    write_rows(rows_read(), str(file))
    assert file.stat().st_size > 20
    assert [path.name for path in tmp_path.iterdir()] == [file.name]


def test_values_are_written_as_they_are_stored(tmp_path: Path) -> None:
    write_rows(rows_read(), str(tmp_path / "rows.json"))
    *written, mark = json.loads((tmp_path / "rows.json").read_text())
    assert written == [
        {"a": "007", "c": HOSTILE}, {"a": "=1+1", "c": None}, {"a": "x", "c": {"b": [1]}},
    ]  # fmt: skip
    assert mark == "cmdm:result: partial"


def test_a_stopped_or_failed_export_leaves_the_file_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "rows.csv"
    file.write_text("as it was")
    rows = rows_read()
    rows.stop()
    with pytest.raises(ExportStopped):
        write_rows(rows, str(file))

    def fail(*_: object) -> None:
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(exported_rows, "write_result", fail)
    with pytest.raises(ExportFailed, match="No space left on device"):
        write_rows(rows_read(), str(file))
    assert file.read_text() == "as it was"
    assert list(tmp_path.iterdir()) == [file]


def test_what_is_wrong_with_a_file_is_said(tmp_path: Path) -> None:
    assert check_file(str(tmp_path / "rows.csv")) == ""
    assert "is a folder" in check_file(str(tmp_path))
    assert "There is no folder" in check_file(str(tmp_path / "none" / "rows.csv"))
    assert "names no format" in check_file(str(tmp_path / "rows.doc"))
    assert "No file can have that name" in check_file("rows\0.csv")
    assert "\x1b" not in check_file(str(tmp_path / f"{HOSTILE}/x.csv"))
    if os.geteuid():  # root may write anywhere
        closed = tmp_path / "closed"
        closed.mkdir(mode=0o500)
        assert "you may not write there" in check_file(str(closed / "rows.csv"))


def test_a_suggested_name_is_the_name_of_a_plain_file() -> None:
    assert suggest_file("lead") == "lead.csv"
    assert suggest_file("../../etc/\x1b[2J passwd") == "etc-2J-passwd.csv"
    assert suggest_file("..") == "rows.csv"


def told(app: Explorer) -> str:
    return list(app._notifications)[-1].message


def read_lines(file: Path) -> list[list[str]]:
    with file.open(encoding="utf-8", newline="") as text:
        return list(csv.reader(text))


def list_names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


async def test_the_records_read_are_exported_as_they_are_shown(
    service: ScriptedService, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    app = Explorer(FixedProfiles(profile()), catalogs=None, transport=service)
    async with app.run_test(size=(100, 24)) as pilot:
        await wait_until_settled(pilot)
        await press(pilot, "1", "down", "enter")
        await press(pilot, "right", "minus", "right", "ctrl+right")  # no LastName; Score, City
        shown = [column.name for column in browse(app).records.grid.columns]
        assert shown == ["ExternalID", "Score", "Notes", "City"]
        service.calls.clear()

        await press(pilot, "X")
        words = screen_words(app)
        assert "Write 100 of 250 rows: those that were read." in words
        assert "The query screen exports all rows" in words
        assert app.screen.query_one(Input).value == "lead.csv"
        await press(pilot, "enter")
        assert "100 of 250 rows: those that were read, written to lead.csv as csv" in told(app)
        lines = read_lines(tmp_path / "lead.csv")
        assert lines[0] == shown
        assert lines[1] == ["ID000001", "37", "First line\nsecond line", "Leeds"]
        assert len(lines) == 101

        # Marked rows only; a file that is there stays unless it is said to be replaced.
        await press(pilot, "space", "down", "space", "X", "enter")
        assert isinstance(app.screen, ChoiceScreen)
        await press(pilot, "enter")
        assert isinstance(app.screen, ExportScreen)
        assert len((tmp_path / "lead.csv").read_text().splitlines()) > 100
        await press(pilot, "enter", "down", "enter")
        assert told(app) == "2 marked rows, written to lead.csv as csv."
        lines = read_lines(tmp_path / "lead.csv")
        assert [line[0] for line in lines] == ["ExternalID", "ID000001", "ID000003"]

        # What cannot be written is said, and can be mended in the dialog.
        await press(pilot, "X")
        app.screen.query_one(Input).value = str(tmp_path / "none" / "rows.csv")
        await press(pilot, "enter")
        assert "There is no folder" in notice_text(app)
        app.screen.query_one(Input).value = "marked.jsonl"
        await press(pilot, "enter")
        assert len((tmp_path / "marked.jsonl").read_text().splitlines()) == 2
        await press(pilot, "X", "escape")
        assert list_names(tmp_path) == ["lead.csv", "marked.jsonl"]
        assert service.calls == []


async def test_an_export_that_is_left_writes_nothing(
    service: ScriptedService, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    begun, may_go_on, ended = threading.Event(), threading.Event(), threading.Event()

    def wait(rows: ExportedRows, size: int = 1) -> Iterator[Sequence[OutputRow]]:
        begun.set()
        may_go_on.wait(10)
        yield from batches(rows, size)

    def write(rows: ExportedRows, name: str) -> Format:
        try:
            return write_rows(rows, name)
        finally:
            ended.set()

    batches = ExportedRows.batches
    monkeypatch.setattr(exported_rows, "write_rows", write)
    monkeypatch.setattr(ExportedRows, "batches", wait)
    app = Explorer(FixedProfiles(profile()), catalogs=None, transport=service)
    async with app.run_test(size=(100, 24)) as pilot:
        await wait_until_settled(pilot)
        await pilot.press("X")
        await pilot.press("enter")
        await asyncio.to_thread(begun.wait, 10)
        dialog = app.screen
        assert isinstance(dialog, ExportScreen)
        await pilot.press("enter")  # once is enough
        await pilot.press("escape")
        await wait_until_settled(pilot)
        assert app.screen is not dialog
        may_go_on.set()
    await asyncio.to_thread(ended.wait, 10)
    assert list_names(tmp_path) == []
