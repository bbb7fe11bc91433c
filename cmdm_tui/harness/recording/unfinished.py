"""The mark of a recording that is being written: a file next to it, until all its calls are in.

It stays where the process that writes was killed, and says how many calls are missing.
"""

import os
from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryFile

import msgspec

from cmdm_tui.config.bounded_files import read_bounded
from cmdm_tui.config.private_files import remove_file, replace_file
from cmdm_tui.harness.recording.recording_names import name_of_recording
from cmdm_tui.text import count_noun, one_line

MARK_SUFFIX = ".unfinished"
_LARGEST_MARK = 4_096
_LONGEST_PATH = 200


class UnfinishedRecording(msgspec.Struct, frozen=True):
    """How far a recording is: the calls that came, those in its files, and who writes it."""

    process: int
    received: int = 0
    saved: int = 0

    @property
    def is_running(self) -> bool:
        """Whether the process that writes it is there; never on Windows, which cannot be asked."""
        if os.name == "nt" or self.process <= 0:
            return False
        try:
            os.kill(self.process, 0)
        except (ProcessLookupError, OverflowError):
            return False
        except PermissionError:
            pass
        return not _is_ended(self.process)

    def describe(self, path: Path) -> str:
        """Return in a sentence what is missing, and what to do; `path` is that of the mark."""
        shown = one_line(str(path), _LONGEST_PATH)
        held = f"it holds {self.saved:,} of {count_noun(self.received, 'call')}"
        if self.is_running:
            return (
                f"The recording is still being written by process {self.process}: {held} so far. "
                f"Wait until {shown} is gone."
            )
        return (
            f"The recording was cut off: {held}, and maybe more came. Record it again, or remove "
            f"{shown} to use it as it is."
        )


def _is_ended(process: int) -> bool:
    """Return whether a process has ended, and is only listed still (on Linux)."""
    try:
        state = Path(f"/proc/{process}/stat").read_bytes().rpartition(b")")[2]
    except OSError:
        return False
    return state.split()[:1] == [b"Z"]


def mark_path(folder: Path, name: str) -> Path:
    """Return where the mark of a recording in a folder is."""
    return folder / f"{name}{MARK_SUFFIX}"


def write_mark(folder: Path, name: str, *, received: int, saved: int) -> None:
    """Mark a recording as being written by this process. Raises ConfigurationError."""
    mark = UnfinishedRecording(os.getpid(), received, saved)
    replace_file(mark_path(folder, name), msgspec.json.encode(mark))


def remove_mark(folder: Path, name: str) -> None:
    """Say that a recording is whole. Raises ConfigurationError."""
    remove_file(mark_path(folder, name))


def read_mark(path: Path) -> UnfinishedRecording | None:
    """Return what a mark says, None where there is none; of one that cannot be read, nothing."""
    try:
        return msgspec.json.decode(read_bounded(path, _LARGEST_MARK), type=UnfinishedRecording)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError):
        return UnfinishedRecording(0)


def find_unfinished(cassettes: Iterable[Path]) -> dict[Path, str]:
    """Return a sentence for each recording that is not complete, by its mark's path."""
    found: dict[Path, str] = {}
    for cassette in cassettes:
        for name in {cassette.stem, name_of_recording(cassette.stem)}:
            path = mark_path(cassette.parent, name)
            mark = None if path in found else read_mark(path)
            if mark is not None:
                found[path] = mark.describe(path)
    return found


def list_marked(folder: Path) -> list[Path]:
    """Return the first cassette of each recording below a folder that is not complete."""
    marks = sorted((*folder.glob(f"*{MARK_SUFFIX}"), *folder.glob(f"*/*{MARK_SUFFIX}")))
    return [path.with_suffix(".yaml") for path in marks]


def check_recording_target(path: Path) -> str:
    """Return why nothing can be recorded into a cassette at a path, as a sentence; "" else.

    It is asked before the first call: what cannot be written is not to be sent.
    """
    shown = one_line(str(path), _LONGEST_PATH)
    mark = read_mark(mark_path(path.parent, path.stem))
    if mark is not None and mark.is_running:
        return mark.describe(mark_path(path.parent, path.stem))
    try:
        there = next(one for one in path.absolute().parents if one.exists())
        with TemporaryFile(dir=there):
            pass  # so a file can be made there
    except OSError as error:
        return f"{shown} cannot be written: {error.strerror}. Name another folder."
    return ""
