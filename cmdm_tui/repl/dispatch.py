"""Runs a statement in a session: parse, plan, send its result on, and say how it ended.

What a statement changes is shown and confirmed by the operation that makes the change.
"""

import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial

from msgspec import Struct

from cmdm_tui.api import ApiError, NotFound, StatusError
from cmdm_tui.changes.errors import ChangeError
from cmdm_tui.config import ConfigurationError
from cmdm_tui.operations.entity_advice import advise_entity
from cmdm_tui.query.errors import QueryError, SqlError
from cmdm_tui.repl.commands.command import FollowUp, RepeatStatement
from cmdm_tui.repl.destinations import OutputTarget
from cmdm_tui.repl.errors import ReplError
from cmdm_tui.repl.outcome import (
    StatementEffect,
    StatementOutcome,
    StatementStatus,
    StatementYield,
)
from cmdm_tui.repl.plan import CallPlan, CommandPlan, SqlPlan, StatementPlan, plan_statement
from cmdm_tui.repl.repeat import read_interval
from cmdm_tui.repl.session import ReplSession
from cmdm_tui.repl.statement_parser import parse
from cmdm_tui.repl.statements import PLAIN_ENDING, CommandStatement, StatementText

STATEMENT_ERRORS = (ApiError, ChangeError, ConfigurationError, ReplError, QueryError)
"""What can be wrong with a statement: each is one safe sentence."""


NotePlan = Callable[[StatementPlan], None]
_SERVER_ERRORS = 500


def ignore_plan(_: StatementPlan) -> None:
    """Do nothing with a plan."""


class Dispatched(Struct, frozen=True):
    """A statement that has ended, and what it asks to be run next."""

    outcome: StatementOutcome
    follow_up: FollowUp | None = None


async def dispatch(
    session: ReplSession, unit: StatementText, note_plan: NotePlan = ignore_plan
) -> Dispatched:
    """Run a statement and write its result; `note_plan` gets its plan before anything is sent.

    What is wrong with it is in the outcome. Cancelled, it raises CancelledError.
    """
    started, sent_before = time.monotonic(), session.account.client.sent_count
    session.begin_statement()
    effect, given, follow_up, failure = StatementEffect.SESSION, StatementYield(), None, None
    try:
        plan = plan_unit(session, unit)
        effect = plan.effect
        note_plan(plan)
        given, follow_up = await execute(session, plan, unit)
    except STATEMENT_ERRORS as error:
        is_missing = isinstance(error, NotFound)
        failure = advise_entity(error, session.account.catalog) if is_missing else error
    outcome = StatementOutcome(
        effect,
        given.status if failure is None else StatementStatus.FAILED,
        given.rows,
        session.account.client.sent_count - sent_before,
        time.monotonic() - started,
        failure,
        failure is not None and _may_have_changed(session, effect, failure),
    )
    return Dispatched(outcome, follow_up)


def _may_have_changed(session: ReplSession, effect: StatementEffect, error: Exception) -> bool:
    """Return whether a statement that failed may have changed records nevertheless."""
    if effect is not StatementEffect.WRITES:
        return False
    if session.may_have_changed:
        return True
    if not isinstance(error, ApiError):
        return False
    is_refused = isinstance(error, StatusError) and (error.status or 0) < _SERVER_ERRORS
    return (
        error.was_sent and error.call is not None and error.call.method != "GET" and not is_refused
    )


def plan_unit(session: ReplSession, unit: StatementText) -> StatementPlan:
    """Return what a statement is to do. Raises one of STATEMENT_ERRORS; nothing was sent then."""
    if unit.missing:
        raise ReplError(
            f"Abandoned, and nothing was sent: the body is not closed, {unit.missing} is missing. "
            "A blank line ends it early."
        )
    statement = parse(unit.text)
    if unit.ending.is_edited:
        statement = CommandStatement("e", (unit.text,))
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
    is_outer = isinstance(plan, CommandPlan) and plan.runs_statements
    # What the statements write that it runs is sent on by whoever runs them.
    target = OutputTarget(session, PLAIN_ENDING if is_outer else unit.ending)
    target.check()
    asked: list[FollowUp] = []
    given = await target.run(partial(_run, session, plan, unit, asked))
    return given, asked[0] if asked else None


async def _run(
    session: ReplSession, plan: StatementPlan, unit: StatementText, asked: list[FollowUp]
) -> StatementYield:
    """Run what was planned; put into `asked` what is to be run next."""
    if isinstance(plan, SqlPlan):
        return await session.queries.run(plan.statements)
    if isinstance(plan, CallPlan):
        return await session.call(plan.call)
    try:
        follow_up = await plan.command.run(session, plan.arguments)
    except SqlError as error:
        raise _place_in_line(error, plan, unit) from error.__cause__
    if follow_up is not None:
        asked.append(follow_up)
    return StatementYield()


def _place_in_line(error: SqlError, plan: CommandPlan, unit: StatementText) -> SqlError:
    """Return an error in the SQL that a command takes with its place in the command's line."""
    start = unit.text.rfind(plan.arguments[-1]) if plan.arguments else -1
    if start < 0 or error.line != 1 or error.column is None:
        return error.at(None, None)
    return error.at(1, error.column + start)
