r"""The commands on the last result: a page further, shown again, continued, narrowed, exported."""

from cmdm_tui.repl.commands.command import (
    Argument,
    ArgumentKind,
    BackslashCommand,
    Touches,
    choice,
)
from cmdm_tui.repl.errors import ReplError
from cmdm_tui.repl.raw_call import PlannedCall, with_page
from cmdm_tui.repl.result_types import AnswerResult, InfoTable
from cmdm_tui.repl.session import ReplSession
from cmdm_tui.repl.statements import RawCall
from cmdm_tui.repl.summary import page_number


async def show_next_page(session: ReplSession, _: tuple[str, ...]) -> None:
    """Get the page after the last one shown."""
    call, number, total = _last_page(session)
    if total is not None and number >= total:
        raise ReplError(f"Page {number:,} of {total:,} was the last; there is no next one.")
    await session.call(RawCall(call.method, with_page(call.path, number + 1)))


async def show_previous_page(session: ReplSession, _: tuple[str, ...]) -> None:
    """Get the page before the last one shown."""
    call, number, _total = _last_page(session)
    if number <= 1:
        raise ReplError("Page 1 was shown; there is none before it.")
    await session.call(RawCall(call.method, with_page(call.path, number - 1)))


async def show_last_result(session: ReplSession, _: tuple[str, ...]) -> None:
    """Show the last result again, in the format that is set now."""
    if session.shows_query:
        await session.queries.show()
    else:
        await session.show(_last_answer(session))


async def resume_query(session: ReplSession, _: tuple[str, ...]) -> None:
    """Go on with the last query's result where its number of calls ended it."""
    await session.queries.resume()


async def sort_result(session: ReplSession, arguments: tuple[str, ...]) -> None:
    """Show the last query's result in another order; without a column, in that of the query."""
    column = arguments[0] if arguments else None
    await session.queries.view.sort(column, descending=arguments[1:] == ("desc",))
    await session.queries.show()


async def filter_result(session: ReplSession, arguments: tuple[str, ...]) -> None:
    """Show the rows of the last query's result that meet a condition; without one, all rows."""
    view, condition = session.queries.view, session.variables.expand_sql("".join(arguments))
    await view.filter(condition, session.variables.select_for(condition))
    await session.queries.show()


async def choose_columns(session: ReplSession, arguments: tuple[str, ...]) -> None:
    """Show some columns of the last query's result; without a name, all of them."""
    await session.queries.view.choose_columns(arguments)
    await session.queries.show()


async def export_result(session: ReplSession, arguments: tuple[str, ...]) -> None:
    """Write the last query's result to a file."""
    session.queries.export(arguments[0])


async def show_headers(session: ReplSession, _: tuple[str, ...]) -> None:
    """Show the status and headers of the last answer."""
    response = _last_answer(session).response
    rows = (("status", str(response.status)), *response.headers.items())
    await session.show(InfoTable(("Header", "Value"), rows))


def _last_answer(session: ReplSession) -> AnswerResult:
    if session.last_result is None:
        raise ReplError("There is no result yet. Make a call first, as in GET lead/ABC1D2E3.")
    return session.last_result


def _last_page(session: ReplSession) -> tuple[PlannedCall, int, int | None]:
    if session.last_list is not None:
        call, result = session.last_list
        number = page_number(call.path)
        if number is not None:
            return call, number, result.page.total_pages
    raise ReplError(
        "No page was asked for last. Ask for one first, as in GET lead?per_page=20&page=1."
    )


COMMANDS = (
    BackslashCommand(
        "next",
        (),
        "Get the next page of the last list: one call",
        show_next_page,
        Touches.CALLS,
    ),
    BackslashCommand(
        "prev", (), "Get the page before it: one call", show_previous_page, Touches.CALLS
    ),
    BackslashCommand(
        "last", (), "Show the last result again, as set now: no call", show_last_result
    ),
    BackslashCommand(
        "headers",
        (),
        "Show the last good answer's status and headers: no call",
        show_headers,
    ),
    BackslashCommand(
        "more",
        (),
        "Continue the last query that \\calls or Ctrl-C stopped",
        resume_query,
        Touches.CALLS,
    ),
    BackslashCommand(
        "sort",
        (
            Argument("COLUMN", ArgumentKind.COLUMN, is_optional=True),
            choice("asc", "desc", is_optional=True),
        ),
        "Sort the last query's result: no call",
        sort_result,
        example="City desc -- the last result by city, Z first; \\sort alone unsorts it",
    ),
    BackslashCommand(
        "where",
        (Argument("CONDITION", ArgumentKind.CONDITION, is_optional=True),),
        "Narrow the last query's result to a condition: no call",
        filter_result,
        example="Score > 50 AND City = 'Hull' -- those rows; \\where alone shows all again",
    ),
    BackslashCommand(
        "columns",
        (Argument("NAME", ArgumentKind.COLUMN, is_optional=True, is_repeated=True, can_hide=True),),
        "Show these columns of it, or hide -NAME: no call",
        choose_columns,
        example="City Score -- these two; \\columns -Notes hides one, \\columns alone none",
    ),
    BackslashCommand(
        "export",
        (Argument("FILE", ArgumentKind.FILE),),
        "Write the last query's result: .csv, .json, …",
        export_result,
        Touches.FILES,
        example="leads.xlsx -- the last result as a spreadsheet",
    ),
)
"""The commands on the last result."""
