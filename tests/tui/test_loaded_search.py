"""A search of what was read: every match, and no claim about what was not."""

from collections.abc import Sequence
from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from cmdm_tui.tui.models.loaded_search import search_loaded
from cmdm_tui.tui.models.row_source import SortKey, SourceColumn, SourceState, Tone


@dataclass(frozen=True)
class Line:
    key: str
    values: Sequence[object]
    revision: int = 0

    def value(self, column: int) -> object:
        return self.values[column]

    def tone(self, column: int) -> Tone:
        return Tone.NORMAL


class Lines:
    """A source of which some rows were not read: those that are None."""

    order: tuple[SortKey, ...] = ()
    state = SourceState.READY
    revision = 0

    def __init__(self, rows: Sequence[Sequence[object] | None], *, known: bool = True) -> None:
        self._rows = rows
        self.is_count_known = known
        self.columns = [SourceColumn(name, name, 5) for name in "abc"]
        self.row_count = len(rows)

    def rows(self, first: int, count: int) -> list[Line | None]:
        return [
            None if row is None else Line(f"K{place}", row)
            for place, row in enumerate(self._rows[first : first + count], first)
        ]

    def position(self, key: str) -> int | None:
        return int(key[1:])

    def want_rows(self, first: int, count: int) -> None:
        raise AssertionError("A search reads nothing")

    def loaded_ranges(self) -> list[range]:
        return [range(n, n + 1) for n, row in enumerate(self._rows) if row is not None]


def test_matches_come_in_order_and_the_caption_says_of_how_many() -> None:
    source = Lines([["Leeds", None, "x"], None, ["York", "LEEDS", "leeds"]])
    found = search_loaded(source, "leeds", [0, 1, 2])
    assert [(one.row, one.column) for one in found.matches] == [(0, 0), (2, 1), (2, 2)]
    assert found.caption == "3 matches in the 2 of 3 rows read"
    assert found.has("K2", 1)
    assert not found.has("K2", 0)


def test_only_the_columns_that_are_shown_are_searched() -> None:
    source = Lines([["a", "b", "a"]])
    assert [one.column for one in search_loaded(source, "a", [1, 2]).matches] == [2]


def test_the_caption_claims_no_more_than_was_looked_at() -> None:
    assert search_loaded(Lines([["x"] * 3]), "y", [0]).caption == "0 matches in all 1 row"
    assert (
        search_loaded(Lines([["x"] * 3], known=False), "x", [0]).caption
        == "1 match in the 1 row read so far"
    )


def test_the_next_match_goes_round() -> None:
    found = search_loaded(Lines([["x", "", "x"], ["", "x", ""]]), "x", [0, 1, 2])
    steps = [(0, 0)]
    for _ in range(3):
        match = found.find_next(*steps[-1])
        assert match is not None
        steps.append((match.row, match.column))
    assert steps == [(0, 0), (0, 2), (1, 1), (0, 0)]
    back = found.find_next(0, 0, backwards=True)
    assert back is not None
    assert (back.row, back.column) == (1, 1)
    first = found.find_first(0, 0)
    assert first is not None
    assert (first.row, first.column) == (0, 0)
    assert search_loaded(Lines([]), "x", [0]).find_next(0, 0) is None


@given(
    st.lists(st.none() | st.lists(st.text("aAßİ\x1b", max_size=3), min_size=3, max_size=3)),
    st.text("aAßİ\x1b", min_size=1, max_size=2),
)
def test_it_finds_what_a_plain_loop_finds(rows: list[list[str] | None], words: str) -> None:
    found = search_loaded(Lines(rows), words, [0, 1, 2])
    expected = [
        (place, column)
        for place, row in enumerate(rows)
        if row is not None
        for column in range(3)
        if words.casefold() in row[column].casefold()
    ]
    assert [(one.row, one.column) for one in found.matches] == expected
