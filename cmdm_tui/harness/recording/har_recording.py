"""Records the calls in a HAR file, as if they were made now."""

from collections.abc import Iterable
from pathlib import Path

from cmdm_tui.config.bounded_files import LARGEST_INPUT, read_bounded
from cmdm_tui.harness.cassettes.har import HarCall, HarUnreadable, parse_har
from cmdm_tui.harness.cassettes.library import LIVE
from cmdm_tui.harness.cassettes.people import describe_people, is_known_sandbox
from cmdm_tui.harness.errors import HarnessError
from cmdm_tui.harness.exchange import API_PATH
from cmdm_tui.harness.recording.observed_call import ObservedCall
from cmdm_tui.harness.recording.recorder import MOST_REASONS, RecordingSummary
from cmdm_tui.harness.recording.session import SessionFiles, describe_taken_out
from cmdm_tui.harness.recording.session_secrets import is_sign_in_path
from cmdm_tui.redaction.people.person_redactor import PersonRedactor
from cmdm_tui.text import one_line

_MOST_NAMED = 5


class HarFailed(HarnessError):
    """A HAR file cannot be recorded; the message is one sentence that names it."""


def read_har_calls(path: Path, origin: str | None = None) -> tuple[list[HarCall], int]:
    """Return the calls of the API in a HAR file, and how many others there are.

    With an `origin` (`https://host`), the calls of other servers count as others. Raises HarFailed.
    """
    shown = one_line(str(path), 300)
    try:
        found = parse_har(read_bounded(path, LARGEST_INPUT).decode("utf-8"))
    except OSError as error:
        raise HarFailed(f"{shown} cannot be read: {error.strerror}. Check its path.") from None
    except UnicodeDecodeError as error:
        message = f"{shown} is not UTF-8 (byte {error.start}). Save it again as HAR."
        raise HarFailed(message) from None
    except HarUnreadable as error:
        raise HarFailed(f"{shown} cannot be read as a HAR file: {error}. Save it again.") from None
    calls = [one for one in found.calls if origin is None or one.origin == origin]
    skipped = found.skipped + len(found.calls) - len(calls)
    if not calls and found.calls and origin is not None:
        held = ", ".join(one_line(one, 100) for one in list_origins(found.calls)[:_MOST_NAMED])
        message = f"{shown} holds no answered call to {one_line(origin, 100)}, but calls to {held}."
        raise HarFailed(f"{message} Name one of these with --target.")
    if not calls:
        where = "below a path such as /api/v1"
        raise HarFailed(f"{shown} holds no answered call {where}. Name another file.")
    return calls, skipped


def list_origins(calls: Iterable[HarCall]) -> list[str]:
    """Return the services that are called (`https://host`), in the order of their first calls."""
    return list(dict.fromkeys(one.origin for one in calls))


def are_of_known_sandbox(calls: Iterable[HarCall]) -> bool:
    """Return whether all calls are those of a sandbox, by the sign-ins among them."""
    signed_in: dict[str, bool] = {}
    for call in calls:
        signed_in.setdefault(call.origin, False)
        if is_sign_in_path(call.target.partition("?")[0]):
            given = dict(call.request_headers)
            client_id, username = given.get("client_id", ""), given.get("username", "")
            signed_in[call.origin] = is_known_sandbox(call.origin, client_id, username)
    return bool(signed_in) and all(signed_in.values())


def observe_har_call(call: HarCall) -> ObservedCall | None:
    """Return a call of a HAR file as one that was seen; None where its body was not saved.

    Whatever version its address has, it is one at `/api/v1`.
    """
    if call.body is None:
        return None
    return ObservedCall(
        call.method,
        API_PATH + call.target.removeprefix(call.base),
        call.request_headers,
        call.request_body,
        call.status,
        call.reason,
        call.headers,
        call.body,
    )


def record_har_file(
    calls: list[HarCall],
    into: Path,
    name: str,
    kind: str = LIVE,
    people: PersonRedactor | None = None,
) -> RecordingSummary:
    """Record calls of a HAR file as `name` below `into`, in place of what was recorded there.

    They go to the folder of `kind`. `people` replaces the people in them. Raises ConfigurationError
    where the files cannot be written.
    """
    target = " and ".join(list_origins(calls))
    files = SessionFiles(into, name, kind, target=target, people=people)
    left_out: list[str] = []
    observed = [observe_har_call(one) for one in calls]
    for call in filter(None, observed):
        files.secrets.learn(call)
    for number, call in enumerate(observed, 1):
        reason = "the file does not have its body" if call is None else files.add(call)
        if reason:
            left_out.append(f"Call {number} of the file is not recorded: {reason}.")
    files.finish()
    files.remove_earlier()
    left_out_count = len(left_out) + files.taken_out
    if files.taken_out:
        left_out.insert(0, describe_taken_out(files.taken_out))
    cassettes = tuple(map(str, files.cassettes))
    told = "" if people is None else describe_people(people)
    return RecordingSummary(
        files.recorded, left_out_count, tuple(left_out[:MOST_REASONS]), cassettes, people=told
    )
