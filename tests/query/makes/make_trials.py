"""Runs queries on a service of a make, certain and trusting, and judges what they say."""

import random
from collections.abc import Sequence
from dataclasses import dataclass

from cmdm_tui.api import ApiError
from cmdm_tui.catalog import Account
from cmdm_tui.query.database.duckdb_session import QueryDatabase
from cmdm_tui.query.engine import Engine
from cmdm_tui.query.errors import QueryError
from cmdm_tui.query.result import QueryResult
from tests.query.differential import language as q
from tests.query.differential.comparison import difference
from tests.query.differential.data_set import COLUMNS, columns_of, stored_value
from tests.query.differential.language import Row
from tests.query.differential.query_generator import QueryGenerator
from tests.query.differential.reference_evaluator import evaluate
from tests.query.differential.sql_renderer import render_sql
from tests.query.makes.made_service import MadeService, open_account
from tests.query.makes.makes import Make
from tests.query.makes.mixed_data import make_mixed_data
from tests.query.makes.tally import Tally

_CAPS = (2, 3, 3, 5, 5, 12, 20, 1_000)
_MOST_PAGES = 120
_ONE_OF_NOT_AGAIN = 3
"""One of so many searches is not asked again, so that all take their time."""


@dataclass(frozen=True)
class Said:
    """What an engine says of a query: rows, and all that qualifies them."""

    rows: Sequence[Row]
    mark: str
    sentences: Sequence[str] = ()
    plan: str = ""
    low: int = 0
    high: int = 0
    told: int = 0

    @property
    def fell_back(self) -> bool:
        """Whether every page was read where a search was meant."""
        return any("instead of a search" in one for one in self.sentences)

    @property
    def is_stopped(self) -> bool:
        """Whether it says that there was more to read than its plan takes."""
        return any("Its plan takes at most" in one for one in self.sentences)

    @property
    def tells_changes(self) -> bool:
        """Whether it says that records were changed while it read."""
        return any("while it was read" in one or "changed" in one for one in self.sentences)


class Asked:
    """An engine on a service, which learns from one query for the next.

    It computes in a `database` that outlasts it, as opening one takes longer than most queries.
    """

    def __init__(self, account: Account, database: QueryDatabase, *, trusts_order: bool) -> None:
        self._engine = Engine(account)
        self._engine._database = database
        self._trusts_order = trusts_order

    async def ask(self, sql: str) -> Said:
        """Run a query. Raises QueryError, ApiError."""
        prepared = await self._engine.prepare(sql, trusts_order=self._trusts_order)
        with await self._engine.run(prepared) as result:
            return self.say(result)

    def say(self, result: QueryResult) -> Said:
        """Return what a result says."""
        stats, notes = result.stats, result.notes
        rows = [tuple(row) for row in result.rows]
        return Said(
            rows, result.mark, notes.sentences, stats.plan, stats.calls_low, stats.calls_high,
            stats.calls_used,
        )  # fmt: skip


@dataclass(frozen=True)
class Trial:
    """One query: enough to make it again, with those before it."""

    make: Make
    data: int
    seed: int


@dataclass(frozen=True)
class Fault:
    """What was wrong, with what it takes to see it again."""

    trial: Trial
    sql: str
    said: str
    plan: str = ""

    def __str__(self) -> str:
        return f"{self.said}\n  of: {self.sql}\n  plan: {self.plan}\n  {self.trial}"


def make_service(make: Make, data_number: int) -> MadeService:
    """Return a service of a make with the records of that number."""
    data, drawn = make_mixed_data(data_number)
    most = max(len(records) for records in data.records.values())
    caps = [cap for cap in _CAPS if most / cap <= _MOST_PAGES]
    return MadeService(make, data, drawn, random.Random(f"{make.name} {data_number}").choice(caps))


async def run_trials(
    make: Make,
    data_number: int,
    seeds: Sequence[int],
    tally: Tally,
    database: QueryDatabase,
    asked_of: type[Asked] = Asked,
    *,
    most: int | None = None,
    trusts: bool = True,
) -> list[Fault]:
    """Run a query a seed, one after the other, and return what was wrong; stop at `most`.

    Each is asked of an engine that is certain, and with `trusts` most searches of one that trusts
    the order.
    """
    service = make_service(make, data_number)
    trusted_service = service.copy()
    found: list[Fault] = []
    async with (
        open_account(service) as account,
        open_account(trusted_service) as trusting_account,
    ):
        certain = asked_of(account, database, trusts_order=False)
        trusting = asked_of(trusting_account, database, trusts_order=True)
        for seed in seeds:
            trial = Trial(make, data_number, seed)
            query, sql = draw_query(service, seed)
            one = await _run(trial, service, certain, query, sql)
            found += one.faults
            tally_certain(tally, one)
            if trusts and one.is_search and seed // 4 % _ONE_OF_NOT_AGAIN:
                other = await _run(trial, trusted_service, trusting, query, sql, trusts=True)
                found += other.faults
                tally_trusting(tally, one, other, service.most_pages)
            if most is not None and len(found) >= most:
                break
    return found


def draw_query(service: MadeService, seed: int) -> tuple[q.Query, str]:
    """Return the query of a seed, and its SQL."""
    behaviours = service.make.behaviours
    columns = {entity: columns_of(entity, behaviours) for entity in COLUMNS}
    generator = QueryGenerator(seed, columns, service.states[-1])
    match seed % 4:
        case 0:
            query = generator.query()
        case 1:
            query = generator.composed()
        case 2:
            query = generator.query(can_be_sought=True)
        case _:
            query = generator.about_words()
    return query, render_sql(query, seed)


@dataclass(frozen=True)
class Ran:
    """What came of one query: what was said, whether its rows are wrong, and what is not excused.

    `said` is None where an error came instead; `excuse` is the word of `find_excuse`.
    """

    said: Said | None
    is_wrong: bool
    excuse: str
    faults: Sequence[Fault] = ()

    @property
    def is_search(self) -> bool:
        """Whether a search answered, or was to answer: only that can trust an order."""
        return self.said is None or self.said.plan == "seek" or self.said.fell_back


def tally_certain(tally: Tally, ran: Ran) -> None:
    """Count a query that was asked by default."""
    tally.queries += 1
    if ran.said is None:
        return
    tally.planned.append(ran.said.plan)
    tally.fell_back += ran.said.fell_back
    if ran.is_wrong and not ran.faults:
        tally.told_partial += ran.said.mark == "partial"
        tally.told_changes += ran.excuse == "changed"


def tally_trusting(tally: Tally, certain: Ran, trusting: Ran, pages: int) -> None:
    """Count a query that was asked with the order trusted, and what it costs to be certain."""
    tally.trusting += 1
    if certain.said is None or trusting.said is None:
        return
    tally.wrong_and_marked += trusting.is_wrong and not trusting.faults
    if trusting.said.plan == "seek":
        tally.certain_calls.append(certain.said.told)
        tally.trusting_calls.append(trusting.said.told)
        tally.pages.append(pages)


async def _run(
    trial: Trial,
    service: MadeService,
    asked: Asked,
    query: q.Query,
    sql: str,
    *,
    trusts: bool = False,
) -> Ran:
    service.begin()
    try:
        said = await asked.ask(sql)
    except (QueryError, ApiError) as error:
        fault = Fault(trial, sql, f"{type(error).__name__}: {error}")
        return Ran(None, True, "", [fault])
    wrong = find_difference(service, query, said)
    reason, excuse = None, find_excuse(service, said, trusts=trusts)
    if wrong is not None and not excuse:
        reason = f"wrong and {said.mark or 'not marked'}{', trusting' if trusts else ''}: {wrong}"
    elif said.told != len(service.calls):
        reason = f"{len(service.calls)} calls were made, and the result tells {said.told}"
    elif not said.low <= said.told <= said.high:
        reason = f"{said.told} calls, and {said.low} to {said.high} were predicted"
    plan = f"{said.plan}, cap {service.cap}, {service.most_pages} pages, {said.sentences}"
    faults = [] if reason is None else [Fault(trial, sql, reason, plan)]
    return Ran(said, wrong is not None, excuse, faults)


def find_difference(service: MadeService, query: q.Query, said: Said) -> str | None:
    """Say how the rows are those of no state of the records since the query began."""
    wrong: str | None = None
    for tables in service.states:
        outcome = evaluate(query, tables, stored_value)
        found = difference(outcome, said.rows)
        if found is None:
            return None
        wrong = wrong or found
    return wrong


def find_excuse(service: MadeService, said: Said, *, trusts: bool) -> str:
    """Return in a word why a wrong result may be so; nothing where it must be right.

    One that trusts an order is marked. By default nothing is wrong but what the service keeps back,
    which is told as missing, and what others changed meanwhile, which is told as well.
    """
    make = service.make
    if trusts and said.mark:
        return "marked"
    if said.mark == "partial" and (
        loses_records(make) or (make.totals != "told" and said.is_stopped)
    ):
        return "partial"
    if len(service.states) > 1 and said.tells_changes:
        return "changed"
    if said.plan == "count" and make.totals in {"too high", "too low"}:
        # How many records there are is the service's own word.
        return "counted"
    return ""


def loses_records(make: Make) -> bool:
    """Return whether pages of a make do not hold all records, or seem not to."""
    return (
        make.changes
        or make.overlap > 0
        or make.ties == "unstable"
        or make.unsorted == "unstable"
        or make.totals == "too high"
    )
