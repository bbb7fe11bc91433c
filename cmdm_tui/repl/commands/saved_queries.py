r"""The commands on saved queries: `\n` lists and runs them, `\ns` saves, `\nd` deletes."""

import re

from cmdm_tui.operations.saved_queries import (
    SavedQueries,
    SavedQuery,
    UnknownSavedQuery,
    load_sql,
)
from cmdm_tui.query.parsing.beginnings import is_sql
from cmdm_tui.repl.commands.command import (
    Argument,
    ArgumentKind,
    BackslashCommand,
    RunText,
    Touches,
)
from cmdm_tui.repl.errors import ReplError
from cmdm_tui.repl.result_types import InfoTable
from cmdm_tui.repl.session import ReplSession
from cmdm_tui.repl.variables import is_parameter
from cmdm_tui.text import one_line

_ASSIGNMENT = re.compile(r"([^\W\d]\w*)=(.*)", re.DOTALL)
_LONGEST_TEXT = 100
_NONE_SAVED = r"No query is saved yet. \ns NAME saves the last statement."


async def run_saved_query(session: ReplSession, arguments: tuple[str, ...]) -> RunText | None:
    """Run a saved query with the values given, or list all of them."""
    queries = _saved_queries(session)
    if not arguments:
        await _list_queries(session, queries)
        return None
    saved = _require(queries, arguments[0])
    sql = load_sql(saved.path)
    given = _read_values(arguments[1:])
    wanted = _parameters_of(sql)
    for name in wanted:
        if not is_parameter(name):
            raise ReplError(
                f"{saved.name} has ${one_line(name, 40)}, which can have no value. "
                "Write a name or a number for each: $city, or $1."
            )
    for name in given:
        if name not in wanted:
            has = ", ".join(f"${one}" for one in sorted(wanted)) or "none"
            hint = f" Within quotes, ${name} is text: leave them out." if f"${name}" in sql else ""
            shown = one_line(name, 40)
            raise ReplError(f"{saved.name} has no parameter ${shown}; it has {has}.{hint}")
    missing = [name for name in sorted(wanted) if name not in given and not session.has_value(name)]
    if missing:
        raise ReplError(
            f"{saved.name} needs {', '.join(f'${name}' for name in missing)}. Give "
            f"{'a value' if missing[0].isdigit() else f'{missing[0]}=VALUE'} behind its name."
        )
    session.streams.write_note(one_line(" ".join(sql.split()), 200))
    return RunText(sql, saved.name, tuple(given.items()))


async def save_query(session: ReplSession, arguments: tuple[str, ...]) -> None:
    """Keep SQL under a name: that which follows, or the last statement."""
    queries = _saved_queries(session)
    name, *rest = arguments
    last = session.last_unit
    if not rest and last is None:
        raise ReplError("There is no statement yet to save. Write it behind the name.")
    sql = rest[0] if rest or last is None else f"{last.text};"
    if not is_sql(sql):
        raise ReplError(
            f"{one_line(sql, 60)} is not SQL, so it was not saved. Write a statement behind the "
            f"name: \\ns {one_line(name, 40)} SELECT …;"
        )
    before = queries.find(name)
    saved = queries.save(name, sql)
    how = "" if before is None else ", in place of what it was"
    session.streams.write_note(f"Saved {saved.name}{how}. \\n {saved.name} runs it.")


async def delete_query(session: ReplSession, arguments: tuple[str, ...]) -> None:
    """Delete a saved query. Raises ReplError where there is none of this name."""
    queries = _saved_queries(session)
    saved = _require(queries, arguments[0])
    queries.delete(saved.name)
    session.streams.write_note(f"Deleted the saved query {saved.name}.")


def _saved_queries(session: ReplSession) -> SavedQueries:
    return SavedQueries(session.paths.saved_queries)


def _require(queries: SavedQueries, name: str) -> SavedQuery:
    """Return the query of a name. Raises ReplError, which says what there is, for no query's."""
    try:
        return queries.require(name)
    except UnknownSavedQuery as error:
        others = r"\n lists those there are." if queries.list() else _NONE_SAVED
        raise ReplError(f"{error}" if error.suggestions else f"{error} {others}") from None


async def _list_queries(session: ReplSession, queries: SavedQueries) -> None:
    rows: list[tuple[str, str, str]] = []
    for saved in queries.list():
        sql = load_sql(saved.path)
        names = " ".join(f"${name}" for name in sorted(_parameters_of(sql)))
        rows.append((saved.name, names, one_line(" ".join(sql.split()), _LONGEST_TEXT)))
    if rows:
        await session.show(InfoTable(("Name", "Parameters", "SQL"), tuple(rows)))
    else:
        session.streams.write_note(_NONE_SAVED)


def _parameters_of(sql: str) -> frozenset[str]:
    # sqlglot is heavy, and a session may never run a saved query.
    from cmdm_tui.query.parsing.statement_forms import split_script

    return frozenset(name for one in split_script(sql) for name in one.parameters)


def _read_values(words: tuple[str, ...]) -> dict[str, str]:
    """Return the values by name: `NAME=VALUE` has its own, any other word is `$1`, `$2`, ….

    Raises ReplError for one that is given twice.
    """
    given: dict[str, str] = {}
    for word in words:
        found = _ASSIGNMENT.fullmatch(word)
        is_positional = found is None
        count = sum(name.isdigit() for name in given)
        name, value = (str(count + 1), word) if found is None else (found[1], found[2])
        if not is_positional and name in given:
            raise ReplError(f"{one_line(name, 40)} is given twice. Give it once.")
        given[name] = value
    return given


COMMANDS = (
    BackslashCommand(
        "n",
        (
            Argument("NAME", ArgumentKind.QUERY, is_optional=True),
            Argument("VALUE|NAME=VALUE", ArgumentKind.WORD, is_optional=True, is_repeated=True),
        ),
        "List the saved queries, or run one",
        run_saved_query,
        Touches.CALLS | Touches.WRITES,
        aliases=("f",),
        runs_statements=True,
        example="by_city city=Hull -- the query by_city, with $city as Hull",
    ),
    BackslashCommand(
        "ns",
        (
            Argument("NAME", ArgumentKind.QUERY),
            Argument("SQL", ArgumentKind.SQL, is_optional=True),
        ),
        "Save SQL, or the last statement, under a name",
        save_query,
        Touches.FILES,
        aliases=("fs",),
        example="by_city SELECT * FROM lead WHERE City = $city -- for \\n by_city",
    ),
    BackslashCommand(
        "nd",
        (Argument("NAME", ArgumentKind.QUERY),),
        "Delete a saved query",
        delete_query,
        Touches.FILES,
        aliases=("fd",),
        example="by_city -- there is no query by_city any more",
    ),
)
"""The commands on saved queries."""
