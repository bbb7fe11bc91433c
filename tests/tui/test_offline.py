"""Cassettes and copies of a sandbox's data are explored offline: the same screens, nothing sent."""

import json
from pathlib import Path

import pytest
import yaml
from textual.widgets import OptionList

from cmdm_tui.api import ReadOnly
from cmdm_tui.catalog import Account
from cmdm_tui.cli.commands.explore import open_offline
from cmdm_tui.harness.cassettes.network_block import block_network
from cmdm_tui.query.engine import Engine
from cmdm_tui.sandbox import SandboxConfig
from cmdm_tui.tui import Explorer
from cmdm_tui.tui.screens.start.profiles import ProfilesScreen
from tests.services import copy_records
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
from tests.tui.scripted_service import ScriptedService, profile

CASSETTE = Path(__file__).parents[2] / "cassettes" / "contract" / "retrieve-many.yaml"


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


async def test_a_cassette_is_explored_without_a_connection(tmp_path: Path) -> None:
    with open_offline(CASSETTE) as offline:
        app = Explorer(FixedProfiles(profile()), catalogs=tmp_path, offline=offline)
        with block_network():
            async with app.run_test(size=(140, 40)) as pilot:
                await wait_until_settled(pilot)
                words = screen_words(app)
                assert "retrieve-many.yaml · read-only · cassette: 44 records seen" in words
                assert "3 not counted: The" in words
                assert "calls left" not in words
                assert "Cross Theatre Ltd" in words
                await press(pilot, "2", "right", "s", "s")
                assert "by Name ▼" in screen_words(app)
                text = screen_text(app)
                assert text.index("Russo") < text.index("London")
                await press(pilot, "u", "F")
                assert "17 fields, inferred" in screen_words(app)
                await press(pilot, "F", "o")
                await type_text(pilot, "5DLVUN24")
                await press(pilot, "enter")
                assert "London Engineering CIC" in screen_words(app)
                client = browse(app).account.client
                with pytest.raises(ReadOnly):
                    await client.update("lead", "SJEJBJ25", {"City": "Leeds"})
    assert contents(tmp_path) == {}


async def test_a_cassette_is_queried() -> None:
    sql = "SELECT LastName, City FROM lead WHERE LastName > 'Sf' ORDER BY LastName"
    with open_offline(CASSETTE) as offline, block_network():
        opened = Account.open(offline.profile, catalogs=None, transport=offline.transport)
        async with opened as account:
            engine = Engine(account)
            with await engine.run(await engine.prepare(sql)) as result:
                assert result.rows == [("Shelton", "Bristol"), ("Swanson", "Birmingham")]
            engine.close()


async def test_the_way_to_a_profile_does_not_go_through_the_cassette(
    service: ScriptedService,
) -> None:
    live = profile(name="live")
    profiles = FixedProfiles(live, others=[live])
    with open_offline(CASSETTE) as offline:
        app = Explorer(profiles, catalogs=None, offline=offline, transport=service)
        async with app.run_test(size=(140, 40)) as pilot:
            await wait_until_settled(pilot)
            assert (service.sign_ins, service.calls, profiles.names) == (0, [], [])
            await press(pilot, "w")
            assert isinstance(app.screen, ProfilesScreen)
            dialogue = app.screen.query_one("#dialogue").region
            assert dialogue.x > 0
            assert dialogue.y > 0
            offered = [str(one.prompt) for one in app.screen.query_one(OptionList).options]
            mark = "retrieve-many.yaml · read-only"
            assert offered[0] == f"{mark}  cassette: 44 records seen  open now"
            assert offered[1].startswith("live")
            await press(pilot, "down", "enter")
            assert browse(app).account.profile == live
            assert service.sign_ins == 1
            assert "cassette" not in screen_words(app)
            assert "250" in screen_words(app)
            made = list(service.calls)
            await press(pilot, "w", "up", "enter")
            assert browse(app).account.profile == offline.profile
            assert "cassette: 44 records seen" in screen_words(app)
            assert service.calls == made


async def test_the_records_of_a_cassette_are_a_key_away_from_its_calls(
    service: ScriptedService,
) -> None:
    live = profile(name="live")
    without_records = CASSETTE.with_name("authenticate.yaml")
    app = Explorer(FixedProfiles(live), catalogs=None, transport=service)
    async with app.run_test(size=(140, 40)) as pilot:
        await wait_until_settled(pilot)
        made = list(service.calls)
        await press(pilot, "f4", "b")
        for path in (without_records, CASSETTE):
            await press(pilot, "o")
            await type_text(pilot, str(path))
            await press(pilot, "enter", "b")
            if path == without_records:
                assert "authenticate.yaml shows no record and no field" in notice_text(app)
                await press(pilot, "escape")
                assert "live" in screen_words(app)
                await press(pilot, "f4", "escape")
        assert browse(app).account.profile.name == "retrieve-many.yaml"
        assert "read-only · cassette: 44 records seen" in screen_words(app)
    assert service.calls == made


async def test_a_hostile_cassette_reaches_the_screen_as_text(tmp_path: Path) -> None:
    bad = "\x1b[31m\x07[bold]\u202ex\u009b"
    rows = [{"ExternalID": bad, "Properties": {bad: bad}}]
    body = json.dumps({"Total Records": "9999", "Entity": rows})
    path = tmp_path / "bad[bold]\x1b[7m.yaml"
    uri = "http://127.0.0.1:8765/api/v1/"
    content: dict[str, object] = {
        "interactions": [
            {
                "request": {"method": "GET", "uri": uri + name, "body": "", "headers": {}},
                "response": {
                    "status": {"code": 200, "message": "OK"}, "headers": {},
                    "body": {"string": body.replace("Entity", key)},
                },
            }
            for name, key in (
                ("account", "Entity"),
                ("account/fields", "Field"),
                ("%1b%5b31m%5b%2fbold%5d", "Entity"),
            )
        ],
        "version": 1,
    }  # fmt: skip
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    with open_offline(path) as offline:
        app = Explorer(FixedProfiles(profile()), catalogs=None, offline=offline)
        async with app.run_test(size=(140, 40)) as pilot:
            await wait_until_settled(pilot)
            seen = ""
            for key in ("enter", "s", "F", "F", "R", "w", "escape", "1", "end", "enter"):
                await press(pilot, key)
                shown = screen_text(app)
                seen += shown
                assert not {"\x1b", "\x07", "\u202e", "\u009b"} & set(shown), key
            assert "␛[31m␇[bold]<U+202E>x" in seen
            assert "9,999" not in seen
            assert "cassette: 2 records seen" in screen_words(app)


async def test_a_copy_of_a_sandbox_s_data_is_explored(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    copy_records(SandboxConfig(data=folder, records=250))
    before = contents(folder)
    with open_offline(folder) as offline:
        app = Explorer(FixedProfiles(profile()), catalogs=None, offline=offline)
        async with app.run_test(size=(120, 40)) as pilot:
            await wait_until_settled(pilot)
            assert "lead 250" in screen_words(app)
            assert "data/ · read-only · copy of a sandbox's data" in screen_words(app)
            await press(pilot, "1", "down", "enter", "G")
            assert "of 250" in screen_words(app)
            with pytest.raises(ReadOnly):
                await browse(app).account.client.create("lead", {"LastName": "New"})
    assert contents(folder) == before
