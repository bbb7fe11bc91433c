"""The peer of `scripts/bench query`: the same SQL through shillelagh, which scans the entity.

Run by the Python of an environment that has shillelagh and httpx, with the address, a token, the
entity and the SQL; prints calls, seconds and rows as JSON. An adapter is what shillelagh asks its
users to write: this one reads page after page, the columns in use only.
"""

# shillelagh is not installed where this is checked, and names what an adapter takes.
# pyright: basic, reportMissingImports=false
# ruff: noqa: ARG002, ARG004

import json
import sys
import time
from collections.abc import Iterator
from typing import Any

import httpx
from shillelagh.adapters.base import Adapter
from shillelagh.adapters.registry import registry
from shillelagh.backends.apsw.db import connect
from shillelagh.fields import Field, String

PER_PAGE = 1_000
SCHEME = "crm://"


class Entity(Adapter):
    """One entity as a virtual table."""

    safe = True
    supports_limit = True
    supports_offset = False
    supports_requested_columns = True
    http: httpx.Client
    columns: dict[str, Field]
    calls = 0

    @staticmethod
    def supports(uri: str, fast: bool = True, **kwargs: Any) -> bool | None:
        return uri.startswith(SCHEME)

    @staticmethod
    def parse_uri(uri: str) -> tuple[str]:
        return (uri.removeprefix(SCHEME),)

    def __init__(self, entity: str) -> None:
        super().__init__()
        self._entity = entity

    def get_columns(self) -> dict[str, Field]:
        return Entity.columns

    def get_data(
        self,
        bounds: dict[str, Any],
        order: list[Any],
        limit: int | None = None,
        requested_columns: set[str] | None = None,
        **kwargs: Any,
    ) -> Iterator[dict[str, Any]]:
        fields = ",".join(requested_columns or Entity.columns)
        number, pages, came = 0, 1, 0
        while number < pages and (limit is None or came < limit):
            number += 1
            Entity.calls += 1
            asked = {"per_page": PER_PAGE, "page": number, "fields": fields}
            answer = Entity.http.get(self._entity, params=asked).json()
            pages = int(answer["Total Pages"])
            for record in answer["Entity"]:
                came += 1
                yield {"rowid": came, **record["Properties"]}


def main() -> None:
    """Run one query."""
    url, token, entity, sql = sys.argv[1:]
    registry.add("crm", Entity)
    headers = {"Authorization": f"Bearer {token}"}
    with httpx.Client(base_url=f"{url}/api/v1/", headers=headers, trust_env=False) as http:
        Entity.http = http
        sample = http.get(entity, params={"per_page": 1, "page": 1}).json()["Entity"][0]
        Entity.columns = {name: String() for name in sample["Properties"]}
        began = time.perf_counter()
        rows = connect(":memory:", adapters=["crm"]).cursor().execute(sql).fetchall()
        seconds = time.perf_counter() - began
    print(json.dumps({"calls": Entity.calls, "seconds": seconds, "rows": len(rows)}))


if __name__ == "__main__":
    main()
