"""Runs SQL in a session: says what it costs, asks where it must, writes rows as they come.

The last result stays in hand: it is sorted, shown and written again without a call.
"""

from collections.abc import Sequence
from contextlib import aclosing
from importlib import import_module
from typing import TYPE_CHECKING

from cmdm_tui.query.errors import TooManyCalls
from cmdm_tui.repl.errors import ReplError
from cmdm_tui.repl.summary import summarize_query

if TYPE_CHECKING:
    from cmdm_tui.formats import Format, OutputColumn, OutputRow, OutputStyle, RowWriter
    from cmdm_tui.query.allowance import Allowance
    from cmdm_tui.query.engine import Engine, PreparedQuery, QueryRun
    from cmdm_tui.query.result import QueryResult
    from cmdm_tui.repl.session import ReplSession

_ROWS_PER_BATCH = 1_000
_HOW_TO_ALLOW = r"\confirm off allows more than"


class SessionQueries:
    """What a session knows of its queries: the engine, what runs now, and the last result."""

    def __init__(self, session: "ReplSession") -> None:
        self._session = session
        self._engine: Engine | None = None
        self._running: QueryRun | None = None
        self._last: QueryResult | None = None

    @property
    def last(self) -> "QueryResult":
        """The last result. Raises ReplError where there is none."""
        if self._last is None:
            raise ReplError("There is no result of a query yet. Run one first: SELECT … ;")
        return self._last

    @property
    def has_result(self) -> bool:
        """True where a result is in hand."""
        return self._last is not None

    async def run(self, sql: str) -> None:
        """Prepare a query, ask where it costs much, run it and write its rows as they come."""
        session = self._session
        prepared = await self._open_engine().prepare(sql, max_calls=session.settings.max_calls)
        allowance = await self._allowance(prepared)
        if allowance is None:
            session.streams.write_note("Not run; no record was fetched.")
            return
        most, guards = allowance.max_calls, allowance.is_guard
        streaming = self._open_engine().stream(prepared, max_calls=most, guards=guards)
        self._running = streaming
        self._keep_result(None)
        session.shows_query = True
        output = _RowOutput(session)
        try:
            if guards:
                self._keep_result(await streaming.finish())
                if allowance.has_stopped(self.last):
                    await self._offer_to_go_on(prepared)
                    return
            async with aclosing(aiter(streaming)) as batches:
                async for batch in batches:
                    output.rows(batch.columns, batch.rows)
        finally:
            self._running = None
            if streaming.result is not None and self._last is None:
                self._keep_result(streaming.result)
        output.end(self.last.columns)
        self._report(output.notes, with_cost=True)

    async def _offer_to_go_on(self, prepared: "PreparedQuery") -> None:
        """Ask whether a search that took more than it was likely to is to go on, and let it."""
        session, used = self._session, self.last.stats.calls_used
        more = max(prepared.cost.high - used, 1)
        if session.confirm is None:
            raise TooManyCalls(
                used + 1,
                prepared.cost.high,
                session.settings.calls_without_asking,
                why=_HOW_TO_ALLOW,
            )
        why = f"{used:,} calls have not been enough; it takes up to {more:,} more"
        if not await session.confirm(f"{why}. Go on? [y/N] "):
            self._report((), with_cost=True)
            session.streams.write_note(r"\more goes on with it.")
            return
        await self._more(more)

    async def more(self) -> None:
        """Go on with the last result, which its number of calls ended, and show what it is then.

        What was read is not read again. Raises QueryError where there is nothing to go on with.
        """
        await self._more(self._session.settings.max_calls)

    async def _more(self, most: int | None) -> None:
        streaming = self._open_engine().stream_resumed(self.last, max_calls=most)
        self._running = streaming
        try:
            result = await streaming.finish()
        finally:
            self._running = None
        self._keep_result(result)
        self._session.shows_query = True
        self._show(with_cost=True)

    def stop(self) -> bool:
        """End the query that runs now with what has come; tell whether there is one.

        One that has all and computes is not: to cancel it ends it.
        """
        if self._running is None or self._running.is_computing:
            return False
        self._running.stop()
        self._session.streams.write_note("Stopping; what has come is kept.")
        # A second Ctrl-C ends it at once.
        self._running = None
        return True

    def sort(self, column: str, *, descending: bool) -> None:
        """Put the last result in another order and show it."""
        self._last = self.last.sorted_by(column, descending=descending)
        self.show()

    def show(self) -> None:
        """Show the last result again, in the format that is set now."""
        self._show(with_cost=False)

    def _show(self, *, with_cost: bool) -> None:
        output = _RowOutput(self._session)
        output.all(self.last)
        self._report(output.notes, with_cost=with_cost)

    def export(self, file: str) -> None:
        """Write the last result to a file; its ending names the format."""
        from cmdm_tui.formats.output_file import write_result

        try:
            name = write_result(self.last, file)
        except OSError as error:
            reason = error.strerror or "it has no such name"
            raise ReplError(f"{file} cannot be written: {reason}. Check its path.") from None
        count = self.last.count
        rows = f"{count:,} {'row' if count == 1 else 'rows'}"
        self._session.streams.write_note(f"Wrote {rows} to {file} as {name}; no call was made.")

    def close(self) -> None:
        """Let go of the last result, and of the engine."""
        self._keep_result(None)
        if self._engine is not None:
            self._engine.close()

    def _keep_result(self, result: "QueryResult | None") -> None:
        if self._last is not None and self._last is not result:
            self._last.close()
        self._last = result

    def _open_engine(self) -> "Engine":
        if self._engine is None:
            from cmdm_tui.query.engine import Engine

            self._engine = Engine(self._session.account)
        return self._engine

    async def _allowance(self, prepared: "PreparedQuery") -> "Allowance | None":
        """Ask before a query of many calls, None for a no; a script must have allowed them."""
        from cmdm_tui.query.allowance import Allowance, allow_unasked

        session, cost = self._session, prepared.cost
        free, most = session.settings.calls_without_asking, session.settings.max_calls
        if not session.settings.confirms or (most is not None and most <= free):
            return Allowance(most)
        if (allowance := allow_unasked(prepared, free)) is not None:
            return allowance if allowance.is_guard else Allowance(most)
        if session.confirm is None:
            raise TooManyCalls(cost.low, cost.high, free, why=_HOW_TO_ALLOW)
        is_allowed = await session.confirm(f"This takes {cost} calls. Run it? [y/N] ")
        return Allowance(most) if is_allowed else None

    def _report(self, more: Sequence[str], *, with_cost: bool) -> None:
        session, result = self._session, self.last
        for sentence in (*result.notes.sentences, *more):
            session.streams.write_note(sentence)
        quota = session.account.client.quota if with_cost else None
        session.streams.write_note(summarize_query(result.stats, quota, session.settings))


class _RowOutput:
    """Writes rows to the session's streams in the format that is set."""

    def __init__(self, session: "ReplSession") -> None:
        self._session = session
        self._writing: RowWriter | None = None

    @property
    def notes(self) -> tuple[str, ...]:
        """What is to be told of the writing."""
        return () if self._writing is None else self._writing.notes

    def rows(self, columns: "Sequence[OutputColumn]", rows: "Sequence[OutputRow]") -> None:
        self._begun(columns).write_rows(rows)
        self._session.streams.flush()

    def end(self, columns: "Sequence[OutputColumn]") -> None:
        self._begun(columns).end()
        self._session.streams.flush()

    def all(self, result: "QueryResult") -> None:
        for rows in result.batches(_ROWS_PER_BATCH):
            self.rows(result.columns, rows)
        self.end(result.columns)

    def _begun(self, columns: "Sequence[OutputColumn]") -> "RowWriter":
        if self._writing is None:
            from cmdm_tui.formats import create_writer

            self._writing = create_writer(self._format, self._session.streams, self._look)
            self._writing.begin(columns)
        return self._writing

    @property
    def _format(self) -> "Format":
        settings = self._session.settings
        if settings.format != "auto" and not (
            settings.format == "table" and settings.expanded == "on"
        ):
            return settings.format
        if settings.format == "auto" and not self._session.streams.output_is_terminal:
            return "json"
        return "vertical" if settings.expanded == "on" else "table"

    @property
    def _look(self) -> "OutputStyle":
        from cmdm_tui.formats import OutputStyle

        streams = self._session.streams
        return OutputStyle(streams.output_is_terminal, streams.width, streams.has_colours)


def load_query_engine() -> None:
    """Import what a query needs, so that the first one does not wait for it."""
    import_module("cmdm_tui.query.engine")
