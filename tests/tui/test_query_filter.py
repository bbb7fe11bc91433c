"""Records are filtered by a condition: completed, planned for no call, run, and left."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest
from textual.app import ComposeResult
from textual.pilot import Pilot

from cmdm_tui.api import Record
from cmdm_tui.tui import Explorer
from cmdm_tui.tui.commands import CommandScreen
from cmdm_tui.tui.models.row_source import Tone
from cmdm_tui.tui.screens.browse.filtered_view import FilteredView
from cmdm_tui.tui.widgets import filter_bar
from tests.tui.driver import (
    FixedProfiles,
    browse,
    notice_text,
    press,
    screen_text,
    type_text,
    wait_until_settled,
)
from tests.tui.scripted_service import ScriptedService, message, people, profile


@pytest.fixture(autouse=True)
def planned_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(filter_bar, "PLAN_DELAY", 0.0)


class FilterScreen(CommandScreen):
    """A screen with nothing but the filter; it keeps what the filter reports."""

    def __init__(self, view: FilteredView) -> None:
        super().__init__()
        self.view = view
        self.reports: list[object] = []

    def compose(self) -> ComposeResult:
        yield self.view

    def bind_commands(self) -> dict[str, object]:  # pyright: ignore[reportIncompatibleMethodOverride]
        return {}

    def on_filtered_view_record_highlighted(self, event: FilteredView.RecordHighlighted) -> None:
        self.reports.append(event.record)

    def on_filtered_view_record_opened(self, event: FilteredView.RecordOpened) -> None:
        self.reports.append(("opened", event.record.external_id))

    def on_filtered_view_filter_left(self) -> None:
        self.reports.append("left")


@asynccontextmanager
async def filtering(
    service: ScriptedService,
) -> AsyncGenerator[tuple[Pilot[None], Explorer, FilterScreen]]:
    app = Explorer(FixedProfiles(profile()), catalogs=None, transport=service)
    async with app.run_test(size=(80, 24)) as pilot:
        await wait_until_settled(pilot)
        account = browse(app).account
        await account.catalog.load_fields("lead")
        screen = FilterScreen(FilteredView(account))
        await app.push_screen(screen)
        await wait_until_settled(pilot)
        screen.view.open_for("lead")
        await wait_until_settled(pilot)
        service.calls.clear()
        yield pilot, app, screen


async def test_records_are_filtered_opened_and_left(service: ScriptedService) -> None:
    async with filtering(service) as (pilot, app, screen):
        view = screen.view
        assert "Type a condition" in view.bar.plan.summary
        await type_text(pilot, "Sc")
        assert view.bar.offers.names == ("Score",)
        await press(pilot, "tab")
        await type_text(pilot, " > 98 AND LastName LIKE 'A%'")
        assert "not known yet" in view.bar.plan.summary
        assert "f6" not in view.bar.plan.summary, "no key of the bar"
        assert service.calls == [], "what is typed costs no call"
        await press(pilot, "enter")
        assert [call.partition("?")[0] for call in service.calls] == ["lead"]
        wanted = [
            i for i, p in people(250) if int(p["Score"]) > 98 and str(p["LastName"]).startswith("A")
        ]
        assert view.source is not None
        assert sorted(row.key for row in view.source.rows(0, 99) if row) == sorted(wanted)
        assert view.caption.endswith(" · filtered by Score > 98 AND LastName LIKE 'A%'")
        count = f"{len(wanted)} record" + ("s" if len(wanted) > 1 else "")
        assert view.caption.startswith(f"{count} · "), "it is seen however long the condition is"
        assert view.grid.has_focus
        record = view.record
        assert isinstance(record, Record)
        assert record.external_id in wanted
        await press(pilot, "enter")
        assert screen.reports[-1] == ("opened", record.external_id)
        view.open_for("lead")
        await wait_until_settled(pilot)
        assert view.bar.record_filter.text == "Score > 98 AND LastName LIKE 'A%'"
        assert "call" in view.bar.plan.summary, "by now it is known"
        await press(pilot, "escape")
        assert view.is_open
        assert view.grid.has_focus
        await press(pilot, "escape")
        assert not view.is_open
        assert "left" in screen.reports
        assert len(service.calls) == 1
        view.open_for("account")
        assert view.bar.record_filter.text == ""
        view.open_for("lead")
        assert view.bar.record_filter.text == "Score > 98 AND LastName LIKE 'A%'"
        await type_text(pilot, "1=1")
        assert view.bar.record_filter.text == "1=1", "it was selected"
        assert app._exception is None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Scroe > 1", "Did you mean Score?"),
        ("City = 'x' ORDER BY 1", "Only a condition"),
        ("1=1; DELETE FROM lead", "no semicolon"),
        ("City = '", "not closed"),
    ],
)
async def test_what_cannot_be_run_is_said_and_nothing_sent(
    service: ScriptedService, text: str, words: str
) -> None:
    async with filtering(service) as (pilot, app, screen):
        await type_text(pilot, text)
        assert words in screen.view.bar.plan.summary
        assert screen.view.bar.plan.tone is Tone.ERROR
        assert "line 2" not in screen.view.bar.plan.summary
        screen.view.bar.offers.close_list()
        await press(pilot, "enter")
        assert service.calls == []
        assert "Traceback" not in screen_text(app)


async def test_what_was_said_of_one_entity_is_not_shown_for_another(
    service: ScriptedService,
) -> None:
    async with filtering(service) as (pilot, app, screen):
        await type_text(pilot, "Nothing = 1")
        await press(pilot, "enter")
        assert "Nothing" in screen.view.bar.plan.summary
        screen.view.open_for("account")
        await wait_until_settled(pilot)
        assert "Nothing" not in screen_text(app)


async def test_none_and_hostile_conditions(service: ScriptedService) -> None:
    async with filtering(service) as (pilot, app, screen):
        await type_text(pilot, "LastName = '[b]\u202ex'")
        screen.view.bar.offers.close_list()
        await press(pilot, "enter")
        assert "No record meets the condition" in notice_text(app)
        assert not set("\x1b\u202e") & set(screen_text(app) + screen.view.caption)


async def test_a_filter_that_is_stopped_is_partial() -> None:
    service = ScriptedService({"lead": people(300)}, cap=100)
    async with filtering(service) as (pilot, _, screen):
        view = screen.view
        await type_text(pilot, "true")
        view.bar.offers.close_list()
        await press(pilot, "enter")
        assert view.caption.startswith("300 records · ")
        service.calls.clear()
        service.held["lead"] = asyncio.Event()
        view.open_for("lead")
        await wait_until_settled(pilot)
        await pilot.press("enter")
        while not service.calls:
            await pilot.pause()
        await pilot.press("escape")
        service.held["lead"].set()
        await wait_until_settled(pilot)
        assert not view.is_running
        assert view.is_open
        assert "partial" in view.caption


async def test_nothing_is_said_of_records_that_were_not_read() -> None:
    service = ScriptedService({"lead": people(300)}, cap=100)
    async with filtering(service) as (pilot, app, screen):
        view = screen.view
        await type_text(pilot, "LastName LIKE '%nobody%'")
        view.bar.offers.close_list()
        await press(pilot, "enter")
        assert "No record meets the condition" in notice_text(app)
        service.calls.clear()
        service.held["lead"] = asyncio.Event()
        view.open_for("lead")
        await wait_until_settled(pilot)
        await pilot.press("enter")
        while not service.calls:
            await pilot.pause()
        await pilot.press("escape")
        service.held["lead"].set()
        await wait_until_settled(pilot)
        assert "partial" in view.caption
        assert notice_text(app).startswith("None of the records that were read meets the condition")


async def test_fields_are_asked_for_once_and_until_then_those_seen_are_offered(
    service: ScriptedService,
) -> None:
    app = Explorer(FixedProfiles(profile()), catalogs=None, transport=service)
    async with app.run_test(size=(80, 24)) as pilot:
        await wait_until_settled(pilot)
        assert not browse(app).account.catalog.cached_fields("lead")
        service.calls.clear()
        service.answers["account/fields"] = message(500, "The database is being repaired")
        await press(pilot, "f")
        await type_text(pilot, "Sc")
        bar = browse(app).query_one(FilteredView).bar
        assert bar.offers.names == ("Score",)
        assert service.calls == ["account/fields?per_page=200&page=1"]
        assert bar.plan.summary.startswith("Cost not known yet: the fields of account were")
        service.answers.clear()
        service.calls.clear()
        for _ in range(2):
            await press(pilot, "escape", "escape", "f")
            assert service.calls == ["account/fields?per_page=200&page=1"]
        assert browse(app).account.catalog.cached_fields("account")
