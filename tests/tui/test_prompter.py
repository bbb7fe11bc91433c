"""An operation asks and informs in front of the explorer's screens."""

import asyncio
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any

import pytest
from textual.pilot import Pilot

from cmdm_tui.tui import Explorer
from cmdm_tui.tui.screens.dialogs.choice import ChoiceScreen
from cmdm_tui.tui.screens.dialogs.entry import EntryScreen
from cmdm_tui.tui.screens.dialogs.prompter import DialogPrompter
from tests.tui.driver import (
    FixedProfiles,
    browse,
    press,
    screen_text,
    screen_words,
    wait_until_settled,
)
from tests.tui.scripted_service import ScriptedService, profile

if TYPE_CHECKING:
    from cmdm_tui.operations.prompter import Prompter


async def answer(pilot: Pilot[None], question: Coroutine[Any, Any, Any], *keys: str) -> Any:
    asking = asyncio.ensure_future(question)
    while not isinstance(pilot.app.screen, ChoiceScreen | EntryScreen):
        await pilot.pause()
    await wait_until_settled(pilot)
    await press(pilot, *keys)
    return await asking


@pytest.mark.parametrize(
    ("keys", "expected"), [(("enter",), False), (("down", "enter"), True), (("escape",), False)]
)
async def test_only_yes_confirms(
    service: ScriptedService, keys: tuple[str, ...], expected: bool
) -> None:
    app = Explorer(FixedProfiles(profile()), catalogs=None, transport=service)
    async with app.run_test(size=(80, 24)) as pilot:
        await wait_until_settled(pilot)
        prompter: Prompter = DialogPrompter(app)
        assert await answer(pilot, prompter.confirm("Make 30 calls?"), *keys) is expected
        assert browse(app)


async def test_one_of_the_choices_is_taken_or_none(service: ScriptedService) -> None:
    app = Explorer(FixedProfiles(profile()), catalogs=None, transport=service)
    async with app.run_test(size=(80, 24)) as pilot:
        await wait_until_settled(pilot)
        prompter = DialogPrompter(app)
        choices = ("lead", "[b]contact\x1b")
        assert (
            await answer(pilot, prompter.choose("Which?", choices), "down", "enter") == choices[1]
        )
        assert await answer(pilot, prompter.choose("Which?", choices), "escape") is None


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        (("1", "2", "0", "0", "enter"), True),
        (("1", "comma", "2", "0", "0", "enter"), True),
        (("enter", "escape"), False),
        (("1", "enter", "escape"), False),
        (("y", "enter", "escape"), False),
        (("1", "enter", "backspace", "1", "2", "0", "0", "enter"), True),
    ],
)
async def test_a_count_is_entered_and_nothing_else_is_a_yes(
    service: ScriptedService, keys: tuple[str, ...], expected: bool
) -> None:
    app = Explorer(FixedProfiles(profile()), catalogs=None, transport=service)
    async with app.run_test(size=(80, 24)) as pilot:
        await wait_until_settled(pilot)
        prompter: Prompter = DialogPrompter(app)
        assert await answer(pilot, prompter.enter_count("How many?", 1_200), *keys) is expected


async def test_another_answer_than_those_suggested_is_typed_and_checked(
    service: ScriptedService,
) -> None:
    app = Explorer(FixedProfiles(profile()), catalogs=None, transport=service)
    async with app.run_test(size=(80, 24)) as pilot:
        await wait_until_settled(pilot)

        def check(text: str) -> str:
            return "" if text == "ok" else "[b]That is not ok\x1b."

        asking = asyncio.ensure_future(
            DialogPrompter(app).enter_text("Which?", check, suggestions=("a", "b"))
        )
        while not isinstance(app.screen, ChoiceScreen):
            await pilot.pause()
        await wait_until_settled(pilot)
        await press(pilot, "end", "enter")
        while not isinstance(app.screen, EntryScreen):
            await pilot.pause()
        await press(pilot, "n", "o", "enter")
        await wait_until_settled(pilot)
        assert "[b]That is not ok" in screen_words(app)
        assert "\x1b" not in screen_text(app)
        await press(pilot, "backspace", "backspace", "o", "k", "enter")
        assert await asking == "ok"


async def test_what_is_shown_is_safe(service: ScriptedService) -> None:
    app = Explorer(FixedProfiles(profile()), catalogs=None, transport=service)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await wait_until_settled(pilot)
        prompter = DialogPrompter(app)
        asking = asyncio.ensure_future(prompter.choose("\x1b[31mWhich [b]?", ["[/]\x9b"]))
        while not isinstance(app.screen, ChoiceScreen):
            await pilot.pause()
        await wait_until_settled(pilot)
        assert "Which [b]?" in screen_words(app)
        assert not {"\x1b", "\x9b"} & set(screen_text(app))
        await press(pilot, "escape")
        await asking
        prompter.notify("[b]Done\x1b")
        await wait_until_settled(pilot)
        assert "[b]Done" in screen_words(app)
        assert "\x1b" not in screen_text(app)
