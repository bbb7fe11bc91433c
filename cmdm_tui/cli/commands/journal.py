"""`cmdm journal`: shows what was changed, goes on with it, and takes it back."""

from typing import TYPE_CHECKING, Any

import click

from cmdm_tui.cli.command_group import SuggestingGroup, examples
from cmdm_tui.cli.commands.change_options import (
    looking_options,
    read_change_options,
    result_options,
    sending_options,
)
from cmdm_tui.cli.commands.query import FORMATS
from cmdm_tui.cli.context import CommandContext, note
from cmdm_tui.cli.exit_codes import ExitCode

if TYPE_CHECKING:
    from cmdm_tui.cli.commands.change_run import ChangeSession

_format_option = click.option(
    "-o", "--output-format", "name", type=click.Choice(FORMATS), metavar="FORMAT",
    help=f"How to write it: {', '.join(FORMATS)}.",
)  # fmt: skip
_run_argument = click.argument("run_id", metavar="RUN", type=click.IntRange(1))


@click.group(
    cls=SuggestingGroup,
    epilog=examples(
        "cmdm journal list",
        "cmdm journal undo 7 --dry-run",
    ),
)
def journal() -> None:
    """Show, resume and undo changes.

    Each change is written down before it is sent and after, so nothing is done twice and nothing
    is lost, also where the program is killed. A RUN is the number that cmdm journal list gives.
    """


@journal.command(
    "list",
    short_help="List the runs, the newest first.",
    epilog=examples(
        "cmdm journal list",
    ),
)
@_format_option
@click.pass_obj
def list_runs(context: CommandContext, name: str | None) -> int:
    """List the runs of the profile: one of -p, else those of every profile. Makes no call."""
    from cmdm_tui.changes.journal import Journal
    from cmdm_tui.cli.commands.change_run import write_rows
    from cmdm_tui.cli.commands.query_output import choose_format
    from cmdm_tui.operations.journal_rows import RUN_COLUMNS, list_run

    form = choose_format(name, None)
    with Journal.open(context.paths.journal) as opened:
        runs = opened.runs(context.profile_name)
        rows = [list_run(run, is_in_use=opened.is_in_use(run.id)) for run in runs]
    write_rows(RUN_COLUMNS, rows, form)
    return ExitCode.DONE


@journal.command(
    short_help="Show what became of each change of a run.",
    epilog=examples(
        "cmdm journal show 7",
    ),
)
@_run_argument
@_format_option
@click.pass_obj
def show(context: CommandContext, run_id: int, name: str | None) -> int:
    """Show each change of a RUN: its record, its state, and why. Makes no call."""
    from cmdm_tui.changes.journal import Journal
    from cmdm_tui.cli.commands.change_run import write_rows
    from cmdm_tui.cli.commands.query_output import choose_format
    from cmdm_tui.operations.journal_rows import ENTRY_COLUMNS, list_entry

    form = choose_format(name, None)
    with Journal.open(context.paths.journal) as opened:
        run = opened.load(run_id)
        summary = run.summary
        rows = [list_entry(entry) for entry in run.entries]
    note(f"Run {run_id}: {summary.title}")
    write_rows(ENTRY_COLUMNS, rows, form)
    return ExitCode.DONE


@journal.command(
    short_help="Go on with a run that was stopped.",
    epilog=examples(
        "cmdm journal resume 7",
    ),
)
@_run_argument
@result_options
@click.option("-y", "--yes", is_flag=True, help="Go on without a question.")
@click.pass_obj
def resume(context: CommandContext, run_id: int, **given: Any) -> int:
    """Show what is left of a RUN that was stopped or killed, and send it once confirmed.

    What is done is not done again. What was about to be sent is looked at first. A create whose
    answer was lost is looked for, and is sent again only where it certainly was not made. The RUN
    goes on as it was begun: with --no-recheck, say.
    """
    from cmdm_tui.cli.commands.change_run import ChangeCommand

    async def work(session: "ChangeSession") -> int:
        return session.report(await session.operation.resume(session.journal.load(run_id)))

    return ChangeCommand(context, read_change_options(given)).run(work)


@journal.command(
    short_help="Take a run back.",
    epilog=examples(
        "cmdm journal undo 7 --dry-run",
    ),
)
@_run_argument
@click.option(
    "--find-references", is_flag=True,
    help="Search for the records that point at an old id, and point them at the new one.",
)  # fmt: skip
@click.option(
    "--max-calls", type=click.IntRange(1), metavar="N",
    help="Make at most N calls to find references.",
)  # fmt: skip
@looking_options
@sending_options
@click.pass_obj
def undo(
    context: CommandContext,
    run_id: int,
    *,
    find_references: bool,
    max_calls: int | None,
    **given: Any,
) -> int:
    """Show what takes a RUN back, and send it once confirmed. The undo is a run too.

    Updates are put back where the value is still the one that was written. Created records are
    deleted, and deleted ones made again under a new id. Conversions and closings stay.

    What pointed at a deleted record, and was deleted or changed in the same RUN, points at the new
    one. Other records are searched with --find-references alone: its calls are asked for first.
    """
    from contextlib import closing

    from cmdm_tui.cli.commands.change_run import ChangeCommand
    from cmdm_tui.operations.reference_search import SearchDeclined
    from cmdm_tui.query.engine import Engine

    if max_calls is not None and not find_references:
        raise click.UsageError("--max-calls goes with --find-references alone.")
    changes = read_change_options(given)

    async def work(session: "ChangeSession") -> int:
        run = session.journal.load(run_id)
        if not find_references:
            return await session.apply(await session.operation.plan_undo(run), undo_of=run.id)
        with closing(Engine(session.account)) as engine:
            search = session.search_references(engine, max_calls)
            try:
                change_set = await session.operation.plan_undo(run, search=search)
            except SearchDeclined:
                note("Nothing was sent.")
                return ExitCode.TOO_MANY_CALLS
        return await session.apply(change_set, undo_of=run.id)

    return ChangeCommand(context, changes).run(work)
