"""The table of commands. A command's module is imported when it is run or its help is shown.

Public: `cmdm`, the group of all commands, and `LazyGroup`. A module is named by its command, or by
what several commands have in common: `records`, `record_changes` and `api` make calls; `query` with
`query_run` and `query_output`; `login` with `login_form`; `account` and `profiles` with
`secret_locations`; `interactive` starts the explorer and the demo, `repl` the prompt, `explore` the
explorer on files, `serve` the explorer in a browser; `sql`, `import_` (with `import_options`),
`copy`, `apply` and `journal` send changes, with `change_options` and `change_run`; `probe`, `fuzz`,
`sandbox`, `harness/`, `doctor/`.
"""

from collections.abc import Mapping
from importlib import import_module

import click

from cmdm_tui import __version__
from cmdm_tui.cli.context import CommandContext
from cmdm_tui.cli.signals import active_signals

_COMMANDS = {
    "explore": "cmdm_tui.cli.commands.explore:explore",
    "demo": "cmdm_tui.cli.commands.interactive:demo",
    "serve": "cmdm_tui.cli.commands.serve:serve",
    "repl": "cmdm_tui.cli.commands.repl:repl",
    "query": "cmdm_tui.cli.commands.query:query",
    "list": "cmdm_tui.cli.commands.records:list_records",
    "get": "cmdm_tui.cli.commands.records:get",
    "fields": "cmdm_tui.cli.commands.records:fields",
    "create": "cmdm_tui.cli.commands.record_changes:create",
    "update": "cmdm_tui.cli.commands.record_changes:update",
    "delete": "cmdm_tui.cli.commands.record_changes:delete",
    "convert": "cmdm_tui.cli.commands.record_changes:convert",
    "close": "cmdm_tui.cli.commands.record_changes:close",
    "sql": "cmdm_tui.cli.commands.sql:sql",
    "import": "cmdm_tui.cli.commands.import_:import_records",
    "copy": "cmdm_tui.cli.commands.copy:copy",
    "apply": "cmdm_tui.cli.commands.apply:apply",
    "journal": "cmdm_tui.cli.commands.journal:journal",
    "api": "cmdm_tui.cli.commands.api:api",
    "probe": "cmdm_tui.cli.commands.probe:probe",
    "doctor": "cmdm_tui.cli.commands.doctor.command:doctor",
    "cases": "cmdm_tui.cli.commands.harness.cases:cases",
    "corpus": "cmdm_tui.cli.commands.harness.cases:corpus",
    "record": "cmdm_tui.cli.commands.harness.cassettes:record",
    "replay": "cmdm_tui.cli.commands.harness.cassettes:replay",
    "verify": "cmdm_tui.cli.commands.harness.verify:verify",
    "fuzz": "cmdm_tui.cli.commands.fuzz:fuzz",
    "sandbox": "cmdm_tui.cli.commands.sandbox:sandbox",
    "login": "cmdm_tui.cli.commands.login:login",
    "logout": "cmdm_tui.cli.commands.account:logout",
    "whoami": "cmdm_tui.cli.commands.account:whoami",
    "profile": "cmdm_tui.cli.commands.profiles:profile",
}


_LONGEST_TIMEOUT = 1e9
_INTERACTIVE = {None, "explore", "demo", "repl", "serve"}
"""Commands that last as long as a person likes: each call or statement has the time instead."""


def _read_seconds(
    context: click.Context, parameter: click.Parameter, word: str | None
) -> float | None:
    """Return a number of seconds above 0, None where none is given; refuse any other word."""
    if word is None:
        return None
    try:
        seconds = float(word)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds <= _LONGEST_TIMEOUT:
        message = f"{word[:40]!r} is not a number of seconds above 0."
        raise click.BadParameter(message, context, parameter)
    return seconds


class LazyGroup(click.Group):
    """A group whose commands are named as `module:attribute` and imported when asked for."""

    def __init__(self, *arguments: object, lazy: Mapping[str, str], **options: object) -> None:
        # What click gives is handed on unchanged.
        super().__init__(*arguments, **options)  # pyright: ignore[reportArgumentType]
        self._lazy = lazy

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 — as click calls it
        """Return the names of the commands, in the order of the table."""
        return list(self._lazy)

    def get_command(
        self,
        ctx: click.Context,  # noqa: ARG002 — as click calls it
        cmd_name: str,
    ) -> click.Command | None:
        """Return a command, importing its module; None where there is none of that name."""
        target = self._lazy.get(cmd_name)
        if target is None:
            return None
        module, _, attribute = target.partition(":")
        command: click.Command = getattr(import_module(module), attribute)
        return command


@click.group(
    cls=LazyGroup,
    lazy=_COMMANDS,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit codes: 0 done, 1 failed, 2 usage, 3 sign-in refused, 4 not found, 5 rate limit, "
    "6 network or time, 7 outcome unknown, 8 partial, or more calls than allowed.",
)
@click.option(
    "-p", "--profile", envvar="CMDM_PROFILE", metavar="NAME",
    help="The profile to use instead of the default one.",
)  # fmt: skip
@click.option("-v", "--verbose", is_flag=True, help="Report every call on stderr, without secrets.")
@click.option(
    "--log-file", type=click.Path(), envvar="CMDM_LOG_FILE", metavar="FILE",
    help="Add every call to this file, without secrets.",
)  # fmt: skip
@click.option(
    "--timeout", callback=_read_seconds, envvar="CMDM_TIMEOUT", metavar="SECONDS",
    help="The seconds that the command may take, waits included. Without this, it ends after 60 "
    "seconds in which no call was answered.",
)  # fmt: skip
@click.version_option(__version__, prog_name="cmdm", message="%(prog)s %(version)s")
@click.pass_context
def cmdm(
    context: click.Context,
    profile: str | None,
    *,
    verbose: bool,
    log_file: str | None,
    timeout: float | None,
) -> None:
    """Look into, query, change and test a CMDataManager account.

    With no command, the explorer opens on the chosen profile; with no profile yet, it offers the
    demo or a sign-in.

    CMDM_URL, CMDM_CLIENT_ID, CMDM_CLIENT_SECRET, CMDM_USERNAME and CMDM_PASSWORD make a profile for
    one call.
    """
    context.obj = CommandContext.of_process(
        profile, is_verbose=verbose, log_file=log_file, timeout=timeout
    )
    if timeout is not None and context.invoked_subcommand not in _INTERACTIVE:
        context.with_resource(active_signals().end_after(timeout))
    if context.invoked_subcommand is None:
        from cmdm_tui.cli.commands.interactive import explore

        explore(context.obj, start="profile")
