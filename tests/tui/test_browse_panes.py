"""Panes folded away and made wider, by keys and mouse, and found so in the next run."""

import json
from pathlib import Path

import pytest
from textual.pilot import Pilot

from cmdm_tui.config import Paths
from cmdm_tui.tui import Explorer
from cmdm_tui.tui.models.pane_sizes import PaneSizes
from tests.tui.driver import FixedProfiles, browse, press, screen_text, wait_until_settled
from tests.tui.scripted_service import ScriptedService, profile


def explorer(service: ScriptedService, folder: Path | None = None) -> Explorer:
    paths = None if folder is None else Paths(folder / "config", folder / "data")
    return Explorer(FixedProfiles(profile()), catalogs=None, transport=service, paths=paths)


def widths(app: Explorer) -> tuple[int, int, int]:
    """Return the widths of the three panes, 0 for each that is not shown."""
    screen = browse(app)
    panes = (screen.entities, screen.panel, screen.record_pane)
    return tuple(pane.outer_size.width if pane.display else 0 for pane in panes)  # pyright: ignore[reportReturnType]


async def open_leads(pilot: Pilot[None], service: ScriptedService) -> None:
    await wait_until_settled(pilot)
    await press(pilot, "1", "down", "enter")
    service.calls.clear()


async def test_panes_are_folded_and_found_so_in_the_next_run(
    service: ScriptedService, tmp_path: Path
) -> None:
    app = explorer(service, tmp_path)
    async with app.run_test(size=(140, 40)) as pilot:
        await open_leads(pilot, service)
        assert widths(app) == (26, 68, 46)
        await press(pilot, "left_square_bracket")
        assert widths(app)[0] == 0
        await press(pilot, "1")  # going to it unfolds it
        assert widths(app)[0] == 26
        assert browse(app).entities.has_focus_within
        await press(pilot, "left_square_bracket")  # the focus does not stay in what is folded
        assert browse(app).records.grid.has_focus
        await press(pilot, "right_square_bracket")
        assert widths(app) == (0, 140, 0)

        # A record that is opened is shown all the same, until it is left.
        await press(pilot, "enter")
        assert widths(app)[2] > 0
        assert browse(app).record_pane.has_focus_within
        await press(pilot, "escape")
        assert widths(app) == (0, 140, 0)
        assert service.calls == []

    app = explorer(service, tmp_path)
    async with app.run_test(size=(140, 40)) as pilot:
        await wait_until_settled(pilot)
        assert widths(app) == (0, 140, 0)
        await press(pilot, "right_square_bracket", "left_square_bracket")
        assert widths(app) == (26, 68, 46)


async def test_the_pane_with_the_focus_is_made_wider_and_narrower(
    service: ScriptedService, tmp_path: Path
) -> None:
    app = explorer(service, tmp_path)
    async with app.run_test(size=(140, 40)) as pilot:
        await open_leads(pilot, service)
        await press(pilot, "1", "right_curly_bracket")
        assert widths(app)[0] == 30
        await press(pilot, "3", "right_curly_bracket")
        assert widths(app)[2] == 48
        await press(pilot, "2", "right_curly_bracket")  # the records take from the record
        assert widths(app)[2] == 44
        for _ in range(14):
            await press(pilot, "right_curly_bracket")
        assert widths(app) == (30, 86, 24)
        for _ in range(14):
            await press(pilot, "left_curly_bracket")
        assert min(widths(app)) >= 24
        await press(pilot, "vertical_line")
        assert widths(app) == (26, 68, 46)
        await press(pilot, "1", *["left_curly_bracket"] * 9)
        assert widths(app)[0] == 12
        assert service.calls == []
    kept = json.loads((tmp_path / "data" / "explorer" / "settings.json").read_text())
    assert kept["profiles"]["main"]["panes"] == {"entities": 12}


async def test_a_border_is_dragged(service: ScriptedService) -> None:
    app = explorer(service)
    async with app.run_test(size=(140, 40)) as pilot:
        await open_leads(pilot, service)
        await pilot.mouse_down(offset=(25, 10))
        await pilot.hover(offset=(35, 12))
        await pilot.mouse_up(offset=(35, 12))
        await wait_until_settled(pilot)
        assert widths(app)[0] == 36
        left = browse(app).record_pane.region.x
        await pilot.mouse_down(offset=(left, 10))
        await pilot.hover(offset=(left - 6, 10))
        await pilot.mouse_up(offset=(left - 6, 10))
        await pilot.hover(offset=(left - 20, 10))  # it was let go of
        await wait_until_settled(pilot)
        assert browse(app).record_pane.region.x == left - 6


async def test_six_columns_are_useful_in_a_small_terminal(service: ScriptedService) -> None:
    fields = {f"Field{number}": f"a value of {number}" for number in range(9)}
    service.entities["lead"] = [(f"ID{n:06}", fields) for n in range(20)]
    service.fields["lead"] = []
    app = explorer(service)
    async with app.run_test(size=(80, 24)) as pilot:
        await open_leads(pilot, service)
        await press(pilot, "left_square_bracket")
        assert widths(app) == (0, 80, 0)
        header = screen_text(app).splitlines()[3]
        assert all(f"Field{number}" in header for number in range(5)), header
        assert "ID000007" in screen_text(app)
        assert screen_text(app).count("a value") >= 20


@pytest.mark.parametrize("size", [(40, 10), (20, 5), (59, 12)])
async def test_one_pane_at_a_time_in_a_very_small_terminal(
    service: ScriptedService, size: tuple[int, int]
) -> None:
    app = explorer(service)
    async with app.run_test(size=size) as pilot:
        await open_leads(pilot, service)
        width = size[0]
        assert widths(app) == (0, width, 0)
        await press(pilot, "1")
        assert widths(app) == (width, 0, 0)
        await press(pilot, "escape", "enter")
        assert widths(app) == (0, 0, width)
        await press(pilot, "left_square_bracket")
        assert widths(app) == (width, 0, 0)
        await press(pilot, "left_square_bracket")
        assert widths(app) == (0, width, 0)
        assert browse(app).records.grid.has_focus
        await press(pilot, "right_square_bracket", "right_square_bracket")
        assert widths(app) == (0, width, 0)
        for key in ("left_curly_bracket", "right_curly_bracket", "c", "escape", "X", "escape"):
            await press(pilot, key)
        await pilot.resize_terminal(140, 40)
        await wait_until_settled(pilot)
        assert widths(app) == (26, 68, 46)


@pytest.mark.parametrize(
    "kept", [{"entities": "wide"}, {"entities": True}, {"folds_record": 1}, {"record": None}]
)
def test_sizes_that_cannot_be_read_are_those_at_first(kept: dict[str, object]) -> None:
    assert PaneSizes.from_json(kept) == PaneSizes()


def test_kept_sizes_are_read_again_and_bounded() -> None:
    sizes = PaneSizes(folds_entities=True, record=50)
    assert PaneSizes.from_json(sizes.to_json()) == sizes
    assert PaneSizes.from_json({"entities": -5, "record": 10**9}) == PaneSizes(
        False, False, 12, 1000
    )
    assert PaneSizes().resize("entities", 500, 100).entities == 76
    assert PaneSizes().resize("entities", 500, 20).entities == 12
