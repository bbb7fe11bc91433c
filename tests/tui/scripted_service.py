"""A scripted service behind the client: deterministic records, and any answer at will."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

import httpx

from cmdm_tui.config import Credentials, Profile, SecretStr

URL = "https://crm.example"
CREDENTIALS = Credentials(
    SecretStr("the-client"), SecretStr("the-secret"), "siân", SecretStr("pässword")
)
RESET, TOKEN_RESET = 1_767_276_000, 1_767_279_000
"""2026-01-01 14:00 and 14:50 in UTC."""

Properties = Mapping[str, Any]
Row = tuple[str, Properties]


def profile(*entities: str, name: str = "main") -> Profile:
    """Return a profile of the scripted service, with these custom entities."""
    return Profile(name, URL, CREDENTIALS, catalog=name, entities=entities)


def people(count: int) -> list[Row]:
    """Return records such as a lead list holds."""
    names = ("Ada", "Brunel", "Curie", "Darwin", "Élodie", "Faraday", "Grace")
    return [
        (
            f"ID{number:06}",
            {
                "LastName": f"{names[number % len(names)]} {number:03}",
                "Score": str((number * 37) % 101),
                "City": None if number % 5 == 0 else "Leeds",
                "Notes": "First line\nsecond line" if number == 1 else None,
            },
        )
        for number in range(1, count + 1)
    ]


@dataclass
class ScriptedService(httpx.AsyncBaseTransport):
    """Answers as `api.md` says, unless `answers` holds another answer for a path."""

    entities: dict[str, Sequence[Row]] = field(default_factory=dict[str, Sequence[Row]])
    fields: dict[str, list[Properties]] = field(default_factory=dict[str, list[Properties]])
    answers: dict[str, httpx.Response | Exception] = field(
        default_factory=dict[str, "httpx.Response | Exception"]
    )
    """By path, such as `lead`, or `*` for all but the sign-in."""
    calls: list[str] = field(default_factory=list[str])
    sign_ins: int = 0
    cap: int = 1_000
    tells_totals: bool = True
    remaining: int = 5_000
    held: dict[str, asyncio.Event] = field(default_factory=dict[str, asyncio.Event])
    """By path: the answer waits for the event."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        path = unquote(request.url.raw_path.decode().partition("?")[0]).removeprefix("/api/v1/")
        if path == "authenticate":
            self.sign_ins += 1
            return self._given(path) or self._json({"token": "a-token"})
        query = request.url.query.decode()
        self.calls.append(f"{path}?{query}" if query else path)
        self.remaining -= 1
        if path in self.held:
            await self.held[path].wait()
        return self._given(path) or self._given("*") or self._answer(path, request.url.params)

    def _given(self, path: str) -> httpx.Response | None:
        answer = self.answers.get(path)
        if isinstance(answer, Exception):
            raise answer
        if answer is None:
            return None
        return httpx.Response(answer.status_code, headers=answer.headers, content=answer.content)

    def _answer(self, path: str, query: httpx.QueryParams) -> httpx.Response:
        entity, _, rest = path.partition("/")
        if entity not in self.entities:
            return self._json({"Message": f"There is no entity {entity}"}, 404)
        if rest == "fields":
            described = self.fields.get(entity)
            if described is None:
                return self._json({"Message": "There are no fields of it"}, 404)
            rows = [{"ExternalID": str(n), "Properties": row} for n, row in enumerate(described)]
            totals = {"Total Records": str(len(rows)), "Total Page": "1"}
            return self._json({**totals, "Field": rows})
        if rest:
            found = dict(self.entities[entity]).get(rest)
            if found is None:
                return self._json({"Message": f"There is no {entity} {rest}"}, 404)
            return self._json({"ExternalID": rest, "Properties": found})
        return self._page(entity, query)

    def _page(self, entity: str, query: httpx.QueryParams) -> httpx.Response:
        rows = list(self.entities[entity])
        sort_by = query.get("sort_by")
        if sort_by:

            def key(row: Row) -> str:
                return row[0] if sort_by == "ExternalID" else str(row[1].get(sort_by) or "")

            rows.sort(key=key, reverse=query.get("sort_order") == "desc")
        size = min(int(query.get("per_page", 1_000)), self.cap)
        start = (int(query.get("page", 1)) - 1) * size
        totals = {
            "Total Records": str(len(rows)),
            "Total Pages": str(max(-(-len(rows) // size), 1)),
        }
        if not self.tells_totals:
            totals = {}
        shown = [{"ExternalID": i, "Properties": p} for i, p in rows[start : start + size]]
        return self._json({**totals, "Entity": shown})

    def _json(self, content: object, status: int = 200) -> httpx.Response:
        headers = {
            "content-type": "application/json",
            "x-rate-limit-limit": "5000",
            "x-rate-limit-remaining": str(self.remaining),
            "x-rate-limit-reset": str(RESET),
            "x-token-reset": str(TOKEN_RESET),
        }
        return httpx.Response(status, headers=headers, content=json.dumps(content).encode())


def message(status: int, words: str, headers: dict[str, str] | None = None) -> httpx.Response:
    """Return an error answer with the service's words."""
    return httpx.Response(status, content=json.dumps({"Message": words}), headers=headers)
