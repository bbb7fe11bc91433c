"""Whom a connection trusts is one rule for every host, `doctor` tests it, and errors name a cause.

Real TLS sockets, with certificates made for each test.
"""

import socket
import ssl
import struct
import threading
import time
import warnings
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from tests.claims.certificates import Authority
from tests.claims.odd_service import OddService, Rows, serve
from tests.claims.program import Ended, run_cmdm, start_cmdm


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority.make(tmp_path / "authority")


@contextmanager
def serve_tls(context: ssl.SSLContext | None) -> Generator[OddService]:
    """Serve over TLS; plain HTTP where there is no context."""
    with serve(rows=list(Rows(3))) as service:
        if context is not None:
            # The handshake is left to the thread of each connection.
            service.socket = context.wrap_socket(
                service.socket, server_side=True, do_handshake_on_connect=False
            )
        yield service


def run(service: OddService, home: Path, *words: str, scheme: str = "https", **extra: str) -> Ended:
    host = extra.pop("host", "127.0.0.1")
    url = f"{scheme}://{host}" + ("" if ":" in host else f":{service.server_address[1]}")
    environment = {**service.environment, "CMDM_URL": url, **extra}
    for name in ("SSL_CERT_FILE", "SSL_CERT_DIR"):
        environment.setdefault(name, "")
    return run_cmdm(*words, home=home, extra=environment)


LIST = ("list", "lead")
DOCTOR = ("doctor", "--json")
COMMANDS = {
    "list": LIST,
    "query": ("query", "SELECT LastName FROM lead"),
    "doctor": DOCTOR,
    "cases": ("cases", "run", "--live", "list-lead"),
}


@pytest.mark.parametrize("name", COMMANDS)
def test_the_file_that_the_variable_names_is_trusted(
    tmp_path: Path, authority: Authority, name: str
) -> None:
    with serve_tls(authority.serve()) as service:
        ended = run(service, tmp_path, *COMMANDS[name], SSL_CERT_FILE=str(authority.file))
        assert service.calls, ended.all
    assert "certificate" not in ended.err


def test_the_folder_that_the_variable_names_is_trusted(
    tmp_path: Path, authority: Authority
) -> None:
    folder = tmp_path / "trusted"
    folder.mkdir()
    digest = "".join(hash_of_subject(authority.file))
    (folder / f"{digest}.0").write_bytes(authority.file.read_bytes())
    with serve_tls(authority.serve()) as service:
        ended = run(service, tmp_path, *LIST, SSL_CERT_DIR=str(folder))
    assert ended.code == 0, ended.err


def hash_of_subject(file: Path) -> str:
    """Return OpenSSL's hash of the subject, which is the name of the file in such a folder."""
    import subprocess

    words = ["openssl", "x509", "-hash", "-noout", "-in", str(file)]
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout.strip()


def test_whom_the_system_trusts_is_trusted(tmp_path: Path, authority: Authority) -> None:
    """The system's own file stands in for itself: Python is told that it is elsewhere."""
    folder = tmp_path / "system"
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(
        "import ssl\n"
        "def load(self, purpose=None):\n"
        f"    self.load_verify_locations({str(authority.file)!r})\n"
        "ssl.SSLContext.load_default_certs = load\n"
    )
    with serve_tls(authority.serve()) as service:
        trusted = run(service, tmp_path, *LIST, PYTHONPATH=str(folder))
        doctor = run(service, tmp_path, *DOCTOR, PYTHONPATH=str(folder))
    assert trusted.code == 0, trusted.err
    assert '"TLS"' in doctor.out
    assert "is trusted" in doctor.out


@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "SSL_CERT_DIR"])
def test_a_variable_that_names_nothing_is_told(
    tmp_path: Path, authority: Authority, variable: str
) -> None:
    extra = {variable: str(tmp_path / "nothing")}
    with serve_tls(authority.serve()) as service:
        ended = run(service, tmp_path, *LIST, **extra)
        doctor = run(service, tmp_path, *DOCTOR, **extra)
    assert ended.code == 2
    assert variable in ended.err
    assert "Traceback" not in ended.all + doctor.all
    assert doctor.code == 1


CAUSES = {
    "expired": ("has expired", {"days": (-9, -2)}, "127.0.0.1"),
    "not yet valid": ("not valid yet", {"days": (2, 9)}, "127.0.0.1"),
    "self-signed": ("self-signed", {"signs_itself": True}, "127.0.0.1"),
    "another name": ("another name", {"host": "elsewhere.example"}, "localhost"),
    "another number": ("another name", {"host": "127.0.0.2"}, "127.0.0.1"),
}


SAMPLE = {"expired", "self-signed", "another name"}
"""The others are run with `--all`."""


@pytest.mark.parametrize("name", CAUSES)
def test_a_certificate_that_is_wrong_is_told_with_its_cause(
    tmp_path: Path, authority: Authority, name: str, *, runs_whole: bool
) -> None:
    if not (runs_whole or name in SAMPLE):
        return
    words, wrong, host = CAUSES[name]
    with serve_tls(authority.serve(**wrong)) as service:  # pyright: ignore[reportArgumentType]
        trusted = {"SSL_CERT_FILE": str(authority.file), "host": host}
        ended = run(service, tmp_path, *LIST, **trusted)
        doctor = run(service, tmp_path, *DOCTOR, **trusted)
        assert not service.calls
    assert ended.code == 6
    assert words in ended.err
    assert words in doctor.out
    assert "_ssl.c" not in ended.all + doctor.all


def test_an_unknown_issuer_is_told(tmp_path: Path, authority: Authority) -> None:
    other = Authority.make(tmp_path / "other", "Another root")
    with serve_tls(authority.serve()) as service:
        ended = run(service, tmp_path, *LIST, SSL_CERT_FILE=str(other.file))
        doctor = run(service, tmp_path, *DOCTOR, SSL_CERT_FILE=str(other.file))
    assert "unknown issuer" in ended.err
    assert "unknown issuer" in doctor.out


def test_plain_http_on_the_port_is_told(tmp_path: Path) -> None:
    with HTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as server, serve_tls(None) as service:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        port = f"127.0.0.1:{server.server_port}"
        ended = run(service, tmp_path, *LIST, host=port)
        doctor = run(service, tmp_path, *DOCTOR, host=port)
        server.shutdown()
    assert ended.code == 6
    assert "does not speak TLS" in ended.err
    assert "does not speak TLS" in doctor.out


def test_tls_on_a_port_that_is_asked_for_plain_http_is_told(
    tmp_path: Path, authority: Authority
) -> None:
    with serve_tls(authority.serve()) as service:
        ended = run(service, tmp_path, *LIST, scheme="http")
    assert ended.code == 6
    assert "Traceback" not in ended.err
    assert "cannot be reached" in ended.err or "broke off" in ended.err


def test_versions_that_do_not_meet_are_told(tmp_path: Path, authority: Authority) -> None:
    context = authority.serve()
    context.set_ciphers("ALL:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that it is old is the point
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
    with serve_tls(context) as service:
        ended = run(service, tmp_path, *LIST, SSL_CERT_FILE=str(authority.file))
    assert ended.code == 6
    assert "version of TLS" in ended.err


def test_a_program_that_trusts_others_than_it_says_is_noticed(
    tmp_path: Path, authority: Authority
) -> None:
    """As it was: on this machine the variable counted for `doctor` and not for the calls."""
    folder = tmp_path / "broken"
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(
        "import ssl, os\n"
        "if 'doctor' not in __import__('sys').orig_argv:\n"
        "    os.environ.pop('SSL_CERT_FILE', None)\n"
    )
    trusted = {"SSL_CERT_FILE": str(authority.file), "PYTHONPATH": str(folder)}
    with serve_tls(authority.serve()) as service:
        assert run(service, tmp_path, *LIST, **trusted).code == 6
        assert "is trusted" in run(service, tmp_path, *DOCTOR, **trusted).out


Treatment = Callable[[socket.socket], None]
HELLO = b"\x16\x03\x03\x10\x00\x02"
"""The head of a record that announces 4,096 bytes of a server's part of the handshake."""


@contextmanager
def treat_hellos(treat: Treatment) -> Generator[str]:
    """Accept connections, read what they begin with, and treat them so; yield the address."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def treat_one(connection: socket.socket) -> None:
            with connection, suppress(OSError):
                connection.recv(4096)
                treat(connection)

        def accept() -> None:
            with suppress(OSError):
                while True:
                    connection, _ = listening.accept()
                    threading.Thread(target=treat_one, args=(connection,), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        try:
            yield f"https://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            listening.shutdown(socket.SHUT_RDWR)


def keep_silent(connection: socket.socket) -> None:
    connection.recv(1)


def answer_slowly(connection: socket.socket) -> None:
    for byte in HELLO + bytes(4096):
        connection.sendall(bytes([byte]))
        time.sleep(0.2)


def close_at_once(_: socket.socket) -> None:
    """Do no more."""


def close_amid_the_hello(connection: socket.socket) -> None:
    connection.sendall(HELLO)


def reset(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


HANDSHAKES: Mapping[str, tuple[Treatment, str]] = {
    "silent": (keep_silent, "did not end the TLS handshake"),
    "slow": (answer_slowly, "did not end the TLS handshake"),
    "closed": (close_at_once, "it ended the TLS handshake"),
    "closed amid the hello": (close_amid_the_hello, "it ended the TLS handshake"),
    "reset": (reset, "it ended the TLS handshake"),
}


@pytest.mark.parametrize("name", HANDSHAKES)
def test_a_handshake_that_does_not_end_is_told_in_time(tmp_path: Path, name: str) -> None:
    treat, words = HANDSHAKES[name]
    with treat_hellos(treat) as url, serve() as service:
        environment = {**service.environment, "CMDM_URL": url}
        started = time.monotonic()
        ended = run_cmdm("--timeout", "3", *LIST, home=tmp_path, extra=environment)
    assert ended.code == 6, ended.all
    assert words in ended.err
    assert time.monotonic() - started < 3 + 4
    assert "Traceback" not in ended.err


IMPATIENT = """
from cmdm_tui.api import error_mapping, pool
pool._CONNECT_TIMEOUT = 0.5
"""
START = """
from cmdm_tui.cli import main
main()
"""
BLIND = "error_mapping.is_in_handshake = lambda request: False"


def list_impatiently(home: Path, name: str, more: str = "") -> Ended:
    """Run `cmdm list` where a connection may take half a second, and end within ten."""
    with treat_hellos(HANDSHAKES[name][0]) as url, serve() as service:
        environment = {**service.environment, "CMDM_URL": url}
        code = IMPATIENT + more + START
        with start_cmdm(LIST, home, environment, code=code) as process:
            out, err = process.communicate(timeout=10)
    return Ended(process.returncode, out.decode(), err.decode())


@pytest.mark.parametrize("name", ["silent", "slow"])
def test_each_attempt_at_a_handshake_is_bounded_and_names_it(tmp_path: Path, name: str) -> None:
    ended = list_impatiently(tmp_path, name)
    assert ended.code == 6
    assert "accepted the connection, but did not end the TLS handshake in time" in ended.err


def test_a_client_that_does_not_watch_the_handshake_would_be_noticed(tmp_path: Path) -> None:
    ended = list_impatiently(tmp_path, "silent", BLIND)
    assert ended.code == 6
    assert "TLS" not in ended.err
