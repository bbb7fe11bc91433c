"""Run a query for a face: plan it, ask where it costs much, stream its rows, stop and resume it."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import aclosing
from pathlib import Path

from msgspec import Struct

from cmdm_tui.config import ConfigurationError, Profile
from cmdm_tui.config.private_files import remove_file
from cmdm_tui.formats import OutputColumn, OutputRow
from cmdm_tui.operations.prompter import Prompter
from cmdm_tui.query.budget import UNASKED_CALLS
from cmdm_tui.query.call_allowance import Allowance, allow_unasked
from cmdm_tui.query.engine import Engine, PlannedQuery, RowStream
from cmdm_tui.query.errors import QueryError, SqlError, TooManyCalls
from cmdm_tui.query.fetching.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from cmdm_tui.query.parsing.beginnings import is_explain
from cmdm_tui.query.parsing.parameters import Parameters, describe_parameters
from cmdm_tui.query.result import QueryResult
from cmdm_tui.text import count_noun, one_line

ReceiveRows = Callable[[Sequence[OutputColumn], Sequence[OutputRow]], Awaitable[None] | None]
"""Takes the rows that have just come, with the columns of the result.

What it returns is waited for before more pages are asked for.
"""


class CallPolicy(Struct, frozen=True):
    """How many calls a query may make.

    `max_calls` stops it with what has come; where it is None, the most that the plan takes does.
    Where `is_allowed` is false, a person is asked before more than `unasked` calls; where no one
    can be asked, the query is refused, and `how_to_allow` says what would allow it. What a plan of
    at most `kept_calls` calls reads stays in memory, so that a query that is stopped can go on.
    """

    how_to_allow: str
    max_calls: int | None = None
    unasked: int = UNASKED_CALLS
    is_allowed: bool = False
    kept_calls: int = 0


class ReadRows(Struct, frozen=True):
    """All rows of a query whose result is read at once, for what is made of them.

    `notes` are sentences on them, `calls_made` what they took; `is_partial` where some may miss.
    """

    rows: tuple[OutputRow, ...]
    notes: tuple[str, ...]
    calls_made: int
    is_partial: bool = False


class QueryOutcome(Struct, frozen=True):
    """How a query ended.

    `result` is None where the person declined before a record was fetched. Where they declined to
    go on with a search, it holds what the search has read, not the rows of the query.
    """

    result: QueryResult | None
    is_declined: bool = False
    is_interrupted: bool = False


class CallsNotAllowed(TooManyCalls):
    """More calls are needed than are made without asking, and no one can be asked.

    `result` is what a search has read that would have gone on; None where nothing was fetched.
    """

    def __init__(
        self, message: str, hint: str, *, needed: int, allowed: int, result: QueryResult | None
    ) -> None:
        QueryError.__init__(self, message, hint=hint)
        self.low = self.high = needed
        self.allowed = allowed
        self.result = result


class CheckpointFile(Struct, frozen=True):
    """A file that keeps what a stopped query has read, so that the same query continues there."""

    path: Path
    profile: Profile

    def load(self, sql: str) -> Checkpoint | None:
        """Return what the file keeps of the query; None where there is no file.

        Raises QueryError where it cannot be read, holds something else, or could not be written.
        """
        if not self.path.absolute().parent.is_dir():
            raise QueryError(
                f"{self._name} cannot be written: its folder is not there", hint="Check its path"
            )
        try:
            return load_checkpoint(self.path, self.profile, sql)
        except OSError as error:
            raise QueryError(
                f"{self._name} cannot be read: {error.strerror}", hint="Check its path"
            ) from None

    def update(self, checkpoint: Checkpoint | None) -> str:
        """Keep the checkpoint, or remove the file where there is none; return what to say of it."""
        try:
            if checkpoint is None:
                remove_file(self.path)
                return ""
            save_checkpoint(self.path, checkpoint)
        except ConfigurationError as error:
            lost = "" if checkpoint is None else f" What was read is not kept{self._kept_before}."
            return f"{error}{lost}"
        except OSError as error:
            return f"{self._name} cannot be written, so what was read is lost: {error.strerror}."
        calls = f"{checkpoint.used:,} {'call' if checkpoint.used == 1 else 'calls'}"
        return f"{self._name} keeps what {calls} have read; the same command continues there."

    @property
    def _kept_before(self) -> str:
        return ", but what was kept before is" if self.path.exists() else ""

    @property
    def _name(self) -> str:
        return one_line(str(self.path), 200)


class QueryOperation:
    """One query, run for one face: `prepare`, then `run`; or `resume` a result that was stopped.

    `stop` may be called meanwhile, from a signal handler too.
    """

    def __init__(
        self,
        engine: Engine,
        prompter: Prompter,
        policy: CallPolicy,
        *,
        checkpoint_file: CheckpointFile | None = None,
    ) -> None:
        self._engine = engine
        self._prompter = prompter
        self._policy = policy
        self._file = checkpoint_file
        self._sql = ""
        self._calls_before = 0
        """Calls of the runs before this one, which continues what they have read."""
        self._run: RowStream | None = None
        self._searched: QueryResult | None = None
        """What a search has read that is to go on."""
        self._is_stopped = False

    @property
    def result(self) -> QueryResult | None:
        """What has come so far, also of a run that was cancelled; None where nothing is kept."""
        current = None if self._run is None else self._run.result
        # One without rows is false, and a result nevertheless.
        return self._searched if current is None else current

    @property
    def has_run(self) -> bool:
        """Whether anything was run, so that an earlier result is not the last one any more."""
        return self._run is not None

    async def prepare(
        self,
        sql: str,
        *,
        is_raw: bool = False,
        trusts_order: bool = False,
        parameters: Parameters | None = None,
    ) -> PlannedQuery:
        """Read, check and plan the SQL, with what the checkpoint file keeps. Raises QueryError.

        With `is_raw` every field is text as it is stored; `parameters` are the values of each
        `$name` in the SQL. With other values it is another query to the checkpoint file. With
        `trusts_order` a search takes the likely order of a field for the service's, and its result
        may be unsure. Where an EXPLAIN is wrong, the calls that it took are said.
        """
        self._sql = f"{sql}\n-- {describe_parameters(parameters)}" if parameters else sql
        checkpoint = None if self._file is None else self._file.load(self._sql)
        self._calls_before = 0 if checkpoint is None else checkpoint.used
        sent_before = self._engine.sent_count
        try:
            return await self._engine.prepare(
                sql,
                checkpoint=checkpoint,
                max_calls=self._policy.max_calls,
                is_raw=is_raw,
                trusts_order=trusts_order,
                parameters=parameters,
            )
        except SqlError:
            calls = self._engine.sent_count - sent_before
            if calls and is_explain(sql):
                self._prompter.notify(f"Planning it took {count_noun(calls, 'call')}.")
            raise

    async def run(self, prepared: PlannedQuery, receive: ReceiveRows) -> QueryOutcome:
        """Ask where it must be asked, then give `receive` the rows as they arrive.

        Raises CallsNotAllowed, QueryError or ApiError.
        """
        allowance = await self._ask_allowance(prepared)
        if allowance is None:
            return QueryOutcome(None, is_declined=True)
        self._run = self._engine.stream(
            prepared,
            max_calls=allowance.max_calls,
            keeps_pages=self._keeps_pages(allowance, prepared.plan.cost.high),
            stops_before_scan=allowance.is_guard,
        )
        with self._prompter.progress(prepared.plan.cost.high):
            if allowance.is_guard and await self._is_search_declined(prepared, allowance):
                return QueryOutcome(self._finish(self._run.result), is_declined=True)
            return await self._stream(receive)

    async def read_rows(self, prepared: PlannedQuery) -> ReadRows | None:
        """Ask as `run` does, and return all rows at once; None where the person declines.

        Raises CallsNotAllowed, QueryError or ApiError.
        """
        rows: list[OutputRow] = []
        outcome = await self.run(prepared, lambda _, some: rows.extend(some))
        if outcome.result is None or outcome.is_declined:
            return None
        with outcome.result as result:
            notes, calls = result.notes.sentences, result.stats.calls_used
            return ReadRows(tuple(rows), tuple(notes), calls, is_partial=bool(result.mark))

    async def resume(self, result: QueryResult, *, max_calls: int | None) -> QueryOutcome:
        """Continue a result that its number of calls ended; what was read is not read again.

        Raises QueryError where there is nothing to continue with.
        """
        self._run = self._engine.stream_resumed(result, max_calls=max_calls)
        continued = await self._run.finish()
        return QueryOutcome(self._finish(continued), is_interrupted=self._is_stopped)

    def stop(self) -> bool:
        """Fetch no more and end with what has come; return whether the run ends by itself then.

        One that was stopped before, or has all and computes or writes, is ended only by cancelling
        it.
        """
        run = self._run
        if run is None or self._is_stopped or run.is_computing or run.result is not None:
            return False
        self._is_stopped = True
        run.stop()
        return True

    def discard(self) -> None:
        """Keep nothing of the run, which is about to be cancelled."""
        if self._run is not None:
            self._run.stop()

    async def _ask_allowance(self, prepared: PlannedQuery) -> Allowance | None:
        """Return the calls to make; None where the person declines."""
        policy = self._policy
        if policy.is_allowed:
            return Allowance(policy.max_calls)
        unasked = allow_unasked(prepared, policy.unasked)
        if unasked is not None:
            return unasked if unasked.is_guard else Allowance(policy.max_calls)
        cost, left = prepared.plan.cost, prepared.quota.remaining
        calls = f"{cost} {'call' if cost.high == 1 else 'calls'}"
        if left is None:
            calls += "; how many are left this hour is not known"
        elif prepared.known_quota.seen is not None:
            calls += f" of at most {left:,} left this hour"
        else:
            calls += f" of the {left:,} left this hour"
        if not self._prompter.can_ask:
            raise CallsNotAllowed(
                f"The query takes {calls}, and no more than {policy.unasked} calls are made "
                "without asking",
                policy.how_to_allow,
                needed=cost.high,
                allowed=policy.unasked,
                result=None,
            )
        if prepared.verdict == "exceeds":
            calls += ", and would stop there with a part of its rows"
        if not await self._prompter.confirm(f"The query takes {calls}. Run it?"):
            return None
        return Allowance(policy.max_calls)

    def _keeps_pages(self, allowance: Allowance, most_calls: int) -> bool:
        """Return whether what is read stays in memory, to be continued with."""
        has_limit = self._policy.max_calls is not None
        is_small = most_calls <= self._policy.kept_calls
        return has_limit or is_small or allowance.is_guard or self._file is not None

    async def _is_search_declined(self, prepared: PlannedQuery, allowance: Allowance) -> bool:
        """Finish the search within the calls made without asking; then ask to go on.

        Return whether the person declines; then nothing more is read.
        """
        assert self._run is not None  # noqa: S101 — `run` has made it
        searched = await self._run.finish()
        if self._is_stopped or not allowance.has_stopped(searched):
            return False
        self._searched = searched
        used = searched.stats.calls_used
        more = max(prepared.plan.cost.high - used, 1)
        why = f"{used:,} calls have not been enough for the search"
        if not self._prompter.can_ask:
            for sentence in searched.notes.sentences:
                self._prompter.notify(sentence)
            raise CallsNotAllowed(
                f"{why}; it takes up to {more:,} more",
                self._policy.how_to_allow,
                needed=prepared.plan.cost.high,
                allowed=self._policy.unasked,
                result=self._finish(searched),
            )
        if not await self._prompter.confirm(f"{why}, and it takes up to {more:,} more. Go on?"):
            return True
        self._run = self._engine.stream_resumed(searched, max_calls=more)
        return False

    async def _stream(self, receive: ReceiveRows) -> QueryOutcome:
        run = self._run
        assert run is not None  # noqa: S101 — the caller has made it
        async with aclosing(aiter(run)) as batches:
            async for batch in batches:
                taking = receive(batch.columns, batch.rows)
                if taking is not None:
                    await taking
                # Rows that are there already come without a wait, and Ctrl-C is to be heard.
                await asyncio.sleep(0)
        if self._searched is not None and self._searched is not run.result:
            self._searched.close()
            self._searched = None
        return QueryOutcome(self._finish(run.result), is_interrupted=self._is_stopped)

    def _finish(self, result: QueryResult | None) -> QueryResult:
        """Return the result, once the checkpoint file keeps what it needs to continue."""
        assert result is not None  # noqa: S101 — it is there once the rows have come
        if self._file is not None:
            checkpoint = self._engine.make_checkpoint(
                result, self._sql, calls_before=self._calls_before
            )
            message = self._file.update(checkpoint)
            if message:
                self._prompter.notify(message)
        return result
