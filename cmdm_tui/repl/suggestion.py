"""Suggests the rest of what is typed from the history, but never a statement that could change."""

from functools import lru_cache

from prompt_toolkit.auto_suggest import AutoSuggest, Suggestion
from prompt_toolkit.buffer import Buffer
from prompt_toolkit.document import Document

from cmdm_tui.repl.commands.command import Touches
from cmdm_tui.repl.dispatch import STATEMENT_ERRORS
from cmdm_tui.repl.outcome import StatementEffect
from cmdm_tui.repl.plan import CommandPlan, plan_statement
from cmdm_tui.repl.statement_parser import parse
from cmdm_tui.repl.statement_splitter import split_statements
from cmdm_tui.repl.statements import StatementText
from cmdm_tui.repl.variables import Variables
from cmdm_tui.text import visible

_MOST_JUDGED = 20
"""Statements of the history that are read for one suggestion."""
_NEVER = frozenset({"confirm"})
"""Commands that change nothing, and take away what asks before a change."""


class HistorySuggestion(AutoSuggest):
    """Suggests the newest statement that begins as typed and that only reads."""

    def get_suggestion(self, buffer: Buffer, document: Document) -> Suggestion | None:
        """Return the rest of the statement; None where there is none to suggest."""
        text = document.text
        if not text.strip() or not document.is_cursor_at_the_end:
            return None
        judged = 0
        for statement in reversed(buffer.history.get_strings()):
            rest = statement[len(text) :].rstrip()
            if not rest or not statement.startswith(text):
                continue
            if "\n" in rest or visible(rest) != rest:
                continue  # it could not be shown behind the cursor
            judged += 1
            if judged > _MOST_JUDGED:
                return None
            if only_reads(statement):
                return Suggestion(rest)
        return None


@lru_cache(maxsize=2_000)
def only_reads(text: str) -> bool:
    """Return whether all the statements of a text are whole, and by their trees only read.

    One that a variable is part of could become anything, so it is taken for one that does not. So
    is one whose result goes to a file or a program, one that is repeated, and what cannot be read.
    """
    try:
        units = list(split_statements(text))
        return bool(units) and all(map(_only_reads, units))
    except STATEMENT_ERRORS:
        return False


def _only_reads(unit: StatementText) -> bool:
    ending = unit.ending
    if unit.missing or ending.destination is not None or ending.interval is not None:
        return False
    if ending.is_edited:
        return False
    plan = plan_statement(parse(unit.text), Variables())
    if isinstance(plan, CommandPlan):
        is_quiet = plan.command.touches in {Touches.NOTHING, Touches.CALLS}
        return is_quiet and plan.command.name not in _NEVER
    return plan.effect is not StatementEffect.WRITES
