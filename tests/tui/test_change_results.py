"""What became of changes takes the place of what was shown before they were sent."""

from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Button

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
        await wait_for(there.pilot, there.app, "Nothing is sent before the number is entered.")
        assert "Sending" not in screen_words(there.app)
        await there.press("escape")
        assert isinstance(there.app.screen, PreviewScreen)
        assert "nothing is sent yet" in list_unsent(there.app)
        assert there.app.focused is there.app.screen.query_one("#apply", Button)
        assert there.sent() == []
