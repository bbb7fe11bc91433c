"""A notification whose time ends while it is about to be shown leaves the program running."""

import pytest
from textual.notifications import Notification, Notify
from textual.widgets._toast import Toast

from cmdm_tui.tui.timed_notification import TimedNotification
from cmdm_tui.tui.tolerant_app import TolerantApp
from tests.tui.driver import wait_until_settled


@pytest.fixture
def late(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The times of what is shown, each shown just after its time has ended."""
    times: list[float] = []
    make = Toast.__init__

    def make_late(toast: Toast, notification: Notification) -> None:
        end = notification.raised_at + notification.timeout
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("textual.notifications.time", lambda: end + 0.0001)
            make(toast, notification)
        times.append(toast._timeout)

    monkeypatch.setattr(Toast, "__init__", make_late)
    return times


async def test_what_expires_while_it_is_mounted_is_shown_and_goes(late: list[float]) -> None:
    app = TolerantApp()
    async with app.run_test(notifications=True) as pilot:
        app.notify("Nothing was sent.", timeout=60, markup=False)
        await wait_until_settled(pilot)
        toast = app.screen.query_one(Toast)
        assert toast._task is not None
        await toast._task
        assert not app.screen.query(Toast)
    assert late
    assert min(late) > 0


def test_what_has_expired_is_known_to_have() -> None:
    assert TimedNotification("Sent.", timeout=-1).has_expired
    assert not TimedNotification("Sent.", timeout=60).has_expired


async def test_a_time_that_has_ended_would_be_noticed(
    late: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The broken twin: a notification of Textual's own; its timer would never end."""
    timers: list[float] = []

    def set_timer(_: Toast, delay: float, *__: object) -> None:
        timers.append(delay)

    monkeypatch.setattr(Toast, "set_timer", set_timer)
    app = TolerantApp()
    async with app.run_test(notifications=True) as pilot:
        app.post_message(Notify(Notification("Nothing was sent.", timeout=60)))
        await wait_until_settled(pilot)
    assert timers == late
    assert max(timers) < 0
