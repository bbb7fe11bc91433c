"""The calls of a cassette file as a log, to be looked at like those of a run."""

from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from cmdm_tui.operations.call_entry import CallDetails, CallEntry, CallState, LoggedBody
from cmdm_tui.operations.call_log import CallLog
from cmdm_tui.text import one_line

_API_PATH_PARTS = 2


class CallFileUnreadable(Exception):
    """A file of calls cannot be shown; the message is one safe sentence."""


def read_cassette_calls(path: Path, redact: Callable[[str], str]) -> CallLog:
    """Return the calls of a cassette, in its order and without the secrets that `redact` knows.

    It may take seconds for a large file. Raises CallFileUnreadable where there is none, or where it
    is not a cassette.
    """
    # Late: the explorer seldom needs it.
    from cmdm_tui.harness.cassettes.reader import read_cassette
    from cmdm_tui.harness.errors import HarnessError

    shown = one_line(str(path), 200)
    try:
        answers = read_cassette(path)
        log = CallLog(most_calls=max(len(answers), 1))
        for number, answer in enumerate(answers, 1):
            method, uri, sent = answer.key
            headers = tuple((k.decode("latin-1"), v.decode("latin-1")) for k, v in answer.headers)
            received = answer.body
            call = CallEntry(
                str(number),
                method,
                _find_path(uri),
                CallState.ANSWERED,
                status=answer.status,
                size=len(received),
                times_sent=1,
                is_sign_in=_find_path(uri).strip("/").casefold() == "authenticate",
            )
            details = CallDetails((), LoggedBody(sent), headers, LoggedBody(received))
            log.add_recorded(call, details, redact)
    except HarnessError as error:
        raise CallFileUnreadable(str(error)) from None
    except OSError as error:
        reason = error.strerror or "it cannot be read"
        raise CallFileUnreadable(f"{shown} cannot be read: {reason}. Check its path.") from None
    if not answers:
        raise CallFileUnreadable(f"{shown} holds no calls. Record some, or choose another file.")
    return log


def _find_path(uri: str) -> str:
    """Return what follows the base address, `/api/v1`, of a call's address."""
    try:
        address = urlsplit(uri)
    except ValueError:
        return uri
    path = address.path
    parts = path.split("/", _API_PATH_PARTS + 1)
    if len(parts) > _API_PATH_PARTS + 1 and parts[1] == "api":
        path = f"/{parts[-1]}"
    return f"{path}?{address.query}" if address.query else path
