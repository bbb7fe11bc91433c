"""`cmdm apply`: sends the changes that a file keeps."""

import time
from dataclasses import replace
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
from cmdm_tui.cli.context import CommandContext

if TYPE_CHECKING:
    from cmdm_tui.cli.commands.change_run import ChangeSession


@click.command(
    epilog=examples(
        "cmdm apply changes.jsonl --dry-run",
        "cmdm apply changes.jsonl --yes",
    ),
)
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--again", is_flag=True, help="Send changes that were sent before once more.")
@reading_options
@looking_options
@sending_options
@click.pass_obj
def apply(context: CommandContext, file: Path, *, again: bool, **given: Any) -> int:
    """Show the changes in FILE, which --save or --refused wrote, and send them once confirmed.

    A record that has changed since is left as it is, and told as a conflict. What was sent is in
    the journal: cmdm journal shows it, goes on with it and takes it back. What a run of the journal
    has sent already is refused, unless that run was taken back whole, or with --again: it creates
    the same records a second time.
    """
    from cmdm_tui.changes.change_file import load_change_set
    from cmdm_tui.cli.commands.change_run import ChangeCommand

    changes = read_change_options(given, inputs=[file])
    change_set = load_change_set(file)
    if again:
        change_set = replace(change_set, made_at=time.time())

    async def work(session: "ChangeSession") -> int:
        return await session.apply(change_set)

    return ChangeCommand(context, changes).run(work)
