"""A service on a real socket that answers as documented, except where a test says otherwise.

It runs in threads of the test's own process, so that a test can read the calls made and can hold an
answer back, while the program under test is a process of its own.
"""

import json
import socket
import socketserver
import struct
import threading
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, cast
from urllib.parse import parse_qsl, unquote, urlsplit


@dataclass(frozen=True)
class Call:
    """A request as it came. `segments` are those of the path behind `/api/v1`."""

    method: str
    target: str
    segments: tuple[str, ...]
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    nth: int
    """How many calls of this method there were, sign-ins apart, this one included."""
    at: float

    @property
    def is_list(self) -> bool:
        return self.method == "GET" and len(self.segments) == 1

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Answer:
    """An answer as it goes out.

    `length` stands in for the true Content-Length; `cut` sends so many bytes of the whole answer
    alone, head included, then closes; `raw` is sent as it is in place of all else. With `reset`,
    the connection ends by a reset.
    """

    status: int = 200
    body: bytes = b"{}"
    headers: Sequence[tuple[str, str]] = ()
    content_type: str | None = "application/json"
    length: int | None = None
    cut: int | None = None
    close: bool = False
    raw: bytes | None = None
    reset: bool = False

    @classmethod
    def of(cls, content: Any, status: int = 200, **headers: str) -> "Answer":
        """Return an answer with JSON content."""
        return cls(status, json.dumps(content, ensure_ascii=False).encode(), tuple(headers.items()))

    def encode(self, date: str) -> bytes:
        if self.raw is not None:
            return self.raw
        names = {name.lower() for name, _ in self.headers}
        lines = [f"HTTP/1.1 {self.status} X"]
        lines += [] if "date" in names else [f"Date: {date}"]
        lines += [f"Content-Type: {self.content_type}"] if self.content_type else []
        lines += [f"{name}: {value}" for name, value in self.headers]
        lines.append(f"Content-Length: {len(self.body) if self.length is None else self.length}")
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + self.body


Answering = Callable[[Call], "Answer | None"]
Row = tuple[str, Mapping[str, Any]]


def page(rows: Sequence[Row], total: Any = None, pages: Any = 1) -> Answer:
    """Return a page of a list, with totals as the documentation has them."""
    return Answer.of(
        {
            "Total Records": str(len(rows) if total is None else total),
            "Total Pages": str(pages),
            "Entity": [{"ExternalID": key, "Properties": dict(values)} for key, values in rows],
        }
    )


class OddService(socketserver.ThreadingTCPServer):
    """Answers by `answering`, and where that gives None as documented.

    `rows` are the records of every entity, `fields` the `Properties` of its fields (None: 404).
    Creates are kept in `created`, in order. `calls` lists what came, sign-ins apart.
    """

    allow_reuse_address = daemon_threads = True

    def __init__(self, answering: Answering | None = None, rows: Sequence[Row] = ()) -> None:
        super().__init__(("127.0.0.1", 0), _Connection)
        self.answering: Answering = answering or (lambda call: None)
        self.sign_in: Answering = lambda call: None
        self.rows: list[Row] = list(rows)
        self.fields: Sequence[Mapping[str, str]] | None = None
        self.created: list[Row] = []
        self.calls: list[Call] = []
        self.sign_ins: list[Call] = []
        self.lock = threading.Lock()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    @property
    def environment(self) -> dict[str, str]:
        """The environment variables by which `cmdm` finds this service."""
        return {
            "CMDM_URL": self.url,
            "CMDM_CLIENT_ID": "client-12345",
            "CMDM_CLIENT_SECRET": "client-secret-12345",
            "CMDM_USERNAME": "odd@example.com",
            "CMDM_PASSWORD": "password-12345",
        }

    def count(self, method: str, path: str = "") -> int:
        """Return how many calls of a method there were, to paths that hold this text."""
        with self.lock:
            return sum(call.method == method and path in call.target for call in self.calls)

    def answer(self, call: Call) -> Answer:
        if call.segments[:1] == ("authenticate",):
            return self.sign_in(call) or Answer.of({"token": f"token-{len(self.sign_ins)}-abcdef"})
        return self.answering(call) or self.documented(call)

    def documented(self, call: Call) -> Answer:
        if call.method == "POST":
            return self.create(call)
        if call.method == "PUT":
            return Answer.of({"Message": "Record updated."})
        if call.method == "DELETE":
            return Answer.of({"Message": "Record deleted."})
        if call.segments[1:] == ("fields",):
            return self._fields()
        if len(call.segments) == 2:
            return self._record(call.segments[1])
        return self._page(call.query)

    def create(self, call: Call) -> Answer:
        """Keep a record and answer with its id."""
        now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        values = {**call.json(), "CreatedDate": now, "ModifiedDate": now}
        with self.lock:
            row = (f"NEW{len(self.created):05}", values)
            self.created.append(row)
            self.rows.append(row)
        return Answer.of({"ExternalID": row[0]}, 201)

    def _fields(self) -> Answer:
        if self.fields is None:
            return Answer.of({"Message": "Not found."}, 404)
        listed = [
            {"ExternalID": f"FIELD{number:03}", "Properties": dict(properties)}
            for number, properties in enumerate(self.fields)
        ]
        return Answer.of({"Total Records": str(len(listed)), "Total Page": "1", "Field": listed})

    def _record(self, key: str) -> Answer:
        for row in self.rows:
            if row[0] == key:
                return Answer.of({"ExternalID": key, "Properties": dict(row[1])})
        return Answer.of({"Message": "Record not found."}, 404)

    def _page(self, query: Mapping[str, str]) -> Answer:
        rows = list(self.rows)
        if by := query.get("sort_by"):
            rows.sort(key=lambda row: _sort_key(row, by), reverse=query.get("sort_order") == "desc")
        size, number = int(query.get("per_page", len(rows) or 1)), int(query.get("page", 1))
        part = rows[(number - 1) * size : number * size]
        if wanted := query.get("fields"):
            names = {name.casefold() for name in wanted.split(",")}
            part = [
                (key, {name: value for name, value in values.items() if name.casefold() in names})
                for key, values in part
            ]
        return page(part, len(rows), -(-len(rows) // size))


class _Connection(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        with suppress(OSError, ValueError):
            while self._serve():
                pass

    def _serve(self) -> bool:
        service = cast("OddService", self.server)
        if not (line := self.rfile.readline()):
            return False
        method, target, _ = line.decode("latin-1").split()
        headers: dict[str, str] = {}
        while part := self.rfile.readline().strip():
            name, _, value = part.decode("latin-1").partition(":")
            headers[name.lower()] = value.strip()
        body = self.rfile.read(int(headers.get("content-length", "0")))
        address = urlsplit(target)
        segments = tuple(unquote(part) for part in address.path.strip("/").split("/")[2:])
        query = dict(parse_qsl(address.query, keep_blank_values=True))
        with service.lock:
            kept = service.sign_ins if segments[:1] == ("authenticate",) else service.calls
            nth = 1 + sum(call.method == method for call in kept)
            call = Call(method, target, segments, query, headers, body, nth, time.monotonic())
            kept.append(call)
        answer = service.answer(call)
        date = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime())
        sent = answer.encode(date)
        if answer.reset:
            linger = struct.pack("ii", 1, 0)
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.wfile.write(sent if answer.cut is None else sent[: answer.cut])
        return not (answer.close or answer.cut is not None or answer.raw is not None)


def _sort_key(row: Row, by: str) -> str:
    return str({**row[1], "ExternalID": row[0]}.get(by) or "").casefold()


@contextmanager
def serve(
    answering: Answering | None = None, rows: Sequence[Row] = ()
) -> Generator[OddService, None, None]:
    """Serve for as long as the context lasts."""
    with OddService(answering, rows) as service:
        thread = threading.Thread(target=service.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield service
        finally:
            service.shutdown()
            thread.join()


@dataclass
class Rows:
    """Records by the dozen, for tests that need some."""

    count: int = 7
    values: Mapping[str, Any] = field(default_factory=lambda: {"City": "Leeds"})

    def __iter__(self) -> Iterator[Row]:
        for number in range(self.count):
            yield f"ID{number:06}", {"LastName": f"Name {number}", **self.values}
