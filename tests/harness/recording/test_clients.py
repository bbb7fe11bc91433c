"""Programs in several languages are recorded through the proxy, and answered from the recording."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from cmdm_tui.harness.proxy.server import ProxySettings, run_proxy
from tests.harness.conftest import ControlledSandbox
from tests.harness.recording.test_proxy import list_problems

HERE = Path(__file__).parent
EXPECTED = [201, 200, 200, 200, 404]

_REQUESTS = """
import json, sys, requests
url, *values = sys.argv[1:]
names = ("client_id", "client_secret", "username", "password")
with requests.Session() as session:
    session.trust_env = False
    api = url + "/api/v1"
    signed_in = session.post(api + "/authenticate", headers=dict(zip(names, values)))
    session.headers["Authorization"] = "Bearer " + signed_in.json()["token"]
    created = session.post(api + "/lead", json={"LastName": "O\u2019Neill", "Owner": values[2]})
    lead = api + "/lead/" + created.json()["ExternalID"]
    query = {"per_page": 2, "page": 1, "sort_by": "LastName", "owner": values[2]}
    answers = [created, session.get(lead), session.get(api + "/lead", params=query),
               session.delete(lead), session.get(lead)]
    print(json.dumps([one.status_code for one in answers]))
"""


def run_program(*command: str) -> list[int]:
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def run_requests(*arguments: str) -> list[int]:
    pytest.importorskip("requests")
    return run_program(sys.executable, "-c", _REQUESTS, *arguments)


def run_node(*arguments: str) -> list[int]:
    return _run_script("node", "client.mjs", *arguments)


def run_php(*arguments: str) -> list[int]:
    return _run_script("php", "client.php", *arguments)


def run_curl(url: str, *values: str) -> list[int]:
    names = ("client_id", "client_secret", "username", "password")
    headers = [f"{name}: {value}" for name, value in zip(names, values, strict=True)]
    _, signed_in = _curl("POST", f"{url}/api/v1/authenticate", *headers)
    token = f"Authorization: Bearer {json.loads(signed_in)['token']}"
    body = json.dumps({"LastName": "O\u2019Neill", "Owner": values[2]})
    status, created = _curl("POST", f"{url}/api/v1/lead", token, "Expect: 100-continue", body=body)
    lead = f"{url}/api/v1/lead/{json.loads(created)['ExternalID']}"
    page = f"{url}/api/v1/lead?per_page=2&page=1&sort_by=LastName&owner={values[2]}"
    others = [("GET", lead), ("GET", page), ("DELETE", lead), ("GET", lead)]
    return [status, *(_curl(method, address, token)[0] for method, address in others)]


def _curl(method: str, address: str, *headers: str, body: str | None = None) -> tuple[int, str]:
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    command = ["curl", "-sS", "--noproxy", "*", "-X", method, address, "-w", "\n%{http_code}"]
    for header in headers:
        command += ["-H", header]
    if body is not None:
        command += ["--data-binary", body]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    answer, _, status = done.stdout.rpartition("\n")
    return int(status), answer


def _run_script(program: str, script: str, *arguments: str) -> list[int]:
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed")
    return run_program(program, str(HERE / script), *arguments)


@pytest.mark.parametrize("client", [run_curl, run_requests, run_node, run_php])
def test_a_program_is_recorded_and_then_answered_offline(
    client: Callable[..., list[int]], controlled: ControlledSandbox, tmp_path: Path
) -> None:
    info = controlled.info
    values = (info.client_id, info.client_secret, info.username, info.password)
    with run_proxy(ProxySettings(info.url, tmp_path)) as proxy:
        assert client(proxy.url, *values) == EXPECTED
    assert proxy.summary is not None
    assert (proxy.summary.recorded, proxy.summary.left_out_count) == (6, 0)
    assert list_problems(tmp_path) == []
    # The service is not there any more: all answers are those of the recording.
    with run_proxy(ProxySettings("http://127.0.0.1:9", tmp_path)) as offline:
        assert client(offline.url, *values) == EXPECTED
    assert (offline.counts.replayed, offline.counts.refused, offline.left) == (6, 0, 0)
