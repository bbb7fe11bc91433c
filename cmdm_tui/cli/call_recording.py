"""`cmdm --record FILE`: the calls of any command, recorded into a cassette and its case.

A command may use several accounts: each has its own cassettes.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from cmdm_tui.cli.exit_codes import CommandFailure, ExitCode
from cmdm_tui.cli.messages import write_message
from cmdm_tui.text import count_noun, one_line

if TYPE_CHECKING:
    from cmdm_tui.config import Profile
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

    The first account is recorded into `path`, the next into `NAME-account-2.yaml` next to it, and
    so on. Raises CommandFailure for a file that cannot be one.
    """

    path: Path
    keep_people: bool = False
    _recorders: "dict[tuple[str, str], SessionRecorder]" = field(
        default_factory=dict[tuple[str, str], "SessionRecorder"], init=False
    )

    def __post_init__(self) -> None:
        try:
            import_module("vcr")  # the module that is missing without the extra
        except ModuleNotFoundError as error:
            message = f"This needs {error.name}: pipx install 'cmdm-tui[harness]' brings it."
            raise CommandFailure(message, ExitCode.USAGE) from None
        from cmdm_tui.harness.recording.recording_names import (
            check_recording_path,
            find_recording_file,
        )
        from cmdm_tui.harness.recording.unfinished import check_recording_target

        fault = check_recording_path(self.path)
        if fault:
            message = f"--record {one_line(str(self.path), 200)} cannot be a cassette: {fault}"
            raise CommandFailure(message, ExitCode.USAGE)
        fault = check_recording_target(self.path)
        if fault:
            raise CommandFailure(f"Nothing was sent. {fault}", ExitCode.USAGE)
        earlier = find_recording_file(self.path)
        if earlier is not None:
            write_message(
                f"The recording in {one_line(str(self.path), 200)} is replaced by this one."
            )

    def listen_to(self, profile: "Profile") -> Callable[[object], None]:
        """Return what takes the events of the client of a profile."""
        from cmdm_tui.harness.recording.event_recorder import EventRecorder

        add = self._get_recorder(profile).add
        return EventRecorder(profile.url, profile.credentials, add)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        from cmdm_tui.harness.errors import HarnessError

        if not self._recorders:
            write_message("No call was made, so nothing was recorded.")
            return
        failures: list[str] = []
        left_out = 0
        for recorder in self._recorders.values():
            try:
                summary = recorder.finish()
            except HarnessError as failure:
                failures.append(str(failure))
                continue
            for line in summary.sentences:
                write_message(line)
            left_out += summary.left_out_count
        if left_out:
            failures.append(f"{count_noun(left_out, 'call')} not recorded.")
        if failures and error is None:
            raise CommandFailure(" ".join(failures))
        for message in failures:
            write_message(message)

    def _get_recorder(self, profile: "Profile") -> "SessionRecorder":
        """Return what records the calls of an account.

        Its people are replaced as its profile says, unless it is known to be a sandbox or they are
        to be kept.
        """
        account = (profile.name, profile.url)
        if account not in self._recorders:
            from cmdm_tui.config import Paths
            from cmdm_tui.harness.recording.recorder import RecordingSettings, SessionRecorder

            path, number = self.path, len(self._recorders) + 1
            if number > 1:
                path = path.with_stem(f"{path.stem[:60]}-account-{number}")
            settings = RecordingSettings.of_profile(
                profile, path, Paths.of_user(), os.environ, keep_people=self.keep_people
            )
            self._recorders[account] = SessionRecorder(settings)
        return self._recorders[account]


def open_recording(path: str, command: str | None, *, keep_people: bool) -> CommandRecording:
    """Return the recording of a command. Raises CommandFailure where it records no calls."""
    if command not in RECORDABLE:
        message = (
            f"--record does not record cmdm {command}. To record calls of another program, or of "
            "the harness, point it at cmdm record --proxy."
        )
        raise CommandFailure(message, ExitCode.USAGE)
    return CommandRecording(Path(path), keep_people)
