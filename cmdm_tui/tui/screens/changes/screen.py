"""The main screen of changes: the runs of the account in the journal, and each run's changes."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, ClassVar, cast

from textual import on
from textual.app import App, ComposeResult
from textual.binding import BindingType
from textual.command import Provider
from textual.containers import Vertical
from textual.content import Content

from cmdm_tui.catalog import Account
from cmdm_tui.changes.errors import ChangeError
from cmdm_tui.changes.journal import JournalRun
from cmdm_tui.operations.account_runs import list_account_runs
from cmdm_tui.operations.journal_rows import RunRow, list_run
from cmdm_tui.text import count_noun, one_line
from cmdm_tui.tui.commands import BoundCommand, Command, CommandTable
from cmdm_tui.tui.messages import CallReturned, ClientEvent, ScreenRequested
from cmdm_tui.tui.models.read_only import describe_read_only
from cmdm_tui.tui.models.write_context import WriteContext
from cmdm_tui.tui.palette import CommandProvider
from cmdm_tui.tui.screens.changes.apply_screen import ApplyResult, can_undo
from cmdm_tui.tui.screens.changes.flow import resume_run, undo_run
from cmdm_tui.tui.screens.changes.run_lists import EntryList, RunList
from cmdm_tui.tui.screens.export_commands import EXPORT
from cmdm_tui.tui.screens.grid_commands import GRID_COMMANDS
from cmdm_tui.tui.screens.grid_screen import GridScreen
from cmdm_tui.tui.widgets.grid import Grid
from cmdm_tui.tui.widgets.key_footer import KeyFooter
from cmdm_tui.tui.widgets.notice import Notice
from cmdm_tui.tui.widgets.search_bar import SearchBar
from cmdm_tui.tui.widgets.status_line import StatusLine

if TYPE_CHECKING:
    from cmdm_tui.changes.journal_entry import RunSummary


class ChangesScreen(GridScreen):
    """Shows what was sent, from the journal: it makes no call by itself.

    `take` is called with what became of an undo or a resume, so that other screens can show it.
    """

    main_name = "changes"
    CSS_PATH = "changes.tcss"
    COMMANDS: ClassVar[set[type[Provider]]] = {CommandProvider}  # pyright: ignore[reportIncompatibleVariableOverride]
    _TABLE = CommandTable["ChangesScreen"](
        "changes",
        Command(
            "undo", "U", "Undo", "Take this run back; shown first, and sent when you apply it",
            lambda screen: screen.undo(), lambda screen: screen.may_undo,
            group="Change", cost="1 call a record, then those shown", footer_priority=8,
            needs=lambda screen: screen.describe_needs("a run that can be taken back"),
        ),
        Command(
            "resume", "R", "Resume", "Go on with what is left of this run",
            lambda screen: screen.resume(), lambda screen: screen.may_resume,
            group="Change", cost="≤ 2 calls a change", footer_priority=8,
            needs=lambda screen: screen.describe_needs("a run with changes left"),
        ),
        Command(
            "refresh", "r", "Refresh", "Read the journal again",
            lambda screen: screen.read_runs(), group="Change",
        ),
        *GRID_COMMANDS,
        *EXPORT,
        Command(
            "back", "escape", "Back", "Go back to the runs, and then to the records",
            lambda screen: screen.go_back(), is_in_footer=False, group="Move",
        ),
    )  # fmt: skip
    BINDINGS: ClassVar[list[BindingType]] = _TABLE.bindings

    def __init__(self, account: Account, take: Callable[[ApplyResult], None]) -> None:
        super().__init__()
        self._account = account
        self._take = take
        self._writing = WriteContext.of_user(account)
        self._runs: dict[int, RunSummary] = {}
        self._shown: JournalRun | None = None
        self._shows_entries = False
        """Whether the changes are in front of the runs."""

    def bind_commands(self) -> Mapping[str, BoundCommand]:
        """Return the screen's commands by id."""
        return self._TABLE.bind(self, self.keymap)

    def compose(self) -> ComposeResult:
        """Lay out the runs above the changes of the one under the cursor."""
        with Vertical(id="runs-pane") as runs:
            runs.border_title = "Runs"
            yield RunList()
            yield Notice(id="runs-notice")
        with Vertical(id="entries-pane"):
            yield EntryList()
        yield SearchBar()
        yield StatusLine(self._account, id="status")
        yield KeyFooter()

    def on_mount(self) -> None:
        """Put the focus into the runs."""
        self.set_focus(self.query_one(RunList))

    @property
    def grid(self) -> Grid:
        """The list in front: the one that has, or had, the focus."""
        return self.query_one(EntryList if self._shows_entries else RunList)

    @property
    def export_name(self) -> str:
        """What the file is named at first."""
        run = self._shown
        return f"run-{run.id}" if self._shows_entries and run is not None else "runs"

    def on_descendant_focus(self) -> None:
        """Note which list is in front; a search is of this one."""
        for widget in (self.query_one(RunList), self.query_one(EntryList)):
            if widget.has_focus:
                self._shows_entries = isinstance(widget, EntryList)
        self.refresh_bindings()

    def on_screen_resume(self) -> None:
        """Read the journal again: other screens and programs write it too."""
        self.read_runs()
        self.query_one(StatusLine).show_quota()

    @property
    def run_under_cursor(self) -> JournalRun | None:
        """The run whose changes are shown."""
        return self._shown

    @property
    def may_undo(self) -> bool:
        """Whether the run has done something that can be taken back, and the profile allows it."""
        run = self._shown
        return run is not None and self._writing.may_write and can_undo(run)

    @property
    def may_resume(self) -> bool:
        """Whether something of the run is left to do, and the profile allows it."""
        run = self._shown
        is_open = run is not None and any(one.state.is_open for one in run.entries)
        return is_open and self._writing.may_write

    def describe_needs(self, what: str) -> str:
        """Return what a change needs: another profile where this one is read-only, else `what`."""
        return describe_read_only(self._account.profile) or what

    def read_runs(self) -> None:
        """List the runs of the account: no call."""
        notice = self.query_one(Notice)
        try:
            rows = self._list_runs()
        except ChangeError as error:
            notice.show_error(str(error), alone=not self._runs)
            return
        self.query_one(RunList).show_runs(rows)
        self._show_counts()
        if rows:
            notice.hide()
        else:
            words = "Nothing was changed through this account yet"
            notice.show_text(words, alone=True, hint="e edits a record in the records (f2)")

    def _list_runs(self) -> list[RunRow]:
        with self._writing.open_journal() as journal:
            runs = list_account_runs(journal, self._account)
            self._runs = {one.id: one for one in runs}
            return [list_run(one, is_in_use=journal.is_in_use(one.id)) for one in runs]

    @on(RunList.RunHighlighted)
    def _show_run(self, event: RunList.RunHighlighted) -> None:
        self._shown = None
        title = ""
        if event.run_id is not None:
            try:
                with self._writing.open_journal() as journal:
                    self._shown = journal.load(event.run_id)
            except ChangeError as error:
                self.query_one(Notice).show_error(str(error), alone=False)
            else:
                title = f"Run {event.run_id}: {one_line(self._shown.change_set.title, 100)}"
        self.query_one(EntryList).show_run(self._shown)
        self.query_one("#entries-pane").border_title = Content(title)
        self._show_counts()
        self.refresh_bindings()

    @on(Grid.MarksChanged)
    def _show_counts(self) -> None:
        for kind, noun in ((RunList, "run"), (EntryList, "change")):
            grid = self.query_one(kind)
            count = 0 if grid.source is None else grid.source.row_count
            marks = f"{len(grid.marks):,} marked · " if len(grid.marks) else ""
            words = f"{marks}{count_noun(count, noun)}" if count else ""
            pane = grid.parent
            if isinstance(pane, Vertical) and pane.border_subtitle != words:
                pane.border_subtitle = Content(words)

    def undo(self) -> None:
        """Read what takes the run back, and show it."""
        if self._shown is not None:
            undo_run(self._app, self._writing, self._shown.id, self._end)

    def resume(self) -> None:
        """Go on with what is left of the run."""
        run = None if self._shown is None else self._runs.get(self._shown.id)
        if run is not None:
            resume_run(self._app, self._writing, run, self._end)

    @property
    def _app(self) -> App[None]:
        return cast("App[None]", self.app)

    def go_back(self) -> None:
        """Go from the changes to the runs, and from these to the records."""
        if self._shows_entries:
            self.set_focus(self.query_one(RunList))
        else:
            self.post_message(ScreenRequested("records"))

    def _end(self, result: ApplyResult) -> None:
        self.read_runs()
        if result.to_open is not None:
            self.post_message(ScreenRequested("records"))
        self._take(result)

    @on(Grid.RowOpened)
    def _go_to_entries(self) -> None:
        self.set_focus(self.query_one(EntryList))

    @on(CallReturned)
    def _show_quota(self) -> None:
        self.query_one(StatusLine).show_quota()

    @on(ClientEvent)
    def _show_event(self, event: ClientEvent) -> None:
        self.query_one(StatusLine).show_event(event.event)
