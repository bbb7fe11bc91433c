"""What is kept of an answer tells what changed, and nothing that stayed."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cmdm_tui.harness.verify.answers import ObservedAnswer, compare_observed
from cmdm_tui.harness.verify.comparison import read_shape
from cmdm_tui.harness.verify.contract_diff import ContractDiff
from cmdm_tui.harness.verify.history import (
    MOST_RUNS,
    HistoryError,
    KeptCase,
    KeptRun,
    RunHistory,
    parse_since,
)
from cmdm_tui.redaction.leak_scanner import LeakScanner, SecretLeak

TARGET = "https://crm.example.com/api/v1"
BEGAN = datetime(2026, 3, 31, 2, tzinfo=UTC)


def answer(body: bytes = b"{}", **others: object) -> ObservedAnswer:
    given = {"status": 200, "shape": read_shape(body), **others}
    return ObservedAnswer(**given)  # pyright: ignore[reportArgumentType] — as each test means it


def run(nights: int, **cases: ObservedAnswer) -> KeptRun:
    kept = {key: KeptCase(case_sha256="a", answers=(one,)) for key, one in cases.items()}
    return KeptRun(
        began=BEGAN + timedelta(days=nights),
        target=TARGET,
        program="cmdm",
        is_complete=True,
        reason="",
        cases=kept,
    )


@pytest.mark.parametrize(
    ("before", "now", "places"),
    [
        (answer(), answer(), []),
        (answer(), answer(status=404), ["status"]),
        (answer(), ObservedAnswer(status=0, failure="It ended."), ["status"]),
        (answer(b'{"a": "1"}'), answer(b'{"a": "2"}'), []),
        (answer(b'{"a": "1"}'), answer(b'{"a": 1}'), ["/a"]),
        (answer(b'{"a": null}'), answer(b'{"a": 1}'), []),
        (answer(b'{"a": 1}'), answer(b"<p>"), ["body"]),
        (answer(digest="1"), answer(digest="2"), ["body"]),
        (answer(digest="1"), answer(digest="1"), []),
        (answer(headers={"date": "x"}), answer(), ["date"]),
        (answer(b"{}", is_compared=False), answer(b"<p>"), []),
    ],
)  # fmt: skip
def test_two_answers_are_compared_by_what_is_kept(
    before: ObservedAnswer, now: ObservedAnswer, places: list[str]
) -> None:
    assert [place for _, place, _ in compare_observed(before, now)] == places


def test_each_case_is_compared_with_the_newest_run_that_has_it() -> None:
    old, newer = run(0, one=answer(), other=answer(status=404)), run(1, one=answer(status=201))
    diff = ContractDiff([newer, old])
    for key in ("one", "other", "third"):
        diff.add(key, key, KeptCase(case_sha256="a", answers=(answer(),)))
    assert [(one.case, one.message) for one in diff.changes] == [
        ("one", "is 200, and was 201."),
        ("other", "is 200, and was 404."),
    ]
    assert diff.since == [newer, old]
    assert diff.notes == {"It is verified for the first time.": 1}


def test_runs_are_read_back_the_newest_first_and_the_oldest_go(tmp_path: Path) -> None:
    history = RunHistory(tmp_path, TARGET)
    for night in range(MOST_RUNS + 2):
        history.write(run(night, one=answer()), LeakScanner())
    history.remove_oldest()
    runs = history.read_runs()
    assert len(runs) == MOST_RUNS
    assert runs[0] == run(MOST_RUNS + 1, one=answer())
    assert history.read_runs(BEGAN + timedelta(days=5))[0].began == BEGAN + timedelta(days=5)
    assert RunHistory(tmp_path, TARGET + "/other").read_runs() == []


def test_a_run_with_a_secret_in_it_is_not_kept(tmp_path: Path) -> None:
    history = RunHistory(tmp_path, TARGET)
    told = run(0, one=answer(headers={"x-rate-limit-limit": "hunter2-hunter2"}))
    with pytest.raises(SecretLeak):
        history.write(told, LeakScanner(["hunter2-hunter2"]))
    assert history.read_runs() == []


def test_a_day_means_all_of_it_and_a_time_itself() -> None:
    assert parse_since("last") is None
    assert parse_since("2026-03-31") == datetime(2026, 3, 31, 23, 59, 59, 999_999, UTC)
    assert parse_since("2026-03-31T02:00") == BEGAN
    assert parse_since("2026-03-31T03:00+01:00") == BEGAN
    with pytest.raises(HistoryError, match="give last"):
        parse_since("tomorrow")
