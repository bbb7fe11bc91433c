"""A key waits for what the one before it does, and no longer than that."""

from pathlib import Path

import pytest
from textual import events
from textual.app import App
from textual.widgets import Input

from cmdm_tui.tui import key_order
from cmdm_tui.tui.key_order import KeyOrder
from cmdm_tui.tui.screens.dialogs.export import ExportScreen
from tests.tui.driver import press
from tests.tui.scripted_service import ScriptedService
from tests.tui.test_query import explore, opened, write


async def test_a_key_does_not_wait_for_a_dialog_that_the_one_before_it_has_closed(
    service: ScriptedService, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(key_order, "_LONGEST_WAIT", 5.0)
    monkeypatch.setattr(key_order, "_LOOKS", 5)  # too long for the keys to rest in between
    async with opened(explore(service), tmp_path) as (pilot, screen):
        await write(pilot, screen, "SELECT 1 AS a")
        await press(pilot, "ctrl+r", "escape", "X")
        assert isinstance(pilot.app.screen, ExportScreen)
        pilot.app.screen.query_one(Input).value = str(tmp_path / "out.csv")
        await press(pilot, "enter", "X")
        assert isinstance(pilot.app.screen, ExportScreen)


async def test_a_key_that_comes_once_the_screens_are_gone_does_nothing() -> None:
    """The last keys may come while the explorer ends."""
    delivered: list[events.Key] = []

    async def deliver(event: events.Key) -> None:
        delivered.append(event)

    app = App[None]()
    order = KeyOrder(app, deliver)
    async with app.run_test():
        await order.take(events.Key("a", "a"))
    await order.take(events.Key("b", "b"))
    assert [event.key for event in delivered] == ["a"]
