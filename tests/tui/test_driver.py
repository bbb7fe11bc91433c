"""What drives the explorer in tests fails a test that would otherwise wait for ever, or pass."""

import pytest
from textual.app import App, ComposeResult
from textual.widgets import Static

from tests.tui.driver import press, wait_until_settled, what_ended_parts


class FailingPart(Static, can_focus=True):
    """Ends at a key, as a part does in which the time of its test is over."""

    def on_key(self) -> None:
        pytest.fail("Timeout")


class AppOfParts(App[None]):
    def compose(self) -> ComposeResult:
        yield FailingPart()


async def test_what_ends_a_part_fails_the_test() -> None:
    async with AppOfParts().run_test() as pilot:
        await wait_until_settled(pilot)
        with pytest.raises(pytest.fail.Exception, match="Timeout"):
            await press(pilot, "x")
    what_ended_parts.clear()
