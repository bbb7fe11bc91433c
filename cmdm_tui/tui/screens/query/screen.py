"""The query screen: passes on what the tabs and the client report, and runs the commands."""

from collections.abc import Mapping
from dataclasses import replace
from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType

from cmdm_tui.catalog import Account
from cmdm_tui.config import Paths
from cmdm_tui.operations.call_log import CallLog
from cmdm_tui.operations.statement_history import LONGEST_STATEMENT
from cmdm_tui.tui.commands import BoundCommand
from cmdm_tui.tui.messages import CallReturned, ClientEvent
from cmdm_tui.tui.models.write_context import WriteContext
from cmdm_tui.tui.screens.changes.apply_screen import ApplyResult
from cmdm_tui.tui.screens.changes.flow import TakeResult, review_changes
from cmdm_tui.tui.screens.query import commands
from cmdm_tui.tui.screens.query.pane import QueryPane
from cmdm_tui.tui.screens.query.tabs import QueryTabs
from cmdm_tui.tui.widgets.sql_editor import SqlEditor
from cmdm_tui.tui.widgets.status_line import StatusLine

_PRIORITY_KEYS = frozenset({"ctrl+c"})
"""Keys that come before what the editor does with them, while their command applies."""


def _bind() -> list[BindingType]:
    return [
        replace(one, priority=True)
        if isinstance(one, Binding) and one.key in _PRIORITY_KEYS
        else one
        for one in commands.COMMANDS.bindings
    ]


def _ignore(_: ApplyResult) -> None:
    """Tell no one."""


class QueryScreen(QueryTabs):
    """Runs SQL over an account. `take_changes` is called with what became of changes."""

    BINDINGS: ClassVar[list[BindingType]] = _bind()

    def __init__(
        self,
        account: Account,
        paths: Paths | None = None,
        take_changes: TakeResult = _ignore,
        call_log: CallLog | None = None,
    ) -> None:
        super().__init__(account, paths, call_log)
        self._take_changes = take_changes

    def bind_commands(self) -> Mapping[str, BoundCommand]:
        """Return the screen's commands by id."""
        return commands.COMMANDS.bind(self, self.keymap)

    @property
    def losses(self) -> tuple[str, ...]:
        """What is lost where the account is closed, and which SQL the history keeps then."""
        kept = [
            document.title
            for document, text in self._drafts.values()
            if document.would_lose(text) and self._is_kept(text)
        ]
        if not kept:
            return super().losses
        many = f"{len(kept):,} SQL tabs"
        name, tabs = (kept[0], "its tab closes") if len(kept) == 1 else (many, "the tabs close")
        keys = self.commands["history"].shown_key
        words = f"The text of {name} is in no file: {tabs}, the history ({keys}) keeps the text."
        return (*super().losses, words)

    def _is_kept(self, text: str) -> bool:
        """Return whether the history keeps a text when the screen is closed."""
        statement = self.account.client.redact(text.strip())
        is_short = len(statement) <= LONGEST_STATEMENT
        return self.history.is_kept and is_short and not self.history.is_secret(statement)

    @on(CallReturned)
    def show_quota(self) -> None:
        """Bring the status line up to date."""
        self.query_one(StatusLine).show_quota()

    @on(ClientEvent)
    def _show_event(self, event: ClientEvent) -> None:
        self.query_one(StatusLine).show_event(event.event)
        for pane in self.panes:
            pane.note_event(event.event)

    @on(SqlEditor.TextReplaced)
    def _tell_replaced(self, event: SqlEditor.TextReplaced) -> None:
        count = event.count
        what = "1 character" if count == 1 else f"{count:,} characters"
        words = f"{what} that a terminal would act on: now in words. Check the SQL before it runs."
        self.notify(words, severity="warning", markup=False)

    @on(QueryPane.StatementRan)
    def _keep_statement(self, event: QueryPane.StatementRan) -> None:
        self.history.append(self.account.client.redact(event.sql))

    @on(QueryPane.ChangesMade)
    def _review(self, event: QueryPane.ChangesMade) -> None:
        """Show what a statement would change; it is sent once that was confirmed."""
        made = event.end.changes
        if made is None:
            return

        def take(result: ApplyResult) -> None:
            event.pane.show_changes(event.end, result)
            self.show_quota()
            self._take_changes(result)

        context = WriteContext(self.account, self.paths.journal)
        review_changes(self.command_app, context, made.change_set, take)
