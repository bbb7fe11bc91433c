"""What completion at the prompt may know next to the catalog: names of the session and of files."""

from collections.abc import Callable, Sequence

from msgspec import Struct, field

from cmdm_tui.query.completion.offers import CompletionFacts


def know_none() -> Sequence[str]:
    """Return no name."""
    return ()


class PromptFacts(Struct, frozen=True):
    """Names that a statement can hold, each as of now.

    `sql` is what is known inside SQL, `columns` those of the last result, and the others what their
    names say.
    """

    sql: CompletionFacts = field(default_factory=CompletionFacts)
    columns: Callable[[], Sequence[str]] = know_none
    variables: Callable[[], Sequence[str]] = know_none
    saved_queries: Callable[[], Sequence[str]] = know_none
    profiles: Callable[[], Sequence[str]] = know_none


NO_PROMPT_FACTS = PromptFacts()
