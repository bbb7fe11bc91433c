"""What the query screen holds without a screen: rows, summaries, charts, plans, conditions."""

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from rich.cells import cell_len

from cmdm_tui.api import Field
from cmdm_tui.operations.charts import column_summary
from cmdm_tui.operations.charts.column_summary import (
    ValueKind,
    count_in_bins,
    make_sparkline,
    summarize_column,
)
from cmdm_tui.operations.charts.drawing import Bar, ChartPoint, draw_bars, draw_histogram, draw_line
from cmdm_tui.query.errors import SqlError
from cmdm_tui.query.model import ResultColumn
from cmdm_tui.query.sql_highlight import MOST_CHARACTERS, highlight_sql
from cmdm_tui.text import visible
from cmdm_tui.tui.models import result_source
from cmdm_tui.tui.models.query_text import complete_sql, find_statement
from cmdm_tui.tui.models.record_filter import FilteredRecords, RecordFilter
from cmdm_tui.tui.models.result_source import ResultSource
from cmdm_tui.tui.models.row_source import SourceState

HOSTILE = "\x1b[31m\x07\u202e[b]x"


@dataclass
class Names:
    """What completion may know."""

    entities: tuple[str, ...] = ("lead", "contact", "my thing")

    def fields(self, entity: str) -> Sequence[Field]:
        return (Field("City", type="Text"), Field("Score", type="Number")) if entity else ()


# The rows of a result.


def test_rows_are_shown_while_they_come_and_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(result_source, "MOST_CELLS", 6)
    columns = (ResultColumn("City", "VARCHAR"), ResultColumn("City", "DECIMAL(18,2)"))
    source = ResultSource()
    assert source.rows(0, 5) == []
    source.add_rows(columns, [("York", 1), ("Leeds", 2)])
    source.add_rows(columns, [(None, 3), ("Hull", 4), ("Ely", 5)])
    assert [column.name for column in source.columns] == ["City", "City_2"]
    assert [column.is_number for column in source.columns] == [False, True]
    assert source.row_count == 5
    assert not source.is_count_known
    shown = source.rows(1, 10)
    assert [None if row is None else row.value(0) for row in shown] == ["Leeds", None, None, None]
    assert [row is None for row in shown] == [False, False, True, True]
    assert source.position("2") == 1
    assert source.position("9") is source.position("x") is None
    source.fail()
    assert source.state is SourceState.FAILED
    assert source.row_count == 3, "what is gone is not counted"


# Summaries.


def test_a_summary_of_numbers_is_exact() -> None:
    values = [Decimal("0.1"), Decimal("0.2"), None, 3, Decimal("0.1"), float("nan")]
    summary = summarize_column(values)
    assert (summary.row_count, summary.null_count, summary.distinct) == (6, 1, 4)
    assert summary.kind is ValueKind.NUMBER
    assert (summary.smallest, summary.largest) == (Decimal("0.1"), 3)
    assert summary.mean == Decimal("0.85")
    assert summary.infinite_count == 1
    assert summary.top[0] == (Decimal("0.1"), 2)
    assert sum(summary.bins) == 4
    assert (summary.bins[0], summary.bins[-1]) == (3, 1)


def test_a_summary_of_texts_dates_and_nothing() -> None:
    texts = summarize_column(["York", "", "Leeds", "York", None])
    assert (texts.kind, texts.distinct, texts.empty_count) == (ValueKind.TEXT, 3, 1)
    assert (texts.shortest, texts.longest, texts.bins) == (0, 5, ())
    assert texts.top == (("York", 2), ("", 1), ("Leeds", 1))
    dates = summarize_column([date(2026, 1, 2), date(2025, 1, 1), None])
    assert dates.kind is ValueKind.DATE
    assert (dates.smallest, dates.largest, dates.mean) == (date(2025, 1, 1), date(2026, 1, 2), None)
    nothing = summarize_column([None, None])
    assert (nothing.kind, nothing.null_count, nothing.distinct) == (ValueKind.NOTHING, 2, 0)
    assert summarize_column([]).row_count == 0
    assert summarize_column([1, "x"]).kind is ValueKind.MIXED
    assert summarize_column([[1], [1], {"a": 2}]).distinct == 2
    assert summarize_column([True, False, True]).kind is ValueKind.BOOLEAN


def test_of_too_many_values_none_is_called_the_most_frequent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(column_summary, "MOST_DISTINCT", 3)
    summary = summarize_column(["a", "b", "c", "d", "d", "d"])
    assert (summary.distinct, summary.is_distinct_known, summary.top) == (3, False, ())


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1))
def test_every_number_is_in_one_bin(values: list[float]) -> None:
    assert sum(count_in_bins(values, 7)) == len(values)
    assert summarize_column(values).infinite_count == 0


def test_a_sparkline_shows_every_count_that_is_not_none() -> None:
    assert make_sparkline([0, 1, 1000, 500]) == " ▁█▄"
    assert make_sparkline([]) == ""


# Charts.


def test_bars_are_in_proportion() -> None:
    lines = draw_bars([Bar("Leeds", 4.0), Bar("York", 2.0), Bar(None, 0.0)], 31).plain.split("\n")
    assert [line.count("█") for line in lines] == [22, 11, 0]
    assert [cell_len(line) for line in lines] == [31, 31, 31]


def test_negative_bars_go_the_other_way() -> None:
    up, down = draw_bars([Bar("up", 2.0), Bar("down", Decimal(-2))], 40).plain.split("\n")
    assert up.index("│") == down.index("│")
    assert "█" in up.partition("│")[2]
    assert "█" not in up.partition("│")[0]
    assert "█" in down.partition("│")[0]
    assert down.endswith("-2")


@pytest.mark.parametrize("width", [1, 40, 80, 200])
@example(labels=["a"] * 5, values=[0.0, 0.0, 0.0, 0.0, 5e-324])
@example(labels=["a"] * 5, values=[0.0, 0.0, 0.0, 0.0, -5e-324])
@given(
    labels=st.lists(
        st.one_of(st.none(), st.text(), st.just(HOSTILE), st.just("👩‍👩‍👧❤️1️⃣")), max_size=5
    ),
    values=st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=5, max_size=5),
)
def test_no_chart_is_wider_than_asked_or_holds_a_raw_byte(
    width: int, labels: list[str | None], values: list[float]
) -> None:
    bars = [Bar(label, value) for label, value in zip(labels, values, strict=False)]
    points = [ChartPoint(value, other) for value, other in zip(values, values[::-1], strict=True)]
    for drawn in (
        draw_bars(bars, width),
        draw_histogram(values, width),
        draw_histogram(values, width, is_time=True),
        draw_line(points, width, 8),
        draw_line(points, width, 8, is_time=True),
    ):
        for line in drawn.plain.split("\n"):
            assert cell_len(line) <= max(width, 30)
            assert visible(line) == line


def test_a_line_goes_from_its_first_point_to_its_last() -> None:
    day = 86_400.0
    drawn = draw_line([ChartPoint(0.0, 0.0), ChartPoint(9 * day, 10.0)], 30, 8, is_time=True)
    lines = drawn.plain.split("\n")
    assert lines[0].startswith("10┤")
    assert lines[5].startswith(" 0┤")
    assert lines[0].rstrip()[-1] not in "┤ ", "it ends at the top right"
    assert lines[5][3] != " ", "it begins at the bottom left"
    assert "1970-01-01" in lines[-1]
    assert lines[-1].endswith("1970-01-10")
    assert draw_line([], 30, 8).plain == draw_histogram([], 30).plain == ""


def test_a_histogram_counts() -> None:
    drawn = draw_histogram([0.0, 1.0, 1.5, 10.0], 60, bin_count=2).plain.split("\n")
    assert [line.rsplit(maxsplit=1)[1] for line in drawn] == ["3", "1"]
    assert drawn[0].startswith("0 – 5")
    assert draw_histogram([3.0, 3.0], 40).plain.split("│")[0].strip() == "3"
    assert math.isfinite(len(draw_histogram([1e308, -1e308], 40).plain))


# The text in the editor.


def test_the_statement_with_the_cursor_is_found() -> None:
    text = "SELECT 1;\n\nSELECT ';' -- ;\n  FROM lead;  UPDATE lead SET City = 'x'"
    assert _found(text, (0, 3)) == "SELECT 1"
    assert _found(text, (1, 0)) == "SELECT 1"
    assert _found(text, (2, 12)) == _found(text, (3, 10)) == "SELECT ';' -- ;\n  FROM lead"
    assert _found(text, (3, 20)) == "UPDATE lead SET City = 'x'"
    assert _found("  \n SELECT 2", (0, 0)) == "SELECT 2"
    assert find_statement(" \n", (0, 0)) is find_statement("", (0, 0)) is None
    assert _found("SELECT 'open", (0, 0)) == "SELECT 'open"


def _found(text: str, place: tuple[int, int]) -> str:
    found = find_statement(text, place)
    return "" if found is None else found.sql


def _offered(before: str, behind: str = "", *, is_asked: bool = True) -> list[str]:
    return [offer.name for offer in complete_sql(before, behind, Names(), is_asked=is_asked).offers]


def test_completion_knows_the_statement_it_is_in() -> None:
    assert _offered("SELECT 1; SELECT * FROM le") == ["lead"]
    assert _offered("SELECT * FROM ") == ["lead", "contact", "my thing"]
    assert _offered("SELECT ';' ; SELECT Ci", " FROM lead; SELECT 1")[0] == "City"
    assert _offered("SEL") == ["SELECT"]
    assert _offered("", is_asked=False) == []
    assert _offered("SELECT 'Ci") == []
    assert _offered("GET lead/") == []
    assert (
        complete_sql("SELECT * FROM my", "", Names(), is_asked=True).offers[0].text == '"my thing"'
    )


@pytest.mark.parametrize("end", ["", ".", " "])
@pytest.mark.parametrize("part", ["x", '"', '"x', "'", " ", "(", "from a, ", "a.", "update a set "])
def test_completion_takes_no_longer_than_in_proportion(part: str, end: str) -> None:
    seconds: list[float] = []
    for length in (10_000, 100_000):
        sql = f"SELECT {part * (length // len(part))}{end}"
        started = time.process_time()
        complete_sql(sql, "", Names(), is_asked=True)
        seconds.append(time.process_time() - started)
    assert seconds[1] < 20 * seconds[0] + 0.3


def test_parts_of_sql_have_colours() -> None:
    sql = "SELECT \"a b\", 'it''s' -- x\nFROM lead WHERE n = 1.5 /* open"
    parts = {sql[start:end]: str(part) for start, end, part in highlight_sql(sql)}
    assert parts == {
        "SELECT": "keyword", '"a b"': "name", "'it''s'": "text", "-- x": "comment",
        "FROM": "keyword", "WHERE": "keyword", "1.5": "number", "/* open": "comment",
    }  # fmt: skip
    assert list(highlight_sql("SELECT " * MOST_CHARACTERS)) == []


# A condition.


def test_a_condition_becomes_a_query_of_its_entity() -> None:
    assert RecordFilter("my thing", "City = 'x' -- y").make_sql() == (
        "SELECT * FROM \"my thing\" WHERE\nCity = 'x' -- y"
    )
    offers = RecordFilter("lead", "Ci").complete(2, Names(), is_asked=False).offers
    assert [offer.name for offer in offers][:1] == ["City"]


@pytest.mark.parametrize(
    "text",
    [
        "", "  ", "1=1; DELETE FROM lead", "1=1; SELECT 1", "1=1 ORDER BY 1", "1=1 LIMIT 3",
        "1=1) UNION (SELECT * FROM contact", "1=1 UNION SELECT * FROM contact", "1=1 GROUP BY City",
        "true QUALIFY 1=1", "City =", "/*", "'", "1=1 OFFSET 3", "$a = 1",
    ],
)  # fmt: skip
def test_what_is_more_or_less_than_a_condition_is_refused(text: str) -> None:
    with pytest.raises(SqlError) as refusal:
        RecordFilter("lead", text).make_sql()
    assert "line 2" not in str(refusal.value)


def test_the_place_of_a_fault_is_one_in_the_condition() -> None:
    with pytest.raises(SqlError) as refusal:
        RecordFilter("lead", "City = 'x' AND AND").make_sql()
    assert refusal.value.line == 1
    assert refusal.value.column is not None
    assert refusal.value.column >= 16
    assert f"column {refusal.value.column}" in str(refusal.value)


def test_filtered_rows_are_records() -> None:
    columns = (
        ResultColumn("ExternalID", "VARCHAR"),
        ResultColumn("Score", "DECIMAL(18,2)"),
        ResultColumn("Made", "TIMESTAMP WITH TIME ZONE"),
    )
    source = FilteredRecords(RecordFilter("lead", "Score > 1\n AND true"))
    made = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)
    source.add_rows(columns, [("A1", Decimal("1.5"), None), ("B2", None, made)])
    assert [row and row.key for row in source.rows(0, 5)] == ["A1", "B2"]
    assert source.position("B2") == 1
    assert source.position("C3") is None
    assert [column.is_key for column in source.columns] == [True, False, False]
    record = source.record(0)
    assert record is not None
    assert (record.entity, record.external_id) == ("lead", "A1")
    assert record.properties == {"Score": "1.5", "Made": None}
    assert source.record(2) is None
    assert (
        source.caption == "2 records so far · in the order found · filtered by Score > 1 AND true"
    )
    source.fail()
    assert source.caption.startswith("2 records · partial · ")


def test_a_filter_that_failed_at_once_has_no_result() -> None:
    source = FilteredRecords(RecordFilter("lead", "Nothing > 1"))
    source.fail()
    assert source.caption == "not read · filtered by Nothing > 1"
