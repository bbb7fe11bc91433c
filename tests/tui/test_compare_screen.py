"""Records side by side on a screen of their own."""

from cmdm_tui.api import Field, Record
from cmdm_tui.tui.commands import CommandApp
from cmdm_tui.tui.screens.compare.screen import CompareScreen
from cmdm_tui.tui.widgets.grid import Grid
from tests.tui.driver import press, wait_until_settled


class Small(CommandApp):
    def on_mount(self) -> None:
        records = [
            Record("lead", "A1", {"City": "Leeds", "Score": "1", "Note": "\x1b[2J"}),
            Record("lead", "B2", {"City": "York", "Score": "1", "Note": "\x1b[2J"}),
        ]
        self.push_screen(CompareScreen(records, [Field("City", label="Town")]))


def shown(app: Small) -> str:
    strips = app.screen._compositor.render_strips()
    return "\n".join("".join(segment.text for segment in strip) for strip in strips)


async def test_what_differs_is_counted_and_can_be_seen_alone() -> None:
    app = Small()
    async with app.run_test(size=(100, 16)) as pilot:
        await wait_until_settled(pilot)
        assert "2 records side by side" in shown(app)
        assert "1 of 3 fields differ" in shown(app)
        assert "Town" in shown(app)
        assert "\x1b" not in shown(app)
        await press(pilot, "d")
        assert "only those are shown" in shown(app)
        assert app.screen.query_one(Grid).source is not None
        assert "Score" not in shown(app)
        await press(pilot, "d", "escape")
        assert not isinstance(app.screen, CompareScreen)
