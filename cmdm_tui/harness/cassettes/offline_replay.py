"""Replays a case from its cassette: calls must be as recorded, answers as expected."""

from pathlib import Path

from cmdm_tui.harness.cases.format import Case
from cmdm_tui.harness.cases.step_runner import PlayedStep, run_steps
from cmdm_tui.harness.cassettes.format import ADDRESS, RECORDED_TOKEN
from cmdm_tui.harness.cassettes.transport import IndexedTransport
from cmdm_tui.harness.http.senders import HttpxSender
from cmdm_tui.harness.service import CASE_MARK

RECORDED_VALUES = {
    "client_id": "recorded-client-id",
    "client_secret": "recorded-client-secret",
    "username": "recorded-username",
    "password": "recorded-password",
    "token": RECORDED_TOKEN,
    "mark": CASE_MARK,
}
"""The values of a sign-in in a replay, which asks no service."""


def replay_case(case: Case, cassette: Path) -> list[str]:
    """Replay the case by the index and return what is not as recorded or expected.

    Raises OSError or CassetteUnreadable for a cassette that cannot be read.
    """
    transport = IndexedTransport.of(cassette)
    with HttpxSender(ADDRESS, transport=transport) as send:
        played = run_steps(case, send, RECORDED_VALUES, secrets={})
    return _list_problems(played, transport.left)


def replay_case_with_vcrpy(case: Case, cassette: Path) -> list[str]:
    """Replay the case by vcrpy, as any program that uses it would, and return the same."""
    from cmdm_tui.harness.cassettes.recorder import NotRecorded, RecordingSession, replay_with_vcrpy

    session = RecordingSession()
    try:
        with (
            replay_with_vcrpy(cassette, session=session),
            HttpxSender(ADDRESS, listener=session.note_request) as send,
        ):
            return _list_problems(run_steps(case, send, RECORDED_VALUES, secrets={}), 0)
    except (AssertionError, NotRecorded) as error:
        return [str(error).splitlines()[0]]


def _list_problems(played: list[PlayedStep], left: int) -> list[str]:
    found = [
        f"Step {number}: {problem}"
        for number, one in enumerate(played, 1)
        for problem in (*one.problems, *filter(None, (one.skipped,)))
    ]
    if left and not found:
        found.append(f"{left} recorded interactions were not used.")
    return found
