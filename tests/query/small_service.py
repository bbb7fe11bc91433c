"""A small service answered in memory: a few records of any entity, and every call kept."""

import contextlib
import json
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from urllib.parse import unquote

import duckdb
import httpx

from cmdm_tui.catalog import Account
from cmdm_tui.config import Credentials, Profile, SecretStr
from cmdm_tui.query.database.duckdb_session import open_locked_connection
from cmdm_tui.query.engine import Engine

Values = Mapping[str, str | None]
_Records = Sequence[tuple[str, Values]]
_Sorted = tuple[_Records, _Records]
"""Records as they are given, and in an order."""


@dataclass
class SmallService:
    """Records by entity, and the types of the fields of those entities that tell them.

    With `folds_ids` a record is found by its id in any case. `meanwhile` runs before each answer.
    """

    records: Mapping[str, _Records]
    types: Mapping[str, Mapping[str, str]]
    options: Mapping[str, str] = field(default_factory=dict[str, str])
    page: int = 1_000
    folds_ids: bool = False
    meanwhile: Callable[[], Awaitable[None]] | None = None
    most_calls: int | None = None
    calls: list[str] = field(default_factory=list[str])
    _sorted: dict[tuple[str, str | None, str | None], _Sorted] = field(
        default_factory=dict[tuple[str, str | None, str | None], _Sorted]
    )

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        path = unquote(request.url.raw_path.decode().partition("?")[0]).partition("/v1/")[2]
        if path == "authenticate":
            return httpx.Response(200, json={"token": "t"})
        self.calls.append(path)
        if self.meanwhile is not None:
            await self.meanwhile()
        if self.most_calls is not None and len(self.calls) > self.most_calls:
            return httpx.Response(429, headers={"x-rate-limit-remaining": "0", "Retry-After": "99"})
        entity, _, rest = path.partition("/")
        if entity not in self.records:
            return httpx.Response(404)
        if rest == "fields":
            return self._fields(entity)
        if rest:
            return self._record(entity, rest)
        return self._page(entity, request.url.params)

    def _fields(self, entity: str) -> httpx.Response:
        told = [
            {
                "ExternalID": f"F{number}",
                "Properties": {"Name": name, "Type": kind, "Options": self.options.get(name, "")},
            }
            for number, (name, kind) in enumerate(self.types.get(entity, {}).items())
        ]
        totals = {"Total Records": str(len(told)), "Total Page": "1"}
        return httpx.Response(200, json={**totals, "Field": told}) if told else httpx.Response(404)

    def _record(self, entity: str, external_id: str) -> httpx.Response:
        for known, values in self.records[entity]:
            if known == external_id or (self.folds_ids and known.lower() == external_id.lower()):
                return httpx.Response(200, json={"ExternalID": known, "Properties": values})
        return httpx.Response(404)

    def _page(self, entity: str, asked: httpx.QueryParams) -> httpx.Response:
        size, number = min(int(asked.get("per_page", self.page)), self.page), int(asked["page"])
        records = self._sort(entity, asked.get("sort_by"), asked.get("sort_order"))
        start = self.page_start(number, size)
        shown = [
            {"ExternalID": external_id, "Properties": _with_fields(values, asked.get("fields"))}
            for external_id, values in records[start : start + size]
        ]
        totals = {"Total Records": str(len(records)), "Total Pages": str(-(-len(records) // size))}
        return httpx.Response(200, content=json.dumps({**totals, "Entity": shown}))

    def page_start(self, number: int, size: int) -> int:
        """Return the place of a page's first record; other services overlap their pages."""
        return (number - 1) * size

    def _sort(self, entity: str, name: str | None, order: str | None) -> _Records:
        """Return the records in an order; sorted once, unless others have taken their place."""
        records = self.records[entity]
        kept = self._sorted.get((entity, name, order))
        if kept is not None and kept[0] is records:
            return kept[1]
        found = list(records)
        if name:
            found.sort(key=lambda one: self._key(entity, name, one))
            if order == "desc":
                found.reverse()
        self._sorted[entity, name, order] = (records, found)
        return found

    def _key(self, entity: str, name: str, record: tuple[str, Values]) -> tuple[object, ...]:
        external_id, values = record
        value = external_id if name == "ExternalID" else values.get(name)
        if value is None:
            return (0,)
        is_number = self.types.get(entity, {}).get(name) == "Number"
        return (1, Decimal(value)) if is_number else (1, value.casefold(), value)


def _with_fields(values: Values, fields: str | None) -> Values:
    """Return those of the values that were asked for: all where no fields are listed."""
    if not fields:
        return values
    return {name: value for name, value in values.items() if name in fields.split(",")}


@cache
def _locked_connection() -> duckdb.DuckDBPyConnection:
    return open_locked_connection()


def share_database(engine: Engine) -> None:
    """Give an engine a connection to one DuckDB for all tests: one of its own is slow to open.

    All that an engine makes is temporary: only its own session sees it.
    """
    engine._database._connection = _locked_connection().cursor()


@contextlib.asynccontextmanager
async def open_engine(service: SmallService) -> AsyncGenerator[Engine]:
    """Open an engine on the service, of which nothing is known yet."""
    secret = SecretStr("s")
    credentials = Credentials(secret, secret, "u", secret)
    profile = Profile("s", "http://localhost", credentials, "s", entities=tuple(service.records))
    transport = httpx.MockTransport(service)
    async with Account.open(profile, catalogs=None, transport=transport) as account:
        engine = Engine(account)
        share_database(engine)
        try:
            yield engine
        finally:
            engine.close()


async def run_query(engine: Engine, sql: str) -> list[tuple[object, ...]]:
    """Return the rows of a query."""
    with await engine.run(await engine.prepare(sql)) as result:
        return result.rows
