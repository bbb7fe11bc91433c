"""`cmdm sql`: runs SQL statements that read records or change them."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cmdm_tui.cli.command_group import examples
from cmdm_tui.cli.commands.change_options import (
    looking_options,
    read_change_options,
    reading_options,
    sending_options,
)
from cmdm_tui.cli.completion.values import complete_file
from cmdm_tui.cli.context import CommandContext, note
from cmdm_tui.cli.exit_codes import CommandFailure, ExitCode, exit_code_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cmdm_tui.cli.commands.change_files import ChangeFiles
    from cmdm_tui.cli.commands.change_run import ChangeOptions, ChangeSession
    from cmdm_tui.query.parsing.write_statement import (
        ReadStatement,
        SqlStatement,
        WriteStatement,
    )


@click.command(
    epilog=examples(
        "cmdm sql \"UPDATE lead SET Status = 'Contacted' WHERE Email = 'ann@example.com'\"",
        "cmdm sql --dry-run "
        "\"DELETE FROM task WHERE Status = 'Closed' AND DueDate < '2024-01-01'\"",
        'cmdm sql "INSERT INTO task (Subject, RelatedEntity, RelatedExternalID)\n'
        "  SELECT 'Call back', 'lead', ExternalID FROM lead WHERE Score > 90 "
        'RETURNING ExternalID"',
    ),
)
@click.argument("statement", required=False)
@click.option(
    "-f", "--file", "source", metavar="FILE", shell_complete=complete_file,
    help="Read the SQL from FILE.",
)  # fmt: skip
@click.option(
    "--param", "given", metavar="NAME=VALUE", multiple=True,
    help="The value of $NAME in the SQL, as text; once for each name.",
)  # fmt: skip
@click.option(
    "--max-calls", type=click.IntRange(1), metavar="N",
    help="Make at most N calls to read what a statement needs.",
)  # fmt: skip
@reading_options
@click.option(
    "--find-references", is_flag=True,
    help="Search for the records that point at those that a DELETE deletes, and name them.",
)  # fmt: skip
@looking_options
@sending_options
@click.pass_obj
def sql(
    context: CommandContext,
    statement: str | None,
    source: str | None,
    given: tuple[str, ...],
    *,
    find_references: bool,
    **options: Any,
) -> int:
    """Run SQL statements, given as STATEMENT, or those in a FILE or on stdin (-).

    What reads is what cmdm query takes. INSERT, UPDATE, DELETE, CALL convert_lead('…') and CALL
    close_task('…') change records: what they change is shown, with old values next to new ones and
    its cost in calls, and is sent once it was confirmed. RETURNING gives the records changed.

    All statements are read before the first is run; they end at the first that fails.
    """
    from cmdm_tui.cli.arguments import read_parameters, read_sql
    from cmdm_tui.cli.commands.query_output import report_error
    from cmdm_tui.query.errors import QueryError
    from cmdm_tui.query.parsing.write_statement import list_files, read_statements

    parameters = read_parameters(given)
    words = read_sql(statement, source)
    try:
        statements = read_statements(words, parameters, allows_files=True)
        inputs = [] if source in {None, "-"} else [Path(str(source))]
        inputs += [path for one in statements for path in list_files(one)]
        changes = read_change_options(options, inputs=inputs)
        return _run_all(context, statements, changes, finds=find_references)
    except QueryError as error:
        report_error(error, words)
        return exit_code_of(error) or ExitCode.FAILED


def _run_all(
    context: CommandContext,
    statements: "Sequence[SqlStatement]",
    changes: "ChangeOptions",
    *,
    finds: bool,
) -> int:
    """Run the statements up to the first that fails; return the exit code.

    Raises CommandFailure where several would write one file that keeps changes.
    """
    from cmdm_tui.cli.commands.change_files import ChangeFiles
    from cmdm_tui.query.parsing.write_statement import ReadStatement

    if sum(not isinstance(one, ReadStatement) for one in statements) > 1:
        for option, file in (("--save", changes.saved_as), ("--refused", changes.refused)):
            if file is not None:
                message = f"{option} keeps the changes of one statement. Give one at a time; "
                raise CommandFailure(f"{message}nothing was sent.", ExitCode.USAGE)
    files = ChangeFiles(changes.results, changes.refused)
    code = int(ExitCode.DONE)
    for one in statements:
        if isinstance(one, ReadStatement):
            ended = _run_read(context, one, changes)
        else:
            ended = _run_write(context, one, changes, files, finds=finds)
        code = code or ended
        if ended not in {ExitCode.DONE, ExitCode.PARTIAL}:
            break
    return code


def _run_read(context: CommandContext, one: "ReadStatement", changes: "ChangeOptions") -> int:
    from cmdm_tui.cli.commands.query_run import QueryCommand, QueryOptions

    options = QueryOptions(
        statements=(one.script,),
        format=changes.format,
        file=None,
        max_calls=changes.max_calls,
        resume_file=None,
        is_confirmed=changes.is_confirmed,
        explains=False,
        explains_as_json=False,
        shows_stats=False,
        is_raw=False,
        trusts_order=False,
        raw_csv=False,
        has_bom=False,
        parameters=_as_texts(one.parameters),
    )
    return QueryCommand(context, options).run()


def _as_texts(parameters: "Mapping[str, object]") -> "dict[str, str]":
    return {name: str(value) for name, value in parameters.items()}


def _run_write(
    context: CommandContext,
    one: "WriteStatement",
    changes: "ChangeOptions",
    files: "ChangeFiles",
    *,
    finds: bool,
) -> int:
    from contextlib import closing

    from cmdm_tui.changes.journal import JournalRun
    from cmdm_tui.changes.reference_notes import list_deleted, note_references
    from cmdm_tui.changes.sql_returning import (
        describe_unread,
        returned_columns,
        returned_rows,
    )
    from cmdm_tui.cli.commands.change_run import ChangeCommand, write_rows
    from cmdm_tui.operations.reference_search import SearchDeclined
    from cmdm_tui.operations.statement import StatementOperation
    from cmdm_tui.query.engine import Engine

    async def work(session: "ChangeSession") -> int:
        with closing(Engine(session.account)) as engine:
            operation = StatementOperation(session.account, engine, session.prompter, changes.calls)
            made = await operation.plan(one, only_looks=changes.only_looks)
            change_set = None if made is None else made.change_set
            if finds and change_set is not None and (deleted := list_deleted(change_set)):
                search = session.search_references(engine, changes.max_calls)
                try:
                    change_set = note_references(change_set, await search.find(deleted))
                except SearchDeclined:
                    made = None
        if made is None or change_set is None or operation.change is None:
            note("Nothing was sent.")
            return ExitCode.TOO_MANY_CALLS
        columns = returned_columns(one.returning, operation.change.known)

        def write_returned(run: JournalRun) -> None:
            write_rows(columns, returned_rows(columns, run.entries, made.read), changes.format)
            for sentence in describe_unread(columns, run.entries):
                note(sentence)

        return await session.apply(change_set, returned=write_returned if columns else None)

    return ChangeCommand(context, changes, files).run(work)
