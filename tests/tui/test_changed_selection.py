"""Which records a change means after others were deleted, filtered, sorted or left."""

import asyncio
import sys
import threading
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

from cmdm_tui.sandbox import RunningInfo
from cmdm_tui.tui.screens.browse.filtered_view import FilteredView
from cmdm_tui.tui.screens.browse.screen import BrowseScreen
from cmdm_tui.tui.screens.changes.preview_screen import PreviewScreen
from cmdm_tui.tui.widgets import filter_bar
from tests.tui.driver import _send, screen_words, type_text, wait_until_settled
from tests.tui.editing import Opened, opened


@pytest.fixture(autouse=True)
def fast(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A home without a journal, a preview that takes Enter at once, and plans without a wait."""
    monkeypatch.setattr("cmdm_tui.tui.screens.changes.preview_screen.SECONDS_BEFORE_APPLY", 0.0)
    monkeypatch.setattr(filter_bar, "PLAN_DELAY", 0.0)


async def filter_by(there: Opened, condition: str) -> None:
    await there.press("f")
    await type_text(there.pilot, condition)
    there.screen.filtered.bar.offers.close_list()  # pyright: ignore[reportOptionalMemberAccess]
    await there.press("enter")


async def test_deleted_records_are_no_longer_marked(sandbox: RunningInfo) -> None:
    async with opened(sandbox) as there:
        first = there.record
        await there.press("space", "space", "x", "left", "left", "enter", "escape")
        there.sent()
        assert list(there.screen.records.grid.marks) == []
        assert there.screen.commands["edit"].is_available()
        # The next command means the record under the cursor again.
        assert there.record.external_id != first.external_id
        await there.press("x")
        assert isinstance(there.app.screen, PreviewScreen)
        words = screen_words(there.app)
        assert f"Delete lead {there.app.screen._change_set.changes[0].external_id}" in words
        await there.press("escape")
        assert there.sent() == []


async def test_a_filtered_cell_is_edited_in_its_place_and_the_pane_follows(
    sandbox: RunningInfo,
) -> None:
    async with opened(sandbox, size=(140, 40)) as there:
        before = there.record
        await there.screen.account.catalog.load_fields("lead")
        await filter_by(there, "Score >= 90")
        view = there.screen.filtered
        assert isinstance(view, FilteredView)
        await there.press("down", "down", "right", "right")
        record, column = view.record, view.grid.cursor_column
        assert record is not None
        assert column == "LastName"
        there.sent()
        await there.press("i")
        assert [row.field_name for row in there.form.rows] == ["LastName"]
        await there.retype("Lovelace")
        await there.press("enter", "enter", "enter")
        address = f"lead/{record.external_id}"
        assert there.sent() == [f"GET {address}", f"PUT {address}"]
        # The pane shows the record under the cursor that is seen again.
        await there.press("escape")
        await wait_until_settled(there.pilot)
        assert there.screen.filtered is None
        assert there.screen.record_pane.record == there.record == before
        assert there.sent() == []


async def test_what_is_typed_while_the_filter_opens_is_its_condition(
    sandbox: RunningInfo, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, may_end = asyncio.Event(), threading.Event()
    loop = asyncio.get_running_loop()

    def import_slowly(name: str) -> ModuleType:
        loop.call_soon_threadsafe(begun.set)
        may_end.wait(20)
        return import_module(name)

    monkeypatch.setattr("cmdm_tui.tui.screens.browse.panes._FILTERED_VIEW", "bisect")
    monkeypatch.delitem(sys.modules, "bisect")
    monkeypatch.setattr("cmdm_tui.tui.screens.browse.panes.import_module", import_slowly)
    async with opened(sandbox) as there:
        _send(there.pilot, "f", "f")
        await begun.wait()
        for key in "xSa":
            _send(there.pilot, key, key)
        may_end.set()
        await wait_until_settled(there.pilot)
        assert there.screen.filtered is not None
        assert there.screen.filtered.bar.record_filter.text == "xSa"
        assert there.sent() == ["GET lead/fields?per_page=200&page=1"]


async def test_a_refused_value_leaves_what_was_typed(sandbox: RunningInfo) -> None:
    async with opened(sandbox, "task", size=(100, 30)) as there:
        task = there.record
        await there.press("e")
        await there.go_to_field("Type")
        await there.retype("Fax")
        await there.go_to_field("Notes")
        await there.retype("Long and dear")
        await there.press("ctrl+s", "enter")
        assert "refused: Type must be one of" in screen_words(there.app)
        await there.press("escape")
        assert there.form.form is not None
        assert set(there.form.form.touched) == {"Type", "Notes"}
        assert "Type must be one of" in screen_words(there.app)
        await there.go_to_field("Type")
        await there.retype("Call")
        await there.press("ctrl+s", "enter", "enter")
        assert isinstance(there.app.screen, BrowseScreen)
        stored = await there.screen.account.client.record("task", task.external_id)
        assert stored.properties["Notes"] == "Long and dear"


@pytest.mark.parametrize("end", ["enter", "ctrl+s"])
async def test_keys_that_come_at_once_are_all_in_the_preview(
    sandbox: RunningInfo, end: str
) -> None:
    async with opened(sandbox) as there:
        lead = there.record
        await there.press("right", "right", "i")
        for key in ("end", *"xy", "backspace", "backspace", *"-Love", "home", *"A", end):
            _send(there.pilot, key, key if len(key) == 1 else None)
        await wait_until_settled(there.pilot)
        assert isinstance(there.app.screen, PreviewScreen)
        wanted = {"LastName": f"A{lead.properties['LastName']}-Love"}
        assert there.app.screen._change_set.changes[0].properties == wanted


async def test_marks_that_are_not_read_in_another_order_are_told(sandbox: RunningInfo) -> None:
    async with opened(sandbox) as there:
        await there.press("space", "z")
        there.screen.records.grid.marks.mark(["NOTREAD1"])
        there.sent()
        for key in ("x", "e"):
            await there.press(key)
            assert "not read in this order" in there.toast
            assert isinstance(there.app.screen, BrowseScreen)
        assert there.sent() == []
        await there.press("ctrl+n", "x")
        assert isinstance(there.app.screen, PreviewScreen)
