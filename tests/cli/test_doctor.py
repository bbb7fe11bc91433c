"""`cmdm doctor` finds what is in the way, says what to mend, and shows no secret."""

import json
import os
import shutil
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from cmdm_tui.cli.commands.doctor import versions
from cmdm_tui.cli.commands.doctor.configuration import check_files
from cmdm_tui.cli.commands.doctor.network import route_to
from cmdm_tui.cli.commands.doctor.terminal import check_terminal
from cmdm_tui.config import Paths
from cmdm_tui.sandbox import RunningInfo
from tests.cli.conftest import Command

GOOD_TERMINAL = {"TERM": "xterm-256color", "COLORTERM": "truecolor", "LANG": "C.UTF-8"}
CREDENTIALS = {
    "CMDM_CLIENT_ID": "the-client",
    "CMDM_CLIENT_SECRET": "the-secret",
    "CMDM_USERNAME": "sian",
    "CMDM_PASSWORD": "the-password",
}


def checks(cmdm: Command, *words: str, **environment: str) -> dict[str, dict[str, str]]:
    """Run the doctor and return its checks by name."""
    ended = cmdm("doctor", "--json", *words, **environment)
    found = {check["name"]: check for check in ended.json["checks"]}
    has_problem = any(check["state"] == "problem" for check in ended.json["checks"])
    assert ended.code == int(has_problem)
    assert all(set(check) == {"name", "state", "found", "advice"} for check in ended.json["checks"])
    assert all("\n" not in check["found"] + check["advice"] for check in ended.json["checks"])
    for check in ended.json["checks"]:
        assert bool(check["advice"]) == (check["state"] in {"warning", "problem"})
    for value in ("the-client", "the-secret", "the-password"):
        assert value not in ended.out.decode() + ended.err
    return found


@pytest.mark.usefixtures("signed_in")
def test_all_is_well_with_a_sandbox(cmdm: Command, sandbox: RunningInfo) -> None:
    found = checks(cmdm, **GOOD_TERMINAL)
    states = {name: check["state"] for name, check in found.items()}
    assert set(states.values()) <= {"ok", "skipped"}, found
    for name in ("profiles file", "profile", "name", "connection", "sign-in", "clock", "quota"):
        assert states[name] == "ok"
    assert "4,998 of 5,000 calls are left" in found["quota"]["found"]
    assert "made by CMDM_URL" in found["profile"]["found"]
    ended = cmdm("doctor")
    for secret in (sandbox.client_id, sandbox.client_secret, sandbox.password):
        assert secret not in ended.out.decode() + ended.err


def test_it_works_without_a_profile(cmdm: Command) -> None:
    found = checks(cmdm)
    assert found["profile"]["state"] == "warning"
    assert "No profile is set up yet" in found["profile"]["found"]
    assert {found[name]["state"] for name in ("name", "TLS", "sign-in", "quota")} == {"skipped"}


def test_people_get_a_line_a_check_and_a_line_of_advice(cmdm: Command) -> None:
    ended = cmdm("doctor", **GOOD_TERMINAL)
    lines = ended.out.decode().splitlines()
    assert ended.code == 0
    index = next(number for number, line in enumerate(lines) if line.startswith("warning  profile"))
    assert "Run cmdm to sign in or to see the demo" in lines[index + 1]
    assert ended.err.startswith("no problems, 1 warning")


@pytest.mark.usefixtures("signed_in")
def test_offline_leaves_the_network_out(cmdm: Command) -> None:
    found = checks(cmdm, "--offline", CMDM_URL="https://nowhere.invalid")
    assert found["profile"]["state"] == "ok"
    assert {found[name]["state"] for name in ("proxy", "name", "TLS", "sign-in")} == {"skipped"}


@pytest.fixture
def config(home: Path) -> Path:
    folder = home / "config" / "cmdm"
    folder.mkdir(parents=True, mode=0o700)
    return folder


PROFILE = """[profiles.acme]
url = "http://127.0.0.1:1"
client_id = "the-client"
username = "sian"
"""
SECRETS = '[acme]\nclient_secret = "the-secret"\npassword = "the-password"\n'


def test_a_broken_profiles_file_is_told(cmdm: Command, config: Path) -> None:
    (config / "profiles.toml").write_text("[profiles")
    found = checks(cmdm, "--offline")
    assert found["profiles file"]["state"] == found["profile"]["state"] == "problem"
    assert "is not valid TOML" in found["profiles file"]["found"]
    assert "Fix it" in found["profiles file"]["advice"]


def test_secrets_that_others_can_read_are_told(cmdm: Command, config: Path) -> None:
    (config / "profiles.toml").write_text(PROFILE)
    secrets = config / "secrets.toml"
    secrets.write_text(SECRETS)
    secrets.chmod(0o644)
    found = checks(cmdm, "--offline")
    assert found["secrets"]["state"] == "problem"
    assert f"chmod 600 {secrets}" in found["secrets"]["advice"]
    secrets.chmod(0o600)
    assert checks(cmdm, "--offline")["secrets"]["state"] == "ok"


def test_a_folder_that_others_can_change_is_told(cmdm: Command, config: Path) -> None:
    config.chmod(0o777)
    found = checks(cmdm, "--offline")["config folder"]
    assert (found["state"], found["advice"]) == ("problem", f"Run chmod 700 {config}.")


def test_a_folder_that_others_can_exchange_is_told(cmdm: Command, config: Path) -> None:
    above = config.parent
    for mode, state in ((0o777, "problem"), (0o1777, "ok"), (0o755, "ok")):
        above.chmod(mode)
        check = checks(cmdm, "--offline")["config folder"]
        assert check["state"] == state
        if state == "problem":
            assert f"chmod go-w {above}" in check["advice"]


def test_a_folder_that_cannot_be_made_is_told(cmdm: Command, home: Path) -> None:
    home.mkdir()
    (home / "data").write_text("no folder")
    found = checks(cmdm, "--offline")["data folder"]
    assert found["state"] == "problem"
    assert "is not a folder" in found["found"]


def test_a_folder_that_nobody_can_look_at_is_no_crash(tmp_path: Path) -> None:
    nowhere = tmp_path / ("x" * 300)
    found = {check.name: check for check in check_files(Paths(config=nowhere, data=nowhere))}
    assert found["profiles file"].state == "problem"
    assert "File name too long" in found["profiles file"].found


def test_the_profile_and_where_it_comes_from_are_told(cmdm: Command, config: Path) -> None:
    (config / "profiles.toml").write_text(PROFILE + PROFILE.replace("acme", "other"))
    (config / "secrets.toml").write_text(SECRETS + SECRETS.replace("acme", "other"))
    (config / "secrets.toml").chmod(0o600)
    assert "Choose a profile" in checks(cmdm, "--offline")["profile"]["advice"] + str(
        checks(cmdm, "--offline")["profile"]["found"]
    )
    by_variable = checks(cmdm, "--offline", CMDM_PROFILE="other")["profile"]
    assert by_variable["found"] == "other, named by CMDM_PROFILE"
    named = cmdm("--profile", "acme", "doctor", "--json", "--offline").json["checks"]
    assert "acme, named by --profile" in [check["found"] for check in named]
    assert checks(cmdm, "--offline", CMDM_PROFILE="nope")["profile"]["state"] == "problem"


def test_secrets_kept_nowhere_leave_the_sign_in_out(cmdm: Command, config: Path) -> None:
    (config / "profiles.toml").write_text(PROFILE)
    found = checks(cmdm, **GOOD_TERMINAL)
    assert found["profile"]["state"] == "warning"
    assert "keeps no client secret and no password" in found["profile"]["found"]
    assert found["connection"]["state"] == "problem"
    assert found["sign-in"]["state"] == "skipped"


def test_an_address_that_is_not_https_is_told(cmdm: Command) -> None:
    found = checks(cmdm, CMDM_URL="http://crm.example.com", **CREDENTIALS)
    assert found["profile"]["state"] == "problem"
    assert "https" in found["profile"]["found"] + found["profile"]["advice"]


def test_a_name_that_nobody_knows_is_told(cmdm: Command) -> None:
    found = checks(cmdm, CMDM_URL="https://nowhere.invalid", **CREDENTIALS)
    assert found["name"]["state"] == "problem"
    assert found["sign-in"]["state"] == found["TLS"]["state"] == "skipped"


def test_a_port_that_refuses_is_told(cmdm: Command) -> None:
    found = checks(cmdm, CMDM_URL="http://127.0.0.1:1", **CREDENTIALS)
    assert found["connection"]["state"] == "problem"
    assert "127.0.0.1:1 refuses" in found["connection"]["found"]


def test_a_proxy_in_effect_is_told_without_its_password(
    cmdm: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    proxy = "http://user:the-password@127.0.0.1:1"
    found = checks(
        cmdm, CMDM_URL="https://crm.example.com", HTTPS_PROXY=proxy, **CREDENTIALS
    )  # fmt: skip
    assert "http://127.0.0.1:1" in found["proxy"]["found"]
    assert found["connection"]["state"] == "problem"
    monkeypatch.setenv("HTTPS_PROXY", proxy)
    assert route_to("http://127.0.0.1:8765").proxy is None
    monkeypatch.setenv("NO_PROXY", "example.com")
    assert route_to("https://crm.example.com").proxy is None


Answer = tuple[int, dict[str, Any] | str, dict[str, str]]


@contextmanager
def serving(
    answer: Callable[[str, dict[str, str]], Answer], context: ssl.SSLContext | None = None
) -> Generator[str]:
    """Serve what `answer` says of a path and its headers, on a real socket."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = self.path.removeprefix("/api/v1/")
            status, body, headers = answer(path, dict(self.headers.items()))
            content = (body if isinstance(body, str) else json.dumps(body)).encode()
            self.send_response_only(status)
            for name, value in {"Content-Length": str(len(content)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        do_POST = do_GET  # noqa: N815 — as http.server calls it

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 — as it calls it
            pass

        def handle(self) -> None:
            with suppress(OSError):
                super().handle()

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    if context is not None:
        server.socket = context.wrap_socket(
            server.socket, server_side=True, do_handshake_on_connect=False
        )
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    scheme = "http" if context is None else "https"
    try:
        yield f"{scheme}://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def always(answer: Answer) -> Callable[[str, dict[str, str]], Answer]:
    def answers(_: str, __: dict[str, str]) -> Answer:
        return answer

    return answers


def signed_in_then(answer: Answer) -> Callable[[str, dict[str, str]], Answer]:
    return lambda path, _: (200, {"token": "t"}, {}) if path == "authenticate" else answer


@pytest.mark.parametrize(
    "words", ["The header client_id is missing.", "client_secret is required", "No client-id given"]
)
@pytest.mark.parametrize("status", [400, 401])
def test_headers_that_a_proxy_drops_are_told(cmdm: Command, words: str, status: int) -> None:
    with serving(always((status, {"Message": words}, {}))) as url:
        found = checks(cmdm, CMDM_URL=url, **CREDENTIALS)["sign-in"]
    assert found["state"] == "problem"
    if words.startswith("No"):
        assert "Check the client id" in found["advice"]
    else:
        assert "(nginx: underscores_in_headers on)" in found["advice"]


def test_wrong_credentials_are_no_fault_of_a_proxy(cmdm: Command, signed_in: RunningInfo) -> None:
    found = checks(cmdm, CMDM_PASSWORD="the-password")["sign-in"]
    assert found["state"] == "problem"
    assert "underscore" not in found["advice"]
    assert "Check the client id" in found["advice"]


def test_the_sandbox_behind_a_proxy_that_drops_headers(
    cmdm: Command, signed_in: RunningInfo
) -> None:
    import urllib.error
    import urllib.request

    def forwards(path: str, headers: dict[str, str]) -> Answer:
        kept = {
            name: value
            for name, value in headers.items()
            if "_" not in name and name.casefold() != "host"  # a proxy names the host it asks
        }
        request = urllib.request.Request(
            f"{signed_in.url}/api/v1/{path}", method="POST", headers=kept, data=b""
        )
        try:
            with urllib.request.urlopen(request) as answer:
                return answer.status, answer.read().decode(), {}
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode(), {}

    with serving(forwards) as url:
        found = checks(cmdm, CMDM_URL=url)["sign-in"]
    assert "underscores_in_headers on" in found["advice"]


def test_a_service_that_repeats_a_secret_is_not_quoted(cmdm: Command) -> None:
    words = {"Message": "the-client with the-password is wrong \x1b[2J"}
    with serving(always((401, words, {}))) as url:
        found = checks(cmdm, CMDM_URL=url, **CREDENTIALS)["sign-in"]
    assert found["found"] == "Refused (401): … with … is wrong ␛[2J"


@pytest.mark.parametrize(
    ("offset", "state", "words"),
    [
        (0, "ok", "agree"),
        (3_600, "warning", "60 min ahead of"),
        (-5 * 86_400, "warning", "5 days behind"),
    ],
)
def test_a_clock_that_differs_is_told(cmdm: Command, offset: int, state: str, words: str) -> None:
    date = formatdate(time.time() + offset, usegmt=True)
    with serving(signed_in_then((200, {}, {"Date": date}))) as url:
        found = checks(cmdm, CMDM_URL=url, **CREDENTIALS)["clock"]
    assert found["state"] == state
    assert words in found["found"]


def hour(left: int) -> dict[str, str]:
    reset = str(int(time.time()) + 600)
    return {
        "x-rate-limit-limit": "1000",
        "x-rate-limit-remaining": str(left),
        "x-rate-limit-reset": reset,
    }


QUOTAS: dict[str, tuple[int, dict[str, str], str, str]] = {
    "plenty": (200, hour(900), "ok", "900 of 1,000 calls are left"),
    "few": (200, hour(50), "warning", "50 of 1,000 calls are left"),
    "none": (429, hour(0), "problem", "No call is left this hour"),
    "the month's limit": (429, hour(900), "problem", "The month's limit is reached"),
    "not told": (200, {}, "skipped", "sends no quota"),
}


@pytest.mark.parametrize("case", QUOTAS)
def test_the_quota_is_told(cmdm: Command, case: str) -> None:
    status, headers, state, words = QUOTAS[case]
    with serving(signed_in_then((status, {}, headers))) as url:
        found = checks(cmdm, CMDM_URL=url, **CREDENTIALS)
    assert found["quota"]["state"] == state
    assert words in found["quota"]["found"]
    assert found["clock"]["state"] == "skipped"


def test_no_more_than_one_call_is_made(cmdm: Command) -> None:
    paths: list[str] = []

    def answers(path: str, _: dict[str, str]) -> Answer:
        paths.append(path)
        return (200, {"token": "t"}, {}) if path == "authenticate" else (500, "<html>", {})

    with serving(answers) as url:
        found = checks(cmdm, CMDM_URL=url, **CREDENTIALS)
    assert paths == ["authenticate", "lead?per_page=1&page=1"]
    assert found["API"]["state"] == "problem"


@pytest.fixture
def certificate(tmp_path: Path) -> Callable[[int], ssl.SSLContext]:
    """Make a certificate for this machine that lasts so many days, trusted by tests alone."""
    program = shutil.which("openssl")
    if program is None:
        pytest.skip("openssl is not there to make a certificate")

    def made(days: int) -> ssl.SSLContext:
        subprocess.run(
            [
                *(program, "req", "-x509", "-newkey", "rsa:2048", "-nodes"),
                *("-days", str(days), "-subj", "/CN=localhost"),
                *("-addext", "subjectAltName=IP:127.0.0.1"),
                *("-keyout", str(tmp_path / "key.pem"), "-out", str(tmp_path / "cert.pem")),
            ],
            check=True,
            capture_output=True,
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(tmp_path / "cert.pem", tmp_path / "key.pem")
        return context

    return made


@pytest.mark.parametrize(("days", "state"), [(10, "warning"), (400, "ok")])
def test_a_certificate_that_ends_soon_is_told(
    cmdm: Command,
    certificate: Callable[[int], ssl.SSLContext],
    tmp_path: Path,
    days: int,
    state: str,
) -> None:
    with serving(signed_in_then((200, {}, {})), certificate(days)) as url:
        trusted = str(tmp_path / "cert.pem")
        found = checks(cmdm, CMDM_URL=url, SSL_CERT_FILE=trusted, **CREDENTIALS)
    assert found["TLS"]["state"] == state
    assert f"for another {days - 1} days" in found["TLS"]["found"]
    assert "TLSv1.3" in found["TLS"]["found"]


def test_a_certificate_that_is_not_trusted_is_told(
    cmdm: Command, certificate: Callable[[int], ssl.SSLContext]
) -> None:
    with serving(signed_in_then((200, {}, {})), certificate(10)) as url:
        found = checks(cmdm, CMDM_URL=url, **CREDENTIALS)
    assert found["TLS"]["state"] == "problem"
    assert "is not trusted" in found["TLS"]["found"]
    assert "SSL_CERT_FILE" in found["TLS"]["advice"]
    assert found["sign-in"]["state"] == "skipped"


def test_a_port_that_speaks_no_tls_is_told(cmdm: Command) -> None:
    with serving(signed_in_then((200, {}, {}))) as url:
        found = checks(cmdm, CMDM_URL=url.replace("http:", "https:"), **CREDENTIALS)
    assert found["TLS"]["state"] == "problem"
    assert "handshake fails" in found["TLS"]["found"]


TERMINALS: dict[str, tuple[dict[str, str], tuple[int, int] | None, dict[str, str]]] = {
    "good": (GOOD_TERMINAL, (120, 40), {"terminal": "ok", "colours": "ok", "size": "ok"}),
    "dumb": ({"TERM": "dumb"}, (80, 24), {"terminal": "warning", "size": "ok"}),
    "none": ({}, None, {"terminal": "warning", "size": "skipped"}),
    "small": ({"TERM": "xterm"}, (79, 24), {"size": "warning", "colours": "warning"}),
    "flat": ({"TERM": "xterm"}, (80, 23), {"size": "warning"}),
    "no colours wanted": ({"TERM": "xterm", "NO_COLOR": "1"}, None, {"colours": "ok"}),
    "tmux": ({"TERM": "tmux-256color", "TMUX": "x"}, None, {"tmux and ssh": "ok"}),
    "tmux misled": ({"TERM": "xterm", "TMUX": "x"}, None, {"tmux and ssh": "warning"}),
    "ssh": ({"TERM": "xterm", "SSH_CONNECTION": "x"}, None, {"tmux and ssh": "ok"}),
}


@pytest.mark.parametrize("case", TERMINALS)
def test_the_terminal_is_judged(case: str) -> None:
    environment, size, states = TERMINALS[case]
    found = check_terminal(environment, size=None if size is None else os.terminal_size(size))
    assert states.items() <= {check.name: check.state for check in found}.items()


def test_a_locale_without_utf_8_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("locale.getpreferredencoding", lambda do_setlocale=True: "US-ASCII")
    (check,) = (check for check in check_terminal({}, size=None) if check.name == "encoding")
    assert check.state == "warning"


@pytest.mark.parametrize(
    ("required", "state"),
    [
        (["click>=8.2", "vcrpy>=99; extra == 'harness'"], "ok"),
        (["click>=99.1"], "problem"),
        (["no-such-package-of-ours>=1"], "problem"),
        (None, "warning"),
    ],
)
def test_packages_are_compared(
    monkeypatch: pytest.MonkeyPatch, required: list[str] | None, state: str
) -> None:
    monkeypatch.setattr(versions, "installed_requirements", lambda: required)
    assert [check.state for check in versions.check_versions()] == ["ok", state]
