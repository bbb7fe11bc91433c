r"""The commands on the calls of a session: `\log` lists them, `\curl` writes one, `\record` all."""

import os
from datetime import UTC, datetime
from pathlib import Path

from cmdm_tui.api.errors import ApiError
from cmdm_tui.api.snippets.formats import SNIPPET_FORMATS, SnippetFormat
from cmdm_tui.api.urls import join_path, parse_base_url
from cmdm_tui.config import ConfigurationError
from cmdm_tui.operations.call_entry import CallEntry
from cmdm_tui.operations.call_log import CallLog
from cmdm_tui.repl.commands.command import (
    Argument,
    ArgumentKind,
    BackslashCommand,
    Touches,
    choice,
)
from cmdm_tui.repl.errors import ReplError
from cmdm_tui.repl.result_types import InfoTable, InfoText
from cmdm_tui.repl.session import ReplSession
from cmdm_tui.text import count_noun, one_line, visible

_LANGUAGES: dict[str, SnippetFormat] = dict(
    zip(("curl", "httpx", "csharp", "php", "guzzle"), SNIPPET_FORMATS, strict=True)
)
_KEEP_PEOPLE = "keep-people"
_SHOWN_CALLS = 20
_MOST_SHOWN = 5_000


async def show_calls(session: ReplSession, arguments: tuple[str, ...]) -> None:
    """List the last calls of this session, the newest last."""
    count = _read_count(arguments[0]) if arguments else _SHOWN_CALLS
    calls = _log(session).calls
    if not calls:
        session.streams.write_note("No call was made in this session.")
        return
    titles = ("Number", "Sent", "Method", "Path", "Status", "Milliseconds", "Bytes", "Notes")
    await session.show(InfoTable(titles, tuple(_list_call(one) for one in calls[-count:])))
    if len(calls) > count:
        session.streams.write_note(f"The last {count:,} of {count_noun(len(calls), 'call')}.")


async def show_snippet(session: ReplSession, arguments: tuple[str, ...]) -> None:
    """Write the last call as source code, without the account's secrets."""
    made = [one for one in _log(session).calls if not one.is_sign_in]
    if not made:
        raise ReplError("No call was made in this session. Make one first, as in GET lead.")
    call = made[-1]
    sent = _log(session).read_request_body(call.key)
    if sent.note:
        raise ReplError(f"The body of the call cannot be written. {sent.note}")
    try:
        address = join_path(parse_base_url(session.account.client.address), call.path)
    except ApiError as error:
        raise ReplError(str(error)) from None
    write = _LANGUAGES[arguments[0] if arguments else "curl"].write
    await session.show(
        InfoText(visible(write(call.method, address, sent.content or None), keep_lines=True))
    )
    if not (sent.is_whole and call.is_path_whole):
        session.streams.write_note("A secret was taken out of it.")


async def record_calls(session: ReplSession, arguments: tuple[str, ...]) -> None:
    """Write the calls of this session into a cassette, people replaced unless they are a sandbox's.

    Raises ReplError where it cannot be done.
    """
    try:
        from cmdm_tui.harness.cassettes.people import (
            choose_profile_people,
            describe_people,
            is_sandbox_profile,
        )
        from cmdm_tui.repl.call_recording import CallRecording
    except ImportError as error:
        message = f"This needs {error.name}: pipx install 'cmdm-tui[harness]' brings it."
        raise ReplError(message) from None
    recording: CallRecording = CallRecording.of_log(_log(session), session.account)
    path = _read_path(arguments[0])
    profile = session.account.profile
    keeps = _KEEP_PEOPLE in arguments
    try:
        settings = choose_profile_people(profile, session.paths, os.environ, keep_people=keeps)
        people = None if settings is None else settings.open()
    except ConfigurationError as error:
        raise ReplError(one_line(str(error), 400)) from None
    recording.write(path, people)
    session.streams.write_note(
        f"Recorded {count_noun(recording.count, 'call')} in {one_line(str(path), 200)}, without "
        "the secrets that are known. cmdm explore opens it."
    )
    if not is_sandbox_profile(profile):
        session.streams.write_note(describe_people(people))


def _list_call(call: CallEntry) -> tuple[str | int | None, ...]:
    sent = None if call.started is None else datetime.fromtimestamp(call.started, UTC).astimezone()
    took = None if call.seconds is None else round(call.seconds * 1000)
    notes = "; ".join(filter(None, (*call.notes, call.failure)))
    return (
        int(call.key),
        None if sent is None else f"{sent:%H:%M:%S}",
        call.method,
        call.path,
        call.status,
        took,
        call.size,
        notes or None,
    )


def _log(session: ReplSession) -> CallLog:
    if session.call_log is None:
        raise ReplError("The calls of this session are not kept.")
    return session.call_log


def _read_count(word: str) -> int:
    is_number = word.isascii() and word.isdigit() and len(word) <= 9
    if not is_number or not 0 < int(word) <= _MOST_SHOWN:
        raise ReplError(f"{one_line(word, 40)} is not a number from 1 to {_MOST_SHOWN:,}.")
    return int(word)


def _read_path(word: str) -> Path:
    try:
        return Path(word).expanduser()
    except RuntimeError:
        raise ReplError(f"{one_line(word, 200)} names no home. Check the name.") from None


COMMANDS = (
    BackslashCommand(
        "log",
        (Argument("N", ArgumentKind.NUMBER, is_optional=True),),
        "List the last calls of this session: no call",
        show_calls,
        example="50 -- the last 50 calls: path, status, milliseconds, bytes",
    ),
    BackslashCommand(
        "curl",
        (choice(*_LANGUAGES, is_optional=True),),
        "Write the last call as source code: no call",
        show_snippet,
        example="httpx -- the last call as a Python program",
    ),
    BackslashCommand(
        "record",
        (Argument("FILE", ArgumentKind.FILE), choice(_KEEP_PEOPLE, is_optional=True)),
        "Write this session's calls into a cassette",
        record_calls,
        Touches.FILES,
        example="session.yaml -- then cmdm explore session.yaml shows what they saw",
    ),
)
"""The commands on the calls of a session."""
