"""Jump labels: a letter on each part, whose key takes the focus there."""

from textual.widgets import Label

from cmdm_tui.tui import Explorer
from cmdm_tui.tui.screens.dialogs.jump import JumpScreen
from tests.tui.driver import FixedProfiles, browse, press, wait_until_settled
from tests.tui.scripted_service import ScriptedService, profile


async def test_a_letter_takes_the_focus_to_its_part(service: ScriptedService) -> None:
    app = Explorer(FixedProfiles(profile()), catalogs=None, transport=service)
    async with app.run_test(size=(140, 40)) as pilot:
        await wait_until_settled(pilot)
        screen = browse(app)
        assert screen.records.grid.has_focus
        await press(pilot, "semicolon")
        assert isinstance(app.screen, JumpScreen)
        labels = list(app.screen.query(Label))
        assert len(labels) == len(screen.focus_chain)
        # Each letter is on its part, from the left to the right.
        places = [label.region.offset for label in labels]
        parts = [widget.region.offset for widget in screen.focus_chain]
        assert places == sorted(parts)
        await press(pilot, "a")
        assert screen.entities.has_focus_within
        # Another key leaves things as they are, and runs nothing.
        calls = list(service.calls)
        for key in ("r", "escape", "semicolon", "f1"):
            await press(pilot, "semicolon", key)
            assert browse(app).entities.has_focus_within
        assert service.calls == calls
