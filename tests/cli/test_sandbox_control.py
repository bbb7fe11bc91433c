"""`cmdm sandbox serve`: the control plane, behaviours, faults, the log, and who may be served."""

import json
import signal
from pathlib import Path
from typing import Any

import httpx
import pytest

from cmdm_tui.sandbox.variants.choices import BEHAVIOURS
from tests.cli.conftest import Command
from tests.cli.test_sandbox import environment, served


def control(info: dict[str, Any], method: str, path: str, body: Any = None) -> Any:
    headers = {"Authorization": f"Bearer {info['control_token']}"}
    answer = httpx.request(method, info["control"] + path, headers=headers, json=body, verify=False)
    assert answer.status_code == 200, answer.text
    return answer.json()["result"]


def test_the_first_line_says_where_the_control_plane_is(cmdm: Command, tmp_path: Path) -> None:
    with served(tmp_path / "data", "--control") as (_, info):
        assert info["control"] == info["url"] + "/_sandbox"
        control(info, "PATCH", "/behaviours", {"totals": "numbers"})
        listed = cmdm("list", "lead", **environment(info)).json
        assert int(listed["Total Records"]) == 20
        control(info, "POST", "/reset")
        assert control(info, "GET", "")["behaviours"] == {}
    with served(tmp_path / "data") as (_, info):
        assert not [name for name in info if name.startswith("control")]


def test_behaviours_and_faults_from_the_start(tmp_path: Path) -> None:
    faults = tmp_path / "faults.toml"
    faults.write_text('[[faults]]\nkind = "error-500"\npath = "/lead"\nnth = 1\n')
    words = ["--control", "--behaviour", "unknown=400", "--behaviour", "page_cap=5"]
    with served(tmp_path / "data", *words, "--faults", str(faults)) as (_, info):
        said = control(info, "GET", "")
        assert said["behaviours"] == {"unknown": "400", "page_cap": "5"}
        assert said["faults"][0]["kind"] == "error-500"
        answer = httpx.get(f"{info['url']}/api/v1/lead", verify=False)
        assert answer.status_code == 500
        assert control(info, "GET", "/faults")["faults"][0]["struck"] == 1


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["--behaviour", "totals=letters"], "strings, numbers"),
        (["--behaviour", "totals"], "strings, numbers"),
        (["--behaviour", "colour=blue"], "list_key"),
        (["--behaviour", "total=strings"], "Did you mean totals?"),
        (["--behaviour"], "requires an argument. See cmdm sandbox serve --help."),
        (["--faults", "no-such-file.toml"], "no-such-file.toml"),
    ],
)
def test_what_cannot_be_chosen_is_a_usage_error(
    cmdm: Command, words: list[str], named: str
) -> None:
    ended = cmdm("sandbox", "serve", *words)
    assert ended.code == 2
    assert named in ended.err
    assert "Traceback" not in ended.err


def test_faults_and_behaviours_are_listed(cmdm: Command) -> None:
    faults = cmdm("sandbox", "serve", "--list-faults")
    assert faults.code == 0
    assert (
        "lost-answer         The call is carried out, and its answer never" in faults.out.decode()
    )
    behaviours = cmdm("sandbox", "serve", "--list-behaviours")
    assert behaviours.code == 0
    lines = {line.split()[0] for line in behaviours.out.decode().splitlines()[2:]}
    assert lines == set(BEHAVIOURS)


def test_a_fault_that_matched_no_call_is_told_at_the_end(cmdm: Command, tmp_path: Path) -> None:
    faults = tmp_path / "faults.toml"
    faults.write_text('[[faults]]\nkind = "lost-answer"\nmethod = "PUT"\npath = "/lead"\nnth = 1\n')
    with served(tmp_path / "data", "--faults", str(faults)) as (process, info):
        assert cmdm("list", "lead", **environment(info)).code == 0
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
        assert process.stderr is not None
        said = process.stderr.read()
    assert "Fault 1 (lost-answer) matched none of 2 calls" in said


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["--host", "0.0.0.0"], "TLS"),
        (["--host", "0.0.0.0", "--certfile", "x.pem"], "credentials"),
        (["--host", "192.0.2.1", "--certfile", "x.pem", "--control"], "control"),
        (["--host", "example.org"], "address"),
        (["--keyfile", "x.pem"], "certfile"),
        (["--certfile", "x.pem"], "x.pem"),
        (["--credentials", "none.json"], "none.json"),
        (["--log", "no/such/folder"], "no/such/folder"),
    ],
)
def test_what_is_not_fit_to_be_served_is_refused_in_one_line(
    cmdm: Command, tmp_path: Path, words: list[str], named: str
) -> None:
    ended = cmdm("sandbox", "serve", "--data", str(tmp_path / "data"), "--port", "0", *words)
    assert ended.code == 1
    assert named in ended.err
    assert ended.err.count("\n") == 1


def test_credentials_of_ones_own_come_from_a_file(cmdm: Command, tmp_path: Path) -> None:
    own = {"client_id": "a", "client_secret": "b", "username": "c", "password": "d"}
    file = tmp_path / "own.json"
    file.write_text(json.dumps(own))
    file.chmod(0o600)
    with served(tmp_path / "data", "--credentials", str(file)) as (_, info):
        assert own.items() <= info.items()
        assert cmdm("list", "lead", **environment(info)).json["Total Records"] == "20"
    file.chmod(0o644)
    ended = cmdm("sandbox", "serve", "--port", "0", "--credentials", str(file))
    assert (ended.code, "chmod 600" in ended.err) == (1, True)


def test_the_log_goes_to_a_file(cmdm: Command, tmp_path: Path) -> None:
    log = tmp_path / "calls.log"
    with served(tmp_path / "data", "--log", str(log)) as (process, info):
        cmdm("list", "lead", **environment(info))
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=20)
    assert "/api/v1/lead" in log.read_text()
    assert info["password"] not in log.read_text()
    assert "/api/v1/lead" not in errors
