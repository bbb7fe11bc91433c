"""What the client does is seen on the status line, and nothing else is disturbed by it."""

import asyncio
import time
from dataclasses import replace
from email.utils import formatdate
from typing import Any

import pytest
from textual.pilot import Pilot

from cmdm_tui.api import (
    CallFailed,
    CallFinished,
    CallInfo,
    Event,
    NetworkError,
    PageRead,
    QuotaWait,
    RecordsUnreadable,
    RetryPolicy,
    RetryScheduled,
    SignInStarted,
    TotalChanged,
)
from cmdm_tui.api.models import RecordFault
from cmdm_tui.config import Profile
from cmdm_tui.tui import Explorer
from cmdm_tui.tui.models.activity import Activity
from cmdm_tui.tui.widgets.status_line import StatusLine
from tests.api.conftest import CREDENTIALS as SERVED
from tests.api.conftest import Request, ScriptedServer, http
from tests.api.conftest import server as server  # noqa: PLC0414 - a fixture
from tests.tui.driver import (
    FixedProfiles,
    browse,
    press,
    screen_text,
    screen_words,
    wait_until_settled,
)
from tests.tui.scripted_service import ScriptedService, profile

CALL, OTHER = CallInfo(1, "GET", "/lead"), CallInfo(2, "GET", "/task")
LOST = NetworkError("crm.example cannot be reached: \x1b[31mgone\nfor good")
EMPTY: dict[str, Any] = {"Total Records": "0", "Total Pages": "1", "Entity": []}
ENDS = [CallFinished(CALL, 200, 0.1, 10), CallFailed(CALL, LOST), CallFailed(CALL, None)]
HELD = [QuotaWait(CALL, 9.0), RetryScheduled(CALL, 1, 9.0, LOST), SignInStarted(CALL)]


def after(*events: Event) -> Activity:
    activity = Activity()
    for event in events:
        activity = activity.with_event(event, 100.0)
    return activity


def test_a_wait_counts_down() -> None:
    activity = after(QuotaWait(CALL, 41.2))
    assert activity.describe(100.0) == "waits 42 s for the hour's reset"
    assert "waits 12 s" in activity.describe(130.0)
    assert "a new hour has begun" in activity.describe(150.0)


def test_another_try_says_which_why_and_when() -> None:
    activity = after(RetryScheduled(CALL, 2, 3.0, LOST))
    assert activity.describe(100.0).startswith("attempt 2 failed, again in 3 s: crm.example cannot")
    assert "trying again" in activity.describe(103.0)


def test_the_words_of_a_failure_are_made_visible() -> None:
    told = after(RetryScheduled(CALL, 1, 3.0, LOST)).describe(100.0)
    assert "\x1b" not in told
    assert "\n" not in told


@pytest.mark.parametrize(
    "end", [CallFinished(CALL, 200, 0.1, 10), CallFailed(CALL, LOST), CallFailed(CALL, None)]
)
@pytest.mark.parametrize(
    "held", [QuotaWait(CALL, 9.0), RetryScheduled(CALL, 1, 9.0, LOST), SignInStarted(CALL)]
)
def test_the_end_of_a_call_ends_its_words(held: Event, end: Event) -> None:
    assert after(held).describe(100.0) != ""
    assert after(held, end).describe(100.0) == ""


def test_of_several_calls_that_wait_the_longest_is_told() -> None:
    waits = after(
        QuotaWait(CALL, 9.0),
        QuotaWait(OTHER, 20.0),
        RetryScheduled(CallInfo(3, "GET", "/"), 1, 30.0, LOST),
    )
    assert "waits 20 s" in waits.describe(100.0)
    assert "waits 9 s" in waits.with_event(CallFinished(OTHER, 200, 0.1, 1), 100.0).describe(100.0)


def test_pages_and_changes_are_told_for_a_while() -> None:
    page, change = PageRead("lead", 2, 30), TotalChanged("lead", 1_250, 1_251)
    assert after(page).describe(100.0) == "lead: page 2 of 30"
    assert after(PageRead("lead", 2, None)).describe(100.0) == "lead: page 2"
    assert after(page).describe(104.0) == ""
    told = "lead changed meanwhile: 1,250 before, 1,251 now"
    assert after(change, page).describe(100.0) == told
    assert after(change, page).describe(111.0) == ""


class SlowPolicy(RetryPolicy, frozen=True):
    """Waits half a minute before each try."""

    def draw_wait(self, number: int) -> float:
        return 30.0 + number


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Calls are sent again, after half a minute: long enough to be seen."""
    monkeypatch.setattr("cmdm_tui.api.client.RetryPolicy", SlowPolicy)


def served(server: ScriptedServer, **settings: object) -> Explorer:
    found = Profile("main", server.url, SERVED, "main", **settings)  # pyright: ignore[reportArgumentType]
    return Explorer(FixedProfiles(found), catalogs=None)


async def until_told(pilot: Pilot[None], part: str) -> str:
    """Wait until the status line tells `part`; workers may be waiting all the while."""
    while True:
        await pilot.pause()
        lines = pilot.app.screen.query(StatusLine)
        if lines and part in lines.first().activity_text:
            return lines.first().activity_text


@pytest.mark.usefixtures("patient")
async def test_a_broken_service_is_seen_to_be_tried_again(server: ScriptedServer) -> None:
    server.script = lambda _: http(500, {"Message": "The database is being repaired"})
    app = served(server)
    async with app.run_test(size=(80, 24)) as pilot:
        told = await until_told(pilot, "attempt 1 failed")
        assert "being repaired" in told
        assert "attempt 1 failed, again in 3" in screen_text(app)
        assert browse(app).focused is not None
        await pilot.press("q")


async def test_a_wait_for_the_reset_is_seen_and_counts_down(server: ScriptedServer) -> None:
    def script(request: Request) -> bytes:
        now = time.time()
        told = {"x-rate-limit-limit": "100", "x-rate-limit-remaining": "0"}
        told |= {"x-rate-limit-reset": str(int(now) + 40), "Date": formatdate(now, usegmt=True)}
        return http(429, {"Message": "Enough"}, told)

    server.script = script
    app = served(server)
    async with app.run_test(size=(80, 24)) as pilot:
        seconds = int((await until_told(pilot, "reset")).split()[1])
        assert 30 <= seconds <= 41
        await until_told(pilot, f"waits {seconds - 1} s")
        assert "0/100 calls" in screen_text(app)
        assert "for the hour's reset · ctrl+x stops it" in screen_text(app)
        await pilot.press("q")


async def test_a_sign_in_under_way_is_seen(server: ScriptedServer) -> None:
    go_on = asyncio.Event()

    async def sign_in(_: Request) -> bytes:
        await go_on.wait()
        return http(200, {"token": "t"})

    server.sign_in = sign_in
    server.script = lambda _: http(200, EMPTY)
    app = served(server)
    async with app.run_test(size=(80, 24)) as pilot:
        await until_told(pilot, "signing in")
        assert "signing in …" in screen_text(app)
        go_on.set()
        await wait_until_settled(pilot)
        assert browse(app).query_one(StatusLine).activity_text == ""
        assert "signing in" not in screen_text(app)


async def test_pages_are_told_as_they_come(service: ScriptedService) -> None:
    app = Explorer(FixedProfiles(profile()), catalogs=None, transport=service)
    async with app.run_test(size=(80, 24)) as pilot:
        await wait_until_settled(pilot)
        await press(pilot, "1", "down", "enter", "ctrl+end")
        assert "lead: page 3 of 3" in screen_words(app)


async def test_a_profile_is_marked_by_its_colour(service: ScriptedService) -> None:
    production = replace(profile(name="production"), colour="red", read_only=True)
    app = Explorer(FixedProfiles(production), catalogs=None, transport=service)
    async with app.run_test(size=(80, 24)) as pilot:
        await wait_until_settled(pilot)
        assert "production · read-only" in screen_words(app)
        mark = browse(app).query_one("#status-profile")
        segment = next(s for s in mark.render_line(0) if "production" in s.text)
        assert segment.style is not None
        assert segment.style.bgcolor is not None
        assert segment.style.bgcolor.get_truecolor() == (0xC9, 0x3C, 0x46)


async def test_the_profile_says_how_many_records_a_page_holds(service: ScriptedService) -> None:
    app = Explorer(FixedProfiles(replace(profile(), per_page=40)), catalogs=None, transport=service)
    async with app.run_test(size=(80, 24)) as pilot:
        await wait_until_settled(pilot)
        await press(pilot, "1", "down", "enter")
        assert service.calls[-1] == "lead?per_page=40&page=1"


async def test_the_warnings_of_a_profile_are_shown_once(service: ScriptedService) -> None:
    odd = replace(profile(), warnings=("colr in profiles.toml, is no key [b]known[/b] \x1b[31m.",))
    app = Explorer(FixedProfiles(odd), catalogs=None, transport=service)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await wait_until_settled(pilot)
        assert "[b]known[/b]" in screen_text(app)
        assert len(app._notifications) == 1
        app.clear_notifications()
        await press(pilot, "w", "enter")
        assert browse(app).is_current
        assert len(app._notifications) == 0


def test_a_record_that_cannot_be_read_is_shown_for_a_while() -> None:
    faults = (RecordFault(3, None, "is null, not a record", is_lost=True),)
    activity = Activity().with_event(RecordsUnreadable("lead", 2, faults), 100.0)
    assert activity.describe(101.0) == (
        "lead, page 2: record 3 is null, not a record, so it is left out"
    )
    assert activity.describe(200.0) == ""
