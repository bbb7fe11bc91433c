"""`cmdm man`: prints the manual page, made of the help of all commands."""

import click

from cmdm_tui.cli.command_group import examples


@click.command(
    epilog=examples(
        "cmdm man | man -l -",
        "cmdm man > ~/.local/share/man/man1/cmdm.1",
    ),
)
@click.pass_context
def man(context: click.Context) -> None:
    """Print the manual page, as troff for man.

    A package that was installed with pip or pipx has it already: man cmdm shows it where man looks
    into the folder share/man of that installation.
    """
    from cmdm_tui.cli.manual_page import format_manual

    root = context.find_root().command
    assert isinstance(root, click.Group)  # noqa: S101 — it is the table of commands
    click.echo(format_manual(root), nl=False)
