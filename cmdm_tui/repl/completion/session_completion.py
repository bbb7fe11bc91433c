"""What completion knows of one session at the prompt, and has read in the background."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from cmdm_tui.config import ConfigurationError, ProfileStore
from cmdm_tui.operations.saved_queries import SavedQueries
from cmdm_tui.query.completion.functions import AllFunctions
from cmdm_tui.query.completion.offers import NO_FACTS, CompletionFacts
from cmdm_tui.query.completion.sql_place import SqlPlace
from cmdm_tui.query.model import EXTERNAL_ID
from cmdm_tui.repl.completion.completer import StatementCompleter
from cmdm_tui.repl.completion.facts import PromptFacts
from cmdm_tui.repl.completion.field_reader import FieldReader
from cmdm_tui.repl.completion.file_names import list_files
from cmdm_tui.repl.completion.use_counter import UseCounter
from cmdm_tui.repl.session import ReplSession
from cmdm_tui.repl.session_catalog import MOST_IDS

if TYPE_CHECKING:
    from cmdm_tui.query.result import QueryResult


class SessionCompletion:
    """Completes the statements of a session, and counts what it uses.

    `on_change` is called when fields begin to be read, and when they are known.
    """

    def __init__(self, session: ReplSession, on_change: Callable[[], None]) -> None:
        self._session = session
        self._uses = UseCounter()
        self.fields = FieldReader(session.account, on_change)
        self.completer = StatementCompleter(session.catalog, self._list_facts, self.fields.want)

    def load(self, statements: Sequence[str]) -> None:
        """Count the words of the history: slow, for a thread."""
        self._uses.note_all(statements)

    async def note_run(self, text: str) -> None:
        """Take in what was run: its words, and the external ids that its rows show. No call."""
        self._uses.note(text)
        session = self._session
        result = session.query_result
        if session.shows_query and result is not None and session.last_unit is not None:
            await self._note_ids(session.last_unit.text, result)

    async def _note_ids(self, sql: str, result: "QueryResult") -> None:
        names = [column.name for column in result.columns]
        tables = SqlPlace(sql, "", self._session.catalog, NO_FACTS).tables
        entities = {table.entity for table in tables if table.entity}
        if names.count(EXTERNAL_ID) == len(entities) == 1:
            place = names.index(EXTERNAL_ID)
            rows = await result.read_rows(0, MOST_IDS)
            ids = [str(row[place]) for row in rows if row[place] is not None]
            self._session.catalog.note_ids(entities.pop(), ids[::-1])

    def _list_facts(self) -> PromptFacts:
        session = self._session
        return PromptFacts(
            CompletionFacts(AllFunctions(), self._uses.counts, session.catalog.ids, list_files),
            columns=self._list_columns,
            variables=lambda: list(session.variables.values),
            saved_queries=self._list_saved_queries,
            profiles=self._list_profiles,
        )

    def _list_columns(self) -> Sequence[str]:
        result = self._session.query_result
        return () if result is None else [column.name for column in result.columns]

    def _list_saved_queries(self) -> Sequence[str]:
        try:
            return [one.name for one in SavedQueries(self._session.paths.saved_queries).list()]
        except ConfigurationError:
            return ()

    def _list_profiles(self) -> Sequence[str]:
        try:
            return ProfileStore(self._session.paths).list_names()
        except ConfigurationError:
            return ()
