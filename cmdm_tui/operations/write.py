"""Send a change set for a face: show it, ask, write the journal, apply it; resume and undo it."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cmdm_tui.api.errors import ReadOnly
from cmdm_tui.catalog import Account
from cmdm_tui.changes.apply import ChangeApplier
from cmdm_tui.changes.apply_events import (
    DEFAULT_OPTIONS,
    ApplyEvent,
    ApplyListener,
    ApplyOptions,
    ApplySummary,
    ChangeApplied,
    LookingForChange,
    ResetReached,
    WaitingForReset,
    ignore_apply_events,
)
from cmdm_tui.changes.change_set import Change, ChangeKind, ChangeSet
from cmdm_tui.changes.errors import (
    ChangesSentBefore,
    OtherAccount,
    PartialChanges,
    RunTakenBack,
)
from cmdm_tui.changes.journal import Journal, JournalRun
from cmdm_tui.changes.journal_entry import EntryState, JournalEntry
from cmdm_tui.changes.preview import ChangePreview, preview_changes
from cmdm_tui.changes.references import list_remade
from cmdm_tui.changes.run_effect import collect_effects
from cmdm_tui.changes.taken_back import find_sent, find_undo
from cmdm_tui.changes.undo import make_undo
from cmdm_tui.operations.apply_progress import ApplyProgress
from cmdm_tui.operations.change_texts import COMMAND_WORDS, JournalWords
from cmdm_tui.operations.confirmation import WritePolicy, is_confirmed
from cmdm_tui.operations.prompter import Prompter

if TYPE_CHECKING:
    from cmdm_tui.operations.reference_search import ReferenceSearch

ShowChanges = Callable[[ChangeSet, ChangePreview], None]
"""Shows a person what is about to be sent, old values next to new ones."""


_COUNTED = frozenset({ChangeKind.CREATE, ChangeKind.DELETE, ChangeKind.CONVERT})
"""Changes after which an entity has more records, or fewer."""


@dataclass(frozen=True, slots=True)
class WriteOutcome:
    """How it ended: `summary` is None where the person declined, or nothing was to be sent."""

    change_set: ChangeSet
    run: JournalRun | None = None
    summary: ApplySummary | None = None
    is_declined: bool = False


class WriteOperation:
    """Changes to one account, made for one face: `apply` a change set, or `resume` a run.

    `plan_undo` gives the change set that takes a run back.

    `show` is called with what is about to be sent before anything is asked. The `listener` gets
    what happens while it is sent; `words` name the face's commands to a person. `stop` may be
    called meanwhile, from a signal handler too.
    """

    def __init__(
        self,
        account: Account,
        journal: Journal,
        prompter: Prompter,
        policy: WritePolicy,
        *,
        show: ShowChanges,
        options: ApplyOptions = DEFAULT_OPTIONS,
        listener: ApplyListener = ignore_apply_events,
        words: JournalWords = COMMAND_WORDS,
    ) -> None:
        self._account = account
        self._journal = journal
        self._prompter = prompter
        self._policy = policy
        self._show = show
        self._options = options
        self._listener = listener
        self._words = words
        self._applier: ChangeApplier | None = None
        self._run: JournalRun | None = None
        self._progress = ApplyProgress()

    @property
    def run(self) -> JournalRun | None:
        """The run that was begun or resumed last, also where an error has ended it."""
        return self._run

    def check_writable(self) -> None:
        """Raise ReadOnly where the profile allows no change; call it before anything is read."""
        check_writable(self._account)

    async def apply(self, change_set: ChangeSet, *, undo_of: int | None = None) -> WriteOutcome:
        """Show the changes, ask, and send them.

        Raises ChangesNotConfirmed, PartialChanges, OtherAccount, ReadOnly, ChangesSentBefore,
        another ChangeError, or ApiError. Nothing was sent then, unless the journal says so.
        """
        self.check_writable()
        self._check_account(change_set.address, change_set.username)
        self._check_unsent(change_set)
        preview = preview_changes(change_set, rechecks=self._options.rechecks)
        self._show(change_set, preview)
        if not preview.change_count:
            return WriteOutcome(change_set)
        if change_set.is_partial and not self._policy.allows_partial:
            raise PartialChanges(
                "Not every record that may be meant was read", hint=self._policy.how_to_read_all
            )
        if not await self._is_confirmed(preview):
            return WriteOutcome(change_set, is_declined=True)
        run = self._journal.begin(
            change_set,
            profile=self._account.profile.name,
            options=self._options,
            undo_of=undo_of,
            # Again, as another process may have sent them meanwhile.
            check=lambda: self._check_unsent(change_set),
        )
        return await self._send(run, self._options)

    async def resume(self, run: JournalRun) -> WriteOutcome:
        """Go on with a run that was stopped or killed: it was confirmed when it began.

        What it has done is not done again. Raises RunTakenBack where a later run has taken it back,
        and what `apply` does.
        """
        self.check_writable()
        made = run.change_set
        self._check_account(made.address, made.username)
        if not any(entry.state.is_open for entry in run.entries):
            return WriteOutcome(made, run)
        undo = find_undo(self._journal, run)
        if undo is not None:
            raise RunTakenBack(
                f"Run {undo.id} has taken run {run.id} back: what is left of it is not sent"
            )
        self._check_unsent(made, besides=run.id)
        return await self._send(run, None)

    async def plan_undo(
        self, run: JournalRun, *, search: "ReferenceSearch | None" = None
    ) -> ChangeSet:
        """Return what takes the run back; it reads each record that it would change.

        With a `search`, the records that point at what is made again are looked for and changed
        too. Raises OtherAccount before anything is read, SearchDeclined, QueryError or ApiError.
        """
        self._check_account(run.change_set.address, run.change_set.username)
        effects = collect_effects(run.entries)
        found = None
        if search is not None:
            found = await search.find(list_remade(effects))
        catalog = self._account.catalog
        known = {one.entity: catalog.cached_fields(one.entity) for one in effects}
        with self._prompter.progress(len(run.entries)):
            return await make_undo(
                run,
                self._account.client,
                fields={entity: fields for entity, fields in known.items() if fields},
                references=found,
                earlier=self._journal.load_undos(run.id),
            )

    def stop(self) -> bool:
        """Send no more, and end after the calls under way; return whether it ends by itself."""
        if self._applier is None:
            return False
        self._applier.stop()
        return True

    async def _is_confirmed(self, preview: ChangePreview) -> bool:
        client = self._account.client
        left = self._account.known_quota.quota.remaining
        if left is not None and left < preview.calls_high:
            self._prompter.notify(
                f"{left:,} calls are left this hour, and up to {preview.calls_high:,} are needed: "
                "it would wait for the reset."
            )
        answer = await is_confirmed(preview, self._policy, self._prompter, host=client.host)
        client.start_command()
        return answer

    async def _send(self, run: JournalRun, options: ApplyOptions | None) -> WriteOutcome:
        self._run = run
        applier = ChangeApplier(self._account.client, run, options, listener=self._listen)
        self._applier = applier
        self._progress = ApplyProgress()
        begun = time.time()
        ended = {one.number for one in run.entries if not one.state.is_open}
        try:
            summary = await applier.run()
        finally:
            self._applier = None
            self._prompter.show_progress("")
            sent = [one for one in run.entries if one.number not in ended]
            change_totals(self._account, sent, since=begun)
        return WriteOutcome(run.change_set, run, summary)

    def _listen(self, event: ApplyEvent) -> None:
        self._listener(event)
        match event:
            case WaitingForReset(until=until, reason=reason):
                self._progress.note_wait(event)
                moment = time.strftime("%H:%M:%S", time.localtime(until))
                number = "" if self._run is None else f" {self._run.id}"
                self._prompter.notify(
                    f"{reason}: waiting until {moment}. {self._words.stop} ends the wait; "
                    f"{self._words.resume}{number} goes on then."
                )
            case ResetReached():
                self._account.client.start_command()
            case LookingForChange(number=number):
                self._prompter.notify(
                    f"Looking whether change {number} was done: that is not certain."
                )
            case ChangeApplied():
                self._progress.describe(event)
        self._prompter.show_progress(self._progress.line)

    def _check_unsent(self, change_set: ChangeSet, *, besides: int | None = None) -> None:
        sent = find_sent(self._journal, change_set, besides=besides)
        if sent is None:
            return
        words = self._words
        how = f"{words.show} {sent.id} says what became of each"
        if any(entry.state.is_open for entry in sent.entries):
            how = f"{words.resume} {sent.id} goes on with what is left"
        hint = f"{how}; cmdm apply --again would make them once more"
        raise ChangesSentBefore(sent.id, hint=hint)

    def _check_account(self, address: str, username: str) -> None:
        client, profile = self._account.client, self._account.profile
        if (address, username) != (client.address, profile.credentials.username):
            raise OtherAccount(
                f"The changes are for {username} at {address}, and {profile.name} is "
                f"{profile.credentials.username} at {client.address}"
            )


def change_totals(account: Account, entries: Iterable[JournalEntry], *, since: float) -> None:
    """Take in how many records there are by what became of changes that were sent `since`.

    It is a Unix time. Where that is not certain, and of a conversion, the count is forgotten.
    """
    steps = {ChangeKind.CREATE: 1, ChangeKind.DELETE: -1}
    for entry in entries:
        change, state = entry.change, entry.state
        step = steps.get(change.kind)
        if step is not None and not state.is_open:
            by = step * (state is EntryState.DONE)
            account.catalog.change_total(change.entity, by, since=since)
        elif state is not EntryState.PENDING:
            forget_totals(account, [change])
    account.catalog.save()


def forget_totals(account: Account, changes: Iterable[Change]) -> None:
    """Forget how many records there are of what the changes created, deleted or converted."""
    for change in changes:
        if change.kind in _COUNTED:
            is_conversion = change.kind is ChangeKind.CONVERT
            account.catalog.forget_total("account" if is_conversion else change.entity)
    account.catalog.save()


def check_writable(account: Account) -> None:
    """Raise ReadOnly where the account's profile allows no change."""
    if account.profile.read_only:
        raise ReadOnly(
            f"The profile {account.profile.name} is read-only, so nothing was sent",
            hint="Remove read_only from the profile to change something",
        )
