"""The prompt: reads statements from a person, runs them, and shows errors."""

import asyncio
import os
import signal
from collections.abc import Callable
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TextIO

from prompt_toolkit import PromptSession
from prompt_toolkit.enums import DEFAULT_BUFFER
from prompt_toolkit.filters import emacs_mode, has_focus, vi_navigation_mode
from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.history import History
from prompt_toolkit.input import Input, create_input
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.output import Output, create_output

from cmdm_tui.operations.interrupts import run_interruptible
from cmdm_tui.query.parsing.beginnings import begins_sql
from cmdm_tui.repl.completion.completer import StatementCompleter
from cmdm_tui.repl.editor import EditorRequested, edit_text
from cmdm_tui.repl.errors import ReplError
from cmdm_tui.repl.history import open_history
from cmdm_tui.repl.outcome import StatementOutcome
from cmdm_tui.repl.script import StatementRunner, show_position
from cmdm_tui.repl.session import ReplSession
from cmdm_tui.repl.statement_splitter import is_incomplete, last_statement, split_statements
from cmdm_tui.repl.statements import StatementText
from cmdm_tui.repl.summary import describe_calls_left, reset_time
from cmdm_tui.text import one_line

_LONGEST_NAME = 30


class SuspendRequested(Exception):
    """The prompt was left for the shell; `text` is what was typed so far."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text


async def run_terminal_prompt(
    session: ReplSession, history: Path | None, *, keyboard: TextIO, output: TextIO, errors: TextIO
) -> None:
    """Talk to the terminal behind the streams; the prompt is next to the results, not in them.

    Where `errors` is not a terminal and `output` is one, the prompt is there.
    """
    screen = next((stream for stream in (errors, output) if stream.isatty()), errors)
    await run_prompt(
        session,
        open_history(history, session.streams.write_note),
        keyboard=create_input(keyboard),
        screen=create_output(screen),
    )


async def run_prompt(
    session: ReplSession, history: History, *, keyboard: Input, screen: Output
) -> None:
    """Read and run statements until the session is over or the input ends."""
    session.prompter.ask = partial(_ask, keyboard, screen)
    session.remember = history.append_string
    session.streams.shares_input = True
    prompts = new_prompt_session(session, history, keyboard, screen)
    loading = _load_in_background(prompts)
    session.streams.write_note(f"{session.account.client.address} - \\? for help, Ctrl-D to leave.")
    typed = ""
    try:
        while not session.is_over:
            try:
                # Prompt Toolkit's own handler of errors shows their messages, whatever they hold.
                text = await prompts.prompt_async(default=typed, set_exception_handler=False)
            except EditorRequested as request:
                edited = await edit_text(request.text, session.streams)
                typed = request.text if edited is None else ""
                if edited is not None:
                    history.append_string(edited)
                    await _run_typed(session, edited)
                continue
            except SuspendRequested as request:
                typed = request.text
                os.kill(0, signal.SIGTSTP)
                continue
            except KeyboardInterrupt:
                _abandon(session, history, prompts.default_buffer.text)
            except EOFError:
                return
            else:
                await _run_typed(session, text)
            typed = ""
    finally:
        await asyncio.gather(*loading)


def _load_in_background(prompts: PromptSession[str]) -> list[asyncio.Future[None]]:
    """Import the query engine in a thread once the first prompt is drawn; return what to wait for.

    The future is there as soon as it begins.
    """
    begun: list[asyncio.Future[None]] = []

    def begin(_: object) -> None:
        prompts.app.after_render -= begin
        begun.append(asyncio.ensure_future(asyncio.to_thread(_load_queries)))

    prompts.app.after_render += begin
    return begun


def build_toolbar(
    session: ReplSession, typing: Callable[[], str] | None = None
) -> StyleAndTextTuples:
    """Return the line at the bottom: profile, host, calls left, the reset, and how SQL ends.

    `typing` returns what is typed so far.
    """
    account = session.account
    known = account.known_quota
    quota = known.quota
    parts = [one_line(account.profile.name, _LONGEST_NAME), one_line(account.client.host, 60)]
    parts.append(describe_calls_left(quota))
    reset = reset_time(quota, known.clock_offset)
    if reset is not None:
        parts.append(f"reset {reset:%H:%M}")
    typed = "" if typing is None else typing()
    if is_incomplete(typed) and begins_sql(last_statement(typed)):
        parts.append("SQL ends with ;")
    return [("", f" {' · '.join(parts)} ")]


def new_prompt_session(
    session: ReplSession, history: History, keyboard: Input, screen: Output
) -> PromptSession[str]:
    """Return the prompt for statements, ready to ask again and again."""
    name = one_line(session.account.profile.name, _LONGEST_NAME)
    prompts: PromptSession[str] = PromptSession(
        [("bold", f"{name}> ")],
        multiline=True,
        prompt_continuation=lambda width, _line, _wraps: [("", "> ".rjust(width, "."))],
        history=history,
        completer=StatementCompleter(session.catalog),
        complete_while_typing=True,
        key_bindings=statement_keys(),
        bottom_toolbar=lambda: build_toolbar(session, lambda: prompts.default_buffer.text),
        input=keyboard,
        output=screen,
    )
    return prompts


async def _run_typed(session: ReplSession, text: str) -> None:
    """Run what was typed or pasted in, in order, to the first error or Ctrl-C."""
    runner = StatementRunner(session)
    for unit in split_statements(text):
        outcomes: list[StatementOutcome] = []

        async def work(unit: StatementText = unit, done: list[StatementOutcome] = outcomes) -> None:
            done.append(await runner.run(unit))

        try:
            came_to_its_end = await run_interruptible(work(), session.stop)
        except ReplError as error:
            session.streams.write_error(str(error))
            return
        error = outcomes[0].error if outcomes else None
        if error is not None:
            session.streams.write_error(str(error))
            show_position(session, unit, error)
        if session.is_over or error is not None or not came_to_its_end:
            return


def _abandon(session: ReplSession, history: History, text: str) -> None:
    if not text.strip():
        session.streams.write_note("Ctrl-D or \\q leaves.")
        return
    history.append_string(text)
    session.streams.write_note("Abandoned, and nothing was sent; it is in the history.")


async def _ask(keyboard: Input, screen: Output, question: str) -> str:
    # An interrupt from outside is to cancel the statement, so this prompt must not take it.
    prompts = PromptSession[str](input=keyboard, output=screen)
    try:
        return await prompts.prompt_async(
            [("", question)], handle_sigint=False, set_exception_handler=False
        )
    except (KeyboardInterrupt, EOFError):
        return ""


def _load_queries() -> None:
    """Import what a query needs, so that the first one does not wait for it."""
    import_module("cmdm_tui.repl.queries")


def statement_keys() -> KeyBindings:
    """Return the bindings that a statement's prompt adds to the usual ones."""

    def edit(event: KeyPressEvent) -> None:
        event.app.exit(exception=EditorRequested(event.current_buffer.text))

    def suspend(event: KeyPressEvent) -> None:
        # Prompt Toolkit's own way leaves the terminal without its flow control.
        if hasattr(signal, "SIGTSTP"):
            event.app.exit(exception=SuspendRequested(event.current_buffer.text))

    keys = KeyBindings()
    keys.add("c-z", filter=has_focus(DEFAULT_BUFFER))(suspend)
    keys.add("c-x", "c-e", filter=emacs_mode & has_focus(DEFAULT_BUFFER))(edit)
    keys.add("v", filter=vi_navigation_mode & has_focus(DEFAULT_BUFFER))(edit)
    keys.add("enter", filter=has_focus(DEFAULT_BUFFER))(_enter)
    keys.add("escape", "enter", filter=has_focus(DEFAULT_BUFFER))(_new_line)
    return keys


def _enter(event: KeyPressEvent) -> None:
    """Take the completion that is chosen; else run the text if it is whole; else a new line."""
    buffer = event.current_buffer
    chosen = buffer.complete_state
    if chosen is not None and chosen.current_completion is not None:
        buffer.complete_state = None
    elif is_incomplete(buffer.text):
        buffer.insert_text("\n")
    else:
        buffer.validate_and_handle()


def _new_line(event: KeyPressEvent) -> None:
    """Begin a new line, whether or not the text is whole."""
    event.current_buffer.insert_text("\n")
