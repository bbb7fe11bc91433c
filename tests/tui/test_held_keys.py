"""A held key is told from deliberate presses by when they come."""

from hypothesis import given
from hypothesis import strategies as st

from cmdm_tui.tui.models.held_keys import HeldKeys


@given(st.lists(st.tuples(st.sampled_from("rs"), st.floats(0.1, 5.0)), max_size=30))
def test_presses_a_tenth_of_a_second_apart_are_all_deliberate(
    presses: list[tuple[str, float]],
) -> None:
    held, time = HeldKeys(), 0.0
    for key, pause in presses:
        time += pause + 1e-9
        assert not held.note_press(key, time)


@given(st.floats(0.001, 0.095), st.integers(2, 60))
def test_a_held_key_is_one_press_and_its_first_repeat(pause: float, presses: int) -> None:
    held = HeldKeys()
    moments = [0.0, *(0.5 + pause * number for number in range(presses - 1))]
    assert [held.note_press("r", moment) for moment in moments].count(False) == 2


def test_another_key_in_between_ends_the_hold() -> None:
    held = HeldKeys()
    assert [held.note_press(key, n / 100) for n, key in enumerate("rsr")] == [False] * 3


def test_time_that_goes_back_eats_no_press() -> None:
    held = HeldKeys()
    assert not held.note_press("r", 5.0)
    assert not held.note_press("r", 4.99)
