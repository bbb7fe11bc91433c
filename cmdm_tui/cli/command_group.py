"""Groups of commands: imported when they are needed, with the command that was probably meant.

Public: `LazyGroup` with `LazyCommand`, `SuggestingGroup`, and `examples` for the end of a help.
"""

from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple

import click

from cmdm_tui.cli.exit_codes import ReaderGone
from cmdm_tui.text import find_similar_names

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem


class LazyCommand(NamedTuple):
    """Where a command is, as `module:attribute`, and what it does, in a few words."""

    target: str
    short_help: str


class SuggestingGroup(click.Group):
    """A group that says which of its commands was probably meant."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command that the first word names. Raises UsageError where there is none."""
        word = args[0]
        if self.get_command(ctx, word) is None and not word.startswith("-"):
            if ctx.resilient_parsing:
                # A shell asks what follows a command that there is not: nothing.
                return word, click.Command(word, add_help_option=False), args[1:]
            names = self.list_commands(ctx)
            found = find_similar_names(word, names, 2)
            near = f" Did you mean {' or '.join(found)}?" if found else ""
            ctx.fail(f"There is no command {word[:40]!r}.{near}")
        return super().resolve_command(ctx, args)


class LazyGroup(SuggestingGroup):
    """A group whose commands are named in a table, and imported when one is run."""

    def __init__(
        self, *arguments: object, lazy: Mapping[str, LazyCommand], **options: object
    ) -> None:
        # What click gives is handed on unchanged.
        super().__init__(*arguments, **options)  # pyright: ignore[reportArgumentType]
        self._lazy = lazy

    def invoke(self, ctx: click.Context) -> object:
        """Run the command. Raises ReaderGone, for which click would end the program with 1."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError as error:
            raise ReaderGone from error

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 — as click calls it
        """Return the names of the commands, in the order of the table."""
        return list(self._lazy)

    def get_command(
        self,
        ctx: click.Context,  # noqa: ARG002 — as click calls it
        cmd_name: str,
    ) -> click.Command | None:
        """Return a command, importing its module; None where there is none of that name."""
        lazy = self._lazy.get(cmd_name)
        if lazy is None:
            return None
        module, _, attribute = lazy.target.partition(":")
        command: click.Command = getattr(import_module(module), attribute)
        command.short_help = lazy.short_help
        return command

    def format_commands(
        self,
        ctx: click.Context,  # noqa: ARG002 — as click calls it
        formatter: click.HelpFormatter,
    ) -> None:
        """Write the table of the commands; none is imported for it."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, one.short_help) for name, one in self._lazy.items()])

    def shell_complete(self, ctx: click.Context, incomplete: str) -> "list[CompletionItem]":
        """Return the commands and options that begin so; no command is imported for it."""
        from click.shell_completion import CompletionItem

        found = [
            CompletionItem(name, help=one.short_help)
            for name, one in self._lazy.items()
            if name.startswith(incomplete)
        ]
        return [*found, *click.Command.shell_complete(self, ctx, incomplete)]


def examples(*lines: str) -> str:
    """Return the end of a command's help: how it is called, a line each."""
    indented = "\n".join(f"  {line}" for line in "\n".join(lines).split("\n"))
    return f"\b\nExamples:\n{indented}"


def read_examples(command: click.Command) -> list[str]:
    """Return the examples of a command's help, whole lines joined where one goes on."""
    _, _, text = (command.epilog or "").partition("\nExamples:\n")
    found: list[str] = []
    for line in text.splitlines():
        if line.startswith("    ") and found:
            found[-1] += f"\n{line.strip()}"
        elif line.strip():
            found.append(line.strip())
    return found
