"""The dashboard as a user has it: what is seen, looked into and left."""

import threading
from collections.abc import Callable
from typing import cast

import pytest
from textual.app import App
from textual.pilot import Pilot

from cmdm_tui.harness.fuzz.events import RunEnded
from cmdm_tui.harness.report import ResultCollector
from cmdm_tui.harness.report.dashboard.app import Dashboard
from cmdm_tui.harness.report.dashboard.background_run import BackgroundRun
from cmdm_tui.harness.report.dashboard.failure_screen import FailureScreen
from cmdm_tui.harness.report.dashboard.state import DashboardState
from cmdm_tui.harness.report.dashboard.widgets import FailureList, StatusMatrix
from tests.harness.report.dashboard.conftest import StagedRun
from tests.harness.report.events import (
    ended,
    exchange,
    failure,
    made,
    short_run,
    started,
)
from tests.harness.report.test_writers import HOSTILE

Compare = Callable[..., bool]
SMALL, LARGE = (80, 24), (140, 40)


def shown(app: App[None]) -> str:
    """Return what the terminal shows, line by line, without colours."""
    strips = app.screen._compositor.render_strips()
    return "\n".join("".join(segment.text for segment in strip) for strip in strips)


async def looked(pilot: Pilot[None]) -> None:
    """Let the dashboard look at the run, and paint."""
    cast("Dashboard", pilot.app).show_latest()
    await pilot.pause()


@pytest.mark.parametrize("size", [SMALL, LARGE], ids=["small", "large"])
@pytest.mark.parametrize("keys", [(), ("enter",)], ids=["run", "failure"])
def test_what_it_looks_like(
    snap_compare: Compare, stage: StagedRun, size: tuple[int, int], keys: tuple[str, ...]
) -> None:
    stage.send(short_run(), over=True)

    async def look(pilot: Pilot[None]) -> None:
        await looked(pilot)
        await pilot.press(*keys)
        await pilot.pause()

    assert snap_compare(stage.dashboard(), terminal_size=size, run_before=look)


async def test_the_run_begins_when_the_screen_is_there(stage: StagedRun) -> None:
    async with stage.dashboard().run_test(size=SMALL):
        assert stage.is_started


async def test_a_small_screen_shows_all_statuses_and_the_checks_on_a_key(stage: StagedRun) -> None:
    app = stage.dashboard()
    statuses = (200, 201, 400, 401, 404, 405, 413, 429, 500)
    async with app.run_test(size=SMALL) as pilot:
        calls = (made(exchange(number, status=status)) for number, status in enumerate(statuses, 1))
        stage.send((started(), *calls, *failure()))
        await looked(pilot)
        assert all(str(status) in shown(app) for status in statuses)
        assert "Checks: 1 of 3 hold" in shown(app)
        assert "✗ never-5xx" not in shown(app)
        await pilot.press("v")
        await looked(pilot)
        assert "✗ never-5xx" in shown(app)
        assert "Calls and answers" not in shown(app)
        await pilot.press("v")
        assert "Calls and answers" in shown(app)


async def test_a_wide_screen_shows_both_and_needs_no_key(stage: StagedRun) -> None:
    app = stage.dashboard()
    async with app.run_test(size=LARGE) as pilot:
        stage.send(short_run(), over=True)
        await looked(pilot)
        await pilot.press("v")
        assert "Calls and answers" in shown(app)
        assert shown(app).count("Checks: ") == 1
        assert "Calls or checks" not in shown(app)


async def test_failures_come_as_they_are_found(stage: StagedRun) -> None:
    app = stage.dashboard()
    async with app.run_test(size=SMALL) as pilot:
        events = failure()
        stage.send((started(), *events[:3]))
        await looked(pilot)
        assert "never-5xx · create  shrinking" in shown(app)
        stage.send(events[3:])
        await looked(pilot)
        assert "never-5xx · create  confirmed" in shown(app)
        assert app.query_one(FailureList).option_count == 1


async def test_what_is_highlighted_stays_so_while_others_come(stage: StagedRun) -> None:
    app = stage.dashboard()
    async with app.run_test(size=SMALL) as pilot:
        stage.send((started(), *failure(), *failure(call="update")))
        await looked(pilot)
        await pilot.press("down")
        stage.send(failure(call="delete"))
        await looked(pilot)
        assert app.query_one(FailureList).highlighted == 1
        await pilot.press("enter")
        assert cast("FailureScreen", app.screen).failure.name == "never-5xx update"


async def test_a_failure_looked_into_grows_with_what_is_known(stage: StagedRun) -> None:
    app = stage.dashboard()
    async with app.run_test(size=SMALL) as pilot:
        events = failure()
        stage.send((started(), *events[:3]))
        await looked(pilot)
        await pilot.press("enter")
        assert isinstance(app.screen, FailureScreen)
        assert "curl" not in shown(app).splitlines()[5]
        stage.send(events[3:])
        await looked(pilot)
        assert "curl --request POST" in shown(app)
        await pilot.press("c")
        assert app.clipboard == "curl --request POST 'http://127.0.0.1:8765/api/v1/lead'"
        await pilot.press("escape")
        assert not isinstance(app.screen, FailureScreen)


@pytest.mark.parametrize("key", ["q", "ctrl+c"])
async def test_leaving_ends_the_run_first_and_waits_for_it(stage: StagedRun, key: str) -> None:
    app = stage.dashboard()
    async with app.run_test(size=SMALL) as pilot:
        stage.send((started(), made(exchange(1))))
        await pilot.press(key)
        assert stage.is_ending
        assert app.is_running
        assert "ending; q again leaves at once" in shown(app)
        stage.send([ended(reason="stopped")], over=True)
        await looked(pilot)
    assert app.return_code == 0


async def test_asked_twice_it_leaves_at_once(stage: StagedRun) -> None:
    app = stage.dashboard()
    async with app.run_test(size=SMALL) as pilot:
        await pilot.press("q", "q")
    assert app._exit


async def test_a_run_that_ended_by_itself_stays_to_be_looked_into(stage: StagedRun) -> None:
    app = stage.dashboard()
    async with app.run_test(size=SMALL) as pilot:
        stage.send(short_run(), over=True)
        await looked(pilot)
        assert "over: 100 requests made" in shown(app)
        assert not app._exit
        await pilot.press("q")
    assert not stage.is_ending


@pytest.mark.parametrize("text", HOSTILE)
async def test_hostile_text_is_shown_and_not_obeyed(stage: StagedRun, text: str) -> None:
    app = stage.dashboard()
    async with app.run_test(size=SMALL) as pilot:
        last = exchange(9, "create", 500, body=text.encode("utf-8", "surrogatepass"))
        stage.send((started("[red]x[/]" + text), *failure("[b]m[/b] " + text, last=last)))
        await looked(pilot)
        assert "[red]x[/]" in shown(app)
        await pilot.press("enter")
        assert "[b]m[/b]" in shown(app)
        assert "\x1b" not in shown(app)


def watched(monkeypatch: pytest.MonkeyPatch) -> list[DashboardState]:
    """Return a list that grows by each board that the matrix is to paint."""
    painted: list[DashboardState] = []

    def show(_: StatusMatrix, board: DashboardState) -> None:
        painted.append(board)

    monkeypatch.setattr(StatusMatrix, "show", show)
    return painted


async def test_thousands_of_events_a_second_are_painted_a_few_times(
    stage: StagedRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    painted = watched(monkeypatch)
    app = stage.dashboard()
    async with app.run_test(size=SMALL) as pilot:
        stage.send((started(), *(made(exchange(number)) for number in range(20_000))))
        await looked(pilot)
        assert "20,000 of 100 requests" in shown(app)
    assert 1 <= len(painted) < 50


async def test_what_has_not_changed_is_not_painted_again(
    stage: StagedRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    painted = watched(monkeypatch)
    app = stage.dashboard()
    async with app.run_test(size=SMALL) as pilot:
        for _ in range(5):
            await looked(pilot)
    assert len(painted) == 1


async def test_a_run_in_a_thread_is_told_to_end_and_gives_its_result() -> None:
    gathering, going = ResultCollector("cmdm fuzz"), threading.Event()

    def run(stop: threading.Event) -> RunEnded:
        gathering(started())
        going.set()
        assert stop.wait(30)
        whole = ended(reason="stopped")
        gathering(whole)
        return whole

    running = BackgroundRun(run)
    async with Dashboard(gathering, running).run_test(size=SMALL) as pilot:
        assert going.wait(30)
        await pilot.press("q")
        assert running.result().reason == "stopped"


def test_what_the_run_raises_is_raised_where_its_result_is_asked_for() -> None:
    def run(_: threading.Event) -> int:
        raise LookupError("no such target")

    running = BackgroundRun(run)
    running.start()
    with pytest.raises(LookupError, match="no such target"):
        running.result()
    assert running.is_over
