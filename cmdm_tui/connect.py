"""The Python face: open a profile's account, run SQL over it, and change its records.

async with cmdm_tui.connect("acme") as cm:
    async for row in cm.query("SELECT LastName, Score FROM lead ORDER BY Score DESC LIMIT 10"):
        print(row["LastName"], row.Score)

    changes = cm.changes("Leads of the fair")
    changes.create("lead", {"LastName": "Ng", "Score": 5})
    changes.sql("UPDATE lead SET Status = 'New' WHERE Score > $least", parameters={"least": 90})
    preview = await changes.preview()  # nothing is sent before apply
    print(preview.change_count, preview.calls_low, preview.calls_high, *preview.rows())
    applied = await changes.apply(max_writes=100)

`await cm.query(…)` returns the whole result instead. Errors are `ApiError`s (`cmdm_tui.api`),
`QueryError`s (`cmdm_tui.query.errors`) and `ChangeError`s. Import the names of this module from the
package, as in `from cmdm_tui import ChangeError`: `cmdm_tui.connect` is the function then.
"""

import os
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from cmdm_tui.api.command_time import CommandTime
from cmdm_tui.catalog import Account
from cmdm_tui.changes.apply_events import (
    ApplyListener,
    ChangeApplied,
    LookingForChange,
    ResetReached,
    WaitingForReset,
    ignore_apply_events,
)
from cmdm_tui.changes.change_file import load_change_set
from cmdm_tui.changes.change_set import Change, ChangeKind, ChangeSet, Reject
from cmdm_tui.changes.errors import (
    ChangeError,
    ChangeFileError,
    ChangesSentBefore,
    InvalidChange,
    JournalError,
    NoSuchRun,
    OtherAccount,
    PartialChanges,
    RunInUse,
    RunTakenBack,
)
from cmdm_tui.changes.journal_entry import EntryState, JournalEntry, RunSummary
from cmdm_tui.changes.preview import ChangePreview, PreviewRow
from cmdm_tui.config import (
    ConfigurationError,
    Paths,
    Profile,
    ProfileStore,
    load_environment_profile,
)
from cmdm_tui.operations.applied_changes import AppliedChanges, ChangesNotMade, RejectedChanges
from cmdm_tui.operations.change_requests import ChangeRequest, NewRecord, make_requested_set
from cmdm_tui.operations.confirmation import ChangesNotConfirmed
from cmdm_tui.operations.program_changes import ChangeBuilder, PendingChanges
from cmdm_tui.operations.program_writer import ProgramWriter
from cmdm_tui.query.engine import Engine, RowStream
from cmdm_tui.query.model import ResultColumn
from cmdm_tui.query.parsing.parameters import Parameters
from cmdm_tui.query.planning.planned_query import PlannedQuery
from cmdm_tui.query.result import QueryResult
from cmdm_tui.query.row import Row

__all__ = [
    "AppliedChanges",
    "Change",
    "ChangeApplied",
    "ChangeBuilder",
    "ChangeError",
    "ChangeFileError",
    "ChangeKind",
    "ChangePreview",
    "ChangesNotConfirmed",
    "ChangesNotMade",
    "ChangesSentBefore",
    "Connection",
    "EntryState",
    "InvalidChange",
    "JournalEntry",
    "JournalError",
    "LookingForChange",
    "NewRecord",
    "NoSuchRun",
    "OtherAccount",
    "PartialChanges",
    "PendingChanges",
    "PreviewRow",
    "Query",
    "QueryResult",
    "Reject",
    "RejectedChanges",
    "ResetReached",
    "Row",
    "RunInUse",
    "RunSummary",
    "RunTakenBack",
    "WaitingForReset",
    "connect",
]


def connect(
    profile: str | Profile | None = None,
    *,
    secrets: Mapping[str, str] | None = None,
    catalogs: Path | None = None,
    journal: Path | None = None,
    timeout: float | None = None,
) -> "Connection":
    """Return a connection to an account; nothing is sent before it is used as a context.

    `profile` is the name of a stored profile, a `Profile`, or None for the one that the command
    would use: the environment's, else the default. `secrets` replace stored ones; `catalogs` is the
    folder for what is learnt of services, `journal` the file that keeps what was changed, None for
    the user's own, which the command uses too. `timeout` is the seconds that each query or apply
    may take, from when it was last asked for; None for what the profile says, else it ends after 60
    seconds in which no call was answered. Raises ConfigurationError where there is no such profile,
    or the timeout is not above 0.
    """
    paths = Paths.of_user()
    if not isinstance(profile, Profile):
        profile = _load_profile(profile, paths, secrets or {})
    if timeout is not None:
        if not timeout > 0:
            message = f"{timeout} is not a number of seconds above 0. Give timeout=30, for example."
            raise ConfigurationError(message)
        profile = replace(profile, timeout=timeout)
    return Connection(
        profile, catalogs=catalogs or paths.catalogs, journal=journal or paths.journal
    )


def _load_profile(name: str | None, paths: Paths, secrets: Mapping[str, str]) -> Profile:
    if name is None and (found := load_environment_profile(os.environ, paths.tokens)) is not None:
        return found
    store = ProfileStore(paths)
    return store.load(store.choose(name), secrets, environment=os.environ)


class Connection:
    """An account opened for queries and changes. Use it as an asynchronous context."""

    def __init__(self, profile: Profile, *, catalogs: Path | None, journal: Path) -> None:
        time = CommandTime(profile.timeout)
        self._account = Account.open(profile, catalogs=catalogs, time=time)
        self._engine = Engine(self._account)
        self._writer = ProgramWriter(self._account, journal)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None = None,
        error: BaseException | None = None,
        trace: TracebackType | None = None,
    ) -> None:
        self._engine.close()
        await self._account.close()

    def query(
        self,
        sql: str,
        *,
        parameters: Parameters | None = None,
        max_calls: int | None = None,
        raw: bool = False,
        trust_order: bool = False,
    ) -> "Query":
        """Return a query: iterate over its rows as they arrive, or await its whole result.

        `parameters` are the values of each `$name` in the SQL: text, numbers, dates, times,
        booleans, None, or lists of these for `IN $names`. `max_calls` is the most calls it may
        make; the result is partial where that is too few. With `raw` every field is a string, the
        text that is stored, whatever type is declared. With `trust_order` a search takes the likely
        order of a field for the service's, for fewer calls; `QueryResult.unsure` says where it did
        so.
        """
        return Query(
            self._engine,
            sql,
            max_calls,
            self._account.client.start_command,
            is_raw=raw,
            trusts_order=trust_order,
            parameters=parameters,
        )

    async def resume(self, result: QueryResult, *, max_calls: int | None = None) -> QueryResult:
        """Continue a result that `max_calls` left partial, and return the new result.

        Pages that were read are not read again; `max_calls` is how many more calls it may make.
        Raises QueryError for a result that is whole or was not stopped by its number of calls.
        """
        self._account.client.start_command()
        return await self._engine.resume(result, max_calls=max_calls)

    async def explain(
        self,
        sql: str,
        *,
        parameters: Parameters | None = None,
        raw: bool = False,
        trust_order: bool = False,
    ) -> PlannedQuery:
        """Return a query's plan and what it costs, without fetching a record for it.

        `parameters`, `raw` and `trust_order` are as for `query`.
        """
        self._account.client.start_command()
        return await self._engine.prepare(
            sql, is_raw=raw, trusts_order=trust_order, parameters=parameters
        )

    def changes(
        self, title: str = "Changes of a program", *, check_lookups: bool = False
    ) -> ChangeBuilder:
        """Return an empty set of changes, to be filled, looked at and applied.

        `title` names it in the journal. With `check_lookups` the records that lookups and parents
        name are read too, and a change that names none is a reject. Nothing is read or sent yet.
        """

        async def make(requests: tuple[ChangeRequest, ...]) -> ChangeSet:
            made = await make_requested_set(requests, title, self._account, self._engine)
            return await self._writer.check_lookups(made, self._engine) if check_lookups else made

        return ChangeBuilder(self._writer, make)

    def load_changes(self, path: str | Path) -> PendingChanges:
        """Return the changes that a file keeps, which `save` or `cmdm … --save` wrote.

        A record that has changed since they were made is a conflict when they are applied. Raises
        ChangeFileError.
        """
        change_set = load_change_set(Path(path))

        async def make() -> ChangeSet:
            return change_set

        return PendingChanges(self._writer, make)

    def undo(self, run_id: int) -> PendingChanges:
        """Return what takes a run of the journal back; it is read when it is first looked at.

        What cannot be taken back, as another has changed it since, is a reject: `apply` sends the
        rest with `skip_rejected=True`. Raises NoSuchRun or OtherAccount then.
        """

        async def make() -> ChangeSet:
            return await self._writer.plan_undo(run_id)

        return PendingChanges(self._writer, make, undo_of=run_id)

    async def resume_run(
        self, run_id: int, *, on_event: ApplyListener = ignore_apply_events
    ) -> AppliedChanges:
        """Go on with a run that was stopped or killed: what is done is not done again.

        It was confirmed when it began, and goes on with the same options. Raises NoSuchRun,
        RunInUse, RunTakenBack, OtherAccount, ReadOnly or JournalError.
        """
        self._writer.start()
        return await self._writer.resume(run_id, on_event)

    def list_runs(self) -> list[RunSummary]:
        """Return the runs of this account that the journal keeps, the newest first; no call."""
        return self._writer.list_runs()


class Query(Awaitable[QueryResult]):
    """One query: `async for row in query` gives rows as they arrive, `await query` the result."""

    def __init__(
        self,
        engine: Engine,
        sql: str,
        max_calls: int | None,
        start: Callable[[], None],
        *,
        is_raw: bool = False,
        trusts_order: bool = False,
        parameters: Parameters | None = None,
    ) -> None:
        self._is_raw = is_raw
        self._trusts_order = trusts_order
        self._parameters = parameters
        self._engine = engine
        self._sql = sql
        self._max_calls = max_calls
        self._start = start
        self._streaming: RowStream | None = None

    @property
    def result(self) -> QueryResult | None:
        """The result, once every row has come."""
        return None if self._streaming is None else self._streaming.result

    async def __aiter__(self) -> AsyncGenerator[Row]:
        """Yield the rows. Raises QueryError or ApiError."""
        async with aclosing(aiter(await self._begin())) as batches:
            async for batch in batches:
                names = _column_names(batch.columns)
                for values in batch.rows:
                    yield Row(names, values)

    def __await__(self) -> Generator[Any, None, QueryResult]:
        """Return the whole result. Raises QueryError or ApiError."""
        return self._fetch_all().__await__()

    async def _fetch_all(self) -> QueryResult:
        return await (await self._begin()).finish()

    async def _begin(self) -> RowStream:
        self._start()
        prepared = await self._engine.prepare(
            self._sql,
            max_calls=self._max_calls,
            is_raw=self._is_raw,
            trusts_order=self._trusts_order,
            parameters=self._parameters,
        )
        self._streaming = self._engine.stream(prepared, max_calls=self._max_calls)
        return self._streaming


def _column_names(columns: Sequence[ResultColumn]) -> tuple[str, ...]:
    return tuple(column.name for column in columns)
