"""The prompt: reads statements from a person, runs them, and shows errors."""

import asyncio
import os
import signal
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from prompt_toolkit import PromptSession
from prompt_toolkit.application import run_in_terminal
from prompt_toolkit.auto_suggest import ThreadedAutoSuggest
from prompt_toolkit.completion import CompleteEvent
from prompt_toolkit.enums import EditingMode
from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.input import Input
from prompt_toolkit.layout.processors import Processor, Transformation, TransformationInput
from prompt_toolkit.output import Output

from cmdm_tui.operations.confirmation import changes_live_records
from cmdm_tui.operations.interrupts import handle_interrupt, run_interruptible
from cmdm_tui.operations.module_loading import load_modules
from cmdm_tui.query.parsing.beginnings import is_sql
from cmdm_tui.repl.call_text import match_call
from cmdm_tui.repl.completion.session_completion import SessionCompletion
from cmdm_tui.repl.editor import edit_text
from cmdm_tui.repl.errors import ReplError
from cmdm_tui.repl.highlight import StatementLexer
from cmdm_tui.repl.history import NOT_KEPT, PromptHistory
from cmdm_tui.repl.history_search import ask_statement
from cmdm_tui.repl.keys import (
    CommandRequested,
    EditorRequested,
    HistorySearchRequested,
    PromptLeft,
    SuspendRequested,
)
from cmdm_tui.repl.line_editor import (
    EDITING_MODES,
    LineEditor,
    open_line_editor,
    write_welcome,
)
from cmdm_tui.repl.outcome import StatementStatus
from cmdm_tui.repl.plan import QUERY_MODULE
from cmdm_tui.repl.prompt_settings import KeyStyle, PromptSettings, save_settings
from cmdm_tui.repl.session import ReplSession
from cmdm_tui.repl.start_file import run_start_file
from cmdm_tui.repl.start_notes import describe_start
from cmdm_tui.repl.statement_runner import StatementRunner, show_position
from cmdm_tui.repl.statement_splitter import split_statements
from cmdm_tui.repl.statements import StatementText
from cmdm_tui.repl.suggestion import HistorySuggestion
from cmdm_tui.repl.toolbar import build_toolbar

if TYPE_CHECKING:
    from cmdm_tui.repl.outcome import StatementOutcome

_RESETS = ("\\r", "\\reset")
"""What abandons the statement that is unfinished."""

KEYS_VARIABLE = "keys"
r"""The variable by which `\\set keys vi` switches whose keys the prompt has."""


async def run_terminal_prompt(
    session: ReplSession,
    history: Path | None,
    *,
    keyboard: TextIO,
    output: TextIO,
    errors: TextIO,
    editor: LineEditor | None = None,
    start_file: Path | None = None,
) -> None:
    """Talk to the terminal behind the streams, at the `editor` whose first line has begun.

    Without one, a new one is opened, and what is said first names the service. The statements of
    `start_file` are run before the first is typed.
    """
    if editor is None:
        name = session.account.profile.name
        editor = open_line_editor(name, history, keyboard=keyboard, output=output, errors=errors)
        write_welcome(session.streams, session.account.client.address)
    await StatementPrompt(session, editor, start_file).run()


class StatementPrompt:
    """The prompt of one session: it asks for statements again and again, and runs them."""

    def __init__(
        self,
        session: ReplSession,
        editor: LineEditor,
        start_file: Path | None = None,
    ) -> None:
        self._session = session
        self._start_file = start_file
        self._editor = editor
        self._history = editor.history
        session.variables.set(KEYS_VARIABLE, editor.keys)
        self.completion = SessionCompletion(session, self._note_fields)
        self.prompts = editor.prompts
        self._give_to_editor()

    async def run(self) -> None:
        """Ask for statements and run them until the session is over or the input ends."""
        session, history, editor = self._session, self._history, self._editor
        session.prompter.ask = partial(_ask, editor.keyboard, editor.screen)
        session.prompter.ask_hidden = partial(_ask, editor.keyboard, editor.screen, is_hidden=True)
        session.remember = history.append_string
        session.list_history = lambda: history.get_strings()[::-1]
        session.streams.shares_input = True
        loading = _load_in_background(self)
        try:
            # A Ctrl-C that comes between two prompts, or before a search, ends nothing.
            with handle_interrupt(lambda: None):
                if self._start_file is not None and self._start_file.exists():
                    await run_start_file(session, self._start_file, self._stop)
                    self._apply_keys()
                await self._write_start_notes()
                await self._ask_for_statements()
        finally:
            await self.completion.fields.close()
            await asyncio.gather(*loading)

    async def _write_start_notes(self) -> None:
        """Say above the prompt what is asked about here, and which run was stopped; no call."""
        notes = await asyncio.to_thread(describe_start, self._session)
        if not notes:
            return

        def write() -> None:
            for note in notes:
                self._session.streams.write_note(note)

        await run_in_terminal(write)

    async def _ask_for_statements(self) -> None:
        session, prompts = self._session, self.prompts
        typed = ""
        while not session.is_over:
            try:
                text = await self._editor.read(typed)
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

    def _give_to_editor(self) -> None:
        """Give the editor what it needs the account for."""
        editor, prompts = self._editor, self.prompts
        editor.is_live = changes_live_records(self._session.account.profile)
        editor.draw_status = self._draw_status
        if isinstance(editor.history, PromptHistory):
            editor.history.release(self._session.account.client.redact)
        prompts.completer = self.completion.completer
        prompts.auto_suggest = ThreadedAutoSuggest(HistorySuggestion())
        prompts.lexer = StatementLexer()
        prompts.app.invalidate()

    async def _leave(self, request: PromptLeft) -> str:
        """Do what the prompt was left for; return what is typed when it is back."""
        if isinstance(request, SuspendRequested):
            os.kill(0, signal.SIGTSTP)
        elif isinstance(request, HistorySearchRequested):
            statements = list(dict.fromkeys(self._history.get_strings()[::-1]))
            found = await ask_statement(
                statements, request.text, self._editor.keyboard, self._editor.screen
            )
            return request.text if found is None else found
        elif isinstance(request, CommandRequested):
            if request.command.rstrip(";").rstrip() in _RESETS:
                self._abandon(request.text)
                return ""
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
                units = list(split_statements(text))
                for place, unit in enumerate(units, 1):
                    if not await self._run_unit(runner, unit):
                        if place < len(units) and not self._session.is_over:
                            self._session.streams.write_note("Nothing behind it was run.")
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
            came_to_its_end = await run_interruptible(work(), self._stop)
        except ReplError as error:
            session.streams.write_error(str(error))
            return False
        if not came_to_its_end and not outcomes and is_sql(unit.text):
            session.streams.write_note("Cancelled; it has no result.")
        if outcomes and outcomes[0].status is StatementStatus.DECLINED:
            return False
        error = outcomes[0].error if outcomes else None
        if error is not None:
            session.streams.write_error(str(error))
            show_position(session, unit, error)
        return not session.is_over and error is None and came_to_its_end

    def _stop(self) -> bool:
        """End what runs, after Ctrl-C; return whether it ends by itself then."""
        self._session.streams.clear_line()
        return self._session.stop()

    def _abandon(self, text: str) -> None:
        streams = self._session.streams
        if not text.strip():
            streams.write_note("Ctrl-D or \\q leaves.")
            return
        if _is_worth_keeping(text):
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
        wanted = self._session.variables.get(KEYS_VARIABLE) or self._editor.keys
        if wanted == "emacs" or wanted == "vi":
            self._set_keys(wanted)
        else:
            self._session.streams.write_note(r"The keys are emacs or vi: \set keys vi.")
            self._session.variables.set(KEYS_VARIABLE, self._editor.keys)

    def _set_keys(self, keys: KeyStyle) -> None:
        self._session.variables.set(KEYS_VARIABLE, keys)
        self.prompts.editing_mode = EDITING_MODES[keys]
        if keys != self._editor.keys:
            self._editor.keys = keys
            fault = save_settings(self._editor.settings, PromptSettings(keys))
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

    def _draw_status(self, room: int) -> StyleAndTextTuples:
        return build_toolbar(
            self._session,
            lambda: self.prompts.default_buffer.text,
            self.completion.fields.entity,
            room,
        )


def _load_in_background(prompt: StatementPrompt) -> list[asyncio.Future[None]]:
    """Load what is heavy once the first prompt is drawn; return what to wait for.

    The future is there as soon as it begins.
    """
    begun: list[asyncio.Future[None]] = []
    app = prompt.prompts.app

    def begin(_: object) -> None:
        app.after_render -= begin
        begun.append(asyncio.ensure_future(prompt.load()))

    if app.is_running:
        begin(app)
    else:
        app.after_render += begin
    return begun


def _is_worth_keeping(text: str) -> bool:
    """Return whether what was abandoned begins a statement, with more than its first word."""
    begun = text.strip()
    is_statement = is_sql(begun) or begun.startswith("\\") or match_call(begun) is not None
    return is_statement and len(begun.split()) > 1


class _Hidden(Processor):
    """Shows nothing of what is typed, not even how long it is."""

    def apply_transformation(self, transformation_input: TransformationInput) -> Transformation:
        """Return an empty line for any line."""
        del transformation_input
        return Transformation([], source_to_display=_go_to_start, display_to_source=_go_to_start)


def _go_to_start(_: int) -> int:
    return 0


async def _ask(
    keyboard: Input, screen: Output, question: str, *, is_hidden: bool = False
) -> str | None:
    # An interrupt from outside is to cancel the statement, so this prompt must not take it.
    prompts = PromptSession[str](input=keyboard, output=screen)
    try:
        return await prompts.prompt_async(
            [("", question)],
            input_processors=[_Hidden()] if is_hidden else None,
            handle_sigint=False,
            set_exception_handler=False,
        )
    except (KeyboardInterrupt, EOFError):
        return None


def _load_queries() -> None:
    """Import what a query needs, so that the first one does not wait for it."""
    load_modules(QUERY_MODULE)
