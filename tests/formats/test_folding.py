"""Lines fold between words, lose nothing, and are never wider than the terminal."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from cmdm_tui.formats.cells import describe_cell
from cmdm_tui.formats.folding import fold_line


@pytest.mark.parametrize(
    ("line", "pieces"),
    [
        ("was happy with the crew", ["was happy ", "with the ", "crew"]),
        ("", [""]),
        ("abcdefghijklmno", ["abcdefghij", "klmno"]),
        ("a abcdefghijklmno b", ["a ", "abcdefghij", "klmno b"]),
        ("東京東京東京", ["東京東京東", "京"]),
        ("a bcdefghi\u00a0j", ["a ", "bcdefghi\u00a0j"]),  # no line ends at a no-break space
    ],
)
def test_a_line_folds_between_words(line: str, pieces: list[str]) -> None:
    assert fold_line(line, 10) == pieces


@given(st.text(), st.integers(4, 30))
def test_nothing_is_lost_and_nothing_sticks_out(line: str, room: int) -> None:
    pieces = fold_line(line, room)
    assert "".join(pieces) == line
    assert all(cell_len(piece.rstrip(" ")) <= room for piece in pieces)


@given(st.text("nul'", max_size=8), st.text("nul'", max_size=8))
def test_null_and_each_text_are_shown_differently(one: str, other: str) -> None:
    assert describe_cell(one) != describe_cell(None)
    assert (describe_cell(one) == describe_cell(other)) == (one == other)
    assert [describe_cell(value) for value in (None, "null", "'null'", "nulls")] == [
        "null", "'null'", "''null''", "nulls",
    ]  # fmt: skip
