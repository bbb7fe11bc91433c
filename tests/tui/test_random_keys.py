"""Random keys do no harm: no crash, no write without its confirmation, no raw byte shown.

A failure names its seed and what was done last: `run_monkey` with that seed does the same again.
"""

import asyncio
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from textual.drivers.headless_driver import HeadlessDriver

from cmdm_tui.config import Paths, Profile
from cmdm_tui.sandbox import FaultPlan, RunningInfo, Sandbox, SandboxConfig
from cmdm_tui.sandbox.faults.plan import Fault, FaultKind
from cmdm_tui.tui import Explorer
from cmdm_tui.tui.screens.browse.screen import BrowseScreen
from cmdm_tui.tui.screens.calls.screen import CallsScreen
from cmdm_tui.tui.screens.changes.apply_screen import ApplyScreen
from cmdm_tui.tui.screens.changes.preview_screen import PreviewScreen
from cmdm_tui.tui.screens.changes.screen import ChangesScreen
from cmdm_tui.tui.screens.changes.undo_screen import UndoScreen
from cmdm_tui.tui.screens.compare.screen import CompareScreen
from cmdm_tui.tui.screens.dialogs.choice import ChoiceScreen
from cmdm_tui.tui.screens.dialogs.columns import ColumnsScreen
from cmdm_tui.tui.screens.edit.form_screen import FormScreen
from cmdm_tui.tui.screens.query.chart_screen import ChartScreen
from cmdm_tui.tui.screens.query.pick_screen import PickScreen
from cmdm_tui.tui.screens.query.screen import QueryScreen
from cmdm_tui.tui.screens.query.summary_screen import SummaryScreen
from cmdm_tui.tui.widgets.filter_bar import FilterBar
from cmdm_tui.tui.widgets.grid import Grid
from tests.services import copy_records, profile_of
from tests.tui.driver import FixedProfiles, press, wait_until_settled
from tests.tui.monkey import (
    CheckedNetwork,
    Confirmations,
    GarblingNetwork,
    Monkey,
    list_keys,
    resumed_changes,
)

SEED, ACTIONS = 16, 500
"""Where the seeds begin, and what is done in one explorer before the next one starts."""

SAMPLE, WHOLE = 1, 20
"""Explorers, one after the other, of the daily run and of the long proof."""

KEYS = list_keys(
    Explorer, BrowseScreen, QueryScreen, CallsScreen, ChangesScreen, CompareScreen, FormScreen,
    PreviewScreen, ApplyScreen, UndoScreen, ColumnsScreen, ChoiceScreen, PickScreen, ChartScreen,
    SummaryScreen, FilterBar, Grid,
)  # fmt: skip

FAULTS = FaultPlan(
    seed=SEED,
    faults=[
        Fault(FaultKind.LATENCY, rate=0.05, seconds=0.05),
        Fault(FaultKind.REVOKED_TOKEN, rate=0.01),
        Fault(FaultKind.ERROR_500, rate=0.03),
        Fault(FaultKind.HTML_502, rate=0.01),
        Fault(FaultKind.STORM_429, rate=0.005, seconds=0.1),
        Fault(FaultKind.RESET_BEFORE, rate=0.01),
        Fault(FaultKind.LOST_ANSWER, rate=0.01),
        Fault(FaultKind.TRUNCATED_JSON, rate=0.01),
        Fault(FaultKind.WRONG_TYPE, rate=0.01),
    ],
)

_CLIPBOARD = re.compile(r"\x1b\]52;c;[A-Za-z0-9+/]+=*\x07")


@pytest.fixture(autouse=True)
def harmless(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files go into a folder of the test, an editor ends at once, and quitting does nothing."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("EDITOR", "true")
    monkeypatch.setattr("cmdm_tui.tui.screens.changes.preview_screen.SECONDS_BEFORE_APPLY", 0.0)

    def stay(_: Explorer) -> None:
        """Quit nothing."""

    monkeypatch.setattr(Explorer, "exit", stay)


@pytest.fixture
def faulty_sandbox(tmp_path: Path) -> Iterator[RunningInfo]:
    config = SandboxConfig(
        tmp_path / "sandbox", port=0, records=60, lasting=False, rate_limit=10**6, faults=FAULTS
    )
    copy_records(config)
    with Sandbox.embedded(config) as running:
        yield running


def profiles(info: RunningInfo) -> FixedProfiles:
    """Return profiles to switch between, one of them read-only."""
    found = profile_of(info)
    read_only = replace(found, name="watched", read_only=True)
    others: list[Profile] = [found, read_only]
    return FixedProfiles(found, others=others)


async def run_monkey(
    info: RunningInfo, folder: Path, seed: int, actions: int, monkeypatch: pytest.MonkeyPatch
) -> tuple[Monkey, Confirmations]:
    """Do random things in one explorer; an assertion names the seed and what was done last."""
    confirmations = Confirmations()
    written: list[str] = []

    def write(_: HeadlessDriver, data: str) -> None:
        written.append(data)

    monkeypatch.setattr(HeadlessDriver, "write", write)
    resume = ChangesScreen.resume

    def note_resume(screen: ChangesScreen) -> None:
        confirmations.note_resume(resumed_changes(screen))
        resume(screen)

    # The table of commands looks it up when its key is pressed.
    monkeypatch.setattr(ChangesScreen, "resume", note_resume)
    loose: list[str] = []

    def note_loose(_: asyncio.AbstractEventLoop, what: dict[str, object]) -> None:
        loose.append(str(what))

    asyncio.get_running_loop().set_exception_handler(note_loose)
    app = Explorer(
        profiles(info),
        catalogs=folder / "catalogs",
        transport=GarblingNetwork(seed, confirmations),
        paths=Paths(folder / "config", folder / "data"),
    )
    monkey: Monkey | None = None
    try:
        async with app.run_test(
            size=(100, 30), notifications=True, message_hook=confirmations.note_message
        ) as pilot:
            await wait_until_settled(pilot)
            monkey = Monkey(pilot, seed, KEYS)
            for _ in range(actions):
                await monkey.act()
                assert not confirmations.unconfirmed
                assert app.is_running
            await monkey.finish()
    except BaseException as error:
        if monkey is not None:
            error.add_note(f"seed {seed}, done last:\n  " + "\n  ".join(monkey.actions))
        raise
    assert not confirmations.unconfirmed
    assert not loose
    copied = [text for text in written if "\x1b]52" in text]
    assert not [text for text in copied if not _CLIPBOARD.fullmatch(text)]
    log = folder / "data" / "explorer" / "errors.log"
    assert not log.exists()
    return monkey, confirmations


async def test_random_keys_do_no_harm(
    faulty_sandbox: RunningInfo,
    tmp_path: Path,
    runs_whole: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    writes, screens = 0, set[str]()
    for number in range(WHOLE if runs_whole else SAMPLE):
        folder = tmp_path / str(number)
        monkey, confirmations = await run_monkey(
            faulty_sandbox, folder, SEED + number, ACTIONS, monkeypatch
        )
        writes += confirmations.writes
        screens |= monkey.screens
    assert {"BrowseScreen", "QueryScreen", "CallsScreen", "ChangesScreen"} <= screens
    assert not runs_whole or writes


@pytest.mark.parametrize("sends_at_once", [False, True])
async def test_a_write_without_its_confirmation_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sends_at_once: bool
) -> None:
    """The broken twin: a preview that sends at once, with no button pressed."""

    def send_at_once(screen: PreviewScreen) -> None:
        screen.call_after_refresh(screen.apply)

    if sends_at_once:
        monkeypatch.setattr(PreviewScreen, "on_mount", send_at_once)
    confirmations = Confirmations()
    config = SandboxConfig(tmp_path / "sandbox", port=0, records=60, lasting=False)
    copy_records(config)
    with Sandbox.embedded(config) as info:
        app = Explorer(
            profiles(info),
            catalogs=tmp_path / "catalogs",
            transport=CheckedNetwork(confirmations),
            paths=Paths(tmp_path / "config", tmp_path / "data"),
        )
        async with app.run_test(message_hook=confirmations.note_message) as pilot:
            await wait_until_settled(pilot)
            await press(pilot, "e", "x", "ctrl+s")
            assert sends_at_once or isinstance(app.screen, PreviewScreen)
    assert (confirmations.writes, bool(confirmations.unconfirmed)) == (
        (1, True) if sends_at_once else (0, False)
    )
