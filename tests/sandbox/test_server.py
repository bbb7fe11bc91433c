"""Starting, running and ending: ports, folders, files, signals, and being killed."""

import json
import os
import re
import signal
import socket
import sqlite3
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Generator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

import httpx
import pytest

from cmdm_tui.sandbox import (
    AccountCredentials,
    DataFileError,
    DataFolderError,
    DataFolderInUseError,
    PortError,
    RunningInfo,
    Sandbox,
    SandboxConfig,
    SandboxError,
    SettingError,
    server,
)
from cmdm_tui.sandbox.http import access_log
from cmdm_tui.sandbox.storage.sqlite.data_file import connect

if TYPE_CHECKING:
    from cmdm_tui.sandbox.http.access_log import LoggedCall
    from tests.sandbox.conftest import Running, Start

SERVE = """
import sys
from pathlib import Path
from cmdm_tui.sandbox import Sandbox, SandboxConfig

config = SandboxConfig(data=Path(sys.argv[1]), port=0, records=int(sys.argv[2]))
Sandbox.serve(
    config,
    lambda info: print(info.json_line(), flush=True),
    progress=lambda done, total: done or print("seeding", flush=True),
)
print("ended", flush=True)
"""


@contextmanager
def process_serving(folder: Path, records: int) -> Generator["subprocess.Popen[str]"]:
    """Run a sandbox in the foreground of a process of its own."""
    with subprocess.Popen(
        [sys.executable, "-c", SERVE, str(folder), str(records)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


@contextmanager
def served(folder: Path) -> Generator[tuple["subprocess.Popen[str]", RunningInfo]]:
    """Run a sandbox in a process of its own until it accepts connections."""
    with process_serving(folder, 5) as process:
        line = read_line(process)
        if line == "seeding\n":
            line = read_line(process)
        yield process, RunningInfo(**json.loads(line))


def read_line(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    return process.stdout.readline()


def token(info: RunningInfo) -> str:
    response = httpx.post(
        f"{info.url}/api/v1/authenticate",
        verify=False,
        headers={
            "client_id": info.client_id,
            "client_secret": info.client_secret,
            "username": info.username,
            "password": info.password,
        },
    )
    return response.json()["token"]


def one_sentence(error: BaseException, *named: str | Path) -> None:
    message = str(error)
    assert message.endswith(".")
    assert "\n" not in message
    for name in named:
        assert str(name) in message


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_cleanly_with_connections_open(tmp_path: Path, number: int) -> None:
    with served(tmp_path / "data") as (process, info):
        # A connection that is kept alive, one that is silent, and one in the middle of a request.
        with (
            httpx.Client(verify=False) as http,
            socket.create_connection(address(info)),
            socket.create_connection(address(info)) as partial,
        ):
            partial.sendall(b"GET /api/v1/lead HTTP/1.1\r\nHost")
            assert http.get(info.url).status_code == 404
            process.send_signal(number)
            output, errors = process.communicate(timeout=10)
        assert (process.returncode, output, errors) == (0, "ended\n", "")
    assert not (tmp_path / "data" / "sandbox.sqlite-wal").exists()
    with closing(connect(tmp_path / "data" / "sandbox.sqlite")) as connection:
        assert connection.execute("PRAGMA integrity_check(1)").fetchone() == ("ok",)


def test_a_signal_while_seeding_ends_it_without_a_traceback(tmp_path: Path) -> None:
    with process_serving(tmp_path / "data", 300_000) as process:
        assert read_line(process) == "seeding\n"
        process.send_signal(signal.SIGTERM)
        output, errors = process.communicate(timeout=10)
    assert (process.returncode, output, errors) == (0, "ended\n", "")
    # The next start takes no half data set for a whole one.
    assert not (tmp_path / "data" / "sandbox.sqlite").exists()
    with Sandbox.embedded(SandboxConfig(tmp_path / "data", port=0, records=3)):
        assert not (tmp_path / "data" / "sandbox.sqlite.new").exists()


def test_every_acknowledged_write_outlives_a_kill(tmp_path: Path) -> None:
    acknowledged: list[str] = []
    is_enough = threading.Semaphore(0)

    def write(info: RunningInfo, bearer: str) -> None:
        with httpx.Client(headers={"Authorization": f"Bearer {bearer}"}, verify=False) as http:
            while True:
                try:
                    answer = http.post(f"{info.url}/api/v1/lead", json={"LastName": "Shaw"})
                except httpx.HTTPError:
                    return
                acknowledged.append(answer.json()["ExternalID"])
                is_enough.release()

    for _ in range(2):
        with served(tmp_path / "data") as (process, info):
            bearer = token(info)
            threads = [threading.Thread(target=write, args=(info, bearer)) for _ in range(3)]
            for thread in threads:
                thread.start()
            for _ in range(40):
                assert is_enough.acquire(timeout=10)
            process.kill()
            for thread in threads:
                thread.join(timeout=10)
    with (
        Sandbox.embedded(SandboxConfig(tmp_path / "data", port=0)) as info,
        httpx.Client(headers={"Authorization": f"Bearer {token(info)}"}, verify=False) as http,
    ):
        listed = http.get(f"{info.url}/api/v1/lead").json()["Entity"]
    assert set(acknowledged) <= {record["ExternalID"] for record in listed}
    assert len(acknowledged) >= 80


def test_port_0_takes_a_free_port(start: "Start") -> None:
    with start() as one, start() as other:
        assert one.address != other.address
        assert one.address[0] == other.address[0] == "127.0.0.1"


def test_port_in_use(start: "Start", tmp_path: Path) -> None:
    with start() as running:
        port = running.address[1]
        config = SandboxConfig(tmp_path / "other", port=port, records=0)
        with pytest.raises(PortError) as caught, Sandbox.embedded(config):
            pass
        one_sentence(caught.value, f"127.0.0.1:{port}", "--port 0")
        assert running.http.get("/lead/fields").status_code == 200


def test_a_port_is_free_again_at_once(start: "Start") -> None:
    with start() as running:
        port, data = running.address[1], running.data
    with start(data=data, port=port) as running:
        assert running.address[1] == port


def it_listens_on_loopback_only(running: "Running") -> None:
    _, port = running.address
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            # Routing alone: nothing is sent.
            probe.connect(("192.0.2.1", 9))
            outward = probe.getsockname()[0]
        except OSError:
            pytest.skip("this machine has no address but loopback's")
    try:
        socket.create_connection((outward, port), timeout=5).close()
    except ConnectionRefusedError:
        return
    raise AssertionError("it listens on others' side too")


def test_it_listens_on_loopback_only(
    shared: "Running", start: "Start", monkeypatch: pytest.MonkeyPatch
) -> None:
    it_listens_on_loopback_only(shared)
    listening = server._open_listener

    def listening_everywhere(_host: str, port: int) -> socket.socket:
        return listening("0.0.0.0", port)

    monkeypatch.setattr(server, "_open_listener", listening_everywhere)
    with start() as running, pytest.raises(AssertionError):
        it_listens_on_loopback_only(running)


def test_another_sandbox_is_using_the_folder(start: "Start") -> None:
    with start() as running:
        config = SandboxConfig(running.data, port=0)
        with pytest.raises(DataFolderInUseError) as caught, Sandbox.embedded(config):
            pass
        one_sentence(caught.value, running.data)
        config = SandboxConfig(running.data, port=0, reset=True)
        with pytest.raises(DataFolderInUseError), Sandbox.embedded(config):
            pass


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for folder in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(DataFolderError) as caught, Sandbox.embedded(SandboxConfig(folder, 0)):
            pass
        one_sentence(caught.value, folder, "--data")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    folder = tmp_path / "sealed"
    folder.mkdir(mode=0o500)
    with pytest.raises(DataFolderError) as caught, Sandbox.embedded(SandboxConfig(folder, 0)):
        pass
    one_sentence(caught.value, folder, "--data")


def other_programs_database(path: Path) -> None:
    path.unlink()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE lead (x)")


def newer_version(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 99")


def overwritten(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 3 : len(content) // 2] = b"\xa5" * (
        len(content) // 2 - len(content) // 3
    )
    path.write_bytes(content)


DAMAGE: dict[str, Callable[[Path], object]] = {
    "empty": lambda path: path.write_bytes(b""),
    "no database": lambda path: path.write_bytes(b"not a database" * 1000),
    "cut short": lambda path: os.truncate(path, path.stat().st_size // 2),
    "only its header": lambda path: os.truncate(path, 16),
    "overwritten": overwritten,
    "another program's": other_programs_database,
    "newer version": newer_version,
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_a_data_file_that_is_unreadable(start: "Start", damage: Callable[[Path], object]) -> None:
    with start() as running:
        data, credentials = running.data, running.info.credentials
    path = data / "sandbox.sqlite"
    damage(path)
    with pytest.raises(DataFileError) as caught, start(data=data):
        pass
    one_sentence(caught.value, path, "--reset")
    with start(data=data, reset=True, records=3) as running:
        assert running.info.credentials == credentials
        assert running.http.get("/lead").json()["Total Records"] == "3"


def test_a_data_file_that_is_a_folder(tmp_path: Path) -> None:
    (tmp_path / "sandbox.sqlite").mkdir()
    with pytest.raises(DataFileError) as caught, Sandbox.embedded(SandboxConfig(tmp_path, 0)):
        pass
    one_sentence(caught.value, tmp_path / "sandbox.sqlite")
    with (
        pytest.raises(DataFolderError) as caught_too,
        Sandbox.embedded(SandboxConfig(tmp_path, 0, reset=True, records=0)),
    ):
        pass
    one_sentence(caught_too.value, tmp_path)


@pytest.mark.parametrize("content", [b"", b"{}", b"\xff\xfe", b'{"client_id": 5}', b"[" * 5000])
def test_a_credentials_file_that_is_unreadable(start: "Start", content: bytes) -> None:
    with start() as running:
        data = running.data
    (data / "credentials.json").write_bytes(content)
    with pytest.raises(DataFileError) as caught, start(data=data):
        pass
    one_sentence(caught.value, data / "credentials.json")


def test_reset_seeds_anew_and_keeps_the_credentials(start: "Start") -> None:
    with start() as running:
        created = running.http.post("/lead", json={"LastName": "Shaw"}).json()["ExternalID"]
        data, credentials = running.data, running.info.credentials
    with start(data=data, reset=True, records=7) as running:
        assert running.info.credentials == credentials
        assert running.http.get(f"/lead/{created}").status_code == 404
        assert running.http.get("/lead").json()["Total Records"] == "7"


def test_data_that_exists_keeps_its_size(start: "Start") -> None:
    with start(records=3) as running:
        assert running.http.get("/lead").json()["Total Records"] == "40"


def test_credentials_are_random_private_and_the_same_at_every_start(tmp_path: Path) -> None:
    seen: list[AccountCredentials] = []
    for folder in ("one", "one", "other"):
        with Sandbox.embedded(SandboxConfig(tmp_path / folder, port=0, records=0)) as info:
            seen.append(info.credentials)
    assert seen[0] == seen[1] != seen[2]
    assert not set(vars_of(seen[0])) & set(vars_of(seen[2]))
    assert stat.S_IMODE((tmp_path / "one").stat().st_mode) == 0o700
    for name in ("credentials.json", "sandbox.sqlite"):
        assert stat.S_IMODE((tmp_path / "one" / name).stat().st_mode) == 0o600


def test_progress_is_told_while_seeding_and_not_later(tmp_path: Path) -> None:
    steps: list[tuple[int, int]] = []

    def progress(done: int, total: int) -> None:
        steps.append((done, total))

    config = SandboxConfig(tmp_path / "data", port=0, records=20)
    with Sandbox.embedded(config, progress=progress):
        pass
    assert steps == sorted(steps)
    assert steps[0][0] == 0
    assert steps[-1][0] == steps[-1][1] > 20
    steps.clear()
    with Sandbox.embedded(config, progress=progress):
        pass
    assert steps == []


def test_it_takes_as_many_files_as_it_may_have() -> None:
    code = """
import resource
from cmdm_tui.sandbox.server import raise_file_limit
for most in (4_096, 300):
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, most))
    raise_file_limit()
    print(resource.getrlimit(resource.RLIMIT_NOFILE))
"""
    output = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout
    assert output == "(4096, 4096)\n(300, 300)\n"


def test_embedded_ends_quickly_with_connections_open(start: "Start") -> None:
    with start() as running:
        idle = socket.create_connection(running.address)
        assert running.http.get("/lead/fields").status_code == 200
        began = time.monotonic()
    assert time.monotonic() - began < 2
    idle.close()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(running.address, timeout=5)


def test_a_stream_that_nobody_reads_does_not_keep_it_from_ending(
    start: "Start", tmp_path: Path
) -> None:
    # More than the kernel buffers for a connection: the server has to wait for the reader.
    with socket.socket() as connection, start(data=tmp_path / "big", records=9_000) as running:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        connection.settimeout(10)
        connection.connect(running.address)
        authorization = running.http.headers["authorization"]
        request = (
            f"GET /api/v1/lead HTTP/1.1\r\nHost: {running.host}\r\n"
            f"Authorization: {authorization}\r\n\r\n"
        )
        connection.sendall(request.encode())
        assert connection.recv(16).startswith(b"HTTP/1.1 200")
        # Others are served meanwhile, writers included.
        assert running.http.post("/lead", json={"LastName": "x"}).status_code == 201
        began = time.monotonic()
    assert time.monotonic() - began < 6


def test_the_access_log_is_readable_and_holds_no_secret(tmp_path: Path) -> None:
    lines: list[LoggedCall] = []
    config = SandboxConfig(tmp_path / "data", port=0, records=3)
    with Sandbox.embedded(config, on_call=lines.append) as info:
        bearer = token(info)
        headers = {"Authorization": f"Bearer {bearer}"}
        httpx.get(f"{info.url}/api/v1/lead?per_page=1&page=1", headers=headers, verify=False)
        httpx.post(
            f"{info.url}/api/v1/lead", headers=headers, json={"LastName": "Secret"}, verify=False
        )
        httpx.get(f"{info.url}/%1b[31m", verify=False)
    assert [(line.method, line.status) for line in lines] == [
        ("POST", 200),
        ("GET", 200),
        ("POST", 201),
        ("GET", 404),
    ]
    text = "\n".join(map(str, lines))
    assert "/api/v1/lead?per_page=1&page=1" in text
    for secret in (bearer, info.client_secret, info.password, "Secret", "\x1b"):
        assert secret not in text
    assert lines[1].size > 100
    assert lines[1].seconds > 0


def log_holds_no_secret(tmp_path: Path) -> None:
    lines: list[LoggedCall] = []
    config = SandboxConfig(tmp_path, port=0, records=3, control=True)
    with Sandbox.embedded(config, on_call=lines.append) as info:
        bearer = token(info)
        secrets = [bearer, info.control_token or "", *vars_of(info.credentials)]
        for secret in secrets:
            escaped = "".join(f"%{byte:02X}" for byte in secret.encode())
            for spelling in (secret, escaped):
                base = f"{info.url}/api/v1"
                httpx.get(f"{base}/lead/{spelling}", verify=False)
                httpx.get(f"{base}/lead/x{spelling}y/task", verify=False)
                httpx.get(f"{base}/lead?token={spelling}", verify=False)
                httpx.get(f"{base}/lead?{spelling}", verify=False)
                httpx.get(f"{base}/lead?sort_by={spelling}&fields=City,{spelling}", verify=False)
                httpx.get(f"{info.url}/_sandbox/{spelling}", verify=False)
    text = unquote("\n".join(map(str, lines)))
    assert len(lines) > 60
    assert not [secret for secret in secrets if secret in text]


def test_no_path_or_query_brings_a_secret_into_the_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log_holds_no_secret(tmp_path / "one")

    def all_of_it(path: bytes, query: bytes, _secrets: object) -> str:
        return f"{path.decode()}?{query.decode()}"

    monkeypatch.setattr(access_log, "redact_target", all_of_it)
    with pytest.raises(AssertionError):
        log_holds_no_secret(tmp_path / "other")


def test_the_log_stays_readable() -> None:
    def shown(path: bytes, query: bytes = b"") -> str:
        return access_log.redact_target(path, query, ["s3cret"])

    assert shown(b"/api/v1/lead/ABC1D2E3") == "/api/v1/lead/ABC1D2E3"
    listed = b"fields=City,AccountExternalID&per_page=100&page=2&sort_by=City&sort_order=desc"
    assert shown(b"/api/v1/contact", listed) == f"/api/v1/contact?{listed.decode()}"
    assert shown(b"/api/v1/lead", b"colour=blue&x=&y") == "/api/v1/lead?colour=…&x=&y"
    assert shown(b"/a%73s3cret%1b") == "/<9 characters>"
    assert "\x1b" not in shown(b"/\x1b[31m")


def a_log_file_is_its_owners_alone(path: Path) -> None:
    with access_log.open_log(path) as write:
        write(access_log.LoggedCall("GET", "/api/v1/lead", 200, 0.0015, 12))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert re.fullmatch(
        r"[0-9-]{10}T[0-9:]{8}Z  200       1\.5 ms          12 B  GET    /api/v1/lead\n",
        path.read_text(),
    )


def test_a_log_file_is_its_owners_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    a_log_file_is_its_owners_alone(tmp_path / "calls.log")
    with pytest.raises(SettingError) as caught, access_log.open_log(tmp_path):
        pass
    one_sentence(caught.value, tmp_path, "--log")
    original = os.open

    def for_all(path: Path, flags: int, _mode: int) -> int:
        return original(path, flags, 0o644)

    monkeypatch.setattr(access_log.os, "open", for_all)
    with pytest.raises(AssertionError):
        a_log_file_is_its_owners_alone(tmp_path / "other.log")


def test_a_log_that_cannot_be_written_fails_no_call(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("this machine has no device that is always full")
    config = SandboxConfig(tmp_path / "data", port=0, records=3)
    with (
        access_log.open_log(full) as write,
        Sandbox.embedded(config, on_call=write) as info,
        socket.create_connection(address(info), timeout=5) as connection,
    ):
        request = f"GET / HTTP/1.1\r\nHost: {info.url.partition('://')[2]}\r\n\r\n"
        for _ in range(3):
            connection.sendall(request.encode())
            assert connection.recv(4_096).startswith(b"HTTP/1.1 404")
    assert caplog.messages.count("Calls cannot be logged (No space left on device).") == 1
    assert "Traceback" not in caplog.text


def test_nothing_is_printed_when_embedded(
    start: "Start", capfd: pytest.CaptureFixture[str]
) -> None:
    with start() as running:
        running.http.get("/lead")
        with socket.create_connection(running.address, timeout=5) as connection:
            connection.sendall(b"nonsense\r\n\r\n")
            assert connection.recv(16).startswith(b"HTTP/1.1 400")
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    "settings",
    [{"port": -1}, {"port": 65_536}, {"records": -1}, {"rate_limit": 0}, {"token_ttl": 0}],
)
def test_a_setting_out_of_its_range(tmp_path: Path, settings: dict[str, int]) -> None:
    with pytest.raises(SettingError) as caught:
        SandboxConfig(tmp_path, **settings)  # pyright: ignore[reportArgumentType] (no reset here)
    one_sentence(caught.value, next(iter(settings)).replace("_", " "))
    assert isinstance(caught.value, SandboxError)


def secrets_are_not_shown_by_accident(info: RunningInfo) -> None:
    for shown in (repr(info), repr(info.credentials), str(info)):
        assert info.client_secret not in shown
        assert info.password not in shown


@pytest.mark.parametrize("kind", [RunningInfo, AccountCredentials])
def test_secrets_are_not_shown_by_accident(
    shared: "Running", monkeypatch: pytest.MonkeyPatch, kind: type
) -> None:
    secrets_are_not_shown_by_accident(shared.info)

    def telling_all(self: AccountCredentials | RunningInfo) -> str:
        return repr(vars_of(self))

    monkeypatch.setattr(kind, "__repr__", telling_all)
    with pytest.raises(AssertionError):
        secrets_are_not_shown_by_accident(shared.info)


def test_importing_the_sandbox_loads_no_server() -> None:
    heavy = ["uvicorn", "starlette", "mimesis", "sqlite3", "httpx", "asyncio"]
    code = f"import sys, cmdm_tui.sandbox; print([name for name in {heavy} if name in sys.modules])"
    output = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout
    assert output == "[]\n"


def address(info: RunningInfo) -> tuple[str, int]:
    url = httpx.URL(info.url)
    return url.host, url.port or 0


def vars_of(credentials: AccountCredentials | RunningInfo) -> list[str]:
    return [
        credentials.client_id,
        credentials.client_secret,
        credentials.username,
        credentials.password,
    ]
