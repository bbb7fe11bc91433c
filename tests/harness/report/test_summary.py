"""The summary for a terminal: what it says, and that it fits."""

import dataclasses

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from cmdm_tui.harness.exchange import Call
from cmdm_tui.harness.report import format_summary
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


def test_it_says_what_was_answered_and_what_failed() -> None:
    lines = format_summary(results_of(*short_run()), 80)
    assert lines[0].split() == ["call", "none", "200", "404", "500"]
    assert lines[1].split() == ["get", "·", "1", "1", "·"]
    text = "\n".join(lines)
    assert "1. never-5xx · create · body:nan" in text
    assert "2 steps, confirmed:" in text
    assert "curl --request POST 'http://127.0.0.1:8765/api/v1/lead'" in text
    assert "It breaks the documentation." in text
    assert "2 of 3 checks held." in text
    assert lines[-1] == "1 failure found. Seed 7 repeats the run."


def test_it_says_what_was_sent_by_call_and_input_class() -> None:
    lines = format_summary(results_of(*short_run()), 80)
    (head,) = [line for line in lines if line.startswith("requests ")]
    row = next(line for line in lines[lines.index(head) :] if line.startswith("get "))
    assert head.split() == [
        "requests", "valid", "auth", "body", "id", "parameter", "route", "classes",
    ]  # fmt: skip
    assert row.split() == ["get", "1", "·", "·", "1", "·", "·", "2/3"]
    assert "Never sent: 2 of 4 kinds of request: close valid, get id:nul." in lines


@pytest.mark.parametrize(
    ("writes", "call", "status", "words"),
    [
        (True, "create", 201, ""),
        (True, "create", 400, "accepted none of 1 request to change records."),
        (True, "get", 200, "none of its requests changes records."),
        (False, "get", 200, "this run only reads, and says nothing about changes."),
    ],
)
def test_a_run_that_wrote_nothing_says_so(
    writes: bool, call: Call, status: int, words: str
) -> None:
    begun = dataclasses.replace(started(), writes=writes)
    text = " ".join(format_summary(results_of(begun, made(exchange(1, call, status)), ended())))
    assert ("Nothing was written:" in text) is bool(words)
    assert words in text


def test_checks_that_had_nothing_to_judge_are_no_checks_that_held() -> None:
    text = "\n".join(format_summary(results_of(started(), made(exchange(1)), ended()), 80))
    assert "2 of 3 checks held." in text
    assert "1 check had nothing to judge: quota-falls." in text


def test_entities_that_a_service_has_not_got_are_named() -> None:
    whole = dataclasses.replace(ended(), absent=("opportunity", "no\x1b[2J"))
    text = "\n".join(format_summary(results_of(started(), made(exchange(1)), whole), 80))
    assert "Not asked for again, as the service answered 404: opportunity, no␛[2J." in text


def test_a_sound_run_says_so() -> None:
    lines = format_summary(results_of(started(), made(exchange(1)), ended()), 80)
    assert lines[-2:] == [
        "100 requests in 25.0 s, 4 a second (100 requests made).",
        "No failure found. Seed 7 repeats the run.",
    ]


@given(width=st.integers(40, 200))
@settings(deadline=None)
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    many = [made(exchange(number, "create-opportunity", 200 + number)) for number in range(300)]
    events = failure("A long message " * 30, curl=())[:-1]
    for line in format_summary(results_of(started(), *many, *events), width):
        assert cell_len(line) <= width


def test_a_curl_line_is_never_cut() -> None:
    line = "curl 'http://127.0.0.1/" + "x" * 300 + "'"
    assert f"   {line}" in format_summary(results_of(*failure(curl=(line,))), 40)


@pytest.mark.parametrize("text", HOSTILE)
def test_what_a_service_says_cannot_move_the_cursor(text: str) -> None:
    for line in format_summary(hostile_run(text), 80):
        assert line.isprintable()
        line.encode()


def test_records_that_are_left_on_a_live_service_are_named() -> None:
    whole = dataclasses.replace(ended(), left=("lead ABC1D2E3", "task \x1b[2J"))
    lines = format_summary(results_of(started(), whole), 80)
    place = lines.index("2 records that the run created could not be deleted:")
    assert lines[place + 1 : place + 3] == ["   lead ABC1D2E3", "   task ␛[2J"]
