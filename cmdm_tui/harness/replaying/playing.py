"""Plays a case back from its cassette: the calls as recorded, the answers as expected."""

from pathlib import Path

from cmdm_tui.harness.canonical import ADDRESS, TOKEN
from cmdm_tui.harness.cases.format import Case
from cmdm_tui.harness.cases.running import Played, run
from cmdm_tui.harness.replaying.transport import IndexedTransport
from cmdm_tui.harness.sending import Sender
from cmdm_tui.harness.target import MARK

VALUES = {
    "client_id": "recorded-client-id",
    "client_secret": "recorded-client-secret",
    "username": "recorded-username",
    "password": "recorded-password",
    "token": TOKEN,
    "mark": MARK,
}
"""What stands for the values of a sign-in when nobody is asked."""


def replay(case: Case, cassette: Path) -> list[str]:
    """Play the case back by the index and return what is not as recorded or expected.

    Raises OSError or NotCanonical for a cassette that cannot be read.
    """
    transport = IndexedTransport.of(cassette)
    with Sender(ADDRESS, transport=transport) as send:
        played = run(case, send, VALUES, unspoken={})
    return _problems(played, transport.left)


def replay_by_vcr(case: Case, cassette: Path) -> list[str]:
    """Play the case back by vcrpy, as any program that uses it would, and return the same."""
    from cmdm_tui.harness.cassettes import NotRecorded, Tape, replaying

    tape = Tape()
    try:
        with replaying(cassette, tape=tape), Sender(ADDRESS, announce=tape.announce) as send:
            return _problems(run(case, send, VALUES, unspoken={}), 0)
    except (AssertionError, NotRecorded) as error:
        return [str(error).splitlines()[0]]


def _problems(played: list[Played], left: int) -> list[str]:
    found = [
        f"Step {number}: {problem}"
        for number, one in enumerate(played, 1)
        for problem in one.problems
    ]
    if left and not found:
        found.append(f"{left} recorded interactions were not asked for.")
    return found
