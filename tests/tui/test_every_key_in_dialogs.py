"""Every key in every dialog is harmless, and Escape leads back: wide, narrow and tiny screens.

Harmless: no crash, no call and no change that the key does not announce.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from textual.css.query import NoMatches

from cmdm_tui.config import Paths
from cmdm_tui.tui import Explorer
from cmdm_tui.tui.dialog_screen import DialogScreen
from cmdm_tui.tui.screens.query import editor_pane
from cmdm_tui.tui.screens.query.screen import QueryScreen
from tests.tui.dialog_keys import OTHERS, Base, Dialogs, WatchedService, keys_of_everything
from tests.tui.driver import FixedProfiles, press, wait_until_settled
from tests.tui.scripted_service import message, people, profile

KEYS = keys_of_everything()

RECORDS = {
    "form": ("e",),
    "form of a new record": ("a",),
    "in place": ("right", "i"),
    "what was typed": ("e", "x", "escape"),
    "leaving": ("e", "x", "ctrl+q"),
    "new task": ("A",),
    "preview": ("x",),
    "preview of a form": ("e", "x", "ctrl+s"),
    "file of changes": ("x", "left", "enter"),
    "search": ("slash",),
    "filter": ("f",),
    "columns": ("c",),
    "copies": ("y",),
    "export": ("X",),
    "row number": ("number_sign",),
    "by id": ("o",),
    "custom entity": ("plus",),
    "field of a record": ("enter", "slash"),
    "comparison": ("space", "space", "equals_sign"),
    "accounts": ("w",),
    "sign-in": ("w", "end", "enter"),
    "help": ("question_mark",),
    "jump": ("semicolon",),
    "palette": ("ctrl+p",),
    "themes": ("ctrl+t",),
}
"""What opens from the records, and the keys that open it."""

QUERIES = {
    "summary": ("m",),
    "chart": ("p",),
    "copies of a result": ("y",),
    "export of a result": ("X",),
    "search of a result": ("slash",),
    "history": ("f7",),
    "saved queries": ("f8",),
    "name of a query": ("ctrl+s",),
    "file of a query": ("f12",),
    "query of a file": ("ctrl+o",),
}

CALLS = {
    "filter of calls": ("slash",),
    "copies of a call": ("y",),
    "cassette": ("o",),
}

MOVES = ["up", "down", "home", "end", "pageup", "pagedown", "tab", "shift+tab", "x", "escape"]
"""Keys of a tiny screen."""


@pytest.fixture(autouse=True)
def harmless(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files go into a folder of the test, an editor ends at once, and quitting does nothing."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("EDITOR", "true")
    monkeypatch.setattr("cmdm_tui.tui.screens.changes.preview_screen.SECONDS_BEFORE_APPLY", 0.0)
    monkeypatch.setattr(editor_pane, "PLAN_DELAY", 0.0)

    def stay(_: Explorer) -> None:
        """Quit nothing."""

    monkeypatch.setattr(Explorer, "exit", stay)


@asynccontextmanager
async def started(
    folder: Path, service: WatchedService, base: Base = "f2", *, warms_up: bool = True
) -> AsyncGenerator[Dialogs]:
    app = Explorer(
        FixedProfiles(profile()),
        catalogs=None,
        transport=service,
        paths=Paths(folder / "config", folder / "data"),
    )
    hook = service.confirmations.note_message
    async with app.run_test(size=(80, 24), message_hook=hook) as pilot:
        await wait_until_settled(pilot)
        if warms_up:
            await press(pilot, "e", "escape", base)  # the fields are known from now on
        yield Dialogs(pilot, service, base)
        await wait_until_settled(pilot)
        assert app._exception is None
        assert not (folder / "data" / "explorer" / "errors.log").exists()


def watched() -> WatchedService:
    return WatchedService({"account": people(3), "lead": people(40), "contact": (), "task": ()})


GROUPS = [list(RECORDS)[place::5] for place in range(5)]
"""Dialogs that share an explorer: to start one costs as much as many keys."""


def choose_keys(place: int, *, is_whole: bool) -> list[str]:
    """Return all keys, or every fifth: other ones in the next dialog, which is at `place`."""
    return KEYS if is_whole else [*KEYS[place % 5 :: 5], "escape"]


async def press_in(dialogs: Dialogs, openings: Sequence[tuple[str, ...]], keys: bool) -> None:
    """Press keys in each of the dialogs; on a tiny screen those that move."""
    for place, opening in enumerate(openings):
        await dialogs.press_all(*opening, keys=choose_keys(place, is_whole=keys))
    await dialogs.pilot.resize_terminal(20, 5)
    await wait_until_settled(dialogs.pilot)
    for opening in openings:
        await dialogs.press_all(*opening, keys=list(OTHERS) if keys else MOVES)


@pytest.mark.parametrize("names", GROUPS, ids=lambda names: names[0])
async def test_every_key_in_dialogs_of_the_records(
    tmp_path: Path, names: list[str], runs_whole: bool
) -> None:
    async with started(tmp_path, watched()) as dialogs:
        await press_in(dialogs, [RECORDS[name] for name in names], runs_whole)


async def test_every_key_in_dialogs_of_sql(tmp_path: Path, runs_whole: bool) -> None:
    async with started(tmp_path, watched(), base="f3") as dialogs:
        screen = dialogs.pilot.app.screen
        assert isinstance(screen, QueryScreen)
        screen.pane.editor.load_text("SELECT 1 AS a, 'x' AS b")
        await press(dialogs.pilot, "ctrl+r")

        def focus_rows() -> None:
            pane = screen.pane.result_pane
            if pane.has_rows:
                screen.set_focus(pane.grid)

        dialogs.prepare = focus_rows
        await press_in(dialogs, list(QUERIES.values()), runs_whole)


async def test_every_key_in_dialogs_of_calls(tmp_path: Path, runs_whole: bool) -> None:
    async with started(tmp_path, watched(), base="f4") as dialogs:
        await press_in(dialogs, list(CALLS.values()), runs_whole)


STATES = {
    "busy": [("e",), ("a",), ("o", "x", "enter"), ("x", "left", "left", "enter"), ("w",)],
    "failed": [("e",), ("a",), ("o", "x", "enter"), ("x", "left", "left", "enter"), ("w",)],
    "empty": [("a",), ("f",), ("o", "x", "enter"), ("question_mark",), ("semicolon",)],
}
"""What opens in these states: no answer comes, each is an error, or there is no record."""


@pytest.mark.parametrize("state", STATES)
async def test_every_key_in_dialogs_in_other_states(
    tmp_path: Path, state: str, runs_whole: bool
) -> None:
    service = watched()
    if state == "empty":
        service.entities = dict.fromkeys(service.entities, ())
    async with started(tmp_path, service, warms_up=False) as dialogs:
        if state == "failed":
            service.answers["*"] = message(500, "The database is being repaired")
        never = asyncio.Event()
        if state == "busy":
            ids = [key for key, _ in people(3)]
            paths = ["account/fields", "account/x", *(f"account/{key}" for key in ids)]
            service.held = dict.fromkeys(paths, never)
        for place, opening in enumerate(STATES[state]):
            keys = choose_keys(place, is_whole=runs_whole)
            await dialogs.press_all(*opening, keys=[*keys, *MOVES], is_quiet=False)
        never.set()


def fail(*_: object) -> None:
    raise NoMatches


def count_leads(screen: DialogScreen[None], *_: object) -> None:
    app = screen.app  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
    assert isinstance(app, Explorer)
    screens = app._screens
    assert screens is not None
    screen.run_worker(screens.account.client.record("account", "ID000001"))


def stay(*_: object) -> None:
    """Leave nothing."""


async def press_in_columns(folder: Path) -> None:
    async with started(folder, watched()) as dialogs:
        await dialogs.press_all("c", keys=["ctrl+p"])


@pytest.mark.parametrize(
    ("action", "harm", "error", "words"),
    [
        ("action_pin", fail, NoMatches, None),
        ("action_pin", count_leads, AssertionError, r"ctrl\+p calls"),
        ("action_cancel", stay, AssertionError, "no way back"),
    ],
)
async def test_a_key_of_a_dialog_that_does_harm_is_found(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    action: str,
    harm: Callable[..., None],
    error: type[Exception],
    words: str | None,
) -> None:
    """The broken twins: a key that fails, one that calls, a dialog that Escape does not leave."""
    monkeypatch.setattr(f"cmdm_tui.tui.screens.dialogs.columns.ColumnsScreen.{action}", harm)
    with pytest.raises(error, match=words):
        await press_in_columns(tmp_path)
