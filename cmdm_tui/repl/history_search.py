"""Searches the history: every key narrows a list of the statements that fit, the newest first."""

from collections.abc import Iterable, Sequence

from prompt_toolkit import PromptSession
from prompt_toolkit.buffer import Buffer
from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document
from prompt_toolkit.input import Input
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.output import Output

from cmdm_tui.text import one_line

MOST_FOUND = 100
"""Statements that the list holds."""
_WIDEST = 160


def search_history(statements: Sequence[str], words: str, most: int = MOST_FOUND) -> list[str]:
    """Return the statements, newest first, that hold every word; then those with their letters.

    Neither case nor order counts. `statements` are the newest first; letters count in order, and
    only where no statement holds the words.
    """
    wanted = words.casefold().split()
    holding = [one for one in statements if all(word in one.casefold() for word in wanted)]
    if holding or not wanted:
        return holding[:most]
    letters = "".join(wanted)
    return [one for one in statements if _has_letters(letters, one.casefold())][:most]


async def ask_statement(
    statements: Sequence[str], words: str, keyboard: Input, screen: Output
) -> str | None:
    """Let a person search the statements, beginning with `words`; return the one that is taken.

    None where the search is left with Escape, Ctrl-C or Ctrl-G.
    """
    prompts = PromptSession[str](
        [("bold", "history: ")],
        completer=_HistoryCompleter(statements),
        complete_while_typing=True,
        complete_in_thread=True,
        reserve_space_for_menu=12,
        key_bindings=_search_keys(statements),
        bottom_toolbar=[("", " Type words; up and down choose, Enter takes, Escape leaves ")],
        input=keyboard,
        output=screen,
    )

    def begin() -> None:
        prompts.default_buffer.start_completion()

    try:
        return (
            await prompts.prompt_async(
                default=words, pre_run=begin, handle_sigint=False, set_exception_handler=False
            )
            or None
        )
    except (KeyboardInterrupt, EOFError):
        return None


class _HistoryCompleter(Completer):
    def __init__(self, statements: Sequence[str]) -> None:
        self._statements = statements

    def get_completions(
        self,
        document: Document,
        complete_event: CompleteEvent,  # noqa: ARG002 - the list is always asked for
    ) -> Iterable[Completion]:
        """Yield the statements that fit, each in place of what is typed."""
        for statement in search_history(self._statements, document.text):
            shown = one_line(" ".join(statement.split()), _WIDEST)
            start = -len(document.text_before_cursor)
            yield Completion(statement, start_position=start, display=[("", shown)])


def _search_keys(statements: Sequence[str]) -> KeyBindings:
    keys = KeyBindings()

    def take(event: KeyPressEvent) -> None:
        event.app.exit(result=_find_taken(event.current_buffer, statements))

    def leave(event: KeyPressEvent) -> None:
        event.app.exit(result="")

    def older(event: KeyPressEvent) -> None:
        event.current_buffer.complete_next()

    keys.add("enter", eager=True)(take)
    keys.add("escape", eager=True)(leave)
    keys.add("c-c")(leave)
    keys.add("c-g")(leave)
    keys.add("c-r")(older)
    return keys


def _find_taken(buffer: Buffer, statements: Sequence[str]) -> str:
    state = buffer.complete_state
    if state is not None and state.current_completion is not None:
        return state.current_completion.text
    found = search_history(statements, buffer.text, 1)
    return found[0] if found else ""


def _has_letters(letters: str, text: str) -> bool:
    rest = iter(text)
    return all(letter in rest for letter in letters)
