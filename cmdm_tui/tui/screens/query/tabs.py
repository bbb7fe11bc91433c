"""The tabs of the query screen: what is open, what was run, what is saved."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual import on
from textual.app import ComposeResult
from textual.widgets import ContentSwitcher, Tab, Tabs

from cmdm_tui.catalog import Account
from cmdm_tui.config import Paths
from cmdm_tui.operations.call_log import CallLog
from cmdm_tui.operations.saved_queries import SavedQueries
from cmdm_tui.operations.statement_history import StatementHistory
from cmdm_tui.query.engine import Engine
from cmdm_tui.query.parsing.beginnings import is_sql
from cmdm_tui.text import one_line
from cmdm_tui.tui.messages import StateChanged
from cmdm_tui.tui.models.copied_text import CopiedColumn
from cmdm_tui.tui.models.drafts import SqlDraft
from cmdm_tui.tui.models.exported_result import export_result
from cmdm_tui.tui.models.exported_rows import RowExport
from cmdm_tui.tui.screens.grid_screen import GridScreen
from cmdm_tui.tui.screens.query.pane import QueryPane
from cmdm_tui.tui.widgets.cells import safe_line
from cmdm_tui.tui.widgets.grid import Grid
from cmdm_tui.tui.widgets.key_footer import KeyFooter
from cmdm_tui.tui.widgets.search_bar import SearchBar
from cmdm_tui.tui.widgets.status_line import StatusLine

if TYPE_CHECKING:
    from cmdm_tui.tui.models.query_document import QueryDocument

_MOST_TABS = 20
_MOST_HISTORY = 1_000


class QueryTabs(GridScreen):
    """Tabs of SQL over an account, and what the commands ask of them.

    `paths` are the user's folders: history, saved queries, journal. `call_log` has the calls made.
    """

    CSS_PATH = "query.tcss"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (110, "-wide")]  # noqa: RUF012 - as declared above it
    main_name = "query"

    def __init__(
        self, account: Account, paths: Paths | None = None, call_log: CallLog | None = None
    ) -> None:
        super().__init__()
        self.account = account
        self._call_log = call_log
        self.paths = paths or Paths.of_user()
        self.saved_queries = SavedQueries(self.paths.saved_queries)
        self._engine = Engine(account)
        self._history: StatementHistory | None = None
        self._tab_count = 0
        self._drafts: dict[int, tuple[QueryDocument, str]] = {}
        """The SQL of each tab that was typed into, by the tab's number."""
        self._available: frozenset[str] = frozenset()

    def compose(self) -> ComposeResult:
        """Lay out the tabs, of which there is one at first, the status line and the footer."""
        pane = self._make_pane()
        yield Tabs(Tab(safe_line(pane.document.title), id=f"tab-{pane.id}"), id="query-tabs")
        with ContentSwitcher(initial=pane.id, id="query-panes"):
            yield pane
        yield SearchBar()
        yield StatusLine(self.account, call_log=self._call_log, id="status")
        yield KeyFooter()

    def on_mount(self) -> None:
        """Begin in the editor of the first tab."""
        self.query_one(Tabs).can_focus = False
        self.set_focus(self.pane.editor)  # at once: keys that wait are for the editor
        self.show_state()

    def _make_pane(self) -> QueryPane:
        self._tab_count += 1
        name = f"query-{self._tab_count}"
        return QueryPane(self.account, self._engine, self._tab_count, id=name)

    def on_text_area_changed(self) -> None:
        """Note the text of the tab in front, which may be left unsaved."""
        if self.has_pane:
            self._drafts[self.pane.document.number] = (self.pane.document, self.pane.editor.text)

    def on_unmount(self) -> None:
        """Close the database of the results, and keep in the history what is in no file.

        Each tab has let go of its result.
        """
        self._engine.close()
        for document, text in self._drafts.values():
            if document.would_lose(text):
                self.history.append(self.account.client.redact(text.strip()))

    # Tabs.

    @property
    def panes(self) -> list[QueryPane]:
        """The tabs, in order."""
        return list(self.query(QueryPane))

    @property
    def losses(self) -> tuple[str, ...]:
        """What is lost where the account is closed: statements that run, SQL that no one keeps."""
        return (
            *(loss for pane in self.panes for loss in pane.losses),
            *(
                f"The SQL of {document.title} goes into no history, nor into a file: it is lost."
                for document, text in self._drafts.values()
                if document.would_lose(text) and not self._is_for_history(text)
            ),
        )

    def _is_for_history(self, text: str) -> bool:
        """Return whether the history takes a text, at least without the secrets in it."""
        return self.history.can_keep(self.account.client.redact(text.strip()))

    @property
    def drafts(self) -> tuple[SqlDraft, ...]:
        """The SQL that was typed, not run since, and is in no file."""
        return tuple(
            SqlDraft(text) for document, text in self._drafts.values() if document.would_lose(text)
        )

    @property
    def has_pane(self) -> bool:
        """Whether a tab is in front: the first is, a moment after the screen is shown."""
        tabs = self.query_one(ContentSwitcher)
        return any(pane.id == tabs.current for pane in tabs.children)

    @property
    def pane(self) -> QueryPane:
        """The tab in front."""
        current = self.query_one(ContentSwitcher).current
        return self.query_one(f"#{current}", QueryPane)

    # The rows of the tab in front.

    @property
    def grid(self) -> Grid | None:
        """The rows of the tab in front, None while its SQL is edited."""
        if not self.has_pane or self.pane.editor.has_focus:
            return None
        return self.pane.result_pane.grid

    @property
    def export_name(self) -> str:
        """What the tab is called, or `result`."""
        return self.pane.document.name or "result"

    def list_export_columns(self, grid: Grid) -> Sequence[CopiedColumn]:
        """Return the columns shown, each of the type that the query gives it."""
        source = self.pane.result_pane.source
        outputs = () if source is None else source.output_columns
        return [
            CopiedColumn(shown.index, shown.source.name, outputs[shown.index].type)
            for shown in grid.columns
        ]

    def prepare_export(self) -> RowExport | None:
        """Return what is exported: the whole result, unless rows are marked or are still coming."""
        grid, result = self.grid, self.pane.result_pane.shown_result
        if grid is None or result is None or len(grid.marks):
            return super().prepare_export()
        return export_result(result, self.list_export_columns(grid), self.export_name)

    async def open_tab(self, text: str = "") -> QueryPane:
        """Open a tab with this text, and bring it to the front; the last one, if there are many."""
        if len(self.panes) >= _MOST_TABS:
            words = f"There are {_MOST_TABS} tabs. Close one first with ctrl+w."
            self.notify(words, severity="warning", markup=False)
            return self.pane
        pane = self._make_pane()
        await self.query_one(ContentSwitcher).mount(pane)
        if text:
            pane.editor.load_text(text)
        await self.query_one(Tabs).add_tab(Tab(safe_line(pane.document.title), id=f"tab-{pane.id}"))
        self.show_tab(pane)
        return pane

    async def put_draft(self, text: str) -> bool:
        """Put SQL into a tab, in front if that is empty; return whether there was room for it."""
        pane = self.pane
        if pane.editor.text.strip() or pane.document.path is not None:
            if len(self.panes) >= _MOST_TABS:
                await self.open_tab()  # says so
                return False
            pane = await self.open_tab(text)
        else:
            pane.editor.load_text(text)
            self.set_focus(pane.editor)
        self._drafts[pane.document.number] = (pane.document, pane.editor.text)
        return True

    def show_tab(self, pane: QueryPane) -> None:
        """Bring a tab to the front, the cursor in its editor."""
        self.query_one(Tabs).active = f"tab-{pane.id}"
        self.query_one(ContentSwitcher).current = pane.id
        self.set_focus(pane.editor)  # at once: keys that wait are for the editor
        self.show_state()

    async def close_tab(self, pane: QueryPane) -> None:
        """Close a tab; the last one is followed by an empty one."""
        panes = self.panes
        place = panes.index(pane)
        rest = [one for one in panes if one is not pane]
        pane.close()
        self._drafts.pop(pane.document.number, None)
        if rest:
            self.show_tab(rest[min(place, len(rest) - 1)])
        await self.query_one(Tabs).remove_tab(f"tab-{pane.id}")
        await pane.remove()
        if not rest:
            await self.open_tab()

    def move_tab(self, step: int) -> None:
        """Bring the next tab to the front, or the one before; after the last comes the first."""
        panes = self.panes
        self.show_tab(panes[(panes.index(self.pane) + step) % len(panes)])

    def show_titles(self) -> None:
        """Bring the names of the tabs up to date; a text that is not kept has a mark."""
        for pane in self.panes:
            document = pane.document
            mark = (
                "*" if document.path is not None and document.is_changed(pane.editor.text) else ""
            )
            label = safe_line(f"{document.title}{mark}")
            tab = self.query_one(f"#tab-{pane.id}", Tab)
            if tab.label.plain != label.plain:
                tab.label = label

    @on(Tabs.TabActivated)
    def _follow_tab(self, event: Tabs.TabActivated) -> None:
        name = (event.tab.id or "").removeprefix("tab-")
        switcher = self.query_one(ContentSwitcher)
        if switcher.current != name and self.query(f"#{name}"):
            self.show_tab(self.query_one(f"#{name}", QueryPane))

    # What others report.

    @on(StateChanged)
    def show_state(self) -> None:
        """Bring the titles and the footer up to date."""
        if not self.has_pane:
            return
        self.show_titles()
        available = self.available_commands
        if available != self._available:
            self._available = available
            self.refresh_bindings()

    def on_descendant_focus(self) -> None:
        """Bring the footer up to date: other keys apply in another part."""
        self.show_state()

    # History and dialogs.

    @property
    def history(self) -> StatementHistory:
        """The history of this user, opened when it is first needed."""
        if self._history is None:
            self._history = StatementHistory.open(self.paths.history, self._warn)
        return self._history

    def list_history(self) -> list[str]:
        """Return the SQL that was run, the newest first, each text once."""
        entries = dict.fromkeys(one.strip() for one in self.history.load() if is_sql(one))
        return list(entries)[:_MOST_HISTORY]

    def _warn(self, words: str) -> None:
        self.notify(one_line(words), severity="warning", markup=False)
