"""Copies of a call, run by curl, Python and PHP: the service gets the bytes that the client sends.

The sandbox answers them. What stands before it keeps each request as it came.
"""

import base64
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import NamedTuple

import httpx
import pytest

from cmdm_tui.api.curl import format_curl, format_sign_in_curl
from cmdm_tui.api.snippets.php_curl import format_php_curl
from cmdm_tui.api.snippets.php_guzzle import format_php_guzzle
from cmdm_tui.api.snippets.python_httpx import format_python
from cmdm_tui.api.urls import encode_segment, join_path, parse_base_url
from cmdm_tui.sandbox import RunningInfo
from tests.api.test_snippets import HOSTILE

Write = Callable[[str, httpx.URL, bytes | None], str]
Run = Callable[..., str]

_HOSTILE_NAME = "[1-3] {a,b} '\"\\$HOME `id` é \U0001f600 #?&%2e;"
QUERY = "per_page=1&page=1&x=[1-3]&y={a,b}&z='$HOME`\\"


class Came(NamedTuple):
    """A request as it came: `target` is path and query as they were on the wire."""

    method: str
    target: str
    authorization: str | None
    content_type: str | None
    body: bytes


class Keeper(ThreadingHTTPServer):
    """Stands before the sandbox, and keeps what comes."""

    daemon_threads = True

    def __init__(self, info: RunningInfo) -> None:
        super().__init__(("127.0.0.1", 0), _Forward)
        self.came: list[Came] = []
        self.upstream = httpx.Client(base_url=info.url, trust_env=False, verify=False)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Forward(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Keeper  # pyright: ignore[reportIncompatibleVariableOverride]

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        came = Came(
            self.command, self.path, self.headers["Authorization"], self.headers["Content-Type"],
            body,
        )  # fmt: skip
        self.server.came.append(came)
        names = ("authorization", "content-type", *_CREDENTIALS)
        headers = {name: self.headers[name] for name in names if self.headers[name]}
        target = httpx.URL(raw_path=self.path.encode("latin-1"))
        answer = self.server.upstream.request(
            self.command, target, content=body or None, headers=headers
        )
        self.send_response(answer.status_code)
        self.send_header("Content-Length", str(len(answer.content)))
        self.end_headers()
        self.wfile.write(answer.content)

    do_GET = do_POST = do_PUT = do_DELETE = _answer  # noqa: N815 - their names

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name
        pass


_CREDENTIALS = ("client_id", "client_secret", "username", "password")


@pytest.fixture
def keeper(sandbox: RunningInfo) -> Iterator[Keeper]:
    server = Keeper(sandbox)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()
    server.upstream.close()


def need(program: str, reason: str = "") -> str:
    found = shutil.which(program)
    if found is None:
        pytest.skip(f"{program} is not installed{reason}")
    return found


def run_shell(environment: dict[str, str], *commands: str) -> str:
    need("curl")
    # Behind the body, curl prints the status, as the other copies do.
    options = "curl --silent --write-out '\\n%{http_code}\\n' "
    script = "\n".join(command.replace("curl ", options, 1) for command in commands)
    return _run(["sh"], environment, script)


def run_python(environment: dict[str, str], *programs: str) -> str:
    return _run([sys.executable], environment, "\n".join(programs))


def run_php(environment: dict[str, str], *programs: str) -> str:
    php = need("php", ": apt-get install php-cli php-curl")
    has_curl = _run([php, "-r", "echo extension_loaded('curl') ? 'yes' : 'no';"], environment)
    if has_curl != "yes":
        pytest.skip("PHP has no curl extension: apt-get install php-curl")
    return _run([php], environment, "?>".join(programs))


def _run(command: list[str], environment: dict[str, str], given: str = "") -> str:
    done = subprocess.run(
        command, input=given.encode(), capture_output=True, timeout=60, check=False,
        env={"PATH": os.environ["PATH"], "no_proxy": "*", "NO_PROXY": "*", **environment},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr.decode()
    assert done.stderr == b""
    return done.stdout.decode("utf-8", "replace")


FORMS: dict[str, tuple[Write, Run]] = {
    "curl": (format_curl, run_shell),
    "httpx": (format_python, run_python),
    "PHP": (format_php_curl, run_php),
}


def sign_in(keeper: Keeper, info: RunningInfo) -> str:
    values = (info.client_id, info.client_secret, info.username, info.password)
    answer = httpx.post(
        f"{keeper.url}/api/v1/authenticate",
        headers=dict(zip(_CREDENTIALS, values, strict=True)),
        trust_env=False,
    )
    keeper.came.clear()
    return answer.json()["token"]


@pytest.mark.parametrize("form", FORMS)
def test_a_copy_makes_the_call(form: str, keeper: Keeper, sandbox: RunningInfo) -> None:
    """A lead of hostile text is created, changed, read in a list and deleted by four copies."""
    write, run = FORMS[form]
    token = sign_in(keeper, sandbox)
    base = parse_base_url(keeper.url)

    def call(method: str, path: str, values: dict[str, str] | None = None) -> list[str]:
        content = None if values is None else json.dumps(values, ensure_ascii=False).encode()
        address = join_path(base, path)
        shown = run({"CMDM_TOKEN": token}, write(method, address, content))
        (came,) = keeper.came
        kind = None if content is None else "application/json"
        target = address.raw_path.decode()
        assert came == Came(method, target, f"Bearer {token}", kind, content or b"")
        keeper.came.clear()
        return shown.split("\n")

    created = call("POST", "lead", {"LastName": _HOSTILE_NAME})
    assert "201" in created
    (identity,) = {json.loads(line)["ExternalID"] for line in created if line.startswith("{")}
    assert "200" in call("PUT", f"lead/{identity}", {"Notes": f"@x\n\t{_HOSTILE_NAME}\u2028"})
    assert "200" in call("GET", f"lead?{QUERY}")
    assert "404" in call("GET", f"lead/{encode_segment('external id', _HOSTILE_NAME)}")
    read = httpx.get(
        f"{keeper.url}/api/v1/lead/{identity}",
        headers={"Authorization": f"Bearer {token}"},
        trust_env=False,
    ).json()["Properties"]
    assert read["LastName"] == _HOSTILE_NAME
    assert read["Notes"] == f"@x\n\t{_HOSTILE_NAME}\u2028"
    keeper.came.clear()
    assert "200" in call("DELETE", f"lead/{identity}")


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_a_copy_sends_a_body_byte_by_byte(form: str, method: str, keeper: Keeper) -> None:
    """The bodies are no JSON, as a call that was typed may have; any status is an answer."""
    write, run = FORMS[form]
    address = join_path(parse_base_url(keeper.url), "lead/A")
    bodies = [*HOSTILE, b"\r\n" * 3, bytes(range(256)), b"=", b"'a\n" * 70_000]
    run({"CMDM_TOKEN": "x"}, *(write(method, address, content) for content in bodies))
    assert [(one.method, one.body) for one in keeper.came] == [(method, one) for one in bodies]


def test_a_copy_that_is_not_quoted_for_its_language_is_noticed(
    keeper: Keeper, sandbox: RunningInfo
) -> None:
    """Of each language, one rule is broken: other bytes come, or other calls."""
    need("curl")
    token = {"CMDM_TOKEN": sign_in(keeper, sandbox)}
    address = join_path(parse_base_url(keeper.url), f"lead?{QUERY}")
    run_shell(token, format_curl("GET", address).replace("--globoff ", ""))
    assert len(keeper.came) == 3
    keeper.came.clear()
    command = format_curl("POST", address, b"$x a").replace("'$x a'", '"$x a"')
    run_shell({**token, "x": "1"}, command)
    run_python(token, format_python("POST", address, b"\\n").replace("\\\\n", "\\n"))
    program = format_php_curl("POST", address, b"\n$x").replace("\\$", "$")
    run_php(token, program.replace("<?php", "<?php $x = 1;"))
    assert [one.body for one in keeper.came] == [b"1 a", b"\n", b"\n1"]


_GUZZLE = r"""<?php
namespace GuzzleHttp;
if (!class_exists(Client::class, false)) { class Client {
    public function request(string $method, string $address, array $options) {
        $told = array_map('base64_encode', [$method, $address, $options['body'] ?? 'none']);
        echo json_encode([...$told, $options['headers']]), "\n";
        return $this;
    }
    public function getStatusCode() { return 200; }
    public function getBody() { return 'answer'; }
} }
"""


def test_a_copy_for_guzzle_is_read_by_php(tmp_path: Path) -> None:
    """Guzzle itself is not there: what stands for it prints what it was given."""
    php = need("php", ": apt-get install php-cli")
    (tmp_path / "vendor").mkdir()
    (tmp_path / "vendor" / "autoload.php").write_text(_GUZZLE)
    address = join_path(parse_base_url("http://127.0.0.1"), f"lead?{QUERY}")
    programs = [format_php_guzzle("PUT", address, content) for content in HOSTILE]
    script = tmp_path / "copies.php"
    script.write_text("\n".join(f"{one}?>" for one in programs))
    shown = _run([php, "-d", f"include_path={tmp_path}", str(script)], {"CMDM_TOKEN": "t"})
    told = [json.loads(line) for line in shown.splitlines() if line.startswith("[")]
    headers = {"Authorization": "Bearer t", "Content-Type": "application/json"}
    assert told == [
        [
            *(base64.b64encode(part).decode() for part in (b"PUT", str(address).encode(), body)),
            headers,
        ]
        for body in HOSTILE
    ]


def test_the_sign_in_command_gets_a_token(keeper: Keeper, sandbox: RunningInfo) -> None:
    need("curl")
    command = format_sign_in_curl(join_path(parse_base_url(keeper.url), "authenticate"))
    values = {
        "CMDM_CLIENT_ID": sandbox.client_id, "CMDM_CLIENT_SECRET": sandbox.client_secret,
        "CMDM_USERNAME": sandbox.username, "CMDM_PASSWORD": sandbox.password,
    }  # fmt: skip
    list_leads = format_curl("GET", join_path(parse_base_url(keeper.url), "lead?per_page=1&page=1"))
    shown = _run(["sh", "-c", f"{command}; {list_leads} --silent"], values)
    assert json.loads(shown)["Total Records"] == "100"
