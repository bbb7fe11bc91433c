"""The sandbox measured: beside datasette on the same rows, and deep into a million records."""

import json
import random
import socket
import sqlite3
import statistics
import subprocess
import sys
import time
import venv
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlencode, urlsplit

DATASETTE = "datasette==0.65.2"
FIELD = "LastName"
PER_PAGE = 100
ROUNDS = 7
SHORT_ROUNDS = 21
CONNECTIONS = 4
BARE: dict[str, object] = {"_nofacet": 1, "_nosuggest": 1}

T = TypeVar("T")


def sandbox(data: Path) -> None:
    """Run all of it, keeping what takes long to make in `data`."""
    missed = [*compare_with_datasette(data), *compare_far_pages(data)]
    if missed:
        sys.exit("Missed: " + ", ".join(missed) + ".")


def compare_with_datasette(data: Path) -> Iterator[str]:
    """Compare pages of 100 sorted by a field with those of datasette's JSON API."""
    with (
        _serve_sandbox(data / "100000", 100_000) as ours,
        _serve_datasette(data, data / "100000" / "sandbox.sqlite") as theirs,
    ):
        rounds: list[tuple[float, float, float]] = []
        for number in range(ROUNDS + 1):
            paths = [_page_path(number * 40 + page) for page in range(1, 401)]
            mine = ours.seconds_each(paths)
            as_it_is = theirs.seconds_each_page(1, {})
            bare = theirs.seconds_each_page(20, BARE)
            rounds.append((1 / mine, as_it_is / mine, bare / mine))
    rate, *ratios = (statistics.median(column) for column in zip(*rounds[1:], strict=True))
    print(
        f"Pages of {PER_PAGE} of 100,000 leads sorted by {FIELD}: {rate:,.0f} a second over "
        f"{CONNECTIONS} connections, medians of {ROUNDS} rounds:"
    )
    name = "times the requests per second of datasette's JSON API"
    if not _print_ratio(name, ratios[0], 10, at_least=True):
        yield "datasette"
    print(f"  {ratios[1]:.2f} times that without what makes it slow: facets and suggesting them")


def compare_far_pages(data: Path) -> Iterator[str]:
    """Compare far pages of a million records, and one record, with the first page.

    What counts is the server's processor time: on a machine that others use too, how long a call
    waits for its turn says little about what it costs.
    """
    chance = random.Random(7)
    found: list[tuple[float, ...]] = []
    with _serve_sandbox(data / "1000000", 1_000_000) as server:
        records = json.loads(server.get(_page_path(5_000)))["Entity"]
        ones = [f"/lead/{record['ExternalID']}" for record in records]
        for _ in range(SHORT_ROUNDS + 1):
            pages = [chance.randrange(2, 9_990) for _ in range(20)]
            first = server.processor_seconds_each([_page_path(1)] * 100)
            far = server.processor_seconds_each([_page_path(page) for page in pages])
            following = server.processor_seconds_each([_page_path(page + 1) for page in pages])
            one = server.processor_seconds_each(ones)
            found.append((first, following / first, far / first, one / first))
    base, *ratios = (statistics.median(column) for column in zip(*found[1:], strict=True))
    print(f"Out of 1,000,000 leads sorted by {FIELD}, medians of {SHORT_ROUNDS} rounds:")
    print(f"  page 1 takes {base * 1000:.2f} ms of the server's processor time")
    marks = {"page N+1": 3.0, "a random page": 60.0, "a record by id": 0.5}
    for (name, mark), ratio in zip(marks.items(), ratios, strict=True):
        if not _print_ratio(f"of page 1: {name}", ratio, mark, at_least=False):
            yield name


def _print_ratio(name: str, ratio: float, mark: float, *, at_least: bool) -> bool:
    is_met = ratio >= mark if at_least else ratio <= mark
    bound = "at least" if at_least else "at most"
    print(f"  {ratio:.2f} {name} ({bound} {mark:g}{'' if is_met else ': missed'})")
    return is_met


def _page_path(number: int) -> str:
    query = {"sort_by": FIELD, "per_page": PER_PAGE, "page": number}
    return f"/lead?{urlencode(query)}"


class _Connection:
    """A connection that is kept open, to one server.

    It does as little as a client can, so that what is measured is the server.
    """

    def __init__(self, url: str, headers: dict[str, str]) -> None:
        host, self._path = urlsplit(url).netloc, urlsplit(url).path
        name, _, port = host.partition(":")
        self._socket = socket.create_connection((name, int(port)), timeout=60)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        lines = [f"Host: {host}", *(f"{name}: {value}" for name, value in headers.items())]
        self._head = "\r\n".join(lines) + "\r\n\r\n"

    def get(self, path: str, method: str = "GET") -> bytes:
        """Return the body of an answer."""
        request = f"{method} {self._path}{path} HTTP/1.1\r\n{self._head}"
        self._socket.sendall(request.encode())
        received = b""
        while b"\r\n\r\n" not in received:
            received += self._more()
        head, _, body = received.partition(b"\r\n\r\n")
        status, _, lines = head.lower().partition(b"\r\n")
        if b" 200 " not in status:
            raise AssertionError(status)
        _, _, length = lines.partition(b"content-length: ")
        if length:
            return self._whole(body, int(length.split(b"\r\n")[0]))
        while not body.endswith(b"0\r\n\r\n"):
            body += self._more()
        return _join_chunks(body)

    def close(self) -> None:
        self._socket.close()

    def _whole(self, body: bytes, length: int) -> bytes:
        pieces, missing = [body], length - len(body)
        while missing:
            pieces.append(self._more())
            missing -= len(pieces[-1])
        return b"".join(pieces)

    def _more(self) -> bytes:
        piece = self._socket.recv(262_144)
        if not piece:
            raise ConnectionError("the server closed the connection")
        return piece


def _join_chunks(chunked: bytes) -> bytes:
    body, position = b"", 0
    while True:
        end = chunked.index(b"\r\n", position)
        size = int(chunked[position:end], 16)
        if not size:
            return body
        body += chunked[end + 2 : end + 2 + size]
        position = end + size + 4


class _Server:
    """A server under the load of a few connections: none waits for the client alone."""

    def __init__(self, url: str, headers: dict[str, str], process: int) -> None:
        self._connect = lambda: _Connection(url, headers)
        self._process = process
        self._pool = ThreadPoolExecutor(CONNECTIONS)

    def get(self, path: str, method: str = "GET") -> bytes:
        """Return the body of an answer."""
        with closing(self._connect()) as connection:
            return connection.get(path, method)

    def seconds_each(self, paths: list[str]) -> float:
        """Make these calls, and return how long each took of the whole."""
        shares = [paths[number::CONNECTIONS] for number in range(CONNECTIONS)]
        return self._timed(_get_each, shares)

    def processor_seconds_each(self, paths: list[str]) -> float:
        """Make these calls, and return how much of the server's processor time each took."""
        before = _processor_seconds(self._process)
        self.seconds_each(paths)
        return (_processor_seconds(self._process) - before) / len(paths)

    def seconds_each_page(self, pages: int, options: dict[str, object]) -> float:
        """Read so many of datasette's pages on each connection, as `seconds_each` does."""
        return self._timed(_get_next_pages, [(pages, options)] * CONNECTIONS)

    def _timed(self, read: Callable[[_Connection, T], int], shares: list[T]) -> float:
        # New ones, as a server closes those that wait while another server is measured.
        with ExitStack() as opened:
            connections = [opened.enter_context(closing(self._connect())) for _ in shares]
            began = time.perf_counter()
            calls = sum(self._pool.map(read, connections, shares))
            return (time.perf_counter() - began) / calls

    def close(self) -> None:
        self._pool.shutdown()


def _processor_seconds(process: int) -> float:
    """Return how long a process has run on a processor, as its clock on Linux has it."""
    return time.clock_gettime((~process << 3) | 2)


def _get_each(connection: _Connection, paths: list[str]) -> int:
    for path in paths:
        connection.get(path)
    return len(paths)


def _get_next_pages(connection: _Connection, job: tuple[int, dict[str, object]]) -> int:
    pages, options = job
    query: dict[str, object] = {"_sort": FIELD, "_size": PER_PAGE, "_shape": "objects", **options}
    for _ in range(pages):
        answer = json.loads(connection.get(f"/lead.json?{urlencode(query)}"))
        assert len(answer["rows"]) == PER_PAGE
        query["_next"] = answer["next"]
    return pages


@contextmanager
def _serve_sandbox(data: Path, records: int) -> Generator[_Server]:
    """Serve so many leads, and be signed in."""
    if not (data / "sandbox.sqlite").exists():
        print(f"Making {records:,} leads in {data} …", flush=True)
    command = [sys.executable, "-m", "cmdm_tui", "sandbox", "serve", "--json", "--quiet"]
    command += ["--port", "0", "--data", str(data), "--records", str(records)]
    command += ["--rate-limit", "1000000000", "--month-limit", "1000000000"]
    began = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            told: dict[str, str] = json.loads(process.stdout.readline())
            print(f"Serving {records:,} leads after {time.perf_counter() - began:.1f} s.")
            names = ("client_id", "client_secret", "username", "password")
            sign_in = _Connection(f"{told['url']}/api/v1", {name: told[name] for name in names})
            with closing(sign_in):
                token = json.loads(sign_in.get("/authenticate", "POST"))["token"]
            signed_in = {"Authorization": f"Bearer {token}"}
            with closing(_Server(f"{told['url']}/api/v1", signed_in, process.pid)) as server:
                yield server
        finally:
            process.terminate()


@contextmanager
def _serve_datasette(data: Path, source: Path) -> Generator[_Server]:
    """Serve the same leads with datasette, from an environment of its own."""
    program = data / "datasette" / "bin" / "datasette"
    if not program.exists():
        print(f"Installing {DATASETTE} into {data / 'datasette'} …", flush=True)
        venv.create(data / "datasette", with_pip=True)
        pip = [str(data / "datasette" / "bin" / "python"), "-m", "pip", "install", "--quiet"]
        subprocess.run([*pip, "--disable-pip-version-check", DATASETTE], check=True)
    rows = data / "leads.db"
    if not rows.exists():
        _copy_leads(source, rows)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [str(program), "serve", str(rows), "--port", str(port)]
    with (
        (data / "datasette.log").open("w") as log,
        subprocess.Popen(command, stdout=log, stderr=log) as process,
    ):
        try:
            _wait_for(port)
            with closing(_Server(f"http://127.0.0.1:{port}/leads", {}, process.pid)) as server:
                yield server
        finally:
            process.terminate()


def _copy_leads(source: Path, rows: Path) -> None:
    """Write a plain table of the leads, with an index on the field to sort by."""
    with closing(sqlite3.connect(source)) as old, closing(sqlite3.connect(rows)) as new:
        # The table's keys are computed by a function; none of them is read here.
        old.create_function("sort_key", 3, lambda *_: None, deterministic=True)
        read = old.execute("SELECT external_id, record FROM lead ORDER BY position")
        records = [{"ExternalID": key, **json.loads(record)} for key, record in read]
        columns = ", ".join(f'"{name}" TEXT' for name in records[0])
        new.execute(f"CREATE TABLE lead ({columns})")
        marks = ", ".join(f":{name}" for name in records[0])
        new.executemany(f"INSERT INTO lead VALUES ({marks})", records)
        new.execute(f"CREATE INDEX lead_by_field ON lead ({FIELD})")
        new.commit()
        new.execute("ANALYZE")


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + 30
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
        else:
            return
