"""Records the calls of the explorer's account, from one press of the command's key to the next."""

import asyncio
import os
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from textual.app import App

from cmdm_tui.text import one_line
from cmdm_tui.tui.messages import PartRequested

if TYPE_CHECKING:
    from cmdm_tui.catalog import Account
    from cmdm_tui.config import Paths
    from cmdm_tui.harness.recording.observed_call import ObservedCall

_HARNESS = "cmdm_tui.harness.recording.session"
_LONGEST_PATH = 200
_SECONDS = 15.0
"""Seconds for which what became of a recording is shown."""


@dataclass(frozen=True, slots=True)
class EndedRecording:
    """What became of a recording: safe sentences, and whether all calls are in its files."""

    sentences: tuple[str, ...]
    is_whole: bool


class CallRecorder:
    """Begins a recording of an account's calls, and ends it: one at a time.

    `show` is called when the words of the status line have changed. A recording ends with its
    account, and with the explorer: `finish` is to be called then.
    """

    def __init__(self, app: App[None], paths: "Paths | None", show: Callable[[], None]) -> None:
        self._app = app
        self._paths = paths
        self._show = show
        self._running: _RunningRecording | None = None
        self._ending: list[_RunningRecording] = []

    @property
    def status(self) -> str:
        """That calls are recorded, and how many so far; empty where none are."""
        return "" if self._running is None else f"● recording {self._running.count:,}"

    def add_event(self, account: "Account", event: object) -> None:
        """Record what the client of an account reports, if its calls are recorded."""
        if self._running is not None and self._running.account is account:
            self._running.listen(event)

    def toggle(self, account: "Account") -> None:
        """End the recording, or ask for the file of another."""
        if self._running is not None:
            self._end(self._running)
        elif _HARNESS in sys.modules:
            self._ask(account)
        else:
            self._app.post_message(PartRequested(partial(self._load, account)))

    async def _load(self, account: "Account") -> None:
        """Import what records, in a thread, as that takes long, and ask then."""
        try:
            await asyncio.to_thread(import_module, _HARNESS)
        except ModuleNotFoundError as error:
            self._warn(f"This needs {error.name}: pipx install 'cmdm-tui[harness]' brings it.")
        else:
            self._ask(account)

    def _ask(self, account: "Account") -> None:
        from cmdm_tui.harness.cassettes.people import is_sandbox_profile
        from cmdm_tui.tui.screens.dialogs.entry import EntryScreen

        people = (
            "The people of a sandbox are invented, and stay."
            if is_sandbox_profile(account.profile)
            else "People are replaced by stand-ins."
        )
        question = (
            "Record the calls from now on, without the secrets that are known.\n"
            f"{people}\n\nA new file, such as session.yaml:"
        )
        dialog = EntryScreen(question, check_new_recording)
        self._app.push_screen(dialog, partial(self._begin, account))  # pyright: ignore[reportUnknownMemberType]

    def end_of(self, account: "Account") -> None:
        """End the recording of an account, if there is one."""
        if self._running is not None and self._running.account is account:
            self._end(self._running)

    def finish(self) -> tuple[EndedRecording, ...]:
        """Wait until all is written, and return what became of each that was not shown."""
        ended = [*self._ending, *([] if self._running is None else [self._running])]
        self._running = None
        return tuple(one.finish() for one in ended)

    def _begin(self, account: "Account", name: str | None) -> None:
        if name is None or self._running is not None:
            return
        from cmdm_tui.config import ConfigurationError

        try:
            running = _RunningRecording(account, Path(name).expanduser().absolute(), self._paths)
        except (ConfigurationError, OSError) as error:
            self._warn(f"Nothing is recorded: {error}")
            return
        self._running = running
        self._show()

    def _end(self, running: "_RunningRecording") -> None:
        self._running = None
        self._ending.append(running)
        self._show()
        self._app.run_worker(self._tell_end(running), group="recording")

    async def _tell_end(self, running: "_RunningRecording") -> None:
        ended = await asyncio.to_thread(running.finish)
        self._ending.remove(running)
        severity = "information" if ended.is_whole else "warning"
        words = "\n".join(ended.sentences)
        self._app.notify(words, severity=severity, timeout=_SECONDS, markup=False)

    def _warn(self, words: str) -> None:
        self._app.notify(one_line(words, 400), severity="warning", timeout=_SECONDS, markup=False)


class _RunningRecording:
    """A recording of one account's calls into a file. Raises ConfigurationError and OSError."""

    def __init__(self, account: "Account", path: Path, paths: "Paths | None") -> None:
        from cmdm_tui.config import Paths
        from cmdm_tui.harness.recording.event_recorder import EventRecorder
        from cmdm_tui.harness.recording.recorder import RecordingSettings, SessionRecorder

        profile = account.profile
        settings = RecordingSettings.of_profile(profile, path, paths or Paths.of_user(), os.environ)
        self.account = account
        self.count = 0
        """The calls that were given to it, of which some may be left out."""
        self._recorder: SessionRecorder = SessionRecorder(settings)
        self._recorder.start()
        self.listen: EventRecorder = EventRecorder(profile.url, profile.credentials, self._add)
        self._ended: EndedRecording | None = None
        self._finishing = threading.Lock()

    def _add(self, call: "ObservedCall") -> None:
        self.count += 1
        self._recorder.add(call)

    def finish(self) -> EndedRecording:
        """Wait until all is written, and return what is, however often it is asked."""
        from cmdm_tui.harness.errors import HarnessError

        with self._finishing:
            if self._ended is None:
                try:
                    summary = self._recorder.finish()
                except HarnessError as error:
                    self._ended = EndedRecording((one_line(str(error), 400),), is_whole=False)
                else:
                    sentences = tuple(one_line(one, 400) for one in summary.sentences)
                    self._ended = EndedRecording(sentences, is_whole=not summary.left_out_count)
            return self._ended


def check_new_recording(name: str) -> str:
    """Return why no recording can begin in a file of this name, in a sentence; "" where one can."""
    from cmdm_tui.harness.recording.recording_names import (
        check_recording_path,
        find_recording_file,
    )
    from cmdm_tui.harness.recording.unfinished import check_recording_target

    try:
        path = Path(name).expanduser()
    except RuntimeError:
        return f"{one_line(name, _LONGEST_PATH)} names no home. Check the name."
    try:
        fault = check_recording_path(path)
        if fault:
            return fault
        there = find_recording_file(path)
    except OSError as error:
        return f"{one_line(name, _LONGEST_PATH)} cannot be written: {error.strerror}."
    if there is not None:
        return f"{one_line(str(there), _LONGEST_PATH)} is there already. Name a new file."
    return check_recording_target(path)
