"""What is painted from the front is what Textual paints, and nothing behind it is drawn."""

import pytest
from textual import events
from textual._compositor import Compositor
from textual.geometry import Region
from textual.pilot import Pilot
from textual.strip import Strip
from textual.widget import Widget
from textual.widgets._toast import Toast

from cmdm_tui.tui import Explorer
from cmdm_tui.tui.commands import CommandScreen
from cmdm_tui.tui.front_compositor import FrontCompositor
from cmdm_tui.tui.widgets.grid import Grid
from cmdm_tui.tui.widgets.property_list import PropertyList
from tests.tui.driver import FixedProfiles, browse, press, wait_until_settled
from tests.tui.scripted_service import ScriptedService, people, profile

_WALK = [
    "pagedown",
    "right",
    "2",
    "3",
    "escape",
    "slash",
    "x",
    "escape",
    "f1",
    "escape",
    "f4",
    "f2",
]
"""Keys that open panes, bars, the help and another screen, and leave them again."""


def explorer(service: ScriptedService) -> Explorer:
    service.entities["lead"] = people(250)
    return Explorer(FixedProfiles(profile()), catalogs=None, transport=service)


def compose(kind: type[Compositor], screen: CommandScreen, crop: Region) -> list[list[object]]:
    """Return the parts of the lines within `crop` as that kind of compositor paints them."""
    compositor = screen._compositor
    chops = kind._render_chops(compositor, crop, crop.line_range.__contains__)
    return [
        [
            (start, part and [segment for segment in part if segment.text])
            for (start, part), end in zip(chops[y].items(), compositor.cuts[y][1:], strict=True)
            if start < crop.right and end > crop.x
        ]
        for y in crop.line_range
    ]


def list_crops(screen: CommandScreen) -> list[Region]:
    """Return the whole screen, and the place of each widget that is seen."""
    seen = [r.intersection(clip) for r, clip in screen._compositor.visible_widgets.values()]
    return [screen.size.region, *(region for region in seen if region)]


async def paint_alike(pilot: Pilot[None]) -> int:
    """Return how many places of the screen in front are painted as Textual paints them."""
    screen, compared = pilot.app.screen, 0
    if isinstance(screen, CommandScreen):
        assert isinstance(screen._compositor, FrontCompositor)
        for crop in list_crops(screen):
            assert compose(FrontCompositor, screen, crop) == compose(Compositor, screen, crop)
            compared += 1
    return compared


@pytest.mark.parametrize("size", [(140, 40), (80, 24), (30, 8)])
async def test_every_place_is_painted_as_textual_paints_it(
    service: ScriptedService, size: tuple[int, int]
) -> None:
    app = explorer(service)
    async with app.run_test(size=size) as pilot:
        await wait_until_settled(pilot)
        compared = await paint_alike(pilot)
        for key in _WALK:
            await press(pilot, key)
            compared += await paint_alike(pilot)
        assert compared > 100


async def test_a_page_of_the_grid_draws_the_grid_alone(
    service: ScriptedService, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = explorer(service)
    async with app.run_test(size=(140, 40)) as pilot:
        await wait_until_settled(pilot)
        browse(app).records.grid.move_cursor(row=50)
        await wait_until_settled(pilot)
        drawn: list[Widget] = []
        render_lines = Widget.render_lines

        def note(widget: Widget, crop: Region) -> list[Strip]:
            drawn.append(widget)
            return render_lines(widget, crop)

        monkeypatch.setattr(Widget, "render_lines", note)
        grid = browse(app).records.grid
        screen = browse(app)
        compose(FrontCompositor, screen, grid.region.shrink((0, 1, 1, 0)))
        assert {type(widget) for widget in drawn} == {Grid}
        drawn.clear()
        compose(FrontCompositor, screen, screen.query_one(PropertyList).region)
        assert {type(widget) for widget in drawn} == {PropertyList}


@pytest.mark.parametrize("screen", ["records", "dialog"])
@pytest.mark.parametrize("kind", [FrontCompositor, Compositor])
async def test_a_click_on_what_was_removed_goes_to_what_is_behind(
    service: ScriptedService,
    monkeypatch: pytest.MonkeyPatch,
    kind: type[Compositor],
    screen: str,
) -> None:
    """Textual's own fails: with it the test would notice."""
    app = explorer(service)
    async with app.run_test(size=(100, 30), notifications=True) as pilot:
        await wait_until_settled(pilot)
        if screen == "dialog":
            await press(pilot, "o")
        app.notify("Nothing was sent.", timeout=60, markup=False)
        await wait_until_settled(pilot)
        monkeypatch.setattr(FrontCompositor, "get_widget_at", kind.get_widget_at)
        toast = app.screen.query_one(Toast)
        place = toast.region.offset
        pressed = events.MouseDown(toast, *place, 0, 0, 1, False, False, False, *place)
        with monkeypatch.context() as patch:
            patch.setattr(toast, "_parent", None)
            if kind is Compositor:
                with pytest.raises(AttributeError):
                    app.screen._forward_event(pressed)
            else:
                app.screen._forward_event(pressed)
        await wait_until_settled(pilot)
