"""Records the calls in a HAR file, as if they were made now."""

from pathlib import Path

from cmdm_tui.config.bounded_files import LARGEST_INPUT, read_bounded
from cmdm_tui.harness.cassettes.har import HarCall, HarUnreadable, parse_har
from cmdm_tui.harness.cassettes.people import describe_people
from cmdm_tui.harness.errors import HarnessError
from cmdm_tui.harness.recording.observed_call import ObservedCall
from cmdm_tui.harness.recording.recorder import MOST_REASONS, RecordingSummary
from cmdm_tui.harness.recording.session import SessionFiles, describe_taken_out
from cmdm_tui.redaction.people.person_redactor import PersonRedactor
from cmdm_tui.text import one_line


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
    if not calls:
        where = "below a path such as /api/v1" if origin is None else f"to {one_line(origin, 100)}"
        raise HarFailed(f"{shown} holds no answered call {where}. Name another file.")
    return calls, skipped


def observe_har_call(call: HarCall) -> ObservedCall | None:
    """Return a call of a HAR file as one that was seen; None where its body was not saved.

    Whatever version its address has, it is one at `/api/v1`.
    """
    if call.body is None:
        return None
    return ObservedCall(
        call.method,
        "/api/v1" + call.target.removeprefix(call.base),
        call.request_headers,
        call.request_body,
        call.status,
        call.reason,
        call.headers,
        call.body,
    )


def record_har_file(
    path: Path,
    into: Path,
    name: str,
    origin: str | None = None,
    people: PersonRedactor | None = None,
) -> tuple[RecordingSummary, int]:
    """Record the calls in a HAR file as `name` below `into`, in place of what was recorded there.

    `people` replaces the people in it. Return what is recorded, and how many entries are no call of
    the API. Raises HarFailed, and ConfigurationError where the files cannot be written.
    """
    calls, skipped = read_har_calls(path, origin)
    files = SessionFiles(into, name, target=calls[0].origin, people=people)
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
    summary = RecordingSummary(
        files.recorded, left_out_count, tuple(left_out[:MOST_REASONS]), cassettes, people=told
    )
    return summary, skipped
