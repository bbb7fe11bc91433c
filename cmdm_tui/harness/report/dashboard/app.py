"""The dashboard: it reads the results a few times a second, whatever the pace of the run."""

import asyncio
import contextlib
import signal
from collections.abc import Callable
from typing import ClassVar, Protocol

from rich.text import Text
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.events import Resize
from textual.widgets import Footer, OptionList

from cmdm_tui.harness.report import ResultCollector, RunResults
from cmdm_tui.harness.report.dashboard.failure_screen import FailureScreen
from cmdm_tui.harness.report.dashboard.state import build_state
from cmdm_tui.harness.report.dashboard.widgets import (
    CheckList,
    FailureList,
    RunHeadline,
    StatusMatrix,
)

_REFRESHES_A_SECOND = 8
_WIDE_COLUMNS = 110
_SIGNALS = tuple(
    signal.Signals[name]
    for name in ("SIGINT", "SIGTERM", "SIGHUP")
    if name in signal.Signals.__members__
)


SignalListener = Callable[[int], None]
"""Takes the number of a signal, other than Ctrl-C's, that has ended the run."""


class WatchedRun(Protocol):
    """A run that is watched."""

    @property
    def is_ending(self) -> bool:
        """Whether it was asked to end."""
        ...

    @property
    def is_over(self) -> bool:
        """Whether it has ended."""
        ...

    def start(self) -> None:
        """Begin."""
        ...

    def end(self) -> None:
        """Ask it to end soon."""
        ...


class Dashboard(App[None]):
    """Shows a run until it has ended and the user leaves.

    Leaving early asks the run to end and waits for it on the screen; leaving again leaves at once.
    The run never waits for the screen.
    """

    TITLE = "cmdm fuzz"
    CSS_PATH = "app.tcss"
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("q", "end", "End", id="dashboard.end", tooltip="End the run and leave"),
        Binding(
            "v",
            "switch_view",
            "Calls or checks",
            id="dashboard.view",
            tooltip="Show the checks instead of the calls, or the calls again",
        ),
        Binding("ctrl+c", "end", "End", id="dashboard.stop", show=False, priority=True),
    ]

    def __init__(
        self, collector: ResultCollector, run: WatchedRun, on_signal: SignalListener | None = None
    ) -> None:
        super().__init__()
        self._on_signal = on_signal
        self._collector = collector
        self._watched_run = run
        self._shown: tuple[RunResults, bool, bool] | None = None
        self._wants_to_leave = False
        self._is_wide = False
        self.fault: Exception | None = None

    def compose(self) -> ComposeResult:
        """Lay out the headline, calls next to checks, and the failures."""
        with Vertical(id="body"):
            yield RunHeadline(id="headline")
            with Horizontal(id="middle"):
                yield StatusMatrix(id="matrix")
                yield CheckList(id="checks")
            yield FailureList(id="failures")
        yield Footer()

    def on_mount(self) -> None:
        """Start the run, and show it from now on."""
        self.query_one(FailureList).focus()
        loop = asyncio.get_running_loop()
        for number in _SIGNALS:
            # Only the main thread may; elsewhere signals are not this screen's business.
            with contextlib.suppress(RuntimeError, ValueError, NotImplementedError):
                loop.add_signal_handler(number, self._end_by_signal, number)
        self._watched_run.start()
        self.set_interval(1 / _REFRESHES_A_SECOND, self.show_latest)
        self.show_latest()

    def on_unmount(self) -> None:
        """Remove the signal handlers."""
        loop = asyncio.get_running_loop()
        for number in _SIGNALS:
            with contextlib.suppress(RuntimeError, ValueError, NotImplementedError):
                loop.remove_signal_handler(number)

    def on_resize(self, event: Resize) -> None:
        """Show calls next to checks where a terminal is wide, else one of them."""
        self._is_wide = event.size.width >= _WIDE_COLUMNS
        self.screen_stack[0].query_one("#body").set_class(self._is_wide, "-wide")
        self.refresh_bindings()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer the other view where only one has room."""
        del parameters
        if action != "switch_view":
            return True
        return not self._is_wide and not isinstance(self.screen, FailureScreen)

    def action_switch_view(self) -> None:
        """Show the checks instead of the calls, or the calls again."""
        self.screen_stack[0].query_one("#body").toggle_class("-checks")

    def show_latest(self) -> None:
        """Show what has changed since the last refresh."""
        is_ending, is_over = self._watched_run.is_ending, self._watched_run.is_over
        results = self._collector.results()
        if is_over and self._wants_to_leave:
            self.exit()
            return
        if self._shown == (results, is_ending, is_over):
            return
        self._shown = results, is_ending, is_over
        shown, first = (
            build_state(results, is_ending=is_ending, is_over=is_over),
            self.screen_stack[0],
        )
        for widget in (RunHeadline, StatusMatrix, CheckList, FailureList):
            first.query_one(widget).show(shown)
        if isinstance(self.screen, FailureScreen):
            known = {one.name: one for one in results.failures}
            latest = known[self.screen.failure.name]
            if latest != self.screen.failure:
                self.screen.show(latest)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Show the failure that was chosen."""
        if self._shown is None:
            return
        name = self.screen_stack[0].query_one(FailureList).name_at(event.option_index)
        failure = next(one for one in self._shown[0].failures if one.name == name)
        self.push_screen(FailureScreen(failure))  # pyright: ignore[reportUnknownMemberType]

    def action_end(self) -> None:
        """End the run and leave; leave at once where it has ended, or was asked to end before."""
        if self._watched_run.is_over or self._wants_to_leave:
            self.exit()
            return
        self._wants_to_leave = True
        self._watched_run.end()
        self.show_latest()

    def _end_by_signal(self, number: signal.Signals) -> None:
        """End the run and leave; a further signal does not leave before the run has ended."""
        if number is not signal.SIGINT:
            if self._on_signal is not None:
                self._on_signal(number)
            if self._wants_to_leave:
                return
        self.action_end()

    def _handle_exception(self, error: Exception) -> None:
        # Textual's own report prints the locals of every frame, whatever they hold.
        self._return_code = 1
        self.fault = error
        if self._exception is None:
            self._exception = error
            self._exception_event.set()  # pyright: ignore[reportUnknownMemberType]
            self.panic(Text("The dashboard failed; --plain runs without it."))
