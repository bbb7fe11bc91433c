"""Records searched, marked, copied, compared and gone back to, with the calls that it costs."""

import json
from pathlib import Path
from unicodedata import category, east_asian_width

import pytest
from textual.pilot import Pilot

from cmdm_tui.config import Paths
from cmdm_tui.formats.cell_text import settle_width
from cmdm_tui.tui import Explorer
from cmdm_tui.tui.screens.browse.screen import BrowseScreen
from cmdm_tui.tui.screens.compare.screen import CompareScreen
from cmdm_tui.tui.widgets.grid import Grid
from cmdm_tui.tui.widgets.property_list import PropertyList
from tests.tui.driver import (
    FixedProfiles,
    browse,
    press,
    screen_text,
    screen_words,
    type_text,
    wait_until_settled,
)
from tests.tui.scripted_service import ScriptedService, people, profile

LARGE = (140, 40)


class Copying(Explorer):
    """Notes what is given to the clipboard."""

    copied: list[str]

    def copy_to_clipboard(self, text: str) -> None:
        self.copied.append(text)


def explorer(
    service: ScriptedService, folder: Path | None = None, entities: tuple[str, ...] = ()
) -> Copying:
    paths = None if folder is None else Paths(folder / "config", folder / "data")
    app = Copying(FixedProfiles(profile(*entities)), catalogs=None, transport=service, paths=paths)
    app.copied = []
    return app


def told(app: Explorer) -> str:
    return list(app._notifications)[-1].message


def place(app: Explorer) -> tuple[str, str | None, str | None]:
    """Return the entity, and the record and column with the cursor."""
    screen = browse(app)
    grid = screen.records.grid
    return screen.entity, grid.cursor_key, grid.cursor_column


def shown_record(app: Explorer) -> tuple[str, str]:
    record = browse(app).record_pane.record
    assert record is not None
    return record.entity, record.external_id


def columns(app: Explorer) -> list[str]:
    return [column.name for column in browse(app).records.grid.columns]


async def open_entity(pilot: Pilot[None], service: ScriptedService, *, down: int = 1) -> None:
    """Show another entity from the first, accounts; the calls until then are forgotten."""
    await wait_until_settled(pilot)
    await press(pilot, "1", *["down"] * down, "enter")
    service.calls.clear()


async def test_search_marks_sort_and_copy_of_the_records_that_were_read(
    service: ScriptedService,
) -> None:
    app = explorer(service)
    async with app.run_test(size=LARGE) as pilot:
        await open_entity(pilot, service)
        await press(pilot, "slash")
        await type_text(pilot, "darwin 003")
        assert "1 match in the 100 of 250 rows read" in screen_words(app)
        assert place(app) == ("lead", "ID000003", "LastName")
        await press(pilot, "enter", "slash")
        await type_text(pilot, "grace 244")  # on a page that was not read
        assert "0 matches in the 100 of 250 rows read" in screen_words(app)
        await press(pilot, "escape")
        assert service.calls == []

        # Marks stay on their records, whatever the order.
        await press(pilot, "g", "space", "down", "space")
        assert browse(app).records.grid.marks.keys == ("ID000001", "ID000003")
        assert "2 marked · rows 1–" in screen_words(app)
        await press(pilot, "right", "s")
        assert place(app)[2] == "Score"
        assert service.calls == ["lead?per_page=100&page=1&sort_by=Score&sort_order=asc"]
        service.calls.clear()
        assert browse(app).records.grid.marks.keys == ("ID000001", "ID000003")
        await press(pilot, "y", "down", "down", "enter")
        held = [row["ExternalID"] for row in json.loads(app.copied[-1] if app.copied else "[]")]
        assert set(held) <= {"ID000001", "ID000003"}
        await press(pilot, "u")
        service.calls.clear()
        await press(pilot, "y", "down", "enter")
        assert app.copied[-1].splitlines()[0].split("\t") == columns(app)
        assert [line.split("\t")[0] for line in app.copied[-1].splitlines()[1:]] == [
            "ID000001", "ID000003",
        ]  # fmt: skip
        assert "Copied 2 rows as TSV (119 characters)." in told(app)

        # The two side by side; and back where it was.
        await press(pilot, "equals_sign")
        assert isinstance(app.screen, CompareScreen)
        assert "2 records side by side" in screen_words(app)
        assert "4 of 4 fields differ" not in screen_words(app)
        assert "3 of 4 fields differ" in screen_words(app)
        source = app.screen.query_one(Grid).source
        assert source is not None
        assert [column.label for column in source.columns] == ["Field", "ID000001", "ID000003"]
        await press(pilot, "escape")
        assert isinstance(app.screen, BrowseScreen)
        assert service.calls == []


async def test_columns_order_and_place_are_found_again_in_the_next_run(
    service: ScriptedService, tmp_path: Path
) -> None:
    app = explorer(service, tmp_path)
    async with app.run_test(size=LARGE) as pilot:
        await open_entity(pilot, service)
        await press(pilot, "right", "minus")  # LastName
        await press(pilot, "right", "circumflex_accent")  # City
        await press(pilot, "greater_than_sign")
        assert columns(app) == ["ExternalID", "City", "Score", "Notes"]
        await press(pilot, "s")
        assert service.calls == [  # the record with the cursor is near the end of the first page
            f"lead?per_page=100&page={page}&sort_by=City&sort_order=asc" for page in (1, 2)
        ]
        width = browse(app).records.grid.columns[1].width

        # Other columns in the dialog: all again, then Notes alone is hidden.
        await press(pilot, "c", "ctrl+a", *["down"] * 4, "space", "enter")
        assert columns(app) == ["ExternalID", "City", "LastName", "Score"]
        left = columns(app)
    await _run_again(service, tmp_path, left, width)


async def _run_again(service: ScriptedService, folder: Path, left: list[str], width: int) -> None:
    kept = json.loads((folder / "data" / "explorer" / "settings.json").read_text())
    assert kept["profiles"]["main"]["session"] == {
        "entity": "lead", "column": "City", "order": [["City", False]],
    }  # fmt: skip
    assert "Leeds" not in json.dumps(kept)  # no value of a record is kept
    service.calls.clear()
    app = explorer(service, folder)
    async with app.run_test(size=LARGE) as pilot:
        await wait_until_settled(pilot)
        assert sorted(service.calls) == sorted(
            ["lead?per_page=100&page=1&sort_by=City&sort_order=asc"]
            + [
                f"{name}?per_page=1&page=1"
                for name in ("account", "contact", "task", "opportunity")
            ]
        )
        assert place(app)[0] == "lead"
        assert place(app)[2] == "City"
        assert columns(app) == left
        assert browse(app).records.grid.columns[left.index("City")].width == width
        assert "by City" in screen_words(app) or "City ▲" in screen_words(app)


async def test_a_lookup_that_is_held_is_followed_for_no_call_and_b_goes_back(
    service: ScriptedService,
) -> None:
    app = explorer(service)
    async with app.run_test(size=LARGE) as pilot:
        # Accounts were read first; the tasks name two of them.
        await open_entity(pilot, service, down=3)
        assert place(app)[:2] == ("task", "TASK0001")
        words = screen_words(app)
        assert "→ Brunel 001" in words
        assert "task TASK0001 · Ring Ada" in words
        await press(pilot, "enter", "slash")
        await type_text(pilot, "relatedext")
        await press(pilot, "enter")
        current = browse(app).record_pane.current_property
        assert current is not None
        assert current.name == "RelatedExternalID"
        await press(pilot, "y")
        assert app.copied == ["ID000001"]
        await press(pilot, "enter")
        assert shown_record(app) == ("account", "ID000001")
        assert "account ID000001 · Brunel 001" in screen_words(app)

        # Away to another entity, and all the way back.
        await press(pilot, "1", "up", "up", "enter")
        assert service.calls == ["lead?per_page=100&page=1"]
        service.calls.clear()
        await press(pilot, "b")
        assert (browse(app).entity, shown_record(app)) == ("task", ("account", "ID000001"))
        await press(pilot, "b")
        assert shown_record(app) == ("task", "TASK0001")
        await press(pilot, "b")
        assert browse(app).records.grid.has_focus or browse(app).record_pane.has_focus_within
        while browse(app).workspace.can_go_back:
            await press(pilot, "b")
        assert browse(app).entity == "account"
        assert service.calls == []


async def test_a_lookup_that_is_not_held_is_read_for_one_call(service: ScriptedService) -> None:
    service.entities["lead"] = [("L1", {"LastName": "Ada", "ContactExternalID": "C7"})]
    service.entities["contact"] = [("C7", {"FirstName": "Grace", "LastName": "Hopper"})]
    app = explorer(service)
    async with app.run_test(size=LARGE) as pilot:
        await open_entity(pilot, service)
        await press(pilot, "enter", "slash")
        await type_text(pilot, "contact")
        await press(pilot, "enter", "enter")
        assert service.calls == ["contact/C7"]
        assert shown_record(app) == ("contact", "C7")
        service.calls.clear()
        await press(pilot, "b")
        assert shown_record(app) == ("lead", "L1")
        assert "→ Grace Hopper" in screen_words(app)  # its name is known now

        # The related records are listed by their names too.
        await press(pilot, "R")
        assert "↑ Grace Hopper" in screen_words(app)
        assert service.calls == []

        # One that is gone is said to be so, and the record before stays.
        service.entities["contact"] = []
        await press(pilot, "enter")
        assert service.calls == ["contact/C7"]
        assert "There is no contact C7" in screen_words(app)
        assert shown_record(app) == ("lead", "L1")


async def test_a_value_longer_than_the_pane_is_read_to_its_end(service: ScriptedService) -> None:
    nested = {"lines": [f"line {number}" for number in range(120)], "end": {"last": "the end"}}
    service.entities["lead"] = [("L1", {"LastName": "Ada", "Nested": nested, "After": "x"})]
    app = explorer(service)
    async with app.run_test(size=(80, 24)) as pilot:
        await open_entity(pilot, service)
        await press(pilot, "enter", "down", "down")
        names: list[str] = []
        for _ in range(12):
            await press(pilot, "pagedown")
            shown = browse(app).record_pane.query_one(PropertyList).current
            assert shown is not None
            names.append(shown.name)
            if "the end" in screen_text(app):
                break
        assert "the end" in screen_text(app)
        assert set(names) == {"Nested"}
        await press(pilot, "down", "down", "down")
        shown = browse(app).record_pane.query_one(PropertyList).current
        assert shown is not None
        assert shown.name == "After"
        await press(pilot, "up", "up", "pageup", "home")
        assert "L1" in screen_text(app)
        assert service.calls == []


async def test_a_forgotten_entity_is_no_place_to_go_back_to(service: ScriptedService) -> None:
    service.entities["invoice"] = people(2)
    app = explorer(service, entities=("invoice",))
    async with app.run_test(size=LARGE) as pilot:
        await open_entity(pilot, service, down=5)
        assert browse(app).entity == "invoice"
        await press(pilot, "1", "x")
        assert browse(app).entity == "account"
        while browse(app).workspace.can_go_back:
            await press(pilot, "b")
            assert browse(app).entity == "account"
        assert service.calls == []


DISPUTED = "❤️ 1️⃣ 🇬🇧 👩‍👩‍👧‍👦 👍🏽 漢字 é"


@pytest.mark.parametrize("size", [(140, 30), (80, 24), (50, 12)])
async def test_borders_stay_straight_whatever_the_text(
    service: ScriptedService, size: tuple[int, int]
) -> None:
    service.entities |= {DISPUTED: [(DISPUTED, {DISPUTED: DISPUTED, "Name": DISPUTED})]}
    app = explorer(service, entities=(DISPUTED,))
    async with app.run_test(size=size) as pilot:
        await open_entity(pilot, service, down=5)
        for keys in (["1"], ["2", "enter"], ["R"], ["escape", "c"], ["escape", "X"],
                     ["escape", "y"], ["escape", "o"], ["escape", "F"]):  # fmt: skip
            await press(pilot, *keys)
            app.notify(DISPUTED, markup=False)
            await wait_until_settled(pilot)
            for line in screen_text(app).splitlines():
                assert settle_width(line) == line, (keys, line)
                assert _width(line) == size[0], (keys, line)


def _width(line: str) -> int:
    """Return the cells of a line as a terminal counts them that knows no sequences."""
    return sum(
        0 if category(one) in {"Mn", "Me"} else 2 if east_asian_width(one) in "WF" else 1
        for one in line
    )


async def test_the_record_next_to_the_rows_is_as_they_were_read_again(
    service: ScriptedService,
) -> None:
    service.entities["account"] = [("ID1", {"Name": "Ash", "City": "Norwich"})]
    app = Explorer(FixedProfiles(profile()), catalogs=None, transport=service)
    async with app.run_test(size=(140, 40)) as pilot:
        await wait_until_settled(pilot)
        pane = browse(app).record_pane
        assert pane.record is not None
        assert pane.record.properties["City"] == "Norwich"
        service.entities["account"] = [("ID1", {"Name": "Ash", "City": "Leeds"})]
        await press(pilot, "r")
        assert pane.record.properties["City"] == "Leeds"
        assert "Norwich" not in screen_words(app)
