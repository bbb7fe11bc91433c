"""The REPL: SQL, raw calls and backslash commands, at a prompt or from a stream.

Public: `run`, `ReplError`, `StatementDeclined`. `prompt` reads lines from a person, `script` those
of a script, whose `script_checkpoint` says what is done; `statement_runner` runs what they read.
`statement_splitter` cuts lines into statements (`statement_readers` finds the end of each,
`sql_scanner` follows SQL, `typed_text` a body), `statement_parser` says what each is (`statements`,
`call_text`). `dispatch` makes a `plan` of it, with its `variables` replaced and what it may change
known, and runs it in a `session`: a backslash command (`commands/`), SQL that reads (`queries`) or
changes (`changes`), or a `raw_call`; `repeat` runs it again. How it ended is an `outcome`.

What comes of it: `result_types` says what a result can be, `render` writes it (`tables` draws
grids, `summary` the line below), `paged_rows` those of a query as they arrive, and `result_view` is
what is shown of these. `streams` is where it goes, `pager` takes what does not fit, and
`destinations` and `shell` are where else; `terminal_state` keeps the terminal's settings.
`completion/` offers what can be typed next. At the prompt: `line_editor` (what edits a line, there
before the account is open), `keys`, `highlight` (colours), `history` and `history_search`,
`suggestion` (the rest of what is typed), `prompt_settings` (what it keeps), `start_file` (what is
run first), `toolbar`, `progress` (how far a statement has come). Also: `editor` (on what is typed),
`session_catalog`, `session_settings`, `terminal_prompter`, `call_recording`.
"""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, TextIO

from cmdm_tui.repl.errors import ReplError, StatementDeclined

if TYPE_CHECKING:
    from cmdm_tui.catalog import Account
    from cmdm_tui.config import Paths
    from cmdm_tui.operations.call_log import CallLog
    from cmdm_tui.repl.line_editor import LineEditor
    from cmdm_tui.repl.script import ScriptOptions
    from cmdm_tui.repl.session import OpenAccount, ReplSession
    from cmdm_tui.repl.terminal_prompter import Ask

__all__ = ["ReplError", "StatementDeclined", "run"]

_NO_VARIABLES: Mapping[str, str] = MappingProxyType({})


async def run(
    account: "Account",
    *,
    history: Path | None,
    input: TextIO,  # noqa: A002 - the stream's own name, like output and errors
    output: TextIO,
    errors: TextIO,
    confirms: bool = True,
    journal: Path | None = None,
    script: "ScriptOptions | None" = None,
    ask: "Ask | None" = None,
    variables: Mapping[str, str] = _NO_VARIABLES,
    call_log: "CallLog | None" = None,
    paths: "Paths | None" = None,
    open_account: "OpenAccount | None" = None,
    editor: "LineEditor | None" = None,
    start_file: Path | None = None,
) -> tuple[bool, Exception | None]:
    """Run statements: those of a `script`; else typed at a prompt where `input` is a terminal.

    Any other `input` is a script, too. Results go to `output`, all else to `errors`. `history` is
    the file that keeps what was typed at the prompt; None keeps it for this run only. Where it
    `confirms` not, nothing is asked; a script asks with `ask`, and without it what would be asked
    about is refused. `journal` is the file that keeps what SQL changes, None for the user's.
    `call_log` is that of the account, `paths` are where the user's files are. `open_account` opens
    that of another profile, which is closed when the prompt leaves it. `editor` is the prompt whose
    first line has begun already. The statements of `start_file`, where there is one, are run before
    the first is typed.

    Return whether a query's result was partial: what came of it is not all, and nothing continued
    it; and the first error of a script that goes on after errors.

    Any other script ends with its first error, which is raised: an ApiError, a ChangeError, a
    ConfigurationError, a QueryError, or a ReplError for input that cannot be run. At the prompt
    errors are shown and the prompt continues.
    """
    from cmdm_tui.repl.session import OpenedAccount, ReplSession
    from cmdm_tui.repl.streams import ReplStreams

    opened: OpenedAccount | None = OpenedAccount(account, call_log)
    settings, is_partial = None, False
    while opened is not None:
        session = ReplSession(
            opened.account,
            ReplStreams(output, errors),
            journal=journal,
            call_log=opened.call_log,
            paths=paths,
        )
        session.settings.confirms = confirms
        session.open_account = open_account
        for name, value in variables.items():
            session.variables.set(name, value)
        if settings is not None:
            session.settings = settings
        try:
            if script is not None or not input.isatty():
                return await _run_script(session, script, input, ask)
            from cmdm_tui.repl.prompt import run_terminal_prompt

            begun, editor = editor, None
            await run_terminal_prompt(
                session,
                history,
                keyboard=input,
                output=output,
                errors=errors,
                editor=begun,
                start_file=start_file if settings is None else None,
            )
        finally:
            is_partial = is_partial or session.has_partial
            session.close()
            if opened.account is not account:
                await opened.account.close()
        settings, variables, opened = (
            session.settings,
            session.variables.values,
            session.next_account,
        )
    return is_partial, None


async def _run_script(
    session: "ReplSession", script: "ScriptOptions | None", lines: TextIO, ask: "Ask | None"
) -> tuple[bool, Exception | None]:
    from cmdm_tui.repl.script import run_parts, script_of_stream

    session.prompter.ask, session.prompter.runs_script = ask, True
    session.streams.shares_input = script is not None and lines.isatty()
    summary = await run_parts(session, script or script_of_stream(lines))
    return session.has_partial, summary.first_error
