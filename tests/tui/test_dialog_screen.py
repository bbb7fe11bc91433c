"""A dialog is closed once, and its inputs hold what can be shown."""

from typing import Any, cast

import pytest
from textual import events
from textual.pilot import Pilot
from textual.screen import ModalScreen
from textual.widgets import Input

from cmdm_tui.tui.dialog_screen import DialogScreen
from cmdm_tui.tui.screens.dialogs.entry import EntryScreen
from cmdm_tui.tui.tolerant_app import TolerantApp
from tests.tui.driver import wait_until_settled
from tests.tui.test_hostile import HOSTILE, unsafe


class Asking(TolerantApp):
    """Asks two questions, one in front of the other."""

    def __init__(self) -> None:
        super().__init__()
        self.answers: list[str | None] = []

    def on_mount(self) -> None:
        for question in ("Below?", "Above?"):
            self.push_screen(EntryScreen(question, lambda _: ""), self.answers.append)


async def press_at_once(pilot: Pilot[None], *keys: str) -> None:
    """Press keys of which all are with the dialog in front before the first has done anything."""
    screen = pilot.app.screen
    for key in keys:
        screen._forward_event(events.Key(key, None))
    await wait_until_settled(pilot)


async def test_keys_that_come_at_once_close_one_dialog() -> None:
    app = Asking()
    async with app.run_test() as pilot:
        await wait_until_settled(pilot)
        above = app.screen
        above.query_one(Input).value = "a"
        await press_at_once(pilot, "enter", "enter", "enter")
        assert app.answers == ["a"]
        below = app.screen
        assert isinstance(below, EntryScreen)
        below.dismiss("b")
        below.dismiss("c")
        await wait_until_settled(pilot)
        assert app.answers[1:] == ["b"]
        assert not isinstance(app.screen, EntryScreen)


async def test_without_that_a_second_dialog_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The broken twin."""
    monkeypatch.setattr(DialogScreen, "dismiss", cast("Any", ModalScreen).dismiss)
    with pytest.raises(Exception, match=r"assert|screen"):
        await test_keys_that_come_at_once_close_one_dialog()


@pytest.mark.parametrize("name", HOSTILE)
async def test_what_is_pasted_into_a_dialog_can_be_shown(name: str) -> None:
    app = Asking()
    async with app.run_test() as pilot:
        await wait_until_settled(pilot)
        words = app.screen.query_one(Input)
        words.post_message(events.Paste(HOSTILE[name]))
        await wait_until_settled(pilot)
        assert not unsafe(words.value)
        app._clipboard = HOSTILE[name]
        words.action_paste()
        assert not unsafe(words.value)
