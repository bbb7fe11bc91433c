"""Gives prompt-toolkit what the completion rules offer."""

from collections.abc import Iterable

from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document

from cmdm_tui.repl.completion.rules import CompletionCatalog, suggest


class StatementCompleter(Completer):
    """Complete statements from what is known; it never makes a call."""

    def __init__(self, known: CompletionCatalog) -> None:
        self._known = known

    def get_completions(
        self, document: Document, complete_event: CompleteEvent
    ) -> Iterable[Completion]:
        """Yield the completions for the text before the cursor."""
        suggestions = suggest(
            document.text_before_cursor,
            self._known,
            document.text_after_cursor,
            is_asked=complete_event.completion_requested,
        )
        for offer in suggestions.offers:
            yield Completion(
                offer.text,
                start_position=-len(suggestions.word),
                display=[("", offer.name)],
                display_meta=[("", offer.about)],
            )
