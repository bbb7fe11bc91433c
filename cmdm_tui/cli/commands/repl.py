"""`cmdm repl`: statements at a prompt, or those of a script."""

import asyncio
import io
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit

import click

from cmdm_tui.cli.command_group import examples
from cmdm_tui.cli.commands.interactive import ProfileSource
from cmdm_tui.cli.context import CommandContext, report_cache_errors
from cmdm_tui.cli.exit_codes import ExitCode, exit_code_of

if TYPE_CHECKING:
    from cmdm_tui.config import Profile
    from cmdm_tui.repl.line_editor import LineEditor
    from cmdm_tui.repl.script import ScriptOptions, ScriptPart
    from cmdm_tui.repl.session import OpenedAccount


@dataclass(frozen=True, slots=True)
class _ScriptArguments:
    """What the command line says of a script; none of it where statements are typed."""

    commands: tuple[str, ...]
    file: str | None
    goes_on: bool
    checkpoint: Path | None
    resumes: bool
    begun: Literal["skip", "again"] | None

    def check(self) -> None:
        """Raise UsageError for options that do not go together."""
        if self.commands and self.file is not None:
            message = "Give statements with -c or a file with -f, not both."
            raise click.UsageError(message)
        if self.checkpoint is None and (self.resumes or self.begun is not None):
            option = "--resume" if self.resumes else "--begun"
            message = f"{option} needs --checkpoint FILE: what is done is kept there."
            raise click.UsageError(message)
        if self.begun is not None and not self.resumes:
            message = "--begun is for a script that is resumed. Add --resume."
            raise click.UsageError(message)
        if self.is_prompt and (self.checkpoint is not None or self.goes_on):
            option = "--checkpoint" if self.checkpoint is not None else "--on-error"
            message = f"{option} is for a script. Give one with -c, -f or on the standard input."
            raise click.UsageError(message)

    @property
    def is_prompt(self) -> bool:
        """Whether statements are typed at a prompt."""
        return not self.commands and self.file is None and sys.stdin.isatty()

    def open_script(self) -> "ScriptOptions | None":
        """Return the script; None where statements are typed. Raises CommandFailure."""
        if self.is_prompt:
            return None
        from cmdm_tui.repl.script import ScriptOptions

        return ScriptOptions(
            _open_parts(self.commands, self.file),
            self.goes_on,
            self.checkpoint,
            self.resumes,
            self.begun,
        )


@click.command(
    epilog=examples(
        "cmdm repl",
        "cmdm repl --demo",
        "echo 'SELECT count(*) FROM lead;' | cmdm repl",
        "cmdm repl -c 'SELECT City, count(*) FROM lead GROUP BY City;'",
        "cmdm repl -c 'SELECT City, count(*) FROM lead GROUP BY City; > cities.csv'",
        "cmdm repl -f monday.sql --param city=Hull --yes",
        "cmdm repl -f monday.sql --yes --checkpoint monday.progress",
        "cmdm repl -f monday.sql --yes --checkpoint monday.progress --resume",
    ),
)
@click.option(
    "-c", "--command", "commands", multiple=True, metavar="STATEMENTS",
    help="Run these statements and end; several -c are run in order.",
)  # fmt: skip
@click.option(
    "-f", "--file", metavar="FILE", help="Run the statements in FILE and end; - is stdin."
)
@click.option(
    "--param", "given", multiple=True, metavar="NAME=VALUE",
    help="Give a variable its value: $NAME, :'NAME', :NAME and :\"NAME\" in statements.",
)  # fmt: skip
@click.option(
    "--on-error", type=click.Choice(["stop", "continue"]), default="stop", show_default=True,
    help="What a script does after a statement that failed.",
)  # fmt: skip
@click.option(
    "--checkpoint", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
    help="Keep in FILE which statements of a script are done.",
)  # fmt: skip
@click.option("--resume", is_flag=True, help="Go on where FILE says; what is done stays done.")
@click.option(
    "--begun", type=click.Choice(["skip", "again"]),
    help="What to do with a change that had begun and was not seen to end.",
)  # fmt: skip
@click.option("--demo", "on_demo", is_flag=True, help="Use an embedded sandbox.")
@click.option(
    "--no-start-file", is_flag=True, help="Do not run start.sql of the configuration folder first."
)
@click.option("-y", "--yes", is_flag=True, help="Ask nothing before a change or a long query.")
@click.pass_obj
def repl(
    context: CommandContext,
    commands: tuple[str, ...],
    file: str | None,
    given: tuple[str, ...],
    on_error: str,
    checkpoint: Path | None,
    begun: Literal["skip", "again"] | None,
    *,
    resume: bool,
    no_start_file: bool,
    on_demo: bool,
    yes: bool,
) -> int:
    """Run SQL, calls and backslash commands: at a prompt, or those of a script.

    A script comes from -c, -f or the standard input, where that is not a terminal. It ends with its
    first error, which names its line, unless it is to continue. It ends with the exit code of its
    first error, and with 8 where none failed and a query's result was partial.

    Changes are asked about as the profile's confirm has it: all of them, or on a service on this
    machine deletes, conversions and what takes more than 100 calls alone. So are queries of more
    than 100 calls. Where no one can be asked, these are refused without --yes.

    At the prompt, the statements of start.sql in the configuration folder are run first, if there
    is one. A script does not run it.

    With --checkpoint, a script that was stopped is resumed: what is done is not done again, and a
    script that has changed since is refused.
    """
    from cmdm_tui.cli.arguments import read_parameters
    from cmdm_tui.cli.event_loop import run_async
    from cmdm_tui.operations.module_loading import frozen_modules

    arguments = _ScriptArguments(commands, file, on_error == "continue", checkpoint, resume, begun)
    arguments.check()
    variables = read_parameters(given)
    script = arguments.open_script()
    with ProfileSource(context).ended() as opening, frozen_modules():
        profile = (
            opening.start_demo() if on_demo else context.load_profile_asking(needs_secrets=False)
        )
        start_file = None if no_start_file else context.paths.start_file
        # What a start file writes comes before the prompt.
        begins_early = script is None and not (start_file and start_file.exists())
        run = _run_prompt if begins_early else _run_session
        is_partial, error = run_async(
            run(context, profile, script, variables, confirms=not yes, start_file=start_file)
        )
    if error is not None:
        return exit_code_of(error) or ExitCode.FAILED
    # At the prompt, a person has read what is said of it.
    return ExitCode.PARTIAL if not arguments.is_prompt and is_partial else ExitCode.DONE


async def _run_prompt(
    context: CommandContext,
    profile: "Profile",
    script: "ScriptOptions | None",
    variables: Mapping[str, str],
    *,
    confirms: bool,
    start_file: Path | None,
) -> tuple[bool, Exception | None]:
    """Draw the prompt, and open the account while the first line is typed."""
    from cmdm_tui.repl.line_editor import open_line_editor, write_welcome
    from cmdm_tui.repl.streams import ReplStreams

    write_welcome(ReplStreams(sys.stdout, sys.stderr), _name_address(profile.url))
    editor = open_line_editor(
        profile.name,
        context.paths.history,
        keyboard=sys.stdin,
        output=sys.stdout,
        errors=sys.stderr,
    )
    async with editor.begun():
        await asyncio.to_thread(_load_session)
        return await _run_session(
            context,
            profile,
            script,
            variables,
            confirms=confirms,
            start_file=start_file,
            editor=editor,
        )


def _load_session() -> None:
    """Import what a session needs: it takes longer than drawing the prompt."""
    from cmdm_tui.operations.module_loading import load_modules

    load_modules("cmdm_tui.catalog", "cmdm_tui.repl.session", "cmdm_tui.repl.prompt")


def _name_address(url: str) -> str:
    """Return the address of a profile without what may be secret in it."""
    try:
        parts = urlsplit(url)
        port = "" if parts.port is None else f":{parts.port}"
    except ValueError:
        return "The prompt of cmdm"
    return f"{parts.scheme}://{parts.hostname or ''}{port}{parts.path}"


async def _run_session(
    context: CommandContext,
    profile: "Profile",
    script: "ScriptOptions | None",
    variables: Mapping[str, str],
    *,
    confirms: bool,
    start_file: Path | None,
    editor: "LineEditor | None" = None,
) -> tuple[bool, Exception | None]:
    from cmdm_tui.cli.prompts import can_ask
    from cmdm_tui.repl import run
    from cmdm_tui.repl.session import OpenedAccount

    async def open_account(name: str, secrets: Mapping[str, str]) -> OpenedAccount:
        if secrets:
            named = await asyncio.to_thread(context.load_profile, secrets, name)
        else:
            named = await asyncio.to_thread(context.load_account_profile, name)
        return _open_account(context, named, shows_calls=script is not None)

    opened = _open_account(context, profile, shows_calls=script is not None)
    async with opened.account as account:
        ended = await run(
            account,
            history=context.paths.history,
            input=sys.stdin,
            output=sys.stdout,
            errors=sys.stderr,
            confirms=confirms,
            script=script,
            ask=_ask if can_ask() else None,
            variables=variables,
            call_log=opened.call_log,
            paths=context.paths,
            open_account=open_account,
            editor=editor,
            start_file=start_file,
        )
        report_cache_errors(account)
        return ended


def _open_account(
    context: CommandContext, profile: "Profile", *, shows_calls: bool
) -> "OpenedAccount":
    """Open an account whose calls are logged, and where it `shows_calls` reported as -v asks."""
    from cmdm_tui.catalog import Account
    from cmdm_tui.operations.call_log import CallLog
    from cmdm_tui.repl.session import OpenedAccount

    calls = CallLog()
    account = Account.open(
        context.log_calls_of(profile, shows=shows_calls),
        catalogs=context.paths.catalogs,
        time=context.new_command_time(profile),
        listener=calls.add_event,
    )
    return OpenedAccount(account, calls)


def _open_parts(commands: tuple[str, ...], file: str | None) -> "tuple[ScriptPart, ...]":
    from cmdm_tui.cli.arguments import read_source
    from cmdm_tui.cli.encodings import decode_text, open_text
    from cmdm_tui.repl.script import ScriptPart
    from cmdm_tui.repl.statement_runner import ScriptSource
    from cmdm_tui.text import one_line

    if commands:
        names = ["-c"] if len(commands) == 1 else [f"-c {n}" for n in range(1, len(commands) + 1)]
        return tuple(
            ScriptPart(ScriptSource(name), io.StringIO(text))
            for name, text in zip(names, commands, strict=True)
        )
    if file in {None, "-"}:
        return (ScriptPart(ScriptSource(), open_text(sys.stdin)),)
    assert file is not None  # noqa: S101 - the case before it
    text = decode_text(read_source(file), one_line(file, 200))
    source = ScriptSource(file, Path(file).expanduser().resolve())
    return (ScriptPart(source, io.StringIO(text)),)


async def _ask(question: str) -> str:
    """Ask at the terminal before a statement of a script; Enter alone answers nothing."""
    from cmdm_tui.operations.interrupts import raise_on_interrupt

    with raise_on_interrupt():
        answer: str = click.prompt(
            question.rstrip(), default="", show_default=False, prompt_suffix=" ", err=True
        )
    return answer
