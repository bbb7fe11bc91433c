"""The table of backslash commands, which dispatch, completion and help read."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from cmdm_tui.repl.commands import catalog, changes, results, settings
from cmdm_tui.repl.commands import session as session_commands
from cmdm_tui.repl.errors import ReplError
from cmdm_tui.repl.session import ReplSession
from cmdm_tui.repl.statement_parser import CommandStatement

Handler = Callable[[ReplSession, tuple[str, ...]], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class BackslashCommand:
    """One command. `arguments` names them as help shows them: `[…]` may be left out, `|` chooses.

    ENTITY and FILE mean any entity and file; everything else lists its choices.
    """

    name: str
    arguments: str
    help: str
    handler: Handler
    aliases: tuple[str, ...] = ()

    async def run(self, session: ReplSession, arguments: tuple[str, ...]) -> None:
        """Run the command; raises ReplError for arguments it does not take."""
        self._check(arguments)
        await self.handler(session, arguments)

    @property
    def usage(self) -> str:
        r"""How it is typed: `\x [on|off|auto]`."""
        return f"\\{self.name} {self.arguments}".rstrip()

    @property
    def choices(self) -> tuple[str, ...]:
        """The words that its argument can be; empty where it can be any."""
        return tuple(self._argument.split("|")) if "|" in self._argument else ()

    @property
    def takes_entity(self) -> bool:
        """True where its argument is the name of an entity."""
        return self._argument == "ENTITY"

    @property
    def _argument(self) -> str:
        return self.arguments.partition(" ")[0].strip("[]")

    def _check(self, arguments: tuple[str, ...]) -> None:
        words = self.arguments.split()
        least, most = sum(not word.startswith("[") for word in words), len(words)
        takes_it = least <= len(arguments) <= most and all(
            "|" not in word or argument in word.strip("[]").split("|")
            for word, argument in zip(words, arguments, strict=False)
        )
        if not takes_it:
            raise ReplError(f"Write it as {self.usage}: {self.help[0].lower()}{self.help[1:]}.")


async def _help(session: ReplSession, _: tuple[str, ...]) -> None:
    session.show(
        session_commands.build_help([(command.usage, command.help) for command in COMMANDS])
    )


COMMANDS = (
    BackslashCommand(
        "d",
        "[ENTITY]",
        "List the entities, or the fields of one, loaded once",
        catalog.describe,
    ),
    BackslashCommand(
        "d+",
        "[ENTITY]",
        "Count all records, a call each; or load fields again",
        catalog.describe_again,
    ),
    BackslashCommand(
        "add",
        "ENTITY",
        "Add a custom entity by its name: one call",
        catalog.add_entity,
    ),
    BackslashCommand("forget", "ENTITY", "Forget a custom entity", catalog.forget_entity),
    BackslashCommand(
        "next", "", "Get the next page of the last list: one call", results.show_next_page
    ),
    BackslashCommand("prev", "", "Get the page before it: one call", results.show_previous_page),
    BackslashCommand(
        "last",
        "",
        "Show the last result again, as set now: no call",
        results.show_last_result,
    ),
    BackslashCommand(
        "headers",
        "",
        "Show the last good answer's status and headers: no call",
        results.show_headers,
    ),
    BackslashCommand(
        "x",
        "[on|off|auto]",
        "Expand all records (on), single ones (auto), none (off)",
        settings.switch_expanded,
    ),
    BackslashCommand(
        "more",
        "",
        "Continue the last query where \\calls stopped it",
        results.resume_query,
    ),
    BackslashCommand(
        "sort",
        "COLUMN [asc|desc]",
        "Sort the last query's result: no call",
        results.sort_result,
    ),
    BackslashCommand(
        "export",
        "FILE",
        "Write the last query's result: .csv, .json, …",
        results.export_result,
    ),
    BackslashCommand(
        "journal",
        "[N]",
        "List what was changed here, or show run N: no call",
        changes.show_journal,
    ),
    BackslashCommand(
        "undo", "[N]", "Take run N back, or the last one: shown, then asked", changes.undo_run
    ),
    BackslashCommand("resume", "N", "Go on with run N, which was stopped", changes.resume_run),
    BackslashCommand(
        "apply", "FILE", "Send the changes in FILE: shown, then asked", changes.apply_file
    ),
    BackslashCommand(
        "o",
        "[auto|table|vertical|json|jsonl|csv|tsv|markdown]",
        "Set the format of results",
        settings.set_format,
    ),
    BackslashCommand("timing", "[on|off]", "Show how long a call took", settings.switch_timing),
    BackslashCommand(
        "confirm", "[on|off]", "Ask before a delete, and many calls", settings.switch_confirmation
    ),
    BackslashCommand(
        "trust",
        "[on|off]",
        "Let a search rest on a field's likely order",
        settings.switch_trust,
    ),
    BackslashCommand(
        "calls",
        "[N]",
        "Stop a query after N calls, with what came; 0: never",
        settings.limit_calls,
    ),
    BackslashCommand(
        "quota",
        "",
        "Show calls left and reset, as last known: no call",
        session_commands.show_quota,
    ),
    BackslashCommand(
        "conninfo",
        "",
        "Show the profile, address and user: no call",
        session_commands.show_connection,
    ),
    BackslashCommand(
        "i", "FILE", "Run the statements in a file, to the first error", session_commands.run_file
    ),
    BackslashCommand("help", "", "Show this help", _help, aliases=("?", "h")),
    BackslashCommand(
        "q",
        "",
        "Leave; so do exit, quit and Ctrl-D",
        session_commands.end_session,
        aliases=("quit", "exit"),
    ),
)
"""Every command, in the order that help shows them in."""

_BY_NAME = {name: command for command in COMMANDS for name in (command.name, *command.aliases)}


def find_command(statement: CommandStatement) -> BackslashCommand:
    """Return the command that is meant; raises ReplError with the nearest names if none is."""
    command = _BY_NAME.get(statement.name) or _BY_NAME.get(statement.name.casefold())
    if command is not None:
        return command
    from difflib import get_close_matches

    nearest = get_close_matches(statement.name, _BY_NAME, n=1)
    hint = f"Did you mean \\{nearest[0]}?" if nearest else "\\? lists the commands."
    raise ReplError(f"There is no command \\{statement.name}. {hint}")
