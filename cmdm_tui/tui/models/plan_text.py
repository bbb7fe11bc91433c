"""What is said of a statement while it is typed: its plan and calls, or what is wrong with it."""

from dataclasses import dataclass

from cmdm_tui.catalog import Account
from cmdm_tui.changes.errors import ChangeError
from cmdm_tui.changes.from_sql import prepare_sql_change
from cmdm_tui.query.engine import Engine, PlannedQuery
from cmdm_tui.query.errors import BudgetReached, QueryError, SqlError
from cmdm_tui.query.parsing.error_places import move_error
from cmdm_tui.query.parsing.statement_forms import ScriptStatement
from cmdm_tui.query.parsing.write_parts import CallStatement
from cmdm_tui.query.parsing.write_statement import (
    ReadStatement,
    SqlStatement,
    WriteStatement,
    list_entities,
    list_files,
    read_statements,
)
from cmdm_tui.query.sql_excerpt import excerpt
from cmdm_tui.text import one_line
from cmdm_tui.tui.models.row_source import Tone

HOW_TO_PLAN = "f6 plans it with calls; ctrl+r plans and runs it."
"""What plans a statement of the editor where that takes a call."""

_MOST_ENTITIES = 3
_QUOTA = "quota "
"""How EXPLAIN's line on the calls left begins."""


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
    script: ScriptStatement | None,
    account: Account,
    engine: Engine,
    *,
    makes_calls: bool = False,
    how_to_plan: str = HOW_TO_PLAN,
) -> PlanText:
    """Return what is to be said of a statement; without `makes_calls` it makes none.

    `how_to_plan` is said where planning would take a call. Raises ApiError where a call fails.
    """
    if script is None:
        return EMPTY
    try:
        (statement,) = read_statements(script.padded, allows_files=True)
    except QueryError as error:
        return describe_fault(error, script.padded)
    try:
        if not makes_calls and list_files(statement):
            return PlanText("It names local files, which are read when it runs.", tone=Tone.DIM)
        if isinstance(statement, ReadStatement):
            most = None if makes_calls else 0
            return describe_plan(await engine.prepare(script.padded, max_calls=most))
        return await _plan_change(statement, account, engine, makes_calls=makes_calls)
    except BudgetReached:
        return PlanText(_describe_not_known(statement, account, how_to_plan), tone=Tone.DIM)
    except (QueryError, ChangeError) as error:
        return describe_fault(error, script.padded)


def describe_plan(planned: PlannedQuery, *, verb: str = "") -> PlanText:
    """Return a plan: its class and its calls on one line, then as EXPLAIN prints it.

    How many calls are left is said in the status line alone: here it would soon be out of date.
    """
    plan = planned.plan
    likely = f", likely {plan.likely:,}" if plan.likely < plan.cost.high else ""
    calls = f"{plan.cost} {'call' if plan.cost.high == 1 else 'calls'}{likely}"
    if not plan.cost.high:
        calls = "no call"
    verdict = {"exceeds": "more than are left", "may exceed": "may be more than are left"}.get(
        planned.verdict, ""
    )
    tone = Tone.ERROR if planned.verdict == "exceeds" else Tone.NORMAL
    if planned.verdict == "may exceed":
        tone = Tone.WARNING
    parts = (verb, plan.plan_class.words, calls, verdict)
    summary = " · ".join(part for part in parts if part)
    lines = planned.explain_text().splitlines()
    return PlanText(summary, tuple(one for one in lines if not one.startswith(_QUOTA)), tone)


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
        words = _describe_not_known(statement, account, HOW_TO_PLAN)
        return PlanText(f"{verb}. {words}", tone=Tone.DIM)
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
        words = _describe_not_known(statement, account, HOW_TO_PLAN)
        return PlanText(f"{verb}. {words}", tone=Tone.DIM)
    plan = describe_plan(planned, verb=f"{verb} · reads first")
    return PlanText(plan.summary, (asked, *plan.details), plan.tone)


def _describe_not_known(statement: SqlStatement, account: Account, how_to_plan: str) -> str:
    """Return that planning a statement takes a call, for which entity, and what makes it."""
    catalog = account.catalog
    entities = [catalog.resolve_name(name) for name in list_entities(statement)]
    unread = [name for name in entities if not catalog.cached_fields(name)]
    named = " and ".join(one_line(name, 30) for name in (unread or entities)[:_MOST_ENTITIES])
    if unread:
        why = f"the fields of {named} were not read"
    else:
        why = f"planning it takes a call to {named}" if named else "planning it takes a call"
    return f"Cost not known yet: {why}. {how_to_plan}"


def _knows_fields(statement: WriteStatement, account: Account) -> bool:
    if isinstance(statement, CallStatement):
        name = statement.procedure.entity
    else:
        name = statement.target.entity.name
    return bool(account.catalog.cached_fields(name))
