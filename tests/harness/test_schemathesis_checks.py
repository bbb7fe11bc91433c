"""The checks as schemathesis runs them: what they find there, and what they leave alone."""

import os
import subprocess
import sys
from pathlib import Path
from threading import Thread

import pytest
import requests

from cmdm_tui.harness.control_client import ControlClient
from cmdm_tui.harness.oracle import CHECKS
from tests.harness.conftest import ControlledSandbox

pytest.importorskip("schemathesis")

from schemathesis.core.transport import Response

from cmdm_tui.harness.schemathesis_checks import RunJudge

BASE = "http://127.0.0.1:8765/api/v1"
CREDENTIALS = ("client_id", "client_secret", "username", "password")


@pytest.fixture
def control(controlled: ControlledSandbox) -> ControlClient:
    controlled.control.set(rate_limit=10**9, month_limit=10**9)
    return controlled.control


def run(sandbox: ControlledSandbox, folder: Path, *words: str, **variables: str) -> str:
    """Run schemathesis on the list of leads as anybody would; return what it printed."""
    environment = {f"CMDM_{name.upper()}": getattr(sandbox.info, name) for name in CREDENTIALS}
    hooks = {"SCHEMATHESIS_HOOKS": "cmdm_tui.harness.schemathesis_checks", "NO_COLOR": "1"}
    command = [sys.executable, "-m", "schemathesis.cli", "run", f"{sandbox.info.url}/openapi.json"]
    options = ["--seed", "1", "--workers", "1", "--max-examples", "3", "--phases", "fuzzing"]
    options += ["--include-path-regex", "^/api/v1/lead$", "--include-method", "GET"]
    ended = subprocess.run(
        [*command, *options, *words],
        cwd=folder,
        env={**os.environ, **environment, **hooks, **variables},
        capture_output=True,
        text=True,
        check=False,
    )
    return f"{ended.stdout}{ended.stderr}\nended {ended.returncode}"


def test_a_sound_sandbox_has_no_failure(
    controlled: ControlledSandbox, control: ControlClient, tmp_path: Path
) -> None:
    told = run(controlled, tmp_path, "--checks", "all", CMDM_STRICT="1")
    assert "ended 0" in told, told


def test_a_fault_is_found_by_the_check_of_its_name(
    controlled: ControlledSandbox, control: ControlClient, tmp_path: Path
) -> None:
    control.set_behaviours(totals="numbers")
    laws = tmp_path / "laws.py"
    laws.write_text(
        "def few_leads(context):\n    return 'There are leads.' if context.answer.rows else True\n"
    )
    checks = ("--checks", "cmdm_documented_shape,cmdm_few_leads")
    told = run(controlled, tmp_path, *checks, CMDM_CHECKS=str(laws))
    assert "ended 1" in told, told
    assert "has no number as text under Total Records" in told
    assert "There are leads." in told
    assert controlled.info.password not in told


# What is judged


def answer(
    method: str, path: str, status: int = 200, body: bytes = b"{}", *, token: str = "t0ken-t0ken"
) -> Response:
    request = requests.Request(
        method, BASE + path, headers={"Authorization": f"Bearer {token}"}
    ).prepare()
    headers = {"Content-Type": ["application/json"], "Date": ["Tue, 31 Mar 2026 10:30:00 GMT"]}
    return Response(status, headers, body, request, elapsed=0.01, verify=False)


def judge(*answers: Response, overlap: bool = False) -> list[str]:
    """Return the checks that found something wrong, the answers coming one after another."""
    judging = RunJudge(CHECKS, is_strict=True)
    judging.add_token("t0ken-t0ken")
    found: list[str] = []
    if overlap:
        other = Thread(target=judging.begin_call)
        other.start()
        other.join()
    for one in answers:
        judging.begin_call()
        judging.end_call(one)
        found += [check.name for check in CHECKS if judging.find(check.name, one)]
    return found


RECORD = b'{"ExternalID": "ABC1D2E3", "Properties": {"LastName": "Jones"}}'
DELETED = (
    answer("DELETE", "/lead/ABC1D2E3", body=b'{"Message": "Record deleted."}'),
    answer("GET", "/lead/ABC1D2E3", body=RECORD),
)


def test_an_answer_is_judged_by_the_answers_before_it() -> None:
    assert "deleted-is-gone" in judge(*DELETED)


def test_an_answer_that_overlaps_with_another_call_is_judged_alone() -> None:
    assert "deleted-is-gone" not in judge(*DELETED, overlap=True)
    assert "no-stack-trace" in judge(
        answer("GET", "/lead/X", 500, b"Traceback (most recent call last):"), overlap=True
    )


def test_a_call_without_an_answer_ends_no_judging() -> None:
    judging = RunJudge(CHECKS, is_strict=True)
    judging.add_token("t0ken-t0ken")
    judging.begin_call()
    for one in DELETED:
        judging.begin_call()
        judging.end_call(one)
    assert judging.find("deleted-is-gone", DELETED[1]) != []


def test_after_a_call_without_an_answer_nothing_is_known() -> None:
    judging = RunJudge(CHECKS, is_strict=True)
    judging.add_token("t0ken-t0ken")
    judging.begin_call()
    judging.end_call(DELETED[0])
    judging.begin_call()
    judging.begin_call()
    judging.end_call(DELETED[1])
    assert judging.find("deleted-is-gone", DELETED[1]) == []


def test_a_token_that_is_not_known_is_not_taken_for_a_good_one() -> None:
    assert judge(answer("GET", "/lead/ABC1D2E3", 401, b'{"Message": "No."}', token="other")) == []


def test_what_is_not_below_the_api_s_path_is_not_judged() -> None:
    one = answer("GET", "/lead", body=b"<p>")
    one.request.url = "http://127.0.0.1:8765/openapi.json"
    assert judge(one) == []
