"""The cells in which a line differs from the one it replaces: each of them, and few more."""

import pytest
from rich.cells import cell_len
from rich.text import Text

from cmdm_tui.tui.models.changed_cells import find_changed_cells


@pytest.mark.parametrize(
    ("old", "new", "cells"),
    [
        ("", "", range(0)),
        ("equal", "equal", range(5, 5)),
        ("1 of 249", "1 of 250", range(6, 8)),
        ("a long word", "a wide word", range(2, 6)),
        ("99 calls", "100 calls", range(9)),
        ("short", "shorter", range(5, 7)),
        ("shorter", "short", range(5, 7)),
        ("日本 1", "日本 2", range(6)),
        ("e", "e\u0301", range(1)),
        (Text("·", style="dim"), "·", range(1)),
        (Text("·", style="dim"), "a value", range(7)),
        (Text.assemble("id ", ("name", "bold")), "id name", range(7)),
    ],
)
def test_the_cells_that_differ(old: str | Text, new: str | Text, cells: range) -> None:
    before = old if isinstance(old, Text) else Text(old)
    after = new if isinstance(new, Text) else Text(new)
    found = find_changed_cells(before, after)
    assert list(found) == list(cells)
    assert len(found) <= max(cell_len(before.plain), cell_len(after.plain))
