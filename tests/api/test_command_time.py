"""The time of a command: in all where a limit is given, else without an answer."""

import pytest

from cmdm_tui.api.command_time import CommandTime
from cmdm_tui.api.errors import CallInfo, DeadlineExceeded, TimeLimitReached


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_a_limit_counts_everything(clock: Clock) -> None:
    time = CommandTime(10.0, monotonic=clock)
    clock.now += 3
    with time.count_call() as note_answer:
        clock.now += 3
        time.add_wait(2)
        note_answer()
    assert time.left == pytest.approx(4)
    time.start()
    assert time.left == pytest.approx(10)


def test_a_pause_in_which_a_person_reads_is_left_out_of_a_limit(clock: Clock) -> None:
    time = CommandTime(10.0, monotonic=clock)
    clock.now += 300
    time.add_pause(300)
    assert time.left == pytest.approx(10)
    silent = CommandTime(silence=10.0, monotonic=clock)
    clock.now += 300
    silent.add_pause(300)
    with silent.count_call():
        assert silent.left == pytest.approx(10)


def test_the_time_of_the_first_command_may_have_begun_before(clock: Clock) -> None:
    time = CommandTime(
        10.0, began_at=clock.now - 4, process_began_at=clock.now - 5, monotonic=clock
    )
    assert time.left == pytest.approx(6)
    assert time.process_began_at == pytest.approx(clock.now - 5)
    time.start()
    assert time.left == pytest.approx(10)
    assert time.process_began_at is None
    silent = CommandTime(silence=10.0, began_at=clock.now - 4, monotonic=clock)
    with silent.count_call():
        assert silent.left == pytest.approx(10)


def test_without_a_limit_only_silence_counts(clock: Clock) -> None:
    time = CommandTime(silence=10.0, monotonic=clock)
    for _ in range(1_000):
        with time.count_call() as note_answer:
            clock.now += 9
            assert time.left == pytest.approx(1)
            note_answer()
        clock.now += 1_000  # work on this machine, or a person who thinks


def test_calls_without_an_answer_share_the_silence(clock: Clock) -> None:
    time = CommandTime(silence=10.0, monotonic=clock)
    with time.count_call():
        clock.now += 6
    clock.now += 50
    with time.count_call():
        assert time.left == pytest.approx(4)
        with time.count_call():
            clock.now += 1
        clock.now += 4
        assert time.left == pytest.approx(-1)


def test_a_wait_for_the_quota_is_no_silence(clock: Clock) -> None:
    time = CommandTime(silence=10.0, monotonic=clock)
    with time.count_call():
        time.add_wait(50.0)
        clock.now += 55
        assert time.left == pytest.approx(5)


@pytest.mark.parametrize("was_sent", [True, False])
def test_the_error_says_whose_time_is_over_and_whether_the_call_was_sent(
    clock: Clock, was_sent: bool
) -> None:
    call = CallInfo(1, "POST", "/lead")
    error = DeadlineExceeded("x did not answer within 60 s", call=call, was_sent=was_sent)
    time = CommandTime(silence=10.0, monotonic=clock)
    assert time.explain(error) is error
    with time.count_call():
        clock.now += 10
        assert time.explain(error).message == "No call was answered for 10 s"
    time = CommandTime(2.5, monotonic=clock)
    assert time.explain(error) is error
    clock.now += 2.5
    explained = time.explain(error)
    assert isinstance(explained, TimeLimitReached)
    assert (explained.call, explained.was_sent) == (call, was_sent)
    assert "The 2.5 s that this may take are over" in str(explained)
