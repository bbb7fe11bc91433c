"""The headless parts of the grid: layout, geometry, marks, cursor, and text by cells."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from wcwidth import wcswidth

from cmdm_tui.api import Record
from cmdm_tui.formats.cell_text import cut, fit, settle_width
from cmdm_tui.tui.models.column_layout import MAX_WIDTH, ColumnLayout, GridColumn, list_filled
from cmdm_tui.tui.models.grid_cursor import GridCursor
from cmdm_tui.tui.models.grid_geometry import (
    GAP,
    NARROWEST,
    GridGeometry,
    narrow_columns,
    widen_columns,
)
from cmdm_tui.tui.models.marks import Marks
from cmdm_tui.tui.models.record_names import find_name_fields, name_record
from cmdm_tui.tui.models.row_source import SourceColumn
from tests.tui.grid_app import FakeRow, columns, people

COLUMNS = columns("Id", "a", "b", "c", "d")


def names(layout: ColumnLayout, given: list[SourceColumn] = COLUMNS) -> str:
    return " ".join(column.name for column in layout.arrange(given))


def test_without_a_choice_the_columns_are_the_sources_own_with_keys_pinned() -> None:
    arranged = ColumnLayout().arrange(COLUMNS)
    assert [column.source for column in arranged] == COLUMNS
    assert [column.is_pinned for column in arranged] == [True, False, False, False, False]
    key_later = columns("a", "b")[1:] + columns("Id")
    assert names(ColumnLayout(), key_later) == "Id b"
    assert [column.index for column in ColumnLayout().arrange(key_later)] == [1, 0]


def test_a_column_is_moved_past_hidden_ones() -> None:
    layout = ColumnLayout().hide("b")
    assert names(layout.move(COLUMNS, "a", 1)) == "Id c a d"
    assert names(layout.move(COLUMNS, "d", -1)) == "Id a d c"
    assert names(layout.move(COLUMNS, "d", -1).show("b")) == "Id a b d c"
    assert layout.move(COLUMNS, "b", 1) == layout
    assert layout.move(COLUMNS, "no such column", 1) == layout


def test_a_column_is_moved_to_the_ends_at_most_and_stays_on_its_side_of_the_pinned() -> None:
    assert names(ColumnLayout().move(COLUMNS, "b", 99)) == "Id a c d b"
    assert names(ColumnLayout().move(COLUMNS, "b", -99)) == "Id b a c d"


def test_pinned_columns_come_first_and_the_key_can_be_let_go() -> None:
    layout = ColumnLayout().toggle_pin(COLUMNS, "c")
    assert names(layout) == "Id c a b d"
    assert names(layout.toggle_pin(COLUMNS, "Id").toggle_pin(COLUMNS, "c")) == "Id a b c d"
    assert names(layout.toggle_pin(COLUMNS, "Id")) == "c Id a b d"


def test_widths_stay_within_bounds() -> None:
    layout = ColumnLayout().widen(COLUMNS[1], 5)
    assert [column.width for column in layout.arrange(COLUMNS)] == [8, 13, 8, 8, 8]
    assert layout.widen(COLUMNS[1], -3).widths == {"a": 10}
    assert layout.resize("a", -3).widths == {"a": 1}
    assert layout.resize("a", 10**6).widths == {"a": MAX_WIDTH}


def test_at_least_one_column_is_shown() -> None:
    assert names(ColumnLayout().hide("Id", "a", "b", "c", "d")) == "Id"
    assert ColumnLayout().arrange([]) == ()


def test_empty_columns_are_left_out_only_if_wanted() -> None:
    empty = ["a", "c"]
    shown = ColumnLayout(hide_empty=True).arrange(COLUMNS, empty)
    assert [column.name for column in shown] == ["Id", "b", "d"]
    assert len(ColumnLayout().arrange(COLUMNS, empty)) == 5
    rows = [FakeRow(["k", None, "", 0, False]), None]
    assert list_filled(COLUMNS, rows, {"a", "b", "c", "d"}) == {"c", "d"}
    assert list_filled(COLUMNS, rows, {"c"}) == {"c"}


def test_what_is_chosen_for_a_column_waits_until_the_source_has_it() -> None:
    layout = ColumnLayout(order=("late", "b", "a"), hidden=frozenset({"c"}), widths={"late": 20})
    assert names(layout) == "Id b a d"
    later = layout.move(COLUMNS, "a", -1)
    assert names(later) == "Id a b d"
    with_late = [*COLUMNS, *columns("x", "late")[1:]]
    assert "late" in names(later, with_late)
    assert names(layout, with_late) == "Id late b a d"


LAYOUTS = st.builds(
    ColumnLayout,
    order=st.lists(st.sampled_from("abcdefg"), unique=True).map(tuple),
    hidden=st.frozensets(st.sampled_from("abcdefg")),
    pinned=st.none() | st.frozensets(st.sampled_from("abcdefg")),
    widths=st.dictionaries(st.sampled_from("abcdefg"), st.integers(1, MAX_WIDTH)),
    hide_empty=st.booleans(),
)


@given(LAYOUTS)
def test_a_layout_comes_back_from_json(layout: ColumnLayout) -> None:
    assert ColumnLayout.from_json(json.loads(json.dumps(layout.to_json()))) == layout


@given(LAYOUTS, st.sampled_from("abcdefg"), st.integers(-9, 9))
def test_moving_a_column_changes_nothing_but_the_order(
    layout: ColumnLayout, name: str, by: int
) -> None:
    given = columns("Id", *"abcdefg")
    before = layout.arrange(given)
    after = layout.move(given, name, by).arrange(given)
    assert sorted(before, key=lambda column: column.index) == sorted(
        after, key=lambda column: column.index
    )


@pytest.mark.parametrize(
    "data",
    [
        None, 3, [], "x", {"order": 3, "hidden": {"a": 1}, "widths": [1]},
        {"order": [1, None, ["a"]], "widths": {"a": "wide", "b": True, "c": None}, "pinned": 7},
        {"hide_empty": "yes", "unknown": 1},
    ],
)  # fmt: skip
def test_a_saved_layout_that_makes_no_sense_is_left_out(data: object) -> None:
    layout = ColumnLayout.from_json(data)
    assert replace(layout, pinned=None) == ColumnLayout()
    assert len(layout.arrange(COLUMNS)) == 5


def geometry_of(widths: list[int], pinned: int, width: int, gutter: int) -> GridGeometry:
    shown = [
        GridColumn(columns(f"c{n}")[0], n, size, is_pinned=n < pinned)
        for n, size in enumerate(widths)
    ]
    return GridGeometry(shown, width, min(gutter, width))


GEOMETRIES = st.builds(
    geometry_of,
    widths=st.lists(st.integers(1, 40), max_size=30),
    pinned=st.integers(0, 5),
    width=st.integers(0, 120),
    gutter=st.integers(0, 8),
)


@given(GEOMETRIES, st.integers(0, 1500))
def test_what_is_seen_of_columns_neither_overlaps_nor_leaves_the_viewport(
    geometry: GridGeometry, scroll_x: int
) -> None:
    end = geometry.gutter
    for span in geometry.spans(scroll_x):
        assert span.x == end
        assert 0 < span.width <= geometry.columns[span.place].width + GAP - span.cut
        end = span.x + span.width
        assert geometry.place_at(span.x, scroll_x) == span.place
    assert end <= geometry.width


@given(GEOMETRIES, st.integers(0, 1500), st.data())
def test_a_column_scrolled_to_is_seen_whole_or_from_its_start(
    geometry: GridGeometry, scroll_x: int, data: st.DataObject
) -> None:
    if geometry.columns and geometry.width > geometry.scrolled_x:
        place = data.draw(st.integers(0, len(geometry.columns) - 1))
        spans = geometry.spans(geometry.scroll_to(place, scroll_x))
        span = next(span for span in spans if span.place == place)
        room = geometry.width - geometry.scrolled_x
        assert span.cut == 0
        assert span.width >= min(geometry.columns[place].width, room)


@given(GEOMETRIES)
def test_pinned_columns_take_half_of_the_viewport_at_most(geometry: GridGeometry) -> None:
    assert geometry.frozen_width <= max((geometry.width - geometry.gutter) / 2, 0)


def widths_in(room: int, layout: ColumnLayout, given: list[SourceColumn]) -> list[int]:
    narrowed = narrow_columns(layout.arrange(given), room, 6, layout.widths)
    return [column.width for column in narrowed]


def test_the_widest_columns_give_way_until_six_fit() -> None:
    given = [
        SourceColumn(name, name, width, is_key=name == "Id")
        for name, width in zip(["Id", *"abcdef"], [12, 30, 4, 30, 9, 5, 30], strict=True)
    ]
    assert widths_in(200, ColumnLayout(), given) == [12, 30, 4, 30, 9, 5, 30]
    assert widths_in(60, ColumnLayout(), given) == [12, 12, 4, 12, 9, 5, 12]
    assert widths_in(10, ColumnLayout(), given) == [12, NARROWEST, 4, NARROWEST, NARROWEST, 5, 7]
    chosen = ColumnLayout(widths={"a": 20})
    assert widths_in(60, chosen, given) == [12, 20, 4, 7, 7, 5, 7]
    shown = narrow_columns(ColumnLayout().arrange(given), 60, 6)[1]
    assert ColumnLayout().widen(shown, 2).widths == {"a": 14}


@given(st.lists(st.integers(1, 60), max_size=12), st.integers(0, 150))
def test_narrowing_makes_no_column_wider_and_six_fit_if_they_can(
    widths: list[int], room: int
) -> None:
    given = [SourceColumn(f"c{n}", "", width) for n, width in enumerate(widths)]
    after = widths_in(room, ColumnLayout(), given)
    assert all(new <= old for new, old in zip(after, widths, strict=True))
    least = sum(min(width, NARROWEST) + GAP for width in widths[:6])
    if least <= room:
        assert sum(width + GAP for width in after[:6]) <= room


def test_marks_are_kept_in_order_and_ranges_go_both_ways() -> None:
    source, marks = people(10), Marks()
    marks.toggle("ID6")
    marks.mark_range(source, "ID4")
    assert marks.keys == ("ID6", "ID4", "ID5")
    marks.mark_range(source, "ID2")
    assert set(marks) == {"ID2", "ID3", "ID4", "ID5", "ID6"}
    marks.toggle("ID4")
    assert "ID4" not in marks
    assert len(marks) == 4


def test_a_range_without_an_anchor_is_its_row_alone() -> None:
    source, marks = people(10), Marks()
    marks.mark_range(source, "ID4")
    assert marks.keys == ("ID4",)
    marks.toggle("gone")
    marks.mark_range(source, "ID7")
    assert set(marks) == {"ID4", "gone", "ID7"}


def test_all_and_inverted_are_about_the_rows_that_were_read() -> None:
    source, marks = people(2500), Marks()
    source.held[7] = None
    marks.mark_all(source)
    assert len(marks) == 2499
    marks.toggle("ID3")
    marks.invert(source)
    assert marks.keys == ("ID3",)
    marks.invert(source)
    assert len(marks) == 2498
    marks.unmark(["ID5", "ID3"])
    assert len(marks) == 2497
    assert "ID5" not in marks
    marks.clear()
    assert (len(marks), marks.anchor) == (0, None)


@given(st.integers(-5, 15), st.integers(0, 10), st.booleans())
def test_the_cursor_is_never_outside_the_rows(row: int, count: int, is_read: bool) -> None:
    cursor, source = GridCursor(), people(10)
    cursor.move_to_row(source, row)
    assert 0 <= cursor.row <= 9
    source.change(*(source.held[9 - n] if is_read else None for n in range(count)))
    cursor.follow_rows(source)
    assert 0 <= cursor.row <= max(count - 1, 0)


def test_the_cursor_remembers_its_record_while_nothing_is_read_in_its_place() -> None:
    cursor, source = GridCursor(), people(10)
    rows = [*source.held]
    cursor.move_to_row(source, 7)
    source.change(*[None] * 10)
    cursor.follow_rows(source)
    assert cursor.row == 7
    source.change(*rows[5:], *[None] * 5)
    cursor.follow_rows(source)
    assert cursor.row == 2


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("❤️", "❤"), ("1️⃣", "1⃣"), ("🇬🇧", "GB"), ("👍🏽", "👍"), ("👩‍💻", "👩💻"), ("日本", "日本"),
        ("e\u0301", "e\u0301"), ("e" + "\u0301" * 9, "e\u0301\u0301"), ("plain", "plain"),
    ],
)  # fmt: skip
def test_sequences_of_disputed_width_are_left_out(text: str, shown: str) -> None:
    assert settle_width(text) == shown


def test_the_sequences_are_indeed_counted_in_different_ways() -> None:
    assert wcswidth("1️⃣") != sum(map(wcswidth, "1️⃣"))
    assert wcswidth("👩‍💻") != sum(map(wcswidth, "👩‍💻"))


EMOJI = st.text(st.sampled_from("a1 é日❤️⃣🇬🇧👍🏽👩‍💻e\u0301…한"), max_size=12)


@given(EMOJI, st.integers(0, 20), st.booleans())
def test_a_text_takes_its_width_in_whatever_way_it_is_counted(
    text: str, width: int, right: bool
) -> None:
    fitted = fit(text, width, align_right=right)
    assert cell_len(fitted) == width
    assert sum(max(wcswidth(character), 0) for character in fitted) == width


@given(EMOJI, st.integers(0, 20), st.integers(0, 20))
def test_a_part_of_a_text_takes_its_width(text: str, start: int, width: int) -> None:
    fitted = fit(text, 40)
    assert cell_len(cut(fitted, width, start=start)) == width


def test_a_name_gets_more_room_than_other_columns_where_six_are_to_fit() -> None:
    given = [SourceColumn(name, name, 30, is_key=name == "Id") for name in ("Id", "Name", *"abcd")]
    columns = narrow_columns(ColumnLayout().arrange(given), 100, 6, (), {"Name"})
    assert [column.width for column in columns] == [30, 20, 10, 10, 10, 10]
    tight = narrow_columns(ColumnLayout().arrange(given), 72, 6, (), {"Name"})
    assert [column.width for column in tight] == [30, 7, 7, 7, 7, 7], "no column gives way for it"


@pytest.mark.parametrize(
    ("fields", "names"),
    [
        (["Id", "Name", "Subject"], {"Name"}),
        (["FirstName", "LastName", "Company"], {"FirstName", "LastName"}),
        (["City", "Subject", "Title"], {"Subject"}),
        (["City"], set[str]()),
    ],
)
def test_the_fields_that_name_a_record_are_those_that_its_name_is_made_of(
    fields: list[str], names: set[str]
) -> None:
    assert find_name_fields(fields) == names
    record = Record("lead", "A1", {field: f"the {field}" for field in fields})
    assert all(f"the {name}" in name_record(record) for name in names)
    assert bool(name_record(record)) == bool(names)


@given(
    st.lists(st.tuples(st.integers(1, 30), st.integers(1, 90)), min_size=1, max_size=9),
    st.integers(0, 300),
)
def test_free_cells_go_to_the_columns_that_need_them(
    sizes: list[tuple[int, int]], room: int
) -> None:
    columns = ColumnLayout().arrange(
        [SourceColumn(f"c{n}", "", w) for n, (w, _) in enumerate(sizes)]
    )
    needed = {f"c{n}": need for n, (_, need) in enumerate(sizes)}
    widened = widen_columns(columns, room, needed)
    total = sum(column.width + GAP for column in widened)
    assert all(new.width >= old.width for new, old in zip(widened, columns, strict=True))
    is_cut = any(column.width < needed[column.name] for column in widened)
    assert not (is_cut and total < room), "none is cut beside empty cells"
    if widened != columns:
        assert total <= room
