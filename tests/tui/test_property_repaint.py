"""The list of properties asks for a new paint of every cell that differs, and of few more."""

import random
from collections.abc import Sequence
from typing import Self

import pytest
from rich.cells import cell_len
from rich.style import Style
from textual.app import App, ComposeResult
from textual.containers import VerticalScroll
from textual.geometry import Region

from cmdm_tui.tui.models.record_properties import RecordProperty
from cmdm_tui.tui.widgets import property_list
from cmdm_tui.tui.widgets.property_list import PropertyList

VALUES = (
    "",
    None,
    "1 of 249",
    "1 of 250",
    "10 of 250",
    "日本 1",
    "日本 2",
    "e\u0301",
    "word " * 12,
)
NAMES = ("Id", "Name", "A longer name", "日本")
LINES = 20


class NotedList(PropertyList):
    """Notes what it is asked to paint."""

    def __init__(self) -> None:
        super().__init__()
        self.painted: list[Region] = []

    def refresh(
        self,
        *regions: Region,
        repaint: bool = True,
        layout: bool = False,
        recompose: bool = False,
    ) -> Self:
        if hasattr(self, "painted"):
            self.painted += regions or [Region(0, 0, 1_000, 1_000)]
        return super().refresh(*regions, repaint=repaint, layout=layout, recompose=recompose)

    def list_cells(self) -> list[list[tuple[str, Style | None]]]:
        """Return what each cell would show; both cells of a wide character its whole."""
        return [
            [
                (letter, segment.style)
                for segment in self.render_line(y)
                for letter in segment.text
                for _ in range(cell_len(letter))
            ]
            for y in range(LINES)
        ]


class OneList(App[None]):
    """A list of properties in a pane that scrolls."""

    CSS = "PropertyList { height: auto; }"

    def compose(self) -> ComposeResult:
        with VerticalScroll(can_focus=False):
            yield NotedList()


def make_properties(chance: random.Random) -> Sequence[RecordProperty]:
    shown: list[RecordProperty] = []
    for place in range(chance.choice([6, 6, 6, 5])):
        value = chance.choice(VALUES)
        name = NAMES[place % len(NAMES)] if chance.random() < 0.95 else "Other"
        hint = "(a hint)" if chance.random() < 0.1 else ""
        shown.append(RecordProperty(f"f{place}", name, value, value or "", hint=hint))
    return shown


async def count_painted(seed: int) -> tuple[int, int]:
    """Return how many cells differed and how many were painted, each that differed among them."""
    chance = random.Random(seed)
    app = OneList()
    differed = painted = 0
    async with app.run_test(size=(40, LINES)) as pilot:
        shown = app.query_one(NotedList)
        shown.show_properties(make_properties(chance))
        await pilot.pause()
        for _ in range(100):
            before = shown.list_cells()
            shown.painted = []
            shown.show_properties(make_properties(chance))
            after = shown.list_cells()
            for y, (old, new) in enumerate(zip(before, after, strict=True)):
                for x, (one, other) in enumerate(zip(old, new, strict=False)):
                    is_painted = any(region.contains(x, y) for region in shown.painted)
                    assert one == other or one[0] == other[0] == " " or is_painted, (x, y)
                    differed += one != other
                    painted += is_painted
    return differed, painted


async def test_every_cell_that_differs_is_painted() -> None:
    differed, painted = await count_painted(1)
    assert 1_000 < differed < painted < 0.6 * 100 * LINES * 40


async def test_a_cell_that_is_left_out_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """The broken twin of the test above."""

    def leave_most_out(*lines: object) -> range:
        del lines
        return range(3)

    monkeypatch.setattr(property_list, "find_changed_cells", leave_most_out)
    with pytest.raises(AssertionError):
        await count_painted(1)
