"""The calls of queries, counted: out of a million records and out of a hundred pages.

Each query runs from a cold start, once more, and after a probe; on a sandbox, and on a service that
sorts text by ICU. What a bound allows stands beside it.
"""

import asyncio
import shutil
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from collated_service import CollatedService, collect_records
from measured_query import (
    MeasuredService,
    QueryCost,
    fetch_sample_record,
    run_query,
    serve_sandbox,
)

from cmdm_tui.catalog.probe import run_probe
from cmdm_tui.query.engine import Engine

A_MILLION = 1_000_000
A_HUNDRED_PAGES = 5_000
SMALL_PAGE = 50
LARGE_PAGE = 1_000
EMAILS = 50
MOST_CALLS = 250
"""The calls after which a query that reads everything is stopped: its number says enough."""

CALLS_FOR_TYPES = 1
"""What a cold query may spend, once a day an entity, to learn how its fields are typed."""

JOIN = "FROM lead l JOIN account a ON a.ExternalID = l.AccountExternalID"


HALVINGS = 10
"""The calls in which the border of nulls among a thousand pages is found for the first time."""


@dataclass(frozen=True)
class BoundedQuery:
    """A query, and the most calls that it may make; None where nothing is promised.

    `truth` is the query that gives its rows from the stored text, by DuckDB alone. With
    `has_border`, nulls may come before what is sought: where they end is found by halving, once.
    """

    sql: str
    most: int | None = None
    truth: str | None = None
    entities: int = 1
    has_border: bool = False


def calls(data: Path) -> None:
    """Count the calls of all queries, keeping what takes long to make in `data`."""
    missed: list[str] = []
    missed += _compare_a_million(data / "1000000")
    missed += _compare_a_hundred_pages(data / "5000")
    if missed:
        sys.exit(f"Exceeded or wrong: {len(missed)}.\n" + "\n".join(missed))


def _compare_a_million(data: Path) -> list[str]:
    with serve_sandbox(data, A_MILLION) as told:
        sandbox = MeasuredService.of_sandbox(told)
        record = asyncio.run(fetch_sample_record(sandbox, page=1_000))
        file = data / "collated.duckdb"
        if not file.exists():
            print(f"Reading {A_MILLION:,} leads into {file} …", flush=True)
            collect_records(told, file, ["lead"])
        queries = _list_queries_of_a_million(record)
        print(f"Out of {A_MILLION:,} leads, {LARGE_PAGE:,} a page, where a scan takes 1,000 calls:")
        return _count_on_all(sandbox, file, queries, cap=LARGE_PAGE, entities=("lead",))


def _compare_a_hundred_pages(data: Path) -> list[str]:
    cap = f"page_cap={SMALL_PAGE}"
    with serve_sandbox(data, A_HUNDRED_PAGES, "--behaviour", cap) as told:
        sandbox = MeasuredService.of_sandbox(told)
        record = asyncio.run(fetch_sample_record(sandbox, page=10))
        file = data / "collated.duckdb"
        if not file.exists():
            collect_records(told, file, ["lead", "account"])
        with tempfile.TemporaryDirectory() as folder:
            emails = Path(folder) / "emails.csv"
            _write_emails(file, emails)
            queries = _list_queries_of_a_hundred_pages(file, record, emails)
            print(
                f"Out of {A_HUNDRED_PAGES:,} leads and their accounts, {SMALL_PAGE} a page, where "
                "a scan of the leads takes 100 calls:"
            )
            missed = _count_on_all(
                sandbox, file, queries, cap=SMALL_PAGE, entities=("lead", "account")
            )
            asyncio.run(_print_plan(sandbox, queries[-1].sql))
        return missed


def _count_on_all(
    sandbox: MeasuredService,
    file: Path,
    queries: Sequence[BoundedQuery],
    *,
    cap: int,
    entities: Sequence[str],
) -> list[str]:
    """Count the queries' calls on a sandbox and on ICU's order, with nulls first and last."""
    missed: list[str] = []
    for title, nulls_last in (
        ("the sandbox's order", None),
        ("ICU's order, nulls first", False),
        ("ICU's order, nulls last", True),
    ):
        collated = CollatedService(file, cap=cap, nulls_last=bool(nulls_last))
        try:
            service = sandbox if nulls_last is None else collated.measured
            print(f"  {title}: calls from a cold start, again, after a probe", flush=True)
            counted = _Counter(title, service, collated, entities, bool(nulls_last))
            missed += asyncio.run(counted.count(queries))
        finally:
            collated.close()
    return missed


@dataclass
class _Counter:
    """Counts the calls of queries on one service."""

    title: str
    service: MeasuredService
    stored: CollatedService
    entities: Sequence[str]
    nulls_last: bool

    async def count(self, queries: Sequence[BoundedQuery]) -> list[str]:
        """Run the queries, print their calls, and return what exceeded its bound or was wrong."""
        missed: list[str] = []
        with tempfile.TemporaryDirectory() as folder:
            probed = Path(folder) / "probed"
            await self._probe(probed)
            for query in queries:
                cold, warm = Path(folder) / "cold", Path(folder) / "warm"
                shutil.copytree(probed, warm)
                costs = [await self._run(query, one) for one in (cold, cold, warm)]
                missed += self._judge(query, costs)
                for one in (cold, warm):
                    shutil.rmtree(one, ignore_errors=True)
        return missed

    async def _probe(self, folder: Path) -> None:
        async with self.service.open_account(folder) as account:
            catalog = account.catalog
            result = await run_probe(
                account.client, self.entities, traits=catalog.traits, keep=catalog.store_traits
            )
            for entity in self.entities:
                await catalog.load_fields(entity)
            catalog.save()
        print(f"    (the probe: {result.calls} calls)")

    async def _run(self, query: BoundedQuery, catalogs: Path) -> QueryCost:
        return await run_query(self.service, query.sql, catalogs, max_calls=MOST_CALLS)

    def _judge(self, query: BoundedQuery, costs: Sequence[QueryCost]) -> list[str]:
        cold, warm, probed = costs
        shown = " ".join(f"{one.calls:>4}{'+' if one.is_partial else ' '}" for one in costs)
        faults: list[str] = []
        if query.most is not None:
            most_first = query.most
            if self.nulls_last and query.has_border:
                most_first += HALVINGS
            if warm.calls > query.most or probed.calls > most_first:
                faults.append("exceeded")
            elif cold.calls > most_first + CALLS_FOR_TYPES * query.entities:
                faults.append("exceeded when cold")
        if query.truth is not None:
            truth = _plain(self.stored.select(query.truth))
            if any(_plain(one.rows) != truth for one in costs if not one.is_partial):
                faults.append("wrong rows")
        bound = "no bound" if query.most is None else f"at most {query.most}"
        note = "".join(f", {one}" for one in faults)
        seconds = warm.seconds * 1000
        print(
            f"    {shown} ({bound}{note}) {cold.plan}, {cold.low} to {cold.high:,} said, "
            f"{seconds:,.0f} ms: {query.sql[:96]}",
            flush=True,
        )
        return [f"{self.title}: {', '.join(faults)}: {query.sql}"] if faults else []


def _list_queries_of_a_million(record: dict[str, Any]) -> list[BoundedQuery]:
    email = str(record["Email"]).replace("'", "''")
    external_id = record["ExternalID"]
    text = 'CAST("EstimatedValue" AS DECIMAL(38, 2))'
    return [
        BoundedQuery("SELECT count(*) FROM lead", 1, "SELECT count(*) FROM lead"),
        BoundedQuery(
            f"SELECT LastName, City FROM lead WHERE ExternalID = '{external_id}'",
            1,
            f"SELECT LastName, City FROM lead WHERE ExternalID = '{external_id}'",
        ),
        BoundedQuery("SELECT * FROM lead LIMIT 10", 1),
        BoundedQuery(
            f"SELECT ExternalID, LastName FROM lead WHERE Email = '{email}'",
            16,
            f"SELECT ExternalID, LastName FROM lead WHERE Email = '{email}'",
        ),
        BoundedQuery("SELECT count(*) FROM lead WHERE Email = 'nobody@example.org'", 16),
        BoundedQuery(
            "SELECT count(*) FROM lead WHERE LastContacted >= '2026-01-01'",
            26,
            "SELECT count(*) FROM lead WHERE LastContacted >= '2026-01-01'",
        ),
        BoundedQuery(
            "SELECT count(*) FROM lead WHERE EstimatedValue BETWEEN 5000 AND 6000",
            26,
            f"SELECT count(*) FROM lead WHERE {text} BETWEEN 5000 AND 6000",
        ),
        BoundedQuery(
            "SELECT max(EstimatedValue) FROM lead",
            3,
            f"SELECT max({text}) FROM lead",
            has_border=True,
        ),
        BoundedQuery(
            "SELECT max(LastContacted) FROM lead",
            3,
            "SELECT max(LastContacted) FROM lead",
            has_border=True,
        ),
        BoundedQuery(
            "SELECT Status, count(*) FROM lead GROUP BY Status",
            64,
            "SELECT Status, count(*) FROM lead GROUP BY Status",
        ),
        BoundedQuery("SELECT LastName FROM lead ORDER BY LastName LIMIT 10"),
        BoundedQuery("SELECT max(City) FROM lead"),
    ]


def _list_queries_of_a_hundred_pages(
    file: Path, record: dict[str, Any], emails: Path
) -> list[BoundedQuery]:
    email, account = record["Email"], record["AccountExternalID"]
    stored = CollatedService(file, cap=SMALL_PAGE)
    ((name,),) = stored.select(f"SELECT Name FROM account WHERE ExternalID = '{account}'")
    stored.close()
    email, name = (str(one).replace("'", "''") for one in (email, name))
    accounts = f"SELECT ExternalID FROM account WHERE Name = '{name}'"
    leads = f"SELECT AccountExternalID FROM lead WHERE Email = '{email}'"
    texts = (
        (f"SELECT l.LastName, a.Name {JOIN} WHERE l.Email = '{email}'", 12),
        (f"SELECT l.LastName, a.Name {JOIN} WHERE a.ExternalID = '{account}'", 12),
        (f"SELECT l.LastName, a.Name {JOIN} WHERE a.Name = '{name}'", None),
        (f"SELECT LastName FROM lead WHERE AccountExternalID IN ({accounts})", 15),
        (f"SELECT Name FROM account WHERE ExternalID IN ({leads})", 15),
        (f"SELECT LastName FROM lead WHERE Email = '{email}' OR LastName = 'Nobody'", 20),
        (f"SELECT LastName FROM lead WHERE Email = '{email}' OR AccountExternalID = 'x'", 20),
    )
    several = [BoundedQuery(sql, most, sql, 1 + ("account" in sql)) for sql, most in texts]
    pasted = f"SELECT Email, LastName FROM lead WHERE Email IN (SELECT mail FROM '{emails}')"
    listed = (
        f"SELECT Email, LastName FROM lead WHERE Email IN (SELECT mail FROM read_csv('{emails}'))"
    )
    return [*several, BoundedQuery(listed, None, pasted)]


def _write_emails(file: Path, emails: Path) -> None:
    """Write e-mails of leads, spread over all, to a CSV."""
    stored = CollatedService(file, cap=SMALL_PAGE)
    step = A_HUNDRED_PAGES // EMAILS
    rows = stored.select(
        f"SELECT Email FROM lead WHERE Email IS NOT NULL AND place % {step} = 1 LIMIT {EMAILS}"
    )
    more = stored.select(
        f"SELECT Email FROM lead WHERE Email IS NOT NULL AND place % {step} = 2 "
        f"LIMIT {EMAILS - len(rows)}"
    )
    stored.close()
    emails.write_text("mail\n" + "".join(f"{email}\n" for (email,) in [*rows, *more]))


async def _print_plan(service: MeasuredService, sql: str) -> None:
    """Print the plan of a query from a warm start."""
    async with service.open_account(None) as account:
        for entity in ("lead", "account"):
            await account.catalog.load_fields(entity)
            await account.catalog.count_records(entity)
        engine = Engine(account)
        print(f"  The plan of {EMAILS} e-mails from a CSV:")
        for line in (await engine.prepare(sql)).explain_text().splitlines():
            print(f"    {line}")
        engine.close()


def _plain(rows: Sequence[tuple[Any, ...]]) -> list[tuple[str, ...]]:
    """Return rows as text, sorted; a number as its digits, whatever its scale."""
    return sorted(tuple(_plain_value(one) for one in row) for row in rows)


def _plain_value(value: Any) -> str:
    return format(value.normalize(), "f") if isinstance(value, Decimal) else str(value)
