"""The line that says how far something long has come."""

import pytest

from cmdm_tui.cli.progress import RecordsProgress, format_records_progress


def test_it_says_how_fast_and_how_long_it_still_takes() -> None:
    line = format_records_progress(500_000, 2_000_000, 20.0)
    assert line.startswith("Making data [####------------] 500,000 of 2,000,000")
    assert line.endswith("25,000/s, 1:00 left")


@pytest.mark.parametrize(("done", "total"), [(0, 0), (0, 10), (10, 10)])
def test_its_ends_say_no_more_than_is_known(done: int, total: int) -> None:
    assert "left" not in format_records_progress(done, total, 0.0)


def test_it_fits_a_terminal() -> None:
    assert len(format_records_progress(1_999_999, 2_850_000, 100.0)) < 80
    assert len(format_records_progress(19_999_999, 28_500_000, 1_000.0)) < 80


def test_it_is_drawn_at_the_start_and_the_end_and_not_all_the_time(
    capsys: pytest.CaptureFixture[str],
) -> None:
    times = iter([0.0, 0.01, 0.02, 0.03])
    line = RecordsProgress(lambda: next(times))
    for done in (0, 1, 2, 3):
        line(done, 3)
    drawn = capsys.readouterr().err.split("\r")[1:]
    assert len(drawn) == 2
    assert drawn[-1].endswith("3 of 3\n")
