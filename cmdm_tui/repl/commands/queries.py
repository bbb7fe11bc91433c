r"""The commands on the last statement and on costs: `\watch`, `\explain`, `\budget`, `\history`."""

from cmdm_tui.repl.commands.command import (
    Argument,
    ArgumentKind,
    BackslashCommand,
    RepeatStatement,
    RunText,
    Touches,
)
from cmdm_tui.repl.errors import ReplError
from cmdm_tui.repl.repeat import read_interval
from cmdm_tui.repl.result_types import InfoTable
from cmdm_tui.repl.session import ReplSession
from cmdm_tui.repl.session_policy import find_session_rule
from cmdm_tui.repl.statements import StatementText
from cmdm_tui.repl.summary import format_moment, reset_time

_MOST_HISTORY = 25


async def watch_statement(session: ReplSession, arguments: tuple[str, ...]) -> RepeatStatement:
    """Run the last statement again and again."""
    return RepeatStatement(read_interval(arguments[0] if arguments else ""), _last(session))


async def explain_statement(session: ReplSession, arguments: tuple[str, ...]) -> RunText:
    """Show what a statement would cost, the last one where none is given."""
    sql = arguments[0] if arguments else _last(session).text
    return RunText(f"EXPLAIN {sql}", r"\explain")


async def show_budget(session: ReplSession, _: tuple[str, ...]) -> None:
    """Show how many calls there are and how many may be made."""
    account, settings = session.account, session.settings
    rule = find_session_rule(account.profile, settings)
    unasked = settings.calls_without_asking
    known = account.known_quota
    reset = reset_time(known.quota, known.clock_offset)
    rows = (
        ("calls this hour", known.quota.limit),
        ("left", known.quota.remaining),
        ("reset", None if reset is None else format_moment(reset)),
        ("kept for you (floor)", account.profile.floor),
        ("made in this session", account.client.sent_count),
        ("made by a query without asking", unasked if settings.confirms else None),
        (
            "made by a change without asking",
            {"always": 0, "destructive": unasked, "never": None}[rule],
        ),
        ("a query stops after", settings.max_calls or "no number"),
    )
    await session.show(InfoTable(("Budget", "Calls"), rows))


async def show_history(session: ReplSession, arguments: tuple[str, ...]) -> None:
    """Show what was typed last, or what of it holds a text."""
    wanted = arguments[0].casefold() if arguments else ""
    found = [text for text in session.list_history() if wanted in text.casefold()]
    if not found:
        session.streams.write_note("The history has none of these." if wanted else "It is empty.")
        return
    rows = tuple((text,) for text in reversed(found[:_MOST_HISTORY]))
    await session.show(InfoTable(("Statement",), rows))
    if len(found) > len(rows):
        session.streams.write_note(f"The last {len(rows)} of {len(found):,}.")


def _last(session: ReplSession) -> StatementText:
    if session.last_unit is None:
        raise ReplError("There is no statement yet. Run one first: SELECT … ;")
    return session.last_unit


COMMANDS = (
    BackslashCommand(
        "watch",
        (Argument("SECONDS", ArgumentKind.NUMBER, is_optional=True),),
        "Run the last statement again and again, to Ctrl-C",
        watch_statement,
        Touches.CALLS,
        runs_statements=True,
        example="5 -- every 5 seconds; it stops at an error and at the floor of calls",
    ),
    BackslashCommand(
        "explain",
        (Argument("SQL", ArgumentKind.SQL, is_optional=True),),
        "Show the plan and cost of SQL, or of the last statement",
        explain_statement,
        Touches.CALLS,
        runs_statements=True,
        example="SELECT max(Score) FROM lead -- how many calls it would take",
    ),
    BackslashCommand("budget", (), "Show calls left, kept, made and allowed: no call", show_budget),
    BackslashCommand(
        "history",
        (Argument("TEXT", ArgumentKind.WORD, is_optional=True),),
        "Show what was typed last, or what of it holds a text",
        show_history,
        aliases=("s",),
        example="lead -- the last statements with lead in them",
    ),
)
"""The commands on the last statement and on costs."""
