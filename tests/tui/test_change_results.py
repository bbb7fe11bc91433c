"""What became of changes takes the place of what was shown before they were sent."""

from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Button, Static

from cmdm_tui.sandbox import RunningInfo
from cmdm_tui.tui import Explorer
from cmdm_tui.tui.screens.browse.screen import BrowseScreen
from cmdm_tui.tui.screens.changes.apply_screen import ApplyScreen
from cmdm_tui.tui.screens.changes.preview_screen import PreviewScreen
from cmdm_tui.tui.screens.dialogs.entry import EntryScreen
from tests.tui.driver import screen_text, screen_words, type_text
from tests.tui.editing import LosingNetwork, Opened, opened


@pytest.fixture(autouse=True)
def fast(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A home without a journal, and a preview that takes Enter at once."""
    monkeypatch.setattr("cmdm_tui.tui.screens.changes.preview_screen.SECONDS_BEFORE_APPLY", 0.0)


def list_unsent(app: Explorer) -> list[str]:
    """Return what is on the screen that says that nothing is sent, or offers to send it."""
    text = screen_text(app)
    return [words for words in ("nothing is sent yet", "Apply", "Save as file") if words in text]


def offers(there: Opened) -> list[str]:
    """Return the buttons of the result."""
    assert isinstance(there.app.screen, ApplyScreen)
    return [one.id or "" for one in there.app.screen.query(Button) if one.display]


async def retype_last_name(there: Opened, text: str) -> None:
    """Type another last name in its place, and look at the preview: it says what it is."""
    await there.press("right", "right", "i")
    await there.retype(text)
    await there.press("enter")
    assert isinstance(there.app.screen, PreviewScreen)
    assert list_unsent(there.app) == ["nothing is sent yet", "Apply", "Save as file"]
    there.sent()


async def test_an_edit_and_a_new_record_end_in_the_same_way(sandbox: RunningInfo) -> None:
    async with opened(sandbox) as there:
        path = f"lead/{there.record.external_id}"
        await retype_last_name(there, "Lovelace")
        await there.press("enter")
        assert there.sent() == [f"GET {path}", f"PUT {path}"]
        assert "1 done" in screen_words(there.app)
        assert list_unsent(there.app) == []
        assert offers(there) == ["undo", "close"]
        await there.press("enter")
        assert there.toast == "Shown as it was sent; r reads what is stored. U takes it back."

        await there.press("a")
        await type_text(there.pilot, "Babbage")
        await there.press("ctrl+s", "enter")
        assert there.sent() == ["GET lead/fields?per_page=200&page=1", "POST lead"][-1:]
        assert "1 done" in screen_words(there.app)
        assert list_unsent(there.app) == []
        assert offers(there) == ["open", "undo", "close"]
        await there.press("escape")
        assert isinstance(there.app.screen, BrowseScreen)
        assert there.toast == "U takes it back."
        assert there.sent() == []


async def test_an_edit_is_taken_back_from_its_result(sandbox: RunningInfo) -> None:
    async with opened(sandbox) as there:
        lead = there.record
        path = f"lead/{lead.external_id}"
        await retype_last_name(there, "Lovelace")
        await there.press("enter", "left", "enter")
        assert isinstance(there.app.screen, PreviewScreen)
        assert there.sent() == [f"GET {path}", f"PUT {path}", f"GET {path}"]
        await there.press("enter")
        assert there.sent() == [f"GET {path}", f"PUT {path}"]
        assert offers(there) == ["close"], "an undo is not undone"
        await there.press("enter")
        assert there.toast.startswith("Taken back.")
        assert "U takes" not in there.toast
        assert there.record == lead
        assert there.sent() == []


async def test_a_refusal_and_a_part_are_told_in_place_of_the_preview(sandbox: RunningInfo) -> None:
    async with opened(sandbox, size=(100, 30)) as there:
        window = there.screen.records.window
        assert window is not None
        marked = window.all_records()[:3]
        there.screen.records.grid.marks.mark(one.external_id for one in marked)
        await there.screen.account.client.delete("lead", marked[1].external_id)
        await there.press("x", "left", "left", "enter")
        assert "2 done, 1 unchanged" in screen_words(there.app) or (
            "2 done, 1 in conflict" in screen_words(there.app)
        )
        assert list_unsent(there.app) == []


async def test_a_change_in_doubt_is_told_in_place_of_the_preview(sandbox: RunningInfo) -> None:
    async with opened(sandbox, network=LosingNetwork("PUT")) as there:
        await retype_last_name(there, "Lovelace")
        await there.press("enter")
        assert "1 in doubt" in screen_words(there.app)
        assert list_unsent(there.app) == []
        assert offers(there) == ["resume", "close"]


async def wait_for(pilot: Pilot[None], app: Explorer, words: str) -> None:
    while words not in screen_words(app):
        await pilot.pause()


async def test_while_it_is_sent_and_after_a_stop_no_preview_is_seen(sandbox: RunningInfo) -> None:
    async with opened(sandbox, floor=1_000_000) as there:
        await retype_last_name(there, "Lovelace")
        there.app.screen.query_one("#apply", Button).press()
        await wait_for(there.pilot, there.app, "waiting until")
        assert list_unsent(there.app) == []
        await there.press("escape")
        assert "1 not sent" in screen_words(there.app)
        assert list_unsent(there.app) == []
        assert offers(there) == ["resume", "close"]


async def test_a_number_that_is_not_entered_leads_back_to_the_preview(
    sandbox: RunningInfo,
) -> None:
    async with opened(sandbox) as there:
        window = there.screen.records.window
        assert window is not None
        ids = [one.external_id for one in window.all_records()[:12]]
        there.screen.records.grid.marks.mark(ids)
        await there.press("x")
        there.sent()
        await there.pilot.press("left", "left", "enter")
        while not isinstance(there.app.screen, EntryScreen):
            await there.pilot.pause()
        line = there.app.screen_stack[-2].query_one("#apply-line", Static)
        assert str(line.render()) == "Nothing is sent before the number is entered."
        assert list_unsent(there.app) == []
        await there.press("escape")
        assert isinstance(there.app.screen, PreviewScreen)
        assert "Save as file" in list_unsent(there.app)
        assert there.app.focused is there.app.screen.query_one("#apply", Button)
        assert there.sent() == []


def count_text(there: Opened, entity: str) -> str:
    return there.screen.entities._shown[entity].count.plain


async def test_the_count_of_an_entity_tells_what_was_made_since(sandbox: RunningInfo) -> None:
    async with opened(sandbox) as there:
        catalog = there.screen.account.catalog
        assert count_text(there, "lead") == "100"
        await there.press("a")
        await type_text(there.pilot, "Babbage")
        await there.press("ctrl+s", "enter", "escape")
        assert count_text(there, "lead") == "100+1"
        assert catalog.cached_total("lead") is None, "no query is planned with it"
        await there.press("x", "left", "left", "enter", "escape")
        assert count_text(there, "lead") == "100"


async def test_the_mark_follows_what_is_shown_and_the_list_keeps_its_place(
    sandbox: RunningInfo,
) -> None:
    async with opened(sandbox, size=(100, 30)) as there:
        grid, entities = there.screen.records.grid, there.screen.entities
        await there.press(*["down"] * 41, "up", "up")
        top, row = grid.scroll_offset.y, grid.cursor_row
        assert 0 < top < row
        await there.press("A", "enter")
        await there.go_to_field("Subject")
        await there.retype("Ring Ada")
        await there.press("ctrl+s", "enter", "enter")
        assert there.screen.record_pane.record is not None
        assert there.screen.record_pane.record.entity == "task"
        assert entities._shown["task"].is_current
        assert not entities._shown["lead"].is_current
        await there.press("escape")
        assert entities._shown["lead"].is_current
        assert (grid.scroll_offset.y, grid.cursor_row) == (top, row)
        # It does where another list was seen, and its pane has hidden the grid.
        there.screen.show_entity("task")
        await there.press("2", "enter", "1")
        assert grid.size.height == 0
        there.screen.show_entity("lead")
        await there.press("2")
        assert (grid.scroll_offset.y, grid.cursor_row) == (top, row)


async def test_a_deletion_says_what_is_known_of_what_belongs_to_the_record(
    sandbox: RunningInfo,
) -> None:
    async with opened(sandbox, size=(120, 30)) as there:
        await there.press("x")
        words = screen_words(there.app)
        assert "Undo creates it again, with a new id." in words
        told = (
            "Its tasks and opportunities were not looked at: Escape, then R twice reads them, with"
        )
        assert f"{told} about 2 calls." in words
        assert there.sent() == []
        await there.press("escape", "R", "R")
        assert len(there.sent()) == 2, "as many as were told"
        window = there.screen.records.window
        assert window is not None
        related = there.screen.record_pane.related
        owned = [len(related._index.find(one)) for one in window.all_records()]
        for count in (max(owned), 0):
            await there.press("escape", "home")
            there.screen.records.grid.move_cursor(row=owned.index(count))
            await there.press("x")
            words = screen_words(there.app)
            assert "were not looked at" not in words
            if count:
                assert "to it, as read at" in words
                assert "and may be left pointing at nothing." in words
            else:
                assert "No task or opportunity belongs to it, as read at" in words
            await there.press("escape")
        assert there.sent() == []
