"""Runs a statement in a session: parse, plan, send its result on, and say how it ended.

What a statement changes is shown and confirmed by the operation that makes the change.
"""

import time
from dataclasses import dataclass, replace
from functools import partial

from cmdm_tui.api import ApiError
from cmdm_tui.changes.errors import ChangeError
from cmdm_tui.config import ConfigurationError
from cmdm_tui.query.errors import QueryError
from cmdm_tui.repl.commands.command import FollowUp, RepeatStatement
from cmdm_tui.repl.destinations import OutputTarget
from cmdm_tui.repl.errors import ReplError
from cmdm_tui.repl.outcome import (
    StatementEffect,
    StatementOutcome,
    StatementStatus,
    StatementYield,
)
from cmdm_tui.repl.plan import CallPlan, SqlPlan, StatementPlan, plan_statement
from cmdm_tui.repl.repeat import read_interval
from cmdm_tui.repl.session import ReplSession
from cmdm_tui.repl.statement_parser import parse
from cmdm_tui.repl.statements import PLAIN_ENDING, CommandStatement, StatementText

STATEMENT_ERRORS = (ApiError, ChangeError, ConfigurationError, ReplError, QueryError)
"""What can be wrong with a statement: each is one safe sentence."""


@dataclass(frozen=True, slots=True)
class Dispatched:
    """A statement that has ended, and what it asks to be run next."""

    outcome: StatementOutcome
    follow_up: FollowUp | None = None


async def dispatch(session: ReplSession, unit: StatementText) -> Dispatched:
    """Run a statement and write its result.

    What is wrong with it is in the outcome. Cancelled, it raises CancelledError.
    """
    started, sent_before = time.monotonic(), session.account.client.sent_count
    effect, given, follow_up, failure = StatementEffect.SESSION, StatementYield(), None, None
    try:
        plan = plan_unit(session, unit)
        effect = plan.effect
        given, follow_up = await execute(session, plan, unit)
    except STATEMENT_ERRORS as error:
        failure = error
    outcome = StatementOutcome(
        effect,
        given.status if failure is None else StatementStatus.FAILED,
        given.rows,
        session.account.client.sent_count - sent_before,
        time.monotonic() - started,
        failure,
    )
    return Dispatched(outcome, follow_up)


def plan_unit(session: ReplSession, unit: StatementText) -> StatementPlan:
    """Return what a statement is to do. Raises one of STATEMENT_ERRORS; nothing was sent then."""
    if unit.missing:
        raise ReplError(
            f"Abandoned, and nothing was sent: the body is not closed, {unit.missing} is missing. "
            "A blank line ends it early."
        )
    statement = parse(unit.text)
    if not isinstance(statement, CommandStatement):
        session.last_unit = unit
    return plan_statement(statement, session.variables)


async def execute(
    session: ReplSession, plan: StatementPlan, unit: StatementText
) -> tuple[StatementYield, FollowUp | None]:
    """Run what was planned; return what it gave, and what is to be run next.

    Raises one of STATEMENT_ERRORS where it cannot be done.
    """
    if unit.ending.interval is not None:
        seconds = read_interval(unit.ending.interval)
        return StatementYield(), RepeatStatement(seconds, replace(unit, ending=PLAIN_ENDING))
    target = OutputTarget(session, unit.ending)
    target.check()
    session.account.client.start_command()
    asked: list[FollowUp] = []
    given = await target.run(partial(_run, session, plan, asked))
    return given, asked[0] if asked else None


async def _run(session: ReplSession, plan: StatementPlan, asked: list[FollowUp]) -> StatementYield:
    """Run what was planned; put into `asked` what is to be run next."""
    if isinstance(plan, SqlPlan):
        return await session.queries.run(plan.statements)
    if isinstance(plan, CallPlan):
        return await session.call(plan.call)
    follow_up = await plan.command.run(session, plan.arguments)
    if follow_up is not None:
        asked.append(follow_up)
    return StatementYield()
