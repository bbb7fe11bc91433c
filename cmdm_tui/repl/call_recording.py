"""Writes the calls of a session into a cassette, from its log, where they are without secrets."""

from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Self

from cmdm_tui.catalog import Account
from cmdm_tui.config import ConfigurationError
from cmdm_tui.harness.cassettes.format import ADDRESS, RECORDED_TOKEN, IdAliases, Interaction
from cmdm_tui.harness.cassettes.recorder import MAX_INTERACTIONS, encode_recording, make_recording
from cmdm_tui.harness.exchange import API_PATH
from cmdm_tui.operations.call_entry import CallDetails, CallEntry, CallState, HeaderLine
from cmdm_tui.operations.call_log import CallLog
from cmdm_tui.redaction.leak_scanner import LeakScanner, SecretLeak
from cmdm_tui.redaction.people.person_redactor import PersonRedactor
from cmdm_tui.repl.errors import ReplError
from cmdm_tui.text import one_line


@dataclass(frozen=True, slots=True)
class CallRecording:
    """The answered calls of a session as a cassette holds them, and what no cassette may hold."""

    interactions: tuple[Interaction, ...]
    scanner: LeakScanner

    @classmethod
    def of_log(cls, log: CallLog, account: Account) -> Self:
        """Return the calls that were answered. Raises ReplError where one is not kept whole."""
        answered = [one for one in log.calls if one.state is CallState.ANSWERED]
        made = [one for one in answered if not one.is_sign_in]
        if not made:
            raise ReplError("No call was answered in this session. Make one first: GET lead.")
        if len(answered) > MAX_INTERACTIONS or log.dropped_count:
            count = len(answered) + log.dropped_count
            raise ReplError(
                f"The session has {count:,} calls, and a cassette holds {MAX_INTERACTIONS}. "
                "Make those to record in a new session."
            )
        secrets = account.profile.credentials
        scanner = LeakScanner(
            (secrets.client_id.reveal(), secrets.client_secret.reveal(), secrets.password.reveal())
        )
        found = [_to_interaction(one, log.read_details(one.key)) for one in answered]
        return cls(tuple(found), scanner)

    @property
    def count(self) -> int:
        """How many calls it holds, sign-ins included."""
        return len(self.interactions)

    def write(self, path: Path, people: PersonRedactor | None) -> None:
        """Write the cassette whole, its people replaced by `people`.

        Raises ReplError where that cannot be, or a secret is in it.
        """
        try:
            made = make_recording(self.interactions, IdAliases(), self.scanner, people)
            self.scanner.write_file(path, encode_recording(made, people, place=str(path)))
        except (SecretLeak, ConfigurationError, ValueError) as error:
            raise ReplError(one_line(str(error), 400)) from None


def _to_interaction(call: CallEntry, details: CallDetails) -> Interaction:
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
    return Interaction(
        call.method,
        f"{ADDRESS}{API_PATH}/{call.path.removeprefix('/')}",
        _group(details.request_headers),
        details.request_body.content,
        status,
        HTTPStatus(status).phrase if status in set(HTTPStatus) else "",
        _group(details.response_headers),
        body,
    )


def _group(headers: tuple[HeaderLine, ...]) -> dict[str, list[str]]:
    grouped: dict[str, list[str]] = {}
    for name, value in headers:
        grouped.setdefault(name.lower(), []).append(value)
    return grouped
