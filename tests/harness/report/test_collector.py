"""What events come to: counts, failures, and the pace of a run of any length."""

import threading

from hypothesis import given
from hypothesis import strategies as st

from cmdm_tui.harness.fuzz.events import Progress
from cmdm_tui.harness.report import ResultCollector
from cmdm_tui.harness.report.collector import MAX_SLICES, PaceCounter
from tests.harness.report.events import (
    BEGAN,
    exchange,
    failure,
    made,
    results_of,
    short_run,
    started,
)


def test_answers_are_counted_by_call_and_status() -> None:
    results = results_of(*short_run())
    assert results.statuses == {
        ("get", 200): 1, ("get", 404): 1, ("list", 200): 2, ("delete", 0): 1, ("create", 500): 2,
    }  # fmt: skip
    assert results.calls == ("get", "list", "create", "delete")
    assert results.answers == (0, 200, 404, 500)


def test_what_shrinking_repeats_is_no_new_fault() -> None:
    results = results_of(*short_run())
    assert results.broken == {("quota-falls", "list"): 1, ("never-5xx", "create"): 1}
    assert results.examined["create"] == 1


def test_a_failure_is_followed_from_its_first_sight_to_its_file() -> None:
    events = failure()
    states = [
        results_of(started(), *events[:count]).failures[0].state
        for count in range(3, len(events) + 1)
    ]
    assert states == ["shrinking", "shrinking", "shrinking", "confirmed", "confirmed"]
    whole = results_of(started(), *events).failures[0]
    assert whole.case is not None
    assert whole.steps == 2


def test_a_failure_found_now_is_not_told_as_known_before() -> None:
    found = results_of(*short_run())
    assert found.known == ("quota-falls list",)


def test_results_do_not_change_with_what_happens_later() -> None:
    gathering = ResultCollector("cmdm fuzz", began=BEGAN)
    gathering(made(exchange(1)))
    before = gathering.results()
    gathering(made(exchange(2)))
    assert before.requests == 1
    assert before.statuses == {("get", 200): 1}


def test_workers_add_up() -> None:
    one, two = Progress(5, 2, 1.0, "stateless"), Progress(7, 3, 1.5, "stateful", worker=1)
    results = results_of(started(), one, two)
    assert (results.examples, results.seconds) == (5, 1.5)


def test_it_may_be_told_by_many_threads() -> None:
    gathering = ResultCollector("cmdm fuzz")

    def tell() -> None:
        for number in range(500):
            gathering(made(exchange(number)))

    threads = [threading.Thread(target=tell) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert gathering.results().statuses == {("get", 200): 2_000}


@given(st.lists(st.floats(0, 100_000)))
def test_the_pace_counts_every_moment_in_few_pieces(moments: list[float]) -> None:
    pace = PaceCounter()
    for moment in moments:
        pace.count(moment)
    assert sum(pace.rate.counts) == len(moments)
    assert len(pace.rate.counts) <= MAX_SLICES


@given(st.lists(st.floats(0, 3_000), min_size=1))
def test_pieces_that_were_joined_are_as_if_they_had_always_been_so_wide(
    moments: list[float],
) -> None:
    pace, first = PaceCounter(), moments[0]
    for moment in moments:
        pace.count(moment)
    expected = [0] * len(pace.rate.counts)
    for moment in moments:
        expected[int(max(moment - first, 0.0) / pace.rate.width)] += 1
    assert list(pace.rate.counts) == expected
