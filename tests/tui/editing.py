"""The explorer on a sandbox of its own, with what it sends counted: for the tests of changes."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

import httpx
from textual.pilot import Pilot
from textual.widgets import Input

from cmdm_tui.api import Record
from cmdm_tui.changes.journal import Journal, JournalRun
from cmdm_tui.config import Paths
from cmdm_tui.sandbox import RunningInfo
from cmdm_tui.tui import Explorer
from cmdm_tui.tui.screens.browse.screen import BrowseScreen
from cmdm_tui.tui.screens.edit.field_row import FieldRow
from cmdm_tui.tui.screens.edit.form_screen import FormScreen
from tests.services import CountedNetwork, profile_of
from tests.tui.driver import FixedProfiles, browse, press, type_text, wait_until_settled


@dataclass
class Opened:
    """The explorer on a sandbox, at its leads, with what is sent counted."""

    app: Explorer
    pilot: Pilot[None]
    network: CountedNetwork

    @property
    def screen(self) -> BrowseScreen:
        return browse(self.app)

    @property
    def form(self) -> FormScreen:
        assert isinstance(self.app.screen, FormScreen)
        return self.app.screen

    @property
    def record(self) -> Record:
        """The record under the cursor."""
        record = self.screen.records.record
        assert record is not None
        return record

    def sent(self) -> list[str]:
        """Return the calls since the last time, with their methods, and forget them."""
        made = [one for one in self.network.requests if not one.endswith(" authenticate")]
        self.network.requests.clear()
        return made

    @property
    def toast(self) -> str:
        """The last notification."""
        return list(self.app._notifications)[-1].message

    async def press(self, *keys: str) -> None:
        await press(self.pilot, *keys)

    async def go_to_field(self, name: str) -> FieldRow:
        await self.press("ctrl+f")
        self.form.query_one("#find", Input).value = ""
        await type_text(self.pilot, name)
        await self.press("enter")
        row = next(row for row in self.form.rows if row.field_name == name)
        assert row.has_focus_within
        return row

    async def retype(self, text: str) -> None:
        """Type a text over the one in the input that has the focus."""
        await self.press("home", "ctrl+k")
        await type_text(self.pilot, text)

    def runs(self) -> list[JournalRun]:
        with Journal.open(Paths.of_user().journal) as journal:
            return [journal.load(one.id) for one in journal.runs()]


@asynccontextmanager
async def opened(
    info: RunningInfo,
    entity: str = "lead",
    *,
    network: CountedNetwork | None = None,
    size: tuple[int, int] = (80, 24),
    **settings: Any,
) -> AsyncGenerator[Opened]:
    network = network or CountedNetwork()
    profile = replace(profile_of(info), **settings)
    app = Explorer(FixedProfiles(profile), catalogs=None, transport=network)
    async with app.run_test(size=size, notifications=True) as pilot:
        await wait_until_settled(pilot)
        there = Opened(app, pilot, network)
        there.screen.show_entity(entity)
        await wait_until_settled(pilot)
        there.sent()
        yield there


class LosingNetwork(CountedNetwork):
    """Loses the answers to calls of a method, once the service has done what they ask."""

    def __init__(self, method: str) -> None:
        super().__init__()
        self.method = method
        self.is_down = False

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if self.is_down and request.method == "GET":
            raise httpx.ConnectError("down", request=request)
        response = await super().handle_async_request(request)
        if request.method == self.method and "authenticate" not in str(request.url):
            self.is_down = True
            await response.aread()
            raise httpx.ReadError("lost", request=request)
        return response
