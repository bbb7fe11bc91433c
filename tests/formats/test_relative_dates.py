"""Days are named from today, and every other text stays what it is."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmdm_tui.formats.relative_dates import read_relative_date

TODAY = date(2026, 2, 28)


@pytest.mark.parametrize(
    ("typed", "day"),
    [
        ("today", "2026-02-28"),
        (" Tomorrow ", "2026-03-01"),
        ("yesterday", "2026-02-27"),
        ("+1d", "2026-03-01"),
        ("-2w", "2026-02-14"),
        ("+ 52 W", "2027-02-27"),
        ("+0d", "2026-02-28"),
    ],
)
def test_a_day_is_named_from_today(typed: str, day: str) -> None:
    assert str(read_relative_date(typed, TODAY)) == day


@pytest.mark.parametrize(
    "typed",
    ["", "1d", "+1", "+d", "+1m", "2026-03-31", "todays", "in 1d", "+1d x", "+٣d", "+999999w"],
)
def test_another_text_names_no_day(typed: str) -> None:
    assert read_relative_date(typed, TODAY) is None


@given(st.dates(), st.integers(-999_999, 999_999), st.sampled_from("dw"))
def test_it_is_as_far_from_today_as_it_says(today: date, number: int, unit: str) -> None:
    found = read_relative_date(f"{number:+d}{unit}", today)
    days = number * {"d": 1, "w": 7}[unit]
    if found is None:
        assert not 1 <= today.toordinal() + days <= date.max.toordinal()
    else:
        assert (found - today).days == days
