"""`cmdm --record FILE`: the calls of any command, recorded into a cassette and its case."""

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

import click

from cmdm_tui.cli.exit_codes import CommandFailure, ExitCode
from cmdm_tui.text import count_noun, one_line

if TYPE_CHECKING:
    from cmdm_tui.config import Profile
    from cmdm_tui.harness.cassettes.people import PeopleSettings
    from cmdm_tui.harness.recording.recorder import SessionRecorder

RECORDABLE = frozenset(
    {
        None, "explore", "demo", "repl", "query", "list", "get", "fields", "create", "update",
        "delete", "convert", "close", "sql", "import", "copy", "apply", "journal", "api", "probe",
    }
)  # fmt: skip
"""The commands whose calls are recorded; None is the explorer."""


@dataclass(slots=True)
class CommandRecording:
    """The recording of one command; use it as a context. Nothing is started before the first call.

    Raises CommandFailure for a file that cannot be one.
    """

    path: Path
    keep_people: bool = False
    _recorder: "SessionRecorder | None" = field(default=None, init=False)
    _people: "PeopleSettings | None" = field(default=None, init=False)
    _left_out_profiles: dict[str, None] = field(default_factory=dict[str, None], init=False)

    def __post_init__(self) -> None:
        try:
            from cmdm_tui.harness.recording.session import check_recording_path
        except ModuleNotFoundError as error:
            message = f"This needs {error.name}: pipx install 'cmdm-tui[harness]' brings it."
            raise CommandFailure(message, ExitCode.USAGE) from None
        fault = check_recording_path(self.path)
        if fault:
            message = f"--record {one_line(str(self.path), 200)} cannot be a cassette: {fault}"
            raise CommandFailure(message, ExitCode.USAGE)

    def listen_to(self, profile: "Profile") -> Callable[[object], None]:
        """Return what takes the events of the client of a profile.

        A recording replaces people as its first profile says. It leaves out a later profile that
        asks for more, and says so in the end: its people would be in the file.
        """
        from cmdm_tui.config import Paths
        from cmdm_tui.harness.cassettes.people import choose_profile_people
        from cmdm_tui.harness.recording.event_recorder import EventRecorder

        people = choose_profile_people(
            profile, Paths.of_user(), os.environ, keep_people=self.keep_people
        )
        if self._recorder is None:
            self._people = people
            self._recorder = self._open_recorder(profile, people)
        elif people not in (None, self._people):
            self._left_out_profiles[profile.name] = None
            return _ignore
        return EventRecorder(profile.url, profile.credentials, self._recorder.add)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        from cmdm_tui.harness.errors import HarnessError

        if self._recorder is None:
            _note("No call was made, so nothing was recorded.")
            return
        try:
            summary = self._recorder.finish()
        except HarnessError as failure:
            if error is not None:
                _note(str(failure))
                return
            raise CommandFailure(str(failure)) from None
        for line in summary.sentences:
            _note(line)
        for name in self._left_out_profiles:
            _note(
                f"The calls of the profile {name} are not recorded: what replaces its people is "
                "not what the recording began with. Record it by itself."
            )
        if error is not None:
            return
        if summary.left_out_count:
            count = count_noun(summary.left_out_count, "call")
            raise CommandFailure(f"{count} not recorded.")
        if self._left_out_profiles:
            count = count_noun(len(self._left_out_profiles), "profile")
            raise CommandFailure(f"{count} not recorded.")

    def _open_recorder(
        self, profile: "Profile", people: "PeopleSettings | None"
    ) -> "SessionRecorder":
        from cmdm_tui.harness.exchange import API_PATH
        from cmdm_tui.harness.recording.recorder import RecordingSettings, SessionRecorder
        from cmdm_tui.harness.recording.session_secrets import list_sign_in_secrets

        folder = str(self.path.parent)
        secrets = list_sign_in_secrets(profile.credentials)
        settings = RecordingSettings(
            folder, self.path.stem, "", API_PATH, secrets=secrets, people=people
        )
        return SessionRecorder(settings)


def _ignore(_: object) -> None:
    """Do nothing with an event."""


def _note(message: str) -> None:
    click.echo(f"cmdm: {one_line(message)}", err=True)


def open_recording(path: str, command: str | None, *, keep_people: bool) -> CommandRecording:
    """Return the recording of a command. Raises CommandFailure where it records no calls."""
    if command not in RECORDABLE:
        message = (
            f"--record does not record cmdm {command}. To record calls of another program, or of "
            "the harness, point it at cmdm record --proxy."
        )
        raise CommandFailure(message, ExitCode.USAGE)
    return CommandRecording(Path(path), keep_people)
