"""Writes the calls of a session into cassettes, from its log, where they are without secrets."""

from http import HTTPStatus
from pathlib import Path
from typing import Self

from msgspec import Struct

from cmdm_tui.catalog import Account
from cmdm_tui.config import ConfigurationError
from cmdm_tui.harness.cassettes.format import RECORDED_TOKEN
from cmdm_tui.harness.cassettes.offline_replay import RECORDED_VALUES
from cmdm_tui.harness.exchange import API_PATH, Headers
from cmdm_tui.harness.recording.observed_call import ObservedCall
from cmdm_tui.harness.recording.recording_names import check_recording_path
from cmdm_tui.harness.recording.session import SessionFiles, describe_taken_out
from cmdm_tui.harness.recording.unfinished import check_recording_target
from cmdm_tui.operations.call_entry import CallDetails, CallEntry, CallState
from cmdm_tui.operations.call_log import CallLog
from cmdm_tui.redaction.people.person_redactor import PersonRedactor
from cmdm_tui.repl.errors import ReplError
from cmdm_tui.text import one_line

_BEARER: Headers = (("authorization", f"Bearer {RECORDED_TOKEN}"),)
_SIGN_IN: Headers = tuple(
    (name, RECORDED_VALUES[name]) for name in ("client_id", "client_secret", "username", "password")
)


class CallRecording(Struct, frozen=True):
    """The answered calls of a session, and what no file of a recording may hold."""

    calls: tuple[ObservedCall, ...]
    secrets: tuple[tuple[str, str], ...]

    @classmethod
    def of_log(cls, log: CallLog, account: Account) -> Self:
        """Return the calls that were answered. Raises ReplError where one is not kept whole."""
        answered = [one for one in log.calls if one.state is CallState.ANSWERED]
        if not any(not one.is_sign_in for one in answered):
            raise ReplError("No call was answered in this session. Make one first: GET lead.")
        if log.dropped_count:
            raise ReplError(
                f"The log does not hold the first {log.dropped_count:,} calls of the session any "
                "more. Make those to record in a new session, or start it with cmdm --record."
            )
        found = [_observe(one, log.read_details(one.key)) for one in answered]
        return cls(tuple(found), tuple(account.profile.credentials.reveal_all().items()))

    @property
    def count(self) -> int:
        """How many calls it holds, sign-ins included."""
        return len(self.calls)

    def write(self, path: Path, people: PersonRedactor | None) -> None:
        """Write the cassette and its case; 50 calls go to a file, others to `NAME-2.yaml` and on.

        `people` replaces the people in it. Raises ReplError, and writes nothing, where that cannot
        be, or a secret is in a call.
        """
        fault = check_recording_path(path)
        if fault:
            raise ReplError(f"{one_line(str(path), 200)} cannot be a cassette: {fault}")
        fault = check_recording_target(path)
        if fault:
            raise ReplError(fault)
        files = SessionFiles(path.parent, path.stem, kind="", people=people)
        for kind, value in self.secrets:
            files.secrets.add(kind, value)
        for call in self.calls:
            reason = files.add(call)
            if reason:
                message = f"A {call.method} cannot be recorded: {reason}. Nothing was written."
                raise ReplError(message)
        if files.taken_out:
            raise ReplError(f"{describe_taken_out(files.taken_out)} Nothing was written.")
        try:
            files.finish()
        except ConfigurationError as error:
            raise ReplError(one_line(str(error), 400)) from None
        files.remove_earlier()


def _observe(call: CallEntry, details: CallDetails) -> ObservedCall:
    where = f"{call.method} {one_line(call.path, 100)} (call {call.key})"
    parts = (
        [details.request_body] if call.is_sign_in else [details.request_body, details.response_body]
    )
    if not call.is_path_whole or not all(part.is_whole and not part.note for part in parts):
        raise ReplError(
            f"{where} cannot be recorded: a secret was taken out of it, or its body is not kept. "
            "Nothing was written."
        )
    status = call.status or 0
    body = (
        f'{{"token":"{RECORDED_TOKEN}"}}'.encode()
        if call.is_sign_in
        else details.response_body.content
    )
    sent = [(name.lower(), value) for name, value in details.request_headers]
    kept = tuple(line for line in sent if line[0] == "content-type")
    return ObservedCall(
        call.method,
        f"{API_PATH}/{call.path.removeprefix('/')}",
        _SIGN_IN if call.is_sign_in else (*kept, *_BEARER),
        details.request_body.content,
        status,
        HTTPStatus(status).phrase if status in set(HTTPStatus) else "",
        # The body that is kept is decoded.
        tuple(
            (name.lower(), value)
            for name, value in details.response_headers
            if name.lower() != "content-encoding"
        ),
        body,
    )
