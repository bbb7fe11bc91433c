"""Tries queries on the engine: rows against the plain evaluation, calls against the plan."""

import dataclasses
import math
import random
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

from cmdm_tui.catalog import Account
from cmdm_tui.query.engine import Engine
from cmdm_tui.query.errors import QueryError
from tests.query.differential import language as q
from tests.query.differential.comparison import difference
from tests.query.differential.data_service import DataService
from tests.query.differential.data_set import COLUMNS, columns_of, stored_value
from tests.query.differential.language import Row
from tests.query.differential.query_generator import QueryGenerator
from tests.query.differential.reference_evaluator import evaluate
from tests.query.differential.sql_renderer import render_sql
from tests.services import CountedNetwork

BEHAVIOURS: Sequence[Mapping[str, str]] = (
    {},
    {"collation": "binary"},
    {"collation": "locale"},
    {"collation": "numeric-as-text"},
    {"nulls": "last"},
    {"nulls": "always-last"},
    {"collation": "binary", "nulls": "last"},
    {"collation": "locale", "nulls": "always-last"},
    {"collation": "numeric-as-text", "nulls": "last", "ties": "unstable"},
    {"ties": "unstable"},
    {"order": "unstable"},
    {"order": "newest-first"},
    {"order": "unstable", "ties": "unstable", "collation": "binary"},
    {"totals": "numbers"},
    {"list_key": "entity"},
    {"rate_headers": "missing", "token_header": "missing"},
    {"rate_headers": "garbage", "token_header": "garbage"},
    {"default_page": "10"},
    {"past_the_end": "404"},
    {"past_the_end": "404", "order": "unstable", "totals": "numbers"},
    {"unknown_names": "ignored"},
    {"unknown_parameters": "400"},
    {"external_ids": "long"},
    {"external_ids": "odd"},
    {"field_metadata": "other-names"},
    {"field_metadata": "empty"},
    {"field_metadata": "absent"},
    {"values": "json"},
    {"values": "nested"},
    {"task_fields": "200"},
    {"system_fields": "absent"},
    {"counted": "nothing"},
    {"error_body": "html", "unknown": "400"},
)
"""What services may do that matters to a query; each is tried with pages of several sizes."""

_LARGEST_PAGE = 1_000
_MOST_PAGES = 40


@dataclass(frozen=True)
class Trial:
    """One query of one service: enough to make it again."""

    data: int
    behaviours: Mapping[str, str]
    seed: int


@dataclass(frozen=True)
class Mismatch:
    """What was wrong, with what it takes to see it again."""

    trial: Trial
    sql: str
    said: str
    plan: str = ""

    def __str__(self) -> str:
        return f"{self.said}\n  of: {self.sql}\n  plan: {self.plan}\n  {self.trial}"


@dataclass(frozen=True)
class EngineAnswer:
    """What came of a query: the rows, the plan, its calls from low to high, and those it told."""

    rows: Sequence[Row]
    plan: str
    low: int
    high: int
    told: int
    tells_doubt: bool = False
    """Whether it says that not every page was read for it."""
    again: int = 0
    """The calls that it says were sent again: a connection may fail, which no plan foretells."""


class EngineUnderTest:
    """The engine itself."""

    def __init__(self, account: Account) -> None:
        self._engine = Engine(account)

    def close(self) -> None:
        self._engine.close()

    async def rows(self, sql: str) -> EngineAnswer:
        prepared = await self._engine.prepare(sql)
        with await self._engine.run(prepared) as result:
            stats = result.stats
            rows = [tuple(row) for row in result.rows]
            tells_doubt = any("was checked on" in one for one in result.notes.sentences)
            return EngineAnswer(
                rows,
                stats.plan,
                stats.calls_low,
                stats.calls_high,
                stats.calls_used,
                tells_doubt,
                sum(map(_sent_again, result.notes.sentences)),
            )


def _sent_again(sentence: str) -> int:
    found = re.match(r"(\d+) calls? (?:was|were) sent again", sentence)
    return int(found[1]) if found else 0


def page_caps(service: DataService, seed: int) -> Mapping[str, str]:
    """Return a size of page that makes some pages, and not too many."""
    most = max(len(records) for records in service.data.records.values())
    caps = [cap for cap in (2, 3, 7, 20, 60) if most / cap <= _MOST_PAGES]
    chosen = random.Random(seed).choice([None, *caps, *caps])
    return {} if chosen is None else {"page_cap": str(chosen)}


async def run_trials(
    service: DataService,
    behaviours: Mapping[str, str],
    seeds: Sequence[int],
    engine_of: type[EngineUnderTest] = EngineUnderTest,
    *,
    most: int | None = None,
    can_be_sought: bool = False,
) -> list[Mismatch]:
    """Run a query a seed, one after the other on one engine, and return what was wrong.

    With `most`, it stops at that many findings; with `can_be_sought`, queries are such that a
    search may answer them.
    """
    service.set_behaviours(behaviours)
    found: list[Mismatch] = []
    async with service.open_account() as (account, network), AsyncExitStack() as opened:
        opened.callback((engine := engine_of(account)).close)
        for seed in seeds:
            query, sql = draw_trials(service, behaviours, seed, can_be_sought=can_be_sought)
            trial = Trial(service.data.number, behaviours, seed)
            said, plan = await _run_trial(service, engine, network, behaviours, query, sql)
            if said is not None:
                found.append(Mismatch(trial, sql, said, plan))
            if most is not None and len(found) >= most:
                break
    return found


def draw_trials(
    service: DataService, behaviours: Mapping[str, str], seed: int, *, can_be_sought: bool = False
) -> tuple[q.Query, str]:
    """Return the query of a seed, and its SQL."""
    columns = {entity: columns_of(entity, behaviours) for entity in COLUMNS}
    tables = service.tables(behaviours)
    query = QueryGenerator(seed, columns, tables).query(can_be_sought=can_be_sought)
    return query, render_sql(query, seed)


async def _run_trial(
    service: DataService,
    engine: EngineUnderTest,
    network: CountedNetwork,
    behaviours: Mapping[str, str],
    query: q.Query,
    sql: str,
) -> tuple[str | None, str]:
    before = len(network.calls)
    try:
        answer = await engine.rows(sql)
    except QueryError as error:
        return f"{type(error).__name__}: {error}", ""
    calls = network.calls[before:]
    plan = f"{answer.plan}, {answer.low} to {answer.high} calls, {len(calls)} made: {calls[:12]}"
    outcome = evaluate(query, service.tables(behaviours), stored_value)
    said = difference(outcome, answer.rows)
    if said is not None and answer.tells_doubt and _may_hide_odd_values(service, query):
        # A value that is none of its field's type stands anywhere in an order: no search finds it.
        said = None
    if said is None:
        said = _wrong_calls(service, behaviours, query, answer, calls)
    return said, plan


def _may_hide_odd_values(service: DataService, query: q.Query) -> bool:
    names = {part.name for part in _query_parts(query) if isinstance(part, q.Column)}
    return any(
        not names.isdisjoint(service.data.odd_columns(entity)) for entity in entities_of(query)
    )


def _wrong_calls(
    service: DataService,
    behaviours: Mapping[str, str],
    query: q.Query,
    answer: EngineAnswer,
    calls: Sequence[str],
) -> str | None:
    data_calls = [call for call in calls if "/fields" not in call]
    if answer.told != len(calls):
        return f"{len(calls)} calls were made, and the result tells {answer.told}"
    if not answer.low <= len(calls) - answer.again <= answer.high:
        return f"{len(calls)} calls were made, and {answer.low} to {answer.high} were predicted"
    most = most_calls(service, behaviours, query)
    if len(data_calls) - answer.again > most:
        return f"{len(data_calls)} calls were made, and a scan with its probes takes {most}"
    return None


def most_calls(service: DataService, behaviours: Mapping[str, str], query: q.Query) -> int:
    """Return the calls of a scan of every entity of the query, and of the probes before it."""
    granted = int(behaviours.get("page_cap", _LARGEST_PAGE))
    most = 0
    for entity in entities_of(query):
        pages = max(math.ceil(len(service.data.records[entity]) / granted), 1)
        # To search from both sides, unless tied records that change places are found out late.
        probes = 2 * math.ceil(math.log2(pages + 1))
        if behaviours.get("ties") == "unstable":
            probes = pages
        # To learn the total, and to look at some pages again.
        most += pages + probes + 4
    return most


def entities_of(query: q.Query) -> set[str]:
    """Return the entities whose records a query reads."""
    return {part.entity for part in _query_parts(query) if isinstance(part, q.Table)}


def _query_parts(query: Any) -> Iterator[Any]:
    """Yield a query and all that it is made of."""
    yield query
    if isinstance(query, tuple):
        for part in query:  # pyright: ignore[reportUnknownVariableType]
            yield from _query_parts(part)
    elif dataclasses.is_dataclass(query):
        for one in dataclasses.fields(query):
            yield from _query_parts(getattr(query, one.name))
