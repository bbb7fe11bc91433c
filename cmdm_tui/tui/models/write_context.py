"""What changes of an account need in the explorer: the account, the journal, and the words."""

from dataclasses import dataclass
from pathlib import Path
from typing import Self

from cmdm_tui.catalog import Account
from cmdm_tui.changes.apply_events import ApplyListener, ignore_apply_events
from cmdm_tui.changes.change_set import ChangeSet
from cmdm_tui.changes.errors import ChangeError
from cmdm_tui.changes.journal import Journal
from cmdm_tui.changes.preview import ChangePreview
from cmdm_tui.config import Paths
from cmdm_tui.operations.account_runs import find_last_run, find_stopped_run
from cmdm_tui.operations.change_texts import JournalWords, describe_stopped
from cmdm_tui.operations.confirmation import WritePolicy, confirm_rule
from cmdm_tui.operations.prompter import Prompter
from cmdm_tui.operations.write import WriteOperation

WORDS = JournalWords(show="Changes (f5), run", resume="Resume of run", stop="Escape")
"""How a run is named here."""
_START_WORDS = JournalWords(resume="Changes (f5): R on run")


@dataclass(frozen=True, slots=True)
class WriteContext:
    """An account whose records are changed; `journal` is the file that keeps the runs."""

    account: Account
    journal: Path

    @classmethod
    def of_user(cls, account: Account) -> Self:
        """Return the context with the journal that all faces of this user share."""
        return cls(account, Paths.of_user().journal)

    @property
    def may_write(self) -> bool:
        """Whether the profile allows changes."""
        return not self.account.profile.read_only

    def open_journal(self) -> Journal:
        """Open the journal. Raises JournalError."""
        return Journal.open(self.journal)

    def find_last_run(self) -> int | None:
        """Return the run that is taken back next, None where there is none. Raises ChangeError."""
        with self.open_journal() as journal:
            return find_last_run(journal, self.account)

    def make_operation(
        self,
        journal: Journal,
        prompter: Prompter,
        listener: ApplyListener = ignore_apply_events,
    ) -> WriteOperation:
        """Return the operation that sends changes which a person has seen in the preview."""
        policy = WritePolicy(
            confirm_rule(self.account.profile),
            how_to_confirm="Apply them in the preview",
            is_previewed=True,
        )
        return WriteOperation(
            self.account,
            journal,
            prompter,
            policy,
            show=_show_nothing,
            listener=listener,
            words=WORDS,
        )

    def redact(self, sentence: str) -> str:
        """Return a sentence without the account's secrets."""
        return self.account.client.redact(sentence)


def _show_nothing(_: ChangeSet, __: ChangePreview) -> None:
    """Show nothing: the preview was in front before the operation began."""


def describe_stopped_run(context: WriteContext) -> str:
    """Return a line on the newest run that was stopped; empty for none. It makes no file."""
    if not context.may_write or not context.journal.exists():
        return ""
    try:
        with context.open_journal() as journal:
            stopped = find_stopped_run(journal, context.account)
    except ChangeError as error:
        return str(error)
    return "" if stopped is None else describe_stopped(stopped, _START_WORDS)


def describe_change_error(error: ChangeError, run_id: int | None) -> str:
    """Return what went wrong, and where the journal says what was sent, if it does."""
    if run_id is None:
        return str(error)
    return f"{error} {WORDS.show} {run_id} says what was sent."
