"""A service of a make, answered in memory: it sorts, pages, counts and changes as the make says."""

import contextlib
import json
import random
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import unquote

import httpx

from cmdm_tui.catalog import Account
from cmdm_tui.config import Credentials, Profile, SecretStr
from cmdm_tui.sandbox.schema import ENTITIES
from tests.query.differential.data_set import (
    COLUMNS,
    EXTERNAL_ID,
    DataSet,
    columns_of,
    stored_value,
)
from tests.query.differential.language import Kind, Value
from tests.query.differential.reference_evaluator import Tables
from tests.query.makes.icu_keys import IcuKey
from tests.query.makes.makes import TEXT_ORDERS, Make
from tests.query.makes.mixed_data import Flavoured

_ODD = Decimal("-1e9")


@dataclass(frozen=True)
class Stored:
    """A record as the service keeps it."""

    external_id: str
    values: Mapping[str, str | None]

    def value(self, name: str) -> str | None:
        """Return the text of a field."""
        return self.external_id if name == EXTERNAL_ID else self.values.get(name)


@dataclass
class MadeService:
    """The records of a data set, on a service of a make that grants pages of `cap` records.

    `calls` are the paths that were asked for. `states` are the tables that there were since the
    last `begin`, the newest last.
    """

    make: Make
    data: DataSet
    drawn: Flavoured
    cap: int
    calls: list[str] = field(default_factory=list[str])
    states: list[Tables] = field(default_factory=list[Tables])

    def __post_init__(self) -> None:
        self._chance = random.Random(f"{self.make.name} {self.data.number}")
        self._records = {
            entity: [Stored(external_id, values) for external_id, values in records]
            for entity, records in self.data.records.items()
        }
        self._key = TEXT_ORDERS[self.make.text]
        if isinstance(self._key, IcuKey):
            self._key.prepare(
                text
                for records in self._records.values()
                for one in records
                for text in (one.external_id, *one.values.values())
                if text is not None
            )
        self._sorted: dict[tuple[str, str, bool], list[Stored]] = {}
        self._wire: dict[tuple[int, str], bytes] = {}
        self._change_at: int | None = None
        self.states = self.states or [self.data.tables(self.make.behaviours)]

    def copy(self) -> "MadeService":
        """Return another such service, which changes on its own but in the same way."""
        drawn = replace(self.drawn, chance=random.Random(self.data.number))
        self.drawn = replace(self.drawn, chance=random.Random(self.data.number))
        return MadeService(self.make, self.data, drawn, self.cap, states=[self.states[-1]])

    @property
    def most_pages(self) -> int:
        """The pages of the largest entity."""
        return max(-(-len(records) // self.cap) for records in self._records.values())

    def begin(self) -> None:
        """Forget what was before, and plan a change by another user, where the make has them."""
        self.calls.clear()
        self.states = self.states[-1:]
        if self.make.changes and self._chance.random() < 0.8:
            self._change_at = self._chance.choice([1, 2, 2, 3, 4, 6, 9])

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        path = unquote(request.url.raw_path.decode().partition("?")[0]).partition("/v1/")[2]
        if path == "authenticate":
            return httpx.Response(200, json={"token": "t"})
        self.calls.append(path)
        if len(self.calls) == self._change_at:
            self._change_at = None
            self._change_a_record()
        entity, _, rest = path.partition("/")
        if rest == "fields":
            return self._fields(entity)
        if rest:
            return self._record(entity, rest)
        return self._page(entity, request.url.params)

    def _fields(self, entity: str) -> httpx.Response:
        if entity == "task" or self.make.fields == "empty":
            return httpx.Response(404)
        told = [
            {"ExternalID": f"F{number}", "Properties": one.describe()}
            for number, one in enumerate(ENTITIES[entity].fields)
        ]
        totals = {"Total Records": str(len(told)), "Total Page": "1"}
        return httpx.Response(200, json={**totals, "Field": told})

    def _record(self, entity: str, external_id: str) -> httpx.Response:
        for one in self._records[entity]:
            if one.external_id == external_id:
                return httpx.Response(200, content=self._on_wire(one, ""))
        return httpx.Response(404)

    def _page(self, entity: str, asked: httpx.QueryParams) -> httpx.Response:
        size, number = min(int(asked["per_page"]), self.cap), int(asked["page"])
        records = self._in_order(entity, asked.get("sort_by"), asked.get("sort_order") == "desc")
        start = (number - 1) * max(size - self.make.overlap, 1)
        shown = records[start : start + size]
        if not shown and number > 1:
            if self.make.past_end == "404":
                return httpx.Response(404)
            if self.make.past_end == "last page":
                last = (len(records) - 1) // size * size
                shown = records[last:]
        fields = asked.get("fields", "")
        listed = b",".join(self._on_wire(one, fields) for one in shown)
        totals: dict[str, str] = {}
        if self.make.totals != "missing":
            total = self._total(len(records))
            totals = {"Total Records": str(total), "Total Pages": str(-(-total // size))}
        head = "".join(f'"{name}":"{value}",' for name, value in totals.items())
        return httpx.Response(200, content=b'{%s"Entity":[%s]}' % (head.encode(), listed))

    def _total(self, count: int) -> int:
        """Return how many records the service says that there are."""
        return {"too high": count + 3, "too low": min(count, 1)}.get(self.make.totals, count)

    def _on_wire(self, record: Stored, fields: str) -> bytes:
        key = id(record), fields
        if key not in self._wire:
            values: Mapping[str, str | None] = record.values
            if fields:
                values = {name: values[name] for name in fields.split(",") if name in values}
            told = {"ExternalID": record.external_id, "Properties": values}
            self._wire[key] = json.dumps(told).encode()
        return self._wire[key]

    # Order

    def _in_order(self, entity: str, name: str | None, descending: bool) -> list[Stored]:
        records = self._records[entity]
        if name is None:
            if self.make.unsorted == "unstable":
                records = self._shuffled(records)
            return records[::-1] if descending else records
        if self.make.ties == "unstable":
            return self._sort(entity, self._shuffled(records), name, descending)
        key = entity, name, descending
        if key not in self._sorted:
            self._sorted[key] = self._sort(entity, records, name, descending)
        return self._sorted[key]

    def _shuffled(self, records: list[Stored]) -> list[Stored]:
        return self._chance.sample(records, len(records))

    def _sort(self, entity: str, records: list[Stored], name: str, down: bool) -> list[Stored]:
        def key(record: Stored) -> Any:
            text = record.value(name)
            assert text is not None
            return self._key_of(entity, name, text)

        filled = [one for one in records if one.value(name) is not None]
        empty = [one for one in records if one.value(name) is None]
        filled.sort(key=key, reverse=down)
        match self.make.nulls:
            case "middle":
                middle = _middle([key(one) for one in filled])
                return [*filled[:middle], *empty, *filled[middle:]]
            case "always-first":
                return [*empty, *filled]
            case "always-last":
                return [*filled, *empty]
            case _:
                leads = (self.make.nulls == "first") != down
                return [*empty, *filled] if leads else [*filled, *empty]

    def _key_of(self, entity: str, name: str, text: str) -> Any:
        kind = COLUMNS[entity].get(name, Kind.TEXT)
        if self.make.picklists == "options" and name != EXTERNAL_ID:
            options = ENTITIES[entity].by_name[name].options
            if options:
                return options.index(text)
        if kind is Kind.NUMBER and self.make.numbers == "value":
            value = stored_value(kind, text)
            return value if isinstance(value, Decimal) else _ODD
        return text if kind in {Kind.DATE, Kind.DATETIME} else self._key(text)

    # Changes

    def _change_a_record(self) -> None:
        """Let another user change one entity: a value, a record less or more, or both at once."""
        chance = self._chance
        entity = chance.choice(["lead", "lead", "account"])
        records = list(self._records[entity])
        kind = chance.choice(["value", "value", "delete", "create", "swap"])
        if kind in {"delete", "swap"} and len(records) > 1:
            del records[chance.randrange(len(records))]
        if kind in {"create", "swap"}:
            created = {**self.drawn.record(entity), "CreatedDate": _now()}
            records.append(Stored("N" + "".join(chance.choices("0123456789ABCDEF", k=7)), created))
        if kind == "value":
            at = chance.randrange(len(records))
            name = chance.choice([one for one in COLUMNS[entity] if one != EXTERNAL_ID])
            value = self.drawn.value(entity, name, COLUMNS[entity][name])
            changed = {**records[at].values, name: value}
            records[at] = Stored(records[at].external_id, changed)
        self._records[entity] = records
        # Records are told apart by where they are in memory, which another may have next.
        self._wire.clear()
        self._sorted.clear()
        self.states.append({**self.states[-1], entity: [self._typed(entity, o) for o in records]})

    def _typed(self, entity: str, record: Stored) -> Mapping[str, Value]:
        columns = columns_of(entity, self.make.behaviours)
        return {name: stored_value(kind, record.value(name)) for name, kind in columns.items()}


def _middle(keys: list[Any]) -> int:
    """Return a place within between two keys that differ: ties stay together.

    It is not quite the middle, which a search reads first.
    """
    middle = len(keys) * 2 // 5
    while 0 < middle < len(keys) and keys[middle - 1] == keys[middle]:
        middle += 1
    return middle


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@contextlib.asynccontextmanager
async def open_account(service: MadeService) -> AsyncGenerator[Account]:
    """Open an account on the service, of which nothing is known yet."""
    secret = SecretStr("s")
    credentials = Credentials(secret, secret, "u", secret)
    profile = Profile("s", "http://localhost", credentials, "s", entities=("event",))
    transport = httpx.MockTransport(service)
    async with Account.open(profile, catalogs=None, transport=transport) as account:
        yield account
