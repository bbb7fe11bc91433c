"""The prompt: reads statements from a person, runs them, and shows errors."""

import asyncio
import os
import signal
from collections.abc import Callable
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from prompt_toolkit import PromptSession
from prompt_toolkit.auto_suggest import ThreadedAutoSuggest
from prompt_toolkit.completion import CompleteEvent
from prompt_toolkit.enums import EditingMode
from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.history import History
from prompt_toolkit.input import Input, create_input
from prompt_toolkit.output import Output, create_output

from cmdm_tui.operations.confirmation import changes_live_records
from cmdm_tui.operations.interrupts import handle_interrupt, run_interruptible
from cmdm_tui.query.parsing.beginnings import begins_sql
from cmdm_tui.repl.completion.session_completion import SessionCompletion
from cmdm_tui.repl.editor import edit_text
from cmdm_tui.repl.errors import ReplError
from cmdm_tui.repl.highlight import STYLES, StatementLexer
from cmdm_tui.repl.history import NOT_KEPT, PromptHistory, open_history
from cmdm_tui.repl.history_search import ask_statement
from cmdm_tui.repl.keys import (
    CommandRequested,
    EditingState,
    EditorRequested,
    HistorySearchRequested,
    PromptLeft,
    SuspendRequested,
    describe_keys,
    statement_keys,
)
from cmdm_tui.repl.prompt_settings import (
    KeyStyle,
    PromptSettings,
    load_settings,
    save_settings,
    settings_file,
)
from cmdm_tui.repl.session import ReplSession
from cmdm_tui.repl.statement_runner import StatementRunner, show_position
from cmdm_tui.repl.statement_splitter import is_incomplete, last_statement, split_statements
from cmdm_tui.repl.statements import StatementText
from cmdm_tui.repl.suggestion import HistorySuggestion
from cmdm_tui.repl.summary import describe_known_calls, describe_reset, describe_token_end
from cmdm_tui.text import one_line

if TYPE_CHECKING:
    from cmdm_tui.repl.outcome import StatementOutcome

KEYS_VARIABLE = "keys"
r"""The variable by which `\\set keys vi` switches whose keys the prompt has."""

_LONGEST_NAME = 30
_EDITING_MODES = {"emacs": EditingMode.EMACS, "vi": EditingMode.VI}


async def run_terminal_prompt(
    session: ReplSession, history: Path | None, *, keyboard: TextIO, output: TextIO, errors: TextIO
) -> None:
    """Talk to the terminal behind the streams; the prompt is next to the results, not in them.

    Where `errors` is not a terminal and `output` is one, the prompt is there. What the prompt keeps
    besides the history is in a file next to it.
    """
    screen = next((stream for stream in (errors, output) if stream.isatty()), errors)
    await run_prompt(
        session,
        open_history(history, session.streams.write_note, session.account.client.redact),
        keyboard=create_input(keyboard),
        screen=create_output(screen),
        settings=None if history is None else settings_file(history),
    )


async def run_prompt(
    session: ReplSession,
    history: History,
    *,
    keyboard: Input,
    screen: Output,
    settings: Path | None = None,
) -> None:
    """Read and run statements until the session is over or the input ends.

    `settings` is the file that keeps whose keys the prompt has; None for this run only.
    """
    session.prompter.ask = partial(_ask, keyboard, screen)
    session.remember = history.append_string
    session.list_history = lambda: history.get_strings()[::-1]
    session.streams.shares_input = True
    prompt = StatementPrompt(session, history, keyboard, screen, settings)
    loading = _load_in_background(prompt)
    session.streams.write_note(f"{session.account.client.address} - \\? for help, Ctrl-D to leave.")
    try:
        await prompt.run()
    finally:
        await prompt.completion.fields.close()
        await asyncio.gather(*loading)


class StatementPrompt:
    """The prompt of one session: it asks for statements again and again, and runs them."""

    def __init__(
        self,
        session: ReplSession,
        history: History,
        keyboard: Input,
        screen: Output,
        settings: Path | None = None,
    ) -> None:
        self._session = session
        self._history = history
        self._keyboard = keyboard
        self._screen = screen
        self._settings = settings
        self._keys = load_settings(settings).keys
        self._editing = EditingState()
        session.variables.set(KEYS_VARIABLE, self._keys)
        self.completion = SessionCompletion(session, self._note_fields)
        self.prompts = self._new_prompts()

    async def run(self) -> None:
        """Ask for statements and run them until the session is over or the input ends."""
        session, prompts = self._session, self.prompts
        typed = ""
        while not session.is_over:
            try:
                # Prompt Toolkit's own handler of errors shows their messages, whatever they hold.
                text = await prompts.prompt_async(default=typed, set_exception_handler=False)
            except PromptLeft as request:
                self._take_keys()
                typed = await self._leave(request)
                continue
            except KeyboardInterrupt:
                self._abandon(prompts.default_buffer.text)
            except EOFError:
                return
            else:
                self._take_keys()
                if isinstance(self._history, PromptHistory) and self._history.is_secret(text):
                    session.streams.write_note(NOT_KEPT)
                await self._run_typed(text)
            typed = ""

    async def load(self) -> None:
        """Import the query engine and what completion needs, in a thread."""
        await asyncio.to_thread(_load_queries)
        await asyncio.to_thread(self._load_completion)

    def _load_completion(self) -> None:
        self.completion.load(list(self._history.load_history_strings()))

    def _new_prompts(self) -> PromptSession[str]:
        name = one_line(self._session.account.profile.name, _LONGEST_NAME)
        return PromptSession(
            [(self._prompt_style, f"{name}> ")],
            multiline=True,
            prompt_continuation=lambda width, _line, _wraps: [("", "> ".rjust(width, "."))],
            history=self._history,
            completer=self.completion.completer,
            complete_while_typing=True,
            complete_in_thread=True,
            auto_suggest=ThreadedAutoSuggest(HistorySuggestion()),
            lexer=StatementLexer(),
            style=STYLES,
            include_default_pygments_style=False,
            editing_mode=_EDITING_MODES[self._keys],
            key_bindings=statement_keys(self._editing),
            bottom_toolbar=self._draw_toolbar,
            input=self._keyboard,
            output=self._screen,
        )

    @property
    def _prompt_style(self) -> str:
        is_live = changes_live_records(self._session.account.profile)
        return "class:live-prompt" if is_live else "bold"

    async def _leave(self, request: PromptLeft) -> str:
        """Do what the prompt was left for; return what is typed when it is back."""
        if isinstance(request, SuspendRequested):
            os.kill(0, signal.SIGTSTP)
        elif isinstance(request, HistorySearchRequested):
            statements = list(dict.fromkeys(self._history.get_strings()[::-1]))
            found = await ask_statement(statements, request.text, self._keyboard, self._screen)
            return request.text if found is None else found
        elif isinstance(request, CommandRequested):
            await self._run_typed(request.command)
        elif isinstance(request, EditorRequested):
            edited = await edit_text(request.text, self._session.streams)
            if edited is not None:
                self._history.append_string(edited)
                await self._run_typed(edited)
                return ""
        return request.text

    async def _run_typed(self, text: str) -> None:
        """Run what was typed or pasted in, in order, to the first error or Ctrl-C."""
        runner = StatementRunner(self._session)
        try:
            # A Ctrl-C between two statements, or behind the last, ends nothing.
            with handle_interrupt(lambda: None):
                for unit in split_statements(text):
                    if not await self._run_unit(runner, unit):
                        return
        finally:
            self.completion.fields.release()
            self._apply_keys()

    async def _run_unit(self, runner: StatementRunner, unit: StatementText) -> bool:
        """Run one statement; return whether the next one is to be run."""
        session = self._session
        outcomes: list[StatementOutcome] = []

        async def work() -> None:
            # A statement needs the fields that are being read, and counts its own calls alone.
            await self.completion.fields.hold()
            outcomes.append(await runner.run(unit))
            await self.completion.note_run(unit.text)

        try:
            came_to_its_end = await run_interruptible(work(), session.stop)
        except ReplError as error:
            session.streams.write_error(str(error))
            return False
        error = outcomes[0].error if outcomes else None
        if error is not None:
            session.streams.write_error(str(error))
            show_position(session, unit, error)
        return not session.is_over and error is None and came_to_its_end

    def _abandon(self, text: str) -> None:
        streams = self._session.streams
        if not text.strip():
            streams.write_note("Ctrl-D or \\q leaves.")
            return
        self._history.append_string(text)
        is_kept = text in self._history.get_strings()[-1:]
        where = "; it is in the history." if is_kept else "."
        streams.write_note(f"Abandoned, and nothing was sent{where}")

    def _take_keys(self) -> None:
        """Keep whose keys a person has switched to."""
        is_vi = self.prompts.editing_mode is EditingMode.VI
        self._set_keys("vi" if is_vi else "emacs")

    def _apply_keys(self) -> None:
        r"""Take whose keys `\set keys` has named."""
        wanted = self._session.variables.get(KEYS_VARIABLE) or self._keys
        if wanted == "emacs" or wanted == "vi":
            self._set_keys(wanted)
        else:
            self._session.streams.write_note(r"The keys are emacs or vi: \set keys vi.")
            self._session.variables.set(KEYS_VARIABLE, self._keys)

    def _set_keys(self, keys: KeyStyle) -> None:
        self._session.variables.set(KEYS_VARIABLE, keys)
        self.prompts.editing_mode = _EDITING_MODES[keys]
        if keys != self._keys:
            self._keys = keys
            fault = save_settings(self._settings, PromptSettings(keys))
            if fault:
                self._session.streams.write_note(fault)

    def _note_fields(self) -> None:
        """Draw what is being read, and the menu again where the fields have come."""
        app = self.prompts.app
        app.invalidate()
        buffer = self.prompts.default_buffer
        state = buffer.complete_state
        is_chosen = state is not None and state.current_completion is not None
        has_come = self.completion.fields.entity is None
        if app.is_running and has_come and buffer.text and not is_chosen:
            buffer.complete_state = None  # the menu that is open has none of them
            buffer.start_completion(complete_event=CompleteEvent(text_inserted=True))

    def _draw_toolbar(self) -> StyleAndTextTuples:
        columns = self._screen.get_size().columns
        line = build_toolbar(
            self._session,
            lambda: self.prompts.default_buffer.text,
            self.completion.fields.entity,
            columns - len(describe_keys(self._editing, self.prompts.editing_mode, columns)),
        )
        width = columns - sum(len(words) for _, words, *_ in line)
        keys = describe_keys(self._editing, self.prompts.editing_mode, width - 1)
        return [*line, ("", f"{keys:>{max(width - 1, 0)}} ")]


def _load_in_background(prompt: StatementPrompt) -> list[asyncio.Future[None]]:
    """Load what is heavy once the first prompt is drawn; return what to wait for.

    The future is there as soon as it begins.
    """
    begun: list[asyncio.Future[None]] = []
    app = prompt.prompts.app

    def begin(_: object) -> None:
        app.after_render -= begin
        begun.append(asyncio.ensure_future(prompt.load()))

    app.after_render += begin
    return begun


def build_toolbar(
    session: ReplSession,
    typing: Callable[[], str] | None = None,
    reading: str | None = None,
    room: int | None = None,
) -> StyleAndTextTuples:
    """Return the line at the bottom: profile, host, calls left, the times, and how SQL ends.

    `typing` returns what is typed so far; `reading` is the entity whose fields are being read. A
    profile that changes the records of a live service is in red, and is called live. The token's
    time is left out where the line would take more than `room` columns with it.
    """
    account = session.account
    known = account.known_quota
    name = one_line(account.profile.name, _LONGEST_NAME)
    parts = [one_line(account.client.host, 60), describe_known_calls(known), describe_reset(known)]
    if reading is not None:
        parts.append(f"reading fields of {one_line(reading, _LONGEST_NAME)}…")
    typed = "" if typing is None else typing()
    if is_incomplete(typed) and begins_sql(last_statement(typed)):
        parts.append("SQL ends with ;")
    token = describe_token_end(known)
    parts = [part for part in parts if part]
    whole = len(" · ".join([name, *parts, token])) + len("  live ")
    if token and (room is None or whole <= room):
        parts.insert(3, token)
    rest = " · ".join(parts)
    if changes_live_records(account.profile):
        return [("class:bottom-toolbar.alert", f" {name} live "), ("", f" {rest} ")]
    return [("", f" {name} · {rest} ")]


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
