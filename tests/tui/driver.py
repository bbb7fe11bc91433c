"""Drives the explorer in tests: waits for it to come to rest, and reads what it shows."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from itertools import count
from typing import Any, cast

from textual import events
from textual.app import App
from textual.pilot import Pilot
from textual.widget import Widget

from cmdm_tui.config import Credentials, Profile, SecretPlace
from cmdm_tui.tui import Explorer
from cmdm_tui.tui.account_opener import ProfileSummary
from cmdm_tui.tui.screens.browse.screen import BrowseScreen
from cmdm_tui.tui.widgets.notice import Notice
from cmdm_tui.tui.widgets.record_pane import RecordPane

for _name in ("browse.filtered_view", "query.screen", "calls.screen", "changes.screen"):
    import_module(f"cmdm_tui.tui.screens.{_name}")  # else keys import them in a thread
import_module("cmdm_tui.harness.recording.session")

_IDLE_TURNS = 12
"""Turns of the event loop with nothing to do, after which nothing more is to come."""

what_ended_parts: list[BaseException] = []
"""What ended a part of the explorer in this test, a time limit for instance: Textual hides it."""


@dataclass
class FixedProfiles:
    """An opening that has its profile already, or raises what it is told to."""

    found: Profile
    error: Exception | None = None
    secrets: list[Mapping[str, str]] = field(default_factory=list[Mapping[str, str]])
    kept: list[tuple[str, str, str]] = field(default_factory=list[tuple[str, str, str]])
    demos: int = 0
    others: Sequence[Profile] = ()
    names: list[str | None] = field(default_factory=list[str | None])

    def start_demo(self) -> Profile:
        self.demos += 1
        return self.found

    def list_profiles(self) -> Sequence[ProfileSummary]:
        return [ProfileSummary(one.name, one.url, one.colour, one.read_only) for one in self.others]

    def load_profile(self, secrets: Mapping[str, str], name: str | None = None) -> Profile:
        self.secrets.append(secrets)
        self.names.append(name)
        if self.error is not None and not secrets:
            raise self.error
        return next((one for one in self.others if one.name == name), self.found)

    def save_profile(
        self, name: str, url: str, credentials: Credentials, *, place: SecretPlace
    ) -> Profile:
        self.kept.append((name, url, place))
        return Profile(name, url, credentials, catalog=name)


async def wait_until_settled(pilot: Pilot[None]) -> None:
    """Wait until no worker runs, no message waits, and the screen has been laid out and painted.

    The record pane shows at once what it would show once the cursor rests.

    `Pilot.pause` waits for an idle processor, which a sandbox in the same process seldom is.
    """
    for _ in range(2):
        await _until_idle(pilot.app)
        for pane in pilot.app.screen.query(RecordPane):
            pane.show_followed()
        await _until_idle(pilot.app)
        pilot.app.screen._on_timer_update()
    await _until_idle(pilot.app)


async def _until_idle(app: App[None]) -> None:
    ready = cast("Any", asyncio.get_running_loop())._ready
    turns_idle = 0
    while app._exception is None:
        await asyncio.sleep(0)
        turns_idle = 0 if ready else turns_idle + 1
        if turns_idle < _IDLE_TURNS:
            continue
        if what_ended_parts:
            raise what_ended_parts[0]
        running = [worker for worker in app.workers if not worker.is_finished]
        if running:
            await asyncio.gather(*(worker.wait() for worker in running), return_exceptions=True)
        elif not has_messages(app):
            return
        turns_idle = 0


def has_messages(app: App[None]) -> bool:
    """Tell whether a message waits for the app or anything on its screen.

    Asked so often that Textual's own walks take a tenth of a test's time.
    """
    if app.message_queue_size:
        return True
    nodes: list[Widget] = [app.screen]
    for node in nodes:
        if node.message_queue_size:
            return True
        nodes.extend(node._nodes)
    return False


_press_times = count(0.0, 1.0)
"""When keys are pressed, in seconds: no press is one of a held key, however fast a test is."""


async def press(pilot: Pilot[None], *keys: str) -> None:
    """Press keys one after the other, each time waiting until all has come to rest."""
    for key in keys:
        _send(pilot, key, key if len(key) == 1 else None)
        await wait_until_settled(pilot)


async def type_text(pilot: Pilot[None], text: str) -> None:
    """Type a text into the input that has the focus."""
    for character in text:
        _send(pilot, character, character)
    await wait_until_settled(pilot)


async def send_keys(pilot: Pilot[None], *keys: str) -> None:
    """Press keys faster than they are handled, and wait until all has come to rest."""
    for key in keys:
        _send(pilot, key, key if len(key) == 1 else None)
    await wait_until_settled(pilot)


async def press_beside_work(pilot: Pilot[None], *keys: str) -> None:
    """Press keys while something runs, for whose end nothing waits: only messages are."""
    for key in keys:
        _send(pilot, key, key if len(key) == 1 else None)
        turns_idle = 0
        while turns_idle < _IDLE_TURNS:
            await asyncio.sleep(0)
            turns_idle = 0 if has_messages(pilot.app) else turns_idle + 1
        pilot.app.screen._on_timer_update()


async def hold(pilot: Pilot[None], key: str, *, presses: int) -> None:
    """Hold a key down: it comes once, then after 400 ms 30 times a second."""
    first = next(_press_times)
    character = key if len(key) == 1 else None
    _send(pilot, key, character, first)
    await wait_until_settled(pilot)
    for number in range(presses - 1):
        _send(pilot, key, character, first + 0.4 + number / 30)
    for _ in range(presses // 30 + 2):
        next(_press_times)
    await wait_until_settled(pilot)


def _send(pilot: Pilot[None], key: str, character: str | None, moment: float | None = None) -> None:
    driver = pilot.app._driver
    assert driver is not None
    event = events.Key(key, character)
    event.set_sender(pilot.app)
    event.time = next(_press_times) if moment is None else moment
    driver.send_message(event)


def screen_text(app: App[None]) -> str:
    """Return what the terminal shows, line by line, without colours."""
    strips = app.screen._compositor.render_strips()
    return "\n".join("".join(segment.text for segment in strip) for strip in strips)


def screen_words(app: App[None]) -> str:
    """Return what the terminal shows as one line of words, borders and line breaks taken out."""
    text = screen_text(app)
    return " ".join("".join(" " if c in "│╭╮╰╯─▎▌▁" else c for c in text).split())


def notice_text(app: Explorer) -> str:
    """Return what the notices of the screen in front say."""
    notices = [notice for notice in app.screen.query(Notice) if _is_seen(notice)]
    return "\n".join(notice.text for notice in notices if notice.text)


def _is_seen(widget: Widget) -> bool:
    return all(node.display for node in widget.ancestors_with_self if isinstance(node, Widget))


def browse(app: Explorer) -> BrowseScreen:
    """Return the browse screen, which must be in front."""
    assert isinstance(app.screen, BrowseScreen)
    return app.screen
