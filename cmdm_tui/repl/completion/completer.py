"""Gives prompt-toolkit what the completion rules offer."""

from collections.abc import Callable, Iterable

from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document

from cmdm_tui.query.completion.offers import CompletionCatalog
from cmdm_tui.repl.completion.facts import PromptFacts
from cmdm_tui.repl.completion.rules import suggest

MOST_SHOWN = 300
"""Offers that the menu holds."""


def want_none(_: Iterable[str]) -> None:
    """Read no fields."""


class StatementCompleter(Completer):
    """Complete statements from what is known; it never makes a call.

    `facts` returns what else is known now. `want` gets the entities whose fields would be offered
    if they were known.
    """

    def __init__(
        self,
        known: CompletionCatalog,
        facts: Callable[[], PromptFacts] = PromptFacts,
        want: Callable[[Iterable[str]], None] = want_none,
    ) -> None:
        self._known = known
        self._facts = facts
        self._want = want

    def get_completions(
        self, document: Document, complete_event: CompleteEvent
    ) -> Iterable[Completion]:
        """Yield the completions for the text before the cursor."""
        suggestions = suggest(
            document.text_before_cursor,
            self._known,
            document.text_after_cursor,
            is_asked=complete_event.completion_requested,
            facts=self._facts(),
        )
        if suggestions.unread:
            self._want(suggestions.unread)
        for offer in suggestions.offers[:MOST_SHOWN]:
            yield Completion(
                offer.text,
                start_position=-len(suggestions.word),
                display=[("", offer.name)],
                display_meta=[("", offer.about)],
            )
