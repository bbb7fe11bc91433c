"""The walk: entity, records, second page, sort, record, fields; against a sandbox on a socket."""

import json
import re
from pathlib import Path

from cmdm_tui.config import Profile
from cmdm_tui.tui import Explorer
from tests.services import CountedNetwork
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


async def test_the_walk(reading_sandbox: Profile, network: CountedNetwork, tmp_path: Path) -> None:
    app = Explorer(
        FixedProfiles(reading_sandbox), catalogs=tmp_path, transport=network, start="demo"
    )
    async with app.run_test(size=(80, 24)) as pilot:
        # Opening: the first entity's page tells its own count, so six are counted besides.
        await wait_until_settled(pilot)
        counted = ["lead", "contact", "task", "opportunity", "event", "product"]
        assert sorted(network.taken()) == sorted(
            ["account?per_page=100&page=1"] + [f"{entity}?per_page=1&page=1" for entity in counted]
        )
        screen = browse(app)
        assert screen.records.window is not None
        assert screen.records.grid.has_focus
        accounts = screen.records.window.all_records()
        assert str(accounts[0].properties["Name"])[:5] in screen_text(app)
        assert "rows 1–16 of 50" in screen_words(app)
        assert "lead 250" in screen_words(app)
        assert f"{screen.account.client.quota.remaining:,}/100,000 calls" in screen_words(app)

        # An entity, by the keyboard: one call, its first page.
        await press(pilot, "1", "down", "enter")
        assert network.taken() == ["lead?per_page=100&page=1"]
        window = screen.records.window
        assert window.entity == "lead"
        assert screen.records.source.row_count == 250
        assert "rows 1–16 of 250 · 100 read" in screen_words(app)
        assert screen.records.grid.has_focus

        # The second page comes when the end of the first is near, and not before.
        await press(pilot, "pagedown", "pagedown", "pagedown", "pagedown")
        assert network.taken() == []
        await press(pilot, "pagedown")
        assert network.taken() == ["lead?per_page=100&page=2"]
        # The end is one call away.
        await press(pilot, "ctrl+end")
        assert network.taken() == ["lead?per_page=100&page=3"]
        assert "rows 235–250 of 250" in screen_words(app)
        ids = [record.external_id for record in window.all_records()]
        assert len(set(ids)) == len(ids) == 250
        assert screen.records.record is not None
        assert screen.records.record.external_id == ids[-1]

        # The service sorts: by the column under the cursor, then the other way round.
        await press(pilot, "right", "right")
        assert screen.records.column == "LastName"
        await press(pilot, "s")
        assert network.taken() == ["lead?per_page=100&page=1&sort_by=LastName&sort_order=asc"]
        assert "LastName ▲" in screen_words(app)
        names = [
            str(row.properties["LastName"]).casefold()
            for row in screen.records.window.all_records()
        ]
        assert names == sorted(names)
        await press(pilot, "s")
        assert network.taken() == ["lead?per_page=100&page=1&sort_by=LastName&sort_order=desc"]
        assert "LastName ▼" in screen_words(app)
        assert "by LastName ▼" in screen_words(app)

        # The whole record, as it was listed: no call. Read again: one.
        record = screen.records.window.all_records()[0]
        await press(pilot, "ctrl+home", "enter")
        assert network.taken() == []
        assert screen.record_pane.record == record
        assert record.external_id in screen_text(app)
        assert "JobTitle" in screen_text(app)
        await press(pilot, "r")
        assert network.taken() == [f"lead/{record.external_id}"]
        await press(pilot, "escape")

        # The fields: asked for once.
        await press(pilot, "F")
        assert network.taken() == ["lead/fields?per_page=200&page=1"]
        assert "Picklist" in screen_text(app)
        assert "Last name" in screen_text(app)
        await press(pilot, "F", "F", "F")
        assert network.taken() == []

        # Back to an entity seen before: nothing is asked for again.
        await press(pilot, "1", "up", "enter")
        assert network.taken() == []
        assert screen.records.window.all_records() == accounts


async def test_what_is_related_is_read_once(
    reading_sandbox: Profile, network: CountedNetwork
) -> None:
    app = Explorer(FixedProfiles(reading_sandbox), catalogs=None, transport=network)
    async with app.run_test(size=(120, 40)) as pilot:
        await wait_until_settled(pilot)
        network.taken()
        await press(pilot, "R")
        assert network.taken() == []
        assert "about 2 calls" in screen_words(app)
        await press(pilot, "R")
        assert network.taken() == [
            "task?per_page=1000&page=1",
            "opportunity?per_page=1000&page=1",
        ]
        related = browse(app).record_pane.related
        await press(pilot, "escape", "down", "down", "R", "R")
        assert network.taken() == []
        assert not related.can_read


async def test_a_task_leads_to_the_record_it_belongs_to(
    reading_sandbox: Profile, network: CountedNetwork
) -> None:
    app = Explorer(FixedProfiles(reading_sandbox), catalogs=None, transport=network)
    async with app.run_test(size=(120, 40)) as pilot:
        await wait_until_settled(pilot)
        await press(pilot, "1", "down", "down", "down", "enter")
        task = browse(app).records.record
        assert task is not None
        network.taken()
        await press(pilot, "R", "enter")
        assert task.properties["RelatedEntity"] == "account"
        assert network.taken() == []  # the accounts were read first
        shown_record = browse(app).record_pane.record
        assert shown_record is not None
        assert shown_record.external_id == task.properties["RelatedExternalID"]


async def test_a_record_is_opened_by_its_external_id(
    reading_sandbox: Profile, network: CountedNetwork
) -> None:
    app = Explorer(FixedProfiles(reading_sandbox), catalogs=None, transport=network)
    async with app.run_test(size=(120, 40)) as pilot:
        await wait_until_settled(pilot)
        window = browse(app).records.window
        assert window is not None
        wanted = window.all_records()[7].external_id
        network.taken()
        await press(pilot, "o")
        await type_text(pilot, "NOSUCHID")
        await press(pilot, "enter")
        assert "Check the name of the entity and the external id" in notice_text(app)
        await press(pilot, *["backspace"] * 8)
        await type_text(pilot, wanted)
        await press(pilot, "enter")
        assert network.taken() == ["account/NOSUCHID", f"account/{wanted}"]
        record = browse(app).record_pane.record
        assert record is not None
        assert record.external_id == wanted


async def test_a_custom_entity_is_added_by_name_remembered_and_forgotten(
    reading_sandbox: Profile, network: CountedNetwork, tmp_path: Path
) -> None:
    profile = reading_sandbox
    profile = type(profile)(profile.name, profile.url, profile.credentials, profile.catalog)
    app = Explorer(FixedProfiles(profile), catalogs=tmp_path, transport=network)
    async with app.run_test(size=(80, 24)) as pilot:
        await wait_until_settled(pilot)
        assert "event" not in screen_words(app)
        network.taken()
        await press(pilot, "plus")
        await type_text(pilot, "nothing")
        await press(pilot, "enter")
        assert "nothing" in notice_text(app)
        assert "404" in notice_text(app)
        await press(pilot, *["backspace"] * 7)
        await type_text(pilot, "event")
        await press(pilot, "enter")
        assert browse(app).entity == "event"
        assert network.taken() == [
            "nothing?per_page=1&page=1", "event?per_page=1&page=1", "event?per_page=100&page=1",
        ]  # fmt: skip

    again = Explorer(FixedProfiles(profile), catalogs=tmp_path, transport=network)
    async with again.run_test(size=(80, 24)) as pilot:
        await wait_until_settled(pilot)
        assert re.search(r"event \d", screen_words(again))
        await press(pilot, "1", "end", "x")
        assert "event" not in screen_words(again)
    assert b"event" not in (tmp_path / f"{profile.catalog}.json").read_bytes()


async def test_a_catalog_that_cannot_be_kept_is_told(
    service: ScriptedService, tmp_path: Path
) -> None:
    service.entities["event"] = []
    blocked = tmp_path / "a-file"
    blocked.touch()
    app = Explorer(FixedProfiles(profile("event")), catalogs=blocked, transport=service)
    async with app.run_test(size=(80, 24)) as pilot:
        await wait_until_settled(pilot)
        await press(pilot, "1", "end", "x")
        assert "cannot be written" in notice_text(app)
        assert "event" not in screen_words(app)


async def test_counts_that_the_catalog_knows_cost_no_call(
    service: ScriptedService, tmp_path: Path
) -> None:
    for start in (1, 2):
        service.calls.clear()
        app = Explorer(FixedProfiles(profile()), catalogs=tmp_path, transport=service)
        async with app.run_test(size=(80, 24)) as pilot:
            await wait_until_settled(pilot)
            assert "lead 250" in screen_words(app)
            assert len(service.calls) == (5 if start == 1 else 1)
            await press(pilot, "1", "r")
            assert len(service.calls) == (10 if start == 1 else 6)


def make_counts_old(catalogs: Path, *, hours: int) -> None:
    (file,) = catalogs.glob("*.facts.json")
    kept = json.loads(file.read_bytes())
    for entity in kept["entities"].values():
        entity["total_told"] -= hours * 3_600
    file.write_text(json.dumps(kept))


async def test_an_old_count_shows_its_age_until_it_is_counted_again(
    service: ScriptedService, tmp_path: Path
) -> None:
    app = Explorer(FixedProfiles(profile()), catalogs=tmp_path, transport=service)
    async with app.run_test(size=(80, 24)) as pilot:
        await wait_until_settled(pilot)
        assert "r counts again" not in screen_words(app)
    make_counts_old(tmp_path, hours=3)
    app = Explorer(FixedProfiles(profile()), catalogs=tmp_path, transport=service)
    async with app.run_test(size=(80, 24)) as pilot:
        await wait_until_settled(pilot)
        assert "lead 250 3 h" in screen_words(app)
        assert "r counts again" in screen_words(app)
        await press(pilot, "1", "down", "enter")
        assert "lead 250 3 h" not in screen_words(app)
        await press(pilot, "1", "r")
        assert "3 h" not in screen_words(app)
        assert "r counts again" not in screen_words(app)
