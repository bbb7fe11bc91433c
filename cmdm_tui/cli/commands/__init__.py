"""The table of commands. A command's module is imported when it is run or its help is shown.

Public: `cmdm`, the group of all commands. A module is named by its command, or by
what several commands have in common: `records`, `record_changes` and `api` make calls; `query` with
`query_run` and `query_output`; `login` with `login_form`; `account` and `profiles` with
`secret_locations`; `interactive` starts the explorer and the demo, `repl` the prompt, `explore` the
explorer on files, `serve` the explorer in a browser; `sql`, `import_` (with `import_options`),
`copy`, `apply` and `journal` send changes, with `change_options` and `change_run`; `probe`, `fuzz`,
`sandbox`, `harness/`, `doctor/`.
"""

import click

from cmdm_tui import __version__
from cmdm_tui.cli.command_group import LazyCommand, LazyGroup, examples
from cmdm_tui.cli.completion.values import complete_profiles
from cmdm_tui.cli.signals import active_signals

_COMMANDS = {
    "explore": LazyCommand(
        "cmdm_tui.cli.commands.explore:explore",
        "Explore an account, or cassettes or a sandbox's data offline.",
    ),
    "demo": LazyCommand(
        "cmdm_tui.cli.commands.interactive:demo",
        "Explore an embedded sandbox; no account needed.",
    ),
    "serve": LazyCommand(
        "cmdm_tui.cli.commands.serve:serve",
        "Show the explorer in a browser.",
    ),
    "repl": LazyCommand(
        "cmdm_tui.cli.commands.repl:repl",
        "Query, call and change at a prompt, or run a script.",
    ),
    "query": LazyCommand(
        "cmdm_tui.cli.commands.query:query",
        "Query the account in SQL.",
    ),
    "list": LazyCommand(
        "cmdm_tui.cli.commands.records:list_records",
        "Retrieve many records.",
    ),
    "get": LazyCommand(
        "cmdm_tui.cli.commands.records:get",
        "Retrieve one record.",
    ),
    "fields": LazyCommand(
        "cmdm_tui.cli.commands.records:fields",
        "Retrieve an entity's fields.",
    ),
    "create": LazyCommand(
        "cmdm_tui.cli.commands.record_changes:create",
        "Create a record.",
    ),
    "update": LazyCommand(
        "cmdm_tui.cli.commands.record_changes:update",
        "Update a record.",
    ),
    "delete": LazyCommand(
        "cmdm_tui.cli.commands.record_changes:delete",
        "Delete a record.",
    ),
    "convert": LazyCommand(
        "cmdm_tui.cli.commands.record_changes:convert",
        "Convert a lead into an account.",
    ),
    "close": LazyCommand(
        "cmdm_tui.cli.commands.record_changes:close",
        "Close a task.",
    ),
    "sql": LazyCommand(
        "cmdm_tui.cli.commands.sql:sql",
        "Read and change records in SQL.",
    ),
    "import": LazyCommand(
        "cmdm_tui.cli.commands.import_:import_records",
        "Create and update records from files.",
    ),
    "copy": LazyCommand(
        "cmdm_tui.cli.commands.copy:copy",
        "Copy records with their relations to another account.",
    ),
    "apply": LazyCommand(
        "cmdm_tui.cli.commands.apply:apply",
        "Send the changes that a file keeps.",
    ),
    "journal": LazyCommand(
        "cmdm_tui.cli.commands.journal:journal",
        "Show what was changed, go on with it, or take it back.",
    ),
    "api": LazyCommand(
        "cmdm_tui.cli.commands.api:api",
        "Make any call.",
    ),
    "probe": LazyCommand(
        "cmdm_tui.cli.commands.probe:probe",
        "Learn what the documentation leaves open of a server.",
    ),
    "doctor": LazyCommand(
        "cmdm_tui.cli.commands.doctor.command:doctor",
        "Check the set-up, and say what to do.",
    ),
    "cases": LazyCommand(
        "cmdm_tui.cli.commands.harness.cases:cases",
        "List, show and run the cases.",
    ),
    "corpus": LazyCommand(
        "cmdm_tui.cli.commands.harness.cases:corpus",
        "Build the corpus of cases.",
    ),
    "record": LazyCommand(
        "cmdm_tui.cli.commands.harness.cassettes:record",
        "Record cases into cassettes.",
    ),
    "replay": LazyCommand(
        "cmdm_tui.cli.commands.harness.cassettes:replay",
        "Play recorded cases back, offline.",
    ),
    "verify": LazyCommand(
        "cmdm_tui.cli.commands.harness.verify:verify",
        "See whether a service still answers as recorded.",
    ),
    "fuzz": LazyCommand(
        "cmdm_tui.cli.commands.fuzz:fuzz",
        "Try a service with odd requests, and check what it answers.",
    ),
    "sandbox": LazyCommand(
        "cmdm_tui.cli.commands.sandbox:sandbox",
        "Serve the API locally, with realistic data.",
    ),
    "login": LazyCommand(
        "cmdm_tui.cli.commands.login:login",
        "Sign in, and keep a profile.",
    ),
    "logout": LazyCommand(
        "cmdm_tui.cli.commands.account:logout",
        "Forget a profile's secrets and token.",
    ),
    "whoami": LazyCommand(
        "cmdm_tui.cli.commands.account:whoami",
        "Show which profile is used, and where its secrets are.",
    ),
    "profile": LazyCommand(
        "cmdm_tui.cli.commands.profiles:profile",
        "List, show, choose and remove profiles.",
    ),
    "completion": LazyCommand(
        "cmdm_tui.cli.commands.completion:completion",
        "Print the script that completes words in a shell.",
    ),
    "man": LazyCommand(
        "cmdm_tui.cli.commands.man:man",
        "Print the manual page.",
    ),
}


_EXIT_CODES = (
    "Exit codes: 0 done, 1 failed, 2 usage, 3 sign-in refused, 4 not found, 5 rate limit, "
    "6 network or time, 7 outcome unknown, 8 partial, or more calls than allowed."
)
_END_OF_HELP = "\n\n".join(
    (
        _EXIT_CODES,
        examples(
            "cmdm demo",
            "cmdm login acme --url https://crm.example.com",
            "cmdm -p acme query 'SELECT City, count(*) FROM lead GROUP BY City'",
            "cmdm list lead --per-page 5 --page 1",
        ),
    )
)
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


@click.group(
    cls=LazyGroup,
    lazy=_COMMANDS,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog=_END_OF_HELP,
)
@click.option(
    "-p", "--profile", envvar="CMDM_PROFILE", metavar="NAME", shell_complete=complete_profiles,
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
@click.option(
    "--record", type=click.Path(), metavar="FILE",
    help="Record the command's calls into this cassette (a .yaml file), known secrets left out.",
)  # fmt: skip
@click.option(
    "--keep-people", is_flag=True,
    help="With --record: record people as they are, not stand-ins for them.",
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
    record: str | None,
    keep_people: bool,
) -> None:
    """Look into, query, change and test a CMDataManager account.

    With no command, the explorer opens on the chosen profile; with no profile yet, it offers the
    demo or a sign-in.

    CMDM_URL, CMDM_CLIENT_ID, CMDM_CLIENT_SECRET, CMDM_USERNAME and CMDM_PASSWORD make a profile for
    one call.
    """
    from cmdm_tui.cli.context import CommandContext

    record_profile = None
    if keep_people and record is None:
        raise click.UsageError("--keep-people goes with --record here; cmdm record has its own.")
    if record is not None:
        from cmdm_tui.cli.call_recording import open_recording

        recording = context.with_resource(
            open_recording(record, context.invoked_subcommand, keep_people=keep_people)
        )
        record_profile = recording.listen_to
    context.obj = CommandContext.of_process(
        profile,
        is_verbose=verbose,
        log_file=log_file,
        timeout=timeout,
        record_profile=record_profile,
    )
    if timeout is not None and context.invoked_subcommand not in _INTERACTIVE:
        context.with_resource(active_signals().end_after(timeout))
    if context.invoked_subcommand is None:
        from cmdm_tui.cli.commands.interactive import explore

        explore(context.obj, start="profile")
