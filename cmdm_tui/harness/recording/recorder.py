"""Writes a recording in another process, while the calls are made.

To search a call for secrets takes longer than to make it, so it is done elsewhere. The files follow
within a second where that keeps up. They are finished even where the process that saw the calls is
killed: whatever it had handed over is written.
"""

import json
import os
import queue
import signal
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, Self

import msgspec

from cmdm_tui.config import ConfigurationError, Paths, Profile
from cmdm_tui.harness.cassettes.people import (
    PeopleSettings,
    choose_profile_people,
    describe_people,
)
from cmdm_tui.harness.errors import HarnessError
from cmdm_tui.harness.exchange import API_PATH
from cmdm_tui.harness.recording.observed_call import ObservedCall
from cmdm_tui.text import count_noun

if TYPE_CHECKING:
    from cmdm_tui.harness.recording.session import SessionFiles

_SECONDS_BETWEEN_SAVES = 1.0
_RESTS_PER_SAVE = 4.0
"""How much longer than a save took the next one waits: files are written a fifth of the time."""
_SECONDS_OF_REST = 0.1
_LENGTH = struct.Struct("!Q")
MOST_REASONS = 20
_NICENESS = 10
_START = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]); "
    "from cmdm_tui.harness.recording.recorder import run_writer; run_writer()"
)


class RecordingFailed(HarnessError):
    """The files of a recording could not be written; the message is one sentence."""


class RecordingSettings(msgspec.Struct, frozen=True):
    """What is recorded, and where: see `SessionFiles`. `secrets` are known beforehand, by kind."""

    folder: str
    name: str
    kind: str
    base: str
    target: str = ""
    extends: bool = False
    secrets: tuple[tuple[str, str], ...] = ()
    people: PeopleSettings | None = None

    @classmethod
    def of_profile(
        cls,
        profile: Profile,
        path: Path,
        paths: Paths,
        environment: Mapping[str, str],
        *,
        keep_people: bool = False,
    ) -> Self:
        """Return how the calls of a profile's account are recorded into the cassette at a path.

        Its people are replaced as `choose_profile_people` says. Raises ConfigurationError.
        """
        people = choose_profile_people(profile, paths, environment, keep_people=keep_people)
        secrets = tuple(profile.credentials.reveal_all().items())
        return cls(str(path.parent), path.stem, "", API_PATH, secrets=secrets, people=people)


class RecordingSummary(msgspec.Struct, frozen=True):
    """What a recording holds in the end.

    `left_out` are the calls that are in no file: each with the reason why, at most the first 20 of
    `left_out_count`. `error` is what kept the files from being written.
    """

    recorded: int
    left_out_count: int
    left_out: tuple[str, ...]
    cassettes: tuple[str, ...]
    error: str = ""
    people: str = ""
    """What became of the people, in a sentence; empty where they are a sandbox's own."""
    removed: tuple[str, ...] = ()
    """The cassettes of an earlier recording of this name, which are gone with their cases."""

    @property
    def sentences(self) -> tuple[str, ...]:
        """What is recorded, and what is not, for whoever recorded it; untrusted."""
        where = ", ".join(self.cassettes) or "no cassette"
        recorded = f"{count_noun(self.recorded, 'call')} recorded in {where}."
        return (*filter(None, (self.people, *self.left_out)), recorded, *self.describe_removed())

    def describe_removed(self) -> list[str]:
        """Return a sentence for each cassette of the earlier recording that was removed."""
        return [f"{path} and its case are removed: the earlier recording." for path in self.removed]


class SessionRecorder:
    """Records the calls that it is given. `add` may be called from any thread, and waits never.

    The process that writes is started by `start`, or else by the first call.
    """

    def __init__(self, settings: RecordingSettings) -> None:
        self._settings = settings
        self._process: subprocess.Popen[bytes] | None = None
        self._waiting: queue.SimpleQueue[ObservedCall | None] = queue.SimpleQueue()
        self._starting = threading.Lock()
        self._thread = threading.Thread(target=self._send, name="recorder", daemon=True)
        self._thread.start()

    def start(self) -> None:
        """Start the process that writes, so that no call has to wait for it to be written."""
        with self._starting:
            if self._process is None:
                self._process = subprocess.Popen(  # noqa: S603 — our own module
                    [sys.executable, "-P", "-c", _START, json.dumps(sys.path)],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    # A terminal that closes ends its whole session, before that can be ignored.
                    start_new_session=True,
                )

    def add(self, call: ObservedCall) -> None:
        """Record a call."""
        self._waiting.put(call)

    def finish(self) -> RecordingSummary:
        """Wait until all is written, and return what is. Raises RecordingFailed."""
        self._waiting.put(None)
        self._thread.join()
        if self._process is None:
            return RecordingSummary(0, 0, (), ())
        content, _ = self._process.communicate()
        try:
            summary = msgspec.msgpack.decode(content, type=RecordingSummary)
        except msgspec.DecodeError:
            raise RecordingFailed(
                "The process that writes the recording has ended early. The calls before that are "
                "in its files."
            ) from None
        if summary.error:
            raise RecordingFailed(summary.error)
        return summary

    def _send(self) -> None:
        first = self._waiting.get()
        if first is not None:
            self.start()
        if self._process is None:
            return
        assert self._process.stdin is not None  # noqa: S101 — it is a pipe
        pipe = self._process.stdin
        # Where the writer has ended, `finish` says so.
        with suppress(OSError):
            _write_message(pipe, msgspec.msgpack.encode(self._settings))
            encoder, call = msgspec.msgpack.Encoder(), first
            while call is not None:
                # Encoded here and not in `add`: whoever made the call does not wait for that.
                _write_message(pipe, encoder.encode(call))
                if self._waiting.empty():
                    pipe.flush()
                call = self._waiting.get()
            pipe.flush()


def _write_message(pipe: IO[bytes], message: bytes) -> None:
    pipe.write(_LENGTH.pack(len(message)) + message)


@contextmanager
def record_session(settings: RecordingSettings) -> Generator[SessionRecorder]:
    """Record in the block; its files are whole when it ends, whatever ends it."""
    recorder = SessionRecorder(settings)
    try:
        yield recorder
    except BaseException:
        with suppress(RecordingFailed):
            recorder.finish()
        raise
    recorder.finish()


# The process that writes


def run_writer() -> None:
    """Record the calls that come on stdin until it ends, and write the summary to stdout."""
    # Whoever makes the calls ends on these signals, and with it the stream of calls.
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    if hasattr(os, "nice"):
        # The calls come first: they are not to wait for what is written of them.
        os.nice(_NICENESS)
    messages: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
    reader = threading.Thread(target=_receive, args=(sys.stdin.buffer, messages), daemon=True)
    reader.start()
    first = messages.get()
    if first is None:
        return
    summary = _write_session(msgspec.msgpack.decode(first, type=RecordingSettings), messages)
    # Nobody reads it where the process that saw the calls was killed.
    try:
        sys.stdout.buffer.write(msgspec.msgpack.encode(summary))
        sys.stdout.buffer.flush()
    except OSError:
        # Python writes what is left when it ends, and would complain again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _receive(pipe: IO[bytes], messages: "queue.SimpleQueue[bytes | None]") -> None:
    """Take over messages at once, so that they outlive their sender."""
    while len(head := pipe.read(_LENGTH.size)) == _LENGTH.size:
        (size,) = _LENGTH.unpack(head)
        message = pipe.read(size)
        if len(message) < size:
            break
        messages.put(message)
    messages.put(None)


def _write_session(
    settings: RecordingSettings, messages: "queue.SimpleQueue[bytes | None]"
) -> RecordingSummary:
    from cmdm_tui.harness.recording.session import SessionFiles, describe_taken_out

    decoder = msgspec.msgpack.Decoder(ObservedCall)
    files = SessionFiles(
        Path(settings.folder), settings.name, settings.kind, settings.base, settings.target,
        settings.extends, people=None if settings.people is None else settings.people.open(),
    )  # fmt: skip
    for kind, value in settings.secrets:
        files.secrets.add(kind, value)
    reasons: list[str] = []
    left_out, error, taken, save_at = 0, "", 0, time.monotonic()
    while True:
        try:
            message = messages.get(timeout=_SECONDS_OF_REST)
        except queue.Empty:
            message = b""
        if message is None:
            break
        taken += bool(message)
        if message and (reason := _add(files, decoder.decode(message))):
            left_out += 1
            reasons = [*reasons, reason][:MOST_REASONS]
        if taken and (not message or time.monotonic() > save_at):
            began = time.monotonic()
            error = _save(files, received=taken + messages.qsize())
            ended = time.monotonic()
            save_at = ended + max(_SECONDS_BETWEEN_SAVES, (ended - began) * _RESTS_PER_SAVE)
    error = _save(files) if taken else ""
    removed = files.remove_earlier() if taken and not error else []
    if files.taken_out:
        left_out += files.taken_out
        reasons = [describe_taken_out(files.taken_out), *reasons][:MOST_REASONS]
    return RecordingSummary(
        files.recorded, left_out, tuple(reasons), tuple(map(str, files.cassettes)), error,
        "" if files.people is None else describe_people(files.people),
        tuple(map(str, removed)),
    )  # fmt: skip


def _add(files: "SessionFiles", call: ObservedCall) -> str:
    """Add a call; return a sentence where it cannot be recorded."""
    reason = files.add(call)
    return reason and f"A {call.method} answered {call.status} is not recorded: {reason}."


def _save(files: "SessionFiles", *, received: int | None = None) -> str:
    """Write what is new; `received` calls came so far, None at the end, when all is there."""
    try:
        if received is None:
            files.finish()
        else:
            files.save(received)
    except (ConfigurationError, HarnessError) as error:
        return str(error)
    return ""
