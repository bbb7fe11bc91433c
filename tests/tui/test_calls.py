"""The calls screen: what was sent and what came back, found, copied and sent again."""

import asyncio
import json
import sys
import time
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from msgspec import structs
from textual.pilot import Pilot
from textual.widgets import Input

from cmdm_tui.api import ApiError, CallCancelled
from cmdm_tui.tui.widgets.call_pane import CallPane
from cmdm_tui.tui.widgets.status_line import StatusLine
from tests.tui.calls_app import CallsApp
from tests.tui.driver import press, screen_words, type_text, wait_until_settled
from tests.tui.scripted_service import ScriptedService, message, profile

CASSETTES = Path(__file__).parents[2] / "cassettes"


BODY_OF_ANSWER = ("y", "end", *["up"] * 4, "enter")
"""The last thing to copy of a call, before the forms of its row."""


def details(app: CallsApp) -> str:
    return app.calls.query_one(CallPane).text


def toasts(app: CallsApp) -> str:
    return "\n".join(one.message for one in app._notifications)


async def fill(app: CallsApp, pilot: Pilot[None]) -> None:
    """Make three calls: a page, a record, and one that is refused."""
    client = app.account.client
    await client.page("lead", per_page=2, page=1)
    await client.record("lead", "ID000001")
    with pytest.raises(ApiError):
        await client.record("lead", "NONE")
    await wait_until_settled(pilot)


async def test_every_call_has_a_row_and_its_details(service: ScriptedService) -> None:
    app = CallsApp(profile(), service)
    async with app.run_test(size=(140, 40)) as pilot:
        await wait_until_settled(pilot)
        assert "No call was made yet" in screen_words(app)
        await fill(app, pilot)
        words = screen_words(app)
        assert "4 calls" in words
        assert "POST /authenticate 200" in words
        assert "GET /lead?per_page=2&page=1 200" in words
        assert "GET /lead/NONE 404" in words
        # It follows: the newest call is the one in full.
        assert details(app).startswith("GET /lead/NONE\n")
        assert '"Message": "There is no lead NONE"' in details(app)
        await press(pilot, "up")
        assert '"ExternalID": "ID000001",\n  "Properties": {\n' in details(app)
        assert "authorization: bearer …\n" in details(app).lower()
        await app.account.client.record("lead", "ID000002")
        await wait_until_settled(pilot)
        assert details(app).startswith("GET /lead/ID000001\n"), "the cursor was moved away"
        await press(pilot, "z")
        assert details(app).startswith("GET /lead/ID000002\n")
    assert len(service.calls) == 4
    assert service.sign_ins == 1


async def test_calls_are_found_by_typing(service: ScriptedService) -> None:
    app = CallsApp(profile(), service)
    async with app.run_test(size=(140, 40)) as pilot:
        await fill(app, pilot)
        for words, count in {
            "4xx": 1, "200": 3, "post": 1, "get lead": 3, "failed": 1, "slow": 0,
            "NONE": 1, "[b]\x1b": 0,
        }.items():  # fmt: skip
            await press(pilot, "f")
            app.calls.query_one("#calls-filter", Input).value = words
            await wait_until_settled(pilot)
            assert app.calls.source.row_count == count, words
            assert f"{count} of 4 calls" in screen_words(app)
            await press(pilot, "enter")
            assert app.focused is app.calls.grid
        assert "No call fits the filter" in screen_words(app)
        await press(pilot, "escape")
        assert app.calls.source.row_count == 4
        await press(pilot, "y", "escape", "d", "escape", "f", "escape")
        assert app.focused is app.calls.grid
    assert len(service.calls) == 3


async def test_a_get_is_sent_again_for_one_call(service: ScriptedService) -> None:
    app = CallsApp(profile(), service)
    async with app.run_test(size=(140, 40)) as pilot:
        await fill(app, pilot)
        await press(pilot, "up", "a")
        assert service.calls[3:] == ["lead/ID000001"]
        assert "lead/ID000001: 200 in" in toasts(app)
        service.answers["lead/ID000001"] = message(500, "Broken \x1b[31m[red]x")
        app.clear_notifications()
        await press(pilot, "a")
        assert service.calls[4:] == ["lead/ID000001"]
        assert "Broken ␛[31m[red]x" in toasts(app)
        await press(pilot, "g")
        assert app.calls.call is not None
        assert app.calls.call.is_sign_in
        await press(pilot, "a")
    assert len(service.calls) == 5
    assert service.sign_ins == 1


async def test_a_change_is_sent_again_only_once_confirmed(service: ScriptedService) -> None:
    service.answers["lead"] = httpx.Response(200, json={"ExternalID": "NEW1"})
    app = CallsApp(profile(), service)
    async with app.run_test(size=(80, 24)) as pilot:
        await app.account.client.create("lead", {"LastName": "O'Neil $x"})
        await wait_until_settled(pilot)
        await press(pilot, "a")
        assert "It may make a second record. It costs 1 call." in screen_words(app)
        await press(pilot, "enter")  # the cursor is on Cancel
        await press(pilot, "a", "escape")
        assert service.calls == ["lead"]
        await press(pilot, "a", "down", "enter")
        assert service.calls == ["lead", "lead"]
        assert '"LastName": "O\'Neil $x"' in details(app)


async def test_a_read_only_profile_does_not_offer_a_change(service: ScriptedService) -> None:
    service.answers["lead"] = httpx.Response(200, json={"ExternalID": "NEW1"})
    app = CallsApp(profile(), service)
    async with app.run_test(size=(80, 24)) as pilot:
        await app.account.client.create("lead", {"LastName": "Jones"})
        await wait_until_settled(pilot)
        assert "again" in app.calls.available_commands
        read_only = replace(app.account.profile, read_only=True)
        app.calls.account = structs.replace(app.account, profile=read_only)
        assert "again" not in app.calls.available_commands
        await press(pilot, "a")
        assert app.screen is app.calls
    assert service.calls == ["lead"]


async def test_a_call_is_copied_as_code_and_never_as_nothing(service: ScriptedService) -> None:
    app = CallsApp(profile(), service)
    async with app.run_test(size=(140, 40)) as pilot:
        await fill(app, pilot)
        await press(pilot, "y", "enter")
        assert app.copied[-1].startswith("curl --request GET https://crm.example/api/v1/lead/NONE ")
        assert f"Copied curl ({len(app.copied[-1]):,} characters)." in toasts(app)
        await press(pilot, "y", "down", "enter")
        assert "httpx.request(" in app.copied[-1]
        await press(pilot, *BODY_OF_ANSWER)
        assert json.loads(app.copied[-1]) == {"Message": "There is no lead NONE"}
        count = len(app.copied)
        await press(pilot, *BODY_OF_ANSWER[:-1], "up", "enter")
        assert "The request has no body." in toasts(app)
        await press(pilot, "g", *BODY_OF_ANSWER)
        assert "It holds the token" in toasts(app)
        assert len(app.copied) == count
        await press(pilot, "y", "end", "enter")
        assert app.copied[-1].startswith("| time | method | path ")
        assert len(app.copied) == count + 1
    assert len(service.calls) == 3


async def test_calls_are_searched_marked_copied_and_exported_as_rows_of_every_grid(
    service: ScriptedService, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    app = CallsApp(profile(), service)
    async with app.run_test(size=(100, 30)) as pilot:
        await fill(app, pilot)
        await press(pilot, "g", "slash")
        await type_text(pilot, "GET")
        assert "3 matches in all 4 rows" in screen_words(app)
        assert app.calls.grid.cursor_row == 1
        await press(pilot, "enter", "n")
        assert app.calls.grid.cursor_row == 2
        await app.account.client.record("lead", "ID000002")
        await wait_until_settled(pilot)
        await press(pilot, "n", "n")
        assert app.calls.grid.cursor_row == 1, "it goes round the calls that were searched"
        await press(pilot, "g", "home", *["right"] * 4, "minus", "ctrl+a")
        assert "5 marked · 5 calls" in screen_words(app)
        await press(pilot, "space", "y", "enter")
        lines = app.copied[-1].splitlines()
        assert lines[0] == "time\tmethod\tpath\tstatus\tsize\ttimes"
        assert len(lines) == 5
        await press(pilot, "X")
        assert "Write 4 marked rows." in screen_words(app)
        await press(pilot, "enter", "ctrl+n", "f")
        assert len((tmp_path / "calls.csv").read_text().splitlines()) == 5
        await type_text(pilot, "4xx")
        await press(pilot, "enter", "n")
        assert app.calls.search_result is None, "other rows are shown than were searched"
        assert app.calls.source.row_count == 1
    assert len(service.calls) == 4


async def test_a_silent_call_shows_its_seconds_and_can_be_left(
    service: ScriptedService, monkeypatch: pytest.MonkeyPatch
) -> None:
    service.held["lead"] = asyncio.Event()
    monkeypatch.setattr("cmdm_tui.tui.models.activity._SILENT_SECONDS", 0.0)
    app = CallsApp(profile(), service)
    async with app.run_test(size=(80, 24)) as pilot:
        await app.account.client.sign_in()
        asked = asyncio.ensure_future(app.account.client.page("lead", per_page=9, page=3))
        while "lead page 3: 0 s" not in screen_words(app):
            await pilot.pause()
        activity = app.calls.query_one(StatusLine).activity_text
        assert activity == "lead page 3: 0 s · ctrl+x stops it"
        await press(pilot, "ctrl+x")
        with pytest.raises(CallCancelled, match="left while it waited"):
            await asked
        await wait_until_settled(pilot)
        assert "left" in screen_words(app)
        assert "It was not waited for." in details(app)
        assert app.calls.query_one(StatusLine).activity_text == ""
    assert service.calls == ["lead?per_page=9&page=3"]


async def test_a_cassette_opens_in_the_same_screen(
    service: ScriptedService, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cassette = min(CASSETTES.rglob("*.yaml"))
    broken, har = tmp_path / "broken [b].yaml", tmp_path / "a.har"
    broken.write_text("version: 1\ninteractions: 7\n")
    har.write_text("{}")
    empty, unreadable = tmp_path / "empty.yaml", tmp_path / "latin.yaml"
    empty.write_text("interactions: []\nversion: 1\n")
    unreadable.write_bytes(b"# S\xe9an")
    app = CallsApp(profile(), service)
    async with app.run_test(size=(140, 40)) as pilot:
        await fill(app, pilot)
        for path, words in (
            (broken, "line 2: interactions is not a list"),
            (har, "a.har cannot be read as a HAR file: it has no list of entries"),
            (empty, "empty.yaml holds no calls. Record some, or choose another file."),
            (Path("~nobody-of-this-name/a.yaml"), "cannot be read: No such file"),
            (unreadable, "byte 3 is not UTF-8. Save it as UTF-8"),
            (tmp_path / "none.yaml", "cannot be read: No such file"),
            (tmp_path, "cannot be read: it is a folder"),
        ):
            await press(pilot, "o")
            await type_text(pilot, str(path))
            await press(pilot, "enter")
            assert words in toasts(app)
            assert not app.calls.is_file
        with monkeypatch.context() as patch:  # pyyaml is an extra
            patch.setitem(sys.modules, "yaml", None)
            await press(pilot, "o")
            await type_text(pilot, str(broken))
            await press(pilot, "enter")
            assert "this needs yaml: pipx install 'cmdm-tui[harness]' brings it." in toasts(app)
            assert not app.calls.is_file
        await press(pilot, "o")
        await type_text(pilot, str(cassette))
        await press(pilot, "enter")
        assert app.calls.is_file
        assert f"Calls of {cassette.name[:10]}" in screen_words(app)
        count = app.calls.source.row_count
        assert count > 0
        assert details(app) != ""
        await press(pilot, "escape")
        assert not app.calls.is_file
        assert app.calls.source.row_count == 4
        assert "Calls of" not in screen_words(app)
    assert len(service.calls) == 3


@pytest.mark.parametrize("size", [(80, 24), (40, 12), (140, 40)])
async def test_every_key_is_harmless_with_nothing_there(
    service: ScriptedService, size: tuple[int, int]
) -> None:
    app = CallsApp(profile(), service)
    async with app.run_test(size=size) as pilot:
        await wait_until_settled(pilot)
        for key in (
            "a",
            "y",
            "c",
            "z",
            "d",
            "space",
            "X",
            "escape",
            "G",
            "g",
            "enter",
            "down",
            "up",
            "end",
        ):
            await press(pilot, key)
        await press(pilot, "slash", "escape", "f", "x", "escape", "o", "escape", "f1", "escape")
        assert app.screen is app.calls
    assert service.calls == []
    assert service.sign_ins == 0


@pytest.mark.parametrize("width", [80, 140])
async def test_the_status_line_has_the_quota_whole(service: ScriptedService, width: int) -> None:
    now = int(time.time())
    headers = {"x-rate-limit-limit": "5000", "x-rate-limit-remaining": "600"}
    headers |= {"x-rate-limit-reset": str(now + 900), "x-token-reset": str(now + 1_800)}
    record = {"ExternalID": "ID000001", "Properties": {"City": "York"}}
    service.answers["lead/ID000001"] = httpx.Response(200, json=record, headers=headers)
    app = CallsApp(replace(profile(), floor=600), service)
    async with app.run_test(size=(width, 24)) as pilot:
        await app.account.client.record("lead", "ID000001")
        await wait_until_settled(pilot)
        words = screen_words(app)
        assert "600/5,000 calls" in words
        assert f"resets {time.strftime('%H:%M', time.gmtime(now + 900))}, token until" in words
        assert f"token until {time.strftime('%H:%M', time.gmtime(now + 1_800))} UTC" in words
        assert ("calls · █ · resets" in words) is (width == 140)  # low bars look like a border
        line = app.calls.query_one("#status-quota").render_line(0)
        gauge = next(segment for segment in line if "━" in segment.text)
        count = next(segment for segment in line if "600/5,000" in segment.text)
        assert gauge.text == "━"
        assert gauge.style is not None
        assert count.style is not None
        assert gauge.style.color == count.style.color
        red, green, blue = gauge.style.color.get_truecolor() if gauge.style.color else (0, 0, 0)
        assert red > max(green, blue), "at the floor the gauge has the colour of an error"
