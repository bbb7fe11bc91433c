"""What goes wrong is said in words where it belongs, and what was loaded stays."""

import asyncio

import httpx
import pytest

from cmdm_tui.tui import Explorer
from cmdm_tui.tui.widgets.grid import Grid
from cmdm_tui.tui.widgets.record_view import RecordView
from tests.tui.driver import (
    FixedProfiles,
    browse,
    notice_text,
    press,
    screen_text,
    screen_words,
    wait_until_settled,
)
from tests.tui.scripted_service import ScriptedService, message, people, profile


def explorer(service: ScriptedService, *entities: str) -> Explorer:
    return Explorer(FixedProfiles(profile(*entities)), catalogs=None, transport=service)


def shown_count(app: Explorer) -> tuple[int, int]:
    """Return how many rows there are, and how many of them were read."""
    window = browse(app).records.window
    assert window is not None
    return window.row_count, window.read_count


FAILURES = {
    "no network": (httpx.ConnectError("All connection attempts failed"), "cannot be reached"),
    "no answer": (httpx.ReadTimeout("slow"), "did not answer"),
    "401": (message(401, "Invalid token"), "Check the client id"),
    "429 of the hour": (
        message(429, "Slow down", {"x-rate-limit-remaining": "0", "retry-after": "90"}),
        "Wait for the reset at",
    ),
    "429 of the month": (
        message(429, "Enough", {"x-rate-limit-remaining": "7"}),
        "month's limit is reached",
    ),
    "500": (message(500, "Something broke"), "Something broke"),
    "HTML": (httpx.Response(502, html="<html>Bad gateway</html>"), "502 Bad Gateway"),
    "HTML as a success": (httpx.Response(200, html="<p>Log in</p>"), "no JSON"),
    "another shape": (httpx.Response(200, json={"Items": []}), "no Entity list"),
    "nothing": (httpx.Response(200), "it is empty"),
}


@pytest.mark.parametrize(("answer", "told"), FAILURES.values(), ids=FAILURES.keys())
async def test_a_failure_at_the_start_is_told(
    service: ScriptedService, answer: httpx.Response | Exception, told: str
) -> None:
    service.answers["*"] = answer
    app = explorer(service)
    async with app.run_test(size=(80, 24)) as pilot:
        await wait_until_settled(pilot)
        assert told in notice_text(app)
        assert "t tries again" in screen_words(app)


async def test_a_failure_at_the_start_can_be_tried_again(service: ScriptedService) -> None:
    service.answers["*"] = httpx.ConnectError("All connection attempts failed")
    app = explorer(service)
    async with app.run_test(size=(80, 24)) as pilot:
        await wait_until_settled(pilot)
        service.answers.clear()
        await press(pilot, "t")
        assert notice_text(app) == ""
        assert "3 records" in screen_words(app)
        assert "lead 250" in screen_words(app)
        assert browse(app).records.grid.has_focus


@pytest.mark.parametrize("key", ["r", "ctrl+end"])
async def test_a_network_lost_leaves_what_was_loaded(service: ScriptedService, key: str) -> None:
    app = explorer(service)
    async with app.run_test(size=(80, 24)) as pilot:
        await wait_until_settled(pilot)
        await press(pilot, "1", "down", "enter", "right")
        assert shown_count(app) == (250, 100)
        service.answers["*"] = httpx.ConnectError("All connection attempts failed")
        service.calls.clear()
        await press(pilot, key)
        assert len(service.calls) == 1
        assert shown_count(app) == (250, 100)
        assert "cannot be reached" in notice_text(app)
        assert browse(app).records.column is not None
        # Moving about asks no more; the record is at hand; other entities seen are too.
        await press(pilot, "ctrl+home", "down", "enter", "escape", "1", "up", "enter")
        assert browse(app).entity == "account"
        assert "3 records" in screen_words(app)
        assert len(service.calls) == 1


async def test_a_page_that_failed_is_asked_for_once_more_by_its_key(
    service: ScriptedService,
) -> None:
    app = explorer(service)
    async with app.run_test(size=(80, 24)) as pilot:
        await wait_until_settled(pilot)
        await press(pilot, "1", "down", "enter")
        service.answers["lead"] = message(500, "Something broke")
        service.calls.clear()
        await press(pilot, "ctrl+end", "up", "down", "up")
        assert service.calls == ["lead?per_page=100&page=3"]
        await press(pilot, *["pageup"] * 5)
        assert service.calls == ["lead?per_page=100&page=3"]
        await press(pilot, "ctrl+end")
        service.answers.clear()
        await press(pilot, "t")
        assert service.calls == ["lead?per_page=100&page=3"] * 2
        assert shown_count(app) == (250, 150)
        assert notice_text(app) == ""


async def test_a_sort_that_is_refused_keeps_the_order_and_goes_on_paging(
    service: ScriptedService,
) -> None:
    app = explorer(service)
    async with app.run_test(size=(80, 24)) as pilot:
        await wait_until_settled(pilot)
        await press(pilot, "1", "down", "enter")
        service.answers["lead"] = message(400, "There is no field ExternalID to sort by")
        await press(pilot, "s")
        assert "There is no field ExternalID" in notice_text(app)
        assert "▲" not in screen_words(app)
        service.answers.clear()
        await press(pilot, "ctrl+end")
        assert shown_count(app) == (250, 150)
        assert service.calls[-1] == "lead?per_page=100&page=3"


async def test_an_entity_that_vanished_is_told(service: ScriptedService) -> None:
    app = explorer(service, "event")
    async with app.run_test(size=(80, 24)) as pilot:
        await wait_until_settled(pilot)
        assert "1 not counted" in notice_text(app)
        assert "✗" in screen_text(app)
        await press(pilot, "1", "end", "enter")
        assert "There is no entity event" in notice_text(app)
        assert "event ✗" in screen_words(app)


async def test_an_empty_entity_says_so(service: ScriptedService) -> None:
    app = explorer(service)
    async with app.run_test(size=(80, 24)) as pilot:
        await wait_until_settled(pilot)
        await press(pilot, "1", "down", "down", "enter")
        assert "No records" in notice_text(app)
        await press(pilot, "F")
        assert "No fields, and no records to infer them from" in notice_text(app)


async def test_fields_that_are_inferred_say_so(service: ScriptedService) -> None:
    app = explorer(service)
    async with app.run_test(size=(80, 24)) as pilot:
        await wait_until_settled(pilot)
        await press(pilot, "1", "down", "down", "down", "enter", "F")
        assert "No field metadata" in notice_text(app)
        assert "5 fields, inferred" in screen_words(app)


async def test_a_record_that_is_gone_is_told_below_what_was_known(
    service: ScriptedService,
) -> None:
    app = explorer(service)
    async with app.run_test(size=(120, 30)) as pilot:
        await wait_until_settled(pilot)
        service.answers["account/ID000001"] = message(404, "No such record")
        await press(pilot, "enter", "r")
        assert "No such record" in notice_text(app)
        assert "Ada 001" in screen_text(app) or "Brunel 001" in screen_text(app)
        service.answers.clear()
        await press(pilot, "t")
        assert notice_text(app) == ""


async def test_reading_what_is_related_goes_on_where_it_stopped(service: ScriptedService) -> None:
    app = explorer(service)
    async with app.run_test(size=(120, 30)) as pilot:
        await wait_until_settled(pilot)
        service.calls.clear()
        service.answers["opportunity"] = message(500, "Something broke")
        await press(pilot, "R", "R")
        assert "Something broke" in notice_text(app)
        assert "Ring Ada" in screen_text(app)
        service.answers.clear()
        await press(pilot, "t")
        assert "New roof" in screen_text(app)
        assert service.calls == [
            "task?per_page=1000&page=1",
            "opportunity?per_page=1000&page=1",
            "opportunity?per_page=1000&page=1",
        ]
        assert "r reads them again with 2 calls" in notice_text(app)


async def test_calls_that_would_not_suffice_are_said_beforehand(service: ScriptedService) -> None:
    service.remaining = 6
    app = explorer(service)
    async with app.run_test(size=(120, 30)) as pilot:
        await wait_until_settled(pilot)
        await press(pilot, "R")
        assert "about 2 calls" in notice_text(app)
        assert "1 are left this hour" in notice_text(app)
        assert "That is not enough" in notice_text(app)


async def test_it_paints_before_any_answer(service: ScriptedService) -> None:
    gate = asyncio.Event()
    service.held = dict.fromkeys(("account", "lead"), gate)
    app = explorer(service)
    async with app.run_test(size=(80, 24)) as pilot:
        while not service.calls:
            await pilot.pause()
        assert "account" in screen_words(app)
        assert "Reading account …" in notice_text(app)
        gate.set()
        await wait_until_settled(pilot)
        assert "3 records" in screen_words(app)


async def test_an_answer_for_an_entity_left_meanwhile_is_dropped(service: ScriptedService) -> None:
    app = explorer(service)
    async with app.run_test(size=(80, 24)) as pilot:
        await wait_until_settled(pilot)
        gate = asyncio.Event()
        service.held["lead"] = gate
        screen = browse(app)
        screen.show_entity("lead")
        while service.calls[-1] != "lead?per_page=100&page=1":
            await pilot.pause()
        left = screen.records._records.loader.request
        assert left is not None
        screen.show_entity("account")
        gate.set()
        await wait_until_settled(pilot)
        # Its worker was cancelled; should an answer have been on its way all the same:
        page = await left.send(screen.account.client)
        screen.records.post_message(RecordView.PageArrived(left, page))
        await wait_until_settled(pilot)
        assert screen.records.window is not None
        assert screen.records.window.entity == "account"
        assert screen.records.source.row_count == 3


async def test_smaller_pages_fill_the_screen_and_no_more(service: ScriptedService) -> None:
    service.cap = 10
    service.entities["account"] = people(45)
    app = explorer(service)
    async with app.run_test(size=(80, 24)) as pilot:
        await wait_until_settled(pilot)
        pages = [call for call in service.calls if call.startswith("account?")]
        assert pages == [f"account?per_page=100&page={number}" for number in (1, 2)]
        assert "rows 1–17 of 45 · 20 read" in screen_words(app)
        await press(pilot, "ctrl+end", "ctrl+end", "ctrl+end", "ctrl+end")
        assert shown_count(app) == (45, 45)
        pages = [call for call in service.calls if call.startswith("account?")]
        assert pages == [f"account?per_page=100&page={number}" for number in (1, 2, 3, 4, 5)]


async def test_rows_that_are_reported_again_are_read_once(service: ScriptedService) -> None:
    service.cap = 10
    service.entities["account"] = people(45)
    app = explorer(service)
    async with app.run_test(size=(80, 24)) as pilot:
        await wait_until_settled(pilot)
        records, before = browse(app).records, list(service.calls)
        for _ in range(5):
            records.grid.post_message(Grid.RowsInSight(0, 18))
        await wait_until_settled(pilot)
        assert service.calls == before
        records.source.want_rows(20, 5)
        for _ in range(5):
            records.grid.post_message(Grid.RowsInSight(20, 5))
        await wait_until_settled(pilot)
        assert service.calls[len(before) :] == ["account?per_page=100&page=3"]


async def test_a_larger_page_than_asked_for_is_shown_whole(service: ScriptedService) -> None:
    rows = [
        {"ExternalID": external_id, "Properties": properties}
        for external_id, properties in people(1_200)
    ]
    service.answers["account"] = httpx.Response(200, json={"Entity": rows, "Total Pages": "1"})
    app = explorer(service)
    async with app.run_test(size=(80, 24)) as pilot:
        await wait_until_settled(pilot)
        assert "rows 1–17 of 1,200" in screen_words(app)
        calls = list(service.calls)
        await press(pilot, "ctrl+end", "ctrl+end", "ctrl+end")
        assert "rows 1,184–1,200 of 1,200" in screen_words(app)
        assert shown_count(app) == (1_200, 1_200)
        assert service.calls == calls


async def test_records_hidden_by_overlaps_are_told_and_found(service: ScriptedService) -> None:
    both = service.entities["account"]
    service.entities["account"] = [both[0], both[0], both[1]]
    service.cap = 1
    app = explorer(service)
    async with app.run_test(size=(80, 24)) as pilot:
        await wait_until_settled(pilot)
        assert "2 records · 3 counted · 1 not found" in screen_words(app)
        service.entities["account"] = [both[0], both[1], both[2]]
        await press(pilot, "m")
        assert "3 records" in screen_words(app)
        assert browse(app).records.source.row_count == 3


async def test_counting_stops_at_the_first_failure_that_all_would_meet(
    service: ScriptedService,
) -> None:
    service.answers["lead"] = httpx.ConnectError("All connection attempts failed")
    app = explorer(service)
    async with app.run_test(size=(80, 24)) as pilot:
        await wait_until_settled(pilot)
        assert service.calls == ["account?per_page=100&page=1", "lead?per_page=1&page=1"]
        assert "4 not counted" in notice_text(app)
