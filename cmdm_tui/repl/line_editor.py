"""Edits what is typed at the prompt. It is drawn before the account is open, and needs little.

What needs the account, or takes long to import, is given to it later: the colours, what completion
offers, the suggestion, and the rest of the toolbar.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TextIO

from msgspec import Struct
from prompt_toolkit import PromptSession
from prompt_toolkit.enums import EditingMode
from prompt_toolkit.filters import Condition
from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.history import History
from prompt_toolkit.input import Input, create_input
from prompt_toolkit.output import Output, create_output
from prompt_toolkit.styles import Style
from prompt_toolkit.utils import get_cwidth

from cmdm_tui.repl.history import open_history
from cmdm_tui.repl.keys import EditingState, PromptLeft, describe_keys, statement_keys
from cmdm_tui.repl.prompt_settings import KeyStyle, load_settings, settings_file
from cmdm_tui.repl.streams import ReplStreams
from cmdm_tui.text import one_line

LONGEST_NAME = 30
"""Characters of a profile's name, or an entity's, in the prompt and its toolbar."""

EDITING_MODES: dict[KeyStyle, EditingMode] = {"emacs": EditingMode.EMACS, "vi": EditingMode.VI}

STYLES = Style.from_dict({
    "keyword": "ansiblue bold",
    "text": "ansigreen",
    "number": "ansicyan",
    "comment": "ansibrightblack italic",
    "name": "ansimagenta",
    "key": "ansiblue",
    "command": "ansimagenta bold",
    "live-prompt": "ansired bold",
    "bottom-toolbar": "noreverse bg:ansibrightblack ansiwhite",
    "bottom-toolbar.key": "bold",
    "bottom-toolbar.alert": "bg:ansired ansiwhite bold",
    "auto-suggestion": "ansibrightblack",
})  # fmt: skip
"""The colours; without colours only what is bold stays, as Prompt Toolkit obeys `NO_COLOR`."""


class _LineEnd(Struct, frozen=True):
    """How the first line ended: with a text, or by what is raised for it."""

    text: str
    error: BaseException | None = None


class LineEditor:
    """One prompt, at which line after line is edited.

    `name` is the profile's; `settings` is the file that keeps whose keys the prompt has, None for
    this run only.
    """

    def __init__(
        self,
        name: str,
        history: History,
        keyboard: Input,
        screen: Output,
        settings: Path | None = None,
    ) -> None:
        self.name = one_line(name, LONGEST_NAME)
        self.history = history
        self.keyboard = keyboard
        self.screen = screen
        self.settings = settings
        self.keys = load_settings(settings).keys
        self.editing = EditingState()
        self.is_live = False
        """Whether the prompt is that of a live service whose records may be changed."""
        self.draw_status: Callable[[int], StyleAndTextTuples] = self._draw_opening
        """Returns the toolbar's left part, for the columns that there are for it."""
        self.prompts = PromptSession[str](
            self.draw_prompt,
            multiline=True,
            prompt_continuation=self._draw_continuation,
            history=history,
            # A result stays in sight until something is typed: then the menu takes its room.
            complete_while_typing=Condition(lambda: bool(self.prompts.default_buffer.text)),
            complete_in_thread=True,
            style=STYLES,
            include_default_pygments_style=False,
            editing_mode=EDITING_MODES[self.keys],
            key_bindings=statement_keys(self.editing),
            bottom_toolbar=self._draw_toolbar,
            input=keyboard,
            output=screen,
        )
        self._begun: asyncio.Task[_LineEnd] | None = None

    def draw_prompt(self) -> StyleAndTextTuples:
        """Return the prompt: the profile's name, in red where it is live."""
        return [("class:live-prompt" if self.is_live else "bold", f"{self.name}> ")]

    @property
    def has_ended(self) -> bool:
        """Whether the first line has begun and is typed to its end; `read` returns it at once."""
        return self._begun is not None and self._begun.done()

    async def read(self, typed: str = "") -> str:
        """Return what is typed next, `typed` being there already.

        Raises PromptLeft, KeyboardInterrupt, or EOFError at the end of the input.
        """
        if self._begun is not None:
            begun, self._begun = self._begun, None
            end = await begun
            if end.error is not None:
                raise end.error
            return end.text
        # Prompt Toolkit's own handler of errors shows their messages, whatever they hold.
        return await self.prompts.prompt_async(default=typed, set_exception_handler=False)

    @asynccontextmanager
    async def begun(self) -> AsyncGenerator[None]:
        """Draw the prompt and edit the first line while the block runs; `read` returns it.

        The terminal is put back where the block is left before that.
        """
        begun = self._begun = asyncio.create_task(self._read_first())
        try:
            await asyncio.sleep(0)
            yield
        finally:
            self._begun = None
            if not begun.done():
                begun.cancel()
                await asyncio.wait([begun])

    async def _read_first(self) -> _LineEnd:
        # In a task of its own: an interrupt that leaves it would end the event loop.
        try:
            return _LineEnd(await self.prompts.prompt_async(set_exception_handler=False))
        except (PromptLeft, KeyboardInterrupt, EOFError) as error:
            return _LineEnd("", error)

    def _draw_continuation(self, width: int, line: int, _: int) -> StyleAndTextTuples:
        """Return what is before a further line: dots, and the mark that ends an open text."""
        # It knows the commands, and a prompt is drawn before these are loaded.
        from cmdm_tui.repl.statement_splitter import find_open_mark

        typed = self.prompts.default_buffer.text.split("\n")[:line]
        mark = find_open_mark("\n".join(typed)) if typed else ""
        return [("", f"{mark}> ".rjust(width, ".")[-width:] if width else "")]

    def _draw_toolbar(self) -> StyleAndTextTuples:
        columns = self.screen.get_size().columns
        mode = self.prompts.editing_mode
        line = self.draw_status(columns - len(describe_keys(self.editing, mode, columns)) - 1)
        width = columns - sum(get_cwidth(words) for _, words, *_ in line)
        keys = describe_keys(self.editing, mode, width - 1)
        return [*line, ("", f"{keys:>{max(width - 1, 0)}} ")]

    def _draw_opening(self, _: int) -> StyleAndTextTuples:
        return [("", f" {self.name} · opening… ")]


def open_line_editor(
    name: str, history: Path | None, *, keyboard: TextIO, output: TextIO, errors: TextIO
) -> LineEditor:
    """Return the editor at the terminal behind the streams.

    The prompt is next to the results, not in them: where `errors` is not a terminal and `output` is
    one, it is there. What the prompt keeps besides the history is in a file next to it.
    """
    screen = next((stream for stream in (errors, output) if stream.isatty()), errors)
    kept = open_history(history, ReplStreams(output, errors).write_note)
    kept.hold()
    return LineEditor(
        name,
        kept,
        create_input(keyboard),
        create_output(screen),
        None if history is None else settings_file(history),
    )


def write_welcome(streams: ReplStreams, address: str) -> None:
    """Say which service this is, and how to go on."""
    streams.write_note(f"{one_line(address, 200)} - \\? for help, Ctrl-D to leave.")
