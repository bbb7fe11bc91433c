"""What is said of a statement while it is typed: its plan and calls, or what is wrong with it."""

from dataclasses import dataclass

from cmdm_tui.catalog import Account
from cmdm_tui.changes.errors import ChangeError
from cmdm_tui.changes.from_sql import prepare_sql_change
from cmdm_tui.formats.value_text import format_counted
from cmdm_tui.query.engine import Engine, PlannedQuery
from cmdm_tui.query.errors import BudgetReached, QueryError, SqlError
from cmdm_tui.query.parsing.error_places import move_error
from cmdm_tui.query.parsing.statement_forms import ScriptStatement
from cmdm_tui.query.parsing.write_parts import CallStatement
from cmdm_tui.query.parsing.write_statement import (
    ReadStatement,
    WriteStatement,
    list_files,
    read_statements,
)
from cmdm_tui.query.sql_excerpt import excerpt
from cmdm_tui.text import one_line
from cmdm_tui.tui.models.row_source import Tone

NOT_KNOWN = (
    "What it costs is not known yet: its fields, the number of its records or the size of a page "
    "were not asked for. f6 plans it with the calls that it takes; running it plans it too."
)
"""Said where planning would take a call."""


@dataclass(frozen=True, slots=True)
class PlanText:
    """What is said of a statement: one line, then more; all of it safe.

    `line` and `column`, from 1, are the place of a fault in the SQL, None where there is none.
    """

    summary: str
    details: tuple[str, ...] = ()
    tone: Tone = Tone.NORMAL
    line: int | None = None
    column: int | None = None


EMPTY = PlanText("Type SQL: what it costs is shown here before it runs.", tone=Tone.DIM)


async def plan_statement(
    script: ScriptStatement | None, account: Account, engine: Engine, *, makes_calls: bool = False
) -> PlanText:
    """Return what is to be said of a statement; without `makes_calls` it makes none.

    Raises ApiError where a call fails.
    """
    if script is None:
        return EMPTY
    try:
        (statement,) = read_statements(script.padded, allows_files=True)
        if not makes_calls and list_files(statement):
            return PlanText("It names local files, which are read when it runs.", tone=Tone.DIM)
        if isinstance(statement, ReadStatement):
            most = None if makes_calls else 0
            return describe_plan(await engine.prepare(script.padded, max_calls=most))
        return await _plan_change(statement, account, engine, makes_calls=makes_calls)
    except BudgetReached:
        return PlanText(NOT_KNOWN, tone=Tone.DIM)
    except (QueryError, ChangeError) as error:
        return describe_fault(error, script.padded)


def describe_plan(planned: PlannedQuery, *, verb: str = "") -> PlanText:
    """Return a plan: its class, its calls and the quota on one line, then as EXPLAIN prints it."""
    plan, quota = planned.plan, planned.known_quota
    likely = f", likely {plan.likely:,}" if plan.likely < plan.cost.high else ""
    calls = f"{plan.cost} {'call' if plan.cost.high == 1 else 'calls'}{likely}"
    if not plan.cost.high:
        calls = "no call"
    if quota.remaining is None:
        left = "" if not plan.cost.high else "calls left not known"
    else:
        left = f"{'at most ' if quota.seen else ''}{format_counted(quota.remaining, 'call')} left"
    verdict = {"exceeds": "more than are left", "may exceed": "may be more than are left"}.get(
        planned.verdict, ""
    )
    tone = Tone.ERROR if planned.verdict == "exceeds" else Tone.NORMAL
    if planned.verdict == "may exceed":
        tone = Tone.WARNING
    parts = (verb, plan.plan_class.value, calls, left, verdict)
    summary = " · ".join(part for part in parts if part)
    return PlanText(summary, tuple(planned.explain_text().splitlines()), tone)


def describe_fault(error: Exception, sql: str) -> PlanText:
    """Return an error in SQL: its sentence, and below it the place, with a caret."""
    line = error.line if isinstance(error, SqlError) else None
    column = error.column if isinstance(error, SqlError) else None
    words = one_line(" ".join(str(error).split()))
    return PlanText(words, excerpt(sql, line, column), Tone.ERROR, line, column)


async def _plan_change(
    statement: WriteStatement, account: Account, engine: Engine, *, makes_calls: bool
) -> PlanText:
    word = statement.script.sql.split(maxsplit=1)[0].upper()
    verb = f"{one_line(word, 20)} changes records"
    if account.profile.read_only:
        return PlanText(f"{verb}, and this profile is read-only.", tone=Tone.ERROR)
    if not makes_calls and not _knows_fields(statement, account):
        return PlanText(f"{verb}. {NOT_KNOWN}", tone=Tone.DIM)
    change = await prepare_sql_change(statement, account)
    asked = "They are shown and asked for before any is sent."
    if change.read_sql is None:
        return PlanText(f"{verb} · reads none first", (asked,))
    try:
        most = None if makes_calls else 0
        planned = await engine.prepare(change.read_sql, max_calls=most)
    except SqlError as error:
        # Its place is one in the query, and not in the statement.
        raise move_error(error, change.read_sql, statement.script.padded) from error.__cause__
    except BudgetReached:
        return PlanText(f"{verb}. {NOT_KNOWN}", tone=Tone.DIM)
    plan = describe_plan(planned, verb=f"{verb} · reads first")
    return PlanText(plan.summary, (asked, *plan.details), plan.tone)


def _knows_fields(statement: WriteStatement, account: Account) -> bool:
    if isinstance(statement, CallStatement):
        name = statement.procedure.entity
    else:
        name = statement.target.entity.name
    return bool(account.catalog.cached_fields(name))
