"""What the dashboard says, without a screen."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmdm_tui.harness.report.dashboard.state import (
    build_state,
    describe_failure,
    draw_sparkline,
    shorten_count,
)
from tests.harness.report.events import (
    ended,
    exchange,
    failure,
    made,
    results_of,
    short_run,
    started,
)
from tests.harness.report.test_writers import HOSTILE, hostile_run


def test_checks_that_found_fault_come_first() -> None:
    lines = build_state(results_of(*short_run())).checks
    assert [(line.name, line.broken, line.tone) for line in lines] == [
        ("never-5xx", 1, "bad"), ("quota-falls", 1, "odd"), ("documented-shape", 0, "good"),
    ]  # fmt: skip


def test_the_matrix_has_a_row_a_call_and_a_column_a_status() -> None:
    shown = build_state(results_of(*short_run()))
    assert [word.text for word in shown.statuses] == ["none", "200", "404", "500"]
    rows = {call: [cell.text for cell in cells] for call, cells in shown.matrix}
    assert rows["get"] == ["·", "1", "1", "·"]
    assert rows["delete"] == ["1", "·", "·", "·"]


def test_progress_is_the_share_of_the_nearest_bound() -> None:
    half = build_state(results_of(started(), *(made(exchange(number)) for number in range(50))))
    assert (half.share, half.progress) == (0.5, "50 of 100 requests")


def test_how_it_stands_is_told_in_words() -> None:
    going = results_of(started(), made(exchange(1)))
    over = results_of(started(), made(exchange(1)), ended())
    assert build_state(going).phase.text == "stateless"
    assert build_state(going, is_ending=True).phase.text.startswith("ending")
    assert build_state(over, is_over=True).phase.text == "over: 100 requests made"
    assert build_state(over, is_over=True).outcome.text == "no failure found"
    assert build_state(going, is_over=True).outcome.tone == "bad"


def test_a_failure_is_told_whole() -> None:
    sections = dict(describe_failure(results_of(started(), *failure()).failures[0]))
    assert sections["What is wrong"][0] == "The answer was 500."
    assert sections["The steps"] == [
        "1. GET /api/v1/lead/ABC → 200", "2. GET /api/v1/lead/ABC → 500",
    ]  # fmt: skip
    assert sections["To repeat it"] == ["curl --request POST 'http://127.0.0.1:8765/api/v1/lead'"]
    assert sections["The last answer's body"] == ['{"Message": "no"}']
    assert sections["Kept as"] == ["out/regress/never-5xx-create.toml"]


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_a_service_says_reaches_the_terminal_raw(text: str) -> None:
    results = hostile_run(text)
    shown = build_state(results, is_over=True)
    told = [shown.target, shown.phase.text, shown.outcome.text]
    told += [part for line in shown.failures for part in (line.title, line.message, line.state)]
    told += [line.name for line in shown.checks]
    told += [line for _, lines in describe_failure(results.failures[0]) for line in lines]
    for one in told:
        one.encode()
        assert not any(ord(character) < 32 or 0x7F <= ord(character) < 0xA0 for character in one)


@given(st.lists(st.integers(0, 10**6)), st.integers(1, 40))
def test_the_spark_line_fits_and_peaks_where_the_counts_do(counts: list[int], width: int) -> None:
    line = draw_sparkline(tuple(counts), width)
    last = counts[-width:]
    assert len(line) == len(last)
    if any(last):
        assert line[last.index(max(last))] == "█"


@given(st.integers(0, 10**8))
def test_counts_are_short(count: int) -> None:
    assert len(shorten_count(count)) <= 6
