r"""Runs a statement again and again, as `\watch` asks: to Ctrl-C, an error, or the floor."""

import math
from asyncio import sleep
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from cmdm_tui.repl.errors import ReplError
from cmdm_tui.repl.outcome import StatementEffect, StatementOutcome, StatementStatus
from cmdm_tui.repl.session import ReplSession
from cmdm_tui.text import one_line

DEFAULT_INTERVAL = 2.0
_LONGEST_INTERVAL = 86_400.0


def read_interval(word: str) -> float:
    """Return the seconds that a word says, 2 where it is empty. Raises ReplError."""
    if not word:
        return DEFAULT_INTERVAL
    try:
        seconds = float(word)
    except ValueError:
        seconds = math.nan
    if not 0 < seconds <= _LONGEST_INTERVAL:
        shown = one_line(word, 40)
        raise ReplError(f"{shown} is not a number of seconds. Give one, as in \\watch 5.")
    return seconds


def check_repeatable(effect: StatementEffect, statement: str) -> None:
    """Raise ReplError for a statement that may change records: nothing repeats a change."""
    if effect is StatementEffect.WRITES:
        shown = one_line(" ".join(statement.split()), 80)
        raise ReplError(f"This may change records, so it is not watched: {shown}")


async def repeat_statement(
    session: ReplSession, seconds: float, run: Callable[[], Awaitable[StatementOutcome]]
) -> StatementOutcome:
    """Run a statement, wait and run it again, until one fails, or calls left are at the floor.

    Return how it ended the last time. Cancelled, it raises CancelledError. No pager is used, which
    would have to be left each time.
    """
    uses_pager, session.settings.uses_pager = session.settings.uses_pager, False
    try:
        return await _repeat(session, seconds, run)
    finally:
        session.settings.uses_pager = uses_pager


async def _repeat(
    session: ReplSession, seconds: float, run: Callable[[], Awaitable[StatementOutcome]]
) -> StatementOutcome:
    floor = session.account.profile.floor
    while True:
        now = datetime.now(UTC).astimezone()
        session.streams.write_note(f"Every {seconds:g} s, now {now:%H:%M:%S}. Ctrl-C ends it.")
        outcome = await run()
        if outcome.status is not StatementStatus.DONE:
            return outcome
        left = session.account.known_quota.quota.remaining
        if left is not None and left - outcome.calls < floor:
            session.streams.write_note(
                f"Stopped: {left:,} calls are left this hour, and {floor:,} are kept for you."
            )
            return outcome
        await sleep(seconds)
