"""The screen of changes: the journal's runs, each with its changes, undone and resumed."""

from pathlib import Path

import pytest
from textual.widgets import Button

from cmdm_tui.api import Field, Record
from cmdm_tui.changes.change_file import load_change_set
from cmdm_tui.config import Paths
from cmdm_tui.sandbox import RunningInfo
from cmdm_tui.tui.screens.changes.preview_screen import PreviewScreen
from cmdm_tui.tui.screens.changes.run_lists import EntryList, RunList
from cmdm_tui.tui.screens.changes.screen import ChangesScreen
from cmdm_tui.tui.screens.edit.field_row import ValueInput
from tests.tui.driver import notice_text, screen_text, screen_words, type_text
from tests.tui.editing import LosingNetwork, Opened, opened

HOSTILE = "\x1b[31m[b]x\x9b\u202ey[/]"


@pytest.fixture(autouse=True)
def fast(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A home without a journal, and a preview that takes Enter at once."""
    monkeypatch.setattr("cmdm_tui.tui.screens.changes.preview_screen.SECONDS_BEFORE_APPLY", 0.0)


async def edit_last_name(there: Opened, name: str) -> Record:
    """Change the last name of the lead under the cursor; return it as it was."""
    lead = there.record
    while there.screen.records.column != "LastName":
        await there.press("right")
    await there.press("i")
    await there.retype(name)
    await there.press("enter", "enter", "enter")
    return lead


def changes(there: Opened) -> ChangesScreen:
    assert isinstance(there.app.screen, ChangesScreen)
    return there.app.screen


def count(screen: ChangesScreen, kind: type[RunList | EntryList]) -> int:
    source = screen.query_one(kind).source
    return 0 if source is None else source.row_count


async def test_runs_are_listed_undone_and_shown_in_the_records(sandbox: RunningInfo) -> None:
    async with opened(sandbox) as there:
        await there.press("f5")
        assert "Nothing was changed through this account yet" in notice_text(there.app)
        for name in ("undo", "resume"):
            assert not changes(there).commands[name].is_available()
        await there.press("U", "R", "r", "enter", "escape", "f2")

        lead = await edit_last_name(there, "Lovelace")
        await there.press("down")
        await edit_last_name(there, "Babbage")
        there.sent()
        await there.press("f5")
        screen = changes(there)
        assert count(screen, RunList) == 2
        assert count(screen, EntryList) == 1
        words = screen_words(there.app)
        assert "Run 2: Update LastName of lead" in words
        assert "1 done" in words
        assert there.sent() == []  # the journal is read, and nothing else

        # The older run is taken back; the records show it, as nothing is read again for them.
        await there.press("down", "U")
        assert there.sent() == [f"GET lead/{lead.external_id}"]
        assert isinstance(there.app.screen, PreviewScreen)
        await there.press("escape")
        assert there.sent() == []
        await there.press("U", "enter", "enter")
        path = f"lead/{lead.external_id}"
        assert there.sent() == [f"GET {path}", f"GET {path}", f"PUT {path}"]
        assert count(changes(there), RunList) == 3
        await there.press("f2", "up")
        assert there.record == lead


async def test_changes_are_searched_copied_and_exported_as_rows_of_every_grid(
    sandbox: RunningInfo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    async with opened(sandbox, size=(120, 30)) as there:
        await there.press("space", "down", "space", "down", "x")
        there.sent()
        assert isinstance(there.app.screen, PreviewScreen)
        words = screen_words(there.app)
        assert "2 rows · nothing is sent yet" in words
        assert "1–2" in words, "a deletion reads its record again"
        assert there.app.focused is there.app.screen.query_one("#cancel", Button)
        await there.press("down", "pagedown", "Y", "up", "slash")
        await type_text(there.pilot, "delete")
        assert "2 matches in all 2 rows" in screen_words(there.app)
        await there.press("enter", "n")
        assert there.app.screen.grid.cursor_row == 1
        await there.press("ctrl+a", "y", "enter")
        assert "2 rows given to the terminal's clipboard" in there.toast
        await there.press("X", "enter")
        lines = (tmp_path / "changes.csv").read_text().splitlines()
        assert lines[0] == "change,record,field,value,calls"
        assert len(lines) == 3
        await there.press("enter", "o", "q", "f2")
        assert isinstance(there.app.screen, PreviewScreen), "Enter in the list sends nothing"
        assert there.sent() == []

        there.app.screen.query_one("#apply", Button).focus()
        await there.press("enter", "escape", "f5")
        assert len(there.sent()) == 4
        there.app.clear_notifications()
        screen = changes(there)
        assert str(screen.query_one("#runs-pane").border_subtitle) == "1 run"
        entries = screen.query_one("#entries-pane")
        assert str(entries.border_subtitle) == "2 changes"
        await there.press("slash")
        await type_text(there.pilot, "2 done")
        assert "1 match in all 1 row" in screen_words(there.app)
        await there.press("escape", "enter")
        assert screen.grid is screen.query_one(EntryList)
        await there.press("slash")
        await type_text(there.pilot, "done")
        assert "2 matches in all 2 rows" in screen_words(there.app)
        await there.press("enter", "space")
        assert str(entries.border_subtitle) == "1 marked · 2 changes"
        await there.press("ctrl+n", "X", "enter")
        assert (tmp_path / "run-1.csv").read_text().startswith("number,change,record,state,reason")
        await there.press("escape")
        assert screen.grid is screen.query_one(RunList)
        assert there.sent() == []


async def test_a_run_in_doubt_is_resumed(sandbox: RunningInfo) -> None:
    network = LosingNetwork("PUT")
    async with opened(sandbox, network=network) as there:
        lead = await edit_last_name(there, "Lovelace")
        await there.press("f5")
        assert changes(there).commands["resume"].is_available()
        assert there.runs()[0].entries[0].state.is_in_doubt
        network.method, network.is_down = "", False
        there.sent()
        await there.press("R")
        assert there.sent() == [f"GET lead/{lead.external_id}"]
        assert "1 done; 1 call." in screen_words(there.app)
        await there.press("enter")
        assert not changes(there).commands["resume"].is_available()
        await there.press("f2")
        assert there.record.properties["LastName"] == "Lovelace"


async def test_a_read_only_profile_sees_the_runs_and_takes_none_back(sandbox: RunningInfo) -> None:
    async with opened(sandbox) as there:
        await edit_last_name(there, "Lovelace")
    async with opened(sandbox, read_only=True) as there:
        await there.press("f5")
        assert count(changes(there), RunList) == 1
        assert not changes(there).commands["undo"].is_available()
        await there.press("U", "R")
        assert changes(there)
        assert there.sent() == []


async def test_a_deletion_is_undone_under_a_new_id(sandbox: RunningInfo) -> None:
    async with opened(sandbox, size=(100, 30)) as there:
        lead = there.record
        await there.press("x", "left", "left", "enter", "left", "enter")
        assert isinstance(there.app.screen, PreviewScreen)
        there.sent()
        there.app.screen.query_one("#apply", Button).focus()
        await there.press("enter")
        assert there.sent() == ["POST lead"]
        made = there.runs()[0].entries[0].result_id
        await there.press("enter")
        assert there.sent() == [f"GET lead/{made}"]
        record = there.screen.record_pane.record
        assert record is not None
        assert record.properties["LastName"] == lead.properties["LastName"]


async def test_changes_are_saved_as_a_file(sandbox: RunningInfo, tmp_path: Path) -> None:
    async with opened(sandbox) as there:
        lead = there.record
        await there.press("x", "left", "enter")
        await type_text(there.pilot, str(tmp_path / "no" / "such.jsonl"))
        await there.press("enter")
        assert "cannot be written" in notice_text(there.app)
        await there.press("home", "ctrl+k")
        await type_text(there.pilot, str(tmp_path / "c.jsonl"))
        await there.press("enter")
        assert "keeps the changes. Nothing was sent." in there.toast
        (change,) = load_change_set(tmp_path / "c.jsonl").changes
        assert change.external_id == lead.external_id
        await there.press("escape")
        assert there.sent() == []


async def test_a_journal_that_cannot_be_used_sends_nothing(sandbox: RunningInfo) -> None:
    async with opened(sandbox) as there:
        journal = Paths.of_user().journal
        journal.mkdir(parents=True)
        await edit_last_name(there, "Lovelace")
        assert not [one for one in there.sent() if one.startswith("PUT")]
        assert "journal" in screen_words(there.app)
        # What was typed is still there.
        assert there.form.form is not None
        assert there.form.form.text("LastName") == "Lovelace"
        await there.press("escape", "f5")
        assert "journal" in notice_text(there.app)
        await there.press("U", "R", "f2", "U")
        assert there.sent() == []


async def test_hostile_labels_options_and_values_reach_no_terminal(sandbox: RunningInfo) -> None:
    async with opened(sandbox, size=(120, 40)) as there:
        fields = (
            Field(f"A{HOSTILE}", label=f"Label{HOSTILE}", type="Text", required=True),
            Field("B", type=f"Type{HOSTILE}", lookup_entity=HOSTILE),
            Field("City", type="Picklist", options=(f"One{HOSTILE}", "Two", "[red]Three")),
            Field("D", label=HOSTILE, type="Number", read_only=True),
        )
        there.screen.account.catalog.store_fields("lead", fields)
        properties = {"LastName": HOSTILE, "D": HOSTILE, f"E{HOSTILE}": [HOSTILE], "City": HOSTILE}
        record = Record("lead", f"ID{HOSTILE}", properties)
        there.screen.open_record(record, "record-tab")
        await there.press("e")
        text = screen_text(there.app)
        assert "Label␛[31m[b]x" in text
        assert "One␛[31m[b]x" not in text  # closed
        row = next(row for row in there.form.rows if row.field_name == "City")
        row.editor.focus()
        await there.press("enter")
        assert "One␛[31m[b]x" in screen_text(there.app)
        await there.press("down", "down", "enter")
        assert not {"\x1b", "\x9b", "\u202e"} & set(text + screen_text(there.app))
        # Pasted text leaves out what one line cannot show, and that is said.
        name = next(row for row in there.form.rows if row.field_name.startswith("A"))
        name.editor.focus()
        name.query_one(ValueInput).insert_text_at_cursor(f"pasted{HOSTILE}")
        await there.press("end")
        assert "were left out; ctrl+e takes them" in notice_text(there.app)
        assert there.form.form is not None
        assert there.form.form.text(name.field_name) == "pasted[31m[b]xy[/]"
        await there.press("ctrl+s")
        assert isinstance(there.app.screen, PreviewScreen)
        assert "pasted[31m[b]xy[/]" in screen_text(there.app)
        assert not {"\x1b", "\x9b", "\u202e"} & set(screen_text(there.app))
        await there.press("right", "right", "enter")
        assert there.sent() == []
