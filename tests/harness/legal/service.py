"""A small CRM of another make: it does what the documentation says, in its own ways.

It shares no code with the sandbox or the client. A `Make` says what is peculiar about one; every
peculiarity is one that the documentation allows (`api.md`, where it is silent).
"""

import itertools
import json
import threading
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

Values = dict[str, Any]
CREDENTIALS = {"client_id": "c-1", "client_secret": "s-22222222", "username": "jo-smith",
               "password": "p-33333333"}  # fmt: skip
FIELDS: dict[str, dict[str, str]] = {
    "account": {"Name": "Text", "City": "Text", "Phone": "Phone", "Email": "Email",
                "Employees": "Number", "AnnualRevenue": "Currency", "Owner": "Text"},
    "lead": {"LastName": "Text", "Company": "Text", "Email": "Email", "Score": "Number",
             "OptIn": "Boolean", "LastContacted": "Date", "Notes": "Text", "Status": "Text"},
    "contact": {"LastName": "Text", "Email": "Email", "Birthday": "Date", "City": "Text"},
    "task": {"Subject": "Text", "DueDate": "Date", "Status": "Text", "Notes": "Text"},
    "opportunity": {"Name": "Text", "Amount": "Currency", "CloseDate": "Date", "Notes": "Text"},
}  # fmt: skip
REQUIRED = {"account": "Name", "lead": "LastName", "contact": "LastName", "task": "Subject",
            "opportunity": "Name"}  # fmt: skip


def unchanged(_kind: str, value: Any) -> Any:
    return value


@dataclass(frozen=True)
class Make:
    """What is peculiar about a service; the defaults are the plainest reading of the documentation.

    `store` and `show` take a field's type and a value. `meddle` is called after each request with
    the records of all entities: other users, and what the service does by itself.
    """

    name: str
    entities: tuple[str, ...] = ("account", "lead", "contact", "task", "opportunity")
    list_key: Callable[[str], str] = lambda _entity: "Entity"
    page_cap: int = 10_000
    default_page: int | None = None
    past_the_end: int = 200
    new_id: Callable[[str, int], str] = lambda _entity, number: f"{number:08d}"
    store: Callable[[str, Any], Any] = unchanged
    show: Callable[[str, Any], Any] = unchanged
    computed: Callable[[str, Values, int], Values] = lambda _entity, _values, _number: {}
    leaves_out_nulls: bool = False
    drops_unknown: bool = False
    has_field_list: bool = True
    describes_fields: bool = True
    shows_always: tuple[str, ...] = ()
    sort_key: Callable[[Any], Any] = str
    nulls_last: bool = False
    slides_token: bool = False
    token_seconds: int = 3_600
    rolls_window: bool = False
    limit_headers: bool = True
    clock_offset: float = 0.0
    finds_before_signing_in: bool = False
    malformed_token: int = 401
    takes_equal_headers: bool = False
    error: Callable[[int, str], tuple[str, bytes]] = lambda _status, words: (
        "application/json", json.dumps({"Message": words}).encode(),
    )  # fmt: skip
    content_type: str = "application/json"
    converts_into_existing: bool = False
    deletes_converted_lead: bool = False
    converts_again: bool = False
    close_again: int = 200
    delete_again: int = 404
    cascades: bool = False
    meddle: Callable[["Crm"], None] = lambda _crm: None
    update_again: int = 200


@dataclass
class Crm:
    """The records of a service of some make, and its answers to requests."""

    make: Make
    records: dict[str, dict[str, Values]] = field(default_factory=dict[str, dict[str, Values]])
    own: set[tuple[str, str]] = field(default_factory=set[tuple[str, str]])
    """What the user under test has created: no one else touches it."""
    requests: int = 0
    tokens: dict[str, float] = field(default_factory=dict[str, float])
    _numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1_001))
    _began: float = field(default_factory=time.time)

    def __post_init__(self) -> None:
        for entity in self.make.entities:
            self.records[entity] = {}
            for number in range(12):
                given = dict.fromkeys(FIELDS[entity])
                given[REQUIRED[entity]] = f"Person {number}"
                given["City"] = f"Town {number % 5}" if "City" in given else None
                kept = {name: value for name, value in given.items() if name in FIELDS[entity]}
                self.add(entity, kept)

    @property
    def now(self) -> float:
        return time.time() + self.make.clock_offset

    def add(self, entity: str, given: Mapping[str, Any]) -> str:
        kinds = FIELDS[entity]
        place = next(self._numbers)
        made = self.make.new_id(entity, place)
        stored = {name: self.make.store(kinds[name], given.get(name)) for name in kinds}
        stored["CreatedDate"] = stored["ModifiedDate"] = self._stamp()
        stored["#parent"] = stored["#account"] = None
        self.records[entity][made] = stored
        return made

    def _stamp(self) -> str:
        return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(self.now))

    def shown(self, entity: str, external_id: str, wanted: set[str] | None = None) -> Values:
        stored = self.records[entity][external_id]
        kinds = FIELDS[entity] | {"CreatedDate": "DateTime", "ModifiedDate": "DateTime"}
        values = {name: self.make.show(kinds[name], stored[name]) for name in kinds}
        values |= self.make.computed(entity, stored, self.requests)
        if wanted is not None:
            kept = wanted | set(self.make.shows_always)
            values = {name: value for name, value in values.items() if name in kept}
        if self.make.leaves_out_nulls:
            values = {name: value for name, value in values.items() if value is not None}
        return {"ExternalID": external_id, "Properties": values}

    # Answers: a status and what is in its body

    def answer(
        self, method: str, target: str, headers: list[tuple[str, str]], body: bytes
    ) -> tuple[int, Any, Values]:
        """Return the status, the body (text for an error), and headers."""
        self.requests += 1
        parts = urlsplit(target)
        segments = [unquote(one) for one in parts.path.removeprefix("/api/v1/").split("/")]
        known_path = parts.path.startswith("/api/v1/") and self._is_path(segments)
        if segments == ["authenticate"] and method == "POST":
            return self._sign_in(dict(headers))
        if self.make.finds_before_signing_in and not known_path:
            return 404, "There is nothing here", {}
        status = self._check_token(headers)
        if status:
            return status, "Who are you?", {}
        told = self._limit_headers()
        if not known_path:
            return 404, "There is nothing here", told
        segments = [segments[0].lower(), *segments[1:]]
        status, content = self._route(method, segments, dict(parse_qsl(parts.query)), body)
        self.make.meddle(self)
        return status, content, told

    def _is_path(self, segments: list[str]) -> bool:
        entity, *rest = [one.lower() for one in segments]
        return entity in self.make.entities and len(rest) <= 2 and all(segments)

    def _sign_in(self, headers: dict[str, str]) -> tuple[int, Any, Values]:
        given = {name: headers.get(name.lower()) for name in CREDENTIALS}
        if given != CREDENTIALS:
            return 401, "Those are not your credentials", {}
        token = f"token-{len(self.tokens):06d}-{'x' * 20}"
        self.tokens[token] = self.now + self.make.token_seconds
        self._token = token
        return 200, {"token": token}, self._limit_headers()

    def _check_token(self, headers: list[tuple[str, str]]) -> int:
        lines = [value for name, value in headers if name.lower() == "authorization"]
        if self.make.takes_equal_headers and len(set(lines)) == 1:
            lines = lines[:1]
        if not lines:
            return 401
        scheme, _, token = lines[0].partition(" ")
        if len(lines) > 1 or scheme.lower() != "bearer" or not token or " " in token:
            return self.make.malformed_token
        if self.tokens.get(token, 0.0) <= self.now:
            return 401
        if self.make.slides_token:
            self.tokens[token] = self.now + self.make.token_seconds
        self._token = token
        return 0

    def _limit_headers(self) -> Values:
        if not self.make.limit_headers:
            return {}
        reset = self.now + 3_590 if self.make.rolls_window else (self._began // 3_600 + 1) * 3_600
        while reset <= self.now:
            reset += 3_600
        return {
            "x-rate-limit-limit": "100000",
            "x-rate-limit-remaining": str(100_000 - self.requests),
            "x-rate-limit-reset": str(int(reset)),
            "x-token-reset": str(int(self.tokens[self._token])),
        }

    def _route(  # noqa: C901 — a table of calls
        self, method: str, segments: list[str], query: Values, body: bytes
    ) -> tuple[int, Any]:
        entity, *rest = segments
        there = self.records[entity]
        match method, rest:
            case "GET", []:
                return self._list(entity, query)
            case "POST", []:
                return self._create(entity, self._read(body))
            case "GET", ["fields"] if entity != "task":
                return self._list_fields(entity, query) if self.make.has_field_list else (404, "No")
            case "PUT", ["convert", external_id] if entity == "lead":
                return self._convert(external_id, self._read(body, optional=True))
            case "PUT", ["close", external_id] if entity == "task":
                return self._close(external_id, self._read(body, optional=True))
            case "POST", [external_id, child] if child.lower() in {"task", "opportunity"}:
                if external_id not in there or child.lower() not in self.records:
                    return 404, "There is no such record"
                status, made = self._create(child.lower(), self._read(body))
                if status == 201:
                    self.records[child.lower()][made["ExternalID"]]["#parent"] = external_id
                return status, made
            case _, [external_id] if external_id not in there:
                return 404, "There is no such record"
            case "GET", [external_id]:
                return 200, self.shown(entity, external_id)
            case "PUT", [external_id]:
                return self._update(entity, external_id, self._read(body))
            case "DELETE", [external_id]:
                return self._delete(entity, external_id)
            case _:
                return 404, "There is nothing here"

    @staticmethod
    def _read(body: bytes, *, optional: bool = False) -> Values | None:
        try:
            content: Any = json.loads(body) if body or not optional else {}
        except (ValueError, RecursionError):
            return None
        return content if isinstance(content, dict) else None  # pyright: ignore[reportUnknownVariableType]

    def _accepted(self, entity: str, given: Values | None) -> Values | None:
        """Return what is to be stored of a body, None where it is refused."""
        if given is None or any(not isinstance(one, str | None) for one in given.values()):
            return None
        unknown = given.keys() - FIELDS[entity].keys()
        if unknown and not self.make.drops_unknown:
            return None
        return {name: value for name, value in given.items() if name not in unknown}

    def _create(self, entity: str, given: Values | None) -> tuple[int, Any]:
        accepted = self._accepted(entity, given)
        if accepted is None or not accepted.get(REQUIRED[entity]):
            return 400, "That is not a record"
        made = self.add(entity, accepted)
        self.own.add((entity, made))
        return 201, {"ExternalID": made}

    def _update(self, entity: str, external_id: str, given: Values | None) -> tuple[int, Any]:
        accepted = self._accepted(entity, given)
        required = REQUIRED[entity]
        if accepted is None or (required in accepted and not accepted[required]) or not given:
            return 400, "That is not an update"
        kinds, stored = FIELDS[entity], self.records[entity][external_id]
        new = {name: self.make.store(kinds[name], value) for name, value in accepted.items()}
        if all(stored[name] == value for name, value in new.items()) and new:
            return self.make.update_again, {"Message": "Record updated."}
        stored.update(new)
        stored["ModifiedDate"] = self._stamp()
        return 200, {"Message": "Record updated."}

    def _delete(self, entity: str, external_id: str) -> tuple[int, Any]:
        del self.records[entity][external_id]
        if self.make.cascades:
            for records in self.records.values():
                for one in [one for one, kept in records.items()
                            if external_id in {kept["#parent"], kept["#account"]}]:  # fmt: skip
                    del records[one]
        return 200, {"Message": "Record deleted."}

    def _close(self, external_id: str, given: Values | None) -> tuple[int, Any]:
        task = self.records["task"].get(external_id)
        if task is None:
            return 404, "There is no such task"
        if given is None:
            return 400, "That is not JSON"
        if task["Status"] == "Done" and self.make.close_again != 200:
            return self.make.close_again, "It is closed"
        task["Status"] = "Done"
        return 200, {"Message": "Record updated."}

    def _convert(self, external_id: str, given: Values | None) -> tuple[int, Any]:
        lead = self.records["lead"].get(external_id)
        if lead is None:
            return 404, "There is no such lead"
        if given is None:
            return 400, "That is not JSON"
        if lead["#account"] is not None and not self.make.converts_again:
            return 400, "It was converted"
        company = lead["Company"] or lead["LastName"]
        accounts = self.records["account"]
        same = [one for one, kept in accounts.items() if kept["Name"] == company]
        if self.make.converts_into_existing:
            same = same or list(accounts)[:1]
        made = same[0] if same and self.make.converts_into_existing else self.add(
            "account", {"Name": company}
        )  # fmt: skip
        lead["#account"] = made
        if self.make.deletes_converted_lead:
            del self.records["lead"][external_id]
        return 200, {"Account ExternalID": made}

    def _list(self, entity: str, query: Values) -> tuple[int, Any]:
        ids = list(self.records[entity])
        sort_by = query.get("sort_by")
        if sort_by and sort_by in {*FIELDS[entity], "CreatedDate", "ModifiedDate"}:
            ids = self._sorted(entity, ids, sort_by)
        if query.get("sort_order") == "desc":
            nulls = [
                one for one in ids if sort_by and self.records[entity][one].get(sort_by) is None
            ]
            ids = [one for one in reversed(ids) if one not in nulls] + nulls[::-1]
        paged = self._page(ids, query)
        if paged is None:
            return 400, "That is not a page"
        part, pages, is_past = paged
        if is_past and self.make.past_the_end != 200:
            return self.make.past_the_end, "There is no such page"
        fields = query.get("fields")
        wanted = None if fields is None else set(fields.split(","))
        rows = [self.shown(entity, one, wanted) for one in part]
        told = {"Total Records": str(len(ids)), "Total Pages": str(pages)}
        return 200, {**told, self.make.list_key(entity): rows}

    def _sorted(self, entity: str, ids: list[str], name: str) -> list[str]:
        there, key = self.records[entity], self.make.sort_key
        valued = sorted((one for one in ids if there[one][name] is not None),
                        key=lambda one: key(there[one][name]))  # fmt: skip
        nulls = [one for one in ids if there[one][name] is None]
        return [*valued, *nulls] if self.make.nulls_last else [*nulls, *valued]

    def _page(self, ids: list[str], query: Values) -> tuple[list[str], int, bool] | None:
        """Return a page of ids, the number of pages, and whether it lies past the last."""
        if "per_page" in query and "page" in query:
            try:
                size, number = int(query["per_page"]), int(query["page"])
            except ValueError:
                return None
        elif "per_page" in query or "page" in query:
            return None
        elif self.make.default_page is None:
            return ids, 1, False
        else:
            size, number = self.make.default_page, 1
        if size < 1 or number < 1:
            return None
        size = min(size, self.make.page_cap)
        pages = -(-len(ids) // size)
        return ids[(number - 1) * size : number * size], pages, number > max(pages, 1)

    def _list_fields(self, entity: str, query: Values) -> tuple[int, Any]:
        kinds = FIELDS[entity] | dict.fromkeys(("CreatedDate", "ModifiedDate"), "DateTime")
        described: dict[str, Values] = {
            f"F-{entity}-{name}": self._describe(
                entity, name, kind, is_read_only=name not in FIELDS[entity]
            )
            for name, kind in kinds.items()
        }
        paged = self._page(list(described), query)
        if paged is None:
            return 400, "That is not a page"
        part, pages, _ = paged
        rows = [{"ExternalID": one, "Properties": described[one]} for one in part]
        told = {"Total Records": str(len(described)), "Total Page": str(pages)}
        return 200, {**told, "Field": rows}

    def _describe(self, entity: str, name: str, kind: str, *, is_read_only: bool = False) -> Values:
        if not self.make.describes_fields:
            return {"api_name": name, "datatype": kind}
        is_required = str(REQUIRED[entity] == name).lower()
        return {"Name": name, "Label": name, "Type": kind, "Required": is_required,
                "ReadOnly": str(is_read_only).lower()}  # fmt: skip


@contextmanager
def serve(make: Make) -> Generator[str]:
    """Serve a CRM of some make on a port of this machine; yield its address."""
    crm, lock = Crm(make), threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        """Answers requests, one at a time."""

        protocol_version = "HTTP/1.1"
        # An answer in two parts would wait 40 ms between them for the client's acknowledgement.
        wbufsize = -1
        disable_nagle_algorithm = True

        def handle_one(self) -> None:
            length = int(self.headers.get("content-length") or 0)
            body = self.rfile.read(length)
            headers = [(name.lower(), value) for name, value in self.headers.items()]
            with lock:
                status, content, told = crm.answer(self.command, self.path, headers, body)
            if status in {200, 201}:
                kind, payload = make.content_type, json.dumps(content).encode()
            else:
                kind, payload = make.error(status, str(content))
            self.send_response_only(status)
            self.send_header("Date", self.date_time_string(crm.now))  # pyright: ignore[reportArgumentType] — a time
            for name, value in {**told, "Content-Type": kind}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(payload)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(payload)
            self.wfile.flush()

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_OPTIONS = handle_one  # noqa: N815

        def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 — the base's name
            pass

    class Server(ThreadingHTTPServer):
        """Waits for no connection at its end."""

        daemon_threads = True
        block_on_close = False

    server = Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
