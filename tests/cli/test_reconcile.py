"""A create or a conversion whose answer is lost is looked for, and never sent again."""

from collections.abc import Callable, Generator
from contextlib import ExitStack
from pathlib import Path

import pytest

from cmdm_tui.api.retry import RetryPolicy
from cmdm_tui.sandbox import Sandbox, SandboxConfig
from cmdm_tui.sandbox.faults.plan import Fault, FaultKind, FaultPlan
from tests.cli.conftest import Command
from tests.services import copy_records

LEADS = 20
CREATE = ("create", "lead", "LastName=Jones", "Company=Acme")

Failing = Callable[..., None]


@pytest.fixture
def failing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Generator[Failing]:
    """Make a sandbox that fails in the ways given the profile; looking twice takes no time."""
    eager = RetryPolicy(first_wait=0.001, longest_wait=0.002)
    monkeypatch.setattr("cmdm_tui.api.client.RetryPolicy", lambda: eager)
    monkeypatch.setattr(
        "cmdm_tui.api.client.Client.reconcile.__kwdefaults__", {"pause": 0.0, "settling_time": 0.0}
    )
    with ExitStack() as running:

        def start(*faults: Fault) -> None:
            plan = FaultPlan(faults=list(faults))
            config = SandboxConfig(
                tmp_path / "failing", port=0, records=LEADS, faults=plan, lasting=False
            )
            copy_records(config)
            info = running.enter_context(Sandbox.embedded(config))
            for name in ("url", "client_id", "client_secret", "username", "password"):
                monkeypatch.setenv(f"CMDM_{name.upper()}", getattr(info, name))

        yield start


def count(cmdm: Command, entity: str = "lead") -> int:
    return int(cmdm("list", entity, "--per-page", "1").json["Total Records"])


def test_what_was_created_is_found_by_its_mark_and_told_as_if_it_had_been_answered(
    cmdm: Command, failing: Failing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CMDM_MARK_FIELD", "lead.Notes")
    failing(Fault(FaultKind.LOST_ANSWER, method="POST", path="/lead", nth=1))
    created = cmdm(*CREATE)
    assert created.code == 0
    external_id = created.json["ExternalID"]
    assert f"It was done: {external_id} carries the mark of this call" in created.err
    assert cmdm("get", "lead", external_id).json["Properties"]["LastName"] == "Jones"
    assert count(cmdm) == LEADS + 1


def test_without_a_mark_equal_values_are_not_identity(cmdm: Command, failing: Failing) -> None:
    failing(Fault(FaultKind.LOST_ANSWER, method="POST", path="/lead", nth=1))
    ended = cmdm(*CREATE)
    assert (ended.code, ended.out) == (7, b"")
    assert "has these values, and may come from this call or from another" in ended.err
    assert "With a mark_field in the profile, cmdm could tell" in ended.err
    assert count(cmdm) == LEADS + 1


def test_what_was_not_created_is_not_sent_again(cmdm: Command, failing: Failing) -> None:
    failing(Fault(FaultKind.RESET_BEFORE, method="POST", path="/lead", nth=1))
    ended = cmdm(*CREATE)
    assert (ended.code, ended.out) == (7, b"")
    assert "Not found: No record with these values was created since" in ended.err
    assert count(cmdm) == LEADS


def test_one_of_two_alike_cannot_be_told(cmdm: Command, failing: Failing) -> None:
    failing(Fault(FaultKind.LOST_ANSWER, method="POST", path="/lead", nth=2))
    first = cmdm(*CREATE).json["ExternalID"]
    ended = cmdm(*CREATE)
    assert (ended.code, ended.out) == (7, b"")
    assert "have these values, and may come from this call or from another" in ended.err
    assert "Cannot tell: " in ended.err
    assert first in ended.err


def test_a_conversion_is_found_by_its_lead(cmdm: Command, failing: Failing) -> None:
    failing(Fault(FaultKind.LOST_ANSWER, method="PUT", path="/lead/convert/*", nth=1))
    lead = cmdm(*CREATE).json["ExternalID"]
    before = count(cmdm, "account")
    converted = cmdm("convert", lead, "--yes")
    account = converted.json["Account ExternalID"]
    assert (converted.code, account in converted.err) == (0, True)
    properties = cmdm("get", "lead", lead).json["Properties"]
    assert properties["AccountExternalID"] == account
    assert count(cmdm, "account") == before + 1


def test_where_it_cannot_be_looked_for_the_outcome_stays_unknown(
    cmdm: Command, failing: Failing
) -> None:
    failing(
        Fault(FaultKind.LOST_ANSWER, method="POST", path="/lead", nth=1),
        Fault(FaultKind.ERROR_500, method="GET", rate=1.0),
    )
    ended = cmdm(*CREATE)
    assert (ended.code, ended.out) == (7, b"")
    assert "It could not be looked for" in ended.err
    assert "Look among the newest records before sending it again" in ended.err
