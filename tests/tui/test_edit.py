"""Records are changed in a form: nothing is sent before it was shown, and then exactly that."""

from contextlib import nullcontext
from pathlib import Path

import pytest
from textual.widgets import Button, Static

from cmdm_tui.sandbox import RunningInfo
from cmdm_tui.tui import Explorer
from cmdm_tui.tui.screens.browse.screen import BrowseScreen
from cmdm_tui.tui.screens.changes.apply_screen import ApplyScreen
from cmdm_tui.tui.screens.changes.preview_screen import PreviewScreen
from cmdm_tui.tui.screens.dialogs.choice import ChoiceScreen
from cmdm_tui.tui.screens.dialogs.entry import EntryScreen
from cmdm_tui.tui.screens.edit.conflict_screen import ConflictScreen
from tests.tui.driver import (
    notice_text,
    screen_text,
    screen_words,
    type_text,
)
from tests.tui.editing import LosingNetwork, Opened, opened


@pytest.fixture(autouse=True)
def fast(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A home without a journal, and a preview that takes Enter at once."""
    monkeypatch.setattr("cmdm_tui.tui.screens.changes.preview_screen.SECONDS_BEFORE_APPLY", 0.0)


async def test_one_field_of_one_record_is_one_read_and_one_write(sandbox: RunningInfo) -> None:
    async with opened(sandbox) as there:
        lead = there.record
        await there.press("e")
        # The fields are asked for once.
        assert there.sent() == ["GET lead/fields?per_page=200&page=1"]
        assert "Edit lead" in screen_text(there.app)
        assert "Last name * Text" in screen_words(there.app)
        row = await there.go_to_field("City")
        await there.retype("Yorkshire")
        assert row.has_class("-changed")
        assert "1 field changed" in screen_words(there.app)
        await there.press("ctrl+s")
        assert isinstance(there.app.screen, PreviewScreen)
        text = screen_words(there.app)
        assert "Update City of lead" in text
        assert "Yorkshire" in text
        assert "It takes 1 to 2 calls if none fails" in text
        assert there.sent() == []
        await there.press("enter")
        assert there.sent() == [f"GET lead/{lead.external_id}", f"PUT lead/{lead.external_id}"]
        await there.press("enter")  # the result is closed
        assert there.sent() == []
        record = there.record
        assert record.properties == {**lead.properties, "City": "Yorkshire"}
        assert there.screen.record_pane.record == record
        assert "Shown as it was sent" in there.toast
        assert "U takes it back" in there.toast
        (run,) = there.runs()
        assert run.entries[0].change.properties == {"City": "Yorkshire"}

        # The undo reads the record, shows what it would do, reads it again and writes.
        await there.press("U")
        assert isinstance(there.app.screen, PreviewScreen)
        assert there.sent() == [f"GET lead/{lead.external_id}"]
        await there.press("enter")
        assert there.sent() == [f"GET lead/{lead.external_id}", f"PUT lead/{lead.external_id}"]
        await there.press("enter")
        assert there.record.properties == lead.properties
        await there.press("U")
        assert "no run of this account to take back" in there.toast
        assert there.sent() == []


async def test_nothing_is_sent_by_leaving_at_any_step(sandbox: RunningInfo) -> None:
    async with opened(sandbox) as there:
        await there.press("e", "escape")
        assert there.screen
        await there.press("e")
        there.sent()
        await there.go_to_field("City")
        await there.retype("York")
        await there.press("escape")
        # What was typed is asked for, and Enter keeps it.
        assert isinstance(there.app.screen, ChoiceScreen)
        assert "1 field changed, and nothing was sent" in screen_words(there.app)
        await there.press("enter")
        assert there.form.form is not None
        assert there.form.form.text("City") == "York"
        await there.press("ctrl+s", "escape")
        assert there.form.form.text("City") == "York"
        await there.press("ctrl+s", "right", "right")
        assert there.app.focused is there.app.screen.query_one("#cancel", Button)
        await there.press("enter", "escape", "escape", "escape", "down", "enter")
        assert there.screen
        for key in ("i", "x", "a", "A"):
            await there.press("right", key, "escape")
            assert there.screen
        assert there.sent() == []
        assert there.runs() == []


async def test_a_held_enter_does_not_send(
    sandbox: RunningInfo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cmdm_tui.tui.screens.changes.preview_screen.SECONDS_BEFORE_APPLY", 3_600.0)
    async with opened(sandbox) as there:
        await there.press("right", "right", "i")
        there.sent()
        await there.retype("Lovelace")
        await there.press("enter", "enter", "enter", "enter")
        assert isinstance(there.app.screen, PreviewScreen)
        assert there.sent() == []


async def test_a_cell_is_edited_in_its_place(sandbox: RunningInfo) -> None:
    async with opened(sandbox) as there:
        lead = there.record
        await there.press("right", "right", "i")
        assert [row.field_name for row in there.form.rows] == ["LastName"]
        there.sent()
        # What is wrong is said where it was typed, and nothing is sent.
        await there.retype("")
        await there.press("enter")
        assert "Last name is required and cannot be empty." in screen_words(there.app)
        await type_text(there.pilot, "Lovelace")
        await there.press("enter", "enter", "enter")
        assert there.sent() == [f"GET lead/{lead.external_id}", f"PUT lead/{lead.external_id}"]
        assert "Lovel" in screen_text(there.app)
        # The external id is not a field.
        await there.press("left", "left", "left")
        assert not there.screen.commands["edit_cell"].is_available()


async def test_a_new_record_is_made_and_opened(sandbox: RunningInfo) -> None:
    async with opened(sandbox) as there:
        await there.press("a")
        assert there.form.rows[0].field_name == "LastName"
        there.sent()
        await there.press("ctrl+s")
        assert notice_text(there.app) == "Last name is required and cannot be empty."
        await type_text(there.pilot, "Lovelace")
        await there.press("ctrl+s", "enter")
        assert there.sent() == ["POST lead"]
        assert isinstance(there.app.screen, ApplyScreen)
        made = there.runs()[0].entries[0].result_id
        assert f"Open lead {made} (1 call)" in screen_words(there.app)
        await there.press("enter")
        assert there.sent() == [f"GET lead/{made}"]
        record = there.screen.record_pane.record
        assert record is not None
        assert (record.external_id, record.properties["LastName"]) == (made, "Lovelace")


async def test_a_new_task_belongs_to_its_record(sandbox: RunningInfo) -> None:
    async with opened(sandbox) as there:
        lead = there.record
        await there.press("A", "enter")
        there.sent()
        assert "New task of lead" in screen_text(there.app)
        await there.go_to_field("Subject")
        await there.retype("Ring Ada")
        await there.press("ctrl+s")
        assert f"lead {lead.external_id}" in screen_words(there.app)
        await there.press("enter")
        assert there.sent() == [f"POST lead/{lead.external_id}/task"]


async def test_a_delete_is_careful_and_marks_its_row(sandbox: RunningInfo) -> None:
    async with opened(sandbox) as there:
        lead = there.record
        await there.press("x")
        assert isinstance(there.app.screen, PreviewScreen)
        assert "Undo creates it again, with a new id." in screen_words(there.app)
        await there.press("enter")  # the focus is on Cancel
        assert there.sent() == []
        await there.press("x", "left", "left", "enter", "enter")
        assert there.sent() == [f"GET lead/{lead.external_id}", f"DELETE lead/{lead.external_id}"]
        assert not there.screen.commands["edit"].is_available()
        assert not there.screen.commands["edit_cell"].is_available()
        await there.press("down")
        assert there.screen.commands["edit"].is_available()
        assert there.screen.account.catalog.cached_total("lead") is None


async def test_a_lead_is_converted_and_its_account_opened(sandbox: RunningInfo) -> None:
    async with opened(sandbox) as there:
        while not there.screen.commands["convert"].is_available():
            await there.press("down")
        lead = there.record
        await there.press("C")
        # A conversion sends no values: there is no new one next to the name.
        assert "field value" in screen_words(there.app)
        assert "It cannot be taken back." in screen_words(there.app)
        await there.press("left", "left", "enter")
        path = f"lead/{lead.external_id}"
        assert there.sent() == [f"GET {path}", f"PUT lead/convert/{lead.external_id}"]
        account = there.runs()[0].entries[0].result_id
        assert f"Open account {account} (1 call)" in screen_words(there.app)
        assert not there.app.screen.query_one("#undo", Button).display
        await there.press("enter")
        assert there.sent() == [f"GET account/{account}"]
        assert not there.screen.commands["close"].is_available()


async def test_a_task_is_closed_and_read_again(sandbox: RunningInfo) -> None:
    async with opened(sandbox, "task") as there:
        while not there.screen.commands["close"].is_available():
            await there.press("down")
        task = there.record
        assert not there.screen.commands["convert"].is_available()
        await there.press("D", "left", "left", "enter")
        assert there.sent() == [f"PUT task/close/{task.external_id}"]
        await there.press("enter")
        assert there.sent() == [f"GET task/{task.external_id}"]
        assert there.record.properties["Status"] == "Closed"
        assert not there.screen.commands["close"].is_available()


async def test_marked_records_get_the_same_value_and_one_is_refused(
    sandbox: RunningInfo, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(sandbox, size=(100, 30)) as there:
        window = there.screen.records.window
        assert window is not None
        marked = window.all_records()[:12]
        there.screen.records.grid.marks.mark(one.external_id for one in marked)
        # One of them is deleted by another meanwhile.
        await there.screen.account.client.delete("lead", marked[3].external_id)
        await there.press("e")
        assert "Edit 12 records of lead" in screen_text(there.app)
        await there.go_to_field("Company")
        await there.retype("Lovelace Ltd")
        await there.press("ctrl+s")
        there.sent()
        assert "Apply 12 changes" in screen_words(there.app)
        await there.press("enter")  # the focus is on Cancel, as they are several
        assert there.sent() == []
        await there.press("ctrl+s", "left", "left", "enter")
        sent = there.sent()
        ids = [one.external_id for one in marked]
        assert sorted(one for one in sent if one.startswith("GET")) == sorted(
            f"GET lead/{one}" for one in ids
        )
        assert sorted(one for one in sent if one.startswith("PUT")) == sorted(
            f"PUT lead/{one}" for one in ids if one != marked[3].external_id
        )
        assert len(sent) == 23
        words = screen_words(there.app)
        assert "11 done, 1 in conflict" in words
        assert "the record is gone" in words
        await there.press("escape")
        shown = [one.properties["Company"] for one in window.all_records()[:12]]
        assert shown.count("Lovelace Ltd") == 11
        assert window.all_records()[3] == marked[3]


async def test_a_record_that_was_changed_meanwhile_keeps_what_was_typed(
    sandbox: RunningInfo,
) -> None:
    async with opened(sandbox, size=(100, 30)) as there:
        lead = there.record
        client = there.screen.account.client
        await there.press("e")
        await there.go_to_field("City")
        await there.retype("Yorkshire")
        changed = {"City": "Bath", "Company": "Another Ltd"}
        await client.update("lead", lead.external_id, changed)
        there.sent()
        await there.press("ctrl+s", "enter")
        assert there.sent() == [f"GET lead/{lead.external_id}"]
        assert "1 in conflict" in screen_words(there.app)
        await there.press("escape")
        assert isinstance(there.app.screen, ConflictScreen)
        words = screen_words(there.app)
        assert f"lead {lead.external_id} has changed since the form was opened" in words
        assert "What you typed is kept" in words
        await there.press("escape")
        assert there.form.form is not None
        assert there.form.form.text("City") == "Yorkshire"
        assert there.sent() == []

        # The same again is in conflict again, until the new values are loaded.
        await there.press("ctrl+s", "enter", "escape")
        assert isinstance(there.app.screen, ConflictScreen)
        there.sent()
        await there.press("enter")
        assert there.sent() == [f"GET lead/{lead.external_id}"]
        assert there.form.form.text("City") == "Yorkshire"
        assert there.form.form.text("Company") == "Another Ltd"
        assert there.form.form.touched == ("City",)
        assert "The new values are loaded; what you typed is kept." in screen_words(there.app)
        assert "Another Ltd" in screen_words(there.app)
        await there.press("ctrl+s")
        assert "Bath" in screen_words(there.app), "what is stored now is what is replaced"
        await there.press("enter", "enter")
        assert there.sent() == [f"GET lead/{lead.external_id}", f"PUT lead/{lead.external_id}"]
        stored = await client.record("lead", lead.external_id)
        values = {**changed, "City": "Yorkshire"}
        assert {name: stored.properties[name] for name in values} == values
        shown = there.record
        assert {name: shown.properties[name] for name in values} == values
        assert there.screen.record_pane.record == shown


async def test_a_record_that_cannot_be_read_again_leaves_the_form_as_it_is(
    sandbox: RunningInfo,
) -> None:
    async with opened(sandbox, size=(100, 30)) as there:
        lead = there.record
        client = there.screen.account.client
        await there.press("right", "right", "i")
        await there.retype("Lovelace")
        await client.update("lead", lead.external_id, {"LastName": "Hopper"})
        await there.press("enter", "enter", "escape")
        assert isinstance(there.app.screen, ConflictScreen)
        await client.delete("lead", lead.external_id)
        await there.press("enter")
        assert isinstance(there.app.screen, ConflictScreen)
        assert "enter tries again" in screen_words(there.app)
        await there.press("escape")
        assert there.form.form is not None
        assert there.form.form.text("LastName") == "Lovelace"


async def until_asked(there: Opened) -> None:
    while not isinstance(there.app.screen, EntryScreen):
        await there.pilot.pause()


async def test_many_deletions_want_their_number(
    sandbox: RunningInfo, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(sandbox) as there:
        window = there.screen.records.window
        assert window is not None
        marked = window.all_records()[:12]
        there.screen.records.grid.marks.mark(one.external_id for one in marked)
        await there.press("x")
        # The operation waits for the number, so what is pressed now is not waited for.
        await there.pilot.press("left", "left", "enter")
        await until_asked(there)
        await there.pilot.press("1", "1", "enter")
        await there.pilot.pause()
        words = screen_words(there.app)
        assert "This deletes or converts 12 records. Enter that number" in words
        assert "That is not 12." in words
        await there.press("escape")
        assert there.app.screen.query_one("#apply")
        assert there.sent() == []
        assert there.runs() == []
        await there.pilot.press("enter")
        await until_asked(there)
        await there.pilot.press("1", "2")
        await there.press("enter")
        assert len([one for one in there.sent() if one.startswith("DELETE")]) == 12


async def test_a_refused_value_is_said_and_changes_nothing(sandbox: RunningInfo) -> None:
    async with opened(sandbox, "task") as there:
        task = there.record
        await there.press("e")
        there.sent()
        await there.go_to_field("Priority")
        await there.retype("[b]Urgent")
        await there.press("ctrl+s", "enter")
        assert there.sent() == [f"GET task/{task.external_id}", f"PUT task/{task.external_id}"]
        words = screen_words(there.app)
        assert "1 refused" in words
        assert "Priority" in words
        await there.press("escape")
        assert there.form.form is not None
        assert set(there.form.form.touched) == {"Priority"}
        await there.press("escape", "down", "enter")
        assert there.record == task


async def test_a_lost_answer_leaves_the_change_in_doubt(sandbox: RunningInfo) -> None:
    network = LosingNetwork("PUT")
    async with opened(sandbox, network=network) as there:
        await there.press("right", "right", "i")
        there.sent()
        await there.retype("Lovelace")
        await there.press("enter", "enter")
        assert isinstance(there.app.screen, ApplyScreen)
        words = screen_words(there.app)
        assert "1 in doubt" in words
        assert "1 done" not in words
        assert there.app.screen.query_one("#resume", Button).display
        # Once the service answers again, a resume finds that it was done.
        network.method, network.is_down = "", False
        there.sent()
        there.app.screen.query_one("#resume", Button).focus()
        await there.press("enter")
        assert not [one for one in there.sent() if one.startswith("PUT")]
        assert "1 done; 1 call." in screen_words(there.app)
        await there.press("enter")
        assert isinstance(there.app.screen, BrowseScreen)


async def test_the_floor_is_kept_and_the_wait_can_be_left(sandbox: RunningInfo) -> None:
    async with opened(sandbox, floor=1_000_000) as there:
        await there.press("right", "right", "i")
        there.sent()
        await there.retype("Lovelace")
        await there.press("enter")
        there.app.screen.query_one("#apply", Button).press()
        while not (
            isinstance(there.app.screen, ApplyScreen)
            and "waiting until" in str(there.app.screen.query_one("#apply-line", Static).render())
        ):
            await there.pilot.pause()
        assert not [one for one in there.sent() if one.startswith("PUT")]
        await there.press("escape")
        words = screen_words(there.app)
        assert "1 not sent" in words
        assert "Resume of run 1 goes on with what is left" in words
        await there.press("escape")
        assert there.screen


async def test_a_read_only_profile_offers_no_change(sandbox: RunningInfo) -> None:
    async with opened(sandbox, read_only=True) as there:
        for name in ("edit", "edit_cell", "new", "new_owned", "delete", "convert", "close", "undo"):
            assert not there.screen.commands[name].is_available(), name
        await there.press("right", "right", "e", "i", "a", "A", "x", "C", "D", "U")
        assert there.screen
        assert there.sent() == []
        assert "Edit" not in screen_text(there.app)


def write_editor(path: Path, script: str) -> str:
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o700)
    return str(path)


async def test_the_users_editor_writes_long_text(
    sandbox: RunningInfo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = tmp_path / "seen"
    editor = write_editor(
        tmp_path / "editor",
        f'ls -l "$1" > {seen}; cat "$1" >> {seen}; echo "$1" >> {seen}\n'
        'printf "\\357\\273\\277One\\033[31m\\ntwo\\n" > "$1"',
    )
    monkeypatch.delenv("VISUAL", raising=False)
    monkeypatch.setattr(Explorer, "suspend", nullcontext)
    monkeypatch.setenv("EDITOR", editor)
    async with opened(sandbox) as there:
        lead = there.record
        await there.press("e")
        row = await there.go_to_field("City")
        there.sent()
        await there.press("ctrl+e")
        listed = seen.read_text()
        assert listed.startswith("-rw-------")
        assert str(lead.properties["City"]) in listed
        assert not Path(listed.splitlines()[-1]).parent.exists()
        assert there.form.form is not None
        assert there.form.form.text("City") == "One\x1b[31m\ntwo"
        assert row.has_focus_within
        assert "\x1b" not in screen_text(there.app)
        assert "(12 characters: ctrl+e edits)" in screen_words(there.app)

        # An editor that fails, or writes nothing else, changes nothing.
        monkeypatch.setenv("EDITOR", write_editor(tmp_path / "bad", 'echo x > "$1"; exit 3'))
        await there.press("ctrl+e")
        assert "ended with status 3. The field is as it was." in notice_text(there.app)
        monkeypatch.setenv("EDITOR", "/nowhere/[b]editor")
        await there.press("ctrl+e")
        assert "The editor /nowhere/[b]editor of EDITOR is not there." in notice_text(there.app)
        monkeypatch.setenv("EDITOR", "true")
        await there.press("ctrl+e")
        assert there.form.form.text("City") == "One\x1b[31m\ntwo"
        assert there.sent() == []
