"""A service that answers as its settings say, without a socket: what a probe has to find out."""

import json
import random
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, Literal

import httpx

from cmdm_tui.api import Client, Credentials, SecretStr

CREDENTIALS = Credentials(SecretStr("a"), SecretStr("b"), "c", SecretStr("d"))
RATE_HEADERS = {
    "x-rate-limit-limit": "1000",
    "x-rate-limit-remaining": "900",
    "x-rate-limit-reset": "99999999999",
    "x-token-reset": "99999999999",
}
FIELDS = {"Name": "Text", "Amount": "Currency", "Day": "Date", "Flag": "Picklist"}
Applied = Literal["applied", "ignored", "refused"]


@dataclass(frozen=True)
class LeadRow:
    """A record, in the order of its creation."""

    external_id: str
    name: str | None
    amount: str | None
    day: str | None
    flag: str | None = "x"

    def value(self, field: str) -> str | None:
        if field == "ExternalID":
            return self.external_id
        values = {"Name": self.name, "Amount": self.amount, "Day": self.day, "Flag": self.flag}
        return values[field]


@dataclass(frozen=True)
class ServiceSettings:
    """How the service decides each point on which the documentation is silent."""

    text: Literal["casefold", "binary", "locale", "length"] = "casefold"
    numbers: Literal["value", "text"] = "value"
    sorting: Applied = "applied"
    ids: Applied = "applied"
    dates: Applied = "applied"
    nulls_first: bool = True
    nulls_first_descending: bool = False
    cap: int | None = 1_000
    beyond_cap: Literal["capped", "refused"] = "capped"
    default_page: int | None = None
    key: Literal["Entity", "own name"] = "Entity"
    totals: Literal["text", "number", "none"] = "text"
    is_stable: bool = True
    turns_alone: bool = True
    overlap: int = 0
    newest_first: bool = False
    past_end: Literal["empty", "404", "records"] = "empty"
    unknown_sort: Literal["refused", "ignored"] = "refused"
    errors: Literal["JSON with Message", "HTML", "text", "empty"] = "JSON with Message"
    headers: tuple[str, ...] = tuple(RATE_HEADERS)
    is_dated: bool = True
    is_described: bool = True
    describes_task: bool = False


@dataclass
class ConfigurableService:
    """A service with `leads`, and as many accounts as `accounts` says, that counts its calls."""

    settings: ServiceSettings = ServiceSettings()
    leads: list[LeadRow] = field(default_factory=list[LeadRow])
    accounts: int = 3
    calls: list[str] = field(default_factory=list[str])
    chance: random.Random = field(default_factory=lambda: random.Random(7))
    before: Callable[[httpx.Request], httpx.Response | None] = lambda _: None

    def client(self, **options: Any) -> Client:
        transport = httpx.MockTransport(self.answer)
        return Client("https://service.example", CREDENTIALS, transport=transport, **options)

    def answer(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path.removeprefix("/api/v1/")
        if path == "authenticate":
            return httpx.Response(200, json={"token": "t"})
        self.calls.append(f"{request.method} {path}")
        answered = self.before(request)
        if answered is None:
            answered = self._answered(request.method, path, dict(request.url.params))
        for name in self.settings.headers:
            answered.headers.setdefault(name, RATE_HEADERS[name])
        if self.settings.is_dated:
            answered.headers["Date"] = "Tue, 31 Mar 2026 09:30:00 GMT"
        return answered

    def _answered(self, method: str, path: str, query: dict[str, str]) -> httpx.Response:
        entity, _, rest = path.partition("/")
        if method != "GET" or entity not in {"lead", "account", "task"}:
            return self._error(404)
        if rest == "fields":
            is_told = self.settings.describes_task if entity == "task" else True
            return self._fields() if is_told and self.settings.is_described else self._error(404)
        return self._error(404) if rest else self._list(entity, query)

    def _fields(self) -> httpx.Response:
        rows = [
            {"ExternalID": name, "Properties": {"Name": name, "Type": kind}}
            for name, kind in FIELDS.items()
        ]
        return httpx.Response(200, json={"Total Records": str(len(rows)), "Field": rows})

    def _list(self, entity: str, query: dict[str, str]) -> httpx.Response:
        settings = self.settings
        order = self._order(self._rows(entity), query.get("sort_by"), query.get("sort_order"))
        if order is None:
            return self._error(400)
        total = len(order)
        size = int(query.get("per_page", settings.default_page or max(total, 1)))
        if settings.cap is not None and size > settings.cap and "per_page" in query:
            if settings.beyond_cap == "refused":
                return self._error(400)
            size = settings.cap
        start = (int(query.get("page", "1")) - 1) * max(size - settings.overlap, 1)
        if start and start >= total:
            if settings.past_end == "404":
                return self._error(404)
            start = start if settings.past_end == "empty" else 0
        return self._page(entity, order[start : start + size], total, query.get("fields"))

    def _rows(self, entity: str) -> list[LeadRow]:
        if entity == "lead":
            return self.leads
        count = self.accounts if entity == "account" else 0
        return [LeadRow(f"{entity}-{number}", "x", "1", None) for number in range(count)]

    def _page(
        self, entity: str, rows: list[LeadRow], total: int, fields: str | None
    ) -> httpx.Response:
        names = [name for name in FIELDS if fields is None or name in fields.split(",")]
        records = [
            {"ExternalID": row.external_id, "Properties": {n: row.value(n) for n in names}}
            for row in rows
        ]
        key = "Entity" if self.settings.key == "Entity" else entity
        content: dict[str, Any] = {key: records}
        if self.settings.totals != "none":
            shown = str(total) if self.settings.totals == "text" else total
            content = {"Total Records": shown, **content}
        return httpx.Response(200, content=json.dumps(content).encode())

    def _order(
        self, rows: list[LeadRow], by: str | None, direction: str | None
    ) -> list[LeadRow] | None:
        """Return the rows in order, None where the service refuses to sort by that."""
        settings, rows = self.settings, list(rows)
        if settings.newest_first:
            rows.reverse()
        if not settings.is_stable:
            self.chance.shuffle(rows)
        if by is not None and by not in {*FIELDS, "ExternalID"}:
            if settings.unknown_sort == "refused":
                return None
            by = None
        applied = {"ExternalID": settings.ids, "Day": settings.dates}.get(by or "", "applied")
        applied = settings.sorting if applied == "applied" else applied
        if by is not None and applied == "refused":
            return None
        if by is None or applied == "ignored":
            turned = settings.turns_alone and direction is not None
            is_newest_first = direction == "desc" if turned else settings.newest_first
            return rows[::-1] if is_newest_first != settings.newest_first else rows
        return self._sorted(rows, by, is_descending=direction == "desc")

    def _sorted(self, rows: list[LeadRow], by: str, *, is_descending: bool) -> list[LeadRow]:
        nulls = [row for row in rows if row.value(by) is None]
        present = [row for row in rows if row.value(by) is not None]
        present.sort(key=lambda row: self._key(by, str(row.value(by))), reverse=is_descending)
        settings = self.settings
        lead = settings.nulls_first_descending if is_descending else settings.nulls_first
        return nulls + present if lead else present + nulls

    def _key(self, by: str, value: str) -> Any:
        if by == "Amount" and self.settings.numbers == "value":
            return Decimal(value)
        if by == "Day":
            return date.fromisoformat(value)
        if by == "Amount":
            return value
        plain = "".join(
            c for c in unicodedata.normalize("NFD", value) if not unicodedata.combining(c)
        )
        keys = {
            "casefold": value.casefold(),
            "binary": value,
            "locale": (plain.lower(), value.swapcase()),
            "length": (len(value), value),
        }
        return keys[self.settings.text]

    def _error(self, status: int) -> httpx.Response:
        contents = {
            "JSON with Message": b'{"Message": "No such thing."}',
            "HTML": b"<html><body>No</body></html>",
            "text": b"No such thing",
            "empty": b"",
        }
        return httpx.Response(status, content=contents[self.settings.errors])


def mixed_rows(count: int) -> list[LeadRow]:
    """Return leads that tell every order from the others."""
    words = ["Zoe", "anna", "Élan", "elbow", "Bob", "bob", "Ångström", "zinc", "Émile", "eve"]
    return [
        LeadRow(
            f"R{n * 37 % 997:03}",
            None if n % 9 == 4 else f"{words[n * 7 % 10]}{n * 31 % 50}",
            None if n % 8 == 3 else str(n * 53 % 211),
            None if n % 7 == 2 else f"20{10 + n * 29 % 17}-0{1 + n % 9}-{10 + n * 13 % 18}",
            "xy"[n % 2],
        )
        for n in range(count)
    ]
