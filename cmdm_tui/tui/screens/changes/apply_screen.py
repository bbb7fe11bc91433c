"""Sends changes, shows how far they are, and says what became of each."""

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, replace
from time import localtime, strftime
from typing import ClassVar, Self, cast

from textual import on
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Button, ProgressBar, Static

from cmdm_tui.api import ApiError
from cmdm_tui.changes.apply_events import (
    ApplyEvent,
    ChangeApplied,
    LookingForChange,
    ResetReached,
    WaitingForReset,
)
from cmdm_tui.changes.change_set import ChangeKind, ChangeSet
from cmdm_tui.changes.errors import ChangeError
from cmdm_tui.changes.journal import Journal, JournalRun
from cmdm_tui.changes.journal_entry import EntryState, JournalEntry, RunSummary
from cmdm_tui.operations.change_texts import (
    describe_counts,
    describe_outcome,
    name_change,
    name_state,
)
from cmdm_tui.operations.write import WriteOperation, WriteOutcome
from cmdm_tui.text import count_noun, one_line, visible
from cmdm_tui.tui.dialog_screen import BUTTON_KEYS, DialogScreen
from cmdm_tui.tui.messages import CallReturned
from cmdm_tui.tui.models.write_context import WORDS, WriteContext, describe_change_error
from cmdm_tui.tui.screens.dialogs.prompter import DialogPrompter

_MOST_LINES = 50
_NOT_DONE = frozenset({EntryState.REFUSED, EntryState.CONFLICT})
_SENDING = "Sending …"

ApplyWork = Callable[[WriteOperation, Journal], Awaitable[WriteOutcome]]


@dataclass(frozen=True, slots=True)
class ApplyResult:
    """What became of changes: `run` is None where nothing was begun.

    `to_open` is the entity and id of a new record that is to be shown, `to_undo` a run that is to
    be taken back. `words` say in a sentence how it ended; safe.
    """

    run: JournalRun | None
    words: str = ""
    to_open: tuple[str, str] | None = None
    to_undo: int | None = None


class PreviewPrompter(DialogPrompter):
    """Asks for an operation whose changes were shown: Apply, pressed in the preview, is the yes.

    Where a number is to be entered, it is asked for; `show_line` is called with what is so then.
    """

    def __init__(self, app: App[None], show_line: Callable[[str], None]) -> None:
        super().__init__(app)
        self._show_line = show_line

    async def enter_count(self, question: str, count: int) -> bool:
        """Ask for the number, and say that nothing is sent before it."""
        self._show_line("Nothing is sent before the number is entered.")
        is_entered = await super().enter_count(question, count)
        self._show_line(_SENDING)
        return is_entered

    async def confirm(self, question: str) -> bool:  # noqa: ARG002 - it was asked in the preview
        """Return true: the preview has asked."""
        return True


class ApplyScreen(DialogScreen[ApplyResult | None]):
    """Sends the changes that `work` asks an operation for; None where they were declined.

    It stays, says what became of them, and offers what can be done next: a new record is opened, a
    run that has ended early goes on, what was done is taken back.
    """

    CSS_PATH = "changes.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Stop", id="apply.leave", tooltip="Send no more, or close"),
        *BUTTON_KEYS,
    ]

    @dataclass
    class Progressed(CallReturned):
        """Something has happened while changes are sent."""

        event: ApplyEvent

    @dataclass
    class Ended(CallReturned):
        """The operation has ended."""

        outcome: WriteOutcome

    @dataclass
    class Broken(CallReturned):
        """The operation has failed; `run` is what was begun of it."""

        error: ChangeError | ApiError
        run: JournalRun | None

    def __init__(self, context: WriteContext, work: ApplyWork, *, title: str, total: int) -> None:
        super().__init__()
        self._writing = context
        self._work = work
        self._title = title
        self._total = total
        self._operation: WriteOperation | None = None
        self._result: ApplyResult | None = None
        self._lines: list[str] = []
        self._is_stopping = False
        self._has_begun = False
        """Whether the journal has the run."""

    @property
    def takes_over(self) -> bool:
        """Whether the changes are in the journal: they were sent, or can be resumed or looked for.

        Those that were all refused are still what was typed.
        """
        if self._result is not None and self._result.run is not None:
            return not is_all_refused(self._result.run)
        operation = self._operation
        return self._has_begun or (operation is not None and operation.run is not None)

    @property
    def losses(self) -> tuple[str, ...]:
        """What is not sent where it is ended while it sends."""
        if self._result is not None:
            return ()
        words = "Changes are being sent. Those not sent yet stay in the journal"
        return (f"{words}: Resume in Changes (f5) goes on with them.",)

    @classmethod
    def of_changes(
        cls, context: WriteContext, change_set: ChangeSet, *, undo_of: int | None = None
    ) -> Self:
        """Return the screen that sends a change set."""

        async def apply(operation: WriteOperation, _: Journal) -> WriteOutcome:
            return await operation.apply(change_set, undo_of=undo_of)

        return cls(context, apply, title=change_set.title, total=len(change_set.changes))

    @classmethod
    def of_run(cls, context: WriteContext, run: RunSummary) -> Self:
        """Return the screen that goes on with a run."""
        return cls(
            context,
            _resume(run.id),
            title=f"Resume run {run.id}: {run.title}",
            total=run.change_count,
        )

    def compose(self) -> ComposeResult:
        """Lay out the bar, the line of counts, what was said, and the buttons."""
        with Vertical(id="changes-dialog", classes="-short") as dialog:
            dialog.border_title = Content(one_line(self._title, 100))
            yield ProgressBar(total=max(self._total, 1), show_eta=False, id="apply-bar")
            yield Static(_SENDING, markup=False, id="apply-line")
            with VerticalScroll(id="apply-words", can_focus=False):
                yield Static(markup=False, id="apply-text")
            with Horizontal(id="changes-buttons"):
                yield Button("Stop", compact=True, id="stop")
                yield Button("Open", compact=True, variant="primary", id="open")
                yield Button("Resume", compact=True, id="resume")
                yield Button("Undo", compact=True, id="undo")
                yield Button("Close", compact=True, id="close")

    def on_mount(self) -> None:
        """Begin to send."""
        self._begin()

    def _begin(self) -> None:
        self._result, self._is_stopping = None, False
        self.query_one("#changes-dialog").border_subtitle = Content(
            "esc stop after the calls under way"
        )
        self._show_buttons("stop")
        self.run_worker(self._send, group="apply", exclusive=True)

    async def _send(self) -> None:
        operation: WriteOperation | None = None
        try:
            with self._writing.open_journal() as journal:
                prompter = PreviewPrompter(cast("App[None]", self.app), self._show_line)
                operation = self._writing.make_operation(journal, prompter, self._report)
                self._operation = operation
                outcome = await self._work(operation, journal)
        except (ChangeError, ApiError) as error:
            self.post_message(self.Broken(error, None if operation is None else operation.run))
        else:
            self.post_message(self.Ended(outcome))
        finally:
            self._has_begun = operation is not None and operation.run is not None
            self._operation = None

    def _report(self, event: ApplyEvent) -> None:
        self.post_message(self.Progressed(event))

    @on(Progressed)
    def _show_event(self, message: Progressed) -> None:
        match message.event:
            case ChangeApplied() as event:
                self.query_one(ProgressBar).update(total=event.total, progress=event.finished)
                self._show_line(self._describe_progress(event))
                if event.entry.state not in {EntryState.DONE, EntryState.UNCHANGED}:
                    self._add_line(_describe_entry(event.entry))
            case WaitingForReset() as event:
                moment = strftime("%H:%M:%S", localtime(event.until))
                self._show_line(f"{event.reason}: waiting until {moment}. Escape ends the wait.")
            case ResetReached():
                self._show_line("A new hour has begun.")
            case LookingForChange(number=number):
                self._show_line(f"Looking whether change {number} was done: that is not certain.")

    def _describe_progress(self, event: ChangeApplied) -> str:
        parts = [
            f"{event.finished:,} of {count_noun(event.total, 'change')}",
            f"{event.total - event.finished:,} left",
            count_noun(event.calls_made, "call") + " made",
        ]
        if event.calls_left is not None:
            parts.append(f"{event.calls_left:,} calls left this hour")
        return " · ".join(parts)

    @on(Ended)
    def _show_end(self, message: Ended) -> None:
        outcome = message.outcome
        run, summary = outcome.run, outcome.summary
        if outcome.is_declined or run is None:
            self.dismiss(None)
            return
        if summary is None:
            self._finish(ApplyResult(run), [f"Nothing is left to do of run {run.id}."])
            return
        sentences = [
            visible(self._writing.redact(one)) for one in describe_outcome(run, summary, WORDS)
        ]
        self._finish(ApplyResult(run, " ".join(" ".join(sentences).split())), sentences)

    @on(Broken)
    def _show_failure(self, message: Broken) -> None:
        run, error = message.run, message.error
        words = str(error)
        if isinstance(error, ChangeError):
            words = describe_change_error(error, None if run is None else run.id)
        elif run is not None:
            words = f"{words} {WORDS.show} {run.id} says what was sent."
        else:
            words = f"{words} Nothing was sent."
        self._finish(ApplyResult(run, words), [one_line(self._writing.redact(words))])

    def _finish(self, result: ApplyResult, sentences: list[str]) -> None:
        """Show how it ended, and what can be done next."""
        self._result = result
        run = result.run
        line = "Not sent" if run is None else describe_counts(run.summary.counts.items())
        is_said = bool(sentences) and sentences[0].startswith(line)
        self._show_line("" if is_said else line)
        self._lines = sentences
        self._show_lines()
        names = list(self._list_next(run))
        self._show_buttons(*names, "close")
        self.query_one("#changes-dialog").border_subtitle = Content("esc close")

    def _list_next(self, run: JournalRun | None) -> Iterator[str]:
        if run is None:
            return
        made = find_made(run)
        if made is not None:
            button = self.query_one("#open", Button)
            button.label = Content(f"Open {one_line(made[0], 20)} {one_line(made[1], 30)} (1 call)")
            yield "open"
        if any(one.state.is_open for one in run.entries):
            yield "resume"
        if run.undo_of is None and can_undo(run):
            yield "undo"

    def _show_buttons(self, *names: str) -> None:
        for button in self.query(Button):
            button.display = button.id in names
        first = "open" if "open" in names else names[-1]
        self.query_one(f"#{first}", Button).focus()

    def _show_line(self, line: str) -> None:
        shown = self.query_one("#apply-line", Static)
        shown.display = bool(line)
        shown.update(Content(one_line(self._writing.redact(line))))

    def _add_line(self, line: str) -> None:
        self._lines = [*self._lines, line][-_MOST_LINES:]
        self._show_lines()

    def _show_lines(self) -> None:
        text = "\n".join(visible(self._writing.redact(line)) for line in self._lines)
        self.query_one("#apply-text", Static).update(Content(text))

    @on(Button.Pressed, "#stop")
    @on(Button.Pressed, "#close")
    def action_leave(self) -> None:
        """Send no more while changes are sent, then leave the calls under way; at the end close.

        What a call that was left has done is found by reading the record, or is in doubt.
        """
        if self._result is not None:
            self.dismiss(self._result)
        elif self._operation is not None and not self._is_stopping:
            self._is_stopping = self._operation.stop()
            if self._is_stopping:
                self._add_line("Stopping after the calls under way; Escape again leaves them.")
        elif self._is_stopping:
            left = self._writing.account.client.cancel_calls()
            if left:
                self._add_line(f"{count_noun(left, 'call')} left, not waited for.")

    @on(Button.Pressed, "#resume")
    def resume(self) -> None:
        """Go on with what is left of the run."""
        if self._result is not None and self._result.run is not None:
            self._work = _resume(self._result.run.id)
            self._lines = []
            self._show_lines()
            self._begin()

    @on(Button.Pressed, "#open")
    def _open(self) -> None:
        if self._result is not None and self._result.run is not None:
            self.dismiss(replace(self._result, to_open=find_made(self._result.run)))

    @on(Button.Pressed, "#undo")
    def _undo(self) -> None:
        if self._result is not None and self._result.run is not None:
            self.dismiss(replace(self._result, to_undo=self._result.run.id))


def find_made(run: JournalRun) -> tuple[str, str] | None:
    """Return the entity and id of the one record that a run made: created, or of a conversion."""
    kinds = {ChangeKind.CREATE, ChangeKind.CONVERT}
    made = [
        (one.change, one.result_id)
        for one in run.entries
        if one.state is EntryState.DONE and one.change.kind in kinds and one.result_id
    ]
    if len(made) != 1:
        return None
    change, external_id = made[0]
    return ("account" if change.kind is ChangeKind.CONVERT else change.entity, external_id)


def is_all_refused(run: JournalRun) -> bool:
    """Return whether each change of a run was refused: nothing was made, nothing is in doubt."""
    return all(one.state in _NOT_DONE for one in run.entries)


def can_undo(run: JournalRun) -> bool:
    """Return whether a run has done something that can be taken back."""
    return any(
        one.state is EntryState.DONE and one.change.kind.can_be_undone for one in run.entries
    )


def _describe_entry(entry: JournalEntry) -> str:
    reason = f": {one_line(entry.reason, 300)}" if entry.reason else ""
    return f"{name_change(entry)}: {name_state(entry.state)}{reason}"


def _resume(run_id: int) -> ApplyWork:
    async def resume(operation: WriteOperation, journal: Journal) -> WriteOutcome:
        return await operation.resume(journal.load(run_id))

    return resume
