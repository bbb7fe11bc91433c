"""What the screens look like, with records that never change."""

import asyncio
from collections.abc import Awaitable, Callable
from types import SimpleNamespace

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from cmdm_tui.config import NoProfile
from cmdm_tui.tui import Explorer
from cmdm_tui.tui.screens.dialogs.entry import EntryScreen
from cmdm_tui.tui.screens.dialogs.prompter import DialogPrompter
from cmdm_tui.tui.widgets import status_line
from tests.tui.driver import FixedProfiles, press, type_text, wait_until_settled
from tests.tui.scripted_service import RESET, URL, ScriptedService, message, profile

Compare = Callable[..., bool]
SMALL, LARGE = (80, 24), (120, 40)


@pytest.fixture(autouse=True)
def at_half_past_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is 13:30, half an hour before the calls come back."""
    monkeypatch.setattr(status_line, "time", SimpleNamespace(time=lambda: RESET - 1_800.0))


@pytest.fixture(autouse=True)
def cursor_stands_still(monkeypatch: pytest.MonkeyPatch) -> None:
    """The cursor of an input is there, however long a picture takes."""

    def stand(_: Input) -> None: ...

    monkeypatch.setattr(Input, "_toggle_cursor", stand)


def pressing(*keys: str, text: str = "") -> Callable[[Pilot[None]], Awaitable[None]]:
    async def run(pilot: Pilot[None]) -> None:
        await wait_until_settled(pilot)
        await press(pilot, *keys)
        if text:
            await type_text(pilot, text)
            await press(pilot, "enter")

    return run


def entering(*keys: str) -> Callable[[Pilot[None]], Awaitable[None]]:
    async def run(pilot: Pilot[None]) -> None:
        await wait_until_settled(pilot)
        question = "This deletes or converts 1,200 records. Enter that number to send it all"
        asking = asyncio.ensure_future(DialogPrompter(pilot.app).enter_count(question, 1_200))
        while not isinstance(pilot.app.screen, EntryScreen):
            await pilot.pause()
        await press(pilot, *keys)
        await wait_until_settled(pilot)
        assert not asking.done()

    return run


def test_entering_a_count(service: ScriptedService, snap_compare: Compare) -> None:
    assert snap_compare(explorer(service), terminal_size=SMALL, run_before=entering("1", "2"))


def test_a_count_that_is_not_the_one(service: ScriptedService, snap_compare: Compare) -> None:
    run = entering("1", "2", "enter")
    assert snap_compare(explorer(service), terminal_size=SMALL, run_before=run)


def explorer(service: ScriptedService, error: Exception | None = None) -> Explorer:
    return Explorer(FixedProfiles(profile(), error), catalogs=None, transport=service)


@pytest.mark.parametrize("size", [SMALL, LARGE], ids=["small", "large"])
@pytest.mark.parametrize(
    "keys",
    [
        pytest.param(("1", "down", "enter", "right", "right", "s"), id="records"),
        pytest.param(("enter",), id="record"),
        pytest.param(("F",), id="fields"),
        pytest.param(("R",), id="related"),
    ],
)
def test_browsing(
    snap_compare: Compare, service: ScriptedService, size: tuple[int, int], keys: tuple[str, ...]
) -> None:
    assert snap_compare(explorer(service), terminal_size=size, run_before=pressing(*keys))


def wearing(theme: str) -> Callable[[Pilot[None]], Awaitable[None]]:
    """Return what shows marked and found records of a wide screen in a theme."""

    async def run(pilot: Pilot[None]) -> None:
        pilot.app.theme = theme
        await wait_until_settled(pilot)
        await press(pilot, "1", "down", "enter", "space", "down", "space", "slash")
        await type_text(pilot, "grace")
        await press(pilot, "enter")

    return run


@pytest.mark.parametrize("theme", ["cmdm-dark", "cmdm-light", "cmdm-high-contrast"])
def test_the_themes(snap_compare: Compare, service: ScriptedService, theme: str) -> None:
    run = wearing(theme)
    assert snap_compare(explorer(service), terminal_size=(140, 40), run_before=run)


def test_no_colour(
    snap_compare: Compare, service: ScriptedService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    run = wearing("cmdm-dark")
    assert snap_compare(explorer(service), terminal_size=(140, 40), run_before=run)


@pytest.mark.parametrize(
    ("size", "keys"),
    [
        pytest.param((140, 40), ("left_square_bracket", "right_square_bracket"), id="all"),
        pytest.param(SMALL, ("left_square_bracket",), id="small"),
        pytest.param((40, 12), (), id="slim"),
        pytest.param((40, 12), ("1",), id="slim-entities"),
    ],
)
def test_folded_panes(
    snap_compare: Compare, service: ScriptedService, size: tuple[int, int], keys: tuple[str, ...]
) -> None:
    run = pressing("1", "down", "enter", *keys)
    assert snap_compare(explorer(service), terminal_size=size, run_before=run)


def test_an_export(snap_compare: Compare, service: ScriptedService) -> None:
    run = pressing("1", "down", "enter", "X")
    assert snap_compare(explorer(service), terminal_size=SMALL, run_before=run)


def test_an_error(snap_compare: Compare, service: ScriptedService) -> None:
    service.answers["*"] = message(500, "The database is being repaired")
    assert snap_compare(explorer(service), terminal_size=SMALL, run_before=pressing())


def test_the_help(snap_compare: Compare, service: ScriptedService) -> None:
    run = pressing("question_mark")
    assert snap_compare(explorer(service), terminal_size=SMALL, run_before=run)


def test_a_dialogue(snap_compare: Compare, service: ScriptedService) -> None:
    run = pressing("plus", text="invoice")
    assert snap_compare(explorer(service), terminal_size=SMALL, run_before=run)


def test_the_welcome(snap_compare: Compare, service: ScriptedService) -> None:
    app = explorer(service, NoProfile("No profile is set up yet."))
    assert snap_compare(app, terminal_size=SMALL, run_before=pressing())


def test_the_sign_in(snap_compare: Compare, service: ScriptedService) -> None:
    app = explorer(service, NoProfile("No profile is set up yet."))
    assert snap_compare(app, terminal_size=SMALL, run_before=pressing("s", text=URL))
