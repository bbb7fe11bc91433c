"""Leaving what is under way is asked about first: what is lost is said, a second press goes."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
from textual.pilot import Pilot

from cmdm_tui.config import Paths
from cmdm_tui.tui import Explorer
from cmdm_tui.tui.screens.browse.screen import BrowseScreen
from cmdm_tui.tui.screens.changes.apply_screen import ApplyScreen
from cmdm_tui.tui.screens.changes.preview_screen import PreviewScreen
from cmdm_tui.tui.screens.dialogs.leave import LeaveScreen
from cmdm_tui.tui.screens.edit.form_screen import FormScreen
from cmdm_tui.tui.screens.query.screen import QueryScreen
from cmdm_tui.tui.screens.start.profiles import ProfilesScreen
from tests.tui.driver import (
    FixedProfiles,
    browse,
    hold,
    press,
    press_beside_work,
    screen_words,
    send_keys,
    type_text,
    wait_until_settled,
)
from tests.tui.scripted_service import ScriptedService, profile


@pytest.fixture(autouse=True)
def own_folders(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("cmdm_tui.tui.screens.changes.preview_screen.SECONDS_BEFORE_APPLY", 0.0)


@dataclass
class Started:
    """The explorer, which does not end when it is quit; `quits` counts that."""

    app: Explorer
    pilot: Pilot[None]
    service: ScriptedService
    quits: list[bool] = field(default_factory=list[bool])

    async def until_runs(self, path: str) -> None:
        while not any(call.startswith(path) for call in self.service.calls):
            await self.pilot.pause()


@asynccontextmanager
async def started(
    service: ScriptedService, monkeypatch: pytest.MonkeyPatch
) -> AsyncGenerator[Started]:
    app = Explorer(FixedProfiles(profile()), catalogs=None, transport=service)
    async with app.run_test(size=(100, 30), notifications=True) as pilot:
        await wait_until_settled(pilot)
        there = Started(app, pilot, service)

        def note_quit(_: Explorer) -> None:
            there.quits.append(True)

        monkeypatch.setattr(Explorer, "exit", note_quit)
        yield there
        monkeypatch.undo()


async def hold_a_filter(there: Started) -> asyncio.Event:
    await press(there.pilot, "f")
    await type_text(there.pilot, "Score > 20")
    there.service.calls.clear()
    event = there.service.held["account"] = asyncio.Event()
    await press_beside_work(there.pilot, "enter")
    await there.until_runs("account?")
    # The line takes keys until there are rows.
    there.app.screen.set_focus(None)
    return event


async def test_nothing_is_asked_where_nothing_is_lost(
    service: ScriptedService, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with started(service, monkeypatch) as there:
        await press(there.pilot, "q", "ctrl+q")
        assert len(there.quits) == 2
        await press(there.pilot, "w")
        assert isinstance(there.app.screen, ProfilesScreen)
        await press(there.pilot, "escape", "e", "ctrl+q")
        assert len(there.quits) == 3


async def test_a_filter_that_runs_is_asked_about(
    service: ScriptedService, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with started(service, monkeypatch) as there:
        event = await hold_a_filter(there)
        await press_beside_work(there.pilot, "q")
        assert isinstance(there.app.screen, LeaveScreen)
        words = screen_words(there.app)
        assert "The filter on account still runs (0 calls so far): what it found is lost." in words
        assert "Quit (q again)" in words
        await press_beside_work(there.pilot, "enter")  # the cursor is on staying
        assert isinstance(there.app.screen, BrowseScreen)
        assert not there.quits
        await press_beside_work(there.pilot, "q", "escape")
        assert not there.quits
        await press_beside_work(there.pilot, "q", "q")
        assert there.quits == [True]
        await press_beside_work(there.pilot, "q", "down", "enter")
        assert len(there.quits) == 2
        await press_beside_work(there.pilot, "w", "escape")
        assert isinstance(there.app.screen, BrowseScreen)
        await press_beside_work(there.pilot, "f5", "w", "f2", "w", "w")
        while not isinstance(there.app.screen, ProfilesScreen):
            await there.pilot.pause()
        await press_beside_work(there.pilot, "escape")
        filtered = browse(there.app).open_filter_view
        assert filtered is not None
        assert filtered.is_running, "to look at the other accounts ends nothing"
        event.set()
        await wait_until_settled(there.pilot)
        await press(there.pilot, "q")
        assert len(there.quits) == 3, "it has ended: nothing is lost"


async def test_what_was_typed_is_asked_about_and_a_held_key_goes_once(
    service: ScriptedService, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with started(service, monkeypatch) as there:
        await press(there.pilot, "e")
        assert isinstance(there.app.screen, FormScreen)
        await type_text(there.pilot, "x")
        await press(there.pilot, "ctrl+q")
        assert isinstance(there.app.screen, LeaveScreen)
        assert "What was typed into the form was not sent" in screen_words(there.app)
        await press(there.pilot, "escape")
        await hold(there.pilot, "ctrl+q", presses=30)
        assert len(there.quits) == 1, "a held key is two presses: down, and its first repeat"
        await press(there.pilot, "escape")
        assert isinstance(there.app.screen, FormScreen)


async def test_sql_that_runs_is_asked_about(
    service: ScriptedService, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with started(service, monkeypatch) as there:
        await press(there.pilot, "f3")
        await send_keys(there.pilot, *"SELECT ", *"1")
        assert isinstance(there.app.screen, QueryScreen)
        there.app.screen.pane.editor.load_text("SELECT City FROM account")
        await wait_until_settled(there.pilot)
        there.service.calls.clear()
        event = there.service.held["account"] = asyncio.Event()
        await press_beside_work(there.pilot, "ctrl+r")
        await there.until_runs("account?")
        await press_beside_work(there.pilot, "ctrl+q")
        assert isinstance(there.app.screen, LeaveScreen)
        assert "The SQL of" in screen_words(there.app)
        assert "its rows are lost" in screen_words(there.app)
        await press_beside_work(there.pilot, "escape", "f2", "w")
        assert isinstance(there.app.screen, LeaveScreen), "it runs on another screen"
        await press_beside_work(there.pilot, "escape")
        event.set()
        await wait_until_settled(there.pilot)
        assert not there.quits


async def test_changes_that_are_sent_are_asked_about(
    service: ScriptedService, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with started(service, monkeypatch) as there:
        record = browse(there.app).record
        assert record is not None
        await press(there.pilot, "x")
        assert isinstance(there.app.screen, PreviewScreen)
        path = f"account/{record.external_id}"
        event = there.service.held[path] = asyncio.Event()
        await press_beside_work(there.pilot, "left", "left", "enter")
        await there.until_runs(path)
        assert isinstance(there.app.screen, ApplyScreen)
        await press_beside_work(there.pilot, "q", "w")
        assert isinstance(there.app.screen, ApplyScreen), "no key of a screen below a dialog"
        await press_beside_work(there.pilot, "ctrl+q")
        assert isinstance(there.app.screen, LeaveScreen)
        words = screen_words(there.app)
        assert "Changes are being sent. Those not sent yet stay in the" in words
        assert "journal: Resume in Changes (f5) goes on with them." in words
        await press_beside_work(there.pilot, "ctrl+q")
        assert there.quits == [True]
        await press_beside_work(there.pilot, "escape")
        event.set()
        await wait_until_settled(there.pilot)


async def test_escape_leaves_a_call_of_changes_that_never_comes_back(
    service: ScriptedService, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with started(service, monkeypatch) as there:
        record = browse(there.app).record
        assert record is not None
        await press(there.pilot, "x")
        path = f"account/{record.external_id}"
        there.service.held[path] = asyncio.Event()
        await press_beside_work(there.pilot, "left", "left", "enter")
        await there.until_runs(path)
        await press_beside_work(there.pilot, "escape")
        assert "Stopping after the calls under way; Escape again" in screen_words(there.app)
        await press(there.pilot, "escape")
        words = screen_words(there.app)
        assert "1 not sent; 1 call." in words
        assert "Resume of run 1 goes on with what is left." in words
        assert isinstance(there.app.screen, ApplyScreen)
        await press(there.pilot, "escape")
        assert isinstance(there.app.screen, BrowseScreen)
        assert sum(call == path for call in there.service.calls) == 1, "nothing was sent after it"


async def test_escape_leaves_the_look_for_a_create_whose_answer_was_lost(
    service: ScriptedService, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer, looks = service.handle_async_request, asyncio.Event()

    async def lose(request: httpx.Request) -> httpx.Response:
        if request.method == "POST" and request.url.path.endswith("/account"):
            raise httpx.ReadError("reset")
        if "sort_by" in request.url.params:
            looks.set()
        return await answer(request)

    monkeypatch.setattr(service, "handle_async_request", lose)
    async with started(service, monkeypatch) as there:
        await press(there.pilot, "a")
        await type_text(there.pilot, "Lovelace")
        await press(there.pilot, "ctrl+s")
        await press_beside_work(there.pilot, "enter")
        while "Looking whether change 1 was done" not in screen_words(there.app) or (
            not looks.is_set()
        ):
            await there.pilot.pause()
        await press_beside_work(there.pilot, "escape")
        assert "Stopping after the calls under way; Escape again" in screen_words(there.app)
        async with asyncio.timeout(10):  # it would be looked for for twenty seconds
            await press(there.pilot, "escape")
            while "1 in doubt" not in screen_words(there.app):
                await there.pilot.pause()
        await press(there.pilot, "escape")
        assert isinstance(there.app.screen, BrowseScreen)


@pytest.mark.parametrize("way", [("q",), ("ctrl+q",), ("ctrl+p", "quit")], ids=lambda way: way[0])
async def test_every_way_out_says_that_the_history_keeps_unsaved_sql(
    service: ScriptedService, monkeypatch: pytest.MonkeyPatch, way: tuple[str, ...]
) -> None:
    async with started(service, monkeypatch) as there:
        await press(there.pilot, "f3")
        await type_text(there.pilot, "SELECT City FROM account")
        await press(there.pilot, "ctrl+t")
        await type_text(there.pilot, "SELECT Score FROM lead")
        await press(there.pilot, "f2", way[0])
        if way[1:]:
            await type_text(there.pilot, way[1])
            await press(there.pilot, "enter")
        assert isinstance(there.app.screen, LeaveScreen)
        assert "The text of 2 SQL tabs is in no file: the tabs close, the" in screen_words(
            there.app
        )
        assert "history (f7) keeps the text." in screen_words(there.app)
        await press(there.pilot, "enter")
        assert not there.quits
        history = Paths.of_user().history
    kept = history.read_text()
    assert "+SELECT City FROM account\n" in kept
    assert "+SELECT Score FROM lead\n" in kept


async def test_sql_that_the_history_does_not_keep_is_not_said_to_be_kept(
    service: ScriptedService, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The twin: what names a secret goes into no history."""
    async with started(service, monkeypatch) as there:
        await press(there.pilot, "f3")
        await type_text(there.pilot, "SELECT 'password=hunter2hunter2'")
        await press(there.pilot, "f2", "q")
        assert "keeps the text" not in screen_words(there.app)
        history = Paths.of_user().history
    assert not history.exists() or "hunter2" not in history.read_text()
