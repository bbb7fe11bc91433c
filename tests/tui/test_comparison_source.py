"""Records side by side: which fields differ, and that nothing equal is called different."""

from typing import Any

from cmdm_tui.api import Field, Record
from cmdm_tui.tui.models.comparison_source import ComparisonSource
from cmdm_tui.tui.models.row_source import Tone


def lead(external_id: str, **properties: Any) -> Record:
    return Record("lead", external_id, properties)


def table(source: ComparisonSource) -> dict[str, list[object]]:
    rows = source.rows(0, source.row_count)
    return {
        row.key: [row.value(column) for column in range(1, len(source.columns))]
        for row in rows
        if row is not None
    }


def test_a_field_differs_where_any_record_has_another_value() -> None:
    source = ComparisonSource(
        [lead("A", City="Leeds", Score="1"), lead("B", City="York", Score="1")],
        [Field("City", label="Town")],
    )
    assert [column.label for column in source.columns] == ["Field", "A", "B"]
    assert table(source) == {"City": ["Leeds", "York"], "Score": ["1", "1"]}
    (city, score) = source.rows(0, 9)
    assert city is not None
    assert score is not None
    assert (city.value(0), city.tone(2), score.tone(2)) == ("Town", Tone.CHANGED, Tone.DIM)
    assert (source.difference_count, source.field_count) == (1, 2)


def test_a_missing_field_differs_from_null_and_text_from_a_number() -> None:
    records = [lead("A", X=None, N="1", B=True), lead("B", N=1, B=1)]
    assert ComparisonSource(records).difference_count == 3
    assert ComparisonSource([lead("A", X=None), lead("B", X=None)]).difference_count == 0


def test_what_is_equal_can_be_left_out_and_comes_back() -> None:
    source = ComparisonSource([lead("A", X="1", Y="2"), lead("B", X="1", Y="3")])
    revision = source.revision
    source.toggle_differences()
    assert list(table(source)) == ["Y"]
    assert source.position("X") is None
    assert source.position("Y") == 0
    assert source.revision != revision
    source.toggle_differences()
    assert list(table(source)) == ["X", "Y"]


def test_records_of_two_entities_say_so() -> None:
    source = ComparisonSource([lead("A", X="1"), Record("contact", "B", {"X": "1"})])
    assert table(source) == {"ExternalID entity": ["lead", "contact"], "X": ["1", "1"]}
