"""The case of a failure is sent where the fuzzer sent its request."""

from dataclasses import replace

import pytest

from cmdm_tui.harness import calls
from cmdm_tui.harness.cases.placeholders import build_request
from cmdm_tui.harness.cases.player import play_case
from cmdm_tui.harness.cassettes.offline_replay import RECORDED_VALUES
from cmdm_tui.harness.exchange import join_path, split_path
from cmdm_tui.harness.fuzz.save.case_writer import make_case
from cmdm_tui.harness.fuzz.shrink.reproduction import RecordedStep, Reproduction
from cmdm_tui.harness.oracle import Finding
from tests.harness.conftest import ControlledSandbox
from tests.harness.inputs.test_expectations import answered

PATHS = ["/api/v1/lead", "/api/v0/lead?page=1", "/api/v10/lead", "/api/v1", "/"]


@pytest.mark.parametrize("path", PATHS)
def test_the_case_of_a_failure_is_sent_to_the_same_address(
    path: str, controlled: ControlledSandbox
) -> None:
    request = replace(calls.list_records("lead"), path=path)
    failed = Reproduction((RecordedStep(request),), (answered(request, 500),), Finding("a", "b", 1))
    case = make_case("failed", failed, seed=1)
    sent = build_request(case.steps[-1], RECORDED_VALUES)
    assert join_path(sent.target, is_from_root=sent.is_from_root) == path
    with controlled.service() as service:
        played = play_case(case, service)
    status = {"/api/v1/lead": 200}.get(path, 404)
    assert [(one.exchange.path, one.exchange.status) for one in played] == [(path, status)]


@pytest.mark.parametrize("path", PATHS)
def test_a_path_is_the_target_and_where_it_begins(path: str) -> None:
    target, is_from_root = split_path(path)
    assert join_path(target, is_from_root=is_from_root) == path
    assert is_from_root == (path != "/api/v1/lead")
