"""Applies the changes of a run, or what is left of them, and keeps the journal of it."""

import asyncio
import time
from collections import Counter

from cmdm_tui.api import Client
from cmdm_tui.api.errors import (
    ApiError,
    HourLimitReached,
    MonthLimitReached,
    NetworkError,
    QuotaFloorReached,
    TimeLimitReached,
)
from cmdm_tui.changes.apply_events import (
    ApplyListener,
    ApplyOptions,
    ApplySummary,
    ChangeApplied,
    ignore_apply_events,
)
from cmdm_tui.changes.change_sender import RUN_ENDING, ChangeSender
from cmdm_tui.changes.change_set import ChangeKind
from cmdm_tui.changes.errors import OtherAccount
from cmdm_tui.changes.journal import JournalRun
from cmdm_tui.changes.journal_entry import EntryState, JournalEntry, name_needed
from cmdm_tui.changes.quota_gate import QuotaGate
from cmdm_tui.changes.schedule import ChangeSchedule
from cmdm_tui.changes.soundness import list_references

STOPPED = "it was stopped"


class ChangeApplier:
    """Sends the open changes of a run; for a run that was stopped or killed, it resumes it.

    What was about to be sent when the run was killed is looked at first: it is done, or sent
    again where that is safe, or left in doubt and reported so.

    `options` are those that the run was begun with, unless others are given; `service` is what
    change sets name the client's service by, if that is not its address. A task that is
    cancelled leaves the calls under way in doubt, as a program that is killed does.
    """

    def __init__(
        self,
        client: Client,
        run: JournalRun,
        options: ApplyOptions | None = None,
        *,
        listener: ApplyListener = ignore_apply_events,
        service: str | None = None,
    ) -> None:
        self._run = run
        self._service = service or client.address
        self._options = options or run.options
        self._notify = listener
        self._calls_made = 0
        self._client = client.with_options(
            on_send=self._count_call, in_background=self._options.keeps_floor
        )
        self._gate = QuotaGate(
            self._client,
            listener,
            refuse=None if self._options.waits_for_reset else self._end_at_limit,
        )
        self._stop_reason = ""
        self._error: ApiError | None = None
        self._finished = 0

    async def run(self) -> ApplySummary:
        """Send what is open and return what came of it.

        Raises RunInUse where another process applies the run, OtherAccount where the service is
        not the run's, and JournalError where the journal cannot be written.
        """
        wanted = self._run.change_set.address
        if wanted and wanted != self._service:
            raise OtherAccount(f"The changes are for {wanted}, not for {self._service}")
        started = time.monotonic()
        with self._run.hold():
            await self._apply_all()
        return self._summarize(time.monotonic() - started)

    def stop(self) -> None:
        """End in good order: calls under way are finished, the rest stays pending.

        A wait for the reset ends at once, except for one of up to a minute that a call has begun.
        """
        self._end(STOPPED)

    async def _apply_all(self) -> None:
        entries = self._run.entries
        self._finished = sum(not entry.state.is_open for entry in entries)
        schedule = ChangeSchedule(entries)
        sender = ChangeSender(
            self._client, self._run, self._options, self._notify, schedule.list_earlier
        )
        tasks = set[asyncio.Task[JournalEntry]]()
        try:
            while True:
                while len(tasks) < max(self._options.concurrency, 1) and not self._gate.is_left:
                    number = schedule.take()
                    if number is None:
                        break
                    tasks.add(asyncio.create_task(self._apply_one(sender, number)))
                if not tasks:
                    self._explain_waiting()
                    return
                done, tasks = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    entry = task.result()
                    if not entry.state.is_open:
                        schedule.finish(entry.number)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _apply_one(self, sender: ChangeSender, number: int) -> JournalEntry:
        """Bring a change to its state, or leave it open where the run ends."""
        while await self._gate.wait():
            try:
                entry = await sender.apply(number)
            except (HourLimitReached, QuotaFloorReached) as error:
                self._discount_call(error)
                self._gate.close(error)
            except RUN_ENDING as error:
                self._end(_describe_end(error), error)
            else:
                self._gate.reopen()
                self._report(entry)
                return entry
        return self._run.entry(number)

    def _explain_waiting(self) -> None:
        """Write down which changes are not sent because they need a record that is in doubt."""
        for entry in self._run.entries:
            if entry.state is not EntryState.PENDING:
                continue
            needed = [self._run.entry(at + 1) for at in list_references(entry.change)]
            doubts = [one for one in needed if one.state is EntryState.UNKNOWN]
            if doubts:
                reason = f"it needs {name_needed(doubts[0])}, which is in doubt"
                self._run.set_state(entry.number, EntryState.PENDING, reason=reason)

    def _report(self, entry: JournalEntry) -> None:
        self._finished += not entry.state.is_open
        total, left = len(self._run.change_set.changes), self._client.quota.remaining
        self._notify(
            ChangeApplied(entry.number, entry, self._finished, total, self._calls_made, left)
        )
        if self._options.stops_on_error and (
            entry.state.is_failed or entry.state is EntryState.UNKNOWN
        ):
            self._end(f"change {entry.number} ended as {entry.state}")

    def _end(self, reason: str, error: ApiError | None = None) -> None:
        """End the run after the calls under way; the first reason counts."""
        if not self._stop_reason:
            self._stop_reason, self._error = reason, error
        self._gate.leave()

    def _end_at_limit(self, error: ApiError | None) -> None:
        self._end("the hour's calls are used up", error)

    def _count_call(self, _: int) -> None:
        self._calls_made += 1

    def _discount_call(self, error: ApiError) -> None:
        """Take a call off the count that never reached the service, as no call was left."""
        if not error.was_sent:
            self._calls_made -= 1

    def _summarize(self, seconds: float) -> ApplySummary:
        entries = self._run.entries
        has_ended_early = any(entry.state.is_open for entry in entries)
        return ApplySummary(
            self._run.id,
            dict(Counter(entry.state for entry in entries)),
            self._calls_made,
            seconds,
            {
                entry.number: entry.result_id
                for entry in entries
                if entry.change.kind is ChangeKind.CREATE and entry.result_id is not None
            },
            self._stop_reason if has_ended_early else "",
            self._error if has_ended_early else None,
        )


def _describe_end(error: ApiError) -> str:
    if isinstance(error, MonthLimitReached):
        return "the month's calls are used up"
    if isinstance(error, TimeLimitReached):
        return "the time that it may take is over"
    if isinstance(error, NetworkError):
        return "the service cannot be reached"
    return "the account cannot be used"
