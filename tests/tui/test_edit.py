"""Records are changed in a form: nothing is sent before it was shown, and then exactly that."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from textual.pilot import Pilot
from textual.widgets import Button, Input, Static

from cmdm_tui.api import Record
from cmdm_tui.changes.journal import Journal, JournalRun
from cmdm_tui.config import Paths
from cmdm_tui.sandbox import RunningInfo
from cmdm_tui.tui import Explorer
from cmdm_tui.tui.screens.browse.screen import BrowseScreen
from cmdm_tui.tui.screens.changes.apply_screen import ApplyScreen
from cmdm_tui.tui.screens.changes.preview_screen import PreviewScreen
from cmdm_tui.tui.screens.dialogs.choice import ChoiceScreen
from cmdm_tui.tui.screens.edit.field_row import FieldRow
from cmdm_tui.tui.screens.edit.form_screen import FormScreen
from tests.services import CountedNetwork, profile_of
from tests.tui.driver import (
    FixedProfiles,
    browse,
    notice_text,
    press,
    screen_text,
    screen_words,
    type_text,
    wait_until_settled,
)


@pytest.fixture(autouse=True)
def fast(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A home without a journal, and a preview that takes Enter at once."""
    monkeypatch.setattr(
        "cmdm_tui.tui.screens.changes.preview_screen.SECONDS_BEFORE_APPLY", 0.0
    )


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

    def sent(self) -> list[str]:
        """Return the calls since the last time, with their methods, and forget them."""
        made = [one for one in self.network.requests if not one.endswith(" authenticate")]
        self.network.requests.clear()
        return made

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
) -> AsyncIterator[Opened]:
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


def first_lead(there: Opened) -> Record:
    record = there.screen.records.record
    assert record is not None
    return record


async def test_one_field_of_one_record_is_one_read_and_one_write(sandbox: RunningInfo) -> None:
    async with opened(sandbox) as there:
        lead = first_lead(there)
        await there.press("e")
        # The fields are asked for once.
        assert there.sent() == ["GET lead/fields?per_page=100&page=1"]
        assert "Edit lead" in screen_text(there.app)
        assert "LastName *" in screen_words(there.app) or "Last" in screen_text(there.app)
        row = await there.go_to_field("City")
        await there.retype("Yorkshire")
        assert row.has_class("-changed")
        assert "1 field changed" in screen_words(there.app)
        await there.press("ctrl+s")
        assert isinstance(there.app.screen, PreviewScreen)
        text = screen_words(there.app)
        assert "update" in text
        assert "Yorkshire" in text
        assert "It takes 1 to 2 calls if none fails" in text
        assert there.sent() == []
        await there.press("enter")
        assert there.sent() == [f"GET lead/{lead.external_id}", f"PUT lead/{lead.external_id}"]
        record = first_lead(there)
        assert record.properties == {**lead.properties, "City": "Yorkshire"}
        assert "Yorkshire" in screen_text(there.app)
        assert "U takes it back" in screen_words(there.app)
        (run,) = there.runs()
        assert run.entries[0].change.properties == {"City": "Yorkshire"}

        # The undo reads the record, shows what it would do, reads it again and writes.
        await there.press("U")
        assert isinstance(there.app.screen, PreviewScreen)
        assert there.sent() == [f"GET lead/{lead.external_id}"]
        await there.press("enter")
        assert there.sent() == [f"GET lead/{lead.external_id}", f"PUT lead/{lead.external_id}"]
        assert first_lead(there).properties == lead.properties
        await there.press("U")
        assert "no run of this account to take back" in screen_words(there.app)
        assert there.sent() == []
