"""A service in process whose text is sorted by the real ICU: the records of a sandbox, in DuckDB.

Text is sorted by `icu_sort_key`, as MySQL's 0900 collations, .NET and PostgreSQL's ICU do; numbers,
dates and ties stand as on a sandbox. A field is sorted once, when it is first asked for.
"""

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb
import httpx
from measured_query import MeasuredService, SandboxAddress
from starlette.datastructures import QueryParams

from cmdm_tui.config import Credentials, Profile, SecretStr
from cmdm_tui.sandbox.routes import field_list_response
from cmdm_tui.sandbox.schema import ENTITIES, WireType

_AS_NUMBER = {WireType.NUMBER, WireType.CURRENCY}
_BY_SPELLING = {WireType.DATE, WireType.DATETIME, WireType.BOOLEAN}
_READ_AT_ONCE = 1_000
_LARGEST_OBJECT = 64 * 1024 * 1024


class CollatedService(httpx.AsyncBaseTransport):
    """The records of entities in a file, sorted by ICU, on pages of at most `cap` records.

    Ascending, nulls come first, as in MySQL, or last, as in PostgreSQL; descending is the reverse.
    """

    def __init__(self, file: Path, *, cap: int, nulls_last: bool = False) -> None:
        self._database = duckdb.connect(str(file))
        self._cap = cap
        self._nulls = "LAST" if nulls_last else "FIRST"
        tables = self.select("SELECT table_name FROM duckdb_tables()")
        entities = [name for (name,) in tables if name in ENTITIES]
        self._totals: dict[str, int] = {
            name: self.select(f'SELECT count(*) FROM "{name}"')[0][0] for name in entities
        }

    @property
    def measured(self) -> MeasuredService:
        """The service as benchmarks run queries on it."""
        secret = SecretStr("s")
        credentials = Credentials(secret, secret, "bench", secret)
        return MeasuredService(
            Profile("bench", "http://localhost", credentials, "bench"), lambda: self
        )

    def select(self, sql: str) -> list[tuple[Any, ...]]:
        """Return the rows of a query on the stored text."""
        return self._database.execute(sql).fetchall()

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Answer a call."""
        entity, _, rest = request.url.path.partition("/v1/")[2].partition("/")
        if entity == "authenticate":
            return httpx.Response(200, json={"token": "t"})
        if entity not in self._totals:
            return httpx.Response(404)
        if rest == "fields" and entity == "task":
            return httpx.Response(404)
        if rest == "fields":
            told = field_list_response(ENTITIES[entity], QueryParams(request.url.query.decode()))
            return httpx.Response(200, content=bytes(told.body))
        if rest:
            return self._record(entity, rest)
        return self._page(entity, request.url.params)

    def _record(self, entity: str, external_id: str) -> httpx.Response:
        names = list(ENTITIES[entity].by_name)
        found = self._database.execute(
            f'SELECT {_list("ExternalID", *names)} FROM "{entity}" WHERE ExternalID = ?',
            [external_id],
        ).fetchone()
        if found is None:
            return httpx.Response(404)
        return httpx.Response(200, json=_as_record(found, names))

    def _page(self, entity: str, asked: httpx.QueryParams) -> httpx.Response:
        total, known = self._totals[entity], ENTITIES[entity].by_name
        size = min(int(asked.get("per_page", self._cap)), self._cap)
        number = int(asked.get("page", 1))
        names = [one for one in asked.get("fields", "").split(",") if one] or list(known)
        sort_by = asked.get("sort_by")
        if not {*names, sort_by} <= {*known, "ExternalID", None}:
            return httpx.Response(400, json={"Message": "There is no such field."})
        first, last = (number - 1) * size + 1, number * size
        is_reverse = asked.get("sort_order") == "desc"
        if is_reverse:
            first, last = total - last + 1, total - first + 1
        places = self._sort(entity, sort_by)
        rows = self._database.execute(
            f'SELECT {_list("ExternalID", *names)} FROM {places} JOIN "{entity}" USING (place) '
            f"WHERE standing BETWEEN ? AND ? ORDER BY standing {'DESC' if is_reverse else ''}",
            [first, last],
        ).fetchall()
        pages = str(-(-total // size))
        body = {"Total Records": str(total), "Total Pages": pages}
        return httpx.Response(
            200, json={**body, "Entity": [_as_record(one, names) for one in rows]}
        )

    def _sort(self, entity: str, name: str | None) -> str:
        """Return the table of where each record stands in the order of a field."""
        if name is None:
            return f'(SELECT place, place AS standing FROM "{entity}")'
        table = f'"{entity} by {name}, nulls {self._nulls}"'
        self._database.execute(
            f"CREATE TABLE IF NOT EXISTS {table} AS SELECT place, row_number() OVER "
            f"(ORDER BY {_sort_key(entity, name)} NULLS {self._nulls}, place) AS standing "
            f'FROM "{entity}" ORDER BY standing'
        )
        return table


def collect_records(told: SandboxAddress, file: Path, entities: Sequence[str]) -> None:
    """Read the entities of a sandbox, and write them to a file for `CollatedService`."""
    base = f"{told['url']}/api/v1/"
    names = ("client_id", "client_secret", "username", "password")
    unfinished = file.with_suffix(".unfinished")
    unfinished.unlink(missing_ok=True)
    with (
        httpx.Client(base_url=base, trust_env=False, timeout=60) as http,
        duckdb.connect(str(unfinished)) as database,
    ):
        answer = http.post("authenticate", headers={name: told[name] for name in names})
        http.headers["Authorization"] = f"Bearer {answer.json()['token']}"
        for entity in entities:
            with tempfile.NamedTemporaryFile(suffix=".json", dir=file.parent) as pages:
                number, count = 0, 1
                while number < count:
                    number += 1
                    page = http.get(entity, params={"per_page": _READ_AT_ONCE, "page": number})
                    count = int(page.json()["Total Pages"]) if number == 1 else count
                    pages.write(page.content + b"\n")
                pages.flush()
                database.execute(_make_table(entity), [pages.name])
    unfinished.rename(file)


def _make_table(entity: str) -> str:
    """Return the statement that makes an entity's table of a file of pages, one a line."""
    names = list(ENTITIES[entity].by_name)
    shape = ", ".join(f'"{name}" VARCHAR' for name in names)
    page = f"STRUCT(ExternalID VARCHAR, Properties STRUCT({shape}))[]"
    columns = ", ".join(f'one.Properties."{name}"' for name in names)
    return (
        f'CREATE TABLE "{entity}" AS SELECT row_number() OVER () AS place, '
        f"one.ExternalID AS ExternalID, {columns} FROM "
        "(SELECT unnest(Entity) AS one FROM read_json(?, format='newline_delimited', "
        f"maximum_object_size={_LARGEST_OBJECT}, columns={{Entity: '{page}'}}))"
    )


def _sort_key(entity: str, name: str) -> str:
    if name == "ExternalID":
        return "ExternalID"
    kind = ENTITIES[entity].by_name[name].type
    if kind in _AS_NUMBER:
        return f'CAST("{name}" AS DECIMAL(38, 6))'
    return f'"{name}"' if kind in _BY_SPELLING else f"icu_sort_key(\"{name}\", 'und')"


def _list(*names: str) -> str:
    return ", ".join(f'"{name}"' for name in names)


def _as_record(row: Sequence[Any], names: Sequence[str]) -> dict[str, Any]:
    return {"ExternalID": row[0], "Properties": dict(zip(names, row[1:], strict=True))}
