"""Writes logs of exchanges in few words: what was asked, and what a service answered."""

import json
from dataclasses import replace
from typing import Any

from cmdm_tui.harness.exchange import Call, Exchange, Intent

MOMENT = 1_774_948_800.0
RESET = 1_774_951_200
ENDS = 1_774_952_400
HEADERS = {
    "content-type": "application/json",
    "x-rate-limit-limit": "100",
    "x-rate-limit-reset": str(RESET),
    "x-token-reset": str(ENDS),
}
_CREATED = {"create", "create-task", "create-opportunity"}


class Log:
    """A log that is written a call at a time. Each call counts, unless `left` says otherwise."""

    def __init__(self, left: int = 50) -> None:
        self.exchanges: list[Exchange] = []
        self._left = left

    def add(
        self,
        call: Call,
        entity: str = "lead",
        external_id: str = "",
        *,
        status: int = 200,
        body: Any = None,
        raw: bytes | None = None,
        left: int | None = None,
        moment: float = MOMENT,
        headers: dict[str, str | None] | None = None,
        **intent: Any,
    ) -> "Log":
        authorization = intent.get("authorization", "good")
        told: dict[str, str | None] = dict(HEADERS)
        if authorization == "good" and status != 401:
            self._left = self._left - 1 if left is None else left
            told["x-rate-limit-remaining"] = str(self._left)
        elif status == 401:
            told = {"content-type": "application/json"}
        told |= headers or {}
        if body is None and status >= 400:
            body = {"Message": "No."}
        content = json.dumps(body if body is not None else {"Message": "Done."}).encode()
        methods = {"update": "PUT", "convert": "PUT", "close": "PUT", "delete": "DELETE"}
        method = "POST" if call in {*_CREATED, "authenticate"} else methods.get(call, "GET")
        self.exchanges.append(
            Exchange(
                len(self.exchanges) + 1,
                method,
                f"/api/v1/{entity}/{external_id}",
                (),
                b"",
                status,
                tuple((name, value) for name, value in told.items() if value is not None),
                content if raw is None else raw,
                0.0,
                moment=moment,
                intent=Intent(call, entity, external_id, **intent),
            )
        )
        return self

    def get(
        self,
        external_id: str,
        entity: str = "lead",
        *,
        headers: dict[str, str | None] | None = None,
        **properties: Any,
    ) -> "Log":
        body = {"ExternalID": external_id, "Properties": properties}
        return self.add("get", entity, external_id, body=body, headers=headers)

    def many(self, rows: dict[str, dict[str, Any]], entity: str = "lead", **more: Any) -> "Log":
        query = more.pop("query", {})
        total = more.pop("total", len(rows))
        pages = more.pop("pages", 1 if "page" not in query else -(-total // int(query["per_page"])))
        entries = [{"ExternalID": key, "Properties": value} for key, value in rows.items()]
        body = {"Total Records": str(total), "Total Pages": str(pages), "Entity": entries}
        return self.add("list", entity, body=body, query=query, **more)

    def fields(self, *names: str, entity: str = "event", **more: Any) -> "Log":
        entries = [
            {"ExternalID": f"FIELD{number:03}", "Properties": {"Name": name, "Type": "Text"}}
            for number, name in enumerate(names)
        ]
        return self._field_list(entries, entity, more.pop("total", len(names)), 1, {}, **more)

    def fields_page(
        self, size: int, number: int, granted: int, *names: str, entity: str = "event", **more: Any
    ) -> "Log":
        """A page of the fields, `size` asked for and `granted` given, of all `names`."""
        all_of_them = list(enumerate(names))
        entries = [
            {"ExternalID": f"FIELD{place:03}", "Properties": {"Name": name, "Type": "Text"}}
            for place, name in all_of_them[(number - 1) * granted : number * granted]
        ]
        query = {"per_page": str(size), "page": str(number)}
        pages = more.pop("pages", -(-len(names) // granted))
        return self._field_list(entries, entity, len(names), pages, query, **more)

    def _field_list(
        self,
        entries: list[dict[str, Any]],
        entity: str,
        total: int,
        pages: int,
        query: dict[str, str],
        **more: Any,
    ) -> "Log":
        told = {"Total Records": str(total), "Total Page": str(pages)}
        return self.add("fields", entity, body={**told, "Field": entries}, query=query, **more)

    def create(self, external_id: str, entity: str = "lead", **given: Any) -> "Log":
        made = {"ExternalID": external_id}
        return self.add("create", entity, status=201, body=made, given=given)

    def update(self, external_id: str, entity: str = "lead", **given: Any) -> "Log":
        return self.add("update", entity, external_id, given=given)

    def last(self, **changes: Any) -> "Log":
        self.exchanges[-1] = replace(self.exchanges[-1], **changes)
        return self
