"""The REPL: SQL, raw calls and backslash commands, at a prompt or from a stream.

Public: `run`, `ReplError`. `prompt` reads lines from a person, `script` from a stream, and both run
what they read. `statement_splitter` cuts lines into statements (`statement_readers` finds the end
of each, `sql_scanner` follows SQL, `typed_text` a body), `statement_parser` says what each is
(`statements`, `call_text`). `dispatch` makes a `plan` of it, with its `variables` replaced and what
it may change known, and runs it in a `session`: a backslash command (`commands/`), SQL that reads
(`queries`) or changes (`changes`), or a `raw_call`; `repeat` runs it again. How it ended is an
`outcome`.

What comes of it: `result_types` says what a result can be, `render` writes it (`tables` draws
grids, `summary` the line below), `streams` is where it goes, `destinations` and `shell` are where
else. `completion/` offers what can be typed next. At the prompt: `keys`, `highlight` (colours),
`history` and `history_search`, `suggestion` (the rest of what is typed), `prompt_settings` (what it
keeps). Also: `editor` (on what is typed), `session_catalog`, `session_settings`,
`terminal_prompter`.
"""

from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from cmdm_tui.repl.errors import ReplError

if TYPE_CHECKING:
    from cmdm_tui.catalog import Account

__all__ = ["ReplError", "run"]


async def run(
    account: "Account",
    *,
    history: Path | None,
    input: TextIO,  # noqa: A002 - the stream's own name, like output and errors
    output: TextIO,
    errors: TextIO,
    confirms: bool = True,
    journal: Path | None = None,
) -> bool:
    """Read statements from `input` and run them: at a prompt where it is a terminal, else in order.

    Results go to `output`, all else to `errors`. `history` is the file that keeps what was typed
    at the prompt; None keeps it for this run only. Where it `confirms` not, nothing is asked.
    `journal` is the file that keeps what SQL changes, None for the user's.

    Return whether a query's result was partial: what came of it is not all, and nothing continued
    it.

    From a stream, the first error ends the run and is raised: an ApiError, a ChangeError, a
    ConfigurationError, a QueryError, or a ReplError for input that cannot be run. At the prompt
    errors are shown and the prompt continues.
    """
    from cmdm_tui.repl.session import ReplSession
    from cmdm_tui.repl.streams import ReplStreams

    session = ReplSession(account, ReplStreams(output, errors), journal=journal)
    session.settings.confirms = confirms
    try:
        if input.isatty():
            from cmdm_tui.repl.prompt import run_terminal_prompt

            await run_terminal_prompt(
                session, history, keyboard=input, output=output, errors=errors
            )
        else:
            from cmdm_tui.repl.script import run_script

            await run_script(session, input)
        return session.has_partial
    finally:
        session.close()
