"""The panes of the calls screen: the list of calls, and one of them in full."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from time import monotonic

from textual import on
from textual.app import ComposeResult
from textual.containers import Container, Vertical
from textual.message import Message
from textual.widgets import Input

from cmdm_tui.catalog import Account
from cmdm_tui.operations.call_entry import CallDetails, CallEntry
from cmdm_tui.operations.call_log import CallLog
from cmdm_tui.text import one_line
from cmdm_tui.tui.commands import NoticeTopic
from cmdm_tui.tui.messages import USER_ERRORS, CallReturned, StateChanged, UserError
from cmdm_tui.tui.models.call_description import TextPart, describe_call
from cmdm_tui.tui.models.call_filter import FILTER_HINT
from cmdm_tui.tui.models.call_source import CallSource
from cmdm_tui.tui.models.call_text import format_seconds, name_call
from cmdm_tui.tui.models.cassette_calls import CallFileUnreadable, read_cassette_calls
from cmdm_tui.tui.models.typed_path import read_path
from cmdm_tui.tui.screens.calls.snippets import NothingToCopy, describe_copy, write_copy
from cmdm_tui.tui.screens.grid_screen import GridScreen
from cmdm_tui.tui.widgets.call_grid import CallGrid
from cmdm_tui.tui.widgets.call_pane import CallPane
from cmdm_tui.tui.widgets.cells import safe_line
from cmdm_tui.tui.widgets.grid import Grid
from cmdm_tui.tui.widgets.key_footer import KeyFooter
from cmdm_tui.tui.widgets.notice import Notice
from cmdm_tui.tui.widgets.safe_input import SafeInput
from cmdm_tui.tui.widgets.search_bar import SearchBar
from cmdm_tui.tui.widgets.status_line import StatusLine

_LARGE, _REST = 50_000, 0.2
"""Bytes from which an answer is large, and the seconds that the cursor rests before it is read."""
_SECOND = 1.0
_NOTHING_YET = "No call was made yet."
_NONE_FITS = "No call fits the filter."


class CallsPanes(GridScreen):
    """Shows the calls of a log, and does what the commands ask.

    `show_changes` takes in what has come since; it makes no call. Only `send_again` makes one.
    """

    CSS_PATH = "calls.tcss"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (110, "-wide")]  # noqa: RUF012 - as declared above it

    @dataclass
    class DetailsMade(Message):
        """The text of a call is ready."""

        key: str
        parts: tuple[TextPart, ...]

    @dataclass
    class FileRead(Message):
        """The calls of a file are there."""

        path: Path
        log: CallLog

    @dataclass
    class FileFailed(Message):
        """A file of calls could not be read; the words are safe."""

        words: str

    @dataclass
    class Copied(Message):
        """A text is to be copied; empty where there is none. The words on it are safe."""

        text: str
        words: str

    @dataclass
    class SentAgain(CallReturned):
        """A call that was sent again was answered, or not."""

        words: str
        failure: UserError | None = None

    def __init__(self, account: Account, call_log: CallLog) -> None:
        super().__init__()
        self.account = account
        self.live_log = call_log
        """The log of this run."""
        self.file_name = ""
        """The name of the file whose calls are shown, safe; empty where those of this run are."""
        self.file_path: Path | None = None
        """Where that file is."""
        self.source = CallSource(call_log)
        self._described: tuple[str, int] | None = None
        self._is_refresh_due = False
        self._available: frozenset[str] = frozenset()

    def compose(self) -> ComposeResult:
        """Lay out the list next to or above one call, the filter, status line and footer."""
        with Container(id="calls-body"):
            with Vertical(id="calls-list"):
                yield CallGrid(has_numbers=False, id="calls-grid")
                yield Notice(id="calls-notice")
            yield CallPane(id="call")
        yield SafeInput(placeholder=FILTER_HINT, id="calls-filter")
        yield SearchBar()
        yield StatusLine(self.account, call_log=self.live_log, id="status")
        yield KeyFooter()

    def on_mount(self) -> None:
        """Show what there is, the newest call under the cursor."""
        self.query_one("#calls-filter").display = False
        self.grid.show(self.source)
        self.set_interval(_SECOND, self.show_changes)
        self.set_focus(self.grid)
        self.show_changes()
        self.follow()

    @property
    def enter_label(self) -> str:
        """What Enter does in the filter."""
        return "Apply"

    @property
    def grid(self) -> CallGrid:
        """The list of calls."""
        return self.query_one(CallGrid)

    @property
    def call(self) -> CallEntry | None:
        """The call under the cursor, None where there is none."""
        key = self.grid.cursor_key if self.is_mounted else None
        return None if key is None else self.source.log.find(key)

    @property
    def is_file(self) -> bool:
        """Whether the calls of a file are shown."""
        return self.source.log is not self.live_log

    @property
    def is_filter_open(self) -> bool:
        """Whether the filter can be typed."""
        return self.is_mounted and bool(self.query_one("#calls-filter").display)

    # What is shown.

    def schedule_changes(self) -> None:
        """Show what has changed with the next repaint: many events come at once."""
        if not self._is_refresh_due:
            self._is_refresh_due = True
            self.call_after_refresh(self.show_changes)

    def show_changes(self) -> None:
        """Bring the list, its captions and the call shown up to date; a list at its end follows."""
        self._is_refresh_due = False
        if not self.is_current:
            return
        is_following = self.is_following
        if self.source.refresh(monotonic()):
            self.grid.source_changed()
            if is_following:
                self.follow()
            self.show_state()
            self._show_call()

    @property
    def is_following(self) -> bool:
        """Whether the cursor is on the newest call, and goes to the next one that comes."""
        return self.grid.cursor_row >= self.source.row_count - 1

    def follow(self) -> None:
        """Go to the newest call, and to each that comes."""
        self.grid.move_cursor(row=max(self.source.row_count - 1, 0))

    @property
    def export_name(self) -> str:
        """What the rows are called."""
        return "calls"

    @on(Grid.MarksChanged)
    @on(StateChanged)
    def show_state(self) -> None:
        """Bring the captions and the footer up to date."""
        listed = self.query_one("#calls-list")
        title = f"Calls of {self.file_name}" if self.is_file else "Calls"
        words = self.source.filter_words.strip()
        caption = f"{self.marks_caption}{self.source.caption}"
        if words:
            caption += f" · fit {one_line(words, 30)}"
        elif self.is_following and not self.is_file and self.source.row_count:
            caption += " · goes to each new one"
        if listed.border_title != title:
            listed.border_title = safe_line(title)
        if listed.border_subtitle != caption:
            listed.border_subtitle = safe_line(caption)
        notice = self.query_one("#calls-notice", Notice)
        if self.source.row_count:
            notice.hide()
        else:
            notice.show_text(_NONE_FITS if words else _NOTHING_YET, alone=False)
        available = self.available_commands
        if available != self._available:
            self._available = available
            self.refresh_bindings()

    @on(Grid.CursorMoved)
    def _show_call_under_cursor(self) -> None:
        self._show_call()
        self.show_state()

    def _show_call(self) -> None:
        call, log = self.call, self.source.log
        described = None if call is None else (f"{id(log)}.{call.key}", call.revision)
        if described == self._described:
            return
        self._described = described
        if call is None:
            self.query_one(CallPane).show_parts(None, ())
            return
        make = partial(_describe, call, log.prepare_details(call.key))
        rest = _REST if (call.size or 0) > _LARGE else 0.0
        work = self._make_details(call.key, make, rest)
        self.run_worker(work, group="local-details", exclusive=True)

    async def _make_details(
        self, key: str, make: Callable[[], tuple[TextPart, ...]], rest: float
    ) -> None:
        """Make the text of a call in a thread, once the cursor has rested on it for a while."""
        await asyncio.sleep(rest)
        self.post_message(self.DetailsMade(key, await asyncio.to_thread(make)))

    def on_calls_panes_details_made(self, event: DetailsMade) -> None:
        """Show a call, unless the cursor has moved on."""
        if self.call is not None and event.key == self.call.key:
            self.query_one(CallPane).show_parts(event.key, event.parts)

    # The filter.

    def open_filter(self) -> None:
        """Let the filter be typed."""
        entry = self.query_one("#calls-filter", Input)
        entry.display = True
        self.set_focus(entry)

    def close_filter(self, *, clears: bool) -> None:
        """Go back to the list; with `clears`, all calls are shown again."""
        entry = self.query_one("#calls-filter", Input)
        entry.display = False
        if clears and entry.value:
            entry.value = ""
        self.set_focus(self.grid)
        self.show_state()

    @on(Input.Changed, "#calls-filter")
    def _apply_filter(self, event: Input.Changed) -> None:
        self.source.filter_words = event.value
        self.forget_search()
        self.show_changes()

    @on(Input.Submitted, "#calls-filter")
    def _keep_filter(self) -> None:
        self.close_filter(clears=False)

    # Files.

    def open_file(self, path: str) -> None:
        """Show the calls of a cassette, read in a thread; what is shown stays until it is there."""
        work = partial(self._read_file, read_path(path))
        self.run_worker(work, group="local-file", exclusive=True)

    async def _read_file(self, path: Path) -> None:
        try:
            log = await asyncio.to_thread(read_cassette_calls, path, self.account.client.redact)
        except CallFileUnreadable as error:
            self.post_message(self.FileFailed(str(error)))
        else:
            self.post_message(self.FileRead(path, log))

    def on_calls_panes_file_read(self, event: FileRead) -> None:
        """Show the calls of a file."""
        self.file_name = one_line(event.path.name, 40)
        self.file_path = event.path
        self._show_log(event.log)
        self.grid.move_cursor(row=0)

    def on_calls_panes_file_failed(self, event: FileFailed) -> None:
        """Say why a file cannot be shown."""
        self.notify(event.words, severity="error", markup=False)

    def close_file(self) -> None:
        """Show the calls of this run again, the newest under the cursor."""
        self._show_log(self.live_log)
        self.file_name, self.file_path = "", None
        self.follow()
        self.show_state()

    def _show_log(self, log: CallLog) -> None:
        words = self.source.filter_words
        self.source = CallSource(log)
        self.source.filter_words = words
        self.source.refresh(monotonic())
        self.grid.show(self.source)
        self.show_state()
        self._show_call()

    # Calls.

    def copy_call(
        self, call: CallEntry, make_details: Callable[[], CallDetails], what: str
    ) -> None:
        """Copy one of the forms that `list_copies` names; it is written in a thread."""
        address = self.account.client.address
        write = partial(_write_copy, call, make_details, what, address)
        self.run_worker(partial(self._copy, what, write), group="local-copy", exclusive=True)

    async def _copy(self, what: str, write: Callable[[], str]) -> None:
        try:
            text = await asyncio.to_thread(write)
        except NothingToCopy as error:
            self.post_message(self.Copied("", str(error)))
        else:
            self.post_message(self.Copied(text, describe_copy(what, text)))

    def on_calls_panes_copied(self, event: Copied) -> None:
        """Hand a text to the terminal, and say what it is; nothing is never handed over."""
        if event.text:
            self.command_app.copy_to_clipboard(event.text)
        severity = "information" if event.text else "warning"
        self.command_app.show_notice(NoticeTopic.COPY, event.words, severity=severity)

    def send_again(self, call: CallEntry, content: bytes | None) -> None:
        """Send a call again, with this body: one call."""
        self.run_worker(partial(self._send, call, content), group="again")

    async def _send(self, call: CallEntry, content: bytes | None) -> None:
        name = name_call(call.method, call.path)
        try:
            answer = await self.account.client.request(call.method, call.path, content=content)
        except USER_ERRORS as error:
            self.post_message(self.SentAgain(name, error))
        else:
            took = format_seconds(answer.elapsed)
            self.post_message(self.SentAgain(f"{name}: {answer.status} in {took}"))

    def on_calls_panes_sent_again(self, event: SentAgain) -> None:
        """Say what became of it; the list shows the call."""
        if event.failure is None:
            self.notify(event.words, markup=False)
        else:
            words = f"{event.words}: {one_line(str(event.failure))}"
            self.notify(words, severity="error", markup=False)
        self.show_changes()


def _write_copy(
    call: CallEntry, make_details: Callable[[], CallDetails], what: str, address: str
) -> str:
    return write_copy(call, make_details(), what, address)


def _describe(call: CallEntry, make_details: Callable[[], CallDetails]) -> tuple[TextPart, ...]:
    return describe_call(call, make_details())
